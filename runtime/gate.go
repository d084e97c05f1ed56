package mp

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// gate lets one goroutine of a process at a time to one end of a queue; the
// others wait here, each with its context, and not in shared memory.
type gate struct {
	state atomic.Uint32 // 0 open, 1 shut, 2 shut and somebody may wait
	queue atomic.Int32  // how many wait, for who asks
	turn  chan struct{}
	once  sync.Once
	waits atomic.Bool // who has it waits for what others do
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

// lockUnless locks the gate if that needs no wait but for who is at work behind it, and
// reports whether it did. Who waits there keeps it for as long as stuck says.
func (g *gate) lockUnless(stuck func() bool) bool {
	for !g.try() {
		if g.waits.Load() && stuck() {
			return false
		}
		time.Sleep(20 * time.Microsecond)
	}
	return true
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
