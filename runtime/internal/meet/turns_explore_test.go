//go:build explore

package meet

import (
	"errors"
	"fmt"
	"unsafe"

	"github.com/mpgen/mpgen/runtime/internal/explore"
	"github.com/mpgen/mpgen/runtime/internal/seam"
)

// Events of those that are in and leave, with how many there may be.
const (
	entered  = iota // arg 1: it writes
	repaired        // it writes, and had been told that a writer died
	left
	passed // arg: a round
	failed // arg: a round
)

// Notes: bits of those that are in, and of those that write; whether one died that
// wrote; rounds that passed and that did not.
const (
	in = iota
	writing
	half
	didPass
	didNot
)

func (h *party) semaphore(permits int) *party {
	h.sweep = func(p int) {
		s := OpenPermits(h.at, permits, 0)
		h.lock(0).Sweep(p, false)
		s.Sweep(p)
	}
	h.Event = func(w *explore.World, i, kind int, _ uint64) error {
		if kind == left {
			w.Notes[in] &^= 1 << i
			return nil
		}
		w.Notes[in] |= 1 << i
		count := 0
		for k := range h.n {
			count += int(w.Notes[in] >> k & 1)
		}
		if count > permits {
			return fmt.Errorf("%d are in", count)
		}
		return nil
	}
	h.Died = func(w *explore.World, i int) { w.Notes[in] &^= 1 << i }
	h.AtRest = func(w *explore.World) error {
		for k := range permits {
			if v := h.word(w, unsafe.Add(h.at, 8*k)); v != 0 {
				return fmt.Errorf("permit %d is left to %d", k, v)
			}
		}
		return h.shut(w)
	}
	return h
}

// shut checks that nobody has the door.
func (h *party) shut(w *explore.World) error {
	if v := h.word(w, h.door); v != 0 && (w.Notes[half] == 0 || v&15 != 3) {
		return fmt.Errorf("the door is left as %#x", v)
	}
	if v := h.word(w, unsafe.Add(h.door, line+8)); v != 0 {
		return fmt.Errorf("somebody stands at the door: %#x", v)
	}
	return nil
}

func semaphoreTurn(permits int) func(h *party, s *explore.Self, i int) {
	return func(h *party, s *explore.Self, i int) {
		p, door := OpenPermits(h.at, permits, i), h.lock(i)
		permit, ok := 0, false
		if _, _, served := door.Holder(); !served {
			permit, ok = p.Take(i)
		}
		seam.At(700, uint64(permit), flag(ok))
		if !ok {
			if h.take(door, i, false) != nil {
				panic("nobody dies with the door")
			}
			for {
				seam.At(701)
				if permit, ok = p.Take(i); ok {
					break
				}
				seam.At(702)
				h.wait(i, nil, p.Any)
			}
			seam.At(703, uint64(permit))
			h.give(door)
		}
		seam.At(704, uint64(permit))
		s.Event(entered, 0)
		seam.Point() // a step within
		s.Event(left, 0)
		seam.At(705, uint64(permit))
		if !p.Give(permit) {
			panic("it was not ours")
		}
		h.ring(door)
	}
}

func (h *party) flag() *party {
	h.sweep = func(p int) {
		f := OpenFlag(h.at, 0, h.bells)
		f.Sweep(p)
	}
	h.Event = func(*explore.World, int, int, uint64) error { return nil }
	h.AtRest = func(*explore.World) error { return nil } // all have ended
	for i := range h.n {
		h.Processes[i].After = nil // who died comes again
	}
	return h
}

// flagTurn: process 0 raises and lowers the flag when all others wait or have died.
func flagTurn(h *party, s *explore.Self, i int) {
	f := OpenFlag(h.at, i, h.bells)
	if i > 0 {
		if h.tokens.Load()>>i&1 == 1 { // it has waited before it died
			return
		}
		up, noted := f.Look()
		h.tokens.Or(1 << i)
		h.bells[0].Ring()
		s.Know(noted)
		if seam.At(710); !up {
			h.wait(i, f.Waiting(), func() bool { return f.Raised(noted) })
		}
		return
	}
	all := uint64(1)<<h.n - 2
	h.wait(0, nil, func() bool { return h.tokens.Load() == all })
	seam.At(711)
	f.Raise()
	seam.At(712)
	f.Lower()
}

func (h *party) rounds() *party {
	h.sweep = func(p int) {
		b := OpenRounds(h.at, 0, h.bells, h.n)
		b.Sweep(p, true)
	}
	h.Event = func(w *explore.World, i, kind int, round uint64) error {
		mine, other := didPass, didNot
		if kind == failed {
			mine, other = other, mine
		}
		w.Notes[mine] |= 1 << round
		if w.Notes[other]>>round&1 == 1 {
			return fmt.Errorf("round %d passed and did not", round)
		}
		return nil
	}
	h.AtRest = func(w *explore.World) error {
		for k := range h.n {
			if v := h.word(w, unsafe.Add(h.at, line+8*k)); v != 0 {
				return fmt.Errorf("process%d is left within", k)
			}
		}
		return nil
	}
	return h
}

func roundsTurn(action bool) func(h *party, s *explore.Self, i int) {
	return func(h *party, s *explore.Self, i int) {
		b := OpenRounds(h.at, i, h.bells, h.n)
		b.Enter()
		round, _, o := b.Come(action)
		s.Know(uint64(round))
		seam.At(720, uint64(o))
		switch o {
		case Acts:
			seam.Point() // the action
			seam.At(721)
			if o = Broken; b.Pass(round) {
				o = Passed
			}
		case Waits:
			h.wait(i, b.Waiting(), func() bool { return b.Outcome(round) != Waits })
			seam.At(722)
			o = b.Outcome(round)
		case Full:
			panic("there are no more than the parties")
		}
		if o == Passed {
			s.Event(passed, round.Number())
		} else {
			s.Event(failed, round.Number())
		}
		seam.At(723)
		b.Leave()
	}
}

// calls: process 0 opens what the others wait for, and calls one; each of them calls the
// next before it goes.
func (h *party) calls() *party {
	h.sweep = func(p int) {
		c := OpenCalls(h.at, 0, h.bells)
		h.lock(0).Sweep(p, true)
		c.Sweep(p)
	}
	h.Event = func(w *explore.World, i, kind int, _ uint64) error {
		switch kind {
		case entered:
			w.Notes[in] = byte(i + 1)
		case left:
			w.Notes[in] = 0
		}
		return nil
	}
	h.Died = func(w *explore.World, i int) {
		if h.word(w, h.door) == uint64(i)<<4|1 {
			w.Notes[half] = 1
		}
	}
	h.AtRest = func(w *explore.World) error {
		for k := range h.n {
			if v := h.word(w, unsafe.Add(h.at, line+8*k)); v != 0 {
				return fmt.Errorf("process%d is left with calls: %#x", k, v)
			}
		}
		return h.shut(w)
	}
	h.Processes[0].After = nil
	return h
}

// sleeper makes the process that does nothing wait for a call, which it must get.
func (h *party) sleeper() *party {
	word := unsafe.Add(h.at, line+8*h.n)
	*(*uint64)(word) = oneWaits
	rest := h.AtRest
	h.AtRest = func(w *explore.World) error {
		if called(h.word(w, word)) == 0 && w.Notes[half] == 0 { // a death with the lock is told to all
			return errors.New("one waits and was not called")
		}
		return rest(w)
	}
	return h
}

func callsTurn(h *party, s *explore.Self, i int) {
	c, l := OpenCalls(h.at, i, h.bells), h.lock(i)
	get := func(place int) {
		if h.take(l, i, false) != nil {
			seam.At(place)
			h.take(l, i, true)
			seam.At(place + 1)
			c.Call(h.n, -1) // as Repair does
		}
		seam.At(place + 2)
	}
	get(730)
	if i == 0 {
		h.tokens.Store(1)
	}
	for h.tokens.Load() == 0 {
		c.Enlist()
		seam.At(740)
		h.give(l)
		for {
			seam.At(741)
			h.wait(i, nil, func() bool {
				_, died, held := l.Holder()
				return held && died || c.Called() > 0
			})
			if seam.At(742); c.Called() == 0 {
				if _, died, held := l.Holder(); held && died {
					seam.At(743)
					c.Quit()
					get(744)
					break
				}
				continue
			}
			if err := h.take(l, i, false); err != nil {
				seam.At(747)
				if h.noQuit {
					c.Take()
				} else {
					c.Quit()
				}
				get(748)
			} else {
				seam.At(751)
				c.Take()
			}
			break
		}
		seam.At(752)
	}
	c.Call(1, -1)
	seam.At(753)
	h.give(l)
}

func (h *party) readers() *party {
	h.sweep = func(p int) {
		r := OpenReaders(h.at, 0, h.bells)
		h.lock(0).Sweep(p, r.Sweep(p))
	}
	h.Event = func(w *explore.World, i, kind int, writes uint64) error {
		if kind == left {
			w.Notes[in] &^= 1 << i
			w.Notes[writing] &^= 1 << i
			return nil
		}
		if w.Notes[writing] != 0 || writes == 1 && w.Notes[in] != 0 {
			return fmt.Errorf("process%d is in, with %b, of whom %b write", i, w.Notes[in], w.Notes[writing])
		}
		if w.Notes[half] == 1 && kind != repaired {
			return fmt.Errorf("process%d is in, and nobody told it of a death", i)
		}
		w.Notes[in] |= 1 << i
		if writes == 1 {
			w.Notes[writing], w.Notes[half] = 1<<i, 0
		}
		return nil
	}
	h.Died = func(w *explore.World, i int) {
		if h.word(w, h.at) == 1 && h.word(w, h.door) == uint64(i)<<4|1 {
			w.Notes[half] = 1
		}
		w.Notes[in] &^= 1 << i
		w.Notes[writing] &^= 1 << i
	}
	h.AtRest = func(w *explore.World) error {
		for k := range h.n {
			if v := h.word(w, unsafe.Add(h.at, line+8*k)); v != 0 {
				return fmt.Errorf("process%d is left as %d readers", k, v)
			}
		}
		return h.shut(w)
	}
	return h
}

// readersTurn: process 0 writes, the others read, and write if they are to repair.
func readersTurn(h *party, s *explore.Self, i int) {
	r, door := OpenReaders(h.at, i, h.bells), h.lock(i)
	kind, writes := entered, uint64(0)
	if i > 0 {
		r.Enter()
		free := door.Free()
		seam.At(760, flag(free))
		if !free {
			r.Leave()
			seam.At(761)
			h.ring(door)
			seam.At(762)
			if h.take(door, i, false) != nil {
				kind, writes = repaired, 1
			} else {
				r.Enter()
				seam.At(763)
				h.give(door)
			}
		}
	} else {
		writes = 1
		if h.take(door, i, false) != nil {
			kind = repaired
		}
	}
	seam.At(764, uint64(kind), writes)
	if kind == repaired {
		h.take(door, i, true)
		seam.At(765)
	}
	if writes == 1 {
		if !r.Begun() {
			for {
				seam.At(766, uint64(kind))
				if !r.Any() {
					break
				}
				seam.At(767, uint64(kind))
				h.wait(i, nil, func() bool { return !r.Any() })
			}
		} else {
			kind = repaired
		}
		seam.At(768, uint64(kind))
		r.Begin()
	}
	s.Event(kind, writes)
	seam.At(769, writes)
	seam.Point() // a step within
	s.Event(left, 0)
	seam.At(770, writes)
	if writes == 1 {
		r.End()
		seam.At(771)
		h.give(door)
		return
	}
	r.Leave()
	seam.At(772)
	h.ring(door)
}
