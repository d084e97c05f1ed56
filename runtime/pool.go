package mp

import (
	"context"
	"iter"
	"time"
)

// Pool calls a function in worker processes. Its methods may be called from any
// goroutine of a process that has the pool.
type Pool[In, Out any] struct {
	callee
	in     Codec[In]
	out    Codec[Out]
	window int // of Map, 0: what keeps the workers busy
}

// callee is what one process can call.
type callee struct {
	name    string
	workers int
	gathers bool // a worker takes several tasks at once: a loop gives them on as they come
	node    *Node
	bytes   int  // of the largest arguments
	lends   bool // they may carry blocks
	core    dispatcher
}

// dispatcher is the calling side of a pool, as one process has it.
type dispatcher interface {
	// submit takes a task in; flush sends it.
	submit(t *task) error
	flush()
	// submitAll takes in and sends many.
	submitAll(tasks []*task) error
	// takeIn takes in the answers that have come, and sends on.
	takeIn()
	// abandon settles t with cause, unless it is settled, and stops it.
	abandon(t *task, cause error)
	// share is how many tasks a worker is given ahead now, for who must not touch
	// shared memory.
	share() int
}

func (c *callee) failure(t *task, cause error) *Error {
	return &Error{Name: c.name, Task: t.id, Attempts: t.attempts, Err: cause}
}

// Call runs one task and returns its result. When ctx ends, Call returns, the
// task's context is cancelled, and a worker that does not stop within its grace
// is killed, and only it. The same follows when the task's timeout ends, but
// the task is first tried again as often as the pool's retries say. Errors are
// [*Error], around what the function returned ([*Remote]), the death of its
// worker ([*Died]), or a context's error.
//
// If In or Out marshal themselves, that code runs in Call, before and after all else,
// and ctx does not end it.
func (p *Pool[In, Out]) Call(ctx context.Context, in In) (Out, error) {
	c := p.newCall(ctx, in)
	c.encode()
	if p.begin(ctx, &c.task) {
		if err := p.node.bell.Wait(ctx, nil, c); err != nil {
			p.core.abandon(&c.task, ended(ctx, err))
		}
	}
	c.finish()
	return c.out, c.err
}

// Go begins one task and returns at once; no goroutine waits for it. The task
// belongs to ctx as in Call: when ctx ends, it is given up. It never blocks, unless
// code does by which In marshals itself, and never fails: what goes wrong is the task's
// error. Tasks that wait for a worker are kept in this process's memory, however many
// they are.
func (p *Pool[In, Out]) Go(ctx context.Context, in In) *Task[Out] {
	c := p.newCall(ctx, in)
	if ctx.Done() != nil && ctx.Err() == nil {
		stop := context.AfterFunc(ctx, func() { c.giveUp(context.Cause(ctx)) })
		c.stop.Store(&stop)
	}
	c.encode()
	p.begin(ctx, &c.task)
	return &c.Task
}

func (p *Pool[In, Out]) newCall(ctx context.Context, in In) *call[In, Out] {
	var c *call[In, Out]
	if p.isPlain() {
		c = new(call[In, Out])
	} else {
		both := new(struct {
			call[In, Out]
			carry carried
		})
		c = &both.call
		c.carried, both.carry.of = &both.carry, c
	}
	c.in, c.pool, c.Task.pool, c.io = in, p, &p.callee, c
	c.deadline = deadlineOf(ctx)
	return c
}

// begin submits and sends a task, or settles it with what is in the way.
func (c *callee) begin(ctx context.Context, t *task) bool {
	err := context.Cause(ctx)
	if err == nil {
		err = c.core.submit(t)
	}
	if err != nil {
		c.core.abandon(t, err) // which the end of its context may do as well
		return false
	}
	c.core.flush()
	return true
}

func deadlineOf(ctx context.Context) int64 {
	if t, ok := ctx.Deadline(); ok {
		return monotonic() + int64(time.Until(t))
	}
	return 0
}

// Result is one answer of MapUnordered.
type Result[In, Out any] struct {
	Index int // of the input, from 0; -1 if ctx ended, in the last result
	In    In
	Out   Out
	Err   error
}

// Ahead is the pool with a bound for how far Map and MapUnordered go ahead of their
// loop: n inputs, 1 at least, are read whose results the loop has not had yet.
// Without it that is as many as keep all workers busy. Fewer save memory where
// inputs or results are large; more keep the workers busy where one slow task holds
// up the results of Map behind it.
func (p *Pool[In, Out]) Ahead(n int) *Pool[In, Out] {
	bounded := *p
	bounded.window = max(n, 1)
	return &bounded
}

// Map runs a task for each input and gives the results in the order of the
// inputs. A failed task gives its error in its place, and the rest goes on. The
// input is read on the caller's goroutine, between results, and only so far
// [Pool.Ahead] of them, so it may be endless. When ctx ends, the last result is its
// error. Leaving the loop cancels what still runs. [Collect] makes a slice of the
// results, and [Progress] shows how far the loop is.
func (p *Pool[In, Out]) Map(ctx context.Context, in iter.Seq[In]) iter.Seq2[Out, error] {
	return func(yield func(Out, error) bool) {
		w := newWindow(ctx, p, false)
		if err := w.run(in, func(c *windowCall[In, Out]) bool { return yield(c.out, c.err) }); err != nil {
			var zero Out
			yield(zero, p.failure(&task{}, err))
		}
	}
}

// MapUnordered is Map in the order of completion.
func (p *Pool[In, Out]) MapUnordered(ctx context.Context, in iter.Seq[In]) iter.Seq[Result[In, Out]] {
	return func(yield func(Result[In, Out]) bool) {
		w := newWindow(ctx, p, true)
		err := w.run(in, func(c *windowCall[In, Out]) bool {
			return yield(Result[In, Out]{Index: c.index, In: c.in, Out: c.out, Err: c.err})
		})
		if err != nil {
			yield(Result[In, Out]{Index: -1, Err: p.failure(&task{}, err)})
		}
	}
}

// Collect makes a slice of what seq gives, up to its first error: that is returned
// with what came before it. So with [Pool.Map] what still runs then is cancelled.
func Collect[T any](seq iter.Seq2[T, error]) ([]T, error) {
	var all []T
	for v, err := range seq {
		if err != nil {
			return all, err
		}
		all = append(all, v)
	}
	return all, nil
}
