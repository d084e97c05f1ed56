package mp

import (
	"context"
	"slices"

	"github.com/mpgen/mpgen/runtime/internal/control"
)

// When queues end. Nobody sends an end by hand: the parent knows who may still
// send to each queue and who may still receive from it, and looks again whenever
// one of them ends: a process, an input of a stage, the program's own ends, the
// last task of a pool that sends. One end may lead to others, so settle goes on
// until nothing changes; when nothing is left, the run has ended.

// settle marks the queues that nobody receives from any more, closes those that
// nobody sends to, and notices the end of it all. mu is held.
func (r *Run) settle() {
	for again := true; again; {
		again = r.settleStages()
		// First, so that who sees the end of a pipe is refused when it sends.
		for i := range r.plan.parts {
			if p := &r.plan.parts[i]; !r.gone[i] && r.noneLeft(p.consumers, p.queue) {
				r.gone[i], again = true, true
				r.node.control.Queues[i].Leave(causeFrame(r.causeOf(p.consumers)))
				r.rings[i].WakeAll()
				r.returnAll(i)
			}
		}
		for i := range r.plan.queues {
			if r.shut[i] {
				continue
			}
			if open, cause := r.producing(i); !open {
				again = true
				r.shutQueue(i, cause)
			}
		}
		again = r.endCycles() || again
	}
	r.dismissSpares()
	if r.keeping > 0 || r.stopping && r.daemons+r.called > 0 {
		return
	}
	if !r.stagesEnded() {
		return
	}
	if !r.mainEnded() && r.plan.waitsForMain {
		return
	}
	if r.daemons > 0 {
		r.restDaemons()
		return
	}
	select {
	case <-r.ended:
	default:
		close(r.ended)
	}
}

// shutQueue tells the readers of a queue that nobody sends to it any more, and why.
func (r *Run) shutQueue(i int, cause error) {
	r.shut[i] = true
	q := &r.plan.queues[i]
	for k := q.first; k < q.first+q.n; k++ {
		r.node.control.Queues[k].Close(causeFrame(cause))
		r.rings[k].WakeAll()
	}
}

// settleAgain is settle for who does not hold mu.
func (r *Run) settleAgain() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.over {
		r.settle()
	}
}

// restDaemons tells the daemons to stop, as nobody is left whom they could work
// for. mu is held.
func (r *Run) restDaemons() {
	if r.resting {
		return
	}
	r.resting = true
	for _, m := range r.alive() {
		if m.handle != nil && m.slot.process.Daemon {
			r.tell(m.handle, control.Stop, context.Canceled)
		}
	}
}

// producing reports whether anybody may still send to queue i, and else why the
// last one ended.
func (r *Run) producing(i int) (bool, error) {
	q := &r.plan.queues[i]
	for _, slot := range q.closers {
		if r.maySend(slot, i) {
			return true, nil
		}
	}
	cause := r.causeOf(q.closers)
	for _, f := range q.feeders {
		ended, why := r.feederEnded(f)
		if !ended {
			return true, nil
		}
		if cause == nil {
			cause = why
		}
	}
	if cause == nil && r.stopping { // they were told to stop, and may have had more
		cause = r.err
	}
	return false, cause
}

// untilWait is what keeps a queue open until Wait, whatever ends before: whom of those who
// send to it, or to a queue before it in its flow, the program may start or call, as
// "start walk".
func (pl *plan) untilWait(q *queuePlan) (whom []string) {
	seen := make([]bool, len(pl.queues))
	add := func(do string) {
		if !slices.Contains(whom, do) {
			whom = append(whom, do)
		}
	}
	var look func(q *queuePlan)
	look = func(q *queuePlan) {
		for _, slot := range q.closers {
			if p := pl.slots[slot].process; p != nil && p.OnDemand {
				add("start " + p.Name)
			}
		}
		for _, f := range q.feeders {
			if f.input < 0 {
				add("call " + pl.pools[f.pool].row.name())
			} else if from := pl.pools[f.pool].inputs[f.input].from; !seen[from] {
				seen[from] = true
				look(&pl.queues[from])
			}
		}
	}
	look(q)
	return whom
}

// maySend reports whether one of the closers of a queue may still send to it. Of
// workers, the feeders tell.
func (r *Run) maySend(slot, queue int) bool {
	switch {
	case slot == 0:
		return r.plan.mainSends(queue) && !r.mainEnds[queue]
	case r.plan.worker(slot):
		return false
	}
	return r.mayStart(slot) || !r.members[slot-1].finished && !r.members[slot-1].hasClosed(queue)
}

func (r *Run) noneLeft(slots []int, queue int) bool {
	for _, slot := range slots {
		if slot == 0 {
			if !r.stopping && !r.node.inletEnded(queue) {
				return false
			}
		} else if r.mayStart(slot) || !r.members[slot-1].finished {
			return false
		}
	}
	return true
}

// causeOf is the error of the first of some processes that failed.
func (r *Run) causeOf(slots []int) error {
	for _, slot := range slots {
		if slot == 0 {
			continue
		}
		m := r.members[slot-1]
		if p := m.slot.process; p != nil && p.OnDemand && r.book(m).err != nil {
			return r.book(m).err
		} else if m.err != nil {
			return m.err
		}
	}
	return nil
}

// settleStages notices which inputs and pools have ended, and reports whether
// any has. mu is held.
func (r *Run) settleStages() (news bool) {
	for i := range r.plan.pools {
		for k := range r.stages[i] {
			if b := &r.stages[i][k]; !b.ended && r.inputEnded(i, k) {
				b.ended, news = true, true
			}
		}
		if pp := &r.plan.pools[i]; pp.called && !r.quiet[i] && r.isQuiet(pp) {
			r.quiet[i], news = true, true
		}
	}
	return news
}

// inputEnded reports whether no worker of a pool takes from its input any more.
func (r *Run) inputEnded(pool, input int) bool {
	pp, b := &r.plan.pools[pool], &r.stages[pool][input]
	for _, m := range r.workers(pp) {
		why, ended := m.ends[input]
		if !m.finished && !ended {
			return false
		}
		if b.why == nil {
			b.why = why
		}
	}
	return b.sending == 0
}

// isQuiet reports whether nobody will call a pool any more: the program is done,
// who uses it has ended, and it has no task. Only then do the queues end to which
// its workers send.
func (r *Run) isQuiet(pp *poolPlan) bool {
	stages := r.stages[r.plan.slots[pp.first].pool]
	return !slices.ContainsFunc(stages, func(b stageBook) bool { return !b.ended }) && r.uncalled(pp)
}

// uncalled is the same of its calls only, and not of what queues feed to it.
func (r *Run) uncalled(pp *poolPlan) bool {
	if !r.mainEnded() {
		return false
	}
	for _, user := range pp.users {
		party := &r.plan.parties[user]
		s := &r.plan.slots[party.first]
		switch {
		case s.process != nil && s.process.Daemon:
			continue
		case s.process != nil || !r.plan.pools[s.pool].called:
			for _, m := range r.members[party.first-1 : party.first-1+party.n] {
				if !m.finished {
					return false
				}
			}
			if r.mayStart(party.first) {
				return false
			}
			continue
		case !r.quiet[s.pool]:
			return false
		}
	}
	return r.pools[r.plan.slots[pp.first].pool].rests(pp.sends)
}

// feederEnded reports whether an input, or a pool that sends, has ended, and why.
func (r *Run) feederEnded(f feeder) (bool, error) {
	if f.input < 0 {
		return r.quiet[f.pool], nil
	}
	b := &r.stages[f.pool][f.input]
	return b.ended, b.why
}

// stagesEnded reports whether nothing comes from any stage any more, nor from a
// pool that sends.
func (r *Run) stagesEnded() bool {
	for i := range r.stages {
		for _, b := range r.stages[i] {
			if b.sending > 0 || !b.ended && !r.stopping {
				return false
			}
		}
		if r.plan.pools[i].sends && !r.quiet[i] && !r.stopping {
			return false
		}
	}
	return true
}

// mayStart reports whether another process may be started on demand in a slot.
// mu is held.
func (r *Run) mayStart(slot int) bool {
	p := r.plan.slots[slot].process
	return p != nil && p.OnDemand && r.startable(r.plan.slots[slot].party, nil)
}

// stageBook is what the parent knows of one input of a pool: when it has ended,
// the queues that it feeds may end.
type stageBook struct {
	ended   bool
	why     error  // it ended with this error
	sending int    // failed items on their way to the queue for them
	gaveUp  uint64 // items whose last attempt ended with the worker's death
}
