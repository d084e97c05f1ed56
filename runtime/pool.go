package mp

import (
	"context"
	"iter"
	"time"
)

// Pool calls a function in worker processes. Its methods may be called from any
// goroutine of the program.
type Pool[In, Out any] struct {
	core *poolCore
	in   Codec[In]
	out  Codec[Out]
}

// Call runs one task and returns its result. When ctx ends, Call returns, the
// task's context is cancelled, and a worker that does not stop within its grace
// is killed, and only it. The same follows when the task's timeout ends, but
// the task is first tried again as often as the pool's retries say. Errors are
// [*Error], around what the function returned ([*Remote]), the death of its
// worker ([*Died]), or a context's error.
func (p *Pool[In, Out]) Call(ctx context.Context, in In) (Out, error) {
	c := &call[In, Out]{in: in, core: p.core, pool: p}
	c.io = c
	c.deadline = deadlineOf(ctx)
	var zero Out
	if err := ctx.Err(); err != nil {
		return zero, p.core.failure(nil, &c.task, err)
	}
	if err := p.core.submit(&c.task); err != nil {
		return zero, p.core.failure(nil, &c.task, err)
	}
	p.core.flush()
	if p.core.plan.task.Timeout > 0 {
		p.core.watchSoon()
	}
	if err := p.core.run.node.bell.Wait(ctx, nil, c); err != nil {
		p.core.abandon(&c.task)
		return zero, p.core.abandoned(&c.task, context.Cause(ctx))
	}
	return c.out, c.err
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

// Map runs a task for each input and gives the results in the order of the
// inputs. A failed task gives its error in its place, and the rest goes on. The
// input is read on the caller's goroutine, between results, and only as far as
// the pool's window, so it may be endless. When ctx ends, the last result is its
// error. Leaving the loop cancels what still runs.
func (p *Pool[In, Out]) Map(ctx context.Context, in iter.Seq[In]) iter.Seq2[Out, error] {
	return func(yield func(Out, error) bool) {
		w := newWindow(ctx, p)
		defer w.abandon()
		for v := range in {
			if !w.add(v) {
				break
			}
			for w.mustYield() || w.count > 0 && w.first().done.Load() {
				c, ok := w.take()
				if !ok {
					break
				}
				if !yield(c.out, c.err) {
					return
				}
				w.recycle(c)
			}
			if w.err != nil {
				break
			}
		}
		for w.err == nil && w.count > 0 {
			c, ok := w.take()
			if !ok {
				break
			}
			if !yield(c.out, c.err) {
				return
			}
			w.recycle(c)
		}
		if w.err != nil {
			var zero Out
			yield(zero, p.core.failure(nil, &task{}, w.err))
		}
	}
}

// MapUnordered is Map in the order of completion.
func (p *Pool[In, Out]) MapUnordered(ctx context.Context, in iter.Seq[In]) iter.Seq[Result[In, Out]] {
	return func(yield func(Result[In, Out]) bool) {
		w := newWindow(ctx, p)
		w.unordered = true
		defer w.abandon()
		give := func(c *windowCall[In, Out]) bool {
			ok := yield(Result[In, Out]{Index: c.index, In: c.in, Out: c.out, Err: c.err})
			if ok {
				w.recycle(c)
			}
			return ok
		}
		for v := range in {
			if !w.add(v) {
				break
			}
			for w.mustYield() || w.anyDone() {
				c, ok := w.takeAny()
				if !ok {
					break
				}
				if !give(c) {
					return
				}
			}
			if w.err != nil {
				break
			}
		}
		for w.err == nil && w.count > 0 {
			c, ok := w.takeAny()
			if !ok {
				break
			}
			if !give(c) {
				return
			}
		}
		if w.err != nil {
			yield(Result[In, Out]{Index: -1, Err: p.core.failure(nil, &task{}, w.err)})
		}
	}
}
