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
		if m := f.p.Main; m != nil {
			elems = append(elems, key("Main", mp("MainDecl").Add(braces(false, ends(m.Send, m.Receive)...))))
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
		return mp("QueueDecl").Types(typ(q.Elem)).Add(braces(len(elems) > shortRow, elems...))
	case d.Number != nil:
		return mp("NumberDecl").Types(typ(d.Number.Type)).Add(braces(false, elems...))
	case d.Process != nil:
		p := d.Process
		elems = append(elems, ends(p.Send, p.Receive)...)
		add(len(p.Uses) > 0, "Uses", list(p.Uses))
		add(p.Restarts != 0, "Restarts", jen.Lit(p.Restarts))
		add(p.Worker != ir.Worker{}, "Worker", worker(p.Worker))
		return mp("ProcessDecl").Add(braces(len(elems) > shortRow, elems...))
	default:
		p := d.Pool
		var out ir.Type
		if p.Out != nil {
			out = *p.Out
		}
		// A stage's tasks and results are the items of its queues.
		add(p.From == "" && !p.In.Flat, "In", f.codec(p.In))
		add(p.To == "" && p.Out != nil && !out.Flat, "Out", f.codec(out))
		add(p.Workers != 0, "Workers", jen.Lit(p.Workers))
		add(p.Bytes != 0, "Bytes", size(p.Bytes))
		add(p.Task != ir.Task{}, "Task", task(p.Task))
		add(p.Worker != ir.Worker{}, "Worker", worker(p.Worker))
		add(p.From != "", "From", jen.Op("&").Id(p.From))
		sink := "To"
		if p.Each {
			sink = "Each"
		}
		add(p.To != "", "To", mp(sink).Call(jen.Op("&").Id(p.To)))
		add(p.Dead != "", "Dead", jen.Op("&").Id(p.Dead))
		return mp("PoolDecl").Types(typ(p.In), result(p.Out)).Add(braces(len(elems) > shortPool, elems...))
	}
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

// list is a []mp.Decl of rows.
func list(rows []string) jen.Code {
	elems := make([]jen.Code, len(rows))
	for i, r := range rows {
		elems[i] = jen.Op("&").Id(r)
	}
	return jen.Index().Add(mp("Decl")).Add(braces(len(rows) > shortList, elems...))
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
	if w.Memory != 0 {
		elems = append(elems, key("Memory", size(w.Memory)))
	}
	if w.Grace != 0 {
		elems = append(elems, key("Grace", duration(w.Grace)))
	}
	return mp("Worker").Add(braces(false, elems...))
}
