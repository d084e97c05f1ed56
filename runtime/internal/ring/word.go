package ring

import "errors"

// ErrCorrupt says that shared memory holds what no correct process writes.
var ErrCorrupt = errors.New("shared memory is corrupt")

// ErrEvicted says that the parent took this process for dead. It can't happen
// while the parent acts only on the kernel's word.
var ErrEvicted = errors.New("this process was declared dead")

// Owner is a process slot's number, below MaxOwners.
type Owner uint16

// MaxOwners bounds the processes of a run.
const MaxOwners = 1 << 12

type kind uint64

const (
	empty kind = iota
	writing
	full
	reading
	skip
	returned
)

// state is the word of a slot or a cell: kind in bits 0 to 3, owner in 4 to 15,
// lap above. At 50 million items a second and 64 slots a lap wraps after years,
// and it would take a stall of exactly that long to be mistaken.
type state uint64

func pack(lap uint64, k kind, p Owner) state { return state(lap<<16 | uint64(p)<<4 | uint64(k)) }

func (s state) kind() kind   { return kind(s & 15) }
func (s state) owner() Owner { return Owner(s >> 4 & (MaxOwners - 1)) }
func (s state) lap() uint64  { return uint64(s) >> 16 }

// behind reports whether s is of a lap before lap. Laps wrap at 48 bits.
func (s state) behind(lap uint64) bool { return int64((s.lap()-lap)<<16) < 0 }

// beyond reports whether s is more than one lap after lap, which no slot is while
// its hint still stands at lap: nonsense, which helping would follow for ever.
func (s state) beyond(lap uint64) bool { return int64((s.lap()-lap)<<16) > 1<<16 }

const lapMask = 1<<48 - 1

// control is the word w of a record: the phase in bits 0 and 1, the number of
// results that are out in the next 24. Then a HELD has the low bits of the item's
// ticket; a NOTED the output, slot, and low bits of the lap; a MOVED the lap alone.
type control uint64

const (
	free control = iota
	held
	noted
	moved
)

const (
	itemBits   = 24
	outBits    = 13
	slotBits   = 20
	lapBits    = 64 - 2 - itemBits - outBits - slotBits
	ticketBits = 64 - 2 - itemBits

	// MaxOutputs bounds the rings into which a process gives results.
	MaxOutputs = 1 << outBits
	// MaxResults bounds the results of one task.
	MaxResults = 1<<itemBits - 1
	// MaxCapacity bounds the slots of a ring.
	MaxCapacity = 1 << slotBits
)

func heldControl(item uint32, ticket uint64) control {
	return held | control(item)<<2 | control(ticket)<<(2+itemBits)
}

func notedControl(item uint32, out, slot int, lap uint64) control {
	return noted | control(item)<<2 | control(out)<<(2+itemBits) | control(slot)<<(2+itemBits+outBits) |
		control(lap)<<(2+itemBits+outBits+slotBits)
}

func movedControl(item uint32, lap uint64) control {
	return moved | control(item)<<2 | control(lap)<<(2+itemBits+outBits+slotBits)
}

func (w control) phase() control { return w & 3 }
func (w control) item() uint32   { return uint32(w >> 2 & (1<<itemBits - 1)) }
func (w control) ticket() uint64 { return uint64(w >> (2 + itemBits)) }
func (w control) out() int       { return int(w >> (2 + itemBits) & (1<<outBits - 1)) }
func (w control) slot() int      { return int(w >> (2 + itemBits + outBits) & (1<<slotBits - 1)) }
func (w control) sameLap(lap uint64) bool {
	return uint64(w>>(2+itemBits+outBits+slotBits)) == lap&(1<<lapBits-1)
}
