package compiler

import (
	"github.com/mpgen/mpgen/compiler/diag"
	"github.com/mpgen/mpgen/grammar"
)

// Findings about pools and services with several tasks in work at once.

func batchOfSeveral(f *function, at *grammar.Setting) diag.Diagnostic {
	return diag.New(codeBatch, diag.At(f.written), "%s has %d parameters, and a function that takes a batch has one, a slice of tasks", f, len(f.params)).
		WithLabel("one slice is wanted").
		WithRelated(diag.At(at), "it is to take batches").
		WithHelp("declare a struct with the parameters as fields, and take a slice of it")
}

func batchOfOne(f *function, at *grammar.Setting) diag.Diagnostic {
	p := f.params[0]
	return diag.New(codeBatch, diag.At(p.of.Type), "%s takes %s, and a function that takes a batch takes a slice of tasks", f, typeText(p.typ)).
		WithLabel("one task").
		WithRelated(diag.At(at), "it is to take batches").
		WithHelp("write %s []%s: its function gets the tasks of a batch, and is called for each of them", p.name.Text, typeText(p.typ))
}

func batchResult(f *function, at *grammar.Setting) diag.Diagnostic {
	return diag.New(codeBatch, diag.At(f.result), "%s gives one %s for a whole batch, and each task wants a result of its own", f, typeText(f.out)).
		WithLabel("no slice").
		WithRelated(diag.At(at), "it is to take batches").
		WithHelp("write []%s: one result for each task, in their order; or none at all", typeText(f.out))
}

func waitWithoutBatch(s *symbol, at *grammar.Setting, without diag.Edit) diag.Diagnostic {
	return diag.New(codeTogether, diag.At(at), "%s waits for further tasks, and takes them one by one", s).
		WithLabel("wait is for batches").
		WithHelp("write batch 32 beside it, and take a slice; or remove it").
		WithFix("remove it", without)
}

func batchBeside(s *symbol, batch, concurrent *grammar.Setting) diag.Diagnostic {
	return diag.New(codeTogether, diag.At(concurrent), "%s takes batches, and does one at a time", s).
		WithLabel("not with batch").
		WithRelated(diag.At(batch), "it takes batches").
		WithHelp("give it more workers, or let its function start goroutines for the tasks of a batch")
}

func stageAtOnce(f *function, at *grammar.Setting) diag.Diagnostic {
	d := diag.New(codeStageAtOnce, diag.At(at), "%s works for a flow, where a worker has one item at a time", f).
		WithLabel("not for stages").
		WithRelated(diag.At(f.flow), "the flow")
	if f.of.kind == "service" {
		return d.WithHelp("leave the func out of the flow, and call it from a process that receives from the queue; or remove the setting")
	}
	return d.WithHelp("leave the pool out of the flow, and call it with Map from a process that receives from one queue and sends to the other; or remove the setting")
}
