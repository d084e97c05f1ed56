package mp

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mpgen/mpgen/runtime/internal/line"
	"github.com/mpgen/mpgen/runtime/internal/proc"
)

// poolCore is the calling side of a pool: which tasks wait, and which each
// worker has. All of it is the parent's private memory, so a worker's death
// needs no repair: what it had and has not answered is known here, and its
// report says which of these it had begun. Only those are charged an attempt.
//
// What a worker begins and ends is a unit: one task, or a batch of them (see
// gather.go). What is said of units (they are begun, cancelled, late, died with) goes
// by the number of a unit's first task.
//
// A worker gets tasks ahead of its answers, so that a trivial function is not
// slowed down by waking its worker for each; how many follows from how long a
// task takes. Those that stand behind a slow one are taken back when another worker
// has nothing to do: see recall.go.
type poolCore struct {
	run  *Run
	plan *poolPlan
	name string

	members []*member

	mu      sync.Mutex
	workers []*poolWorker
	pending waitlist // in the order of submission, retries in front
	delayed []*task  // retries that wait for their backoff

	isolated waitlist // tasks that are to be alone with a worker, see isolation.go
	owed     bool     // one of them was sent since the last of pending

	next    uint64 // number of the last task
	ended   bool
	endWhy  error
	shut    bool        // nobody is to call any more, as its workers send and their queues end
	settles bool        // the run waits for the last task
	counts  []callCount // of each method, one of a pool
	latency histogram
	enc     Encoder
	dec     Decoder
	scratch [4096]byte
	timer   *time.Timer // the next look at deadlines, backoffs and kills
	due     time.Time   // when that is, zero: never

	lead atomic.Int32 // what ahead said last, for who must not touch shared memory
}

// callCount counts what the workers can't.
type callCount struct {
	retried uint64
	failed  uint64 // tasks whose last attempt ended with the worker's death
}

// poolWorker is one worker's books.
type poolWorker struct {
	m        *member
	ready    bool
	out      deque[*task] // sent and not answered, in order
	sent     uint64       // units, over its whole life: the places in its line
	rest     []byte       // of the last frame, what the line had no room for
	restKind uint16       // of that frame
	restID   uint64
	taken    int // tasks that this generation got
	limit    int // how many it may get, 0: any number
	retiring bool
	dirty    bool // frames are written and not published
	slow     bool // tasks were taken back from it, and it has not answered since
	seen     sighting
	blames   bool // it is killed for some of its tasks: the others are innocent

	head   uint64    // the first unit that is not begun, when it was last looked at
	headAt time.Time // since when
}

// taskIO is the typed side of a task. All of it is called with the pool's lock held, and
// perhaps on the goroutine of another one than the task's: it runs no code of the
// user's, see carry.go.
type taskIO interface {
	put(e *Encoder)
	get(d *Decoder) error
	// settled is called once, when the task has its result or error.
	settled(err error)
}

// task is one call.
type task struct {
	io       taskIO
	id       uint64
	unit     uint64 // that it was sent in
	place    uint64 // of the unit in the worker's line
	method   int
	deadline int64 // of the caller's context, on the monotonic clock; 0: none
	attempts int
	alone    bool // it has died with others, perhaps for them: it is tried again by itself
	blamed   bool // its worker is killed for it
	worker   *poolWorker
	pardon   time.Duration // in which this process did not run, while its worker had it
	notYet   time.Time     // of a retry
	began    time.Time     // when it was called, of one in sampled
	came     time.Time     // the same, if its pool waits for batches
	given    time.Time     // when its caller gave up, zero: it waits
	ordered  bool          // the worker was told to cancel it
	carried  *carried      // nil: its codecs are plain
}

// panicked is a panic as an error, with the place that it came from. It is called
// while the panic is being recovered.
func panicked(v any) error {
	pcs := make([]uintptr, 64)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(0, pcs)])
	within := false // what follows has panicked
	for {
		f, more := frames.Next()
		if inRuntime := strings.HasPrefix(f.Function, "runtime."); within && !inRuntime {
			return fmt.Errorf("panic: %v (in %s, %s:%d)", v, f.Function, filepath.Base(f.File), f.Line)
		}
		within = within || f.Function == "runtime.gopanic"
		if !more {
			return fmt.Errorf("panic: %v", v)
		}
	}
}

func newPoolCore(r *Run, pp *poolPlan) *poolCore {
	p := &poolCore{run: r, plan: pp, name: pp.row.name(), counts: make([]callCount, max(1, len(pp.methods)))}
	for i := range pp.n {
		m := r.members[pp.first-1+i]
		m.core = p
		p.members = append(p.members, m)
		p.workers = append(p.workers, &poolWorker{m: m})
	}
	p.timer = time.AfterFunc(time.Hour, p.onTime)
	p.lead.Store(int32(max(pp.batch, pp.concurrent)))
	return p
}

func (p *poolCore) of(m *member) *poolWorker { return p.workers[m.index-p.plan.first] }

// submit takes a task in; flush sends it.
func (p *poolCore) submit(t *task) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended || p.shut {
		return p.overError()
	}
	p.take(t)
	return nil
}

// submitAll is submit for many, and flush.
func (p *poolCore) submitAll(tasks []*task) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended || p.shut {
		return p.overError()
	}
	for _, t := range tasks {
		p.take(t)
	}
	p.dispatch()
	return nil
}

func (p *poolCore) take(t *task) {
	if !t.given.IsZero() { // its context ended just now
		return
	}
	p.next++
	t.id = p.next
	if t.id%sampled == 1 {
		t.began = time.Now()
	}
	if p.plan.wait > 0 {
		t.came = time.Now()
	}
	if p.plan.task.Timeout > 0 && p.due.IsZero() { // a task that begins now is looked at when it may be late
		p.tick(p.plan.task.Timeout + p.run.plan.grace(p.plan.first))
	}
	p.pending.pushBack(t)
}

// flush gives waiting tasks to the workers, and finishes what the lines had no
// room for.
func (p *poolCore) flush() {
	p.mu.Lock()
	p.dispatch()
	p.mu.Unlock()
}

// aheadTime bounds how long a task waits behind those before it in its worker's
// line, by what tasks took lately: waking a worker, and this side for its answers,
// costs some tens of microseconds. What turns out to take longer is taken back, see
// recall.go.
const (
	aheadTime = time.Millisecond
	aheadMax  = 512
)

// ahead is how many tasks a worker may have. One slow task lowers it as soon as its worker
// has done that, quick ones raise it bit by bit.
func (p *poolCore) ahead() int {
	mean := uint64(0)
	for _, w := range p.workers {
		mean = max(mean, w.m.report.Mean.Load())
	}
	n := 1
	if mean != 0 && p.run.turns == nil { // no run depends on time that takes turns
		n = int(min(max(uint64(aheadTime)/mean, 1), aheadMax))
	}
	if c := p.plan.concurrent; c > 0 { // little, as nothing is taken back from it
		n = max(c, min(n, 4*c))
	}
	p.lead.Store(int32(max(n, p.plan.batch)))
	return n
}

func (p *poolCore) dispatch() {
	for _, w := range p.workers {
		if w.rest != nil {
			p.sendRest(w)
		}
	}
	if len(p.delayed) > 0 {
		now := time.Now()
		var due []*task
		p.delayed = slices.DeleteFunc(p.delayed, func(t *task) bool {
			if now.Before(t.notYet) {
				return false
			}
			due = append(due, t)
			return true
		})
		for _, t := range due {
			if p.isolates(t) { // they take turns
				p.isolated.pushBack(t)
			}
		}
		for _, t := range slices.Backward(due) {
			if !p.isolates(t) {
				p.pending.pushFront(t)
			}
		}
	}
	for p.handOut(); p.recall(); {
		p.handOut()
	}
}

// handOut gives waiting tasks to the workers.
func (p *poolCore) handOut() {
	if p.owed {
		p.handOutPending(nil)
	}
	p.handOutPending(p.isolate())
	for _, w := range p.workers {
		if w.dirty {
			w.dirty = false
			w.m.down.Publish()
			w.m.down.Wake()
		}
	}
}

// handOutPending gives tasks that may be with others to the workers, but for one.
func (p *poolCore) handOutPending(cleared *poolWorker) {
	if p.plan.batch > 1 {
		p.dispatchBatches(cleared)
		return
	}
	for ahead := 0; p.pending.first() != nil; p.owed = false {
		if ahead == 0 {
			ahead = p.ahead()
		}
		w := p.idlest(ahead, cleared)
		if w == nil {
			break
		}
		// Each worker gets its share of what waits, however little that is.
		n := p.send(&p.pending, w, min(ahead-w.out.len(), max(p.pending.len()/len(p.workers), 1)))
		if n == 0 {
			break
		}
		for range n {
			p.pending.popFront()
		}
	}
}

// idlest is the worker with the fewest tasks that may have another, or nil. It is not
// the one that is being cleared.
func (p *poolCore) idlest(ahead int, cleared *poolWorker) *poolWorker {
	var best *poolWorker
	for _, w := range p.workers {
		if w == cleared || !w.mayHave(ahead) || p.isIsolated(w) {
			continue
		}
		if best == nil || w.out.len() < best.out.len() {
			best = w
		}
		if best.out.len() == 0 {
			break
		}
	}
	return best
}

// mayHave reports whether a worker may have a further task, if it may have so many
// ahead.
func (w *poolWorker) mayHave(ahead int) bool {
	return w.ready && !w.retiring && !w.slow && w.rest == nil && w.out.len() < ahead
}

// The most tasks of a frame, and the bytes after which no further one goes into it.
const (
	frameTasks = 32
	frameBytes = 2 << 10
)

// send writes the first of the tasks that wait in a list to w's line, most of them at the most,
// and returns how many it is done with: 0 if there is no room. Tasks with numbers
// one behind the other go in one frame. A task that can't be encoded is settled
// with the error.
func (p *poolCore) send(from *waitlist, w *poolWorker, most int) (n int) {
	if !w.m.down.HasRoom(len(p.scratch)) {
		return 0
	}
	if most = min(most, frameTasks, from.len()); w.limit > 0 {
		most = min(most, w.limit-w.taken)
	}
	first := *from.at(0)
	e := &p.enc
	e.reset(p.scratch[:], p.plan.bytes+messageOverhead)
	Put(e, first.deadline)
	for n < most && e.n < frameBytes {
		t := *from.at(n)
		if t.id != first.id+uint64(n) || t.deadline != first.deadline || !t.given.IsZero() {
			break
		}
		at := e.n
		Put(e, uint32(0))
		t.io.put(e)
		if e.err != nil && n > 0 {
			return p.send(from, w, n) // those before it, and then it comes first
		}
		if e.err != nil {
			t.io.settled(p.failure(nil, t, e.err))
			p.run.node.bell.Ring() // its caller may be another than this one
			return 1
		}
		binary.NativeEndian.PutUint32(e.buf[at:], uint32(e.n-at-4))
		n++
	}
	for i := range n {
		t := *from.at(i)
		w.has(t, t.id)
	}
	w.taken += n
	p.sendFrame(w, frameTask, first.id)
	return n
}

// sendFrame sends what has been encoded; w has noted it.
func (p *poolCore) sendFrame(w *poolWorker, kind uint16, id uint64) {
	w.dirty = true
	if left, done := w.m.down.PutPart(kind, id, p.enc.bytes()); !done {
		w.rest, w.restKind, w.restID = slices.Clone(left), kind, id
		p.sendRest(w)
	}
	if w.taken == w.limit {
		w.retiring = true
	}
}

func (p *poolCore) sendRest(w *poolWorker) {
	w.m.down.Room().Set(0)
	left, done := w.m.down.PutPart(w.restKind, w.restID, w.rest)
	w.dirty = true
	if w.rest = left; done {
		w.rest = nil
	}
}

func (p *poolCore) failure(w *poolWorker, t *task, cause error) *Error {
	e := &Error{Name: p.name, Task: t.id, Attempts: t.attempts, Err: cause}
	if w != nil {
		e.Index = w.m.slot.index
		e.PID = int(w.m.pid.Load())
	}
	return e
}

// has notes that the worker is sent a task, in a unit.
func (w *poolWorker) has(t *task, unit uint64) {
	if t.id == unit {
		w.sent++
	}
	t.worker, t.unit, t.place, t.ordered, t.pardon = w, unit, w.sent, false, 0
	w.out.pushBack(t)
}

// answer takes in what a worker says about its first task, or, if it does several at
// once, about any. mu is held.
func (p *poolCore) answer(m *member, f line.Frame) {
	w := p.of(m)
	at := 0
	if p.plan.concurrent > 0 {
		for at < w.out.len() && (*w.out.at(at)).id != f.ID {
			at++
		}
	}
	if at >= w.out.len() || (*w.out.at(at)).id != f.ID {
		m.life.corrupt = true // an answer that nobody asked for
		m.killSoon(ErrCorruptPeer)
		return
	}
	t := w.out.remove(at)
	w.slow = false
	t.attempts++
	if f.ID%sampled == 1 && f.Kind == frameResult && t.given.IsZero() {
		p.latency.add(time.Since(t.began))
	}
	switch f.Kind {
	case frameResult:
		p.dec.reset(f.Data)
		if c := t.carried; c != nil && t.given.IsZero() {
			c.index, c.pid = m.slot.index, int(m.pid.Load())
		}
		if err := t.io.get(&p.dec); err != nil {
			t.io.settled(p.failure(w, t, err))
		} else {
			t.io.settled(nil)
		}
	case frameLate:
		if t.attempts <= p.plan.task.Retries && t.given.IsZero() && !p.ended {
			t.alone = p.plan.batch > 1
			p.again(t)
			break
		}
		p.fails(w, t, context.DeadlineExceeded)
	default:
		p.fails(w, t, decodeError(f.Data))
	}
	if w.retiring && w.out.len() == 0 {
		p.run.retire(m)
	}
	p.told()
}

// fails settles a task with what its worker has told.
func (p *poolCore) fails(w *poolWorker, t *task, cause error) {
	if t.given.IsZero() {
		p.run.errors.note(p.name, cause, 1)
	}
	t.io.settled(p.failure(w, t, cause))
}

// again puts a task back in front, to be tried once more after its backoff.
func (p *poolCore) again(t *task) {
	p.counts[t.method].retried++
	pause := backoffOf(p.plan.task.Backoff, t.attempts)
	t.notYet, t.worker = time.Now().Add(pause), nil
	p.delayed = append(p.delayed, t)
	p.tick(pause)
}

// joined says that a worker stands.
func (p *poolCore) joined(m *member) {
	p.mu.Lock()
	w := p.of(m)
	w.ready = true
	if len(p.plan.inputs) == 0 { // else it counts for itself
		w.limit = p.run.plan.taskLimit(m.index, int(p.run.node.control.Slots[m.index].Generation.Load()))
	}
	p.dispatch()
	p.mu.Unlock()
}

// rests reports whether the pool has no task; if it has, the run is settled again
// when it has none. With shut it takes no more from then on.
func (p *poolCore) rests(shut bool) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.settles = !p.idle(); !p.settles {
		p.shut = p.shut || shut
	}
	return !p.settles
}

func (p *poolCore) idle() bool {
	return p.pending.first() == nil && p.isolated.first() == nil && len(p.delayed) == 0 && p.busy() == 0
}

// told has the run settled if it waits for the last task and that has ended.
func (p *poolCore) told() {
	if p.settles && p.idle() {
		p.settles = false
		go p.run.settleAgain()
	}
}

// died takes back what a dead worker had.
func (p *poolCore) died(m *member, pid int, cause error, exit proc.Exit) {
	p.mu.Lock()
	defer p.mu.Unlock()
	w := p.of(m)
	out := w.out
	p.workers[m.index-p.plan.first] = &poolWorker{m: m}
	if cause == nil {
		cause = &Died{Exit: exit.Code}
	}
	var back []*task
	for i := range out.len() {
		t := *out.at(i)
		t.worker = nil
		if !m.hasBegun(t.unit) {
			back = append(back, t)
			continue
		}
		innocent, why := w.blames && !t.blamed, cause
		if died := (*Died)(nil); innocent && errors.As(cause, &died) {
			why = died // it was not its time that was up
		}
		may := !p.ended && t.given.IsZero()
		if may && innocent && p.plan.task.Retries > 0 {
			p.counts[t.method].retried++
			back = append(back, t)
			continue
		}
		t.attempts++
		if may && t.attempts <= p.plan.task.Retries {
			t.alone, t.blamed = true, false
			p.again(t)
			continue
		}
		if !p.ended {
			p.counts[t.method].failed++
		}
		e := p.failure(w, t, why)
		e.PID = pid
		t.io.settled(e)
	}
	if p.ended {
		for _, t := range back {
			t.io.settled(p.failure(nil, t, p.overError()))
		}
		back = nil
	}
	for _, t := range slices.Backward(back) {
		p.listOf(t).pushFront(t)
	}
	p.dispatch()
	p.told()
	p.run.node.bell.Ring()
}

func (p *poolCore) overError() error { return closedBy(p.endWhy) }

// end settles what waits with ErrClosed; what runs has its grace.
func (p *poolCore) end(why error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended, p.endWhy = true, why
	p.timer.Stop()
	for _, waiting := range []*waitlist{&p.isolated, &p.pending} {
		for waiting.len() > 0 {
			p.delayed = append(p.delayed, waiting.popFront())
		}
	}
	for _, t := range p.delayed {
		if t.given.IsZero() {
			t.io.settled(p.failure(nil, t, p.overError()))
		}
	}
	p.delayed = nil
	for _, w := range p.workers {
		for i := range w.out.len() {
			if t := *w.out.at(i); t.given.IsZero() {
				stand := *t
				stand.given, stand.io = time.Now(), nobody{}
				*w.out.at(i) = &stand // once settled, t may be used again
				t.io.settled(p.failure(w, t, p.overError()))
			}
		}
	}
}

// nobody is the typed side of a task whose caller has gone.
type nobody struct{}

func (nobody) put(*Encoder)       {}
func (nobody) get(*Decoder) error { return nil }
func (nobody) settled(error)      {}

// abandon says that the caller of t waits no longer: a task that has not begun
// is dropped; one that runs is cancelled, then after the grace its worker is
// killed.
func (p *poolCore) abandon(t *task, cause error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !t.given.IsZero() {
		return
	}
	io := t.io
	t.given, t.io = time.Now(), nobody{}
	io.settled(p.failure(nil, t, cause))
	if t.worker != nil {
		p.watch()
		return
	}
	p.delayed = slices.DeleteFunc(p.delayed, func(other *task) bool { return other == t })
	p.listOf(t).drop()
	p.told()
}

func (p *poolCore) share() int { return int(p.lead.Load()) }

// busy counts the workers that have a task.
func (p *poolCore) busy() (n int) {
	for _, w := range p.workers {
		if w.out.len() > 0 {
			n++
		}
	}
	return n
}

// takeIn takes in the answers of the pool's workers, and sends on.
func (p *poolCore) takeIn() {
	for _, m := range p.members {
		if m.hasNews() {
			m.drain()
		}
	}
}
