//go:build explore

package block

import (
	"context"
	"fmt"
	"slices"
	"unsafe"

	"github.com/mpgen/mpgen/runtime/internal/bell"
	"github.com/mpgen/mpgen/runtime/internal/explore"
	"github.com/mpgen/mpgen/runtime/internal/lock"
	"github.com/mpgen/mpgen/runtime/internal/seam"
)

// arena is makers, who send blocks of 64 bytes, readers, and their parent, who sweeps.
// A box stands for a queue of one place, and does what the protocol of package ring
// does. The makers are processes 0 and up, then come the readers.
type arena struct {
	explore.Harness
	g       Geometry
	memory  []uint64
	bells   []bell.Word
	boxes   []seam.Uint64
	notes   []seam.Uint64 // of each process: the message that it builds
	serials []seam.Uint64
	turn    unsafe.Pointer
	at      unsafe.Pointer
	makers  int
	readers int
	names   map[int]string

	keeps  bool // readers keep what they get, beyond its message
	stale  bool // readers try to keep what they have no more
	retain bool // makers drop what they have made without sending it
	chain  bool // the maker sends each block to the first box, and its reader to the next
	items  int  // in so many items, with chain

	// bugs put in on purpose
	noSweep bool
	oneRing bool // the items of all boxes have the same words
	keep    func(t *Table, b Block) bool
	lend    func(t *Table, b Block, ring int, message uint64) Verdict
	drop    func(t *Table, b Block) // of makers
}

// A box is {kind, message, entry, generation}.
const (
	empty   = iota
	filling // by its maker
	full
	reading
	over // its reader is done with it, and returns it
)

func boxOf(kind, message uint64, b Block) uint64 {
	return kind | message<<4 | uint64(b.Entry)<<24 | uint64(b.At/grain)<<32 | uint64(b.Generation)<<40
}

func inBox(v uint64) (kind, message uint64, b Block) {
	return v & 15, v >> 4 & 0xfffff, Block{int(v >> 24 & 0xff), uint32(v >> 40), int(v>>32&0xff) * grain, grain}
}

func with(v, kind uint64) uint64 { return v&^15 | kind }

const placed = 1 << 32 // in a note: the message has its box

// newArena is makers, each of so many blocks, and readers of a box each; every block
// goes to all boxes. fit is how many blocks there is room for.
func newArena(makers, rounds, readers, fit, kills, sweepKills int) *arena {
	slots := makers + readers
	h := &arena{g: Geometry{Memory: fit * grain, Count: 2, Messages: []int{2}, Slots: slots}, makers: makers, readers: readers, names: map[int]string{}}
	size := 1<<13 + Size(h.g)
	all := make([]uint64, (size+page)/8)
	skip := -int(uintptr(unsafe.Pointer(&all[0]))) & (page - 1) / 8
	h.memory = all[skip : skip+size/8]
	p := unsafe.Pointer(&h.memory[0])
	h.bells = unsafe.Slice((*bell.Word)(p), slots)
	h.boxes = unsafe.Slice((*seam.Uint64)(unsafe.Add(p, 1024)), readers)
	h.notes = unsafe.Slice((*seam.Uint64)(unsafe.Add(p, 2048)), slots)
	h.serials = unsafe.Slice((*seam.Uint64)(unsafe.Add(p, 3072)), slots)
	h.turn = unsafe.Add(p, page)
	h.at = unsafe.Add(p, 2*page)
	for i := range slots {
		h.label(unsafe.Pointer(&h.bells[i]), fmt.Sprint("bell", i))
	}
	for i := range readers {
		h.label(unsafe.Pointer(&h.boxes[i]), fmt.Sprint("box", i))
	}
	h.label(h.turn, "turn")
	h.labelTable()
	for i := range makers {
		h.label(unsafe.Pointer(&h.notes[i]), fmt.Sprint("note", i))
		h.Processes = append(h.Processes, explore.Process{
			Name: fmt.Sprint("maker", i), From: explore.Context{uint64(rounds)}, Dies: true,
			Turn: func(s *explore.Self, c explore.Context) explore.Context {
				if c[0] == 0 { // it died in its last turn
					seam.Point()
					s.End()
					return c
				}
				h.make(s, i)
				if c[0]--; c[0] == 0 {
					s.End()
				}
				return c
			},
			After: func(c explore.Context) explore.Context {
				c[0] -= min(c[0], 1)
				return c
			},
		})
	}
	for k := range readers {
		h.Processes = append(h.Processes, explore.Process{
			Name: fmt.Sprint("reader", k), Dies: true,
			Turn: func(s *explore.Self, c explore.Context) explore.Context {
				h.read(s, makers+k, k)
				return c
			},
		})
	}
	h.Processes = append(h.Processes, explore.Process{Name: "parent", Sweeper: true, Turn: h.supervise})
	h.Memory, h.Kills, h.SweepKills = h.memory, kills, sweepKills
	h.Name = func(slot int) string {
		if name := h.names[slot]; name != "" {
			return name
		}
		return fmt.Sprint("word", slot)
	}
	h.keep, h.lend, h.drop = (*Table).Keep, (*Table).Lend, (*Table).Drop
	h.Event, h.Died, h.AtRest = h.event, h.died, h.atRest
	return h
}

func (h *arena) number(p unsafe.Pointer) int {
	return int(uintptr(p)-uintptr(unsafe.Pointer(&h.memory[0]))) / 8
}

func (h *arena) label(p unsafe.Pointer, name string) { h.names[h.number(p)] = name }

func (h *arena) labelTable() {
	t := h.table(0)
	h.label(unsafe.Pointer(t.used), "used")
	for i := range h.g.Count {
		h.label(unsafe.Pointer(&t.states[i]), fmt.Sprint("state", i))
		h.label(unsafe.Pointer(&t.rings[i]), fmt.Sprint("rings", i))
		for k, w := range t.holds(i) {
			h.label(unsafe.Pointer(w), fmt.Sprintf("hold%d.%d", i, k))
		}
	}
}

func (h *arena) word(w *explore.World, p *seam.Uint64) uint64 {
	return w.Word(h.number(unsafe.Pointer(p)))
}

func (h *arena) table(i int) *Table { return Open(h.at, h.g, i, h.bells, false) }

func (h *arena) lock(i int) *lock.Lock {
	l := lock.Open(h.turn, i, h.bells, func() int64 { return 0 })
	return &l
}

// Events, each with the place of a block.
const (
	made = iota
	got
	kept
	letGo
	lost // a holder was told that there is no such block
)

type until struct{ ready func() bool }

func (u until) Ready() bool {
	seam.At(800)
	ok := u.ready()
	if seam.At(801); ok {
		seam.At(802)
	}
	return ok
}

func (h *arena) wait(i int, parked *bell.Parked, ready func() bool) {
	b := bell.Open(&h.bells[i], i, 0)
	if err := b.Wait(context.Background(), parked, until{ready}); err != nil {
		panic(err)
	}
}

// new is what Blocks.New of package mp does.
func (h *arena) new(t *Table, i int) Block {
	l := h.lock(i)
	if h.makers > 1 && !l.Try() {
		l.Stand()
		for {
			seam.At(810)
			v, _ := l.Take(false)
			if v == lock.Taken {
				break
			}
			seam.At(811)
			h.wait(i, nil, l.Ready)
		}
		l.Leave()
		seam.At(812)
	}
	b, ok := t.New(grain)
	for !ok {
		seam.At(813)
		h.wait(i, t.Room(), func() bool { return t.Fits(grain) })
		seam.At(814)
		b, ok = t.New(grain)
	}
	return b
}

func (h *arena) make(s *explore.Self, i int) {
	t := h.table(i)
	b := h.new(t, i)
	s.Event(made, uint64(b.At/grain))
	at := []uint64{uint64(b.Entry), uint64(b.Generation), uint64(b.At)}
	s.Know(at...)
	seam.At(820)
	if h.makers > 1 {
		l := h.lock(i)
		if done, wake := l.Release(); !done {
			if !l.HandOn() {
				panic("it was not ours")
			}
		} else if wake {
			l.Wake()
		}
	}
	switch {
	case h.chain:
		for item := range uint64(h.items) {
			s.Know(append(at, item)...)
			h.send(s, i, 0, b)
		}
	case !h.retain:
		for k := range h.boxes {
			h.send(s, i, k, b)
		}
	}
	seam.Point()
	s.Event(letGo, uint64(b.At/grain))
	seam.At(830)
	h.drop(t, b)
}

// send is what an outlet of package mp does with an item that carries a block.
func (h *arena) send(s *explore.Self, i, k int, b Block) {
	t := h.table(i)
	seam.At(821, uint64(k))
	serial := h.serials[i].Load() + 1
	h.serials[i].Store(serial)
	m := uint64(i+1)<<8 | serial
	seam.At(822, uint64(k), m)
	h.notes[i].Store(m)
	for {
		v := h.lend(t, b, h.ring(k), m)
		if v == Gone {
			s.Event(lost, uint64(b.At/grain))
		}
		if v != Full {
			break
		}
		seam.At(824, uint64(k), m)
		h.wait(i, t.Room(), func() bool { return t.CanLend(b, h.ring(k)) })
		seam.At(825, uint64(k), m)
	}
	seam.At(823, uint64(k), m)
	s.Await(func(w *explore.World) (uint64, bool) { return 0, h.word(w, &h.boxes[k]) == empty })
	h.boxes[k].Store(boxOf(filling, m, b))
	h.notes[i].Store(m | placed)
	h.boxes[k].Store(boxOf(full, m, b))
	h.notes[i].Store(0)
}

// ring is whose words the items of a box have.
func (h *arena) ring(box int) int {
	if h.chain && !h.oneRing {
		return box
	}
	return 0
}

// target is the box into which process i sends, if that is one only.
func (h *arena) target(i int) int {
	if !h.chain || i < h.makers {
		return 0
	}
	return i - h.makers + 1
}

func (h *arena) read(s *explore.Self, i, k int) {
	v := s.Await(func(w *explore.World) (uint64, bool) {
		v := h.word(w, &h.boxes[k])
		if kind, _, _ := inBox(v); kind == full {
			return v, true
		}
		before := h.makers
		if h.chain {
			before += k
		}
		for m := range before {
			if !w.Ended(m) {
				return 0, false
			}
		}
		return 0, v == empty
	})
	if v == 0 {
		s.End()
		return
	}
	if !h.boxes[k].CompareAndSwap(v, with(v, reading)) {
		return
	}
	_, m, b := inBox(v)
	at := uint64(b.At / grain)
	s.Event(got, at)
	t := h.table(i)
	if h.chain && k+1 < h.readers {
		s.Know(v)
		h.send(s, i, k+1, b)
	}
	if h.keeps {
		if !h.keep(t, b) {
			s.Event(lost, at)
		}
	} else {
		seam.Point()
		s.Event(letGo, at)
	}
	seam.At(840, v)
	h.boxes[k].Store(with(v, over))
	t.Return(b.Entry, h.ring(k), m)
	h.boxes[k].Store(empty)
	switch {
	case h.keeps:
		seam.Point()
		s.Event(letGo, at)
		seam.At(841, v)
		t.Drop(b)
	case h.stale:
		seam.At(842, v)
		if !h.keep(t, b) {
			seam.At(843)
			return
		}
		s.Event(kept, at|uint64(b.Generation)<<8|uint64(b.Entry)<<40)
		seam.Point()
		s.Event(letGo, at)
		seam.At(844, v)
		t.Drop(b)
	}
}

// supervise is the parent.
func (h *arena) supervise(s *explore.Self, c explore.Context) explore.Context {
	if c[0] == 0 {
		return explore.Context{s.AwaitDeath(h.makers + h.readers)}
	}
	p := int(c[0] - 1)
	t := h.table(0)
	h.settle(t, p)
	if p >= h.makers {
		h.returned(t, p-h.makers)
	}
	seam.At(850)
	if !h.noSweep {
		t.Sweep(p)
	}
	seam.At(851)
	h.lock(0).Sweep(p, false)
	h.bells[p].Reset()
	for i := range h.bells {
		seam.At(852, uint64(i))
		h.bells[i].Rouse()
	}
	seam.At(853)
	s.Revive(p)
	return explore.Context{}
}

// settle is what a ring does for a message that the dead maker was building.
func (h *arena) settle(t *Table, p int) {
	note := h.notes[p].Load()
	if note == 0 {
		return
	}
	m := note &^ placed
	for k := range h.boxes {
		v := h.boxes[k].Load()
		kind, of, _ := inBox(v)
		if kind == filling && of == m {
			t.ReturnAll(h.ring(k), m)
			h.boxes[k].Store(empty)
			h.notes[p].Store(0)
			return
		}
	}
	if note&placed == 0 {
		t.ReturnAll(h.ring(h.target(p)), m)
	}
	h.notes[p].Store(0)
}

// returned is what a ring does for an item that the dead reader had.
func (h *arena) returned(t *Table, k int) {
	v := h.boxes[k].Load()
	switch kind, m, _ := inBox(v); kind {
	case reading:
		h.boxes[k].Store(with(v, full))
	case over:
		t.ReturnAll(h.ring(k), m)
		h.boxes[k].Store(empty)
	}
}

// chained is a maker, so many readers in a chain, and a word for each ring.
func chained(readers, kills, sweepKills int) *arena {
	h := newArena(1, 1, readers, 1, kills, sweepKills)
	h.chain, h.items, h.g.Messages = true, 2, slices.Repeat([]int{1}, readers)
	h.labelTable()
	return h
}

// Notes, of each place in the arena: the processes that count on what is there.
func (h *arena) event(w *explore.World, i, kind int, at uint64) error {
	generation, entry := uint32(at>>8), at>>40
	at &= 0xff
	n := &w.Notes[at]
	switch kind {
	case made:
		if *n != 0 {
			return fmt.Errorf("a block is made where %#b have one", *n)
		}
		for k := range h.boxes {
			if box, _, b := inBox(h.word(w, &h.boxes[k])); box != empty && box != over && b.At/grain == int(at) {
				return fmt.Errorf("a block is made where a message has one")
			}
		}
		*n = 1 << i
	case kept:
		if s := h.word(w, &h.table(0).states[entry]); kindOf(s) != live || genOf(s) != generation {
			return fmt.Errorf("a block is kept where it is not any more: %#x", s)
		}
		*n |= 1 << i
	case got:
		*n |= 1 << i
	case letGo:
		*n &^= 1 << i
	case lost:
		return fmt.Errorf("a holder is told that its block is gone")
	}
	return nil
}

func (h *arena) died(w *explore.World, i int) {
	for at := range h.g.Memory / grain {
		w.Notes[at] &^= 1 << i
	}
}

func (h *arena) atRest(w *explore.World) error {
	t := h.table(0)
	for i := range h.g.Count {
		if s := h.word(w, &t.states[i]); kindOf(s) != free {
			return fmt.Errorf("entry %d is left as %#x", i, s)
		}
		for _, p := range t.holds(i) {
			if v := h.word(w, p); v != 0 {
				return fmt.Errorf("entry %d is left to %#x", i, v)
			}
		}
	}
	return nil
}
