package mp

import (
	"context"
	"encoding/binary"
	"errors"
	"sync"
	"time"

	"github.com/mpgen/mpgen/runtime/internal/control"
	"github.com/mpgen/mpgen/runtime/internal/line"
)

// crew is a worker that may do several called tasks at once, each on a goroutine of its
// own and at a post, where its parent sees it. The worker's first goroutine takes tasks
// off the line and gives them to free posts; what there is no post for waits here, as many as
// the parent sends ahead. A goroutine is there as long as there is work for its post.
//
// Answers come in the order in which the tasks end. A death costs all tasks at the posts an
// attempt, or, if the parent killed the worker for one of them, that one. What has
// cost one is tried again in a worker that has nothing else, so that a task which
// kills its worker costs the others one attempt at the most.
type crew struct {
	*worker

	mu    sync.Mutex
	tasks deque[assigned] // that no post has
	free  []int           // posts
	hands []hand          // of each post
}

// assigned is a called task in its worker.
type assigned struct {
	id       uint64
	deadline int64
	args     []byte
}

// hand is what a post keeps from one task to the next.
type hand struct {
	dec     Decoder
	enc     Encoder
	scratch [1024]byte
}

func newCrew(w *worker) *crew {
	c := &crew{worker: w, hands: make([]hand, len(w.posts))}
	for i := range w.posts {
		c.free = append(c.free, len(w.posts)-1-i)
		c.hands[i].dec.lease = w.node.ofCalls(w.pool)
	}
	return c
}

// loop works until an order comes and all tasks have ended.
func (c *crew) loop() {
	for {
		f, ok, err := c.down.Next()
		if err != nil {
			panic(err) // the parent writes no nonsense
		}
		switch {
		case ok:
			c.take(f)
		case c.orders.Order.Load() != control.Work:
			_ = c.node.bell.Wait(context.Background(), nil, (*rested)(c)) // or it is dead
			return
		case !c.wait():
			return
		}
	}
}

// take gives the tasks of a frame to free posts.
func (c *crew) take(f line.Frame) {
	deadline, tasks := int64(binary.NativeEndian.Uint64(f.Data)), append([]byte(nil), f.Data[8:]...)
	c.mu.Lock()
	defer c.mu.Unlock()
	for id := f.ID; len(tasks) > 0; id++ {
		size := 4 + binary.NativeEndian.Uint32(tasks)
		c.tasks.pushBack(assigned{id, deadline, tasks[4:size:size]})
		tasks = tasks[size:]
	}
	for c.tasks.len() > 0 && len(c.free) > 0 {
		last := len(c.free) - 1
		post, task := c.free[last], c.tasks.popFront()
		c.free = c.free[:last]
		c.spawn(func(s *strand) { c.work(s, post, task) })
	}
}

// work does tasks at a post until there are no more.
func (c *crew) work(s *strand, post int, task assigned) {
	for {
		c.do(s, post, task)
		c.mu.Lock()
		if c.ctx.Err() != nil { // nobody wants them any more
			c.tasks = deque[assigned]{}
		}
		if c.tasks.len() == 0 {
			c.posts[post].begun.Task.Store(0)
			c.free = append(c.free, post)
			rested := len(c.free) == len(c.posts)
			c.mu.Unlock()
			if rested {
				c.node.bell.Ring()
			}
			return
		}
		task = c.tasks.popFront()
		c.mu.Unlock()
	}
}

// do runs one task, and answers.
func (c *crew) do(s *strand, post int, task assigned) {
	p, h := &c.posts[post], &c.hands[post]
	run := &running{}
	ctx, cancel := context.WithCancelCause(context.WithValue(c.ctx, taskKey{}, task.id))
	run.cancel = cancel
	defer cancel(nil)
	run.id.Store(task.id)
	p.current.Store(run)
	p.begun.Task.Store(task.id)
	at, began, timed := time.Now(), monotonic(), c.pool.task.Timeout > 0
	end := task.deadline
	if timed {
		p.begun.Since.Store(uint64(began))
		if end == 0 || end > began+int64(c.pool.task.Timeout) {
			end = began + int64(c.pool.task.Timeout)
		}
	}
	if end != 0 {
		var stop context.CancelFunc
		ctx, stop = context.WithTimeout(ctx, time.Duration(end-began))
		defer stop()
	}
	if p.cancel.Load() == task.id {
		cancel(context.Canceled)
	}
	h.dec.reset(task.args)
	method := 0
	if c.counts != nil {
		method = min(int(Get[uint32](&h.dec)), len(c.counts)-1)
	}
	h.enc.reset(h.scratch[:], c.pool.bytes)
	s.out()
	err := c.sized(&h.enc, c.works.call(ctx, method, &h.dec, &h.enc))
	s.back()
	if h.dec.lease != nil {
		h.dec.lease.end()
	}
	c.count(method, err, at)
	kind, data := c.answer(ctx, err, timed, h)
	c.say(kind, task.id, data)
	p.begun.Since.Store(0)
	p.current.Store(nil)
}

// count counts a task that began then, before its answer is told.
func (c *crew) count(method int, err error, began time.Time) {
	c.measure(1, began)
	c.report.Done.Add(1)
	if err != nil {
		c.report.Failed.Add(1)
	}
	if c.counts != nil {
		c.counts[method].Done.Add(1)
		if err != nil {
			c.counts[method].Failed.Add(1)
		}
	}
}

// answer is the frame of a task that has ended with err.
func (c *crew) answer(ctx context.Context, err error, timed bool, h *hand) (kind uint16, data []byte) {
	switch {
	case err == nil:
		return frameResult, h.enc.bytes()
	case timed && errors.Is(ctx.Err(), context.DeadlineExceeded):
		return frameLate, errorFrame(remote(err))
	}
	return frameFailure, errorFrame(remote(err))
}

// taskKey is the key of a context for the number of the task that it belongs to, where
// a process has several.
type taskKey struct{}

// taskOf is the number of the task that a goroutine of this process works on, by its
// context; 0: none, or not known.
func (c *child) taskOf(ctx context.Context) uint64 {
	if len(c.posts) > 1 {
		id, _ := ctx.Value(taskKey{}).(uint64)
		return id
	}
	return c.report.Task.Load()
}

// busy reports whether any of several posts has a task: then the goroutine that waits
// for more says nothing of the others.
func (c *child) busy() bool {
	if len(c.posts) > 1 {
		for i := range c.posts {
			if c.posts[i].begun.Task.Load() != 0 {
				return true
			}
		}
	}
	return false
}

// rested is the condition of a crew that is to end: no post has anything to do.
type rested crew

func (r *rested) Ready() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.free) == len(r.posts)
}

func (r *rested) waitsFor() want { return want{what: "its calls to end", idle: true} }
