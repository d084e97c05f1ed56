package meet

import (
	"unsafe"

	"github.com/mpgen/mpgen/runtime/internal/bell"
	"github.com/mpgen/mpgen/runtime/internal/seam"
)

// Flag is that of an event: a word that counts how often the flag was raised or
// lowered, so it is up when the count is odd. Who waits has noted the count, and
// goes on when the flag is up or the count another: so one who was waiting when the
// flag was raised goes on, also if it was lowered before he looked. Nobody owns a
// flag, and a death leaves nothing to repair: only the dead's bit among the waiters
// is taken away.
type Flag struct {
	word    *seam.Uint64
	waiting bell.Parked
	slot    int
}

// FlagSize is the number of bytes of a flag in a run of so many slots.
func FlagSize(slots int) int { return line + bell.ParkedSize(slots) }

// OpenFlag is the view that the process of a slot has of the flag at p.
func OpenFlag(p unsafe.Pointer, slot int, bells []bell.Word) Flag {
	return Flag{word: (*seam.Uint64)(p), waiting: bell.OpenParked(unsafe.Add(p, line), bells), slot: slot}
}

// Raise puts the flag up and wakes who waits.
func (f *Flag) Raise() {
	f.turn(0)
	f.waiting.WakeEach() // also if it was up: who raised it may not have come to that
}

// Lower takes the flag down.
func (f *Flag) Lower() { f.turn(1) }

// turn changes the flag from one state to the other, if it is in that one.
func (f *Flag) turn(from uint64) {
	for {
		w := f.word.Load()
		if w&1 != from || f.word.CompareAndSwap(w, w+1) {
			return
		}
	}
}

// Look is whether the flag is up, and the count to note.
func (f *Flag) Look() (up bool, count uint64) {
	w := f.word.Load()
	return w&1 == 1, w
}

// Waiting is where those are that wait.
func (f *Flag) Waiting() *bell.Parked { return &f.waiting }

// Raised reports whether the flag is up, or was since the count was noted.
func (f *Flag) Raised(count uint64) bool {
	w := f.word.Load()
	return w&1 == 1 || w != count
}

// Sweep takes the dead process p from those that wait. A rouse of every bell must
// follow.
func (f *Flag) Sweep(p int) { f.waiting.Clear(p) }
