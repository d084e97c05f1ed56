package mp

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/mpgen/mpgen/runtime/internal/control"
	"github.com/mpgen/mpgen/runtime/internal/proc"
)

// crashLimit is how often in a row a worker may die before it has done a task.
const crashLimit = 5

// settleDeath decides what follows a death.
func (m *member) settleDeath(pid int, exit proc.Exit, left remains, age time.Duration) (again bool, pause time.Duration, why *Error) {
	r := m.run
	m.upMu.Lock()
	life := m.life
	m.upMu.Unlock()
	r.mu.Lock()
	m.proc = nil
	m.pid.Store(0)
	m.quiet()
	r.book(m).running--
	r.book(m).ran += time.Since(m.began)
	if m.handle != nil {
		m.handle.has(0)
	}
	killed := m.killed
	m.killed = nil
	stopping := r.stopping
	r.mu.Unlock()

	var cause error
	defer func() {
		if again {
			m.tellReplaced(pid, cmp.Or(cause, life.err), left)
		}
	}()
	if exit.Code != 0 || exit.Signal != 0 {
		died := &Died{Exit: exit.Code, Signal: exit.Signal, OOM: exit.OOM, Panic: exit.Panic, Stderr: exit.Stderr}
		if cause = died; killed != nil {
			cause = fmt.Errorf("%w: %w", killed, died)
		}
	} else if life.corrupt {
		cause = ErrCorruptPeer
	} else if !stopping && !life.returned && !life.ended && !(life.ready && m.mayRetire()) {
		cause = &Died{Stderr: exit.Stderr} // it exited as if all were well, and has not done its part
	}
	if m.slot.process == nil && life.ready && !life.opened && !stopping && r.plan.pools[m.slot.pool].object {
		if life.err != nil {
			cause = life.err
		}
		cause = fmt.Errorf("it can't be opened: %w", cause)
	}
	if life.gaveUp != nil {
		r.fail(life.gaveUp)
		stopping = true
	}
	if cause != nil && !stopping {
		r.errors.note(m.slot.name, cause, 1)
	} else if life.err != nil && m.slot.process != nil && !stopping {
		r.errors.note(m.slot.name, life.err, 1)
	}
	if m.core != nil {
		m.core.died(m, pid, cause, exit)
	}
	if len(left.exhausted) > 0 {
		if cause == nil {
			cause = &Died{Stderr: exit.Stderr}
		}
		e := m.failure(pid, cause)
		e.Attempts = r.plan.pools[m.slot.pool].task.Retries + 1
		r.deadLetters(m.slot.pool, left.exhausted, e)
	}
	if m.slot.process != nil {
		return m.settleProcess(pid, cause, killed, life, age)
	}
	if life.ended || stopping {
		var failure error
		if life.err != nil && !stopping {
			failure = m.failure(pid, life.err)
		}
		m.finish(failure, failure)
		return false, 0, nil
	}
	r.mu.Lock()
	m.restarts++
	m.retried += uint64(left.again)
	clear(m.ends)
	r.mu.Unlock()
	if cause == nil || life.opened && (age > time.Second || left.held || m.progressed()) {
		m.crashes = 0
		return true, 0, nil
	}
	if m.crashes++; m.crashes < crashLimit {
		if life.opened {
			return true, 0, nil
		}
		return true, backoffOf(0, m.crashes), nil
	}
	m.fail(m.failure(pid, fmt.Errorf("it died %d times in a row: %w", m.crashes, cause)))
	return false, 0, nil
}

// defaultRestarts is the budget of a process that is started again and has none.
const defaultRestarts = 10

// calm is how long a process runs until its failures are forgotten.
var calm = time.Minute

// settleProcess decides what follows the end of a process that is no worker.
// cause is how it died, nil if it did not.
func (m *member) settleProcess(pid int, cause, killed error, life life, age time.Duration) (again bool, pause time.Duration, why *Error) {
	r, h, d := m.run, m.handle, m.slot.process
	err := cause
	if life.returned {
		err = life.err
	}
	told := h.wasTold()
	r.mu.Lock()
	h.obeyed = (told || r.stopping) && life.returned && errors.Is(err, context.Canceled)
	r.mu.Unlock()
	switch {
	case err == nil:
		if told || d.Restart != Always || m.drained() || !r.noteRestart(m, false) {
			m.finish(nil, nil)
			return false, 0, nil
		}
		m.failures = 0
		return true, scattered(backoffOf(0, 1)), nil
	case told && h.obeyed:
		m.finish(nil, m.failure(pid, err))
		return false, 0, nil
	case d.Daemon && life.returned && errors.Is(err, ErrClosed): // those that it worked for have ended
		m.finish(nil, m.failure(pid, err))
		return false, 0, nil
	}
	if age >= calm {
		m.failures = 0
	}
	failure := m.failure(pid, err)
	if m.failures > 0 {
		failure.Attempts = m.failures + 1
	}
	if !told && m.mayFailAgain() && r.noteRestart(m, true) {
		m.failures++
		return true, scattered(backoffOf(0, m.failures)), failure
	}
	m.giveUp(failure, told && (errors.Is(killed, context.Canceled) || errors.Is(killed, context.DeadlineExceeded)))
	return false, 0, nil
}

// mayFailAgain reports whether a failure leads to a restart.
func (m *member) mayFailAgain() bool {
	d, budget := m.slot.process, defaultRestarts
	if d.Restarts > 0 {
		budget = d.Restarts
	}
	return (d.Restart != Never || d.Restarts > 0) && m.failures < budget
}

// noteRestart counts a restart, after a failure or a good end, unless the run
// stops.
func (r *Run) noteRestart(m *member, failed bool) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stopping {
		return false
	}
	book := r.book(m)
	book.restarts++
	if failed {
		book.failed++
	}
	m.restarts++
	clear(m.closes)
	return true
}

// drained reports whether the process receives, and nothing any more.
func (m *member) drained() bool {
	r := m.run
	takes := r.plan.partsTaken(m.index)
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, i := range takes {
		if !r.shut[r.plan.parts[i].queue] {
			return false
		}
		if b := r.bounded[i]; b != nil && !b.Quiet(0) || b == nil && r.rings[i].Len() > 0 {
			return false
		}
	}
	return len(takes) > 0
}

// rest waits before a restart; why is the failure that led to it. It reports
// false if there is no restart, as the run or the process is to stop.
func (m *member) rest(pause time.Duration, why *Error) bool {
	if pause == 0 {
		return true
	}
	r := m.run
	r.node.control.Slots[m.index].State.Store(control.Backoff)
	r.spares[m.slot.party].tell()
	var told chan struct{}
	if m.handle != nil {
		told = m.handle.told
	}
	over := time.After(pause)
	if r.turns != nil { // then time is when nobody can go on
		r.turns.Rest()
		over = make(chan time.Time)
		select {
		case <-r.going.Done():
		case <-told:
		default:
			return true
		}
	}
	select {
	case <-over:
		return true
	case <-r.going.Done():
	case <-told:
	}
	if why == nil {
		m.finish(nil, nil)
	} else {
		m.conclude(why)
	}
	return false
}

// giveUp says that the process has failed for good. asked says that it was killed
// for it did not stop when it was told to.
func (m *member) giveUp(failure *Error, asked bool) {
	r := m.run
	r.mu.Lock()
	if !r.stopping && !asked {
		r.book(m).failed++
	}
	r.mu.Unlock()
	if asked || m.slot.process.OnDemand {
		m.conclude(failure)
		return
	}
	m.fail(failure)
}

// conclude ends the process with an error that stops nobody else.
func (m *member) conclude(failure *Error) {
	r := m.run
	r.mu.Lock()
	stopping, why := r.stopping, r.err
	r.mu.Unlock()
	switch {
	case !stopping:
		m.finish(failure, failure)
	case why == nil:
		m.finish(nil, failure)
	default:
		failure.Err = fmt.Errorf("%w: %w", why, failure.Err)
		m.finish(nil, failure)
	}
}

// progressed reports whether a worker has begun or done a task. Then it was not
// the start that killed it, and the tasks' own limits end a series of deaths.
func (m *member) progressed() bool {
	return len(m.atWork()) > 0 || m.report.Done.Load() != m.doneBefore
}

// fail says that the process has failed for good, and stops the run. Its queues
// end with the error before anybody is told to stop, and the error is there
// before anybody is told that all have ended.
func (m *member) fail(failure *Error) {
	r := m.run
	r.mu.Lock()
	if stopping := r.stopping; stopping || m.slot.process != nil && m.slot.process.OnDemand {
		r.mu.Unlock()
		m.conclude(failure)
		return
	}
	if r.err == nil {
		r.err = failure
	}
	r.mu.Unlock()
	m.finish(failure, failure)
	r.fail(failure)
}

// finish says that the process will not be started again. cause is why its queues
// end, err what its handle tells; both are nil for a good end.
func (m *member) finish(cause, err error) {
	r := m.run
	word := &r.node.control.Slots[m.index]
	if word.State.Store(control.Ended); cause != nil {
		word.State.Store(control.Failed)
	}
	unhook := m.unhook
	m.unhook = nil
	r.mu.Lock()
	m.err = cause
	for _, h := range m.left { // they have not done what they were started for, however they ended
		if book := r.book(h.m); cause != nil && book.err == nil {
			book.err = &Error{Name: h.m.slot.name, Index: h.number, Err: fmt.Errorf("it was stopped with what had started it: %w", cause)}
		}
	}
	m.left = nil
	r.leave(m)
	r.spares[m.slot.party].tell()
	if h := m.handle; h != nil {
		h.err = err
		if m.slot.process.OnDemand { // from here on the slot may be another's
			book := r.book(m)
			if book.err == nil {
				book.err = cause
			}
			m.handle = nil
			m.args.close()
			book.free = append(book.free, m)
			<-book.room
		}
		close(h.done)
		h.tellStarter()
	}
	r.settle()
	r.mu.Unlock()
	if unhook != nil {
		unhook()
	}
}
