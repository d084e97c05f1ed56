package mp

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"time"

	"github.com/mpgen/mpgen/runtime/internal/bell"
	"github.com/mpgen/mpgen/runtime/internal/control"
	"github.com/mpgen/mpgen/runtime/internal/line"
)

// worker is a process of a pool or service. It takes tasks from its line, those
// that are called, and from the queues that feed it, and runs one at a time. One that
// may do several at once is a crew.
type worker struct {
	*child
	pool   *poolPlan
	works  works
	counts []control.Counts // of the methods of a service
	calls  calls
	place  line.Place   // in the line
	batch  batched      // the one in work
	feeds  []*stageLoop // whose queues have not ended
	parked []*bell.Parked
	slept  bool // since it took something
	turn   int  // which feed is asked first
	watch  stopwatch
	failures
	tasks int // since the start, if it has feeds: else the parent counts
}

// calls is what a worker keeps from one called task to the next.
type calls struct {
	late *time.Timer // tells the parent of results
	soon atomic.Bool // late is about to run

	now       *running
	base      context.Context
	before    uint64          // id of the last task
	until     context.Context // of those with one deadline
	untilWhen int64
	stopUntil context.CancelFunc

	began int // tasks since the time since
	since time.Time
}

// runWorker is the loop of a worker.
func (c *child) runWorker(pp *poolPlan) int {
	w := &worker{child: c, pool: pp, counts: c.node.plan.countsAt(c.node.slot, c.pair), place: line.OpenPlace(&c.report.Place)}
	w.dec.lease = c.node.ofCalls(pp)
	w.calls.late = time.AfterFunc(time.Hour, func() {
		w.calls.soon.Store(false)
		c.up.Wake()
	})
	defer w.calls.late.Stop()
	if !w.open() {
		return 0
	}
	if len(w.posts) > 1 {
		newCrew(w).loop()
	} else {
		w.loop()
	}
	w.tellFailures()
	c.far.followAll()
	c.say(frameLeaving, 0, nil)
	c.out()
	err := w.works.close()
	c.back()
	if err != nil {
		fmt.Fprintf(os.Stderr, "mpgen: %s[%d]: close: %v\n", pp.row.name(), c.node.Instance(), err)
	}
	return 0
}

// open opens what runs the tasks, and reports whether it could.
func (w *worker) open() bool {
	d := Decoder{files: w.files}
	if w.pool.object {
		f, ok := w.receive()
		if !ok {
			return false
		}
		d.reset(append([]byte(nil), f.Data...))
	}
	w.out()
	works, err := w.openWorks(&d)
	w.back()
	if w.works = works; err != nil {
		w.say(frameReturned, 0, errorFrame(remote(err)))
		return false
	}
	if w.pool.called {
		w.parked = append(w.parked, w.down.Items())
	}
	for i := range w.pool.inputs {
		l := newStageLoop(w, i)
		w.feeds = append(w.feeds, l)
		w.parked = append(w.parked, l.in.bounded.Items())
	}
	w.say(frameOpened, 0, nil)
	return true
}

// loop works until an order comes and there is nothing in hand, until it has done
// its number of tasks, or until the queues have ended and nobody calls it.
func (w *worker) loop() {
	limit := w.node.plan.taskLimit(w.node.slot, int(w.orders.Generation.Load()))
	for {
		worked := false
		if w.pool.called {
			f, ok, err := w.down.Next()
			if err != nil {
				panic(err) // the parent writes no nonsense
			}
			if ok {
				w.handOn(nil)
				n := w.calling(f)
				if worked = true; len(w.feeds) == 0 {
					continue
				}
				w.tasks += n
			}
			if !ok || len(w.feeds) > 0 {
				w.pause()
			}
		}
		if !worked && w.orders.Order.Load() != control.Work {
			w.handOn(nil)
			return
		}
		if len(w.feeds) > 0 {
			got, goOn := w.feed()
			if !goOn {
				return
			}
			if got {
				w.tasks++
			}
			if worked = worked || got; limit > 0 && w.tasks >= limit {
				return
			}
		}
		if !worked && !w.wait() {
			return
		}
	}
}

// wait waits for a task or an order. It reports false after the process's death.
func (w *worker) wait() bool {
	w.tellFailures()
	if w.pool.called {
		w.down.Tell()
	}
	w.slept = true
	return w.node.bell.WaitAny(context.Background(), w.parked, w) == nil
}

// Ready is the condition of a worker that waits.
func (w *worker) Ready() bool {
	if w.orders.Order.Load() != control.Work || w.pool.called && w.down.HasFrame() {
		return true
	}
	for _, l := range w.feeds {
		if (*items)(&l.reading).Ready() {
			return true
		}
	}
	return false
}

// handOn wakes who sleeps for items of the feeds that this worker does not take
// now, as their wake-ups may have been spent on it.
func (w *worker) handOn(taken *stageLoop) {
	if !w.slept {
		return
	}
	w.slept = false
	for _, l := range w.feeds {
		if l != taken && (*items)(&l.reading).Ready() {
			l.in.bounded.Items().WakeOne()
		}
	}
}

// feed does one item of a queue, if there is one. goOn says that there may be
// more work.
func (w *worker) feed() (got, goOn bool) {
	for i := range w.feeds {
		l := w.feeds[(w.turn+i)%len(w.feeds)]
		switch err := l.reading.next(w.ctx, true); {
		case err == ErrEmpty:
			continue
		case w.ctx.Err() != nil:
			return false, false
		case err != nil:
			// The end; or the producer of the queue failed, or what it wrote can't be read.
			var why []byte
			if err != errEnd {
				why = errorFrame(err)
			}
			w.say(frameEnded, uint64(l.input), why)
			w.drop(l)
			return true, len(w.feeds) > 0 || w.pool.called
		}
		w.turn += i + 1
		w.handOn(l)
		began := w.watch.begin()
		if !l.work() {
			return true, false
		}
		l.reading.finish()
		w.report.Worked.Add(w.watch.end(began))
		w.report.Done.Add(1)
		l.count(func(c *control.Counts) { c.Done.Add(1) })
		return true, true
	}
	return false, true
}

// drop takes a feed out whose queue has ended.
func (w *worker) drop(ended *stageLoop) {
	old := w.feeds
	w.feeds, w.parked = nil, nil
	if w.pool.called {
		w.parked = append(w.parked, w.down.Items())
	}
	for _, l := range old {
		if l != ended {
			w.feeds, w.parked = append(w.feeds, l), append(w.parked, l.in.bounded.Items())
		}
	}
}

// lateResults bounds how long a result lies unseen while its worker goes on.
const lateResults = 200 * time.Microsecond

// pause comes before a worker turns to something else than the next called task:
// results are told, and nothing is left that an order to cancel could mean.
func (w *worker) pause() {
	c := &w.calls
	if c.began > 0 {
		w.measure(c.began, c.since)
		c.began = 0
	}
	if c.now == nil {
		return
	}
	w.posts[0].current.Store(nil)
	c.now.cancel(nil)
	c.now = nil
	w.report.Task.Store(0)
	if c.late.Stop() {
		c.soon.Store(false)
	}
	w.up.Wake()
}

// calling runs the tasks of a frame, but those that the parent has taken back, and
// returns how many it ran.
func (w *worker) calling(f line.Frame) (n int) {
	if f.Kind == frameBatch {
		if !w.place.Begin() {
			return 0
		}
		w.call(f.ID, w.batch.read(f))
		return len(w.batch.ids)
	}
	deadline, tasks := int64(binary.NativeEndian.Uint64(f.Data)), f.Data[8:]
	for id := f.ID; len(tasks) > 0; id++ {
		size := 4 + binary.NativeEndian.Uint32(tasks)
		if w.place.Begin() {
			w.dec.reset(tasks[4:size])
			w.call(id, deadline)
			n++
		}
		tasks = tasks[size:]
	}
	return n
}

// call runs one unit of called tasks: a task whose arguments w.dec has, or the batch.
func (w *worker) call(id uint64, deadline int64) {
	c := &w.calls
	if c.began == 0 {
		c.since = time.Now()
	} else if c.began >= 64 {
		w.measure(c.began, c.since)
		c.began, c.since = 0, time.Now()
	}
	if c.now == nil || c.base.Err() != nil || !c.now.id.CompareAndSwap(c.before, id) {
		if c.now != nil {
			c.now.cancel(nil)
		}
		c.now = &running{}
		c.base, c.now.cancel = context.WithCancelCause(w.ctx)
		c.until = nil
		c.now.id.Store(id)
		w.posts[0].current.Store(c.now)
	}
	c.before = id
	timed, method := w.pool.task.Timeout > 0, 0
	if w.counts != nil {
		method = min(int(Get[uint32](&w.dec)), len(w.counts)-1)
	}
	w.report.Task.Store(id)
	ctx, stop := c.base, context.CancelFunc(nil)
	if timed {
		start := monotonic()
		w.report.Since.Store(uint64(start))
		end := start + int64(w.pool.task.Timeout)
		if deadline != 0 {
			end = min(end, deadline)
		}
		ctx, stop = context.WithTimeout(c.base, time.Duration(end-start))
	} else if deadline != 0 {
		// Those of one Map have one deadline, and share what it costs to keep it.
		if c.until == nil || deadline != c.untilWhen {
			if c.stopUntil != nil {
				c.stopUntil()
			}
			c.until, c.stopUntil = context.WithTimeout(c.base, time.Duration(deadline-monotonic()))
			c.untilWhen = deadline
		}
		ctx = c.until
	}
	if w.posts[0].cancel.Load() == id {
		c.now.cancel(context.Canceled)
	}
	late := func() bool { return timed && errors.Is(ctx.Err(), context.DeadlineExceeded) }
	done := 1
	if w.pool.batch > 1 {
		done = len(w.batch.ids)
		w.callBatch(ctx, late)
	} else {
		w.callOne(ctx, method, id, late)
	}
	if stop != nil {
		stop()
		w.report.Since.Store(0)
	}
	if c.began += done; !c.soon.Load() {
		c.soon.Store(true)
		c.late.Reset(lateResults)
	}
}

// callOne runs one task and answers it.
func (w *worker) callOne(ctx context.Context, method int, id uint64, late func() bool) {
	w.enc.reset(w.scratch[:], w.pool.bytes)
	w.out()
	err := w.sized(&w.enc, w.works.call(ctx, method, &w.dec, &w.enc))
	w.back()
	if w.dec.lease != nil {
		w.dec.lease.end()
	}
	w.answer(id, method, err, late())
}

// answer writes what came of a task, its result being encoded if there is no error. It is
// counted before, so that who has the result finds it counted.
func (w *worker) answer(id uint64, method int, err error, late bool) {
	w.report.Done.Add(1)
	if err != nil {
		w.report.Failed.Add(1)
	}
	if w.counts != nil {
		w.counts[method].Done.Add(1)
		if err != nil {
			w.counts[method].Failed.Add(1)
		}
	}
	switch {
	case err == nil:
		w.write(frameResult, id, w.enc.bytes())
	case late:
		w.write(frameLate, id, errorFrame(remote(err)))
	default:
		w.write(frameFailure, id, errorFrame(remote(err)))
	}
}

// stopwatch measures how long tasks take: short ones one in 64, for all of these,
// as looking at the clock would take too long.
type stopwatch struct {
	tasks int // since the last that was measured
	short bool
}

const shortTask = 10 * time.Microsecond

func (s *stopwatch) begin() (t time.Time) {
	if s.tasks++; !s.short || s.tasks == 64 {
		t = time.Now()
	}
	return t
}

// end is the nanoseconds of the tasks since the last that was measured.
func (s *stopwatch) end(began time.Time) uint64 {
	if began.IsZero() {
		return 0
	}
	took, n := time.Since(began), s.tasks
	s.tasks, s.short = 0, took < shortTask
	return uint64(took) * uint64(n)
}

// measure tells the parent how long a task takes, so that it can send enough of
// them ahead.
func (w *worker) measure(n int, since time.Time) {
	took := uint64(time.Since(since))
	w.report.Worked.Add(took)
	mean := took / uint64(n)
	if old := w.report.Mean.Load(); old != 0 {
		mean = (3*old + mean) / 4
	}
	w.report.Mean.Store(max(mean, 1))
}
