package compiler

import (
	"github.com/mpgen/mpgen/compiler/diag"
	"github.com/mpgen/mpgen/grammar"
)

// Findings about what processes share.

func unusedObject(s *symbol) diag.Diagnostic {
	return diag.New(codeUnusedObject, diag.At(s.name), "%s is not used by any process", s).
		WithLabel("unused").
		WithHelp("name it in the use of processes, pools or services, or, what can be one, as the guard of an array; else remove it")
}

func readAndUsed(s *symbol, r, w target) diag.Diagnostic {
	return diag.New(codeNamedTwice, diag.At(r.ref), "%s both reads and uses %s", s, r.sym).
		WithLabel("can't be written to by who reads it").
		WithRelated(diag.At(w.ref), "can be written to by who uses it").
		WithHelp("keep one of them")
}

func noGuard(s, p *symbol, at target, why string) diag.Diagnostic {
	d := diag.New(codeNoGuard, diag.At(s.name), "several processes may write to %s at once: %s", s, why).
		WithLabel("without a guard").
		WithRelated(diag.At(at.ref), "named here")
	help := "declare a lock and name it: guard LOCK; or name the array in read, not in use, where it is not written to"
	if p.onDemand {
		help += "; or write max 1"
	}
	return d.WithHelp("%s", help)
}

func noParties(s, p *symbol, at target) diag.Diagnostic {
	why := "starts as often as it is called"
	if p.serves() {
		why = "has workers that come and go"
	}
	return diag.New(codeParties, diag.At(s.name), "the parties of %s can't be counted: %s %s", s, p, why).
		WithLabel("of how many parties?").
		WithRelated(diag.At(at.ref), "used here").
		WithRelated(diag.At(p.name), "which %s", why).
		WithHelp("say how many must come: barrier %s { parties 4 }", s.name.Text)
}

func notAtAnEnd(s, p *symbol, at target, why string) diag.Diagnostic {
	return diag.New(codePipeEnds, diag.At(at.ref), "%s can't be at an end of %s: it %s", p, s, why).
		WithLabel("a pipe has one process at each end, from the start").
		WithRelated(diag.At(s.name), "the pipe").
		WithHelp("use two queues, one each way")
}

func notTwoEnds(s *symbol, by []*symbol) diag.Diagnostic {
	const help = "name it in the use of the two processes that are at its ends"
	d := diag.New(codePipeEnds, diag.At(s.name), "%s has no process at its ends", s).
		WithLabel("unused").WithHelp("%s; one may be main", help)
	switch n := len(by); {
	case n == 1:
		d = diag.New(codePipeEnds, diag.At(s.name), "%s has %s at one end, and nobody at the other", s, by[0]).
			WithLabel("nobody to talk to").
			WithRelated(diag.At(refTo(by[0], "use", s).ref), "used here").
			WithHelp("%s; the other one may be main: process main { use %s }", help, s.name.Text)
		if by[0].name.Text == "main" {
			d = d.WithHelp("%s", help)
		}
	case n > 2:
		d = diag.New(codePipeEnds, diag.At(refTo(by[2], "use", s).ref), "%s is used by more than two processes: %s, %s and %s", s, by[0], by[1], by[2]).
			WithLabel("the third").
			WithRelated(diag.At(s.name), "the pipe").
			WithHelp("use a pipe for each two, or a queue")
	}
	return d
}

func carriesNone(at grammar.Type, what string, b *symbol, result bool) diag.Diagnostic {
	d := diag.New(codeBlockElsewhere, diag.At(at), "%s carries a block of %s: blocks travel in items of queues and arguments of calls", what, b).
		WithLabel("neither of these").
		WithRelated(diag.At(b.name), "the blocks")
	if result {
		return d.WithHelp("let the caller make the block and pass it to be filled, or a flow feed the function; or write []byte, which is copied")
	}
	return d.WithHelp("send it in an item of a queue; or write []byte, which is copied")
}

func carriedByNone(s *symbol) diag.Diagnostic {
	return diag.New(codeCarriedByNone, diag.At(s.name), "no item of a queue carries a block of %s", s).
		WithLabel("they get nowhere").
		WithHelp("make it the type of a field of a queue's items: struct Frame { pixels %s }; or remove it", s.name.Text)
}

func guardNotUsed(s *symbol, guard target, p *symbol, at target) diag.Diagnostic {
	return diag.New(codeGuardNotUsed, diag.At(at.ref), "%s uses %s without its guard, %s", p, s, guard.sym).
		WithLabel("can't lock it").
		WithRelated(diag.At(guard.ref), "the guard").
		WithHelp("write use %s, %s; or read %s, if it is not written to", s.name.Text, guard.sym.name.Text, s.name.Text)
}
