package mp

import (
	"context"
	"sync"
)

// Ready is a channel for Go's select: it gives a token when TryReceive is worth a
// call, because there is an item or the queue has ended, and takes no item itself.
// After the end it is closed. Who gets a token calls TryReceive, or Ready again;
// others may have been faster, and then TryReceive gives [ErrEmpty]. Like Receive,
// Ready says that the item before is done; so it is called in the select itself,
// and not once before a loop.
//
//	select {
//	case <-p.Jobs.Ready():
//		job, err := p.Jobs.TryReceive()
//		…
//	case <-p.Orders.Ready():
//		…
//	case <-ctx.Done():
//	}
//
// From its first call on, one goroutine watches the queue, until that or the run
// ends. Goroutines that share the end of a queue share its channel: each token
// wakes one of them.
func (r *Receiver[T]) Ready() <-chan struct{} {
	in := r.i
	w := in.watch.Load()
	if w == nil {
		w = &watch{in: in, tokens: make(chan struct{}, 1), again: make(chan struct{}, 1)}
		if in.watch.CompareAndSwap(nil, w) {
			go w.run()
		} else {
			w = in.watch.Load()
		}
	}
	in.finish()
	w.look()
	return w.tokens
}

// watch puts a token into its channel when there is something to receive. It
// waits for that as a reader does, but takes nothing, so it hands on each wake-up
// that it gets. With a token in the channel, or taken out and not answered by a
// call, there is nothing to wait for: then it rests until somebody looks again.
type watch struct {
	in     *inlet
	tokens chan struct{} // has one, or none
	again  chan struct{} // has one when the watch is to wait anew

	mu    sync.Mutex
	ended bool // tokens is closed
}

// Ready is the watch as a condition.
func (w *watch) Ready() bool {
	in := w.in
	in.mu.Lock()
	ready := in.ended() || in.hasItem()
	in.mu.Unlock()
	if !ready {
		in.asked()
	}
	return ready
}

// ended reports whether there will be no item any more. It holds mu.
func (in *inlet) ended() bool {
	return in.node.over.Load() || in.closed || in.word.Closed.Load() != 0 && in.drained()
}

// hasItem reports whether a call of TryReceive would find an item. It holds mu.
func (in *inlet) hasItem() bool {
	r := &in.reader
	if in.bounded == nil || r.seat != nil {
		return r.hasItem()
	}
	n := len(in.seats)
	return n > 0 && in.seats[n-1].HasItem()
}

func (w *watch) run() {
	in := w.in
	for {
		err := in.node.bell.Wait(context.Background(), in.parked(), w)
		select {
		case <-w.again: // from while it waited anyway
		default:
		}
		found, ended := w.update()
		switch {
		case ended || err != nil:
			return
		case !found:
			continue
		}
		in.node.reading.RLock() // in the program itself the memory may go
		if !in.node.over.Load() {
			in.parked().WakeOne()
		}
		in.node.reading.RUnlock()
		<-w.again
	}
}

// update makes the channel tell how it stands now: it has a token if there is an
// item, none if there is none, and is closed after the end. A reader takes its
// item before it comes here, so no token is left that nothing stands for.
func (w *watch) update() (found, ended bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	in := w.in
	in.mu.Lock()
	ended = in.ended()
	found = !ended && in.hasItem()
	if !ended && !found && in.bounded == nil {
		in.spsc.Tell() // as a reader does before it waits
	}
	in.mu.Unlock()
	switch {
	case w.ended:
	case ended:
		w.ended = true
		close(w.tokens)
	case found:
		select {
		case w.tokens <- struct{}{}:
		default:
		}
	default:
		select {
		case <-w.tokens:
		default:
		}
	}
	return found, ended
}

// look is update for others than the watch, which it tells to wait anew, or to end.
func (w *watch) look() {
	if found, _ := w.update(); found {
		return
	}
	select {
	case w.again <- struct{}{}:
	default:
	}
}

// lookAgain is look, if there is a watch.
func (in *inlet) lookAgain() {
	if w := in.watch.Load(); w != nil {
		w.look()
	}
}
