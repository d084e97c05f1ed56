package bell

import (
	"bytes"
	"context"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// Turns lets the processes of one run act one at a time, all within one process
// of the system, so that a run repeats exactly. Who holds the turn gives it up
// only where it would wait; then the next one in the order of the slots that can
// go on gets it.
//
// Giving way, the process does what pumps do elsewhere: it runs the services of
// all bells, then asks the conditions of all that wait, in order. So what a
// service brings about comes in the same order, too. Supervisors are no
// processes: while one is at work, from a death until what follows of it is done,
// nobody is chosen.
//
// Two things keep a process that waits for something else than a bell (a timer, a
// network, a channel of its own) from stopping all others: the holder's goroutine
// is looked at now and then, and if it sleeps, the turn goes on without it. It
// comes back to the order at its next wait. And a ring from outside, a timer's for
// example, wakes the bell's pump, which pokes.
//
// When all wait, nothing comes from outside and no time is to end any wait, they
// wait for each other: that is a deadlock, and each is told.
type Turns struct {
	stuck func([]Blocked) ([]int, error)
	busy  atomic.Int32 // supervisors at work

	mu      sync.Mutex
	bells   []*Bell // by slot; nil: no process
	holder  *Bell
	who     uint64      // the holder's goroutine
	last    int         // slot of the holder before
	resting []*turnWait // supervisors that wait until nobody can go on
	count   uint64      // of turns
	tick    *time.Timer
	ticks   time.Duration
	quiet   *time.Timer
	since   time.Time // when all began to wait
}

// Blocked is a wait of the process of a slot.
type Blocked struct {
	Slot int
	Cond Condition
}

type turnWait struct {
	ctx    context.Context
	cond   Condition
	parked []*Parked
	who    uint64
	since  time.Time
	err    error
	turn   chan struct{} // closed when it may go on
}

// NewTurns makes the turns of a run of n slots; slot 0, the caller's, has the first.
// stuck is told when all wait for each other; it says which of the waits end for
// that and with which error, or none if it knows of something that is still to
// come. It must not wait.
func NewTurns(n int, stuck func([]Blocked) (told []int, why error)) *Turns {
	t := &Turns{stuck: stuck, bells: make([]*Bell, n)}
	t.tick = time.AfterFunc(time.Hour, t.onTick)
	t.quiet = time.AfterFunc(time.Hour, t.onQuiet)
	return t
}

// Hold keeps everybody from being chosen until Release. Of nil Turns, both do
// nothing.
func (t *Turns) Hold() {
	if t != nil {
		t.busy.Add(1)
	}
}

// Release ends a Hold.
func (t *Turns) Release() {
	if t != nil && t.busy.Add(-1) == 0 {
		t.poke()
	}
}

// Rest ends the caller's Hold, and begins a new one when nobody can go on.
func (t *Turns) Rest() {
	w := &turnWait{turn: make(chan struct{})}
	t.mu.Lock()
	t.resting = append(t.resting, w)
	t.mu.Unlock()
	t.Release()
	<-w.turn
}

// poke looks whether somebody can go on, and reports whether somebody was chosen.
func (t *Turns) poke() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	before := t.count
	t.next()
	return t.count != before
}

// join makes b one of those that take turns.
func (t *Turns) join(b *Bell) {
	t.mu.Lock()
	t.bells[b.slot] = b
	if b.slot == 0 {
		t.grant(b, goroutine())
	}
	t.mu.Unlock()
}

// part takes b out. Its waits end.
func (t *Turns) part(b *Bell) {
	t.mu.Lock()
	defer t.mu.Unlock()
	b.stopped.Store(true)
	if t.bells[b.slot] == b {
		t.bells[b.slot] = nil
	}
	for _, w := range b.line {
		if !w.cond.Ready() {
			w.err = ErrStopped
		}
		close(w.turn)
	}
	b.line = nil
	if t.holder == b {
		t.holder = nil
	}
	t.next()
}

// Enlist makes b's process wait for its first turn. What it returns waits, until Stop
// at the most.
func (b *Bell) Enlist() (wait func() error) {
	t := b.turns
	if t == nil {
		return func() error { return nil }
	}
	w := &turnWait{ctx: context.Background(), cond: always{}, since: time.Now(), turn: make(chan struct{})}
	t.mu.Lock()
	if b.stopped.Load() {
		w.err = ErrStopped
		close(w.turn)
	} else {
		b.line = append(b.line, w)
	}
	t.mu.Unlock()
	return func() error {
		<-w.turn
		t.mu.Lock()
		if t.holder == b {
			t.who = goroutine()
		}
		t.mu.Unlock()
		return w.err
	}
}

type always struct{}

func (always) Ready() bool { return true }

// GiveWay gives the turn up, if this process has it, until its next wait.
func (b *Bell) GiveWay() {
	if t := b.turns; t != nil {
		t.mu.Lock()
		t.lend(b)
		t.mu.Unlock()
	}
}

// Leave ends the turn of the calling goroutine, if it has it: it acts no more.
func (b *Bell) Leave() {
	if t := b.turns; t != nil {
		t.mu.Lock()
		if t.holder == b && t.who == goroutine() {
			t.holder = nil
			t.next()
		}
		t.mu.Unlock()
	}
}

func (t *Turns) lend(b *Bell) {
	if t.holder == b {
		t.holder, b.away = nil, true
		t.next()
	}
}

// wait is Bell.Wait.
func (t *Turns) wait(ctx context.Context, b *Bell, parked []*Parked, cond Condition) error {
	w := &turnWait{ctx: ctx, cond: cond, parked: parked, who: goroutine(), since: time.Now(), turn: make(chan struct{})}
	t.mu.Lock()
	ready := cond.Ready()
	switch {
	case b.stopped.Load() && !ready:
		t.mu.Unlock()
		return ErrStopped
	case ready && (t.holder == b || b.stopped.Load()):
		t.mu.Unlock()
		return nil
	case ctx.Err() != nil:
		t.mu.Unlock()
		return ctx.Err()
	}
	b.line = append(b.line, w)
	b.away = false
	if t.holder == b {
		t.holder = nil
	}
	t.next()
	t.mu.Unlock()
	if ctx.Done() != nil {
		stop := context.AfterFunc(ctx, func() { t.poke() })
		defer stop()
	}
	<-w.turn
	for _, p := range parked {
		if !p.Clear(b.slot) && w.err != nil && cond.Ready() {
			p.WakeOne()
		}
	}
	return w.err
}

// waiting is Bell.Waiting.
func (t *Turns) waiting(b *Bell, f func(cond Condition, since time.Time)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, w := range b.line {
		if w.cond != (always{}) {
			f(w.cond, w.since)
		}
	}
}

// next chooses who goes on, if nobody has the turn. mu is held.
func (t *Turns) next() {
	if t.holder != nil || t.busy.Load() > 0 {
		return
	}
	for range 2 { // what is asked may bring about what another waits for
		for _, b := range t.bells {
			if b == nil {
				continue
			}
			b.mu.Lock()
			services := b.services
			b.mu.Unlock()
			for _, f := range services {
				f()
			}
		}
		if t.busy.Load() > 0 { // by what was heard just now
			return
		}
		for i := range t.bells {
			b := t.bells[(t.last+1+i)%len(t.bells)]
			if b == nil {
				continue
			}
			for k, w := range b.line {
				if w.mayGoOn(b.slot) {
					b.line = slices.Delete(b.line, k, k+1)
					t.grant(b, w.who)
					close(w.turn)
					return
				}
			}
		}
	}
	if len(t.resting) > 0 {
		w := t.resting[0]
		t.resting = t.resting[1:]
		t.busy.Add(1)
		t.count++
		close(w.turn)
		return
	}
	t.since = time.Now()
	t.quiet.Reset(quietTime)
}

func (t *Turns) grant(b *Bell, who uint64) {
	t.holder, t.last, t.who = b, b.slot, who
	t.count++
	t.ticks = firstTick
	t.tick.Reset(t.ticks)
}

func (w *turnWait) mayGoOn(slot int) bool {
	if w.err != nil {
		return true
	}
	for _, p := range w.parked {
		p.Set(slot)
	}
	if w.cond.Ready() {
		return true
	}
	w.err = w.ctx.Err()
	return w.err != nil
}

const (
	firstTick = 5 * time.Millisecond // looks at a holder: the first, and
	longTick  = 80 * time.Millisecond

	quietTime   = 100 * time.Millisecond // after which all that wait do so for each other
	outsideTime = time.Second            // the same, if the program waits under a context that may be cancelled
)

// onTick looks whether the holder sleeps, or is gone.
func (t *Turns) onTick() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.holder == nil {
		return
	}
	if t.who != 0 && sleeps(t.who) {
		t.lend(t.holder)
		return
	}
	if t.ticks == longTick { // it may never come back; who gives up does not wait for it
		for _, b := range t.bells {
			if b == nil {
				continue
			}
			b.line = slices.DeleteFunc(b.line, func(w *turnWait) bool {
				if w.err = w.ctx.Err(); w.err == nil {
					return false
				}
				b.away = true
				close(w.turn)
				return true
			})
		}
	}
	t.ticks = min(2*t.ticks, longTick)
	t.tick.Reset(t.ticks)
}

// onQuiet looks whether those that wait do so for each other.
func (t *Turns) onQuiet() {
	t.mu.Lock()
	defer t.mu.Unlock()
	since := t.since
	before := t.count
	if t.next(); t.holder != nil || t.busy.Load() > 0 || t.count != before || since.IsZero() {
		return
	}
	t.since = since
	var blocked []Blocked
	var waits []*turnWait
	for slot, b := range t.bells {
		if b == nil {
			continue
		}
		if b.away {
			return // it may act
		}
		for _, w := range b.line {
			if _, timed := w.ctx.Deadline(); timed {
				return
			}
			if slot == 0 && w.ctx.Done() != nil && time.Since(since) < outsideTime {
				return // next has set the timer
			}
			blocked, waits = append(blocked, Blocked{slot, w.cond}), append(waits, w)
		}
	}
	told, why := t.stuck(blocked)
	for _, i := range told {
		waits[i].err = why
	}
	if len(told) > 0 {
		t.next()
	}
}

// goroutine is the number of the caller's goroutine.
func goroutine() uint64 {
	var buf [40]byte
	head := bytes.TrimPrefix(buf[:runtime.Stack(buf[:], false)], []byte("goroutine "))
	number, _, _ := bytes.Cut(head, []byte(" "))
	id, _ := strconv.ParseUint(string(number), 10, 64)
	return id
}

// sleeps reports whether a goroutine waits for what is no bell, or is gone.
func sleeps(id uint64) bool {
	buf := make([]byte, 1<<20)
	n := runtime.Stack(buf, true)
	for n == len(buf) && n < 64<<20 {
		buf = make([]byte, 4*len(buf))
		n = runtime.Stack(buf, true)
	}
	head := []byte("goroutine " + strconv.FormatUint(id, 10) + " [")
	_, rest, found := bytes.Cut(buf[:n], head)
	if !found {
		return true
	}
	state, _, _ := bytes.Cut(rest, []byte("]"))
	state, _, _ = bytes.Cut(state, []byte(","))
	switch string(state) {
	case "running", "runnable", "semacquire", "sync.Mutex.Lock", "sync.RWMutex.Lock", "sync.RWMutex.RLock",
		"preempted", "copystack", "GC assist wait", "GC assist marking", "GC sweep wait":
		return false
	}
	return true
}
