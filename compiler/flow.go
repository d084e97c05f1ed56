package compiler

import (
	"slices"

	"github.com/mpgen/mpgen/compiler/ir"
	"github.com/mpgen/mpgen/grammar"
)

// flow puts the pools of a flow between their queues. A flow starts with a queue,
// and queues and pools take turns; a pool at the end has no result.
func (u *unit) flow(flow *grammar.Flow) {
	stages := make([]*symbol, len(flow.Stages))
	before := len(u.found)
	defer func() {
		if slices.Contains(stages, nil) || len(u.found) > before {
			u.excuseDecl(flow)
		}
	}()
	for i, ref := range flow.Stages {
		stages[i] = u.lookup(ref, "queue", "pool")
	}
	for i, s := range stages {
		ref := flow.Stages[i]
		switch {
		case s == nil:
			continue
		case i == 0 && s.kind == "pool":
			u.add(startsWithPool(ref, s))
			continue
		case i > 0 && stages[i-1] != nil && stages[i-1].kind == s.kind:
			u.add(sameTwice(ref, s, stages[i-1]))
			// What stands behind is read as if the missing one were there.
			continue
		case s.kind == "queue" || stages[i-1] == nil:
			continue
		case s.flow != nil:
			u.add(twoFlows(ref, s))
			continue
		}
		s.flow, s.from = ref, stages[i-1]
		if i+1 < len(stages) && stages[i+1] != nil && stages[i+1].kind == "queue" {
			s.to = stages[i+1]
		}
		u.stageTypes(s, flow, i)
	}
}

// stageTypes checks that a pool takes what its queue gives, and gives what the next one takes.
func (u *unit) stageTypes(s *symbol, flow *grammar.Flow, i int) {
	in := s.params[0].typ
	if in != nil && s.from.typ != nil && !same(in, s.from.typ) {
		u.add(wrongInput(flow.Stages[i], s, in))
	}
	last := i+1 == len(flow.Stages)
	switch {
	case last && s.hasOut:
		u.add(lostResult(flow.Stages[i], s))
	case !last && !s.hasOut:
		u.add(noResult(flow.Stages[i+1], s, flow.Stages[i+1]))
		s.to = nil
	case s.to != nil && s.to.typ != nil && s.out != nil:
		switch {
		case same(s.out, s.to.typ):
		case elementOf(s.out) != nil && same(elementOf(s.out), s.to.typ):
			s.each = true
		default:
			u.add(wrongOutput(flow.Stages[i+1], s, s.out))
		}
	}
}

// elementOf is the T of a []T, or nil.
func elementOf(t *ir.Type) *ir.Type {
	switch t.Kind {
	case ir.Slice:
		return t.Elem
	case ir.Bytes:
		return &ir.Type{Kind: ir.Basic, Name: "byte", Flat: true}
	}
	return nil
}

// ends are the two sides of a queue.
type ends struct {
	producers, consumers []*symbol
}

// connect notes who sends to and who receives from each queue.
func (u *unit) connect(all []*symbol) {
	at := func(q *symbol) *ends {
		if u.ends[q] == nil {
			u.ends[q] = &ends{}
		}
		return u.ends[q]
	}
	sends := func(s, q *symbol) { at(q).producers = append(at(q).producers, s) }
	takes := func(s, q *symbol) { at(q).consumers = append(at(q).consumers, s) }
	for _, s := range all {
		for _, r := range s.given["send"].refs {
			sends(s, r.sym)
		}
		for _, r := range s.given["receive"].refs {
			takes(s, r.sym)
		}
		for _, r := range s.given["task.failed"].refs {
			if s.stage() {
				sends(s, r.sym)
			}
		}
		if s.from != nil {
			takes(s, s.from)
		}
		if s.to != nil {
			sends(s, s.to)
		}
	}
}

// graph refuses queues with one side only, and cycles.
func (u *unit) graph() {
	for _, s := range u.order {
		if s.kind != "queue" || u.partial || u.excused[s.name.Text] {
			continue
		}
		e := u.ends[s]
		switch {
		case e == nil:
			u.add(unusedQueue(s))
		case len(e.producers) == 0:
			u.add(noProducer(s, e.consumers[0]))
		case len(e.consumers) == 0:
			u.add(noConsumer(s, e.producers[0]))
		}
	}
	u.cycles()
	u.crowd()
}

// cycles reports each ring of queues once, by its shortest path. A full queue of
// a ring would stop its own reader. Process main is no part of one: what it does
// between two of its calls is the program's own affair.
func (u *unit) cycles() {
	next := map[*symbol][]*symbol{}
	for _, q := range u.order {
		e := u.ends[q]
		if e == nil {
			continue
		}
		for _, c := range e.consumers {
			if c != u.main {
				next[q] = append(next[q], c)
			}
		}
		for _, p := range e.producers {
			if p != u.main {
				next[p] = append(next[p], q)
			}
		}
	}
	prune(next)
	reported := map[*symbol]bool{}
	for _, q := range u.order {
		if q.kind != "queue" || reported[q] || len(next[q]) == 0 {
			continue
		}
		path := ring(q, next)
		if path == nil || slices.ContainsFunc(path, func(s *symbol) bool { return reported[s] }) {
			continue
		}
		for _, s := range path {
			reported[s] = true
		}
		u.add(cycle(path))
	}
}

// prune drops what leads nowhere, again and again: what lies on no ring and
// leads to none. In most pipelines nothing is left.
func prune(next map[*symbol][]*symbol) {
	before := map[*symbol][]*symbol{}
	left := map[*symbol]int{}
	var done []*symbol
	for s, to := range next {
		left[s] = len(to)
		for _, t := range to {
			before[t] = append(before[t], s)
			if len(next[t]) == 0 {
				done = append(done, t)
			}
		}
	}
	gone := map[*symbol]bool{}
	for len(done) > 0 {
		s := done[len(done)-1]
		done = done[:len(done)-1]
		if gone[s] {
			continue
		}
		gone[s] = true
		delete(next, s)
		for _, b := range before[s] {
			if left[b]--; left[b] == 0 {
				done = append(done, b)
			}
		}
	}
}

// ring is the shortest way from q back to q, without q at its end, or nil.
func ring(q *symbol, next map[*symbol][]*symbol) []*symbol {
	before := map[*symbol]*symbol{}
	for todo := []*symbol{q}; len(todo) > 0; todo = todo[1:] {
		at := todo[0]
		for _, n := range next[at] {
			if n == q {
				path := []*symbol{at}
				for at != q {
					at = before[at]
					path = append(path, at)
				}
				slices.Reverse(path)
				return path
			}
			if before[n] == nil {
				before[n] = at
				todo = append(todo, n)
			}
		}
	}
	return nil
}

// maxProcesses is how many processes a run can have beside the program itself.
const maxProcesses = 4095

// crowd refuses more processes than a run can have. Pools that leave the number of
// their workers to the machine count as one here.
func (u *unit) crowd() {
	n := 0
	for _, s := range u.order {
		switch {
		case s.missing:
		case s.kind == "process":
			n++
		case s.kind == "pool":
			n += max(1, int(s.given["workers"].n))
		}
		if n > maxProcesses {
			u.add(tooMany(s, n))
			return
		}
	}
}
