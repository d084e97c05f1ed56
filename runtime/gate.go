package mp

import (
	"context"
	"sync"
	"sync/atomic"
)

// gate lets one goroutine of a process at a time to one end of a queue; the
// others wait here, each with its context, and not in shared memory.
type gate struct {
	state atomic.Uint32 // 0 open, 1 shut, 2 shut and somebody may wait
	queue atomic.Int32  // how many wait, for who asks
	turn  chan struct{}
	once  sync.Once
}

func (g *gate) try() bool { return g.state.CompareAndSwap(0, 1) }

func (g *gate) lock(ctx context.Context) error {
	if g.try() {
		return nil
	}
	g.once.Do(func() { g.turn = make(chan struct{}, 1) })
	g.queue.Add(1)
	defer g.queue.Add(-1)
	for g.state.Swap(2) != 0 {
		select {
		case <-g.turn:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func (g *gate) unlock() {
	if g.state.Swap(0) == 2 {
		g.once.Do(func() { g.turn = make(chan struct{}, 1) })
		select {
		case g.turn <- struct{}{}:
		default:
		}
	}
}
