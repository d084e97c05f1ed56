// Package bell is how a process waits. Each process has one doorbell, a word of
// shared memory that anybody may ring, and waits for everything at once: a
// ring means "look again at all that you wait for".
//
// # The word
//
//	awake    nobody sleeps; who rings need not call the kernel
//	rung     somebody rang since the last look
//	asleep   a goroutine that waits for something sleeps in the kernel
//	pumping  only the process's pump sleeps there
//
// Ring swaps rung in, and wakes by what it found: so a ring costs one atomic
// operation when nobody sleeps, and none when the bell is rung already. A
// sleeper goes from awake to asleep by a CAS, which a ring in between makes
// fail; so no ring is lost.
//
// # The rule for waiting
//
// Set the bit in the Parked of what you wait for, look once more, sleep; after
// each ring set the bit again and look again. Who brings a thing publishes it
// first and takes a bit after, so one of the two sees the other. Who was
// picked by a waker and goes away without taking (its context ended) hands the
// wake-up on. Who dies has its wake-ups replaced by the sweep, which rouses
// every process ([Word.Rouse]). Each sleep is bounded by a backstop; a sleeper
// that finds its thing only thanks to it counts that in Rescued, which stays 0
// unless there is a bug.
//
// # Goroutines
//
// A process has many goroutines, and at most two of its threads in the kernel
// here. One goroutine that waits leads: it sleeps on the word itself, so that
// with one waiter a wake-up is one futex wake and nothing else. The others
// follow: they sleep on Go channels, and the leader looks for them too. When
// it leaves it promotes a follower. If nobody waits, the pump, a goroutine
// that does nothing else, stands in the kernel for the services: short
// functions which each look runs, such as "take results in" or "is there an
// order from the parent". The pump sleeps with another mask on the same word, so
// that a leader can take the word over and give it back without waking it.
package bell

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mpgen/mpgen/runtime/internal/seam"
)

const (
	awake   = 0
	rung    = 1
	asleep  = 2
	pumping = 3

	maskLeader = 1
	maskPump   = 2
)

// Word is a doorbell, in a cache line of its own. Anybody rings; all else is its
// process's.
type Word struct {
	state   seam.Uint32
	_       uint32
	rescued seam.Uint64
	waited  atomic.Uint64 // nanoseconds that goroutines have slept
	_       [40]byte
}

// WordSize is the number of bytes of a Word.
const WordSize = 64

// Ring tells the word's process to look again.
func (w *Word) Ring() {
	if w.state.Load() == rung {
		return // it looks again after this, and will see what we published before
	}
	switch w.state.Swap(rung) {
	case asleep:
		seam.FutexWake(&w.state, maskLeader)
	case pumping:
		seam.FutexWake(&w.state, maskPump)
	}
}

// Rouse is Ring after a death: who died may have swapped rung in and not called
// the kernel any more, and then every later Ring would trust in its call.
func (w *Word) Rouse() {
	w.state.Swap(rung)
	seam.FutexWake(&w.state, maskLeader|maskPump)
}

// Reset makes the word of a dead process ready for its successor.
func (w *Word) Reset() { w.state.Store(awake) }

// Rescued is how often a sleeper of this process found its thing only by the
// backstop: wake-ups lost.
func (w *Word) Rescued() uint64 { return w.rescued.Load() }

// Waited is how long goroutines of this process have slept here, in sum; sleeps
// that last do not count yet.
func (w *Word) Waited() time.Duration { return time.Duration(w.waited.Load()) }

// Condition is what a goroutine waits for. Ready is called by any goroutine of
// the process, takes nothing, and does not wait.
type Condition interface{ Ready() bool }

// Bell is this process's side of its Word.
type Bell struct {
	word     *Word
	slot     int
	backstop time.Duration
	local    bool // no other process knows the word
	turns    *Turns
	line     []*turnWait // of turns.mu: what waits, oldest first
	away     bool        // of turns.mu: the turn has gone on without this process

	spinning atomic.Int64 // how long Wait looks before it sleeps, in nanoseconds; learnt
	tries    atomic.Uint32

	mu       sync.Mutex
	services []func()
	waiters  []*waiter
	leader   *waiter
	pumpIn   bool // the pump is in the kernel, or on its way there
	pumpWake chan struct{}
	stopped  atomic.Bool // set under mu
	done     chan struct{}
	left     sync.Cond // of mu: no waiter is left

	end  sync.Mutex
	gone bool // of end: the word may be gone
}

type waiter struct {
	cond    Condition
	parked  []*Parked
	one     [1]*Parked    // room for parked
	turn    chan struct{} // a token: look at ready and leads
	since   time.Time
	ready   bool
	leads   bool
	present bool
}

// Open is the bell of slot for its own process. backstop bounds each sleep.
func Open(word *Word, slot int, backstop time.Duration) *Bell {
	b := &Bell{word: word, slot: slot, backstop: backstop, pumpWake: make(chan struct{}, 1)}
	b.spinning.Store(int64(maxSpin))
	b.left.L = &b.mu
	return b
}

// Local says, before anything waits, that no other process knows the word: then
// a sleep costs no thread, and there is no looking before it, which would keep a
// processor from who is waited for.
func (b *Bell) Local() { b.local = true }

// InTurn says, before anything waits, that the process takes turns with others.
func (b *Bell) InTurn(t *Turns) { b.local, b.turns = true, t }

// TakesTurns reports whether the process takes turns with others.
func (b *Bell) TakesTurns() bool { return b.turns != nil }

func (b *Bell) sleep(state, mask uint32) (inTime bool) {
	if b.local {
		return seam.LocalWait(&b.word.state, state, mask, b.backstop)
	}
	return seam.FutexWait(&b.word.state, state, mask, b.backstop)
}

// Serve adds a service: f runs at each look, on any goroutine, and must neither
// wait nor call this bell.
func (b *Bell) Serve(f func()) {
	b.mu.Lock()
	b.services = append(slices.Clip(b.services), f)
	b.mu.Unlock()
}

// Ring makes this process look again. After Stop it does nothing.
func (b *Bell) Ring() {
	b.end.Lock()
	if !b.gone {
		b.word.Ring()
	}
	b.end.Unlock()
}

// Slot is the number of the process's slot.
func (b *Bell) Slot() int { return b.slot }

// Rescued is [Word.Rescued] of this process.
func (b *Bell) Rescued() uint64 { return b.word.Rescued() }

// Start starts the pump; Stop ends it.
func (b *Bell) Start() {
	b.done = make(chan struct{})
	if b.turns != nil {
		b.turns.join(b)
	}
	go b.pump()
}

// Stop ends the pump and all waits, and waits for their ends: who waits for what
// is not ready gets ErrStopped. Nothing of the bell touches the word afterwards.
func (b *Bell) Stop() {
	b.mu.Lock()
	b.stopped.Store(true)
	if b.turns != nil {
		b.mu.Unlock()
		b.turns.part(b)
		b.mu.Lock()
	}
	for _, w := range b.waiters {
		w.tell()
	}
	b.mu.Unlock()
	select {
	case b.pumpWake <- struct{}{}:
	default:
	}
	seam.FutexWake(&b.word.state, maskPump)
	b.word.Ring()
	if b.done != nil {
		<-b.done
	}
	b.mu.Lock()
	for len(b.waiters) > 0 {
		b.left.Wait()
	}
	b.mu.Unlock()
	b.end.Lock()
	b.gone = true
	b.end.Unlock()
}

// ErrStopped is the error of a Wait for what is not ready when the bell is stopped.
var ErrStopped = errors.New("the bell has been stopped")

var waiters = sync.Pool{New: func() any { return &waiter{turn: make(chan struct{}, 1)} }}

// Wait returns nil when cond is ready, and ctx's error when ctx ends before. The
// process's bit in parked, which may be nil, is set meanwhile. Several goroutines
// of a process may wait on one Parked: a bell that was rung makes it look for all
// of them. Who waits and then takes nothing, though its thing is there, hands the
// wake-up on itself, by WakeOne.
func (b *Bell) Wait(ctx context.Context, parked *Parked, cond Condition) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if b.turns != nil {
		if parked == nil {
			return b.turns.wait(ctx, b, nil, cond)
		}
		return b.turns.wait(ctx, b, []*Parked{parked}, cond)
	}
	if b.spin(cond) {
		return nil
	}
	w := waiters.Get().(*waiter)
	if parked != nil {
		w.one[0] = parked
		w.parked = w.one[:]
	}
	return b.wait(ctx, w, cond)
}

// WaitAny is Wait for one of several things. Who takes from one of them then
// wakes a sleeper of each other that has something: the wake-up may have been
// spent on this process.
func (b *Bell) WaitAny(ctx context.Context, parked []*Parked, cond Condition) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if b.turns != nil {
		return b.turns.wait(ctx, b, parked, cond)
	}
	if b.spin(cond) {
		return nil
	}
	w := waiters.Get().(*waiter)
	w.parked = parked
	return b.wait(ctx, w, cond)
}

func (b *Bell) wait(ctx context.Context, w *waiter, cond Condition) error {
	w.cond, w.since, w.ready, w.leads, w.present = cond, time.Now(), false, false, true
	b.mu.Lock()
	if b.stopped.Load() {
		b.mu.Unlock()
		if cond.Ready() {
			return nil
		}
		return ErrStopped
	}
	b.waiters = append(b.waiters, w)
	if b.leader == nil {
		b.leader, w.leads = w, true
	}
	leads := w.leads
	b.mu.Unlock()

	for _, p := range w.parked {
		p.Set(b.slot)
	}
	err := error(nil)
	if !cond.Ready() {
		if leads {
			err = b.lead(ctx, w)
		} else {
			err = b.follow(ctx, w)
		}
	}
	if !seam.Exploring { // whose states have no clock
		b.word.waited.Add(uint64(time.Since(w.since))) // while Stop still waits for w
	}
	for _, p := range b.leave(w, err != nil) {
		if cond.Ready() {
			p.WakeOne()
		}
	}
	*w = waiter{turn: w.turn}
	waiters.Put(w)
	return err
}

// Waiting tells f of each goroutine that sleeps here: what for, and since when.
// None of them leaves meanwhile. f may do what Ready may.
func (b *Bell) Waiting(f func(cond Condition, since time.Time)) {
	if b.turns != nil {
		b.turns.waiting(b, f)
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, w := range b.waiters {
		if !w.ready {
			f(w.cond, w.since)
		}
	}
}

// follow waits for the leader's word, and leads if it is made the leader.
func (b *Bell) follow(ctx context.Context, w *waiter) error {
	for {
		select {
		case <-w.turn:
		case <-ctx.Done():
			return ctx.Err()
		}
		b.mu.Lock()
		ready, leads := w.ready, w.leads
		b.mu.Unlock()
		if ready {
			return nil
		}
		if leads {
			return b.lead(ctx, w)
		}
		if b.stopped.Load() {
			if b.look(w) {
				return nil
			}
			return ErrStopped
		}
	}
}

// lead sleeps on the word until w is ready or ctx ends.
func (b *Bell) lead(ctx context.Context, w *waiter) error {
	if ctx.Done() != nil {
		stop := context.AfterFunc(ctx, b.Ring)
		defer stop()
	}
	for {
		seam.At(atLead)
		if b.look(w) {
			return nil
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if b.stopped.Load() {
			return ErrStopped
		}
		if b.word.state.CompareAndSwap(awake, asleep) || b.word.state.CompareAndSwap(pumping, asleep) {
			inTime := b.sleep(asleep, maskLeader)
			if b.word.state.Swap(awake) != rung && !inTime && b.look(w) {
				b.word.rescued.Add(1)
				return nil
			}
		} else {
			b.word.state.Swap(awake)
		}
	}
}

// look runs the services, sets every waiter's bit again, tells those that are
// ready, and reports whether w is.
func (b *Bell) look(w *waiter) bool {
	b.mu.Lock()
	services := b.services
	b.mu.Unlock()
	for _, f := range services {
		f()
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, other := range b.waiters {
		if other.ready {
			continue
		}
		for _, p := range other.parked {
			p.Set(b.slot)
		}
		if !other.cond.Ready() {
			continue
		}
		other.ready = true
		if other != w {
			other.tell()
		}
	}
	return w != nil && w.ready
}

func (w *waiter) tell() {
	select {
	case w.turn <- struct{}{}:
	default:
	}
}

// leave takes w out and hands its lead on. If w gives up, the result is where a
// wake-up was spent on it. While another waits for the same thing, the bit is that
// one's: it stays, and so does a wake-up.
func (b *Bell) leave(w *waiter, givesUp bool) (picked []*Parked) {
	b.mu.Lock()
	defer b.mu.Unlock()
	i := slices.Index(b.waiters, w)
	for _, p := range w.parked {
		if b.isAwaited(p, w) {
			continue
		}
		if !p.Clear(b.slot) && givesUp {
			picked = append(picked, p)
		}
	}
	b.waiters[i] = b.waiters[len(b.waiters)-1]
	b.waiters[len(b.waiters)-1] = nil
	if b.waiters = b.waiters[:len(b.waiters)-1]; len(b.waiters) == 0 {
		b.left.Broadcast()
	}
	select { // a token that came too late is not for the next who gets this waiter
	case <-w.turn:
	default:
	}
	if b.leader != w {
		return picked
	}
	b.leader = nil
	for _, next := range b.waiters {
		if !next.ready {
			b.leader, next.leads = next, true
			next.tell()
			return picked
		}
	}
	switch {
	case b.pumpIn:
		if !b.word.state.CompareAndSwap(awake, pumping) && b.word.state.Load() == rung {
			seam.FutexWake(&b.word.state, maskPump)
		}
	default:
		select {
		case b.pumpWake <- struct{}{}:
		default:
		}
	}
	return picked
}

func (b *Bell) isAwaited(p *Parked, but *waiter) bool {
	for _, w := range b.waiters {
		if w != but && slices.Contains(w.parked, p) {
			return true
		}
	}
	return false
}

// pump stands in the kernel while nobody leads.
func (b *Bell) pump() {
	defer close(b.done)
	for {
		b.mu.Lock()
		if b.stopped.Load() {
			b.mu.Unlock()
			return
		}
		if b.leader != nil {
			b.mu.Unlock()
			<-b.pumpWake
			continue
		}
		b.pumpIn = b.word.state.CompareAndSwap(awake, pumping)
		in := b.pumpIn
		b.mu.Unlock()
		inTime := true
		if in {
			inTime = b.sleep(pumping, maskPump)
		}
		b.mu.Lock()
		b.pumpIn = false
		leads := b.leader == nil
		was := uint32(rung)
		if leads { // under the mutex: a leader's sleep must not be overwritten
			was = b.word.state.Swap(awake)
		}
		b.mu.Unlock()
		switch {
		case b.turns != nil:
			if b.turns.poke() && !inTime && was != rung {
				b.word.rescued.Add(1)
			}
		case leads:
			b.look(nil)
		}
	}
}

const atLead = 101

// maxSpin bounds the time of looking before a sleep, to about what a wake-up
// costs both sides in a virtual machine, where it takes an interrupt to another
// processor; below minSpin it is not worth beginning, but for one try in retrySpin.
const (
	maxSpin   = 50 * time.Microsecond
	minSpin   = 500 * time.Nanosecond
	retrySpin = 16
)

var severalCPUs = runtime.NumCPU() > 1

// spin looks for a while without sleeping. It learns: where looking does not
// help, as when every processor is busy, it soon looks once in a while only.
func (b *Bell) spin(cond Condition) bool {
	if cond.Ready() {
		return true
	}
	if b.local || !severalCPUs || seam.Exploring {
		return false
	}
	budget := time.Duration(b.spinning.Load())
	if budget < minSpin {
		if b.tries.Add(1)%retrySpin != 0 {
			return false
		}
		budget = maxSpin
	}
	for start := time.Now(); ; {
		for range 8 {
			if cond.Ready() {
				b.spinning.Store(int64(min(maxSpin, 2*budget)))
				return true
			}
		}
		if time.Since(start) > budget {
			b.spinning.Store(int64(budget / 2))
			return false
		}
	}
}
