package block

import (
	"math/bits"
	"unsafe"

	"github.com/mpgen/mpgen/runtime/internal/seam"
)

// bit is where process p has its bit of an entry.
func (t *Table) bit(entry, p int) (word *seam.Uint64, bit uint64) {
	return &t.bits[entry*t.g.bits()+p/64], 1 << (p % 64)
}

// messages are the words of an entry for the messages of a ring.
func (t *Table) messages(entry, ring int) []seam.Uint64 {
	n := t.g.Messages[ring]
	return t.words[ring][entry*n:][:n]
}

// A ring has a bit of an entry's mask, and shares it with others if there are many.
func ringBit(ring int) uint64 { return 1 << (ring % 64) }

// lent are the words of an entry for the messages of a ring, none if the ring has never
// lent it: to read a word of shared memory takes a page for it.
func (t *Table) lent(entry, ring int) []seam.Uint64 {
	if t.rings[entry].Load()&ringBit(ring) == 0 {
		return nil
	}
	return t.messages(entry, ring)
}

// Keep makes this process a holder of a block. It reports false if there is no such
// block any more. The caller lets no other goroutine of the process make, keep or drop
// blocks meanwhile, and the process holds no other block of the entry: they have one bit.
func (t *Table) Keep(b Block) bool {
	word, bit := t.bit(b.Entry, t.slot)
	word.Or(bit)
	if t.is(t.states[b.Entry].Add(change), b.Generation) {
		return true
	}
	t.drop(b.Entry, t.slot)
	return false
}

// Drop is the end of this process's hold.
func (t *Table) Drop(b Block) { t.drop(b.Entry, t.slot) }

func (t *Table) drop(entry, p int) {
	word, bit := t.bit(entry, p)
	word.And(^bit)
	t.collect(entry)
}

// Verdict is what Lend found.
type Verdict int

// What Lend finds.
const (
	Lent Verdict = iota
	Full         // too many messages of the ring hold it
	Gone         // there is no such block any more
)

// Lend makes message, which is not 0, a holder of a block. ring is the one that it goes
// into, by its place in the geometry.
func (t *Table) Lend(b Block, ring int, message uint64) Verdict {
	if mask, bit := &t.rings[b.Entry], ringBit(ring); mask.Load()&bit == 0 {
		mask.Or(bit)
	}
	words := t.messages(b.Entry, ring)
	for k := range words {
		if words[k].Load() != 0 || !words[k].CompareAndSwap(0, message) {
			continue
		}
		if t.is(t.states[b.Entry].Add(change), b.Generation) {
			return Lent
		}
		t.Return(b.Entry, ring, message)
		return Gone
	}
	if !t.is(t.states[b.Entry].Load(), b.Generation) {
		return Gone
	}
	return Full
}

// CanLend reports whether Lend would not say Full.
func (t *Table) CanLend(b Block, ring int) bool {
	words := t.messages(b.Entry, ring)
	for k := range words {
		if words[k].Load() == 0 {
			return true
		}
	}
	return !t.is(t.states[b.Entry].Load(), b.Generation)
}

// Return is the end of the hold that a message of a ring has on the block of an entry.
func (t *Table) Return(entry, ring int, message uint64) {
	if entry < 0 || entry >= t.g.Count {
		return
	}
	t.returned(entry, ring, func(w uint64) bool { return w == message })
}

// ReturnAll is Return of all blocks that a message holds.
func (t *Table) ReturnAll(ring int, message uint64) {
	t.ReturnEach(ring, func(w uint64) bool { return w == message })
}

// ReturnEach is Return of all blocks and each message of a ring that is ended.
func (t *Table) ReturnEach(ring int, ended func(message uint64) bool) {
	for i := range t.entries() { // also those that are free: who died between A2 and A3 left a word there
		t.returned(i, ring, ended)
	}
}

func (t *Table) returned(entry, ring int, ended func(message uint64) bool) {
	words := t.lent(entry, ring)
	for k := range words {
		if w := words[k].Load(); w != 0 && ended(w) && words[k].CompareAndSwap(w, 0) {
			t.collect(entry)
		}
	}
}

// Holding are the blocks that a message of a ring holds.
func (t *Table) Holding(ring int, message uint64) (blocks []Block) {
	for i := range t.entries() {
		s, words := t.states[i].Load(), t.lent(i, ring)
		for k := range words {
			if words[k].Load() != message {
				continue
			}
			if b, ok := t.Find(i, genOf(s)); ok {
				blocks = append(blocks, b)
			}
			break
		}
	}
	return blocks
}

// Held are the blocks that the process p holds.
func (t *Table) Held(p int) (blocks []Block) {
	for i := range t.entries() {
		if word, bit := t.bit(i, p); word.Load()&bit != 0 {
			if b, ok := t.Find(i, genOf(t.states[i].Load())); ok {
				blocks = append(blocks, b)
			}
		}
	}
	return blocks
}

// held reports whether anybody holds the block of an entry: a process, or a message of
// one of the rings of a mask.
func (t *Table) held(entry int, rings uint64) bool {
	if n := t.g.bits(); anySet(t.bits[entry*n:][:n]) {
		return true
	}
	for ; rings != 0; rings &= rings - 1 {
		for ring := bits.TrailingZeros64(rings); ring < len(t.words); ring += 64 {
			if anySet(t.messages(entry, ring)) {
				return true
			}
		}
	}
	return false
}

func anySet(words []seam.Uint64) bool {
	for k := range words {
		if words[k].Load() != 0 {
			return true
		}
	}
	return false
}

// collect frees the block of an entry if nobody holds it any more, by D2 and D3, and
// wakes who may wait for that, or for a hold less.
func (t *Table) collect(entry int) {
	w := &t.states[entry]
	if s := w.Load(); kindOf(s) == live && !t.held(entry, t.rings[entry].Load()) {
		if !t.poison {
			w.CompareAndSwap(s, as(s, free, 0))
		} else if w.CompareAndSwap(s, as(s, wiping, t.slot)) {
			t.wipe(entry)
			t.wiped(entry, t.slot)
		}
	}
	t.room.WakeEach()
}

// Poison is what a freed block is overwritten with.
const Poison = 0xDB

func (t *Table) wipe(entry int) {
	at, size, ok := t.extent(entry)
	if !ok {
		return
	}
	seam.Point()
	b := unsafe.Slice((*byte)(unsafe.Add(t.data, at)), size)
	for i := range b {
		b[i] = Poison
	}
}

// wiped frees the entry that p was wiping.
func (t *Table) wiped(entry, p int) {
	for {
		s := t.states[entry].Load()
		if kindOf(s) != wiping || int(s>>ownerShift&ownerMask) != p {
			return
		}
		if t.states[entry].CompareAndSwap(s, as(s, free, 0)) {
			return
		}
	}
}

// Sweep is the end of all that the dead process p held. The rings have settled its
// messages before; its turn is taken from it after; and a rouse of every bell must follow.
func (t *Table) Sweep(p int) {
	for i := range t.entries() {
		t.wiped(i, p)
		word, bit := t.bit(i, p)
		if word.Load()&bit != 0 {
			t.drop(i, p)
		} else {
			t.collect(i)
		}
	}
	t.room.Clear(p)
}
