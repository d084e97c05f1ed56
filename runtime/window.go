package mp

import (
	"context"
	"iter"
	"sync"
)

// window is the tasks of one Map that are under way: a ring in the order of the
// inputs, large enough to keep every worker in work, small enough to bound memory
// over endless input.
type window[In, Out any] struct {
	ctx       context.Context
	pool      *Pool[In, Out]
	deadline  int64
	calls     deque[*windowCall[In, Out]] // that are not taken, in the order of the inputs, if ordered
	count     int                         // calls that are not taken
	made      []*windowCall[In, Out]      // all calls, under way or free
	index     int
	unsent    []*task
	unordered bool
	free      []*windowCall[In, Out]
	err       error

	mu   sync.Mutex
	done []*windowCall[In, Out] // settled and not taken, if unordered
}

type windowCall[In, Out any] struct {
	call[In, Out]
	w     *window[In, Out]
	index int
	open  bool // submitted and not taken
}

func newWindow[In, Out any](ctx context.Context, p *Pool[In, Out], unordered bool) *window[In, Out] {
	return &window[In, Out]{ctx: ctx, pool: p, deadline: deadlineOf(ctx), unordered: unordered}
}

// run gives the result of each input to give, until that wants no more. An error
// says why there will be no further result.
func (w *window[In, Out]) run(in iter.Seq[In], give func(*windowCall[In, Out]) bool) error {
	defer w.abandon()
	for v := range in {
		if !w.add(v) {
			break
		}
		for w.mustTake() || w.hasResult() {
			c, ok := w.take()
			if !ok {
				break
			}
			if !give(c) {
				return nil
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
		if !give(c) {
			return nil
		}
		w.recycle(c)
	}
	return w.err
}

// settled lets the call be taken, and then used again: nothing of it is touched
// after that.
func (c *windowCall[In, Out]) settled(err error) {
	w := c.w
	if c.done.Load() {
		return
	}
	c.err = err
	c.done.Store(true)
	if w.unordered { // it is taken from the list
		w.mu.Lock()
		w.done = append(w.done, c)
		w.mu.Unlock()
	}
}

// add takes an input in. Tasks are submitted some at a time; take submits what is
// left before it waits.
func (w *window[In, Out]) add(v In) bool {
	if w.err = w.ctx.Err(); w.err != nil {
		return false
	}
	var c *windowCall[In, Out]
	if n := len(w.free); n > 0 {
		c, w.free = w.free[n-1], w.free[:n-1]
	} else {
		c = &windowCall[In, Out]{w: w}
		w.made = append(w.made, c)
		c.pool, c.Task.pool = w.pool, &w.pool.callee
		if !w.pool.isPlain() {
			c.carried = &carried{of: c}
		}
	}
	c.in, c.io, c.deadline, c.index = v, c, w.deadline, w.index
	c.encode()
	w.index++
	w.count++
	if c.open = true; !w.unordered {
		w.calls.pushBack(c)
	}
	if w.unsent = append(w.unsent, &c.task); len(w.unsent) >= w.sendEvery() || w.count < 2*w.pool.workers || w.pool.gathers {
		return w.flush()
	}
	return true
}

// sendEvery is how many tasks are sent at once: half of what a worker gets ahead
// for each, so that it is woken for work that is worth it, and not before it has
// run dry.
func (w *window[In, Out]) sendEvery() int { return max(32, w.pool.core.share()/2) }

func (w *window[In, Out]) flush() bool {
	if w.err = w.pool.core.submitAll(w.unsent); w.err != nil {
		return false
	}
	w.unsent = w.unsent[:0]
	return true
}

// mustTake says that as many tasks are under way as may be: unless the loop says how
// many, each worker has its share ahead twice over, so that it never waits for this
// side.
func (w *window[In, Out]) mustTake() bool {
	if n := w.pool.window; n > 0 {
		return w.count >= n
	}
	return w.count >= w.pool.workers*(2*w.pool.core.share()+2)
}

func (w *window[In, Out]) first() *windowCall[In, Out] { return *w.calls.at(0) }

// hasResult reports whether take would not wait.
func (w *window[In, Out]) hasResult() bool {
	if w.unordered {
		return w.anyDone()
	}
	return w.count > 0 && w.first().done.Load()
}

// take waits for the task whose result comes next.
func (w *window[In, Out]) take() (*windowCall[In, Out], bool) {
	if w.unordered {
		return w.takeAny()
	}
	return w.takeFirst()
}

func (w *window[In, Out]) takeFirst() (*windowCall[In, Out], bool) {
	c := w.first()
	if !c.done.Load() {
		if !w.flush() {
			return nil, false
		}
		if w.err = w.pool.node.bell.Wait(w.ctx, nil, c); w.err != nil {
			return nil, false
		}
	}
	w.calls.popFront()
	return w.took(c), true
}

// took takes the result of a call.
func (w *window[In, Out]) took(c *windowCall[In, Out]) *windowCall[In, Out] {
	c.open = false
	w.count--
	if c.carried != nil && c.carried.coded { // nobody else asks
		c.decode()
	}
	return c
}

func (w *window[In, Out]) anyDone() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.done) > 0
}

// Ready is the condition of who waits for any task.
func (w *window[In, Out]) Ready() bool {
	if w.anyDone() {
		return true
	}
	w.pool.core.takeIn()
	return w.anyDone()
}

func (w *window[In, Out]) takeAny() (*windowCall[In, Out], bool) {
	if !w.anyDone() {
		if !w.flush() {
			return nil, false
		}
		if w.err = w.pool.node.bell.Wait(w.ctx, nil, w); w.err != nil {
			return nil, false
		}
	}
	w.mu.Lock()
	c := w.done[0]
	w.done[0] = nil
	if w.done = w.done[1:]; len(w.done) == 0 {
		w.done = nil
	}
	w.mu.Unlock()
	return w.took(c), true
}

// recycle keeps a call whose result has been given away.
func (w *window[In, Out]) recycle(c *windowCall[In, Out]) {
	carried := c.carried.again()
	*c = windowCall[In, Out]{w: w}
	c.pool, c.Task.pool, c.carried = w.pool, &w.pool.callee, carried
	w.free = append(w.free, c)
}

// abandon cancels what is still under way.
func (w *window[In, Out]) abandon() {
	for _, c := range w.made {
		if c.open && !c.done.Load() {
			w.pool.core.abandon(&c.task, context.Canceled)
		}
	}
}
