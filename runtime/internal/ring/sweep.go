package ring

import "github.com/mpgen/mpgen/runtime/internal/seam"

// Exhausted decides, in a sweep, about an item that has been begun attempt times:
// true takes the item away, payload and all, and it will not come again. payload
// is as of a slot and is valid during the call; large items are read from the
// ring's arena.
type Exhausted func(payload []byte, attempt int) bool

// SweepOutput is the part of a death's sweep that concerns a ring into which the
// dead p puts. For p's seats in other rings, see Settle, comes before.
func (r *Bounded) SweepOutput(p Owner) {
	if r.Arena != nil {
		r.Arena.settle(p, func(t uint64) bool { return !r.writingAt(t, p) })
	}
	for i := range r.used() { // S2
		w := r.state(i)
		if s := state(w.Load()); s.kind() == writing && s.owner() == p {
			w.CompareAndSwap(uint64(s), uint64(pack(s.lap(), skip, 0)))
		}
	}
	if r.Arena != nil {
		r.Arena.sweep(p)
	}
}

func (r *Bounded) writingAt(t uint64, p Owner) bool {
	return state(r.state(t&(r.n-1)).Load()) == pack(t>>r.shift&lapMask, writing, p)
}

// Settle is S1 for the seats of the dead p in r: it writes into each record
// whether the result that p was giving has gone out. It comes before any
// SweepOutput of outs, the rings that Note numbered.
func (r *Bounded) Settle(p Owner, outs []*Bounded) {
	for i := range r.seats.n {
		if r.seats.owner[i] != p {
			continue
		}
		rec := r.seats.record(i)
		w := control(rec.w.Load())
		if w.phase() != noted {
			continue
		}
		pending := false
		if w.out() < len(outs) {
			if o := outs[w.out()]; o != nil && uint64(w.slot()) < o.n {
				s := state(o.state(uint64(w.slot())).Load())
				pending = s.kind() == writing && s.owner() == p && w.sameLap(s.lap())
			}
		}
		seam.Point()
		items, ticket := rec.items, rec.ticket
		seam.At(atSettle, uint64(i), uint64(w), flag(pending), uint64(items), ticket)
		switch item := w.item() + 1; {
		case pending:
			rec.w.Store(uint64(heldControl(w.item(), ticket)))
		case item < items:
			rec.w.Store(uint64(heldControl(item, ticket)))
		default:
			rec.w.Store(uint64(free))
		}
	}
}

// SweepInput is S3 to S7 for a ring from which the dead p takes. It returns how
// many items come again. exhausted may be nil.
func (r *Bounded) SweepInput(p Owner, exhausted Exhausted) int {
	for i := range r.seats.n { // S3
		if r.seats.owner[i] != p {
			continue
		}
		rec := r.seats.record(i)
		if control(rec.w.Load()).phase() == held && r.sourceMine(rec, p) {
			rec.w.Store(uint64(free))
		}
	}
	gaveBack := 0
	for i := range r.used() { // S4
		w := r.state(i)
		if s := state(w.Load()); s.kind() == reading && s.owner() == p {
			if w.CompareAndSwap(uint64(s), uint64(pack(s.lap(), returned, 0))) {
				gaveBack++
			}
		}
	}
	for i := range r.seats.n {
		w := &r.seats.cell(i, r.payload).state
		if s := state(w.Load()); s.kind() == reading && s.owner() == p {
			if w.CompareAndSwap(uint64(s), uint64(pack(s.lap(), full, 0))) {
				gaveBack++
			}
		}
	}
	for i := range r.seats.n {
		if r.seats.owner[i] == p {
			gaveBack += r.sweepSeat(i, exhausted)
		}
	}
	r.hint()
	return gaveBack
}

// hint tells the readers that something may have been given back. It is told at
// every sweep of a reader: one that died after its give-back and before its
// hint would leave an item that nobody looks for.
func (r *Bounded) hint() {
	for {
		h := r.h.third.Load()
		if r.h.third.CompareAndSwap(h, h+1+h&1) {
			return
		}
	}
}

// sourceMine reports whether the source of rec is still claimed by p, so that
// the item never began.
func (r *Bounded) sourceMine(rec *record, p Owner) bool {
	seam.Point()
	source, lap := rec.source, rec.lap
	seam.At(atSource, source, lap)
	i, want := source&^fromCell, pack(lap, reading, p)
	if source&fromCell != 0 {
		return i < uint64(r.seats.n) && state(r.seats.cell(int(i), r.payload).state.Load()) == want
	}
	return i < r.n && state(r.state(i).Load()) == want
}

// sweepSeat is S5 to S7 for one seat.
func (r *Bounded) sweepSeat(i int, exhausted Exhausted) (gaveBack int) {
	rec, c := r.seats.record(i), r.seats.cell(i, r.payload)
	w := control(rec.w.Load())
	if w.phase() == held {
		seam.Point()
		attempt := int(rec.attempt) + 1
		if exhausted != nil && exhausted(rec.payload(r.payload), attempt) {
			if r.Arena != nil { // as if it were done
				rec.ref.Store(messageOf(rec.payload(r.payload)))
			}
			rec.w.Store(uint64(free))
		} else {
			st := state(c.state.Load()) // S5
			seam.Point()
			c.ticket, c.item, c.attempt = rec.ticket, w.item(), uint32(attempt)
			copyPayload(c.payload(r.payload), rec.payload(r.payload), r.Arena != nil)
			seam.At(atMove, uint64(i), uint64(w), uint64(st))
			w = movedControl(w.item(), st.lap())
			rec.w.Store(uint64(w))
		}
	}
	if w.phase() == moved {
		st := state(c.state.Load()) // S6
		if st.kind() == empty && w.sameLap(st.lap()) {
			if c.state.CompareAndSwap(uint64(st), uint64(pack(st.lap(), full, 0))) {
				gaveBack = 1
			}
		}
		r.hint()
		rec.ref.Store(0)
		rec.w.Store(uint64(free)) // S7
	}
	rec.started.Store(0)
	if r.Arena != nil {
		if ref := rec.ref.Load(); ref != 0 {
			r.Arena.drop(ref)
			rec.ref.Store(0)
		}
	}
	return gaveBack
}

func flag(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

// WakeAll is S8: each death ends in it, since a wake-up may have died too.
func (r *Bounded) WakeAll() {
	r.items.WakeAll()
	r.room.WakeAll()
	r.joins.WakeAll()
}

// Unpark clears the bits of the dead p.
func (r *Bounded) Unpark(p Owner) {
	r.items.Clear(int(p))
	r.room.Clear(int(p))
	r.joins.Clear(int(p))
}
