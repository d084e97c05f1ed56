//go:build explore

package ring

import (
	"errors"
	"fmt"
	"unsafe"

	"github.com/mpgen/mpgen/runtime/internal/explore"
)

// The checks of a chain: what must hold when its processes say something, when one of
// them dies, and when all have ended.

// What the checks remember of a message, in a byte of the notes: bit 0 acked, bits
// 1 and 2 its state, bits 3 to 6 its reader, bit 7 its result came.
const (
	unread = iota
	inHand
	finished
)

// hasRoom, hasItem and over are what the ring's own say, at one moment.
func (l *chain) hasRoom(w *explore.World, r *Bounded) bool {
	t := l.word(w, unsafe.Pointer(&r.h.tail))
	return !state(l.word(w, unsafe.Pointer(r.state(t&(r.n-1))))).behind(t >> r.shift & lapMask)
}

func (l *chain) hasItem(w *explore.World, s *Seat) bool {
	switch state(l.word(w, unsafe.Pointer(&s.cell.state))).kind() {
	case full:
		return true
	case reading:
		return false
	}
	r := s.r
	if l.word(w, unsafe.Pointer(&r.h.third))&1 == 1 {
		return true
	}
	h := l.word(w, unsafe.Pointer(&r.h.head))
	lap := h >> r.shift & lapMask
	st := state(l.word(w, unsafe.Pointer(r.state(h&(r.n-1)))))
	return !st.behind(lap) && !(st.lap() == lap && (st.kind() == empty || st.kind() == writing))
}

func (l *chain) over(w *explore.World, k, i int) bool {
	r := l.ring[k]
	if l.word(w, unsafe.Pointer(l.closed[k])) == 0 {
		return false
	}
	for k := range r.n {
		if state(l.word(w, unsafe.Pointer(r.state(k)))).kind() != empty {
			return false
		}
	}
	for k := range r.seats.n {
		if state(l.word(w, unsafe.Pointer(r.seats.cell(k, r.payload)))).kind() != empty ||
			int(r.seats.owner[k]) != i && control(l.word(w, unsafe.Pointer(r.seats.record(k)))).phase() != free {
			return false
		}
	}
	return true
}

func (l *chain) event(w *explore.World, i, kind int, m uint64) error {
	index := m >> 8 // of SPSC: the place that message was in
	m &= 0xff
	n := &w.Notes[m]
	state := *n >> 1 & 3
	switch kind {
	case acked:
		*n |= 1
	case got:
		switch {
		case state == finished:
			return fmt.Errorf("message %d comes again although it is done", m)
		case state == inHand:
			return fmt.Errorf("message %d comes again although its reader works on it", m)
		}
		if l.spsc != nil {
			i = int(index)
		}
		*n = *n&^(15<<3|3<<1) | inHand<<1 | byte(i)<<3 | 1
	case done:
		*n = *n&^(3<<1) | finished<<1
	case result:
		if *n&128 != 0 {
			return fmt.Errorf("message %d gives two results", m)
		}
		*n |= 128
	case joining:
		for m := range w.Notes[:16] {
			if w.Notes[m]&1 == 1 {
				w.Notes[m] |= 128
			}
		}
	case sawEnd:
		for m, n := range w.Notes[:16] {
			if len(l.workers) == 0 && n&1 == 1 && n>>1&3 != finished && !l.let(w, int(n>>3&15), n) {
				return fmt.Errorf("the end is seen while message %d is not done", m)
			}
		}
	case joined:
		for m, n := range w.Notes[:16] {
			if n&128 != 0 && n>>1&3 != finished && !l.let(w, int(n>>3&15), n) {
				return fmt.Errorf("message %d is not done when all were said to be", m)
			}
		}
	}
	return nil
}

// let reports whether reader i has said that its message is done, though its event
// has not come yet.
func (l *chain) let(w *explore.World, i int, note byte) bool {
	r := l.ring[0]
	for k := range r.seats.n {
		if int(r.seats.owner[k]) == i {
			return note>>1&3 == inHand && control(l.word(w, unsafe.Pointer(r.seats.record(k)))).phase() == free
		}
	}
	return false
}

// died says for what the dead process worked on whether it was done.
func (l *chain) died(w *explore.World, i int) {
	if l.spsc != nil {
		for m := range w.Notes[:16] {
			n := &w.Notes[m]
			if i == 1 && *n>>1&3 == inHand {
				*n &^= 3 << 1
				if uint64(*n>>3&15) < l.word(w, unsafe.Pointer(&l.spsc.h.third)) {
					*n |= finished << 1
				}
			}
		}
		return
	}
	for m := range w.Notes[:16] {
		n := &w.Notes[m]
		if *n>>1&3 == inHand && int(*n>>3&15) == i {
			*n &^= 3 << 1
			last := l.ring[0]
			if l.ring[1] != nil {
				last = l.ring[1]
			}
			for k := range last.seats.n {
				if int(last.seats.owner[k]) == i && control(l.word(w, unsafe.Pointer(last.seats.record(k)))).phase() == free {
					*n |= finished << 1
				}
			}
		}
	}
}

func (l *chain) word(w *explore.World, p unsafe.Pointer) uint64 {
	return w.Word(int(uintptr(p)-uintptr(unsafe.Pointer(&l.memory[0]))) / 8)
}

func (l *chain) atRest(w *explore.World) error {
	sent := 0
	for m, n := range w.Notes[:16] {
		if n&1 == 1 {
			sent++
			if n>>1&3 != finished {
				return fmt.Errorf("message %d is lost", m)
			}
		}
	}
	if l.spsc != nil {
		return nil
	}
	for k, r := range l.ring {
		if r == nil {
			continue
		}
		if err := l.clean(w, r); err != nil {
			return err
		}
		if skips := int(l.word(w, unsafe.Pointer(&r.h.tail))) - sent; k == 0 && skips > w.Kills() {
			return fmt.Errorf("%d places are lost by %d deaths", skips, w.Kills())
		}
	}
	return nil
}

// clean is the check that nothing is left of anybody.
func (l *chain) clean(w *explore.World, r *Bounded) error {
	for i := range r.n {
		if s := state(l.word(w, unsafe.Pointer(r.state(i)))); s.kind() != empty && s.kind() != skip {
			return fmt.Errorf("slot %d is left as %#x", i, uint64(s))
		}
	}
	for i := range r.seats.n {
		if s := state(l.word(w, unsafe.Pointer(r.seats.cell(i, r.payload)))); s.kind() != empty {
			return fmt.Errorf("cell %d is left as %#x", i, uint64(s))
		}
		if c := control(l.word(w, unsafe.Pointer(r.seats.record(i)))); c.phase() != free {
			return errors.New("a record is left that is not free")
		}
	}
	return nil
}
