package emit

import (
	"strings"

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
		e := elems{key("Path", jen.Lit(f.p.Path)), key("Source", jen.Lit(strings.Join(f.p.Sources, ", ")))}
		e.addIf(len(rows) > 0, "Decls", list(rows))
		if m := f.p.Main; m != nil {
			var main elems
			main.addEnds(m.Send, m.Receive)
			e.addIf(len(main) > 0, "Main", mp("MainDecl").Add(braces(false, main...)))
			e.addSize("Footprint", m.Footprint)
		}
		g.Id("mpPipeline").Op("=").Add(mp("Pipeline")).Add(braces(true, e...))
	})
	f.out.Line()
}

// row is the literal of one row.
func (f *file) row(d ir.Decl) jen.Code {
	e := elems{key("Name", jen.Lit(d.Name))}
	switch {
	case d.Queue != nil:
		return f.queueRow(e, d.Queue)
	case d.Object != nil:
		return f.objectRow(e, d.Object)
	case d.Array != nil:
		return arrayRow(e, d.Array)
	case d.Process != nil:
		return processRow(e, d.Process)
	case d.Service != nil:
		return serviceRow(e, d.Service)
	}
	return f.poolRow(e, d.Pool)
}

func (f *file) queueRow(e elems, q *ir.Queue) jen.Code {
	e.addIf(!q.Elem.Flat, "Elem", f.codec(q.Elem))
	e.addCount("Capacity", q.Capacity)
	e.addSize("Slot", q.Slot)
	e.addSize("Bytes", q.Bytes)
	e.addSize("Spill", q.Spill)
	if q.Key != nil {
		v := f.local("v")
		e.add("Key", jen.Func().Params(jen.Id(v).Add(typ(q.Elem))).Uint64().
			Add(oneLine(jen.Return(mp(q.Key.Hash).Call(jen.Id(v).Dot(q.Key.Go))))))
	}
	e.addLends(q.Lends)
	return mp("QueueDecl").Types(typ(q.Elem)).Add(e.body(shortRow))
}

func (f *file) objectRow(e elems, o *ir.Object) jen.Code {
	for _, field := range o.Fields {
		switch {
		case field.Codec != nil:
			e.add(field.Go, f.codec(*field.Codec))
		case field.Size != 0:
			e.add(field.Go, size(field.Size))
		case field.Set:
			e.add(field.Go, jen.True())
		default:
			e.add(field.Go, jen.Lit(int(field.Count)))
		}
	}
	return of(o.Type, o.Types).Add(e.body(shortRow))
}

func arrayRow(e elems, a *ir.ArrayDecl) jen.Code {
	e.addCount("Len", a.Len)
	e.addRow("Guard", a.Guard)
	return mp("ArrayDecl").Types(typ(a.Elem)).Add(braces(false, e...))
}

func processRow(e elems, p *ir.Process) jen.Code {
	e.addCount("Instances", p.Instances)
	e.addFlag("OnDemand", p.Spawn != "")
	e.addCount("Max", p.Max)
	e.addFlag("Daemon", p.Daemon)
	if p.Restart != "" {
		e.add("Restart", mp(p.Restart))
	}
	e.addCount("Restarts", p.Restarts)
	e.addCount("Warm", p.Warm)
	e.addWorker(p.Worker)
	e.addReached(p.Ports)
	return mp("ProcessDecl").Add(e.body(shortRow))
}

func serviceRow(e elems, s *ir.Service) jen.Code {
	e.addCount("Workers", s.Workers)
	e.addCount("Concurrent", s.Concurrent)
	e.addSize("Bytes", s.Bytes)
	e.addCount("Warm", s.Warm)
	e.addTask(s.Task)
	e.addWorker(s.Worker)
	e.add("Methods", jen.Id(s.Table))
	e.addLends(s.Lends)
	e.addReached(s.Ports)
	return mp("ServiceDecl").Types(jen.Id(s.Go)).Add(e.body(shortPool))
}

func (f *file) poolRow(e elems, p *ir.Pool) jen.Code {
	// A stage's tasks and results are the items of its queues.
	e.addIf(p.Stage.From == "" && !p.In.Flat, "In", f.codec(p.In))
	if p.Stage.To == "" && p.Out != nil && !p.Out.Flat {
		e.add("Out", f.codec(*p.Out))
	}
	e.addCount("Workers", p.Workers)
	e.addCount("Concurrent", p.Concurrent)
	e.addCount("Batch", p.Batch)
	e.addDuration("Wait", p.Wait)
	e.addSize("Bytes", p.Bytes)
	e.addCount("Warm", p.Warm)
	e.addTask(p.Task)
	e.addWorker(p.Worker)
	e.addLends(p.Lends)
	e.addRow("From", p.Stage.From)
	e.addIf(p.Stage.To != "", "To", sink(p.Stage, p.Out))
	e.addRow("Dead", p.Stage.Dead)
	e.addReached(p.Ports)
	return mp("PoolDecl").Types(typ(p.In), result(p.Out)).Add(e.body(shortPool))
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

// list is a []mp.Decl of rows.
func list(rows []string) jen.Code { return listOf(mp("Decl"), rows) }

func listOf(elem jen.Code, rows []string) jen.Code {
	elems := make([]jen.Code, len(rows))
	for i, r := range rows {
		elems[i] = jen.Op("&").Id(r)
	}
	return jen.Index().Add(elem).Add(braces(len(rows) > shortList, elems...))
}
