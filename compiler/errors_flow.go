package compiler

import (
	"slices"
	"strings"

	"github.com/mpgen/mpgen/compiler/diag"
	"github.com/mpgen/mpgen/grammar"
)

// Findings about flows, and about the graph of the whole pipeline.

func startsWithPool(s station) diag.Diagnostic {
	return diag.New(codeFlowOrder, diag.At(s.ref), "the flow starts with %s, want a queue", s).
		WithLabel("takes its tasks from nowhere").
		WithHelp("write flow QUEUE -> %s -> …", s.ref)
}

func sameTwice(s, before station) diag.Diagnostic {
	between, have := "queue", s.kind()
	if s.queue != nil {
		between = "pool"
	} else if before.kind() != have {
		have = "stage"
	}
	return diag.New(codeFlowOrder, diag.At(s.ref), "%s follows %s, want a %s between them", s, before, between).
		WithLabel("a second %s", have).
		WithHelp("queues and pools, or funcs of services, take turns in a flow")
}

func twoFlows(s station) diag.Diagnostic {
	return diag.New(codeTwoFlows, diag.At(s.ref), "%s stands in flows twice, want once", s).
		WithLabel("again").
		WithRelated(diag.At(s.fn.flow), "the first one").
		WithHelp("let both start with one queue, or declare a second %s", s.kind())
}

func sameQueue(s station, q *symbol, other *function) diag.Diagnostic {
	return diag.New(codeSameQueue, diag.At(s.ref), "%s and %s take from one queue, %s: each item would go to one of them", s, other, q).
		WithLabel("the second one").
		WithRelated(diag.At(other.flow), "the first one").
		WithHelp("let one func call the other, or give each a queue of its own")
}

func wholeService(ref *grammar.Ref, s *symbol) diag.Diagnostic {
	d := diag.New(codeFlowOrder, diag.At(ref), "%s stands in the flow as a whole, want one of its funcs", s).
		WithLabel("which func?")
	if len(s.funcs) == 0 {
		return d
	}
	whole := ref.Name.Text + "." + s.funcs[0].name.Text
	d = d.WithHelp("write %s", whole)
	if len(s.funcs) == 1 {
		return d.WithFix("write "+quote(whole), diag.Replace(ref, whole))
	}
	return d
}

func noFunc(ref *grammar.Ref, s *symbol, near string, sure bool) diag.Diagnostic {
	d := diag.New(codeUndeclared, diag.At(ref.Sel), "%s has no func %q", s, ref.Sel.Text).
		WithLabel("no func of this name")
	for _, f := range s.funcs {
		if f.name.Text == near {
			d = d.WithRelated(diag.At(f.name), "a similar name is declared here")
		}
	}
	if near == "" {
		d = d.WithRelated(diag.At(s.name), "declared here")
	} else {
		return meant(d, ref, ref.String(), ref.Name.Text+"."+near, sure)
	}
	return d.WithHelp("write func %s into its block", ref.Sel.Text)
}

func notOneParameter(s station) diag.Diagnostic {
	n := "no parameter"
	if len(s.fn.params) > 1 {
		n = itoa(int64(len(s.fn.params))) + " parameters"
	}
	return diag.New(codeStageParameters, diag.At(s.ref), "%s has %s, but a stage works on one item at a time", s, n).
		WithLabel("want one parameter").
		WithRelated(diag.At(s.fn.name), "declared here").
		WithHelp("declare a struct, and let its one parameter be of that")
}

func lostResult(s station) diag.Diagnostic {
	return diag.New(codeResult, diag.At(s.ref), "%s ends the flow, and its results go nowhere", s).
		WithLabel("returns %s", resultText(s.fn)).
		WithHelp("let a queue follow it, or let it return nothing")
}

func resultText(f *function) string {
	if f.out == nil {
		return "a result"
	}
	return typeText(f.out)
}

func noResult(s, next station) diag.Diagnostic {
	return diag.New(codeResult, diag.At(next.ref), "%s has no result to send to %q", s, next.ref.String()).
		WithLabel("gets nothing").
		WithRelated(diag.At(s.fn.written), "no result behind its parameters").
		WithHelp("write its result behind its parameters, or end the flow with it")
}

func unusedQueue(s *symbol) diag.Diagnostic {
	return diag.New(codeNoProducer, diag.At(s.name), "%s is not used: nobody sends to it or receives from it", s).
		WithLabel("unused").
		WithHelp("name it in a flow, or in send and receive of processes")
}

func noProducer(s, consumer *symbol) diag.Diagnostic {
	return diag.New(codeNoProducer, diag.At(s.name), "nobody sends to %s, so its readers would get nothing", s).
		WithLabel("no producer").
		WithRelated(diag.At(consumer.name), "%s reads it", consumer).
		WithHelp("let a process send to it, or process main { send %s }", s.name.Text)
}

func noConsumer(s, producer *symbol) diag.Diagnostic {
	return diag.New(codeNoConsumer, diag.At(s.name), "nobody receives from %s, so who sends to it would wait for ever once it is full", s).
		WithLabel("no consumer").
		WithRelated(diag.At(producer.name), "%s sends to it", producer).
		WithHelp("let a process receive from it, or process main { receive %s }", s.name.Text)
}

func cycle(path []*symbol) diag.Diagnostic {
	names := make([]string, 0, len(path)+1)
	for _, s := range path {
		names = append(names, s.name.Text)
	}
	names = append(names, path[0].name.Text)
	d := diag.New(codeCycle, diag.At(path[0].name), "the queues form a cycle: %s", strings.Join(names, " -> ")).
		WithLabel("when it is full, who fills it waits for itself")
	for _, s := range path[1:] {
		d = d.WithRelated(diag.At(s.name), "then %s", s)
	}
	return d.WithHelp("let one of its queues spill, so that nobody waits for room in it: { spill 256MiB }")
}

// callCycle is a ring on which somebody calls. It is told where the call is declared.
func callCycle(path []*symbol, call target) diag.Diagnostic {
	at := slices.IndexFunc(path, func(s *symbol) bool { return s == call.sym })
	names := make([]string, 0, len(path)+1)
	queues, starts := false, false
	for i := range path {
		s := path[(at+i)%len(path)]
		names = append(names, s.name.Text)
		queues = queues || s.kind == "queue"
		starts = starts || s.kind != "queue" && path[(at+i+1)%len(path)].onDemand
	}
	names = append(names, call.sym.name.Text)
	caller := path[(at+len(path)-1)%len(path)]
	if caller == call.sym {
		return diag.New(codeCallCycle, diag.At(call.ref), "%s calls itself", caller).
			WithLabel("when all its workers do, each waits for another one").
			WithRelated(diag.At(caller.name), "declared here").
			WithHelp("call the Go function itself; or let it return what is left to do, and let the program call it with that")
	}
	what := []string{"calls"}
	if starts {
		what = append(what, "starts")
	}
	if queues {
		what = append(what, "queues")
	}
	d := diag.New(codeCallCycle, diag.At(call.ref), "%s form a cycle: %s", list(what, "and"), strings.Join(names, " -> ")).
		WithLabel("%s may wait for %s, which waits for it in turn", caller, call.sym)
	for i := range path {
		d = d.WithRelated(diag.At(path[(at+i)%len(path)].name), "%s", path[(at+i)%len(path)])
	}
	if queues {
		return d.WithHelp("break the cycle: let somebody else receive, who calls nobody of these")
	}
	if starts {
		return d.WithHelp("break the cycle: who waits for the end of a process that it has started must not be what that calls")
	}
	return d.WithHelp("break the cycle: call the Go function itself where it need not run in a process of its own")
}

func callsStage(s *symbol, r target) diag.Diagnostic {
	return diag.New(codeCallsStage, diag.At(r.ref), "%s calls %s, which is a stage of a flow", s, r.sym).
		WithLabel("works for a queue only").
		WithRelated(diag.At(r.sym.funcs[0].flow), "the flow").
		WithHelp("send to %s, or declare a second pool of the same function", r.sym.funcs[0].from)
}

func onlyDaemons(q, p, c *symbol) diag.Diagnostic {
	return diag.New(codeOnlyDaemons, diag.At(q.name), "only daemons send to %s, and they end last, so %s would wait for its end for ever", q, c).
		WithLabel("ends with the daemons").
		WithRelated(diag.At(p.name), "%s is a daemon", p).
		WithRelated(diag.At(c.name), "%s is none", c).
		WithHelp("let both be daemons, or none")
}

func keyedOnDemand(s *symbol, at target, p *symbol) diag.Diagnostic {
	return diag.New(codeKeyedOnDemand, diag.At(at.ref), "%s is started by a call, but %s has a key, so its readers must be known at the start", p, s).
		WithLabel("may not run when an item of its keys comes").
		WithRelated(diag.At(s.key.name), "the key").
		WithRelated(diag.At(p.decl.(*grammar.Process).Instances), "started by a call").
		WithHelp("write process %s[4], or another number", p.name.Text)
}

func notOnDemand(s *symbol, r target, main bool) diag.Diagnostic {
	if main {
		return diag.New(codeNotOnDemand, diag.At(r.ref), "%s can't start the program itself", s).
			WithLabel("always there").
			WithHelp("name a process that is started by a call")
	}
	d := diag.New(codeNotOnDemand, diag.At(r.ref), "%s can't start %s, which starts with the pipeline", s, r.sym).
		WithLabel("runs from the start").
		WithRelated(diag.At(r.sym.name), "declared here")
	if r.sym.instances > 0 {
		return d.WithHelp("write process %s[], without a number, for one that is started by a call", r.sym.name.Text)
	}
	return d.WithHelp("write process %s[] for one that is started by a call", r.sym.name.Text)
}

func fileToStarted(s *symbol, r target, p param) diag.Diagnostic {
	return diag.New(codeFileToStarted, diag.At(r.ref), "%s can't start %s: an open file goes from the program to a process only", s, r.sym).
		WithLabel("takes a file").
		WithRelated(diag.At(p.name), "the file").
		WithHelp("let the program start it, or let it open the file by its name")
}

func tooMany(s *symbol, n int64) diag.Diagnostic {
	return diag.New(codeCrowd, diag.At(s.name), "with %s the pipeline has %d processes, want %d at most", s, n, maxProcesses).
		WithLabel("too many with this one").
		WithHelp("give pools fewer workers, or processes that are started by a call a smaller max")
}
