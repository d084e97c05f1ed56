package mp

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mpgen/mpgen/runtime/internal/control"
	"github.com/mpgen/mpgen/runtime/internal/line"
	"github.com/mpgen/mpgen/runtime/internal/proc"
	"github.com/mpgen/mpgen/runtime/internal/shm"
)

// member is a process of a run, seen by its parent: one goroutine starts it,
// waits for its end, repairs what it left, and starts it again or not.
type member struct {
	run    *Run
	index  int // slot
	slot   *slotPlan
	pair   *shm.File
	report *control.Report
	core   *poolCore // of a worker that is called
	args   []byte

	upMu sync.Mutex // of the fields up to the blank line
	down *line.Writer
	up   *line.Reader
	life life

	pid atomic.Int64 // 0: no process

	// of run.mu
	proc          instance
	finished      bool
	err           error // why it failed, once finished
	sourceStopped bool  // told to stop by Shutdown: that it was cancelled is no failure
	closes        map[int]bool
	ends          map[int]error // inputs of a service's worker that have ended, and why
	killed        error         // why the parent killed it, nil: it did not
	restarts      int
	retried       uint64 // items of a stage that came again after its deaths

	doneBefore uint64 // tasks done before this generation, the supervisor's own
}

// life is what a process has told about itself since it was started.
type life struct {
	ready    bool
	opened   bool  // it is a worker that has opened what runs its tasks
	returned bool  // its function has returned, or it can't open
	ended    bool  // its stage has seen the end of the input
	err      error // of either
	gaveUp   error // a task of its stage failed for good
	corrupt  bool  // it wrote nonsense
}

func newMember(r *Run, index int) (*member, error) {
	m := &member{run: r, index: index, slot: &r.plan.slots[index], closes: map[int]bool{}, ends: map[int]error{}}
	var err error
	if m.pair, err = r.engine.memory("mpgen-pair", r.plan.pairSize(index)); err != nil {
		return nil, err
	}
	if err := m.pair.Seal(false); err != nil {
		m.pair.Close()
		return nil, err
	}
	m.report = (*control.Report)(m.pair.At(0))
	return m, nil
}

func (m *member) hasClosed(queue int) bool { return m.closes[queue] }

func (m *member) title() string {
	if m.slot.process != nil && m.run.plan.parties[m.slot.party].n == 1 {
		return m.slot.name
	}
	return fmt.Sprintf("%s[%d]", m.slot.name, m.slot.index)
}

// failure is an error about this process.
func (m *member) failure(pid int, cause error) *Error {
	return &Error{Name: m.slot.name, Index: m.slot.index, PID: pid, Err: cause}
}

// launch starts the process for the generation-th time.
func (m *member) launch(generation int) (instance, error) {
	r := m.run
	downAt, upAt := r.plan.lineAt(m.index)
	line.Reset(m.pair.At(downAt))
	line.Reset(m.pair.At(upAt))
	size := r.plan.lineSize(m.index)
	m.upMu.Lock()
	m.down = line.OpenWriter(m.pair.At(downAt), size, r.node.bells)
	m.up = line.OpenReader(m.pair.At(upAt), size, r.node.bells, r.plan.maxMessage(m.index))
	m.life = life{}
	if m.slot.process != nil || r.plan.pools[m.slot.pool].object {
		if _, done := m.down.PutPart(frameArgs, 0, m.args); !done {
			m.upMu.Unlock()
			return nil, fmt.Errorf("the arguments of %q take %d bytes: %w", m.slot.name, len(m.args), ErrTooBig)
		}
		m.down.Publish()
	}
	m.up.Items().Set(0)
	m.upMu.Unlock()
	m.doneBefore = m.report.Done.Load()
	m.report.Task.Store(0)
	m.report.Since.Store(0)
	r.node.bells[m.index].Reset()
	word := &r.node.control.Slots[m.index]
	word.Generation.Store(uint32(generation))
	word.Cancel.Store(0)
	word.Order.Store(control.Work)
	word.State.Store(control.Starting)

	return r.engine.start(m, generation)
}

func (m *member) memory() int64 {
	if m.slot.process != nil {
		return m.slot.process.Worker.Memory
	}
	return m.run.plan.pools[m.slot.pool].worker.Memory
}

// supervise is the goroutine of a member.
func (m *member) supervise() {
	defer m.run.watching.Done()
	r := m.run
	crashes := 0
	for generation := 1; ; generation++ {
		p, err := m.launch(generation)
		if err != nil {
			m.fail(m.failure(0, err))
			return
		}
		r.mu.Lock()
		m.proc = p
		m.pid.Store(int64(p.PID()))
		stopping, source := r.stopping, m.sourceStopped
		r.mu.Unlock()
		if stopping || source {
			r.order(m, control.Stop)
		}
		if stopping { // it was not there when the others got their grace
			r.watching.Go(func() { m.killAfterGrace(r.plan.grace(m.index)) })
		}
		began := time.Now()
		timer := time.AfterFunc(startTimeout, func() {
			m.upMu.Lock()
			ready := m.life.ready
			m.upMu.Unlock()
			if !ready {
				m.kill(fmt.Errorf("it did not come to mp.Main() within %v", startTimeout))
			}
		})
		young := m.retireAt(generation)
		<-p.Dead()
		timer.Stop()
		young()
		m.drain()
		left := m.sweep()
		<-p.Done()
		exit := p.Exit()
		again, pause := m.settleDeath(p.PID(), exit, left, &crashes, time.Since(began))
		if !again {
			return
		}
		if pause > 0 {
			r.node.control.Slots[m.index].State.Store(control.Backoff)
			select {
			case <-time.After(pause):
			case <-r.stopped:
				m.finish(nil)
				return
			}
		}
	}
}

// startTimeout is how long a process may take to come to Main.
const startTimeout = 10 * time.Second

// crashLimit is how often in a row a worker may die before it has done a task.
const crashLimit = 5

// settleDeath decides what follows a death.
func (m *member) settleDeath(pid int, exit proc.Exit, left remains, crashes *int, age time.Duration) (again bool, pause time.Duration) {
	r := m.run
	m.upMu.Lock()
	life := m.life
	m.upMu.Unlock()
	r.mu.Lock()
	m.proc = nil
	m.pid.Store(0)
	killed := m.killed
	m.killed = nil
	stopping, source := r.stopping, m.sourceStopped
	r.mu.Unlock()

	var cause error
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
		err := cause
		if life.returned {
			err = life.err
		}
		if err == nil || stopping || source && errors.Is(err, context.Canceled) {
			m.finish(nil)
			return false, 0
		}
		if m.restarts < m.slot.process.Restarts {
			r.mu.Lock()
			m.restarts++
			clear(m.closes)
			r.mu.Unlock()
			return true, backoffOf(0, m.restarts)
		}
		failure := m.failure(pid, err)
		failure.Attempts = m.restarts
		if m.restarts > 0 {
			failure.Attempts = m.restarts + 1
		}
		m.fail(failure)
		return false, 0
	}
	if life.ended || stopping {
		if life.err != nil && !stopping {
			failure := m.failure(pid, life.err)
			m.finish(failure)
			return false, 0
		}
		m.finish(nil)
		return false, 0
	}
	r.mu.Lock()
	m.restarts++
	m.retried += uint64(left.again)
	clear(m.ends)
	r.mu.Unlock()
	if cause == nil || life.opened && (age > time.Second || left.held || m.progressed()) {
		*crashes = 0
		return true, 0
	}
	if *crashes++; *crashes < crashLimit {
		if life.opened {
			return true, 0
		}
		return true, backoffOf(0, *crashes)
	}
	m.fail(m.failure(pid, fmt.Errorf("it died %d times in a row: %w", *crashes, cause)))
	return false, 0
}

// mayRetire reports whether the process is a worker that ends after a number of
// tasks or at an age.
func (m *member) mayRetire() bool {
	if m.slot.pool < 0 {
		return false
	}
	w := &m.run.plan.pools[m.slot.pool].worker
	return w.Tasks > 0 || w.Age > 0
}

// retireAt lets the generation-th process of a worker go when it is old; stop
// says that it is not needed any more.
func (m *member) retireAt(generation int) (stop func()) {
	if m.slot.pool < 0 || m.run.plan.pools[m.slot.pool].worker.Age <= 0 {
		return func() {}
	}
	t := time.AfterFunc(m.run.plan.ageLimit(m.index, generation), func() {
		if m.core != nil {
			m.core.retire(m)
		} else {
			m.run.retire(m)
		}
	})
	return func() { t.Stop() }
}

// progressed reports whether a worker has begun or done a task. Then it was not
// the start that killed it, and the tasks' own limits end a series of deaths.
func (m *member) progressed() bool {
	return m.report.Task.Load() != 0 || m.report.Done.Load() != m.doneBefore
}

// fail says that the process has failed for good, and stops the run. Its queues
// end with the error before anybody is told to stop, and the error is there
// before anybody is told that all have ended.
func (m *member) fail(failure *Error) {
	r := m.run
	r.mu.Lock()
	if !r.stopping && r.err == nil {
		r.err = failure
	}
	r.mu.Unlock()
	m.finish(failure)
	r.fail(failure)
}

// finish says that the process will not be started again.
func (m *member) finish(err error) {
	r := m.run
	word := &r.node.control.Slots[m.index]
	if word.State.Store(control.Ended); err != nil {
		word.State.Store(control.Failed)
	}
	r.mu.Lock()
	m.finished, m.err = true, err
	r.settle()
	r.mu.Unlock()
}

// kill kills the process and remembers why.
func (m *member) kill(why error) {
	m.run.mu.Lock()
	p := m.proc
	if p != nil && m.killed == nil {
		m.killed = why
	}
	m.run.mu.Unlock()
	if p != nil {
		p.Kill()
	}
}

// killAfterGrace kills the process, and any that would be started in its place,
// if it does not follow the order to stop.
func (m *member) killAfterGrace(grace time.Duration) {
	m.run.mu.Lock()
	p := m.proc
	m.run.mu.Unlock()
	if p == nil {
		return
	}
	t := time.NewTimer(grace)
	defer t.Stop()
	select {
	case <-p.Dead():
	case <-t.C:
		p.Kill()
	}
}

// remains is what a dead worker of a stage had in hand.
type remains struct {
	held      bool     // it had an item
	again     int      // items that come again
	exhausted []letter // items that it had begun for the last time
}

// hasNews reports whether drain is worth a call.
func (m *member) hasNews() bool {
	m.upMu.Lock()
	defer m.upMu.Unlock()
	return m.up != nil && m.up.HasFrame()
}

// drain takes in what the process has told. Any goroutine may call it.
func (m *member) drain() {
	m.upMu.Lock()
	if m.up == nil {
		m.upMu.Unlock()
		return
	}
	var acts []func()
	for {
		f, ok, err := m.up.Next()
		if err != nil {
			m.life.corrupt = true
			acts = append(acts, func() { m.kill(ErrCorruptPeer) })
			m.up = nil
			break
		}
		if !ok {
			m.up.Tell()
			m.up.Items().Set(0)
			if m.up.HasFrame() {
				continue
			}
			break
		}
		if act := m.hear(f); act != nil {
			acts = append(acts, act)
		}
	}
	m.upMu.Unlock()
	for _, act := range acts {
		act()
	}
}

// hear takes in one frame, and returns what is to be done without the lock.
func (m *member) hear(f line.Frame) func() {
	switch f.Kind {
	case frameReady:
		m.life.ready = true
		return m.isReady
	case frameReturned:
		m.life.returned, m.life.err = true, decodeError(f.Data)
	case frameOpened:
		m.life.opened = true
		if m.core != nil {
			return func() { m.core.joined(m) }
		}
	case frameEnded:
		err := decodeError(f.Data)
		if m.core == nil { // a stage ends with its input
			m.life.ended, m.life.err = true, err
			break
		}
		return func() { m.inputEnded(int(f.ID), err) }
	case frameGaveUp:
		err := decodeError(f.Data)
		m.life.gaveUp = err
		return func() { m.run.fail(err) }
	case frameClosed:
		return func() {
			m.run.mu.Lock()
			m.closes[int(f.ID)] = true
			m.run.settle()
			m.run.mu.Unlock()
		}
	case frameResult, frameFailure, frameLate:
		if m.core != nil {
			m.core.answer(m, f)
		}
	}
	return nil
}

func (m *member) isReady() {
	r := m.run
	r.node.control.Slots[m.index].State.Store(control.Running)
	r.mu.Lock()
	p := m.proc
	r.mu.Unlock()
	if n := m.memory(); n > 0 && p != nil {
		if err := p.LimitMemory(n); err != nil {
			m.kill(fmt.Errorf("its memory can't be bounded: %w", err))
		}
	}
}

// inputEnded says that a worker of a service has seen the end of an input.
func (m *member) inputEnded(input int, why error) {
	if why != nil {
		why = m.failure(int(m.pid.Load()), why)
	}
	m.run.mu.Lock()
	m.ends[input] = why
	m.run.settle()
	m.run.mu.Unlock()
}
