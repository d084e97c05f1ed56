package mp

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mpgen/mpgen/runtime/internal/control"
	"github.com/mpgen/mpgen/runtime/internal/ring"
	"github.com/mpgen/mpgen/runtime/internal/shm"
)

// Run is a started pipeline. Generated Run types embed it. Its methods may be
// called from any goroutine.
type Run struct {
	plan     *plan
	node     *Node
	engine   engine
	files    [3]*shm.File // control, bells, commons
	members  []*member    // of slots 1 and up
	pools    []*poolCore  // of each pool of the plan, nil for stages
	rings    []sharedRing // of each part of a queue, and so the next two
	bounded  []*ring.Bounded
	spsc     []*ring.SPSC
	watching sync.WaitGroup // the members' goroutines, and what else must end before the memory goes
	unhook   []func() bool  // what listens to the outside
	waiters  atomic.Int32   // calls of Wait, Shutdown and Close under way, or that saw the run stop

	mu       sync.Mutex
	err      error // what stopped the run
	stopping bool
	mainEnds []bool        // of each queue: the program itself sends no more
	mainDone bool          // the program itself starts and calls no more, as far as queues are concerned
	stages   [][]stageBook // of each input of each pool
	quiet    []bool        // of each pool that is called: nobody will call it any more
	shut     []bool        // of each queue: nobody sends any more
	gone     []bool        // of each part: nobody receives any more
	ended    chan struct{} // closed when no process and no stage is left
	stopped  chan struct{} // closed when stopping has begun
	closed   chan struct{} // closed when Close is done
	closing  sync.Once
	last     Stats // what Stats says after Close
	over     bool
}

// sharedRing is what the parent does with a queue of either kind.
type sharedRing interface {
	WakeAll()
	Len() int
	Cap() int
	Sent() uint64
}

// Wait says that the caller sends and starts no more (its ends of queues close),
// waits for the processes and the stages to end, and returns what stopped the
// run, or nil. Pools that are called answer until Close; with nothing but them
// Wait returns at once.
//
// A process that fails stops the run, as in an errgroup, unless it is started
// again. A queue from which the program itself receives is drained before, or by
// a loop over All that another goroutine has begun; else Wait leaves it, what is in
// it counts as lost, and a later Receive or All fails.
func (r *Run) Wait() error {
	defer r.attend()()
	r.endMain(true)
	select {
	case <-r.ended:
	case <-r.stopped:
		<-r.ended
	}
	return r.cause()
}

// attend notes that the program waits for the run, until what it returns is
// called, or for good if the run stops meanwhile: then the program knows.
func (r *Run) attend() (leave func()) {
	r.waiters.Add(1)
	return func() {
		select {
		case <-r.stopped:
		default:
			r.waiters.Add(-1)
		}
	}
}

// endMain closes the program's own ends of queues.
func (r *Run) endMain(receivers bool) {
	for _, o := range r.node.ends() {
		o.close()
	}
	if receivers {
		for _, in := range r.node.receivers() {
			in.mu.Lock()
			idle := in.loops == 0
			in.mu.Unlock()
			if idle {
				in.close()
			}
		}
	}
	r.mu.Lock()
	for i := range r.mainEnds {
		r.mainEnds[i] = true
	}
	r.mainDone = true
	r.settle()
	r.mu.Unlock()
}

func (r *Run) cause() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}

// Shutdown ends the run and loses nothing: the contexts of the sources are
// cancelled (the processes that receive from no queue), what they sent is worked
// off, queues close in order. When ctx ends first, the rest is cancelled as by
// Close, and the context's error is joined to the result. Call Close after it.
func (r *Run) Shutdown(ctx context.Context) error {
	defer r.attend()()
	r.mu.Lock()
	for _, m := range r.members {
		if !r.stopping && m.slot.process != nil && len(m.slot.process.Receive) == 0 {
			m.sourceStopped = true // before the order: it may follow at once
			r.order(m, control.Stop)
		}
	}
	r.mu.Unlock()
	r.endMain(false)
	select {
	case <-r.ended:
		return r.cause()
	case <-ctx.Done():
		r.stop(nil)
		<-r.ended
		return errors.Join(r.cause(), ctx.Err())
	}
}

// Close cancels every context of the run, waits for the grace of each process,
// kills who is left with all its children, and frees the memory; numbers stay
// readable. Ending the context given to Start does the same. It is safe to call
// twice, and returns what Wait returned.
func (r *Run) Close() error {
	defer r.attend()()
	r.closing.Do(r.close)
	<-r.closed
	return r.cause()
}

func (r *Run) close() {
	defer close(r.closed)
	for _, f := range r.unhook {
		f()
	}
	r.stop(nil)
	r.watching.Wait()
	r.engine.close()
	r.node.bell.Stop()
	r.mu.Lock()
	r.last, r.over = r.stats(), true
	r.mu.Unlock()
	r.node.retire()
	for _, m := range r.members {
		m.upMu.Lock() // a call that was settled may still look
		m.up = nil
		m.upMu.Unlock()
		m.pair.Close()
	}
	r.files[2].Retire(r.plan.sharedSize)
	r.files[1].Close()
	r.files[0].Close()
	unregister(r)
}

// fail stops the run with err, unless it stops already.
func (r *Run) fail(err error) { r.stop(err) }

// stop gives the order to stop to every process, and kills those that are not
// gone after their grace. It does not wait.
func (r *Run) stop(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stopping {
		return
	}
	r.stopping = true
	if r.err == nil && !r.allEnded() {
		r.err = err
	}
	close(r.stopped)
	for _, p := range r.pools {
		if p != nil {
			p.end(r.err)
		}
	}
	for _, m := range r.members {
		r.order(m, control.Stop)
		r.watching.Go(func() { m.killAfterGrace(r.plan.grace(m.index)) })
	}
	for i := range r.mainEnds {
		r.mainEnds[i] = true
	}
	r.mainDone = true
	r.settle()
	r.node.end(r.err)
}

// allEnded reports whether nothing is left that an error could stop: pools that
// are called go on until Close.
func (r *Run) allEnded() bool {
	for _, p := range r.pools {
		if p != nil {
			return false
		}
	}
	select {
	case <-r.ended:
		return true
	default:
		return false
	}
}

// order tells a process what to do.
func (r *Run) order(m *member, what uint32) {
	r.node.control.Slots[m.index].Order.Store(what)
	r.node.bells[m.index].Ring()
}

// retire tells a worker to end when it has nothing in hand, unless it has another
// order.
func (r *Run) retire(m *member) {
	r.node.control.Slots[m.index].Order.CompareAndSwap(control.Work, control.Retire)
	r.node.bells[m.index].Ring()
}

// settleAgain is settle for who does not hold mu.
func (r *Run) settleAgain() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.over {
		r.settle()
	}
}

func (pl *plan) grace(slot int) time.Duration {
	s, g := pl.slots[slot], time.Duration(0)
	if s.process != nil {
		g = s.process.Worker.Grace
	} else {
		g = pl.pools[s.pool].worker.Grace
	}
	if g == 0 {
		g = 2 * time.Second
	}
	return g
}

// settle closes the queues that nobody sends to any more, marks those that
// nobody receives from, and notices the end of it all. mu is held.
func (r *Run) settle() {
	for again := true; again; {
		again = r.settleStages()
		for i := range r.plan.queues {
			if r.shut[i] {
				continue
			}
			if open, cause := r.producing(i); !open {
				r.shut[i], again = true, true
				q := &r.plan.queues[i]
				for k := q.first; k < q.first+q.n; k++ {
					r.node.control.Queues[k].Close(causeFrame(cause))
					r.rings[k].WakeAll()
				}
			}
		}
		for i := range r.plan.parts {
			if p := &r.plan.parts[i]; !r.gone[i] && r.noneLeft(p.consumers, p.queue) {
				r.gone[i], again = true, true
				r.node.control.Queues[i].Leave(causeFrame(r.causeOf(p.consumers)))
				r.rings[i].WakeAll()
			}
		}
	}
	for _, m := range r.members {
		if !m.finished && (r.stopping || m.slot.process != nil || !r.plan.pools[m.slot.pool].called) {
			return
		}
	}
	if !r.stagesEnded() {
		return
	}
	select {
	case <-r.ended:
	default:
		close(r.ended)
	}
}

// producing reports whether anybody may still send to queue i, and else why the
// last one ended.
func (r *Run) producing(i int) (bool, error) {
	q := &r.plan.queues[i]
	for _, slot := range q.closers {
		switch {
		case slot == 0:
			if r.plan.mainSends(i) && !r.mainEnds[i] {
				return true, nil
			}
		case r.plan.worker(slot): // it is one of the feeders
		case !r.members[slot-1].finished && !r.members[slot-1].hasClosed(i):
			return true, nil
		}
	}
	cause := r.causeOf(q.closers)
	for _, f := range q.feeders {
		ended, why := r.feederEnded(f)
		if !ended {
			return true, nil
		}
		if cause == nil {
			cause = why
		}
	}
	return false, cause
}

func (r *Run) noneLeft(slots []int, queue int) bool {
	for _, slot := range slots {
		if slot == 0 {
			if !r.stopping && !r.node.inletEnded(queue) {
				return false
			}
		} else if !r.members[slot-1].finished {
			return false
		}
	}
	return true
}

// causeOf is the error of the first of some processes that failed.
func (r *Run) causeOf(slots []int) error {
	for _, slot := range slots {
		if slot > 0 && r.members[slot-1].err != nil {
			return r.members[slot-1].err
		}
	}
	return nil
}

func causeFrame(err error) []byte {
	data := errorFrame(err)
	for n := maxCause / 2; len(data) > maxCause && n > 0; n /= 2 {
		data = errorFrame(shortened(err, n))
	}
	if len(data) > maxCause {
		data = errorFrame(errors.New(clip(err.Error(), maxCause/2)))
	}
	return data
}

// shortened is err with each text cut to n bytes, for where there is little room.
func shortened(err error, n int) error {
	switch x := err.(type) {
	case nil:
		return nil
	case *Error:
		short := *x
		short.Err = shortened(x.Err, n)
		return &short
	case *Died:
		short := *x
		short.Panic, short.Stderr = clip(x.Panic, n), clip(x.Stderr, n)
		return &short
	case *Remote:
		short := &Remote{Text: clip(x.Text, n)}
		for _, k := range x.kept {
			short.kept = append(short.kept, shortened(k, n))
		}
		return short
	case interface{ Unwrap() error }, interface{ Unwrap() []error }:
		return shortened(remote(err), n)
	}
	return err
}

const maxCause = 2000

func (pl *plan) mainSends(queue int) bool {
	for _, d := range pl.pipeline.Main.Send {
		if pl.index[d] == queue {
			return true
		}
	}
	return false
}
