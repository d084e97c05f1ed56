package ring

import (
	"math/bits"
	"unsafe"

	"github.com/mpgen/mpgen/runtime/internal/bell"
	"github.com/mpgen/mpgen/runtime/internal/seam"
)

// Geometry is the shape of a ring, told by the parent and kept in private memory.
type Geometry struct {
	Capacity int // slots, rounded up to a power of two
	Payload  int // bytes of an item in a slot, a multiple of 8
	Blocks   int // blocks of the arena, 0: none
	Slots    int // process slots of the run, for the bitmaps
	Seats    int // readers at once, of a Bounded ring
	Lends    int // number of a Bounded ring whose items carry what lies outside of it, 0: they don't
}

// Round is g as rings take it: a power of two of slots, words for the payload.
func (g Geometry) Round() Geometry {
	g.Capacity = 1 << bits.Len(uint(max(g.Capacity, 1)-1))
	g.Payload = (max(g.Payload, 8) + 7) &^ 7
	return g
}

const line = 64

// header is the shared head of both rings, a cache line for each writer.
type header struct {
	tail  seam.Uint64
	_     [2*line - 8]byte
	head  seam.Uint64
	_     [2*line - 8]byte
	third seam.Uint64 // Bounded: how often something was given back; SPSC: items done
	_     [2*line - 8]byte
}

const headerSize = int(unsafe.Sizeof(header{}))

// Bounded is one process's view of a ring of any number of producers and
// consumers. Its methods may be called by one goroutine of a process at a time
// for putting, and by one for each seat.
type Bounded struct {
	h       *header
	items   bell.Parked // consumers that sleep
	room    bell.Parked // producers that sleep
	joins   bell.Parked // producers that sleep until all is done
	bells   []bell.Word
	slots   unsafe.Pointer
	stride  uintptr
	payload int
	n       uint64
	shift   uint
	seats   seats
	Arena   *Arena // nil if every item fits a slot
}

// Spill is g with slots for so many bytes of items more, as far as a ring can have
// them. They need no memory until the ring holds more than it had slots before.
func (g Geometry) Spill(bytes int64) Geometry {
	if bytes > 0 {
		more := (bytes + int64(g.Stride()) - 1) / int64(g.Stride())
		g.Capacity = int(min(int64(g.Round().Capacity)+more, MaxCapacity))
	}
	return g
}

// Stride is the number of bytes that an item takes in a Bounded ring.
func (g Geometry) Stride() int { return 8 + g.Round().Payload }

// BoundedSize is the number of bytes of a Bounded ring. The slots lie behind all but
// the arena, so that a ring of fewer and none is what a larger one begins with.
func BoundedSize(g Geometry) int {
	g = g.Round()
	return headerSize + 3*bell.ParkedSize(g.Slots) + seatsSize(g) +
		g.Capacity*(8+g.Payload) + ArenaSize(g)
}

// OpenBounded is the view of the ring at p, which has BoundedSize bytes, all zero
// at first, and is 64-byte aligned.
func OpenBounded(p unsafe.Pointer, g Geometry, bells []bell.Word) *Bounded {
	g = g.Round()
	r := &Bounded{
		h: (*header)(p), bells: bells[:g.Slots],
		stride: uintptr(8 + g.Payload), payload: g.Payload,
		n: uint64(g.Capacity), shift: uint(bits.TrailingZeros(uint(g.Capacity))),
	}
	p = unsafe.Add(p, headerSize)
	r.items = bell.OpenParked(p, r.bells)
	p = unsafe.Add(p, bell.ParkedSize(g.Slots))
	r.room = bell.OpenParked(p, r.bells)
	p = unsafe.Add(p, bell.ParkedSize(g.Slots))
	r.joins = bell.OpenParked(p, r.bells)
	p = unsafe.Add(p, bell.ParkedSize(g.Slots))
	r.seats = openSeats(p, g)
	p = unsafe.Add(p, seatsSize(g))
	r.slots = p
	p = unsafe.Add(p, g.Capacity*(8+g.Payload))
	r.Arena = openArena(p, g)
	return r
}

func (r *Bounded) state(i uint64) *seam.Uint64 {
	return (*seam.Uint64)(unsafe.Add(r.slots, uintptr(i)*r.stride))
}

func (r *Bounded) at(i uint64) unsafe.Pointer {
	return unsafe.Add(r.slots, uintptr(i)*r.stride+8)
}

// Cap is the number of slots.
func (r *Bounded) Cap() int { return int(r.n) }

// used is the number of slots that may ever have been claimed. The others are as
// they were at first, and need no memory yet: who looks at all slots looks at these.
// A place is claimed where the tail stands, and the next one only when the tail has
// gone on, so no claim is beyond it.
func (r *Bounded) used() uint64 {
	if r.n <= fewSlots {
		return r.n
	}
	return min(r.n, r.h.tail.Load()+1)
}

// fewSlots are looked at faster than the tail.
const fewSlots = 64

// Len is about the number of items that wait.
func (r *Bounded) Len() int {
	n := int64(r.h.tail.Load() - r.h.head.Load())
	return int(min(max(n, 0), int64(r.n)))
}

// Sent is the number of places that producers have claimed so far.
func (r *Bounded) Sent() uint64 { return r.h.tail.Load() }

// Items is where consumers park, Room where producers do.
func (r *Bounded) Items() *bell.Parked { return &r.items }

// Room is where producers park.
func (r *Bounded) Room() *bell.Parked { return &r.room }

// Joins is where those park who wait until all is done.
func (r *Bounded) Joins() *bell.Parked { return &r.joins }

// Ticket is a place in the ring: lap times capacity plus slot.
type Ticket uint64

// Claim takes the next place for p, to be filled and committed. It reports false
// if the ring is full.
func (r *Bounded) Claim(p Owner) (Ticket, bool) {
	for {
		seam.At(atClaim, uint64(p))
		t := r.h.tail.Load()
		i, lap := t&(r.n-1), t>>(r.shift&63)&lapMask
		w := r.state(i)
		s := state(w.Load())
		switch {
		case s.lap() == lap && s.kind() == empty:
			if w.CompareAndSwap(uint64(s), uint64(pack(lap, writing, p))) {
				r.h.tail.CompareAndSwap(t, t+1)
				return Ticket(t), true
			}
		case s.behind(lap), s.beyond(lap) && r.h.tail.Load() == t:
			return 0, false
		default: // claimed already, or a whole lap further: the tail is behind
			r.h.tail.CompareAndSwap(t, t+1)
		}
	}
}

// HasRoom reports whether Claim is worth a call.
func (r *Bounded) HasRoom() bool {
	t := r.h.tail.Load()
	s, lap := state(r.state(t&(r.n-1)).Load()), t>>(r.shift&63)&lapMask
	return !s.behind(lap) && !(s.beyond(lap) && r.h.tail.Load() == t)
}

// At is the memory of a claimed place.
func (r *Bounded) At(t Ticket) unsafe.Pointer { return r.at(uint64(t) & (r.n - 1)) }

// Payload is the memory of a claimed place as bytes.
func (r *Bounded) Payload(t Ticket) []byte {
	return unsafe.Slice((*byte)(r.at(uint64(t)&(r.n-1))), r.payload)
}

// Publish commits p's place t: from here on the item is in the ring. It wakes
// nobody; see Wake.
func (r *Bounded) Publish(t Ticket, p Owner) error {
	i, lap := uint64(t)&(r.n-1), uint64(t)>>(r.shift&63)&lapMask
	if !r.state(i).CompareAndSwap(uint64(pack(lap, writing, p)), uint64(pack(lap, full, 0))) {
		return ErrEvicted
	}
	return nil
}

// Wake wakes a consumer for what was published, and a further producer if there
// is room for it too.
func (r *Bounded) Wake(p Owner) {
	r.items.WakeOne()
	if r.room.Any() && r.HasRoom() {
		r.room.WakeOne()
	}
}

const (
	atClaim = 1 + iota
	atTake
	atHold
	atAdvance
	atSettle
	atSource
	atMove
)
