package mp

import (
	"context"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/mpgen/mpgen/runtime/internal/bell"
	"github.com/mpgen/mpgen/runtime/internal/ring"
)

// batch is what one call of SendAll gathers before it goes into a ring.
//
// Items are written into private memory first. An atomic operation waits for all
// stores before it, and a store into a slot waits for the reader's processor to
// give up the slot's cache lines: written into the ring one by one, each item
// would pay for that alone. A whole batch is copied at once, and its lines come
// together.
//
// The goroutine of SendAll owns the batch: it alone adds items, and flushes when
// there are batchItems of them or a reader waits. A timer flushes what a slow input
// leaves behind, beside an owner that goes on. Who flushes holds the outlet's gate,
// and moves the items that the owner has counted and nobody has moved yet; below
// that count the owner writes nothing. Owner and timer never miss each other: the
// one counts an item and then looks whether the timer is set, the other says that
// it is not set any more and then looks at the count.
type batch[T any] struct {
	ctx     context.Context // ends with the batch, too
	cancel  context.CancelFunc
	s       *Sender[T]
	readers *bell.Parked

	n     int          // items in the batch
	count atomic.Int32 // the same, for the timer
	late  *time.Timer
	set   atomic.Bool // late is set
	flat  []T         // the items, if they are flat
	coded []byte      // else their encodings, a payload for each
	sizes [batchItems]int
	enc   Encoder

	// of the gate
	flushed int // items of this batch that are in the ring
	err     error
}

const (
	batchItems = 32

	// lateItems bounds how long an item lies in a batch that is not full.
	lateItems = 200 * time.Microsecond
)

func newBatch[T any](ctx context.Context, s *Sender[T]) *batch[T] {
	b := &batch[T]{s: s}
	b.ctx, b.cancel = context.WithCancel(ctx)
	if s.o.q.flat {
		b.flat = make([]T, batchItems)
	} else {
		b.coded = make([]byte, batchItems*s.o.payload())
	}
	if s.o.bounded != nil {
		b.readers = s.o.bounded.Items()
	} else {
		b.readers = s.o.spsc.Items()
	}
	b.late = time.AfterFunc(time.Hour, b.onTime)
	return b
}

// add takes an item in, or says why there is an end.
func (b *batch[T]) add(v *T) error {
	if b.flat != nil {
		b.flat[b.n] = *v
	} else if !b.encode(v) {
		if err := b.flush(); err != nil {
			return err
		}
		return b.s.send(b.ctx, b.s.o, *v, false)
	}
	b.n++
	b.count.Store(int32(b.n))
	// In a cycle in may wait for what comes of the item, which must be seen then.
	if b.n == batchItems || b.awaited() || b.s.o.node.bell.TakesTurns() || b.s.o.q.cyclic {
		return b.flush()
	}
	if !b.set.Load() {
		b.set.Store(true)
		b.late.Reset(lateItems)
	}
	return nil
}

// awaited reports whether a reader sleeps. Where the memory may go, it does not
// while the gate is held.
func (b *batch[T]) awaited() bool {
	o := b.s.o
	if o.node.guarded {
		if !o.gate.try() {
			return false
		}
		defer o.gate.unlock()
		if o.node.over.Load() {
			return true
		}
	}
	return b.readers.Any()
}

// encode writes an item behind those of the batch, as it is to lie in a slot, and
// reports false if it is too large for that, or can't be encoded.
func (b *batch[T]) encode(v *T) bool {
	o := b.s.o
	size := o.payload()
	p := b.coded[b.n*size:][:size]
	b.enc.reset(p[ring.HeadSize:], o.max)
	b.s.elem.put(&b.enc, *v)
	if b.enc.heap || b.enc.err != nil {
		return false
	}
	n := len(b.enc.bytes())
	ring.PutHead(p, n)
	b.sizes[b.n] = ring.HeadSize + n
	return true
}

// flush puts what is left of the batch into the ring, and begins a new one.
func (b *batch[T]) flush() error {
	o := b.s.o
	if b.n == 0 {
		return nil
	}
	if err := b.ctx.Err(); err != nil {
		return err
	}
	if err := o.gate.lock(b.ctx); err != nil {
		return err
	}
	b.put(b.n)
	b.n, b.flushed = 0, 0
	b.count.Store(0)
	err := b.err
	o.gate.unlock()
	return err
}

// onTime is the timer's flush.
func (b *batch[T]) onTime() {
	o := b.s.o
	if o.gate.lock(b.ctx) != nil {
		return // the owner's flush ends likewise
	}
	defer o.gate.unlock()
	if b.set.Store(false); b.ctx.Err() == nil {
		b.put(int(b.count.Load()))
	}
}

// put moves the first n items into the ring, less those that are there. It holds
// the gate.
func (b *batch[T]) put(n int) {
	o := b.s.o
	if o.bounded != nil {
		b.putEach(n)
		return
	}
	p := &o.spsc
	for b.err == nil && b.flushed < n {
		if b.err = o.ended(); b.err == nil && !p.HasRoom() {
			b.err = o.wait(b.ctx, false)
			continue
		}
		for ; b.err == nil && b.flushed < n && p.Next != p.Limit; b.flushed++ {
			b.copyTo(p.At(p.Next))
			p.Next++
		}
		if b.err == nil {
			p.Publish()
			p.Wake()
		}
	}
}

// putEach is put for a Bounded ring, where each item is published by itself, and
// only the wake-up is for all of them: readers hand it on while there is more.
func (b *batch[T]) putEach(n int) {
	o := b.s.o
	for b.err == nil && b.flushed < n {
		if b.err = o.ended(); b.err != nil {
			return
		}
		before := b.flushed
		for b.flushed < n {
			t, ok := o.bounded.Claim(o.slot)
			if !ok {
				break
			}
			b.copyTo(o.bounded.At(t))
			o.publish(t)
			b.flushed++
		}
		if b.flushed != before {
			o.bounded.Wake(o.slot)
		}
		if b.flushed < n {
			b.err = o.wait(b.ctx, false)
		}
	}
}

// copyTo copies the next item to a slot.
func (b *batch[T]) copyTo(p unsafe.Pointer) {
	if b.flat != nil {
		*(*T)(p) = b.flat[b.flushed]
		return
	}
	n := b.sizes[b.flushed]
	copy(unsafe.Slice((*byte)(p), n), b.coded[b.flushed*b.s.o.payload():][:n])
}

// end is the end of the batch, whatever is left of it. The timer may be on its way.
func (b *batch[T]) end() {
	b.late.Stop()
	b.cancel()
}
