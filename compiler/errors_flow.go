package compiler

import (
	"strings"

	"github.com/mpgen/mpgen/compiler/diag"
	"github.com/mpgen/mpgen/grammar"
)

// Findings about flows, and about the graph of the whole pipeline.

func startsWithPool(ref *grammar.Ref, s *symbol) diag.Diagnostic {
	return diag.New(codeFlowOrder, diag.At(ref), "the flow starts with %s, want a queue", s).
		WithLabel("takes its tasks from nowhere").
		WithHelp("write flow QUEUE -> %s -> …", ref.Name.Text)
}

func sameTwice(ref *grammar.Ref, s, before *symbol) diag.Diagnostic {
	between := "pool"
	if s.kind == "pool" {
		between = "queue"
	}
	return diag.New(codeFlowOrder, diag.At(ref), "%s follows %s, want a %s between them", s, before, between).
		WithLabel("a second %s", s.kind).
		WithHelp("queues and pools take turns in a flow")
}

func twoFlows(ref *grammar.Ref, s *symbol) diag.Diagnostic {
	return diag.New(codeTwoFlows, diag.At(ref), "%s stands in flows twice, want once", s).
		WithLabel("again").
		WithRelated(diag.At(s.flow), "the first one").
		WithHelp("let both start with one queue, or declare a second pool")
}

func lostResult(ref *grammar.Ref, s *symbol) diag.Diagnostic {
	return diag.New(codeResult, diag.At(ref), "%s ends the flow, and its results go nowhere", s).
		WithLabel("returns %s", resultText(s)).
		WithHelp("let a queue follow it, or let it return nothing")
}

func resultText(s *symbol) string {
	if s.out == nil {
		return "a result"
	}
	return typeText(s.out)
}

func noResult(ref *grammar.Ref, s *symbol, next *grammar.Ref) diag.Diagnostic {
	return diag.New(codeResult, diag.At(ref), "%s has no result to send to %q", s, next.Name.Text).
		WithLabel("gets nothing").
		WithRelated(diag.At(s.name), "declared without a result").
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
	return d.WithHelp("break the cycle: let process main receive from one of its queues and send on")
}

func tooMany(s *symbol, n int) diag.Diagnostic {
	return diag.New(codeCrowd, diag.At(s.name), "with %s the pipeline has %d processes, want %d at most", s, n, maxProcesses).
		WithLabel("too many with this one").
		WithHelp("give the pools fewer workers")
}
