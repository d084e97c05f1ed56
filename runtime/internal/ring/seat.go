package ring

import (
	"unsafe"

	"github.com/mpgen/mpgen/runtime/internal/seam"
)

// record is the item in flight of a seat, followed by its payload.
type record struct {
	w       seam.Uint64 // control
	ref     seam.Uint64 // the arena's message to free when done, 0: none
	source  uint64      // where the item came from: slot or cell number, bit 63 set for a cell
	lap     uint64      // of the source
	ticket  uint64      // the item's first, kept over deaths
	attempt uint32      // how often the item was begun before
	items   uint32      // how many results the task gives, known before the first goes out
	started seam.Uint64 // nanoseconds of the monotonic clock, 0: not running
}

// cell is the redelivery place of a seat, followed by its payload.
type cell struct {
	state   seam.Uint64
	ticket  uint64
	item    uint32
	attempt uint32
}

const (
	recordSize = int(unsafe.Sizeof(record{}))
	cellSize   = int(unsafe.Sizeof(cell{}))
	fromCell   = 1 << 63
)

// seats are the records and cells of a ring's readers, and who sits where.
type seats struct {
	base   unsafe.Pointer
	stride uintptr
	n      int
	owner  []Owner // of each seat; private, set by the parent's table
}

func seatStride(g Geometry) int {
	return (recordSize + cellSize + 2*g.Payload + line - 1) &^ (line - 1)
}

func seatsSize(g Geometry) int { return line + g.Seats*seatStride(g) }

func openSeats(p unsafe.Pointer, g Geometry) seats {
	p = unsafe.Add(p, -int(uintptr(p))&(line-1)) // slots are not a multiple of a line
	return seats{base: p, stride: uintptr(seatStride(g)), n: g.Seats, owner: make([]Owner, g.Seats)}
}

func (s *seats) record(i int) *record {
	return (*record)(unsafe.Add(s.base, uintptr(i)*s.stride))
}

func (s *seats) cell(i, payload int) *cell {
	return (*cell)(unsafe.Add(s.base, uintptr(i)*s.stride+uintptr(recordSize+payload)))
}

func (c *cell) payload(n int) []byte {
	return unsafe.Slice((*byte)(unsafe.Add(unsafe.Pointer(c), cellSize)), n)
}

func (rec *record) payload(n int) []byte {
	return unsafe.Slice((*byte)(unsafe.Add(unsafe.Pointer(rec), recordSize)), n)
}

// SetOwner says that process slot p sits on seat i. Each process that shares the
// ring makes the same calls, from the parent's table.
func (r *Bounded) SetOwner(i int, p Owner) { r.seats.owner[i] = p }

// Seat is a reader's place. One goroutine at a time uses it.
type Seat struct {
	r    *Bounded
	i    int
	p    Owner
	rec  *record
	cell *cell

	// Lent is what the item holds outside of the ring, as its reader has found it; nil:
	// the reader does not know.
	Lent []uint64
}

// Seat opens seat i for process p, its owner.
func (r *Bounded) Seat(i int) *Seat {
	return &Seat{r: r, i: i, p: r.seats.owner[i], rec: r.seats.record(i), cell: r.seats.cell(i, r.payload)}
}

// Payload is the item that the seat holds. It lies in memory that only this
// process writes, but peers could: copy before decoding what may be hostile.
func (s *Seat) Payload() []byte { return s.rec.payload(s.r.payload) }

// Attempt is how often the item was begun before: 0 the first time.
func (s *Seat) Attempt() int { return int(s.rec.attempt) }

// Again counts one more attempt of the item that the seat holds, for a reader
// that begins it anew without having died.
func (s *Seat) Again() { s.rec.attempt++ }

// Given is how many results of the item are out already.
func (s *Seat) Given() int { return int(control(s.rec.w.Load()).item()) }

// Start says when the work on the item began, in nanoseconds of the monotonic
// clock; 0 says that no work is going on, so that no deadline runs.
func (s *Seat) Start(at int64) { s.rec.started.Store(uint64(at)) }

// Take claims an item, by T0 to T4, and reports whether there was one.
func (s *Seat) Take() (bool, error) {
	r, n := s.r, s.r.seats.n
	for {
		seam.At(atTake, uint64(s.i))
		own := state(s.cell.state.Load()) // T0
		switch own.kind() {
		case full:
			if ok, err := s.takeCell(s.i, s.cell, own); ok || err != nil {
				return ok, err
			}
			continue
		case reading:
			return false, nil
		}
		if hint := r.h.third.Load(); hint&1 == 1 { // T1
			found := false
			for c := range n {
				cell := r.seats.cell(c, r.payload)
				st := state(cell.state.Load())
				if st.kind() != full {
					continue
				}
				found = true
				if ok, err := s.takeCell(c, cell, st); ok || err != nil {
					return ok, err
				}
			}
			for i := range r.used() {
				w := r.state(i)
				st := state(w.Load())
				if st.kind() != returned {
					continue
				}
				found = true
				if w.CompareAndSwap(uint64(st), uint64(pack(st.lap(), reading, s.p))) {
					return true, s.fromSlot(i, st.lap())
				}
			}
			if !found {
				r.h.third.CompareAndSwap(hint, hint+1)
			}
			continue
		}
		h := r.h.head.Load()
		i, lap := h&(r.n-1), h>>(r.shift&63)&lapMask
		w := r.state(i)
		st := state(w.Load())
		switch {
		case st.behind(lap), st.lap() == lap && (st.kind() == empty || st.kind() == writing):
			return false, nil
		case st.beyond(lap) && r.h.head.Load() == h:
			return false, ErrCorrupt
		case st.lap() == lap && st.kind() == full:
			if w.CompareAndSwap(uint64(st), uint64(pack(lap, reading, s.p))) {
				r.h.head.CompareAndSwap(h, h+1)
				return true, s.fromSlot(i, lap)
			}
		case st.lap() == lap && st.kind() == skip:
			if w.CompareAndSwap(uint64(st), uint64(pack((lap+1)&lapMask, empty, 0))) {
				r.h.head.CompareAndSwap(h, h+1)
				r.room.WakeOne()
			}
		default: // being read, given back, or a lap further: the head is behind
			r.h.head.CompareAndSwap(h, h+1)
		}
	}
}

// fromSlot goes on with T2 to T4 for slot i, which is (lap, R, p).
func (s *Seat) fromSlot(i, lap uint64) error {
	seam.Point()
	from := unsafe.Slice((*byte)(s.r.at(i)), s.r.payload)
	s.hold(i, lap, lap<<s.r.shift|i, 0, 0, from)
	if !s.r.state(i).CompareAndSwap(uint64(pack(lap, reading, s.p)), uint64(pack((lap+1)&lapMask, empty, 0))) {
		return ErrEvicted
	}
	s.keepRef()
	s.r.room.WakeOne()
	s.baton()
	return nil
}

// takeCell claims cell c, found in state st, and goes on with T2 to T4.
func (s *Seat) takeCell(c int, from *cell, st state) (bool, error) {
	if !from.state.CompareAndSwap(uint64(st), uint64(pack(st.lap(), reading, s.p))) {
		return false, nil
	}
	seam.Point()
	s.hold(uint64(c)|fromCell, st.lap(), from.ticket, from.item, from.attempt, from.payload(s.r.payload))
	if !from.state.CompareAndSwap(uint64(pack(st.lap(), reading, s.p)), uint64(pack((st.lap()+1)&lapMask, empty, 0))) {
		return false, ErrEvicted
	}
	s.keepRef()
	if c != s.i {
		s.r.bells[s.r.seats.owner[c]].Ring() // may wait for its cell, by T0
	}
	s.baton()
	return true, nil
}

// hold is T2 and T3.
func (s *Seat) hold(source, lap, ticket uint64, item, attempt uint32, payload []byte) {
	rec := s.rec
	s.Lent = nil
	rec.source, rec.lap, rec.ticket, rec.attempt = source, lap, ticket, attempt
	copyPayload(rec.payload(s.r.payload), payload, s.r.Arena != nil)
	seam.At(atHold, source, lap, ticket, uint64(item))
	rec.w.Store(uint64(heldControl(item, ticket)))
}

// keepRef remembers the message of a large item, once the record alone has it.
func (s *Seat) keepRef() {
	if s.r.Arena != nil {
		s.rec.ref.Store(messageOf(s.Payload()))
	}
}

// baton wakes a further consumer if there is something for it.
func (s *Seat) baton() {
	if s.r.items.Any() && s.more() {
		s.r.items.WakeOne()
	}
}

// more reports whether the ring holds an item for anybody.
func (s *Seat) more() bool {
	r := s.r
	if r.h.third.Load()&1 == 1 {
		return true
	}
	h := r.h.head.Load()
	lap := h >> r.shift & lapMask
	st := state(r.state(h & (r.n - 1)).Load())
	return !st.behind(lap) && !(st.lap() == lap && (st.kind() == empty || st.kind() == writing))
}

// HasItem reports whether Take is worth a call.
func (s *Seat) HasItem() bool {
	switch state(s.cell.state.Load()).kind() {
	case full:
		return true
	case reading:
		return false
	}
	return s.more()
}

// Results says how many results the item's task gives, before the first is given.
func (s *Seat) Results(n int) { s.rec.items = uint32(n) }

// Note is G2: the next result goes to place t of o, which p has claimed. out is
// o's number in the list that is given to [Bounded.Settle].
func (s *Seat) Note(out int, o *Bounded, t Ticket) {
	i, lap := int(uint64(t)&(o.n-1)), uint64(t)>>o.shift
	item := control(s.rec.w.Load()).item()
	s.rec.w.Store(uint64(notedControl(item, out, i, lap)))
}

// Advance is G5: a result is out. After the last of them the item is done.
func (s *Seat) Advance() {
	item := control(s.rec.w.Load()).item() + 1
	seam.Point()
	items, ticket := s.rec.items, s.rec.ticket
	seam.At(atAdvance, uint64(item), uint64(items), ticket)
	if item < items {
		s.rec.w.Store(uint64(heldControl(item, ticket)))
		return
	}
	s.Free()
}

// Free says that the item is done: it will not come again.
func (s *Seat) Free() {
	if s.rec.started.Load() != 0 {
		s.rec.started.Store(0)
	}
	s.rec.w.Store(uint64(free))
	if s.r.Arena != nil {
		if ref := s.rec.ref.Load(); ref != 0 {
			s.r.Arena.freeChain(descriptorOf(s.Payload()))
			if s.r.Arena.Return != nil {
				s.r.Arena.Return(ref, s.Lent)
			}
			s.rec.ref.Store(0)
			s.r.room.WakeOne()
		}
	}
	s.r.joins.WakeEach()
}

// Quiet reports whether no item is left for anybody but the process p itself:
// the slots are empty, no cell is filled, and nobody else works on an item. It
// is asked of a ring into which nobody puts any more. Items move only from slot
// to record, from record to cell (in a sweep, which changes the hint) and from
// cell to record, and are in the new place before they leave the old; so looking
// in this order misses none.
func (r *Bounded) Quiet(p Owner) bool {
	hint := r.h.third.Load()
	for i := range r.used() {
		if state(r.state(i).Load()).kind() != empty {
			return false
		}
	}
	for i := range r.seats.n {
		if state(r.seats.cell(i, r.payload).state.Load()).kind() != empty {
			return false
		}
	}
	for i := range r.seats.n {
		if r.seats.owner[i] != p && control(r.seats.record(i).w.Load()).phase() != free {
			return false
		}
	}
	return r.h.third.Load() == hint
}

// InFlight is what a seat works on, for the parent: since when, in nanoseconds of
// the monotonic clock, or 0.
func (r *Bounded) InFlight(seat int) (since int64, attempt int) {
	rec := r.seats.record(seat)
	return int64(rec.started.Load()), int(rec.attempt)
}

func copyPayload(to, from []byte, headed bool) {
	if headed {
		n := payloadSize(from)
		copy(to[:n], from)
		return
	}
	copy(to, from)
}

// InHand are the messages of the items that the process p works on. It lets none of its
// seats take or free one meanwhile.
func (r *Bounded) InHand(p Owner) (messages []uint64) {
	for i, owner := range r.seats.owner {
		if rec := r.seats.record(i); owner == p && control(rec.w.Load()).phase() != free {
			messages = append(messages, messageOf(rec.payload(r.payload)))
		}
	}
	return messages
}

// Busy counts the seats of owners first to first+n-1 that hold an item.
func (r *Bounded) Busy(first, n int) (busy int) {
	for i, p := range r.seats.owner {
		if int(p) >= first && int(p) < first+n && control(r.seats.record(i).w.Load()).phase() != free {
			busy++
		}
	}
	return busy
}
