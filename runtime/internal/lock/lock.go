// Package lock is a mutex between processes, in shared memory.
//
// # The word
//
// One word says everything:
//
//	FREE
//	HELD(p)      p has it
//	RESERVED(p)  nobody has it, and only p may take it
//	DEAD(p)      p died with it: what it guards may be half done
//
// A process takes the lock by the CAS that writes its number, and gives it back
// by one CAS to FREE, so each moment of its life names the one who would have to
// be repaired. With nobody waiting, that and two looks at the waiters is all.
//
// # Waiting
//
// A bitmap says which processes have somebody standing here. A process sets its
// bit before it looks at the word again, and alone takes it away, when it has the
// lock or gives up; so whoever gives the lock back, and looks at the bitmap after
// that, sees every process that did not see the lock free. He rings the bell of
// the next one in the circle. The bell means "look again": no lock goes with it.
// Who was rung and leaves without the lock rings the next, if the lock is free.
//
// # No starvation
//
// A lock that is given back may be taken by anyone who comes by, which is fast:
// the one who was rung needs microseconds to get up. But not for ever. Once in
// a while, at the first release after [Patience] for which somebody stands
// here, the lock is not set free but reserved, for the next process behind the
// last one for which it was, in the circle of the bitmap. So who stands here gets
// the lock after at most one such turn of each other process, whoever comes by.
//
// A reservation may be for one who has just given up. Both sides look: he takes
// his bit away and then looks at the word; the other writes the word and then
// looks at his bit. At least one sees the other, and takes the reservation back.
//
// # Death
//
// The sweep of a dead p takes p's bit away, and then
//
//	HELD(p)      becomes DEAD(p), or FREE where nothing can be half done
//	RESERVED(q)  becomes FREE, if q's bit is gone: q is p, or p died before it looked
//
// and is followed by a rouse of every bell, since p may have been the one who was
// rung, or the one who was to ring. DEAD ends all waiting with an error, until
// a process takes the lock from the dead to repair what it guards. Every step is
// one CAS that may be done again, so a sweep that is killed is begun again.
//
// # Goroutines
//
// The package sees processes. A process lets one goroutine at a time stand here;
// the others queue up before it, in the process.
package lock

import (
	"time"
	"unsafe"

	"github.com/mpgen/mpgen/runtime/internal/bell"
	"github.com/mpgen/mpgen/runtime/internal/seam"
)

// kinds of the word, in its bits 0 to 3; the process is above.
const (
	free = iota
	held
	reserved
	dead
)

func pack(kind uint64, slot int) uint64 { return uint64(slot)<<4 | kind }

func kindOf(w uint64) uint64 { return w & 15 }
func slotOf(w uint64) int    { return int(w >> 4) }

// Patience is how long those who stand at a lock may see others take it.
const Patience = time.Millisecond

// memory is the lock in shared memory, a cache line; the bitmap is behind it.
type memory struct {
	word seam.Uint64
	// of the last reservation; written by the holder:
	turn seam.Uint64 // nanoseconds of the monotonic clock
	last seam.Uint64 // slot
	_    [40]byte
}

const memorySize = 64

// Size is the number of bytes of a lock in a run of so many slots.
func Size(slots int) int { return memorySize + bell.ParkedSize(slots) }

// Lock is one process's view of a lock. Any goroutine may call Try, Release and
// HandOn; the rest is for the one that stands here.
type Lock struct {
	m        *memory
	waiting  bell.Parked
	mine     uint64
	slot     int
	now      func() int64
	patience int64
}

// Open is the view that the process of a slot has of the lock at p. now is the
// monotonic clock that all processes share, in nanoseconds.
func Open(p unsafe.Pointer, slot int, bells []bell.Word, now func() int64) Lock {
	return Lock{
		m: (*memory)(p), waiting: bell.OpenParked(unsafe.Add(p, memorySize), bells),
		mine: pack(held, slot), slot: slot, now: now, patience: int64(Patience),
	}
}

// Try takes the lock if it is free.
func (l *Lock) Try() bool { return l.m.word.CompareAndSwap(free, l.mine) }

// Free reports whether nobody has the lock, and it is kept for nobody.
func (l *Lock) Free() bool { return l.m.word.Load() == free }

// Verdict is what Take found.
type Verdict int

// What Take finds.
const (
	Wait    Verdict = iota // another has it
	Taken                  // it is ours
	Died                   // its holder died with it
	Corrupt                // no correct process wrote that
)

// Take takes the lock if this process may have it; with repair also from a dead
// holder. slot is who died.
func (l *Lock) Take(repair bool) (v Verdict, slot int) {
	for {
		seam.At(atTake)
		w := l.m.word.Load()
		switch kindOf(w) {
		case free:
		case reserved:
			if slotOf(w) != l.slot {
				return Wait, 0
			}
		case held:
			return Wait, 0
		case dead:
			if !repair {
				return Died, slotOf(w)
			}
		default:
			return Corrupt, 0
		}
		if l.m.word.CompareAndSwap(w, l.mine) {
			return Taken, 0
		}
	}
}

// Stand says that the process waits here from now on. Take comes after it, and
// then Leave.
func (l *Lock) Stand() { l.waiting.Set(l.slot) }

// Ready reports whether Take would do anything else than wait.
func (l *Lock) Ready() bool {
	switch w := l.m.word.Load(); kindOf(w) {
	case held:
		return false
	case reserved:
		return slotOf(w) == l.slot
	}
	return true
}

// Leave ends Stand, whether the lock was taken or not.
func (l *Lock) Leave() {
	l.waiting.Clear(l.slot)
	l.pass(pack(reserved, l.slot))
}

// pass sets a lock free that was reserved and is not wanted, and rings the next if
// the lock is free.
func (l *Lock) pass(reservation uint64) {
	w := l.m.word.Load()
	if w == free || w == reservation && l.m.word.CompareAndSwap(w, free) {
		l.Wake()
	}
}

// Release gives the lock back. It reports false and has done nothing if others
// wait or the process does not hold it: then it takes a [Lock.HandOn]. Else wake
// says whether somebody came to wait meanwhile, for whom it takes a [Lock.Wake].
func (l *Lock) Release() (done, wake bool) {
	if l.waiting.Any() || !l.m.word.CompareAndSwap(l.mine, free) {
		return false, false
	}
	return true, l.waiting.Any()
}

// HandOn gives the lock back, with others waiting. It reports false if this
// process does not hold it.
func (l *Lock) HandOn() bool {
	if l.m.word.Load() != l.mine {
		return false
	}
	if t := l.now(); t-int64(l.m.turn.Load()) > l.patience {
		if q, ok := l.waiting.Next(int(l.m.last.Load())); ok {
			return l.reserve(q, t)
		}
	}
	if !l.m.word.CompareAndSwap(l.mine, free) {
		return false
	}
	l.Wake()
	return true
}

// reserve gives the lock to q, who stands here.
func (l *Lock) reserve(q int, now int64) bool {
	l.m.turn.Store(uint64(now))
	l.m.last.Store(uint64(q))
	w := pack(reserved, q)
	if !l.m.word.CompareAndSwap(l.mine, w) {
		return false
	}
	if l.waiting.Has(q) {
		l.waiting.Ring(q)
		return true
	}
	l.pass(w)
	return true
}

// Wake rings the next process that stands here, if there is one.
func (l *Lock) Wake() {
	if q, ok := l.waiting.Next(l.slot); ok {
		l.waiting.Ring(q)
	}
}

// Sweep frees what the dead process p had here; with poison, the lock stays with
// p if p held it. A rouse of every bell must follow.
func (l *Lock) Sweep(p int, poison bool) {
	l.waiting.Clear(p)
	w := l.m.word.Load()
	switch kindOf(w) {
	case held:
		if slotOf(w) == p {
			next := uint64(free)
			if poison {
				next = pack(dead, p)
			}
			l.m.word.CompareAndSwap(w, next)
		}
	case reserved:
		if !l.waiting.Has(slotOf(w)) {
			l.m.word.CompareAndSwap(w, free)
		}
	}
}

// Holder is who has the lock now, or died with it.
func (l *Lock) Holder() (slot int, died, ok bool) {
	w := l.m.word.Load()
	switch kindOf(w) {
	case held, dead:
		return slotOf(w), kindOf(w) == dead, true
	}
	return 0, false, false
}

// Waiters are the processes that stand here, to look at.
func (l *Lock) Waiters() (slots []int) {
	for i := range l.waiting.Slots() {
		if l.waiting.Has(i) {
			slots = append(slots, i)
		}
	}
	return slots
}

const atTake = 500
