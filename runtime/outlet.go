package mp

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/mpgen/mpgen/runtime/internal/bell"
	"github.com/mpgen/mpgen/runtime/internal/control"
	"github.com/mpgen/mpgen/runtime/internal/ring"
)

// outlets are one process's putting ends of the parts of a queue.
type outlets []*outlet

// of is the part for the items of a key.
func (o outlets) of(key uint64) *outlet { return o[key%uint64(len(o))] }

// outlet is one process's putting end of a part of a queue. The gate is held by
// who uses what stands below it.
type outlet struct {
	node *Node
	q    *queuePlan
	word *control.Queue
	slot ring.Owner
	part int
	max  int // bytes of the largest item

	joins   gate        // of Join
	ending  atomic.Bool // nothing more is begun, and
	closed  atomic.Bool // nobody waits for room any more
	gate    gate
	spsc    ring.Producer // of an SPSC queue
	bounded *ring.Bounded // else
	arena   *ring.Arena
	enc     Encoder
	private []byte // a slot's size, for encoding
	need    int    // bytes that a large item waits for
	note    int    // how a seat's note names this part: its place in partsPut
}

func (o *outlet) queue() int { return o.node.plan.parts[o.part].queue }

// ended says why nothing more is to be put, or nil.
func (o *outlet) ended() error {
	if err := o.cutOff(); err != nil {
		return err
	}
	if o.ending.Load() {
		return ErrClosed
	}
	return nil
}

// cutOff is the same of what is under way.
func (o *outlet) cutOff() error {
	switch {
	case o.node.over.Load(): // first: the memory may be gone
		return o.node.overError()
	case o.closed.Load():
		return ErrClosed
	case o.word.Gone.Load() != 0:
		return closedBy(decodeError(o.word.LeaveCause()))
	case o.finished():
		return closedBy(decodeError(o.word.CloseCause()))
	}
	return nil
}

// finished reports whether the queue's cycle is. Other queues close when nobody can
// send any more.
func (o *outlet) finished() bool { return o.q.cyclic && o.word.Closed.Load() != 0 }

// room is the condition of a producer.
type room outlet

func (c *room) Ready() bool {
	o := (*outlet)(c)
	return o.node.over.Load() || o.hasRoom() || o.closed.Load() || o.word.Gone.Load() != 0 || o.finished()
}

func (o *outlet) hasRoom() bool {
	if o.need > 0 && !o.arena.HasRoom(o.need) {
		return false
	}
	if o.bounded != nil {
		return o.bounded.HasRoom()
	}
	return o.spsc.CanFill()
}

// wait waits for room. try makes it ErrFull instead, and so does a queue whose spill
// is full: who waited for it might keep its readers waiting.
func (o *outlet) wait(ctx context.Context, try bool) error {
	if err := o.cutOff(); err != nil {
		return err
	}
	if try || o.q.spills {
		return ErrFull
	}
	parked := o.spsc.SPSC.Room
	if o.bounded != nil {
		parked = o.bounded.Room
	}
	return o.sleep(ctx, parked(), (*room)(o))
}

// sleep waits at the gate, which it keeps: those behind it come after.
func (o *outlet) sleep(ctx context.Context, parked *bell.Parked, cond bell.Condition) error {
	o.gate.waits.Store(true)
	defer o.gate.waits.Store(false)
	return o.node.bell.Wait(ctx, parked, cond)
}

// put encodes an item and puts it in, and waits while the queue is full. The item
// is a result of the task on seat, if that is not nil.
func (o *outlet) put(ctx context.Context, encode func(*Encoder), seat *ring.Seat) error {
	s := o.draft()
	encode(&s.enc)
	return o.putDraft(ctx, s, false, seat)
}

// draft is an encoder for an item that may run code of the user's, such as a marshaler:
// it writes into private memory, and not behind the gate, so that nobody waits for that
// code, neither in this process nor in another.
func (o *outlet) draft() *scratch {
	s := scratches.Get().(*scratch)
	s.enc.reset(s.room(o.payload()-o.head()), o.max)
	s.enc.lender = o.enc.lender
	return s
}

// putDraft puts in what has been encoded. After a panic there is nothing to put: a draft
// that does not come here is left to the collector.
func (o *outlet) putDraft(ctx context.Context, s *scratch, try bool, seat *ring.Seat) error {
	defer func() {
		clear(s.enc.lent)
		s.enc.lender, s.enc.buf = nil, nil
		scratches.Put(s)
	}()
	if err := o.enter(ctx, try); err != nil {
		return err
	}
	defer o.gate.unlock()
	if err := o.ended(); err != nil {
		return err
	}
	return o.commit(ctx, &s.enc, try, seat)
}

// enter locks the gate. try makes it ErrFull where who has it waits for room.
func (o *outlet) enter(ctx context.Context, try bool) error {
	if !try {
		return o.gate.lock(ctx)
	}
	if !o.gate.lockUnless(func() bool { return true }) {
		return ErrFull // what room there will be is another's
	}
	return nil
}

// begin makes the encoder of the gate ready for an item, which runs no code of the
// user's. It is encoded into private memory, too: a place in the ring is claimed only for
// what is there whole.
func (o *outlet) begin() error {
	if err := o.ended(); err != nil {
		return err
	}
	o.enc.reset(o.scratch()[:o.payload()-o.head()], o.max)
	return nil
}

// payload is the size of a slot.
func (o *outlet) payload() int { return o.node.plan.parts[o.part].geometry.Payload }

// head is the number of bytes in a slot before the item.
func (o *outlet) head() int {
	if o.arena == nil {
		return 0
	}
	return ring.HeadSize
}

// commit puts in what e has encoded. try makes a full queue ErrFull.
func (o *outlet) commit(ctx context.Context, e *Encoder, try bool, seat *ring.Seat) error {
	if e.err != nil {
		err := fmt.Errorf("%s %q: %w", o.q.row.kind(), o.q.name, e.err)
		if errors.Is(err, ErrTooBig) {
			err = fmt.Errorf("%w; its setting bytes says how many", err)
		}
		return err
	}
	item := e.bytes()
	var d ring.Descriptor
	large := e.heap || e.lender != nil
	if large {
		var err error
		if d, err = o.build(ctx, e, try); err != nil {
			return err
		}
	}
	fill := func(p []byte) {
		switch {
		case large:
			ring.PutDescriptor(p, d)
		case o.arena != nil:
			ring.PutHead(p, len(item))
			copy(p[ring.HeadSize:], item)
		default:
			copy(p, item)
		}
	}
	for !o.place(large, fill, seat) {
		if err := o.wait(ctx, try); err != nil {
			if large {
				o.arena.Drop(o.slot)
			}
			return err
		}
	}
	if e.lender != nil {
		o.lent(d, e)
	}
	return nil
}

// build puts the item of e into the arena, with the blocks that it carries, and waits until
// it can.
func (o *outlet) build(ctx context.Context, e *Encoder, try bool) (ring.Descriptor, error) {
	item := e.bytes()
	for {
		d, ok := o.arena.Build(o.slot, item)
		if !ok {
			o.need = len(item)
			err := o.wait(ctx, try)
			o.need = 0
			if err != nil {
				return d, err
			}
			continue
		}
		full, err := o.lend(d, e)
		if full == nil && err == nil {
			return d, nil
		}
		o.arena.Drop(o.slot)
		o.bounded.Room().WakeOne() // who waited for the bytes that this had
		switch {
		case err != nil:
		case try:
			err = ErrFull
		case o.q.spills:
			err = o.crowded(full)
		default:
			ring, _ := o.ringOf(full)
			err = o.sleep(ctx, full.of.table.Room(), &lending{o, *full, ring})
		}
		if err == nil {
			err = o.cutOff()
		}
		if err != nil {
			return d, err
		}
	}
}

// place puts a whole item into the ring, if there is room.
func (o *outlet) place(large bool, fill func([]byte), seat *ring.Seat) bool {
	if o.bounded == nil {
		if !o.spsc.HasRoom() {
			return false
		}
		if large {
			o.arena.Place(o.slot, o.spsc.Next)
		}
		fill(o.spsc.Payload(o.spsc.Next))
		o.spsc.Next++
		o.spsc.Publish()
		if large {
			o.arena.Built(o.slot)
		}
		o.spsc.Wake()
		return true
	}
	t, ok := o.bounded.Claim(o.slot)
	if !ok {
		return false
	}
	if large {
		o.arena.Place(o.slot, uint64(t))
	}
	if seat != nil {
		seat.Note(o.note, o.bounded, t)
	}
	fill(o.bounded.Payload(t))
	o.publish(t)
	if large {
		o.arena.Built(o.slot)
	}
	if seat != nil { // before another goroutine of this process claims a place here
		seat.Advance()
	}
	o.bounded.Wake(o.slot)
	return true
}

// publish commits place t of a Bounded ring.
func (o *outlet) publish(t ring.Ticket) {
	if err := o.bounded.Publish(t, o.slot); err != nil {
		panic(err) // the parent took this process for dead; it must not go on
	}
}

// scratch is private memory of a slot's size.
func (o *outlet) scratch() []byte {
	if o.private == nil {
		o.private = make([]byte, o.payload())
	}
	return o.private
}

// close says that this process sends no more. Who waits for room gets ErrClosed. When
// it returns nothing is put in any more; it waits for nobody's code.
func (o *outlet) close() {
	o.ending.Store(true)
	o.closed.Store(true)
	if !o.gate.try() {
		o.node.bell.Ring()
		_ = o.gate.lock(context.Background())
	}
	o.gate.unlock()
}

// tryFinish is close that lets who waits for room go on, and reports whether nobody does.
func (o *outlet) tryFinish() bool {
	o.ending.Store(true)
	if !o.gate.try() {
		return false
	}
	o.closed.Store(true)
	o.gate.unlock()
	return true
}

// finish is tryFinish that waits for them, until ctx ends.
func (o *outlet) finish(ctx context.Context) error {
	o.ending.Store(true)
	if err := o.gate.lock(ctx); err != nil {
		return err
	}
	o.closed.Store(true)
	o.gate.unlock()
	return nil
}
