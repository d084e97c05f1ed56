package emit

import (
	"github.com/dave/jennifer/jen"

	"github.com/mpgen/mpgen/compiler/ir"
)

// elems are the fields of a row. Those that are the runtime's defaults are left out.
type elems []jen.Code

// add adds a field; the others add one that is set.
func (e *elems) add(name string, value jen.Code) { *e = append(*e, key(name, value)) }

func (e *elems) addIf(set bool, name string, value jen.Code) {
	if set {
		e.add(name, value)
	}
}

func (e *elems) addCount(name string, n int) { e.addIf(n != 0, name, jen.Lit(n)) }

func (e *elems) addSize(name string, bytes int64) { e.addIf(bytes != 0, name, size(bytes)) }

func (e *elems) addDuration(name string, ns int64) { e.addIf(ns != 0, name, duration(ns)) }

func (e *elems) addFlag(name string, set bool) { e.addIf(set, name, jen.True()) }

// addRow adds where another row is, by its name.
func (e *elems) addRow(name, row string) { e.addIf(row != "", name, jen.Op("&").Id(row)) }

// body is the body of the literal, one field a line if there are more than short.
func (e elems) body(short int) jen.Code { return braces(len(e) > short, e...) }

// addLends adds the rows of blocks that items or arguments carry.
func (e *elems) addLends(rows []string) {
	e.addIf(len(rows) > 0, "Lends", listOf(jen.Op("*").Add(mp("BlocksDecl")), rows))
}

// addEnds adds the queues that someone sends to and receives from.
func (e *elems) addEnds(send, receive []string) {
	e.addIf(len(send) > 0, "Send", list(send))
	e.addIf(len(receive) > 0, "Receive", list(receive))
}

// addReached adds the rows that a process, pool or service reaches.
func (e *elems) addReached(p ir.Ports) {
	e.addEnds(p.Send, p.Receive)
	e.addIf(len(p.Uses) > 0, "Uses", list(p.Uses))
	e.addIf(len(p.Reads) > 0, "Reads", list(p.Reads))
}

// addTask adds what holds for each task.
func (e *elems) addTask(t ir.Task) {
	var p elems
	p.addDuration("Timeout", t.Timeout)
	p.addCount("Retries", t.Retries)
	p.addDuration("Backoff", t.Backoff)
	p.addFlag("Skip", t.Skip)
	e.addIf(len(p) > 0, "Task", mp("TaskPolicy").Add(braces(false, p...)))
}

// addWorker adds what holds for each worker process.
func (e *elems) addWorker(w ir.Worker) {
	var p elems
	p.addCount("Tasks", w.Tasks)
	p.addDuration("Age", w.Age)
	p.addSize("Memory", w.Memory)
	p.addCount("CPUs", w.CPUs)
	p.addDuration("Grace", w.Grace)
	p.addDuration("Open", w.Open)
	if len(w.Env) > 0 {
		p.add("Env", jen.Index().String().ValuesFunc(func(g *jen.Group) {
			for _, v := range w.Env {
				g.Lit(v)
			}
		}))
	}
	p.addIf(w.Dir != "", "Dir", jen.Lit(w.Dir))
	p.addCount("Nice", w.Nice)
	e.addIf(len(p) > 0, "Worker", mp("Worker").Add(braces(false, p...)))
}

func key(name string, value jen.Code) jen.Code { return jen.Id(name).Op(":").Add(value) }
