package mp

import (
	"context"
	"iter"
	"unsafe"

	"github.com/mpgen/mpgen/runtime/internal/ring"
)

// Sender is the sending end of a queue in one process. Any number of goroutines
// may use it.
type Sender[T any] struct {
	o    *outlet // of the only part
	out  outlets
	key  func(T) uint64 // nil if there is one part
	elem Codec[T]
}

// Send puts v into the queue and waits while it is full. After an error v is not
// in the queue: ctx ended, the item could never fit ([ErrTooBig]), or every
// reader of the queue has ended ([ErrClosed], with the cause), or this process has closed
// its end (ErrClosed). A queue that spills
// is never waited for: when its spill is full too, the error is [ErrFull]; and when
// its cycle is finished, ErrClosed.
func (s *Sender[T]) Send(ctx context.Context, v T) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	o := s.o
	if s.key != nil {
		o = s.out.of(s.key(v))
	}
	if !o.q.flat || !o.gate.try() {
		return s.send(ctx, o, v, false)
	}
	if o.node.over.Load() || o.ending.Load() || o.word.Gone.Load() != 0 || o.finished() || !putFlat(o, v) {
		o.gate.unlock()
		return s.send(ctx, o, v, false)
	}
	o.gate.unlock()
	return nil
}

// putFlat puts v as it is into the next place, if there is one.
func putFlat[T any](o *outlet, v T) bool {
	if r := o.bounded; r != nil {
		t, ok := r.Claim(o.slot)
		if !ok {
			return false
		}
		*(*T)(r.At(t)) = v
		o.publish(t)
		r.Wake(o.slot)
		return true
	}
	p := &o.spsc
	if p.Next == p.Limit {
		return false
	}
	*(*T)(p.At(p.Next)) = v
	p.Next++
	p.Publish()
	p.Wake()
	return true
}

// TrySend is Send that gives [ErrFull] instead of waiting for room.
func (s *Sender[T]) TrySend(v T) error { return s.send(context.Background(), s.to(v), v, true) }

// to is the part that v goes to.
func (s *Sender[T]) to(v T) *outlet {
	if s.key == nil {
		return s.o
	}
	return s.out.of(s.key(v))
}

func (s *Sender[T]) send(ctx context.Context, o *outlet, v T, try bool) error {
	if !s.elem.isPlain() {
		d := o.draft()
		s.elem.put(&d.enc, v)
		return o.putDraft(ctx, d, try, nil)
	}
	if err := o.enter(ctx, try); err != nil {
		return err
	}
	defer o.gate.unlock()
	if s.direct(o, v) {
		return nil
	}
	if err := o.begin(); err != nil {
		return err
	}
	s.elem.put(&o.enc, v)
	return o.commit(ctx, &o.enc, try, nil)
}

// direct puts v into the next slot itself, if there is one and v fits.
func (s *Sender[T]) direct(o *outlet, v T) bool {
	if o.bounded != nil || o.node.over.Load() || o.ending.Load() || o.word.Gone.Load() != 0 || o.finished() || !o.spsc.HasRoom() || !s.fill(o, v) {
		return false
	}
	o.spsc.Next++
	o.spsc.Publish()
	o.spsc.Wake()
	return true
}

// fill writes v into the next slot of an SPSC ring, which nobody sees until it is
// published. It reports false if v is too large for a slot, or can't be encoded.
func (s *Sender[T]) fill(o *outlet, v T) bool {
	if o.q.flat {
		*(*T)(o.spsc.At(o.spsc.Next)) = v
		return true
	}
	p := o.spsc.Payload(o.spsc.Next)
	o.enc.reset(p[ring.HeadSize:], o.max)
	s.elem.put(&o.enc, v)
	if o.enc.heap || o.enc.err != nil {
		return false
	}
	ring.PutHead(p, len(o.enc.bytes()))
	return true
}

// SendAll sends what in yields, in order, and is faster than as many calls of
// Send: items become visible to a reader a few dozen at a time, and at once when
// a reader waits, or in is slow. It ends with the first error; the last items that
// in gave, up to 32, may then not be in the queue.
func (s *Sender[T]) SendAll(ctx context.Context, in iter.Seq[T]) error {
	if s.key != nil {
		for v := range in {
			if err := s.Send(ctx, v); err != nil {
				return err
			}
		}
		return nil
	}
	b := newBatch(ctx, s)
	defer b.end()
	for v := range in {
		if err := b.add(&v); err != nil {
			return err
		}
	}
	return b.flush()
}

// Close says that this process sends no more: a Send that waits for room, and each that
// comes later, gets [ErrClosed]. The end of a process closes its senders; only main and
// long-lived processes need it.
func (s *Sender[T]) Close() {
	for _, o := range s.out {
		o.close()
	}
	s.o.node.sendsNoMore(s.o.queue())
}

// Len is about the number of items in the queue.
func (s *Sender[T]) Len() (n int) {
	for _, o := range s.out {
		switch {
		case o.node.over.Load():
			return 0
		case o.bounded != nil:
			n += o.bounded.Len()
		default:
			n += o.spsc.Len()
		}
	}
	return n
}

// Receiver is the receiving end of a queue in one process. Any number of
// goroutines may use it.
//
// An item is done when its reader asks for the next one, or ends. If the process
// dies before, the item comes again: to the process that is started in its
// place, or to another that receives from the queue. When several goroutines of
// one process read a queue with one producer and one consumer process, items
// behind the first that is not done may come again too.
type Receiver[T any] struct {
	i    *inlet
	elem Codec[T]
}

// All ranges over the items until the queue is closed and empty. If what closed
// it is a producer that failed, the last round of the loop gets that error; so
// it does when ctx ends. Each loop is a reader of its own, so several goroutines
// may each run one. The item of an earlier Receive is done when a loop begins.
func (r *Receiver[T]) All(ctx context.Context) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		in, rd := r.i, &reader{in: r.i}
		in.finish() // who ranges over the queue has done what it received before
		in.mu.Lock()
		in.loops++
		in.mu.Unlock()
		defer func() {
			if !rd.ended {
				rd.abandon()
			}
		}()
		longest := uint64(1)
		if !in.node.guarded { // else the memory may go, so each item is taken under the lock
			longest = longestRun
		}
		done := ctx.Done()
		for {
			if done != nil {
				select {
				case <-done:
					r.end(rd, ctx.Err(), yield)
					return
				default:
				}
			}
			var v T
			var ok bool
			if in.bounded != nil {
				v, ok = r.hop(rd)
			} else if ok = rd.step(); !ok {
				v, ok = r.quick(rd, longest)
			} else if in.plain {
				v = *(*T)(in.spsc.At(rd.item))
			}
			if ok {
				var err error
				if !in.plain {
					if v, err = r.decode(rd); err != nil {
						r.end(rd, err, yield)
						return
					}
				}
				if !yield(v, nil) {
					r.end(rd, nil, nil)
					return
				}
				continue
			}
			err := rd.next(ctx, false)
			if err == nil {
				v, err = r.decode(rd)
			}
			if err != nil {
				r.end(rd, err, yield)
				return
			}
			if !yield(v, nil) {
				r.end(rd, nil, nil)
				return
			}
		}
	}
}

// longestRun bounds the items that a loop takes at once.
const longestRun = 32

// quick is next for the common case: an item of one producer is there, and no
// other reader of this process works on one. It takes up to longest of them, for
// step. A plain item comes with it; another is to be decoded.
func (r *Receiver[T]) quick(rd *reader, longest uint64) (v T, ok bool) {
	in := r.i
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.node.over.Load() || in.closed || len(in.back) > 0 || len(in.held) > 1 || len(in.held) == 1 && in.held[0] != rd {
		return v, false
	}
	if rd == &in.reader && in.calls.state.Load() != 0 {
		return v, false // a call has taken an item, and may not have read it yet
	}
	c := &in.spsc
	if rd.has {
		if c.Next != rd.end.Load() {
			return v, false // others have taken what comes behind the run, and may be done with it
		}
		c.Next = rd.item + 1 // what is left of the run is taken anew
		if !c.HasItem() {
			rd.end.Store(c.Next)
			return v, false
		}
		c.SetDone(c.Next)
	} else {
		if !c.HasItem() {
			return v, false
		}
		rd.has, in.held = true, append(in.held, rd)
	}
	rd.item = c.Next
	rd.start = c.Next
	c.Next += min(longest, c.Limit-c.Next)
	rd.end.Store(c.Next)
	if in.plain {
		v = *(*T)(c.At(rd.item))
	}
	return v, true
}

// step goes on in the reader's run, without the lock: what it touches is this
// reader's alone, unless another reader reclaims it. It stops for a producer that
// waits for room.
func (rd *reader) step() bool {
	c := &rd.in.spsc
	next := rd.item + 1
	if !rd.has || next >= rd.end.Load() || c.Room().Any() {
		return false
	}
	c.MarkDone(next) // true whoever gets next
	if next >= rd.end.Load() {
		return false
	}
	rd.item = next
	return true
}

// hop is quick for a Bounded queue: the reader sits on its seat already, and an
// item is there. It needs no lock, as nobody else touches the seat, but in the
// program itself, where the memory may go.
func (r *Receiver[T]) hop(rd *reader) (v T, ok bool) {
	in := r.i
	if rd.seat == nil || in.node.guarded || in.node.over.Load() {
		return v, false
	}
	rd.free()
	if ok, err := rd.seat.Take(); !ok || err != nil {
		return v, false // an error comes again where it is dealt with
	}
	rd.has = true
	if in.plain {
		v = *(*T)(unsafe.Pointer(&rd.seat.Payload()[0]))
	}
	return v, true
}

// end ends a loop and yields err, unless it is the plain end of the queue.
func (r *Receiver[T]) end(rd *reader, err error, yield func(T, error) bool) {
	r.i.mu.Lock()
	rd.leave()
	r.i.loops--
	rd.ended = true
	r.i.mu.Unlock()
	if err != nil && err != errEnd {
		var zero T
		yield(zero, err)
	}
}

func (r *Receiver[T]) decode(rd *reader) (v T, err error) {
	if n := r.i.node; n.guarded { // the memory may go
		n.reading.RLock()
		defer n.reading.RUnlock()
	}
	if r.i.node.over.Load() {
		return v, r.i.node.overError()
	}
	if rd.in.plain {
		return *(*T)(unsafe.Pointer(&rd.payload()[0])), nil
	}
	if err := rd.open(); err != nil {
		return v, err
	}
	v = r.elem.get(&rd.dec)
	if err := rd.dec.Err(); err != nil {
		var zero T
		return zero, err
	}
	rd.dec.lease.whole()
	return v, nil
}

// Receive takes one item. A queue that is closed and empty gives [ErrClosed], or
// the error of the producer that failed. All calls of Receive and TryReceive on
// one end are one reader: each says that the item before is done.
func (r *Receiver[T]) Receive(ctx context.Context) (T, error) { return r.receive(ctx, false) }

// TryReceive is Receive that gives [ErrEmpty] instead of waiting.
func (r *Receiver[T]) TryReceive() (T, error) { return r.receive(context.Background(), true) }

func (r *Receiver[T]) receive(ctx context.Context, try bool) (v T, err error) {
	if err := ctx.Err(); err != nil {
		return v, err
	}
	in := r.i
	if in.plain && in.bounded == nil {
		if v, ok := r.quick(&in.reader, 1); ok {
			in.lookAgain()
			return v, nil
		}
	}
	if in.bounded != nil && !in.node.guarded && !in.anyLeft.Load() && in.calls.try() {
		v, ok := r.hop(&in.reader)
		if ok && !in.plain {
			v, err = r.decode(&in.reader)
		}
		in.calls.unlock()
		if ok {
			in.lookAgain()
			return v, err
		}
	}
	defer in.lookAgain()
	if try {
		if !in.calls.lockUnless(in.isEmpty) {
			return v, ErrEmpty
		}
	} else if err := in.calls.lock(ctx); err != nil {
		return v, err
	}
	defer in.calls.unlock()
	in.mu.Lock()
	in.leaveLeft()
	in.mu.Unlock()
	if err = in.reader.next(ctx, try); err == nil {
		v, err = r.decode(&in.reader)
	}
	if err == errEnd {
		err = ErrClosed
	}
	return v, err
}

// Len is about the number of items in the queue; if it is keyed, in this reader's
// part of it.
func (r *Receiver[T]) Len() int {
	if r.i.node.over.Load() {
		return 0
	}
	if r.i.bounded != nil {
		return r.i.bounded.Len()
	}
	return r.i.spsc.Len()
}

// Queue is both ends, for a process that declares send and receive.
type Queue[T any] struct {
	Sender[T]
	Receiver[T]
}

// Len is about the number of items in the queue.
func (q *Queue[T]) Len() int { return q.Sender.Len() }
