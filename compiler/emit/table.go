package emit

import (
	"github.com/dave/jennifer/jen"

	"github.com/mpgen/mpgen/compiler/ir"
)

// Rows of more fields than these are written one field a line.
const (
	shortRow  = 4
	shortPool = 2
	shortList = 10
)

// table writes the rows and the pipeline that lists them.
func (f *file) table() {
	f.above([]string{"The rows of the pipeline, in the order of the source."})
	f.out.Var().DefsFunc(func(g *jen.Group) {
		var rows []string
		for _, d := range f.p.Decls {
			if d.Row == "" {
				continue
			}
			rows = append(rows, d.Row)
			g.Id(d.Row).Op("=").Add(f.row(d))
		}
		if len(rows) > 0 {
			g.Line()
		}
		source := ""
		for i, s := range f.p.Sources {
			if i > 0 {
				source += ", "
			}
			source += s
		}
		elems := []jen.Code{key("Path", jen.Lit(f.p.Path)), key("Source", jen.Lit(source))}
		if len(rows) > 0 {
			elems = append(elems, key("Decls", list(rows)))
		}
		if m := f.p.Main; m != nil && len(m.Send)+len(m.Receive) > 0 {
			elems = append(elems, key("Main", mp("MainDecl").Add(braces(false, ends(m.Send, m.Receive)...))))
		}
		if m := f.p.Main; m != nil && m.Footprint > 0 {
			elems = append(elems, key("Footprint", size(m.Footprint)))
		}
		g.Id("mpPipeline").Op("=").Add(mp("Pipeline")).Add(braces(true, elems...))
	})
	f.out.Line()
}

// row is the literal of one row. Fields that are the runtime's defaults are left out.
func (f *file) row(d ir.Decl) jen.Code {
	elems := []jen.Code{key("Name", jen.Lit(d.Name))}
	add := func(set bool, name string, value jen.Code) {
		if set {
			elems = append(elems, key(name, value))
		}
	}
	switch {
	case d.Queue != nil:
		q := d.Queue
		add(!q.Elem.Flat, "Elem", f.codec(q.Elem))
		add(q.Capacity != 0, "Capacity", jen.Lit(q.Capacity))
		add(q.Slot != 0, "Slot", size(q.Slot))
		add(q.Bytes != 0, "Bytes", size(q.Bytes))
		add(q.Spill != 0, "Spill", size(q.Spill))
		if q.Key != nil {
			v := f.local("v")
			add(true, "Key", jen.Func().Params(jen.Id(v).Add(typ(q.Elem))).Uint64().
				Add(oneLine(jen.Return(mp(q.Key.Hash).Call(jen.Id(v).Dot(q.Key.Go))))))
		}
		add(len(q.Lends) > 0, "Lends", lends(q.Lends))
		return mp("QueueDecl").Types(typ(q.Elem)).Add(braces(len(elems) > shortRow, elems...))
	case d.Object != nil:
		o := d.Object
		for _, field := range o.Fields {
			switch {
			case field.Codec != nil:
				add(true, field.Go, f.codec(*field.Codec))
			case field.Size != 0:
				add(true, field.Go, size(field.Size))
			case field.Set:
				add(true, field.Go, jen.True())
			default:
				add(true, field.Go, jen.Lit(int(field.Count)))
			}
		}
		return of(o.Type, o.Types).Add(braces(len(elems) > shortRow, elems...))
	case d.Array != nil:
		a := d.Array
		add(a.Len != 0, "Len", jen.Lit(a.Len))
		add(a.Guard != "", "Guard", jen.Op("&").Id(a.Guard))
		return mp("ArrayDecl").Types(typ(a.Elem)).Add(braces(false, elems...))
	case d.Process != nil:
		p := d.Process
		add(p.Instances != 0, "Instances", jen.Lit(p.Instances))
		add(p.Spawn != "", "OnDemand", jen.True())
		add(p.Max != 0, "Max", jen.Lit(p.Max))
		add(p.Daemon, "Daemon", jen.True())
		if p.Restart != "" {
			add(true, "Restart", mp(p.Restart))
		}
		add(p.Restarts != 0, "Restarts", jen.Lit(p.Restarts))
		add(p.Warm != 0, "Warm", jen.Lit(p.Warm))
		add(!p.Worker.IsZero(), "Worker", worker(p.Worker))
		elems = append(elems, reached(p.Ports)...)
		return mp("ProcessDecl").Add(braces(len(elems) > shortRow, elems...))
	case d.Service != nil:
		s := d.Service
		add(s.Workers != 0, "Workers", jen.Lit(s.Workers))
		add(s.Concurrent != 0, "Concurrent", jen.Lit(s.Concurrent))
		add(s.Bytes != 0, "Bytes", size(s.Bytes))
		add(s.Warm != 0, "Warm", jen.Lit(s.Warm))
		add(s.Task != ir.Task{}, "Task", task(s.Task))
		add(!s.Worker.IsZero(), "Worker", worker(s.Worker))
		add(true, "Methods", jen.Id(s.Table))
		add(len(s.Lends) > 0, "Lends", lends(s.Lends))
		elems = append(elems, reached(s.Ports)...)
		return mp("ServiceDecl").Types(jen.Id(s.Go)).Add(braces(len(elems) > shortPool, elems...))
	default:
		p := d.Pool
		var out ir.Type
		if p.Out != nil {
			out = *p.Out
		}
		// A stage's tasks and results are the items of its queues.
		add(p.Stage.From == "" && !p.In.Flat, "In", f.codec(p.In))
		add(p.Stage.To == "" && p.Out != nil && !out.Flat, "Out", f.codec(out))
		add(p.Workers != 0, "Workers", jen.Lit(p.Workers))
		add(p.Concurrent != 0, "Concurrent", jen.Lit(p.Concurrent))
		add(p.Batch != 0, "Batch", jen.Lit(p.Batch))
		add(p.Wait != 0, "Wait", duration(p.Wait))
		add(p.Bytes != 0, "Bytes", size(p.Bytes))
		add(p.Warm != 0, "Warm", jen.Lit(p.Warm))
		add(p.Task != ir.Task{}, "Task", task(p.Task))
		add(!p.Worker.IsZero(), "Worker", worker(p.Worker))
		add(len(p.Lends) > 0, "Lends", lends(p.Lends))
		add(p.Stage.From != "", "From", jen.Op("&").Id(p.Stage.From))
		add(p.Stage.To != "", "To", sink(p.Stage, p.Out))
		add(p.Stage.Dead != "", "Dead", jen.Op("&").Id(p.Stage.Dead))
		elems = append(elems, reached(p.Ports)...)
		return mp("PoolDecl").Types(typ(p.In), result(p.Out)).Add(braces(len(elems) > shortPool, elems...))
	}
}

// lends are rows of blocks.
func lends(rows []string) jen.Code {
	return jen.Index().Op("*").Add(mp("BlocksDecl")).ValuesFunc(func(g *jen.Group) {
		for _, row := range rows {
			g.Op("&").Id(row)
		}
	})
}

// sink is where a stage sends its results; without a queue it is a zero one.
func sink(s ir.Stage, out *ir.Type) jen.Code {
	switch {
	case s.To == "":
		return mp("Sink").Types(result(out)).Values()
	case s.Each:
		return mp("Each").Call(jen.Op("&").Id(s.To))
	}
	return mp("To").Call(jen.Op("&").Id(s.To))
}

func key(name string, value jen.Code) jen.Code { return jen.Id(name).Op(":").Add(value) }

// ends are the queues that someone sends to and receives from.
func ends(send, receive []string) []jen.Code {
	var elems []jen.Code
	if len(send) > 0 {
		elems = append(elems, key("Send", list(send)))
	}
	if len(receive) > 0 {
		elems = append(elems, key("Receive", list(receive)))
	}
	return elems
}

// reached are the rows that a process, pool or service reaches.
func reached(p ir.Ports) []jen.Code {
	elems := ends(p.Send, p.Receive)
	if len(p.Uses) > 0 {
		elems = append(elems, key("Uses", list(p.Uses)))
	}
	if len(p.Reads) > 0 {
		elems = append(elems, key("Reads", list(p.Reads)))
	}
	return elems
}

// list is a []mp.Decl of rows.
func list(rows []string) jen.Code { return listOf(mp("Decl"), rows) }

func listOf(elem jen.Code, rows []string) jen.Code {
	elems := make([]jen.Code, len(rows))
	for i, r := range rows {
		elems[i] = jen.Op("&").Id(r)
	}
	return jen.Index().Add(elem).Add(braces(len(rows) > shortList, elems...))
}

func task(t ir.Task) jen.Code {
	var elems []jen.Code
	if t.Timeout != 0 {
		elems = append(elems, key("Timeout", duration(t.Timeout)))
	}
	if t.Retries != 0 {
		elems = append(elems, key("Retries", jen.Lit(t.Retries)))
	}
	if t.Backoff != 0 {
		elems = append(elems, key("Backoff", duration(t.Backoff)))
	}
	if t.Skip {
		elems = append(elems, key("Skip", jen.True()))
	}
	return mp("TaskPolicy").Add(braces(false, elems...))
}

func worker(w ir.Worker) jen.Code {
	var elems []jen.Code
	if w.Tasks != 0 {
		elems = append(elems, key("Tasks", jen.Lit(w.Tasks)))
	}
	if w.Age != 0 {
		elems = append(elems, key("Age", duration(w.Age)))
	}
	if w.Memory != 0 {
		elems = append(elems, key("Memory", size(w.Memory)))
	}
	if w.CPUs != 0 {
		elems = append(elems, key("CPUs", jen.Lit(w.CPUs)))
	}
	if w.Grace != 0 {
		elems = append(elems, key("Grace", duration(w.Grace)))
	}
	if w.Open != 0 {
		elems = append(elems, key("Open", duration(w.Open)))
	}
	if len(w.Env) > 0 {
		elems = append(elems, key("Env", jen.Index().String().ValuesFunc(func(g *jen.Group) {
			for _, v := range w.Env {
				g.Lit(v)
			}
		})))
	}
	if w.Dir != "" {
		elems = append(elems, key("Dir", jen.Lit(w.Dir)))
	}
	if w.Nice != 0 {
		elems = append(elems, key("Nice", jen.Lit(w.Nice)))
	}
	return mp("Worker").Add(braces(false, elems...))
}
