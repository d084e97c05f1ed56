package mp

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mpgen/mpgen/runtime/internal/control"
	"github.com/mpgen/mpgen/runtime/internal/line"
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
	posts  []post
	core   *poolCore // of a worker that is called
	args   arguments

	deadline int64       // of the context that it was started with, 0: none
	unhook   func() bool // ends that context's hold on it, nil: none

	upMu   sync.Mutex // of the fields up to the blank line
	down   *line.Writer
	up     *line.Reader // nil while nothing is heard
	upNext *line.Reader // of a process that is being started
	life   life
	desk   *desk      // if it calls pools or managed objects; of this life
	left   []*Process // those that were stopped as this life, which had started them, failed
	reply  reply
	acting int       // drains that do what they have heard
	acted  sync.Cond // acting is 0 again

	pid atomic.Int64 // 0: no process

	// of run.mu
	handle   *Process // who has the slot; nil for workers and where none has
	proc     instance
	began    time.Time // of proc
	finished bool      // nobody has the slot, or will not be started again
	err      error     // why it failed, once finished, for its queues
	closes   map[int]bool
	ends     map[int]error // inputs of a worker that have ended, and why
	killed   error         // why the parent killed it, nil: it did not
	restarts int
	retried  uint64 // items of a stage that came again after its deaths

	// of the supervisor
	generation int
	failures   int    // of a process, in a row
	crashes    int    // of a worker, in a row
	doneBefore uint64 // tasks done before this generation
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
	logs     bool  // it has sent records
	leaves   bool  // it is a worker that closes what it has opened
	dead     bool  // nothing comes behind what it has written

	leaving chan struct{} // closed with leaves
	opening *time.Timer   // ends it if it does not open
}

func newMember(r *Run, index int) *member {
	m := &member{run: r, index: index, slot: &r.plan.slots[index], finished: true}
	m.acted.L = &m.upMu
	if p := m.slot.process; p != nil && !p.OnDemand {
		m.handle = newProcess(m, m.title(), m.slot.index)
	}
	if m.slot.pool >= 0 {
		m.ends = map[int]error{}
	}
	return m
}

// furnish makes the member's memory, which stays for all who have the slot.
func (m *member) furnish() error {
	if m.pair != nil {
		return nil
	}
	pair, err := m.run.engine.memory("mpgen-pair", m.run.plan.pairSize(m.index))
	if err != nil {
		return err
	}
	if err := pair.Seal(false); err != nil {
		pair.Close()
		return err
	}
	m.pair, m.report = pair, (*control.Report)(pair.At(0))
	m.posts = m.run.plan.newPosts(m.index, pair.At(0), &m.run.node.control.Slots[m.index])
	return nil
}

func (m *member) hasClosed(queue int) bool { return m.closes[queue] }

// title is the name of what has the slot.
func (m *member) title() string {
	if m.handle != nil {
		return m.handle.name
	}
	return m.run.plan.title(m.index)
}

// failure is an error about this process.
func (m *member) failure(pid int, cause error) *Error {
	e := &Error{Name: m.slot.name, Index: m.slot.index, PID: pid, Err: cause}
	if m.handle != nil {
		e.Index = m.handle.number
	}
	return e
}

// launch starts the process.
func (m *member) launch() (instance, error) {
	r := m.run
	m.generation++
	downAt, upAt := r.plan.lineAt(m.index)
	size := r.plan.lineSize(m.index)
	m.upMu.Lock()
	// With the lock: who still reads what the last process told would take an empty line for nonsense.
	line.Reset(m.pair.At(downAt))
	line.Reset(m.pair.At(upAt))
	m.down = line.OpenWriter(m.pair.At(downAt), size, r.node.bells)
	m.up, m.upNext = nil, line.OpenReader(m.pair.At(upAt), size, r.node.bells, r.plan.maxMessage(m.index))
	m.life, m.reply = life{leaving: make(chan struct{})}, reply{}
	if r.plan.callsOut(m.index) {
		m.desk = newDesk(m)
	}
	if m.slot.process != nil || r.plan.pools[m.slot.pool].object {
		if _, done := m.down.PutPart(frameArgs, uint64(m.deadline), m.args.data); !done {
			m.upMu.Unlock()
			return nil, fmt.Errorf("the arguments of %q take %d bytes: %w", m.slot.name, len(m.args.data), ErrTooBig)
		}
		m.down.Publish()
	}
	m.upNext.Items().Set(0)
	m.upMu.Unlock()
	m.doneBefore = m.report.Done.Load()
	m.report.Place.Store(0)
	for i := range m.posts {
		m.posts[i].clear()
	}
	r.node.bells[m.index].Reset()
	word := &r.node.control.Slots[m.index]
	word.Generation.Store(uint32(m.generation))
	word.Ask.Store(0)
	r.log.tellLevel()
	word.Order.Store(control.Work)
	word.State.Store(control.Starting)

	if p := r.spares[m.slot.party].take(m, m.generation); p != nil {
		return p, nil
	}
	return r.engine.start(m, m.generation)
}

func (m *member) memory() int64 { return m.run.plan.memory(m.index) }

// started makes the process that launch gave the member's, and begins to listen to
// it: what it says is about a process that is known.
func (m *member) started(p instance) {
	m.enroll(p)
	m.upMu.Lock()
	m.up, m.upNext = m.upNext, nil
	m.upMu.Unlock()
	m.drain()
}

func (m *member) enroll(p instance) {
	r := m.run
	r.mu.Lock()
	defer r.mu.Unlock()
	m.proc = p
	m.pid.Store(int64(p.PID()))
	book := r.book(m)
	book.started++
	book.running++
	m.began = time.Now()
	told, why, kill := r.stopping, error(nil), r.stopping
	if h := m.handle; h != nil {
		h.begun = true
		h.has(p.PID())
		if h.wasTold() {
			told = true
		}
		if h.killing {
			why, kill = context.Canceled, true
		}
	}
	// It was not there when the others got their order and their grace.
	if told {
		r.order(m, control.Stop)
	}
	if kill {
		r.watching.Go(func() { m.killAfterGrace(p, why) })
	}
}

// supervise is the goroutine of a member. p is its first process, nil if that is
// to be started.
func (m *member) supervise(p instance) {
	defer m.run.watching.Done()
	for {
		if p == nil {
			var err error
			if p, err = m.launch(); err != nil {
				if h := m.handle; h != nil && h.starter != nil && !h.begun {
					m.finish(nil, err) // it was never there, as where the program starts one
				} else {
					m.fail(m.failure(0, err))
				}
				m.run.turns.Release()
				return
			}
			m.started(p)
			m.run.turns.Release()
		}
		began := time.Now()
		timer := time.AfterFunc(startTimeout, func() {
			m.drain() // the program itself may have slept
			m.upMu.Lock()
			ready := m.life.ready
			m.upMu.Unlock()
			if !ready && !m.run.engine.emulates() {
				m.killLife(p, errStart)
			}
		})
		young := m.retireAt()
		m.seeOff(p)
		<-p.Dead()
		timer.Stop()
		young()
		m.upMu.Lock()
		m.life.dead = true
		if m.life.opening != nil {
			m.life.opening.Stop()
		}
		m.upMu.Unlock()
		m.drain()
		m.awaitActs()
		if m.desk != nil {
			m.desk.close()
		}
		m.keepAbandoned(p)
		left := m.sweep()
		<-p.Done()
		m.endStarted(p.Exit())
		if again, pause, why := m.settleDeath(p.PID(), p.Exit(), left, time.Since(began)); !again || !m.rest(pause, why) {
			m.run.turns.Release()
			return
		}
		p = nil
	}
}

// startTimeout is how long a process may take to come to Main.
const startTimeout = 10 * time.Second

var errStart = fmt.Errorf("it did not come to mp.Main() within %v", startTimeout)

// kill kills the process and remembers why.
func (m *member) kill(why error) {
	m.run.mu.Lock()
	p := m.proc
	m.run.mu.Unlock()
	if p != nil {
		m.killLife(p, why)
	}
}

// killSoon is kill for who has a lock that kill would need, of the process that is
// there now.
func (m *member) killSoon(why error) {
	generation := m.generationNow()
	go m.killGeneration(generation, why)
}

// generationNow tells one process of the member from the next.
func (m *member) generationNow() uint32 {
	return m.run.node.control.Slots[m.index].Generation.Load()
}

// killGeneration kills the process if it is of that generation: another that has come in
// its place has done nothing.
func (m *member) killGeneration(generation uint32, why error) {
	m.run.mu.Lock()
	p := m.proc
	if m.generationNow() != generation {
		p = nil
	}
	m.run.mu.Unlock()
	if p != nil {
		m.killLife(p, why)
	}
}

// killLife is the same of p, unless it has ended and another is the member's.
func (m *member) killLife(p instance, why error) {
	m.run.mu.Lock()
	if m.proc == p && m.killed == nil {
		m.killed = why
	}
	m.run.mu.Unlock()
	p.Kill()
}

// seeOff waits until p is dead or on its way out. A worker that is replaced, and
// hangs while it closes its object, must not keep its place.
func (m *member) seeOff(p instance) {
	m.upMu.Lock()
	leaving := m.life.leaving
	m.upMu.Unlock()
	if !m.mayRetire() {
		return
	}
	select {
	case <-p.Dead():
	case <-leaving:
		grace := max(m.run.plan.grace(m.index), leastStanding)
		m.killAfter(grace, p, fmt.Errorf("it did not close within %v", grace))
	}
}

// killAfterGrace kills the process p, if it does not follow the order to stop.
// why is noted if it is not nil.
func (m *member) killAfterGrace(p instance, why error) {
	m.killAfter(m.run.plan.grace(m.index), p, why)
}

func (m *member) killAfter(grace time.Duration, p instance, why error) {
	t := time.NewTimer(grace)
	defer t.Stop()
	select {
	case <-p.Dead():
		return
	case <-t.C:
	}
	m.killLife(p, why)
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
	return m.up != nil && (m.up.HasFrame() || m.desk != nil && m.desk.hasNews())
}

// drain takes in what the process has told. Any goroutine may call it.
func (m *member) drain() {
	m.upMu.Lock()
	if m.up == nil {
		m.upMu.Unlock()
		return
	}
	var acts []func()
	var books *poolCore // locked for as long as answers come
	for {
		if m.life.logs && !m.life.dead && m.run.log.full.Load() {
			break // what comes behind its records waits with them
		}
		f, ok, err := m.up.Next()
		if ok && m.core != nil && (f.Kind == frameResult || f.Kind == frameFailure || f.Kind == frameLate) {
			if books == nil {
				books = m.core
				books.mu.Lock()
			}
			books.answer(m, f)
			continue
		}
		if books != nil {
			books.mu.Unlock()
			books = nil
		}
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
	if books != nil {
		books.mu.Unlock()
	}
	desk := m.desk
	if len(acts) > 0 {
		m.acting++
	}
	m.upMu.Unlock()
	for _, act := range acts {
		act()
	}
	if len(acts) > 0 {
		m.upMu.Lock()
		if m.acting--; m.acting == 0 {
			m.acted.Broadcast()
		}
		m.upMu.Unlock()
	}
	if desk != nil {
		desk.takeIn()
	}
}

// awaitActs returns when all is done that the dead process has told of. What a goroutine
// that was held up did later would be done to the next process of the member: bound its
// memory before Go's runtime has come up, or count the other's closed queues as its own.
func (m *member) awaitActs() {
	m.upMu.Lock()
	defer m.upMu.Unlock()
	for m.acting > 0 {
		m.acted.Wait()
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
			if m.closes == nil {
				m.closes = map[int]bool{}
			}
			m.closes[int(f.ID)] = true
			m.run.settle()
			m.run.mu.Unlock()
		}
	case frameStack, frameWaits:
		m.tells(f)
	case frameTrouble:
		if err := decodeError(f.Data); err != nil {
			m.run.errors.note(m.slot.name, err, f.ID)
		}
	case frameRecord:
		m.logs(f)
	case frameLeaving:
		if !m.life.leaves {
			m.life.leaves = true
			close(m.life.leaving)
		}
	}
	return nil
}

func (m *member) isReady() {
	r := m.run
	r.node.control.Slots[m.index].State.Store(control.Running)
	r.spares[m.slot.party].tell()
	r.mu.Lock()
	p := m.proc
	r.mu.Unlock()
	if p == nil { // it is dead already
		return
	}
	m.boundOpening(p)
	if n := m.memory(); n > 0 {
		if err := p.LimitMemory(n); err != nil && !errors.Is(err, os.ErrProcessDone) {
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
