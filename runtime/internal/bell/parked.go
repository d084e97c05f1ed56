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

// Has reports whether slot's bit is set.
func (p *Parked) Has(slot int) bool {
	w := slot / 64
	return w < len(p.words) && p.words[w].Load()&(1<<(slot%64)) != 0
}

// Slots is the number of slots.
func (p *Parked) Slots() int { return len(p.bells) }

// Next is the first slot whose bit is set, in the circle that begins behind after
// and ends with it. The bit stays: who uses Next takes only its own.
func (p *Parked) Next(after int) (slot int, ok bool) {
	if after < 0 || after >= len(p.bells) {
		after = 0 // it may come from shared memory
	}
	n := len(p.words)
	from := (after + 1) % (64 * n)
	for k := range n + 1 {
		w := (from/64 + k) % n
		x := p.wordToVisit(w)
		switch k {
		case 0: // what is behind after
			x &= ^uint64(0) << (from % 64)
		case n: // what is up to it
			x &= 1<<(from%64) - 1
		}
		if slot := w*64 + bits.TrailingZeros64(x); x != 0 && slot < len(p.bells) {
			return slot, true
		}
	}
	return 0, false
}

// wordToVisit is a word of the bitmap; the summary says for most that there is
// nothing in them, and is set right where it does not.
func (p *Parked) wordToVisit(w int) uint64 {
	if len(p.words) == 1 {
		return p.words[0].Load()
	}
	s := uint64(1) << w
	if p.summary.Load()&s == 0 {
		return 0
	}
	x := p.words[w].Load()
	if x == 0 {
		p.summary.And(^s)
		if x = p.words[w].Load(); x != 0 {
			p.summary.Or(s)
		}
	}
	return x
}

// Ring rings the bell of slot.
func (p *Parked) Ring(slot int) {
	if slot < len(p.bells) {
		p.bells[slot].Ring()
	}
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

// WakeEach is WakeAll where nobody may sleep: then it costs one load. It believes
// the summary.
func (p *Parked) WakeEach() {
	if p.Any() {
		p.WakeAll()
	}
}

// WakeAll wakes every sleeper, whatever the summary says.
func (p *Parked) WakeAll() {
	for w := range p.words {
		for p.words[w].Load() != 0 {
			for x := p.words[w].Swap(0); x != 0; x &= x - 1 {
				if i := w*64 + bits.TrailingZeros64(x); i < len(p.bells) {
					p.bells[i].Ring()
				}
			}
			if len(p.words) == 1 {
				break
			}
			p.summary.And(^(uint64(1) << w)) // as in wakeOne: who set its bit meanwhile is looked for again
			if p.words[w].Load() != 0 {
				p.summary.Or(uint64(1) << w)
			}
		}
	}
}

const atWakeOne = 100
