package mp

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/mpgen/mpgen/runtime/internal/bell"
	"github.com/mpgen/mpgen/runtime/internal/control"
	"github.com/mpgen/mpgen/runtime/internal/ring"
)

// inlet is one process's taking end of a queue. Who waits for an item holds the
// gate; who takes or finishes one holds mu, for an instant: a goroutine that
// waits must not keep another from saying that its item is done.
type inlet struct {
	node  *Node
	q     *queuePlan
	index int            // of the queue
	lost  atomic.Bool    // Wait has left it, and then something was lost
	word  *control.Queue // of its part
	slot  ring.Owner
	gate  gate
	calls gate // of Receive: one call at a time

	mu      sync.Mutex
	closed  bool
	loops   int         // that range over the queue now
	left    []*reader   // of loops that a panic or Goexit has left, and that are not finished yet
	anyLeft atomic.Bool // there are such, for who does not hold mu
	spsc    ring.Consumer
	held    []*reader // that work on items of an SPSC queue
	back    []run     // items of an SPSC queue that a loop took and left, in order
	plain   bool      // items can be copied as they are
	bounded *ring.Bounded
	seats   []*ring.Seat // that are free
	arena   *ring.Arena
	reader  reader // of Receive and TryReceive

	watch atomic.Pointer[watch] // of Ready, nil before its first call
}

// reader is one that takes items: a loop of All, or all calls of Receive. It
// works on one item at a time.
type reader struct {
	in    *inlet
	seat  *ring.Seat // of a Bounded queue
	has   bool       // it works on an item
	ended bool       // its loop has come to its end
	item  uint64     // of an SPSC queue
	dec   Decoder
	buf   []byte // a large item, copied out
	lease lease  // of the item's blocks

	// The run that item is of: the loop goes through it on its own. Another reader
	// moves end, under mu, to take what the loop has not come to.
	start uint64
	end   atomic.Uint64
}

// run is items of an SPSC queue, one behind the other, that one reader took at
// once. It takes more than one only while it is the only reader.
type run struct{ start, end uint64 }

// errEnd is the end of a queue whose producers have all ended well.
var errEnd = errors.New("end of the queue")

// errWaited is not ErrClosed, which a reader takes for the plain end: items may
// be lost.
var errWaited = errors.New("Wait was called and nobody in the program received")

// unread is errWaited with what to do instead.
func (in *inlet) unread() error {
	if whom := in.node.plan.untilWait(in.q); len(whom) > 0 {
		return fmt.Errorf("%w: call Wait in another goroutine, beside a loop over the queue, which stays open until then as the program may %s",
			errWaited, strings.Join(whom, " or "))
	}
	return fmt.Errorf("%w: range over the queue before Wait, or in another goroutine", errWaited)
}

// items is the condition of a reader.
type items reader

func (c *items) Ready() bool {
	r := (*reader)(c)
	in := r.in
	in.mu.Lock()
	ready := in.node.over.Load() || r.hasItem() || in.closed || in.word.Closed.Load() != 0 && in.drained()
	in.mu.Unlock()
	if !ready {
		in.asked()
	}
	return ready
}

func (r *reader) hasItem() bool {
	in := r.in
	switch {
	case in.bounded == nil:
		return len(in.back) > 0 || in.keeps() || in.spsc.HasItem()
	case r.seat == nil:
		return len(in.seats) > 0
	}
	return r.seat.HasItem()
}

// drained reports whether a closed queue holds nothing any more, and no other
// process an item that might come again.
func (in *inlet) drained() bool {
	if in.bounded == nil {
		return len(in.back) == 0 && !in.spsc.HasItem()
	}
	return in.bounded.Quiet(in.slot)
}

// next takes the next item; what the reader had is done. At the end of the queue
// it is errEnd, or the cause of the end.
func (r *reader) next(ctx context.Context, try bool) error {
	in := r.in
	in.mu.Lock()
	r.finish()
	got, err := r.look()
	if !got && err == nil && in.bounded == nil {
		in.spsc.Tell() // a loop that waits at the gate has told for itself only
	}
	in.mu.Unlock()
	if got || err != nil {
		return err
	}
	if in.q.cyclic && in.node.run != nil {
		in.node.ringing(in.node.run.lookAtCycles) // what this reader has done may have been in the way of the end
	}
	if try {
		return ErrEmpty
	}
	if r == &in.reader { // a call of Receive
		in.calls.waits.Store(true)
		defer in.calls.waits.Store(false)
	}
	if err := in.gate.lock(ctx); err != nil {
		return err
	}
	defer in.gate.unlock()
	for {
		in.mu.Lock()
		got, err := r.look()
		if !got && err == nil && in.bounded == nil {
			in.spsc.Tell()
		}
		in.mu.Unlock()
		if got || err != nil {
			return err
		}
		if err := in.node.bell.Wait(ctx, in.parked(), (*items)(r)); err != nil {
			return err
		}
	}
}

// isEmpty reports whether a call that waits does so for more than its turn.
func (in *inlet) isEmpty() bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	return !in.ended() && !in.hasItem()
}

// look takes an item if there is one, or says why there will be none.
func (r *reader) look() (bool, error) {
	in := r.in
	if in.node.over.Load() {
		return false, in.node.overError()
	}
	if in.closed && !(in.word.Closed.Load() != 0 && in.drained()) {
		return false, in.unread()
	}
	closed := in.word.Closed.Load() != 0 // before the look
	if ok, err := r.take(); ok || err != nil {
		return ok, err
	}
	if closed && in.drained() {
		if in.bounded != nil {
			in.bounded.Items().WakeAll() // others may have looked while this one did, and waited
		}
		if cause := in.word.CloseCause(); len(cause) > 0 {
			return false, decodeError(cause)
		}
		if in.lost.Load() {
			return false, in.unread()
		}
		return false, errEnd
	}
	return false, nil
}

func (r *reader) take() (bool, error) {
	in := r.in
	if in.bounded == nil {
		switch {
		case len(in.back) > 0 || in.reclaim():
			first := &in.back[0]
			r.start = first.start
			if first.start++; first.start == first.end {
				in.back = in.back[1:]
			}
		case in.spsc.HasItem():
			r.start = in.spsc.Next
			in.spsc.Next++
		default:
			return false, nil
		}
		r.end.Store(r.start + 1)
		r.item, r.has = r.start, true
		in.held = append(in.held, r)
		return true, nil
	}
	if r.seat == nil {
		// Every seat may be taken by another loop: then this one waits for one to
		// be free, or for the end.
		n := len(in.seats)
		if n == 0 {
			return false, nil
		}
		r.seat, in.seats = in.seats[n-1], in.seats[:n-1]
	}
	ok, err := r.seat.Take()
	if errors.Is(err, ring.ErrEvicted) {
		panic(err) // the parent took this process for dead; it must not go on
	}
	r.has = ok
	return ok, err
}

// keeps reports whether a loop has items in its run that it has not come to.
func (in *inlet) keeps() bool {
	at := in.spsc.Done() // only in the run of the first reader; the others have one item each
	for _, r := range in.held {
		if at >= r.start && at+1 < r.end.Load() {
			return true
		}
	}
	return false
}

// reclaim takes from a loop what it has not come to, for who asks: a loop may be
// slow, or even wait for another reader. The loop says which item it comes to
// before it looks whether that is still its own; here its end is moved before the
// look at where it is; so one of the two sees the other, and it is the loop that
// gives way and comes for mu.
func (in *inlet) reclaim() bool {
	for _, r := range in.held {
		end := r.end.Load()
		for at := in.spsc.Done(); at >= r.start && at+1 < end; {
			r.end.Store(at + 1)
			now := in.spsc.Done()
			if now == at {
				in.putBack(run{at + 1, end})
				return true
			}
			at = now
			r.end.Store(end)
		}
	}
	return false
}

func (in *inlet) putBack(left run) {
	i, _ := slices.BinarySearchFunc(in.back, left.start, func(b run, start uint64) int { return cmp.Compare(b.start, start) })
	in.back = slices.Insert(in.back, i, left)
}

// finish says that the reader's item is done.
func (r *reader) finish() {
	if !r.has {
		return
	}
	in := r.in
	if in.node.over.Load() {
		r.has = false
		return // the memory may be gone
	}
	if in.bounded != nil {
		r.free()
		return
	}
	r.has = false
	// What is left of the run goes back.
	if next, end := r.item+1, r.end.Load(); next < end {
		if in.spsc.Next == end {
			in.spsc.Next = next
		} else {
			in.putBack(run{next, end})
		}
	}
	in.held = slices.DeleteFunc(in.held, func(other *reader) bool { return other == r })
	done := in.spsc.Next
	for _, other := range in.held {
		done = min(done, other.start)
	}
	for _, b := range in.back {
		done = min(done, b.start)
	}
	// A reader that goes through a run may have said more itself.
	if done > in.spsc.Done() {
		in.spsc.SetDone(done)
	}
}

// finish says that the item of the last Receive is done, unless a call is under
// way, and that those are done whose loops have ended without a word.
func (in *inlet) finish() {
	in.mu.Lock()
	in.leaveLeft()
	in.mu.Unlock()
	if in.calls.try() {
		in.mu.Lock()
		in.reader.finish()
		in.mu.Unlock()
		in.calls.unlock()
	}
}

// free says that the item on the reader's seat is done, if there is one.
func (r *reader) free() {
	if !r.has {
		return
	}
	r.has = false
	r.seat.Free()
	if r.in.word.Closed.Load() != 0 {
		r.in.bounded.Items().WakeEach() // others may wait for the end
	}
}

// leave ends the reader: its item is done, its seat free.
func (r *reader) leave() {
	r.finish()
	if r.seat != nil {
		r.in.seats = append(r.in.seats, r.seat)
		r.seat = nil
		r.in.node.bell.Ring() // another loop may wait for the seat
	}
	if r.in.bounded == nil && !r.in.node.over.Load() {
		r.in.spsc.Tell()
	}
}

// abandon ends a loop whose body does not return to it, for a panic or Goexit. Its
// item is not done yet: if this process is about to die of the panic, the item
// comes again.
func (r *reader) abandon() {
	in := r.in
	in.mu.Lock()
	defer in.mu.Unlock()
	in.loops--
	in.left = append(in.left, r)
	in.anyLeft.Store(true)
}

// leaveLeft leaves the loops that were abandoned: as this process begins to read
// anew, it has survived that. mu is held.
func (in *inlet) leaveLeft() {
	for _, r := range in.left {
		r.leave()
	}
	in.left = nil
	in.anyLeft.Store(false)
}

// payload is the slot or record of the reader's item.
func (r *reader) payload() []byte {
	if r.seat != nil {
		return r.seat.Payload()
	}
	return r.in.spsc.Payload(r.item)
}

// open points the decoder at the reader's item.
func (r *reader) open() error {
	p := r.payload()
	if len(r.in.q.lends) > 0 {
		r.lease.begin(r.in.node, r.seat)
		r.dec.lease = &r.lease
	}
	if r.in.arena != nil {
		var err error
		if p, err = r.in.arena.Item(p, r.buf); err != nil {
			return ErrCorruptPeer
		}
		if cap(p) > cap(r.buf) && len(p) > len(r.payload()) {
			r.buf = p
		}
	} else if flat := r.in.q.row.shape().flat; flat >= 0 {
		p = p[:flat]
	}
	r.dec.reset(p)
	return nil
}

// parked is where this process parks for items.
func (in *inlet) parked() *bell.Parked {
	if in.bounded != nil {
		return in.bounded.Items()
	}
	return in.spsc.Items()
}

// close says that this process takes no more.
func (in *inlet) close() {
	idle := in.calls.try() // else a call may be reading its item
	in.mu.Lock()
	in.closed = true
	in.leaveLeft()
	if idle {
		in.reader.finish()
	}
	in.mu.Unlock()
	if idle {
		in.calls.unlock()
	}
	in.node.bell.Ring()
	in.lookAgain()
}
