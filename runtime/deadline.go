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
		}
		for i := range w.m.posts {
			p.watchPost(w, &w.m.posts[i], soon)
		}
		// What has not begun: of the first the worker is seen to stand still; who was
		// given up waits for its cancel.
		first := true
		for i := range w.out.len() {
			t := *w.out.at(i)
			if first && !w.m.hasBegun(t.unit) {
				first = false
				if (timeout > 0 || !t.given.IsZero()) && len(p.plan.inputs) == 0 && !w.full() {
					left := time.Until(w.standsSince(t).Add(max(timeout+grace, leastStanding))) + t.pardon
					if left <= 0 {
						w.kill(context.DeadlineExceeded)
					} else {
						soon(left)
					}
				}
				if !t.given.IsZero() {
					soon(5 * time.Millisecond)
				}
			}
			if !t.given.IsZero() {
				soon(20 * time.Millisecond)
			}
		}
	}
	if timeout > 0 && p.pending.len()+p.isolated.len() > 0 {
		soon(timeout + grace)
	}
	for _, t := range p.delayed {
		soon(time.Until(t.notYet))
	}
	if next > 0 {
		p.tick(next)
	}
}

// watchPost looks at what the worker does at a post.
func (p *poolCore) watchPost(w *poolWorker, s *post, soon func(time.Duration)) {
	id := s.begun.Task.Load()
	t, wanted := w.unit(id)
	if t == nil {
		return
	}
	grace, timeout := p.run.plan.grace(p.plan.first), p.plan.task.Timeout
	if since := int64(s.begun.Since.Load()); timeout > 0 && since != 0 {
		left := time.Duration(since+int64(timeout+grace)-monotonic()) + t.pardon
		if left <= 0 {
			w.killFor(id, context.DeadlineExceeded)
		} else {
			soon(left)
		}
	}
	if wanted {
		return
	}
	if !t.ordered {
		t.ordered, t.given = true, time.Now()
		s.cancel.Store(id)
		p.run.node.bells[w.m.index].Ring()
	}
	if left := time.Until(t.given.Add(grace)) + t.pardon; left <= 0 {
		w.killFor(id, context.Canceled)
	} else {
		soon(left)
	}
}

// unit is the first task of a unit that the worker has not answered, nil if it has,
// and whether somebody waits for any of them.
func (w *poolWorker) unit(id uint64) (first *task, wanted bool) {
	for i := range w.out.len() {
		t := *w.out.at(i)
		if t.unit == id {
			if first == nil {
				first = t
			}
			wanted = wanted || t.given.IsZero()
		} else if first != nil {
			break
		}
	}
	return first, wanted
}

// killFor kills the worker for what it does to a unit: then the others that it has
// are innocent.
func (w *poolWorker) killFor(unit uint64, why error) {
	for i := range w.out.len() {
		if t := *w.out.at(i); t.unit == unit {
			t.blamed = true
		}
	}
	w.kill(why)
}

func (w *poolWorker) kill(why error) {
	w.blames = true
	w.m.killSoon(why)
}

// full reports whether the worker works on as many units as it can, by what it has
// not answered.
func (w *poolWorker) full() bool {
	for i := range w.m.posts {
		if t, _ := w.unit(w.m.posts[i].begun.Task.Load()); t == nil {
			return false
		}
	}
	return true
}

// leastStanding bounds from below how long a worker may have a task before it that
// it does not begin: a busy machine is no reason to kill one.
const leastStanding = time.Second

// standsSince notes since when a worker, which has a free post, has been seen not to
// begin the task t. A worker that works begins the next task at once; one that was
// stopped never does.
func (w *poolWorker) standsSince(t *task) time.Time {
	if w.head != t.id {
		w.head, w.headAt = t.id, time.Now()
	}
	return w.headAt
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
			for i := range w.out.len() {
				if t := *w.out.at(i); i == 0 || w.m.hasBegun(t.unit) {
					t.pardon += late
				}
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
			stopped, looked := map[*member]int64{}, time.Now()
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
				if time.Since(looked) >= max(limit, leastStanding) {
					looked = time.Now()
					r.killStopped(pp, stopped)
				}
				for _, s := range r.plan.seatsOf(pp) {
					m := r.members[s.slot-1]
					generation := m.generationNow()
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
						m.killGeneration(generation, context.DeadlineExceeded)
						left = limit
					}
					wait = min(wait, max(left, time.Millisecond))
				}
			}
		})
	}
}

// stoppedState is what kernelState says of a process that a signal has stopped.
const stoppedState = "stopped"

// killStopped kills workers of a stage that the kernel has stopped, and had at the last
// look: one that took an item, or gives out what came of it, does no task that could be
// late. Others may only wait, for an item or for room, as long as it takes.
func (r *Run) killStopped(pp *poolPlan, before map[*member]int64) {
	for i := range pp.n {
		m := r.members[pp.first-1+i]
		generation, pid := m.generationNow(), m.pid.Load()
		switch {
		case kernelState(int(pid)) != stoppedState:
			delete(before, m)
		case before[m] == pid:
			m.killGeneration(generation, context.DeadlineExceeded)
		default:
			before[m] = pid
		}
	}
}
