package ring

// Join is how a process waits until what has been put into a Bounded ring so far
// is done. It counts nothing: it takes the tail, and then looks until every slot
// has let go of what was put before that, no cell is filled, and every seat is
// free or has gone on to another item.
//
// Items move from slot to record, from record to cell, and from cell to record,
// and are in the new place before they leave the old. Slots are looked at first;
// a slot that is past the tail stays so. Only a sweep moves an item from a record
// to a cell, and it changes the hint before it frees the record; so if the hint is
// the same after a look at cells and seats as before it, none was missed.
type Join struct {
	r    *Bounded
	end  uint64 // the tail at first
	slot uint64 // those before it are past end

	begun bool // what follows is known
	hint  uint64
	seats []control // what they worked on at first, free if they have gone on
}

// Join begins to wait. The bits of Joins tell when to look again.
func (r *Bounded) Join() *Join {
	return &Join{r: r, end: r.h.tail.Load(), seats: make([]control, r.seats.n)}
}

// Done reports whether all is done. One goroutine at a time may ask.
func (j *Join) Done() bool {
	r := j.r
	for used := r.used(); j.slot < used; j.slot++ {
		if !j.past(j.slot) {
			return false
		}
	}
	for range joinLooks {
		if !j.begun && !j.begin() {
			return false
		}
		left := false
		for i, was := range j.seats {
			if was.phase() == free {
				continue
			}
			now := control(r.seats.record(i).w.Load())
			switch {
			case now.phase() == free, now.phase() == held && was.phase() == held && now.ticket() != was.ticket():
				j.seats[i] = free
				continue
			case was.phase() != held: // which item that was can't be told
				j.seats[i] = now
			}
			left = true
		}
		if r.h.third.Load() == j.hint {
			return !left
		}
		j.begun = false
	}
	return false
}

// joinLooks bounds the looks at a hint that does not stand still, which is
// nonsense: it changes twice for a death.
const joinLooks = 1000

// begin looks what the seats work on, if nothing waits in a cell.
func (j *Join) begin() bool {
	r := j.r
	j.hint = r.h.third.Load()
	for i := range r.seats.n {
		if state(r.seats.cell(i, r.payload).state.Load()).kind() != empty {
			return false
		}
	}
	for i := range r.seats.n {
		j.seats[i] = control(r.seats.record(i).w.Load())
	}
	j.begun = true
	return true
}

// past reports whether slot i holds nothing that was put before the end.
func (j *Join) past(i uint64) bool {
	r := j.r
	lap := j.end >> r.shift
	if i >= j.end&(r.n-1) {
		if lap == 0 {
			return true
		}
		lap--
	}
	lap &= lapMask
	s := state(r.state(i).Load())
	return !s.behind((lap+1)&lapMask) || s.lap() == lap && s.kind() == skip
}
