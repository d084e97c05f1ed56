package meet

import (
	"unsafe"

	"github.com/mpgen/mpgen/runtime/internal/bell"
	"github.com/mpgen/mpgen/runtime/internal/seam"
)

// Readers are those of a lock that many may hold for reading, beside a lock of package
// lock that writers hold, here called the door. Each process counts its readers in a
// word of its own.
//
// A reader counts itself and then looks at the door: if nobody has it, he is in. Else
// he takes his count back, rings who has the door, and goes in through it: he takes
// it, counts himself, and gives it back. A writer takes the door and then waits until
// all counts are zero; a reader who leaves rings who has the door. Each writes before
// it looks, so of a reader and a writer at least one sees the other.
//
// From the moment that a writer has the door nobody else gets in, so readers that
// come one after the other do not keep him out for ever; and the door is fair, so
// writers do not keep readers out.
//
// # Death
//
// A writer raises the flag begun when all readers have left, and lowers it before he
// gives the door back. So if somebody dies with the door, what it guards is perhaps
// half changed only if the flag is up: then the door stays with the dead, until one
// repairs, with the flag up all the while. Else it was a writer who had not begun, or
// a reader on his way in, and the door is set free. The count of a dead reader is set
// to zero.
type Readers struct {
	begun  *seam.Uint64
	counts []seam.Uint64
	slot   int
}

// ReadersSize is the number of bytes of a lock's readers in a run of so many slots.
func ReadersSize(slots int) int { return line + lines(8*slots) }

// OpenReaders is the view that the process of a slot has of the readers at p.
func OpenReaders(p unsafe.Pointer, slot int, bells []bell.Word) Readers {
	return Readers{begun: (*seam.Uint64)(p), counts: words(unsafe.Add(p, line), len(bells)), slot: slot}
}

// Enter counts one more reader of this process.
func (r *Readers) Enter() { r.counts[r.slot].Add(1) }

// Leave counts one less. It reports false if there was none.
func (r *Readers) Leave() bool {
	for {
		n := r.counts[r.slot].Load()
		if n == 0 {
			return false
		}
		if r.counts[r.slot].CompareAndSwap(n, n-1) {
			return true
		}
	}
}

// Any reports whether somebody reads, or looks whether he may.
func (r *Readers) Any() bool {
	for i := range r.counts {
		if r.counts[i].Load() != 0 {
			return true
		}
	}
	return false
}

// Slots are the processes with readers, to look at.
func (r *Readers) Slots() (slots []int) {
	for i := range r.counts {
		if r.counts[i].Load() != 0 {
			slots = append(slots, i)
		}
	}
	return slots
}

// Begin says that the writer, who has the door, is alone.
func (r *Readers) Begin() { r.begun.Store(1) }

// End says that he has done. The door is given back after it.
func (r *Readers) End() { r.begun.Store(0) }

// Begun reports whether a writer is at work, or died at it.
func (r *Readers) Begun() bool { return r.begun.Load() != 0 }

// Sweep takes the readers of the dead process p away, and reports whether what p may
// have held the door for is perhaps half done.
func (r *Readers) Sweep(p int) (halfDone bool) {
	r.counts[p].Store(0)
	return r.Begun()
}
