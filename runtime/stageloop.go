package mp

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/mpgen/mpgen/runtime/internal/control"
	"github.com/mpgen/mpgen/runtime/internal/ring"
)

// stageLoop is a worker's end of a queue that feeds it: it takes an item onto its
// seat, runs the function, and puts the results into the next queue, each with a
// note on the seat, so that its death at any instant loses and doubles nothing.
type stageLoop struct {
	*worker
	input   int
	stage   stage
	in      *inlet
	to      outlets // none: results are dropped
	dead    outlets // none: no queue for failures
	reading reader
}

func newStageLoop(w *worker, input int) *stageLoop {
	p := &w.pool.inputs[input]
	l := &stageLoop{worker: w, input: input, stage: w.works.stage(input), in: w.node.inletAt(p.from)}
	if p.to >= 0 {
		l.to = w.node.outletsAt(p.to)
	}
	if p.dead >= 0 {
		l.dead = w.node.outletsAt(p.dead)
	}
	l.reading.in = l.in
	return l
}

// work does the item on the seat, and reports false if this process is to end
// with the item undone.
func (l *stageLoop) work() bool {
	seat := l.reading.seat
	n, err := 0, error(nil)
	for {
		var late bool
		n, late, err = l.attempt(seat)
		if l.ctx.Err() != nil && err != nil {
			return false
		}
		if !late || seat.Attempt() >= l.pool.task.Retries {
			if late {
				err = context.DeadlineExceeded
			}
			break
		}
		seat.Again()
		l.report.Retried.Add(1)
		l.count(func(c *control.Counts) { c.Retried.Add(1) })
		if !l.rest(backoffOf(l.pool.task.Backoff, seat.Attempt())) {
			return false
		}
	}
	if err != nil {
		return l.giveUp(seat, err)
	}
	seat.Results(n)
	for i := seat.Given(); i < n; i++ {
		if given, ok := l.give(seat, l.to.of(l.stage.key(i)), func(e *Encoder) { l.stage.put(e, i) }); !given {
			return ok
		}
	}
	return true
}

// attempt runs the function once. late says that it ended for its time was up.
func (l *stageLoop) attempt(seat *ring.Seat) (n int, late bool, err error) {
	if err := l.reading.open(); err != nil {
		return 0, false, err
	}
	ctx := l.ctx
	if l.pool.task.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, l.pool.task.Timeout)
		defer cancel()
		seat.Start(monotonic())
		defer seat.Start(0)
	}
	item := l.reading.dec.buf
	if l.routine != nil {
		item = slices.Clone(item) // the record may get another item while this one is read
	}
	l.out()
	n, err = l.stage.run(ctx, item, l.reading.dec.lease)
	l.back()
	late = err != nil && l.pool.task.Timeout > 0 && errors.Is(ctx.Err(), context.DeadlineExceeded)
	if n > ring.MaxResults {
		return 0, false, errors.New("a task gives more than 16777215 results")
	}
	return n, late, err
}

// give puts one result out. A queue whose readers have all ended drops it. Of a result that
// can't be given the task has failed, and is over: given is false then, and in any case where
// ok is.
func (l *stageLoop) give(seat *ring.Seat, o *outlet, encode func(*Encoder)) (given, ok bool) {
	err := o.put(l.ctx, encode, seat)
	switch {
	case err == nil:
		return true, true
	case l.node.over.Load(): // not the queue has ended, but this process
		return false, false
	case errors.Is(err, ErrClosed):
		o.forget(encode)
		l.report.Lost.Add(1)
		seat.Advance()
		return true, true
	case l.ctx.Err() != nil:
		return false, false
	}
	o.forget(encode)
	return false, l.giveUp(seat, err)
}

// giveUp follows the pool's policy for a task that failed for good.
func (l *stageLoop) giveUp(seat *ring.Seat, cause error) bool {
	l.report.Failed.Add(1)
	l.count(func(c *control.Counts) { c.Failed.Add(1) })
	if cause != context.DeadlineExceeded { // else nobody returned it
		cause = remote(cause)
	}
	l.troubled(cause)
	failure := &Error{Name: l.pool.row.name(), Index: l.node.Instance(), PID: l.pid(), Attempts: seat.Attempt() + 1, Err: cause}
	switch {
	case l.dead != nil:
		if err := l.reading.open(); err != nil {
			break
		}
		key, encode, err := l.pool.row.letter(l.input, l.node, l.reading.dec.buf, failure)
		if err == nil {
			seat.Results(seat.Given() + 1)
			err = l.dead.of(key).put(l.ctx, encode, seat)
			switch {
			case err == nil:
				return true
			case l.node.over.Load():
				return false
			case errors.Is(err, ErrClosed):
				l.report.Lost.Add(1)
				seat.Advance()
				return true
			case l.ctx.Err() != nil:
				return false
			}
		}
		failure.Err = errors.Join(cause, err)
	case l.pool.task.Skip:
		return true // freed when the next item is asked for
	}
	// The run is to stop. The item stays in hand until this process is told to.
	l.say(frameGaveUp, 0, errorFrame(failure))
	_ = l.node.bell.Wait(l.ctx, nil, never{})
	return false
}

// count counts for the method, if there are several.
func (l *stageLoop) count(add func(*control.Counts)) {
	if l.counts != nil {
		add(&l.counts[l.pool.inputs[l.input].method])
	}
}

// rest waits before a retry.
func (l *stageLoop) rest(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-l.ctx.Done():
		return false
	}
}
