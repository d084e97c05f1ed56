package compiler

import (
	"slices"

	"github.com/mpgen/mpgen/compiler/ir"
)

// The graph of the pipeline: who sends to, receives from and calls whom. What could
// only wait for ever is refused here.

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
	add := func(to *[]*symbol, s *symbol) {
		if !slices.Contains(*to, s) {
			*to = append(*to, s)
		}
	}
	for _, s := range all {
		for _, q := range s.named("send") {
			add(&at(q).producers, s)
		}
		for _, q := range s.named("receive") {
			add(&at(q).consumers, s)
		}
		for _, q := range s.named("task.failed") {
			if s.stage() {
				add(&at(q).producers, s)
			}
		}
		for _, f := range s.funcs {
			if f.from != nil {
				add(&at(f.from).consumers, s)
			}
			if f.to != nil {
				add(&at(f.to).producers, s)
			}
		}
	}
}

// checkGraph refuses queues with one side only or without an end, calls to who can't be
// called, and cycles.
func (u *unit) checkGraph(all []*symbol) {
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
		case !slices.ContainsFunc(e.producers, func(p *symbol) bool { return !p.daemon() }):
			u.checkFedByDaemons(s, e)
		}
		if s.key != nil && e != nil {
			for _, c := range e.consumers {
				if c.onDemand {
					u.add(keyedOnDemand(s, refTo(c, "receive", s), c))
				}
			}
		}
	}
	for _, s := range all {
		for _, r := range s.given["use"].refs {
			switch {
			case r.sym.kind == "pool" && r.sym.stage():
				u.add(callsStage(s, r))
			case r.sym.kind == "process":
				u.checkStarted(s, r)
			}
		}
	}
	u.checkCycles()
	u.checkProcessCount()
}

// checkStarted checks what a process, pool or service starts.
func (u *unit) checkStarted(s *symbol, r target) {
	if !r.sym.onDemand {
		u.add(notOnDemand(s, r, r.sym == u.main))
		return
	}
	for _, p := range r.sym.params {
		if p.typ != nil && p.typ.Kind == ir.File && s != u.main {
			u.add(fileToStarted(s, r, p))
			return
		}
	}
}

// checkFedByDaemons reports a reader of a queue to which only daemons send. The daemons
// end when all others have, and the reader when the queue does.
func (u *unit) checkFedByDaemons(q *symbol, e *ends) {
	for _, c := range e.consumers {
		if c != u.main && !c.daemon() {
			u.add(onlyDaemons(q, e.producers[0], c))
			return
		}
	}
}

// checkCycles reports each ring of those who wait for each other once, by its shortest
// path. Who sends to a queue may wait for its readers, and who calls a pool or a
// service for its workers, so on a ring all may wait for ever: for a full queue
// whose reader fills it, for a worker that waits for one of its own kind. Process
// main is no part of a ring: what it does between two of its calls is the
// program's own affair.
//
// A queue that spills is never waited for, so it makes rings of queues legal, which
// end when their work has. Calls have no such end: who waits for its workers waits for
// what they wait for, so a ring with a call on it is none the better for a spill.
//
// A start waits for nobody, but who starts a process may wait for its end; so starts are
// on such rings too. Those without a call are legal: they end as their processes do.
func (u *unit) checkCycles() {
	reported := map[*symbol]bool{}
	add := func(path []*symbol) {
		if path == nil || slices.ContainsFunc(path, func(s *symbol) bool { return reported[s] }) {
			return
		}
		for _, s := range path {
			reported[s] = true
		}
		if called := callOf(path); called != nil {
			u.add(callCycle(path, *called))
		} else {
			u.add(cycle(path))
		}
	}
	next := u.waiting(func(q *symbol) bool { _, spills := q.given["spill"]; return !spills }, false)
	for _, start := range u.order {
		if (start.kind == "queue" || start.serves()) && !reported[start] && len(next[start]) > 0 {
			add(ring(start, next))
		}
	}
	next = u.waiting(func(*symbol) bool { return true }, true)
	for _, s := range u.order {
		for _, to := range next[s] {
			if s.kind == "queue" || !to.serves() {
				continue
			}
			if path := way(to, s, next); path != nil && to != s {
				add(append(path, s))
			}
		}
	}
}

// waiting is who may wait for whom, of those that lie on rings or lead to some: the
// senders to a queue for the queue, the queue for its readers if it is waited for, and
// callers for whom they call; with starts, also starters for whom they start.
func (u *unit) waiting(awaited func(q *symbol) bool, starts bool) map[*symbol][]*symbol {
	next := map[*symbol][]*symbol{}
	for _, q := range u.order {
		if e := u.ends[q]; e != nil {
			for _, c := range e.consumers {
				if c != u.main && awaited(q) {
					next[q] = append(next[q], c)
				}
			}
			for _, p := range e.producers {
				if p != u.main {
					next[p] = append(next[p], q)
				}
			}
		}
		for _, r := range q.given["use"].refs {
			if r.sym.serves() || starts && r.sym.onDemand {
				next[q] = append(next[q], r.sym)
			}
		}
	}
	prune(next)
	return next
}

// callOf is where the first call on a ring is declared, or nil if it is of queues only.
func callOf(path []*symbol) *target {
	for i, s := range path {
		to := path[(i+1)%len(path)]
		if s.kind != "queue" && to.serves() {
			t := refTo(s, "use", to)
			return &t
		}
	}
	return nil
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
func ring(q *symbol, next map[*symbol][]*symbol) []*symbol { return way(q, q, next) }

// way is the shortest way from one to another, without that, or nil.
func way(from, end *symbol, next map[*symbol][]*symbol) []*symbol {
	before := map[*symbol]*symbol{}
	for todo := []*symbol{from}; len(todo) > 0; todo = todo[1:] {
		at := todo[0]
		for _, n := range next[at] {
			if n == end {
				path := []*symbol{at}
				for at != from {
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

// checkProcessCount refuses more processes than a run can have. Pools that leave the
// number of their workers to the machine count as one here.
func (u *unit) checkProcessCount() {
	n := int64(0)
	for _, s := range u.order {
		switch {
		case s.missing:
		case s.onDemand:
			n += s.amount("max")
		case s.kind == "process":
			n += max(1, s.instances)
		case s.serves():
			n += max(1, s.given["workers"].n)
		}
		if n > maxProcesses {
			u.add(tooMany(s, n))
			return
		}
	}
}
