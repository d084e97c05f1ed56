package mp

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mpgen/mpgen/runtime/internal/bell"
	"github.com/mpgen/mpgen/runtime/internal/control"
	"github.com/mpgen/mpgen/runtime/internal/ring"
	"github.com/mpgen/mpgen/runtime/internal/shm"
)

// Run is a started pipeline. Generated Run types embed it. Its methods may be
// called from any goroutine.
type Run struct {
	plan      *plan
	node      *Node
	engine    engine
	turns     *bell.Turns  // nil: all run at the same time
	files     [3]*shm.File // control, bells, commons
	members   []*member    // of slots 1 and up
	present   atomic.Pointer[[]*member]
	pools     []*poolCore    // of each pool of the plan, nil for stages
	shelves   map[int]*shelf // of each managed object, by its number among the shared
	snapshots snapshots      // that the program itself reads
	rings     []sharedRing   // of each part of a queue, and so the next two
	bounded   []*ring.Bounded
	spsc      []*ring.SPSC
	rousing   rousing
	spares    []*spares       // of each party, nil: it has none
	going     context.Context // until stopping begins
	halt      context.CancelFunc
	watching  sync.WaitGroup                // the members' goroutines, and what else must end before the memory goes
	unhook    []func() bool                 // what listens to the outside
	waiters   atomic.Int32                  // calls of Wait, Shutdown and Close under way, or that saw the run stop
	telling   atomic.Pointer[chan struct{}] // of who stops it for a signal: closed when the lines about its runs are out

	mu       sync.Mutex
	err      error // what stopped the run
	stopping bool
	mainEnds []bool        // of each queue: the program itself sends no more
	parties  []partyBook   // of each party
	stages   [][]stageBook // of each input of each pool
	quiet    []bool        // of each pool that is called: nobody will call it any more
	keeping  int           // processes and workers of stages that are not finished, and
	daemons  int           // daemons, and
	called   int           // workers that are called
	resting  bool          // the daemons were told to stop
	shut     []bool        // of each queue: nobody sends any more
	gone     []bool        // of each part: nobody receives any more
	ended    chan struct{} // closed when no process and no stage is left
	mainDone chan struct{} // closed when the program starts and sends no more
	closed   chan struct{} // closed when Close is done
	answered atomic.Bool   // Wait or Shutdown has returned what stopped the run
	closing  sync.Once
	last     Stats // what Stats says after Close
	began    time.Time
	asking   asking
	log      logging
	errors   troubles
	over     bool
}

// partyBook counts the processes of a row.
type partyBook struct {
	running, started, failed, restarts int
	ran                                time.Duration // by those that have ended

	// Of a row on demand.
	free   []*member     // the slots that nobody has, the last to be used next
	room   chan struct{} // holds a token for each process
	number int           // of the last that was started
	err    error         // of the first that failed
}

// sharedRing is what the parent does with a queue of either kind.
type sharedRing interface {
	WakeAll()
	Len() int
	Cap() int
	Sent() uint64
	Items() *bell.Parked
}

// Wait says that the caller sends and starts no more (its ends of queues close, after
// a Send that is under way), waits for the processes and the stages to end, and returns what stopped the
// run, or nil. Pools that are called answer until Close; with nothing but them
// Wait returns at once.
//
// A process that fails stops the run, as in an errgroup, unless it is started
// again or was started on demand. When all but daemons have ended, these are told
// to stop, and killed after their grace. A queue from which the program itself
// receives is drained before, or by a loop over All that another goroutine has
// begun, or begins within 100 ms; else Wait leaves it; if items were lost by
// that, Wait and a later Receive or All say so. Before Wait no queue ends to which
// processes send that the program starts, or pools that it calls: Wait is then
// called in another goroutine, beside the loop.
func (r *Run) Wait() error {
	defer r.attend()()
	finish := r.endMain()
	left := r.leaveUnread()
	_ = finish(r.going) // a stop ends it for all
	if err := r.await(context.Background(), r.ended); err != nil {
		r.stop(err)
		r.node.bell.GiveWay()
		<-r.ended
	}
	r.lose(left)
	return r.answer()
}

// lose makes it the run's error if something has gone to queues that Wait has left.
func (r *Run) lose(left []*inlet) {
	for _, in := range left {
		if n := r.lost(in.index); n > 0 {
			in.lost.Store(true)
			r.mu.Lock()
			err := fmt.Errorf("%s %q, of %d items: %w", in.q.row.kind(), in.q.name, n, in.unread())
			switch {
			case r.err == nil:
				r.err = err
			case errors.Is(r.err, ErrClosed): // who sends there was told so
				r.err = fmt.Errorf("%w; and so %w", err, r.err)
			}
			r.mu.Unlock()
		}
	}
}

// lost counts what has gone to a queue and nobody has received.
func (r *Run) lost(queue int) (n uint64) {
	s := r.Stats()
	n = s.Queues[r.plan.queues[queue].name].Lost
	for i := range r.plan.pools {
		for _, input := range r.plan.pools[i].inputs {
			if input.to == queue || input.dead == queue {
				n += s.Pools[r.plan.pools[i].row.name()].Lost
				break
			}
		}
	}
	return n
}

// answer is cause for who waits for the run and is then told.
func (r *Run) answer() error {
	for _, in := range r.node.receivers() {
		in.finish() // what the program has received is done, as it is of a process that returns
	}
	err := r.cause()
	if err != nil {
		r.answered.Store(true)
	}
	return err
}

// attend notes that the program waits for the run, until what it returns is
// called, or for good if the run stops meanwhile: then the program knows. Most end when
// they do, so what a signal has ended is told before.
func (r *Run) attend() (leave func()) {
	r.waiters.Add(1)
	return func() {
		select {
		case <-r.going.Done():
			if told := r.telling.Load(); told != nil {
				<-*told
			}
		default:
			r.waiters.Add(-1)
		}
	}
}

// endMain says that the program starts and sends no more: it closes its own ends of
// queues. Where somebody sends yet, the end of that is waited for, in the call of what it
// returns, and the others are closed meanwhile.
func (r *Run) endMain() (wait func(context.Context) error) {
	var held []*outlet
	left := map[int]int{} // of each queue, how many of them
	for _, o := range r.node.ends() {
		if !o.tryFinish() {
			held = append(held, o)
			left[o.queue()]++
		}
	}
	sends := func(queue int) bool { return left[queue] > 0 }
	r.mu.Lock()
	r.mainEnd(sends)
	r.settle()
	r.mu.Unlock()
	return func(ctx context.Context) error {
		finished := make(chan error)
		for _, o := range held {
			go func() {
				err := o.finish(ctx)
				if err == nil {
					r.mu.Lock()
					left[o.queue()]--
					r.mainEnd(sends)
					r.settle()
					r.mu.Unlock()
				}
				finished <- err
			}()
		}
		var err error
		for range held {
			err = cmp.Or(err, <-finished)
		}
		return err
	}
}

// timeToRead is how long Wait leaves no queue that no loop ranges over: a goroutine
// that the program has started for that, a line before, may not have come to it.
const timeToRead = 100 * time.Millisecond

// leaveUnread leaves the queues that nobody in the program reads, and that hold
// something, or may yet.
func (r *Run) leaveUnread() []*inlet {
	for began := time.Now(); ; time.Sleep(time.Millisecond) {
		var unread []*inlet
		for _, in := range r.node.receivers() {
			in.mu.Lock()
			if in.loops == 0 && !in.ended() {
				unread = append(unread, in)
			}
			in.mu.Unlock()
		}
		if len(unread) == 0 {
			return nil
		}
		if time.Since(began) < timeToRead && !r.isStopped() {
			continue
		}
		for _, in := range unread {
			in.close()
		}
		r.settleAgain()
		return unread
	}
}

func (r *Run) isStopped() bool {
	select {
	case <-r.going.Done():
		return true
	default:
		return false
	}
}

// mainEnd says that the program starts no more, and sends no more but to the queues to
// which it does yet. mu is held.
func (r *Run) mainEnd(sends func(queue int) bool) {
	for i := range r.mainEnds {
		r.mainEnds[i] = r.mainEnds[i] || !sends(i)
	}
	if !r.mainEnded() {
		close(r.mainDone)
	}
}

func (r *Run) cause() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}

// Shutdown ends the run and loses nothing: the contexts of the sources are
// cancelled (the processes that receive from no queue, nor by a pipe from the
// program, and have no pipe with one that does; those that processes have started end
// as these let them), a Send of the program that is under way comes to its end, what
// was sent is worked off, queues close in order. When ctx ends first, the rest is
// cancelled as by Close, and the context's error is joined to the result. Call Close
// after it.
func (r *Run) Shutdown(ctx context.Context) error {
	defer r.attend()()
	r.mu.Lock()
	for _, m := range r.members {
		if h := m.handle; h != nil && h.starter == nil && r.plan.source(m.index) {
			r.tell(m.handle, control.Stop, nil)
		}
	}
	r.mu.Unlock()
	err := r.endMain()(ctx)
	if err == nil {
		err = r.await(ctx, r.ended)
	}
	if err != nil {
		r.stop(nil)
		r.node.bell.GiveWay()
		<-r.ended
		return errors.Join(r.answer(), ctx.Err())
	}
	return r.answer()
}

// Close cancels every context of the run, waits for the grace of each process,
// kills who is left with all its children, and frees the memory; numbers stay
// readable. Ending the context given to Start does the same. It is safe to call
// twice, and returns what Wait returned.
func (r *Run) Close() error {
	defer r.attend()()
	for _, in := range r.node.receivers() {
		in.finish()
	}
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
	r.node.bell.GiveWay()
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
		m.args.close()
		if m.pair != nil {
			m.pair.Close()
		}
	}
	r.files[2].Retire(r.plan.keptSize, r.plan.sharedSize)
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
	r.halt()
	for _, s := range r.spares {
		s.dismiss()
	}
	for _, p := range r.pools {
		if p != nil {
			p.end(r.err)
		}
	}
	for _, m := range r.alive() {
		r.order(m, control.Stop)
		if p := m.proc; p != nil {
			r.watching.Go(func() { m.killAfterGrace(p, nil) })
		}
	}
	r.mainEnd(func(int) bool { return false })
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

// alive is the members whose slots somebody has.
func (r *Run) alive() []*member {
	if all := r.present.Load(); all != nil {
		return *all
	}
	return nil
}

// enter and leave keep the books of who has a slot. mu is held.
func (r *Run) enter(m *member) {
	m.finished = false
	*r.kindOf(m)++
	all := append(slices.Clip(r.alive()), m)
	r.present.Store(&all)
}

func (r *Run) leave(m *member) {
	m.finished = true
	*r.kindOf(m)--
	old := r.alive()
	all := make([]*member, 0, len(old))
	for _, other := range old {
		if other != m {
			all = append(all, other)
		}
	}
	r.present.Store(&all)
}

func (r *Run) kindOf(m *member) *int {
	switch p := m.slot.process; {
	case p != nil && p.Daemon:
		return &r.daemons
	case p != nil || !r.plan.pools[m.slot.pool].called:
		return &r.keeping
	}
	return &r.called
}

func (r *Run) book(m *member) *partyBook { return &r.parties[m.slot.party] }

// bookOf is the book of a row on demand, or nil.
func (r *Run) bookOf(d *ProcessDecl) *partyBook {
	for i, p := range r.plan.parties {
		if r.plan.slots[p.first].process == d && d.OnDemand {
			return &r.parties[i]
		}
	}
	return nil
}

func (r *Run) workers(pp *poolPlan) []*member { return r.members[pp.first-1 : pp.first-1+pp.n] }

// mainEnded reports whether the program starts and sends no more.
func (r *Run) mainEnded() bool {
	select {
	case <-r.mainDone:
		return true
	default:
		return false
	}
}
