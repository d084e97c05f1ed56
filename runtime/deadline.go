package mp

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// The deadlines of tasks. A pool that is called has one timer, set to when the next
// task may be late, a retry is due, or a cancelled task has had its grace. The
// workers of a stage note on their seats when they began, and a goroutine for each
// stage looks there.

// watch looks at what runs: it orders cancels, kills what is past its time, and
// sets the timer for the next look. mu is held. Deadlines need a look only when
// one may have passed: a task that begins now can't be late before a whole
// timeout from now.
func (p *poolCore) watch() {
	grace := p.run.plan.grace(p.plan.first)
	timeout := p.plan.task.Timeout
	next := time.Duration(0)
	soon := func(d time.Duration) {
		if d = max(d, time.Millisecond); next == 0 || d < next {
			next = d
		}
	}
	for _, w := range p.workers {
		if w.out.len() == 0 {
			continue
		}
		if timeout > 0 {
			soon(timeout + grace)
			if since := int64(w.m.report.Since.Load()); since != 0 {
				left := time.Duration(since+int64(timeout+grace)-monotonic()) + w.pardoned()
				if left <= 0 {
					go w.m.kill(context.DeadlineExceeded)
				} else {
					soon(left)
				}
			}
		}
		t := *w.out.at(0)
		if w.stands(t) && (timeout > 0 || !t.given.IsZero()) && len(p.plan.inputs) == 0 {
			left := time.Until(w.headAt.Add(max(timeout+grace, leastStanding))) + w.pardoned()
			if left <= 0 {
				go w.m.kill(context.DeadlineExceeded)
			} else {
				soon(left)
			}
		}
		if t.given.IsZero() {
			for i := range w.out.len() {
				if !(*w.out.at(i)).given.IsZero() {
					soon(20 * time.Millisecond)
				}
			}
			continue
		}
		if w.m.report.Task.Load() != t.id {
			soon(5 * time.Millisecond)
			continue
		}
		if !t.ordered {
			t.ordered, t.given = true, time.Now()
			p.run.node.control.Slots[w.m.index].Cancel.Store(t.id)
			p.run.node.bells[w.m.index].Ring()
		}
		if left := time.Until(t.given.Add(grace)) + w.pardoned(); left <= 0 {
			go w.m.kill(context.Canceled)
		} else {
			soon(left)
		}
	}
	if timeout > 0 && p.pending.len() > 0 {
		soon(timeout + grace)
	}
	for _, t := range p.delayed {
		soon(time.Until(t.notYet))
	}
	if next > 0 {
		p.tick(next)
	}
}

// leastStanding bounds from below how long a worker may have a task before it that
// it does not begin: a busy machine is no reason to kill one.
const leastStanding = time.Second

// stands reports whether the worker has not begun its first task t, and notes since
// when that has been seen. A worker that works begins the next task at once; one
// that was stopped never does.
func (w *poolWorker) stands(t *task) bool {
	if w.m.report.Task.Load() == t.id {
		return false
	}
	if w.head != t.id {
		w.head, w.headAt = t.id, time.Now()
	}
	return true
}

// tick makes watch look in d at the latest. mu is held.
func (p *poolCore) tick(d time.Duration) {
	d = max(d, time.Millisecond)
	if at := time.Now().Add(d); p.due.IsZero() || at.Before(p.due) {
		p.due = at
		p.timer.Reset(d)
	}
}

// pardonAfter is how late a look must be to show that this process did not run.
const pardonAfter = 100 * time.Millisecond

func (w *poolWorker) pardoned() time.Duration {
	if w.out.len() > 0 && w.pardonFor == (*w.out.at(0)).id {
		return w.pardon
	}
	return 0
}

func (p *poolCore) onTime() {
	p.mu.Lock()
	defer p.mu.Unlock()
	late := time.Since(p.due)
	p.due = time.Time{}
	if p.ended {
		return
	}
	if late > pardonAfter {
		for _, w := range p.workers {
			if w.out.len() > 0 {
				w.pardon, w.pardonFor = w.pardoned()+late, (*w.out.at(0)).id
			}
		}
	}
	p.dispatch()
	p.watch()
}

// watchStages kills workers of stages whose task is past its time and grace.
func (r *Run) watchStages() {
	for i := range r.plan.pools {
		pp := &r.plan.pools[i]
		if len(pp.inputs) == 0 || pp.task.Timeout == 0 {
			continue
		}
		limit := pp.task.Timeout + r.plan.grace(pp.first)
		r.watching.Go(func() {
			var pardon sync.Map // of a task begun then, time in which this process did not run
			wait := limit
			for {
				due := time.Now().Add(wait)
				select {
				case <-r.ended:
					return
				case <-time.After(wait):
				}
				late := time.Since(due)
				wait = limit
				for _, s := range r.plan.seatsOf(pp) {
					since, _ := r.bounded[s.part].InFlight(s.seat)
					if since == 0 {
						continue
					}
					v, _ := pardon.LoadOrStore(since, new(atomic.Int64))
					if late > pardonAfter {
						v.(*atomic.Int64).Add(int64(late))
					}
					left := time.Duration(since + int64(limit) + v.(*atomic.Int64).Load() - monotonic())
					if left <= 0 {
						pardon.Clear()
						r.members[s.slot-1].kill(context.DeadlineExceeded)
						left = limit
					}
					wait = min(wait, max(left, time.Millisecond))
				}
			}
		})
	}
}
