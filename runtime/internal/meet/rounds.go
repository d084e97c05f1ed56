package meet

import (
	"unsafe"

	"github.com/mpgen/mpgen/runtime/internal/bell"
	"github.com/mpgen/mpgen/runtime/internal/seam"
)

// Rounds are those of a barrier. One word says everything about the present round:
// its number, how many have come, and
//
//	filling  some have not come
//	acting   all have, and the last one runs the action
//	broken   it will not pass
//
// and how many rounds were reset, and how the eight rounds before ended, for those that
// were in one and have not looked since: without a reset since then it has passed,
// however many have followed; with one, the eight say it, and of an older round nobody
// knows any more, so it counts as broken. Each change is one CAS: to come is to count one up, and the count
// before is one's index; the last to come opens the next round by the same CAS, or,
// if there is an action, by one more behind it. So a round passes for all at once.
//
// # Death
//
// Beside the word each process counts its goroutines that are in a round, from
// before they come until after they have looked how it ended. A process that dies in
// a round breaks it, as does who gives up: so the count of those that have come need
// not be repaired, since a broken round never passes. A process that can't come any
// more, as it has ended, breaks the round too, if the barrier needs everyone.
//
// A broken round stays until a reset, which opens the next round and tells all that
// were in this one that it did not pass.
type Rounds struct {
	word    *seam.Uint64
	within  []seam.Uint64 // of each slot
	waiting bell.Parked
	slot    int
	parties int
}

const (
	filling = iota
	acting
	broken

	countShift = 2
	countMask  = 1<<14 - 1
	pastShift  = 16
	pastRounds = 8
	pastMask   = 1<<pastRounds - 1
	resetShift = pastShift + pastRounds
	resetMask  = 1<<16 - 1
	roundShift = resetShift + 16
	roundMask  = 1<<24 - 1
)

// A Round names a round to who has come to it: its number, and the resets before it.
type Round uint64

// Number is the round's number, from 0.
func (r Round) Number() uint64 { return uint64(r) >> (roundShift - resetShift) & roundMask }

func (r Round) resets() uint64 { return uint64(r) & resetMask }

// MaxParties is the most that a barrier can wait for.
const MaxParties = 10_000

func phaseOf(w uint64) uint64 { return w & 3 }
func countOf(w uint64) int    { return int(w >> countShift & countMask) }
func roundOf(w uint64) Round  { return Round(w >> resetShift) }

// next is the word of the round after w's, which passed or not.
func next(w uint64, passed bool) uint64 {
	past, resets := w>>pastShift<<1&pastMask, roundOf(w).resets()
	if !passed {
		past, resets = past|1, (resets+1)&resetMask
	}
	return (roundOf(w).Number()+1)&roundMask<<roundShift | resets<<resetShift | past<<pastShift
}

// RoundsSize is the number of bytes of a barrier in a run of so many slots.
func RoundsSize(slots int) int { return line + lines(8*slots) + bell.ParkedSize(slots) }

// OpenRounds is the view that the process of a slot has of the barrier at p.
func OpenRounds(p unsafe.Pointer, slot int, bells []bell.Word, parties int) Rounds {
	at := unsafe.Add(p, line)
	return Rounds{
		word: (*seam.Uint64)(p), within: words(at, len(bells)),
		waiting: bell.OpenParked(unsafe.Add(at, lines(8*len(bells))), bells), slot: slot, parties: parties,
	}
}

// Outcome is how a round stands.
type Outcome int

// How a round stands.
const (
	Waits  Outcome = iota // some have not come, or the action is not done
	Passed                // all have come, and the action is done
	Broken                // it will never pass
	Acts                  // all have come, and the caller runs the action
	Full                  // all have come, and it is another who does: the caller is not in it
)

// Enter says that a goroutine of this process is about to come. Leave ends it.
func (b *Rounds) Enter() { b.within[b.slot].Add(1) }

// Leave says that a goroutine has looked how its round ended.
func (b *Rounds) Leave() { b.within[b.slot].Add(^uint64(0)) }

// Come makes the caller one of the present round: index is how many came before. Only
// where it acts or waits is there more to do: Pass or Break, or a wait for the outcome.
func (b *Rounds) Come(withAction bool) (round Round, index int, o Outcome) {
	for {
		w := b.word.Load()
		round, index = roundOf(w), countOf(w)
		switch {
		case phaseOf(w) == acting:
			return round, 0, Full
		case phaseOf(w) != filling:
			return round, 0, Broken
		case index+1 < b.parties:
			if b.word.CompareAndSwap(w, w+1<<countShift) {
				return round, index, Waits
			}
		case withAction:
			if b.word.CompareAndSwap(w, w+1<<countShift+acting) {
				return round, index, Acts
			}
		default:
			if b.word.CompareAndSwap(w, next(w, true)) {
				b.waiting.WakeAll()
				return round, index, Passed
			}
		}
	}
}

// Outcome is how a round stands or ended.
func (b *Rounds) Outcome(round Round) Outcome {
	w := b.word.Load()
	switch ago := (roundOf(w).Number() - round.Number()) & roundMask; {
	case ago == 0 && phaseOf(w) == broken:
		return Broken
	case ago == 0:
		return Waits
	case roundOf(w).resets() == round.resets():
		return Passed
	case ago > pastRounds || w>>(pastShift+ago-1)&1 == 1:
		return Broken
	}
	return Passed
}

// Room reports whether a caller of Come would not be told that the round is full.
func (b *Rounds) Room() bool { return phaseOf(b.word.Load()) != acting }

// Pass ends the round for which the caller has run the action. It reports false if
// the round was broken meanwhile.
func (b *Rounds) Pass(round Round) bool {
	w := b.word.Load()
	if roundOf(w) != round || phaseOf(w) != acting || !b.word.CompareAndSwap(w, next(w, true)) {
		return false
	}
	b.waiting.WakeAll()
	return true
}

// Break breaks a round, if it has not ended.
func (b *Rounds) Break(round Round) {
	for {
		w := b.word.Load()
		if roundOf(w) != round || phaseOf(w) == broken {
			break
		}
		if b.word.CompareAndSwap(w, w&^3|broken) {
			break
		}
	}
	b.waiting.WakeEach()
}

// Abort breaks the present round, whichever it is by then.
func (b *Rounds) Abort() {
	for {
		w := b.word.Load()
		if phaseOf(w) == broken || b.word.CompareAndSwap(w, w&^3|broken) {
			break
		}
	}
	b.waiting.WakeEach()
}

// Reset opens a new round. The one before has not passed.
func (b *Rounds) Reset() {
	for {
		w := b.word.Load()
		if b.word.CompareAndSwap(w, next(w, false)) {
			b.waiting.WakeAll()
			return
		}
	}
}

// State is how many have come in the present round, and whether it is broken.
func (b *Rounds) State() (come int, isBroken bool) {
	w := b.word.Load()
	return countOf(w), phaseOf(w) == broken
}

// Waiting is where those are that wait.
func (b *Rounds) Waiting() *bell.Parked { return &b.waiting }

// Within are the processes that have goroutines in a round, to look at.
func (b *Rounds) Within() (slots []int) {
	for i := range b.within {
		if b.within[i].Load() != 0 {
			slots = append(slots, i)
		}
	}
	return slots
}

// Sweep breaks the present round if the dead process p was in it, or if it was needed.
// A rouse of every bell must follow.
func (b *Rounds) Sweep(p int, needed bool) {
	b.waiting.Clear(p)
	if needed || b.within[p].Load() != 0 {
		b.Abort()
	}
	b.within[p].Store(0)
}
