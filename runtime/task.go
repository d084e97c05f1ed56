package mp

import (
	"context"
	"sync"
	"sync/atomic"
)

// Task is a call under way that [Pool.Go] has begun. Its methods may be called
// from any number of goroutines, also after the run has ended. The result is
// taken in whether anybody waits for it or not.
type Task[Out any] struct {
	task
	pool *callee
	out  Out
	err  error
	done atomic.Bool
	shut atomic.Pointer[doneOnce]    // what Done gave, nil: nobody asked
	stop atomic.Pointer[func() bool] // listens no more to the context given to Go; nil: there is nothing to listen to, or it has ended
}

// Wait waits for the result. When ctx ends first, Wait returns ctx's own error,
// and the task goes on; every other error is an [*Error], as from [Pool.Call].
// Code by which Out marshals itself runs in the first Wait, and ctx does not end it.
func (t *Task[Out]) Wait(ctx context.Context) (Out, error) {
	if !t.done.Load() {
		if err := t.pool.node.bell.Wait(ctx, nil, t); err != nil && !t.done.Load() {
			var zero Out
			return zero, ended(ctx, err)
		}
	}
	t.finish()
	return t.out, t.err
}

// finish reads the answer of a task that has one, if that is left to its caller.
func (t *Task[Out]) finish() {
	if c := t.carried; c != nil && c.coded {
		c.once.Do(t.decode)
	}
}

func (t *Task[Out]) decode() {
	c := t.carried
	if err := c.decode(); err != nil {
		t.err = &Error{Name: t.pool.name, Index: c.index, PID: c.pid, Task: t.id, Attempts: t.attempts, Err: err}
	}
}

// Done is closed when the task has its result or error, and Wait returns at once.
func (t *Task[Out]) Done() <-chan struct{} {
	d := t.shut.Load()
	if d == nil {
		if d = (&doneOnce{c: make(chan struct{})}); !t.shut.CompareAndSwap(nil, d) {
			d = t.shut.Load()
		}
		if t.done.Load() { // and who settled it may not have seen the channel
			d.close()
		}
	}
	return d.c
}

// doneOnce is a channel that is closed once.
type doneOnce struct {
	c    chan struct{}
	once sync.Once
}

func (d *doneOnce) close() { d.once.Do(func() { close(d.c) }) }

// Cancel gives the task up: it ends with context.Canceled, unless it has ended
// already. One that waits is never begun; one that runs has its context
// cancelled, and if the function does not return within the worker's grace, the
// worker is killed.
func (t *Task[Out]) Cancel() { t.giveUp(context.Canceled) }

func (t *Task[Out]) giveUp(cause error) {
	t.pool.core.abandon(&t.task, cause)
	t.pool.node.bell.Ring() // others may wait for it
}

// Ready takes in what has come, and reports whether the task is among it.
func (t *Task[Out]) Ready() bool {
	if t.done.Load() {
		return true
	}
	t.pool.core.takeIn()
	return t.done.Load()
}

// settled gives the task its end; a second one comes too late.
func (t *Task[Out]) settled(err error) {
	if t.done.Load() {
		return
	}
	t.err = err
	t.done.Store(true)
	if d := t.shut.Load(); d != nil {
		d.close()
	}
	if stop := t.stop.Load(); stop != nil {
		(*stop)()
	}
}

// ended is why a wait under ctx ended with err.
func ended(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

// call is a task with its input.
type call[In, Out any] struct {
	Task[Out]
	in   In
	pool *Pool[In, Out]
}

// isPlain reports whether calls run no code of the user's where the books are locked.
func (p *Pool[In, Out]) isPlain() bool { return p.in.isPlain() && p.out.isPlain() }

func (c *call[In, Out]) encode() {
	if in := &c.pool.in; !in.isPlain() {
		c.pool.encode(c.carried, func(e *Encoder) { in.put(e, c.in) })
	}
}

func (c *call[In, Out]) put(e *Encoder) {
	in := &c.pool.in
	if !in.isPlain() {
		c.carried.put(e)
		return
	}
	at := e.n
	in.put(e, c.in)
	c.pool.bound(e, e.n-at)
}

func (c *call[In, Out]) get(d *Decoder) error {
	if c.pool.out.isPlain() {
		return c.read(d)
	}
	c.carried.keep(d)
	return nil
}

func (c *call[In, Out]) read(d *Decoder) error {
	c.out = c.pool.out.get(d)
	return d.Err()
}
