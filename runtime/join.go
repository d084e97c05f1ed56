package mp

import (
	"context"
	"sync"

	"github.com/mpgen/mpgen/runtime/internal/ring"
)

// Join waits until all items are done that had been sent to the queue before,
// whoever sent them; an item is done when its reader asks for the next one, or
// ends. What is sent meanwhile is not waited for. It ends with an error when ctx
// ends, or when the items will never be done, since every reader of the queue is
// gone ([ErrClosed], with the cause). A Sender that was closed may still Join.
func (s *Sender[T]) Join(ctx context.Context) error {
	for _, o := range s.out {
		if err := o.join(ctx); err != nil {
			return err
		}
	}
	return nil
}

// joining is the condition of who waits until the items of a part are done.
type joining struct {
	o *outlet

	mu   sync.Mutex
	end  uint64     // of an SPSC queue: the items before it are waited for
	ring *ring.Join // else
}

func (j *joining) Ready() bool {
	return j.o.node.over.Load() || j.done() || j.o.word.Gone.Load() != 0
}

func (j *joining) done() bool {
	if j.ring == nil {
		return int64(j.o.spsc.Done()-j.end) >= 0
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.ring.Done()
}

func (o *outlet) join(ctx context.Context) error {
	if err := o.joins.lock(ctx); err != nil {
		return err
	}
	defer o.joins.unlock()
	if o.node.over.Load() {
		return o.node.overError()
	}
	j, parked := &joining{o: o}, o.spsc.Joins
	if o.bounded != nil {
		j.ring, parked = o.bounded.Join(), o.bounded.Joins
	} else {
		j.end = o.spsc.Sent()
	}
	for {
		switch {
		case o.node.over.Load():
			return o.node.overError()
		case j.done():
			return nil
		case o.word.Gone.Load() != 0:
			return closedBy(decodeError(o.word.LeaveCause()))
		}
		if err := o.node.bell.Wait(ctx, parked(), j); err != nil {
			return err
		}
	}
}
