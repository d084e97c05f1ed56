//go:build linux && amd64 && !explore

package lock

import (
	"fmt"
	"testing"
	"unsafe"

	"github.com/mpgen/mpgen/runtime/internal/bell"
	"github.com/mpgen/mpgen/runtime/internal/killstep"
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

// bench is a memory: bells, how far the child knows to be, and a lock.
type bench struct {
	bells   []bell.Word
	reached *uint64
	at      unsafe.Pointer
	time    int64
}

// What the child knows.
const (
	begun = iota
	has   // it holds the lock
	given // it has given it back
)

func openBench(p unsafe.Pointer) *bench {
	return &bench{bells: unsafe.Slice((*bell.Word)(p), slots), reached: (*uint64)(unsafe.Add(p, 1024)), at: unsafe.Add(p, 2048)}
}

func (b *bench) lock(slot int) *Lock {
	l := Open(b.at, slot, b.bells, func() int64 { return b.time })
	return &l
}

func must(ok bool) {
	if !ok {
		panic("the operation could not be done")
	}
}

func (b *bench) take(l *Lock, repair bool) {
	v, _ := l.Take(repair)
	must(v == Taken)
}

// giveBack is what an Unlock does.
func (b *bench) giveBack(l *Lock) {
	if done, wake := l.Release(); !done {
		must(l.HandOn())
	} else if wake {
		l.Wake()
	}
}

// operation is one of the victim. before is what others did; held says that the
// victim had the lock before.
func operation(name string, before func(b *bench), act func(b *bench, l *Lock)) killstep.Operation {
	return killstep.Operation{
		Name: name, Size: 4096,
		Prepare: func(p unsafe.Pointer) {
			b := openBench(p)
			before(b)
		},
		Open: func(p unsafe.Pointer) func() {
			b := openBench(p)
			b.time = int64(*b.reached >> 8)
			l := b.lock(victim)
			return func() { act(b, l) }
		},
		Check: func(p unsafe.Pointer) error { return openBench(p).check() },
	}
}

// with sets what the child knows at first, and the time for it.
func (b *bench) with(reached int, time int64) { *b.reached = uint64(reached) | uint64(time)<<8 }

func (b *bench) knows(reached int) { *b.reached = *b.reached&^0xff | uint64(reached) }

// check is the sweep, and what those who are left do then.
func (b *bench) check() error {
	o, w := b.lock(other), b.lock(waiter)
	o.Sweep(victim, true)
	o.Sweep(victim, true) // as if it had been killed
	slot, died, ok := o.Holder()
	switch *b.reached & 0xff {
	case has:
		if !died || slot != victim {
			return fmt.Errorf("it died with the lock, and the word is %#x", o.m.word.Load())
		}
	case given:
		if ok && (died || slot == victim) {
			return fmt.Errorf("it died without the lock, and the word is %#x", o.m.word.Load())
		}
	}
	if ok && !died {
		if slot != other {
			return fmt.Errorf("the lock is left to %d", slot)
		}
		b.giveBack(o) // it was only passing by
	}
	if w.waiting.Has(waiter) {
		v, _ := w.Take(false)
		if v == Died {
			v, _ = w.Take(true)
		}
		if v != Taken {
			return fmt.Errorf("the waiter must wait, and the word is %#x", w.m.word.Load())
		}
		w.Leave()
		b.giveBack(w)
	}
	v, _ := o.Take(true)
	if v != Taken {
		return fmt.Errorf("nobody can take the lock, and the word is %#x", o.m.word.Load())
	}
	b.giveBack(o)
	if left := o.Waiters(); o.m.word.Load() != free || len(left) > 0 {
		return fmt.Errorf("left are the word %#x and the waiters %v", o.m.word.Load(), left)
	}
	return nil
}

var operations = []killstep.Operation{
	operation("lock", func(b *bench) { b.with(begun, 0) },
		func(b *bench, l *Lock) {
			must(l.Try())
			b.knows(has)
		}),
	operation("lock and unlock", func(b *bench) { b.with(begun, 0) },
		func(b *bench, l *Lock) {
			must(l.Try())
			b.giveBack(l)
			b.knows(given)
		}),
	operation("lock after waiting", func(b *bench) {
		o := b.lock(other)
		must(o.Try())
		b.lock(victim).Stand()
		o.now = func() int64 { return 1 << 40 } // reserved for the victim
		b.giveBack(o)
		b.with(begun, 0)
	}, func(b *bench, l *Lock) {
		l.Stand()
		b.take(l, false)
		l.Leave()
		b.knows(has)
	}),
	operation("unlock with a waiter", func(b *bench) {
		must(b.lock(victim).Try())
		b.lock(waiter).Stand()
		b.with(begun, 0)
	}, func(b *bench, l *Lock) {
		b.giveBack(l)
		b.knows(given)
	}),
	operation("unlock, reserved for a waiter", func(b *bench) {
		must(b.lock(victim).Try())
		b.lock(waiter).Stand()
		b.with(begun, 1<<40)
	}, func(b *bench, l *Lock) {
		b.giveBack(l)
		b.knows(given)
	}),
	operation("give up", func(b *bench) {
		must(b.lock(other).Try())
		b.lock(waiter).Stand()
		b.with(given, 0)
	}, func(b *bench, l *Lock) {
		l.Stand()
		v, _ := l.Take(false)
		must(v == Wait)
		l.Leave()
	}),
	operation("give up what is reserved", func(b *bench) {
		o := b.lock(other)
		must(o.Try())
		b.lock(victim).Stand()
		o.now = func() int64 { return 1 << 40 }
		b.giveBack(o)
		b.lock(waiter).Stand()
		b.with(given, 0)
	}, func(b *bench, l *Lock) { l.Leave() }),
	operation("repair", func(b *bench) {
		o := b.lock(other)
		must(o.Try())
		o.Sweep(other, true)
		b.lock(waiter).Stand()
		b.with(begun, 0)
	}, func(b *bench, l *Lock) {
		b.take(l, true)
		b.knows(has)
	}),
	operation("repair and unlock", func(b *bench) {
		o := b.lock(other)
		must(o.Try())
		o.Sweep(other, true)
		b.lock(waiter).Stand()
		b.with(begun, 0)
	}, func(b *bench, l *Lock) {
		b.take(l, true)
		b.giveBack(l)
		b.knows(given)
	}),
}
