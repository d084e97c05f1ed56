package block

import (
	"cmp"
	"slices"
	"unsafe"

	"github.com/mpgen/mpgen/runtime/internal/bell"
	"github.com/mpgen/mpgen/runtime/internal/seam"
)

const (
	// grain is what sizes are rounded up to: blocks share no cache line.
	grain = 64
	page  = 4096

	// MaxCount bounds the blocks of an arena at once.
	MaxCount = 1 << 20
)

// Geometry is the shape of an arena, told by the parent and kept in private memory.
type Geometry struct {
	Memory   int   // bytes of all blocks
	Count    int   // blocks at once
	Messages []int // of each ring: how many of its messages hold a block at once
	Slots    int   // process slots of the run
}

func (g Geometry) bits() int { return (g.Slots + 63) / 64 }

// messages is the number of words for the messages that hold a block.
func (g Geometry) messages() (n int) {
	for _, m := range g.Messages {
		n += m
	}
	return n
}

// Early is the number of bytes at the start that every run uses. What follows is used
// as blocks are made and lent.
func Early(g Geometry) int { return bell.ParkedSize(g.Slots) + grain + g.Count*8*(4+g.bits()) }

// tableSize is the number of bytes before the blocks.
func (g Geometry) tableSize() int { return alignUp(Early(g)+g.Count*8*g.messages(), page) }

// Size is the number of bytes of an arena and its table.
func Size(g Geometry) int { return g.tableSize() + g.Memory }

func alignUp(n, align int) int { return (n + align - 1) / align * align }

// kinds of a state, in its bits 0 and 1; the owner is in the next 12, then come 30 of
// the generation, and the changes.
const (
	free = iota
	live
	wiping
)

const (
	ownerShift = 2
	ownerMask  = 1<<12 - 1
	genShift   = 14
	genMask    = 1<<30 - 1
	change     = 1 << 44
)

func kindOf(s uint64) uint64 { return s & 3 }
func genOf(s uint64) uint32  { return uint32(s >> genShift & genMask) }

// as is state s with another kind and owner; of the next generation if it is free.
func as(s, kind uint64, owner int) uint64 {
	gen := s >> genShift & genMask
	if kind == free {
		gen = (gen + 1) & genMask
	}
	return s&^(change-1) | gen<<genShift | uint64(owner)<<ownerShift | kind
}

// Table is one process's view of an arena and its table. Any goroutine may call its
// methods but New, which takes the turn.
type Table struct {
	g       Geometry
	slot    int
	room    bell.Parked
	used    *seam.Uint64    // entries that may ever have been blocks
	states  []seam.Uint64   // of each entry
	extents []seam.Uint64   // two of each: where it begins, and its bytes
	rings   []seam.Uint64   // of each: the rings that have ever lent it, as bits
	bits    []seam.Uint64   // of each: the processes that hold it
	words   [][]seam.Uint64 // of each ring, and there of each entry: the messages that hold it
	data    unsafe.Pointer
	scratch []extent // of New
	poison  bool
}

// extent is what a block covers.
type extent struct{ from, to int }

// Open is the view that the process of a slot has of the arena at p, which has
// Size(g) bytes, all zero at first, and begins a page. poison says that it is to
// overwrite what it frees.
func Open(p unsafe.Pointer, g Geometry, slot int, bells []bell.Word, poison bool) *Table {
	t := &Table{g: g, slot: slot, room: bell.OpenParked(p, bells[:g.Slots]), poison: poison,
		data: unsafe.Add(p, g.tableSize()), scratch: make([]extent, 0, g.Count)}
	p = unsafe.Add(p, bell.ParkedSize(g.Slots))
	t.used = (*seam.Uint64)(p)
	words := func(n int) []seam.Uint64 {
		w := unsafe.Slice((*seam.Uint64)(p), n)
		p = unsafe.Add(p, 8*n)
		return w
	}
	p = unsafe.Add(p, grain)
	t.states, t.extents, t.rings, t.bits = words(g.Count), words(2*g.Count), words(g.Count), words(g.bits()*g.Count)
	for _, n := range g.Messages {
		t.words = append(t.words, words(n*g.Count)) // a ring's are together: they take no page before it lends
	}
	return t
}

// Room is where those park who wait for a gap, or to let a message hold a block.
func (t *Table) Room() *bell.Parked { return &t.room }

// Block is a block: its entry, and where it lies in the arena.
type Block struct {
	Entry      int
	Generation uint32
	At, Size   int
}

// Bytes are the bytes of a block. They stay where they are when the block is gone.
func (t *Table) Bytes(b Block) []byte {
	return unsafe.Slice((*byte)(unsafe.Add(t.data, b.At)), b.Size)[:b.Size:b.Size]
}

// Max is the size of the largest block that could ever be made.
func (t *Table) Max() int { return t.g.Memory }

func (t *Table) entries() int { return int(min(t.used.Load(), uint64(t.g.Count))) }

// extent is where an entry says that its block lies, if that can be.
func (t *Table) extent(i int) (at, size int, ok bool) {
	from, n := t.extents[2*i].Load(), t.extents[2*i+1].Load()
	memory := uint64(t.g.Memory)
	return int(from), int(n), from <= memory && n <= memory-from
}

func covered(size int) int { return max(alignUp(size, grain), grain) }

// gap finds a free entry and the first gap for size bytes.
func (t *Table) gap(size int, taken []extent) (entry, at int, ok bool) {
	entry, n := -1, t.entries()
	for i := range n {
		if kindOf(t.states[i].Load()) == free {
			if entry < 0 {
				entry = i
			}
			continue
		}
		if at, size, ok := t.extent(i); ok {
			taken = append(taken, extent{at, at + covered(size)})
		}
	}
	if entry < 0 {
		if n == t.g.Count {
			return 0, 0, false
		}
		entry = n
	}
	slices.SortFunc(taken, func(a, b extent) int { return cmp.Compare(a.from, b.from) })
	for _, e := range taken {
		if e.from-at >= covered(size) {
			break
		}
		at = max(at, e.to)
	}
	return entry, at, size <= t.g.Memory-at
}

// Fits reports whether New is worth a call.
func (t *Table) Fits(size int) bool {
	_, _, ok := t.gap(size, nil)
	return ok
}

// New makes a block of size bytes, up to Max, which this process holds; what is in it
// is not said. It reports false if there is no room. The caller has the turn.
func (t *Table) New(size int) (Block, bool) {
	i, at, ok := t.gap(size, t.scratch[:0])
	if !ok {
		return Block{}, false
	}
	if uint64(i) >= t.used.Load() {
		t.used.Store(uint64(i) + 1)
	}
	t.extents[2*i].Store(uint64(at))
	t.extents[2*i+1].Store(uint64(size))
	word, bit := t.bit(i, t.slot)
	word.Or(bit)
	for {
		s := t.states[i].Load()
		if kindOf(s) != free {
			return Block{}, false // nonsense
		}
		if t.states[i].CompareAndSwap(s, s|live) {
			return Block{i, genOf(s), at, size}, true
		}
	}
}

// Find is the block of an entry, if it is of that generation.
func (t *Table) Find(entry int, generation uint32) (Block, bool) {
	if entry < 0 || entry >= t.g.Count {
		return Block{}, false
	}
	at, size, ok := t.extent(entry)
	return Block{entry, generation, at, size}, ok && t.is(t.states[entry].Load(), generation)
}

func (t *Table) is(s uint64, generation uint32) bool {
	return kindOf(s) == live && genOf(s) == generation
}

// Taken is how many blocks there are, and their bytes.
func (t *Table) Taken() (blocks, bytes int) {
	for i := range t.entries() {
		if kindOf(t.states[i].Load()) == free {
			continue
		}
		if _, size, ok := t.extent(i); ok {
			blocks, bytes = blocks+1, bytes+size
		}
	}
	return blocks, bytes
}
