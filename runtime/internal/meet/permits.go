package meet

import (
	"unsafe"

	"github.com/mpgen/mpgen/runtime/internal/seam"
)

// Permits are those of a semaphore: a word each, zero or the number of the process
// that has it, plus one. It is taken by the CAS that writes the number, and given
// back by one to zero. The sweep sets those of the dead to zero.
//
// Who finds none takes the semaphore's lock and looks again: a permit that is
// given back rings who has that lock. He took the lock before he looked, and the
// other looks at the lock after the permit is free, so one of the two sees the
// other. Those behind him stand at the lock.
type Permits struct {
	words []seam.Uint64
	mine  uint64
}

// PermitsSize is the number of bytes of n permits.
func PermitsSize(n int) int { return lines(8 * n) }

// OpenPermits is the view that the process of a slot has of the n permits at p.
func OpenPermits(p unsafe.Pointer, n, slot int) Permits {
	return Permits{words: words(p, n), mine: uint64(slot) + 1}
}

// Take takes a free permit, the first from a place on, if there is one.
func (s *Permits) Take(from int) (permit int, ok bool) {
	for i := range s.words {
		k := (from + i) % len(s.words)
		if s.words[k].Load() == 0 && s.words[k].CompareAndSwap(0, s.mine) {
			return k, true
		}
	}
	return 0, false
}

// Give gives back a permit of this process. It reports false if it has it not.
func (s *Permits) Give(permit int) bool { return s.words[permit].CompareAndSwap(s.mine, 0) }

// Any reports whether one is free.
func (s *Permits) Any() bool {
	for i := range s.words {
		if s.words[i].Load() == 0 {
			return true
		}
	}
	return false
}

// Free counts those that are.
func (s *Permits) Free() (n int) {
	for i := range s.words {
		if s.words[i].Load() == 0 {
			n++
		}
	}
	return n
}

// Holders are the slots of the processes that have some, each as often.
func (s *Permits) Holders() (slots []int) {
	for i := range s.words {
		if w := s.words[i].Load(); w != 0 {
			slots = append(slots, int(w)-1)
		}
	}
	return slots
}

// Sweep gives back what the dead process p had. A rouse of every bell must follow.
func (s *Permits) Sweep(p int) {
	for i := range s.words {
		if s.words[i].Load() == uint64(p)+1 {
			s.words[i].CompareAndSwap(uint64(p)+1, 0)
		}
	}
}
