package mp

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// stageBook is what the parent knows of one input of a pool: when it has ended,
// the queues that it feeds may end.
type stageBook struct {
	ended   bool
	why     error  // it ended with this error
	sending int    // failed items on their way to the queue for them
	gaveUp  uint64 // items whose last attempt ended with the worker's death
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
	pool := r.plan.slots[pp.first].pool
	if !r.mainEnded() || slices.ContainsFunc(r.stages[pool], func(b stageBook) bool { return !b.ended }) {
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
			continue
		case !r.quiet[s.pool]:
			return false
		}
	}
	return r.pools[pool].rests(pp.sends)
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

func (r *Run) workers(pp *poolPlan) []*member { return r.members[pp.first-1 : pp.first-1+pp.n] }

// letter is an item of an input that was begun for the last time.
type letter struct {
	input int
	item  []byte
}

// deadLetters deals with items of a stage that were begun for the last time by a
// worker that died: they follow the pool's policy in the dead worker's place.
func (r *Run) deadLetters(pool int, letters []letter, cause *Error) {
	pp := &r.plan.pools[pool]
	for _, l := range letters {
		in, b := &pp.inputs[l.input], &r.stages[pool][l.input]
		r.mu.Lock()
		if !r.stopping { // else they were cut short
			b.gaveUp++
		}
		r.mu.Unlock()
		switch {
		case in.dead >= 0:
			r.mu.Lock()
			b.sending++
			r.mu.Unlock()
			r.watching.Go(func() {
				key, encode, err := pp.row.letter(l.input, l.item, cause)
				if err == nil {
					err = r.node.outletsAt(in.dead).of(key).put(context.Background(), encode, nil)
				}
				r.mu.Lock()
				b.sending--
				if err != nil && !errors.Is(err, ErrClosed) {
					r.mu.Unlock()
					r.fail(fmt.Errorf("queue %q: %w", r.plan.queues[in.dead].row.name(), err))
					r.mu.Lock()
				}
				r.settle()
				r.mu.Unlock()
			})
		case !pp.task.Skip:
			r.fail(cause)
		}
	}
}
