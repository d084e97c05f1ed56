package bell

import (
	"math/bits"
	"unsafe"

	"github.com/mpgen/mpgen/runtime/internal/seam"
)

// Parked is the bitmap of the processes that sleep, or are about to, for one
// thing: an item, or room, in one queue. Bit i belongs to process slot i. A
// count would not do: the share of a dead sleeper could not be found again.
//
// With more than 64 slots a summary says which words may hold a bit. It is a
// hint that may say too much, and too little only while a waker that is about to
// look again is between two steps; if that waker dies there, the sweep of its
// death rings every bell.
type Parked struct {
	summary *seam.Uint64
	words   []seam.Uint64
	bells   []Word
}

// ParkedSize is the number of bytes of a Parked of n slots.
func ParkedSize(n int) int { return (8*(1+wordsOf(n)) + 63) &^ 63 }

func wordsOf(n int) int { return (n + 63) / 64 }

// OpenParked is the view of the Parked at p, of ParkedSize(len(bells)) bytes.
func OpenParked(p unsafe.Pointer, bells []Word) Parked {
	return Parked{
		summary: (*seam.Uint64)(p),
		words:   unsafe.Slice((*seam.Uint64)(unsafe.Add(p, 8)), wordsOf(len(bells))),
		bells:   bells,
	}
}

// Set says that slot is about to sleep. The caller looks for its thing once
// more after it, so that who brings it either sees the bit or is seen.
func (p *Parked) Set(slot int) {
	w, bit := slot/64, uint64(1)<<(slot%64)
	if p.words[w].Load()&bit == 0 {
		p.words[w].Or(bit)
	}
	if len(p.words) > 1 {
		if s := uint64(1) << w; p.summary.Load()&s == 0 {
			p.summary.Or(s)
		}
	}
}

// Clear takes slot's bit back and reports whether it was still there. If it was
// not, a wake-up is spent on slot, which must use it or hand it on.
func (p *Parked) Clear(slot int) bool {
	w, bit := slot/64, uint64(1)<<(slot%64)
	if p.words[w].Load()&bit == 0 {
		return false
	}
	return p.words[w].And(^bit)&bit != 0
}

// Any reports whether somebody may sleep here.
func (p *Parked) Any() bool {
	if len(p.words) == 1 {
		return p.words[0].Load() != 0
	}
	return p.summary.Load() != 0
}

// WakeOne wakes one sleeper, if there is one: its bit is taken, then its bell
// rung. Without a sleeper it costs one load.
func (p *Parked) WakeOne() {
	if p.Any() {
		p.wakeOne()
	}
}

func (p *Parked) wakeOne() {
	for {
		seam.At(atWakeOne, uint64(uintptr(unsafe.Pointer(p.summary))))
		w := 0
		if len(p.words) > 1 {
			s := p.summary.Load()
			if s == 0 {
				return
			}
			w = bits.TrailingZeros64(s)
		}
		x := p.words[w].Load()
		if x == 0 {
			if len(p.words) == 1 {
				return
			}
			p.summary.And(^(uint64(1) << w))
			if p.words[w].Load() != 0 {
				p.summary.Or(uint64(1) << w)
			}
			continue
		}
		slot := bits.TrailingZeros64(x)
		if p.words[w].CompareAndSwap(x, x&^(uint64(1)<<slot)) {
			if i := w*64 + slot; i < len(p.bells) {
				p.bells[i].Ring()
			}
			return
		}
	}
}

// WakeAll wakes every sleeper, whatever the summary says.
func (p *Parked) WakeAll() {
	for w := range p.words {
		if p.words[w].Load() == 0 {
			continue
		}
		for x := p.words[w].Swap(0); x != 0; x &= x - 1 {
			if i := w*64 + bits.TrailingZeros64(x); i < len(p.bells) {
				p.bells[i].Ring()
			}
		}
	}
}

const atWakeOne = 100
