//go:build linux && amd64 && !explore

package meet

import (
	"fmt"
	"testing"
	"unsafe"

	"github.com/mpgen/mpgen/runtime/internal/bell"
	"github.com/mpgen/mpgen/runtime/internal/killstep"
	"github.com/mpgen/mpgen/runtime/internal/lock"
)

func TestMain(m *testing.M) { killstep.Main(m, operations) }

func TestDeathAfterEachInstruction(t *testing.T) { killstep.Run(t, operations) }

// The processes: one goes on after the death, one is the child, one may wait.
const (
	other  = 1
	victim = 2
	waiter = 3
)

const slots = 4

// bench is a memory: bells, how far the child knows to be, a lock, and what is met at.
type bench struct {
	bells   []bell.Word
	reached *uint64
	door    unsafe.Pointer
	at      unsafe.Pointer
}

func openBench(p unsafe.Pointer) *bench {
	door := unsafe.Add(p, 2048)
	return &bench{bells: unsafe.Slice((*bell.Word)(p), slots), reached: (*uint64)(unsafe.Add(p, 1024)),
		door: door, at: unsafe.Add(door, lock.Size(slots))}
}

// knows says how far the child is.
func (b *bench) knows(reached int) { *b.reached = uint64(reached) }

func must(ok bool) {
	if !ok {
		panic("the operation could not be done")
	}
}

func (b *bench) lock(slot int) *lock.Lock {
	l := lock.Open(b.door, slot, b.bells, func() int64 { return 0 })
	return &l
}

func (b *bench) give(l *lock.Lock) {
	if done, wake := l.Release(); !done {
		must(l.HandOn())
	} else if wake {
		l.Wake()
	}
}

func (b *bench) permits(slot int) *Permits {
	p := OpenPermits(b.at, 2, slot)
	return &p
}

func (b *bench) flag(slot int) *Flag {
	f := OpenFlag(b.at, slot, b.bells)
	return &f
}

func (b *bench) rounds(slot int) *Rounds {
	r := OpenRounds(b.at, slot, b.bells, 2)
	return &r
}

func (b *bench) calls(slot int) *Calls {
	c := OpenCalls(b.at, slot, b.bells)
	return &c
}

func (b *bench) readers(slot int) *Readers {
	r := OpenReaders(b.at, slot, b.bells)
	return &r
}

func operation(name string, before func(b *bench), act func(b *bench) func(), check func(b *bench) error) killstep.Operation {
	return killstep.Operation{
		Name: name, Size: 4096,
		Prepare: func(p unsafe.Pointer) { before(openBench(p)) },
		Open:    func(p unsafe.Pointer) func() { return act(openBench(p)) },
		Check:   func(p unsafe.Pointer) error { return check(openBench(p)) },
	}
}

// rung reports whether the bell of a slot has been rung.
func (b *bench) rung(slot int) bool { return *(*uint32)(unsafe.Pointer(&b.bells[slot])) == 1 }

// whole checks that all permits come back.
func (b *bench) whole() error {
	p := b.permits(other)
	p.Sweep(victim)
	p.Sweep(victim) // as if it had been killed
	if n := p.Free(); n != 2 {
		return fmt.Errorf("%d permits are free, want 2", n)
	}
	return nil
}

// settled checks that what is left of a round can be reset, and passes then.
func (b *bench) settled() error {
	r := b.rounds(other)
	r.Sweep(victim, false)
	r.Sweep(victim, false)
	r.Reset()
	r.Enter()
	round, index, o := r.Come(false)
	if index != 0 || o != Waits {
		return fmt.Errorf("the first to come has index %d and outcome %d", index, o)
	}
	w := b.rounds(waiter)
	if _, index, o := w.Come(false); index != 1 || o != Passed {
		return fmt.Errorf("the second to come has index %d and outcome %d", index, o)
	}
	if o := r.Outcome(round); o != Passed {
		return fmt.Errorf("the round ended with outcome %d", o)
	}
	return nil
}

// called checks that the waiter has been called, if it must be, and nobody else.
func (b *bench) called(must bool) error {
	c := b.calls(other)
	c.Sweep(victim)
	c.Sweep(victim)
	if n := b.calls(waiter).Called(); must && n == 0 {
		return fmt.Errorf("the waiter has %d calls", n)
	}
	if w := c.words[victim].Load(); w != 0 {
		return fmt.Errorf("the dead is left with %#x", w)
	}
	return nil
}

// opened checks that the lock of readers can be taken, after a repair if half says so.
func (b *bench) opened(half bool) error {
	l, r := b.lock(other), b.readers(other)
	l.Sweep(victim, r.Sweep(victim))
	l.Sweep(victim, r.Sweep(victim))
	_, died, _ := l.Holder()
	if half && !died {
		return fmt.Errorf("it died writing, and nobody is told")
	}
	if r.Any() {
		return fmt.Errorf("the dead reads")
	}
	v, _ := l.Take(true)
	must(v == lock.Taken)
	r.Begin()
	r.End()
	b.give(l)
	if !l.Free() {
		return fmt.Errorf("the door is not free")
	}
	return nil
}

const (
	begun = iota
	has
	given
)

var nothing = func(*bench) {}

var operations = []killstep.Operation{
	operation("acquire", nothing, func(b *bench) func() {
		p := b.permits(victim)
		return func() {
			_, ok := p.Take(0)
			must(ok)
		}
	}, (*bench).whole),
	operation("acquire and release", func(b *bench) {
		must(b.lock(waiter).Try()) // it is the next
	}, func(b *bench) func() {
		p, l := b.permits(victim), b.lock(victim)
		return func() {
			k, ok := p.Take(0)
			must(ok && p.Give(k))
			slot, _, held := l.Holder()
			must(held)
			b.bells[slot].Ring()
			b.knows(given)
		}
	}, func(b *bench) error {
		if *b.reached == given && !b.rung(waiter) {
			return fmt.Errorf("the next has not been rung")
		}
		return b.whole()
	}),
	operation("set", func(b *bench) { b.flag(waiter).waiting.Set(waiter) }, func(b *bench) func() {
		f := b.flag(victim)
		return func() {
			f.Raise()
			b.knows(given)
		}
	}, func(b *bench) error {
		f := b.flag(other)
		f.Sweep(victim)
		if up, _ := f.Look(); *b.reached == given && (!up || !b.rung(waiter)) {
			return fmt.Errorf("the event is set: %v, and the waiter rung: %v", up, b.rung(waiter))
		}
		f.Raise()
		if !b.rung(waiter) && f.waiting.Has(waiter) {
			return fmt.Errorf("the waiter can't be woken")
		}
		return nil
	}),
	operation("wait for an event and give up", nothing, func(b *bench) func() {
		f := b.flag(victim)
		return func() {
			f.waiting.Set(victim)
			f.waiting.Clear(victim)
		}
	}, func(b *bench) error {
		f := b.flag(other)
		if f.Sweep(victim); f.waiting.Any() {
			return fmt.Errorf("the dead is left among the waiters")
		}
		return nil
	}),
	operation("come to a barrier, and give up", nothing, func(b *bench) func() {
		r := b.rounds(victim)
		return func() {
			r.Enter()
			round, _, o := r.Come(false)
			must(o == Waits)
			b.knows(has)
			r.Break(round)
			r.Leave()
		}
	}, func(b *bench) error {
		r := b.rounds(other)
		r.Sweep(victim, false)
		if _, broken := r.State(); *b.reached == has && !broken {
			return fmt.Errorf("it died in the barrier, which is whole")
		}
		return b.settled()
	}),
	operation("come to a barrier as the last", func(b *bench) {
		r := b.rounds(waiter)
		r.Enter()
		r.Come(false)
		r.waiting.Set(waiter)
	}, func(b *bench) func() {
		r := b.rounds(victim)
		return func() {
			r.Enter()
			_, index, o := r.Come(false)
			must(index == 1 && o == Passed)
			b.knows(given)
			r.Leave()
		}
	}, func(b *bench) error {
		w, r := b.rounds(waiter), b.rounds(other)
		before := w.Outcome(0)
		if r.Sweep(victim, true); *b.reached == given && before != Passed {
			return fmt.Errorf("the round has outcome %d", before)
		}
		if after := w.Outcome(0); after == Waits || before == Passed && after != Passed {
			return fmt.Errorf("the round had outcome %d, and has %d", before, after)
		}
		w.Leave()
		return b.settled()
	}),
	operation("act for a barrier", func(b *bench) {
		r := b.rounds(waiter)
		r.Enter()
		r.Come(true)
	}, func(b *bench) func() {
		r := b.rounds(victim)
		return func() {
			r.Enter()
			round, _, o := r.Come(true)
			must(o == Acts && r.Pass(round))
			r.Leave()
		}
	}, func(b *bench) error {
		w, r := b.rounds(waiter), b.rounds(other)
		before := w.Outcome(0)
		r.Sweep(victim, true)
		if after := w.Outcome(0); after == Waits || before == Passed && after != Passed {
			return fmt.Errorf("the round had outcome %d, and has %d", before, after)
		}
		w.Leave()
		return b.settled()
	}),
	operation("reset", func(b *bench) {
		r := b.rounds(waiter)
		r.Enter()
		r.Come(false)
		r.waiting.Set(waiter)
	}, func(b *bench) func() {
		r := b.rounds(victim)
		return func() {
			r.Reset()
			b.knows(given)
		}
	}, func(b *bench) error {
		w := b.rounds(waiter)
		if o := w.Outcome(0); *b.reached == given && (o != Broken || !b.rung(waiter)) {
			return fmt.Errorf("the round before has outcome %d", o)
		}
		w.Leave()
		return b.settled()
	}),
	operation("notify", func(b *bench) {
		must(b.lock(victim).Try())
		b.calls(waiter).Enlist()
	}, func(b *bench) func() {
		c := b.calls(victim)
		return func() {
			must(c.Call(1, -1) == 1)
			b.knows(given)
		}
	}, func(b *bench) error { return b.called(*b.reached == given) }),
	operation("wait, and take a call", func(b *bench) {
		b.calls(waiter).Enlist()
		c := b.calls(victim)
		c.Enlist()
		c.call(victim)
	}, func(b *bench) func() {
		c := b.calls(victim)
		return func() {
			b.knows(begun)
			must(c.Take())
			b.knows(has)
		}
	}, func(b *bench) error {
		taken := b.calls(victim).words[victim].Load() == 0
		return b.called(!taken) // else it was made for nobody else
	}),
	operation("wait, and give up with a call", func(b *bench) {
		b.calls(waiter).Enlist()
		b.calls(victim).Enlist()
		b.calls(victim).call(victim)
	}, func(b *bench) func() {
		c := b.calls(victim)
		return c.Quit
	}, func(b *bench) error { return b.called(true) }),
	operation("read", nothing, func(b *bench) func() {
		r, l := b.readers(victim), b.lock(victim)
		return func() {
			r.Enter()
			must(l.Free())
			must(r.Leave())
		}
	}, func(b *bench) error { return b.opened(false) }),
	operation("read through the door", nothing, func(b *bench) func() {
		r, l := b.readers(victim), b.lock(victim)
		return func() {
			must(l.Try())
			r.Enter()
			b.give(l)
			must(r.Leave())
		}
	}, func(b *bench) error { return b.opened(false) }),
	operation("write", nothing, func(b *bench) func() {
		r, l := b.readers(victim), b.lock(victim)
		return func() {
			must(l.Try() && !r.Any())
			r.Begin()
			b.knows(has)
			b.knows(begun)
			r.End()
			b.give(l)
		}
	}, func(b *bench) error { return b.opened(*b.reached == has) }),
	operation("repair", func(b *bench) {
		l, r := b.lock(other), b.readers(other)
		must(l.Try())
		r.Begin()
		l.Sweep(other, true)
	}, func(b *bench) func() {
		r, l := b.readers(victim), b.lock(victim)
		return func() {
			v, _ := l.Take(true)
			must(v == lock.Taken)
			b.knows(has)
			b.knows(begun)
			r.End()
			b.give(l)
		}
	}, func(b *bench) error { return b.opened(*b.reached == has) }),
}
