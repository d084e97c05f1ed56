package mp

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/mpgen/mpgen/runtime/internal/bell"
	"github.com/mpgen/mpgen/runtime/internal/control"
	"github.com/mpgen/mpgen/runtime/internal/ring"
	"github.com/mpgen/mpgen/runtime/internal/shm"
)

// Node is the place of one process in a run: its view of the memory. Generated
// code opens the handles of a process through it.
type Node struct {
	plan    *plan
	slot    int
	control control.File
	bells   []bell.Word
	bell    *bell.Bell
	commons *shm.File
	over    atomic.Bool  // the run has ended for this process: nothing waits any more
	why     error        // set before over, nil for a plain end
	reading sync.RWMutex // held by who reads an item in the program itself

	mu      sync.Mutex
	outlets map[int]*outlet
	inlets  map[int]*inlet
	objects map[sharedRow]any // views of shared objects
	run     *Run              // in the program itself
	child   *child            // in a process of the run
}

func newNode(pl *plan, slot int, c control.File, bells, commons *shm.File) *Node {
	n := &Node{plan: pl, slot: slot, control: c, commons: commons, outlets: map[int]*outlet{}, inlets: map[int]*inlet{}, objects: map[sharedRow]any{}}
	n.bells = unsafe.Slice((*bell.Word)(bells.At(0)), len(pl.slots))
	n.bell = bell.Open(&n.bells[slot], slot, backstop)
	return n
}

// Instance is which of the processes of its row this one is, from 0. Of those on
// demand, no two that run have the same.
func (n *Node) Instance() int { return n.plan.slots[n.slot].index }

// Instances is how many processes of its row there are, at once.
func (n *Node) Instances() int { return n.plan.parties[n.plan.slots[n.slot].party].n }

// backstop bounds each sleep: a wake-up that got lost costs at most this.
const defaultBackstop = time.Second

var backstop = defaultBackstop

// end makes every wait of this process end with ErrClosed, or with why.
func (n *Node) end(why error) {
	n.why = why
	n.over.Store(true)
	n.bell.Ring()
}

func (n *Node) overError() error {
	if n.why != nil {
		return fmt.Errorf("%w: %w", ErrClosed, n.why)
	}
	return ErrClosed
}

// callee is the calling side of a pool, which the program itself has.
func (n *Node) callee(d Decl) callee {
	i, ok := n.plan.index[d]
	if !ok || n.run == nil {
		panic("mp: pool " + d.name() + " can't be called from here")
	}
	return callee{d.name(), n.plan.pools[i].n, n, n.run.pools[i]}
}

// bounded and spsc open this process's view of a queue.
func (n *Node) bounded(q *queuePlan) *ring.Bounded {
	r := ring.OpenBounded(n.commons.At(q.offset), q.geometry, n.bells)
	for i, slot := range q.seats {
		r.SetOwner(i, ring.Owner(slot))
	}
	return r
}

func (n *Node) spsc(q *queuePlan) *ring.SPSC {
	return ring.OpenSPSC(n.commons.At(q.offset), q.geometry, n.bells)
}

// outlet is this process's putting end of a queue; all its handles share it.
func (n *Node) outlet(d Decl) *outlet { return n.outletAt(n.plan.index[d]) }

func (n *Node) outletAt(i int) *outlet {
	n.mu.Lock()
	defer n.mu.Unlock()
	if o := n.outlets[i]; o != nil {
		return o
	}
	q := &n.plan.queues[i]
	o := &outlet{node: n, q: q, word: &n.control.Queues[i], slot: ring.Owner(n.slot), index: i}
	if q.spsc {
		r := n.spsc(q)
		o.spsc, o.arena = r.OpenProducer(), r.Arena
	} else {
		o.bounded = n.bounded(q)
		o.arena = o.bounded.Arena
	}
	if o.max = q.geometry.Payload; o.arena != nil {
		o.max = o.arena.Max()
		o.arena.Scatter(rand.IntN(q.geometry.Blocks))
	}
	n.outlets[i] = o
	return o
}

// inlet is this process's taking end of a queue; all its handles share it.
func (n *Node) inlet(d Decl) *inlet { return n.inletAt(n.plan.index[d]) }

func (n *Node) inletAt(i int) *inlet {
	n.mu.Lock()
	defer n.mu.Unlock()
	if in := n.inlets[i]; in != nil {
		return in
	}
	q := &n.plan.queues[i]
	in := &inlet{node: n, q: q, word: &n.control.Queues[i], slot: ring.Owner(n.slot), index: i}
	in.reader.in = in
	if q.spsc {
		r := n.spsc(q)
		in.spsc, in.arena = r.OpenConsumer(), r.Arena
	} else {
		in.bounded = n.bounded(q)
		in.arena = in.bounded.Arena
		for s, slot := range q.seats {
			if slot == n.slot {
				in.seats = append(in.seats, in.bounded.Seat(s))
			}
		}
	}
	n.inlets[i] = in
	return in
}

// ends and receivers are the opened ends of queues.
func (n *Node) ends() (all []*outlet) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for i, o := range n.outlets {
		if n.slot != 0 || n.plan.mainSends(i) { // else the parent's own, for failed items
			all = append(all, o)
		}
	}
	return all
}

func (n *Node) receivers() (all []*inlet) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, in := range n.inlets {
		all = append(all, in)
	}
	return all
}

// inletEnded reports whether this process receives from queue i no more.
func (n *Node) inletEnded(i int) bool {
	n.mu.Lock()
	in := n.inlets[i]
	n.mu.Unlock()
	if in == nil {
		return false
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.closed
}

// outletClosed tells the parent that this process sends no more to a queue.
func (n *Node) outletClosed(o *outlet) {
	if n.run != nil {
		n.run.mu.Lock()
		n.run.mainEnds[o.index] = true
		n.run.settle()
		n.run.mu.Unlock()
		return
	}
	n.child.say(frameClosed, uint64(o.index), nil)
}

// retire waits until no handle is in the memory any more. It comes after end.
func (n *Node) retire() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, o := range n.outlets {
		if o.gate.lock(context.Background()) == nil {
			o.gate.unlock()
		}
	}
	for _, in := range n.inlets {
		if in.gate.lock(context.Background()) == nil {
			in.gate.unlock()
		}
		in.mu.Lock()
		in.mu.Unlock() //lint:ignore SA2001 who held it has left
	}
	n.reading.Lock()
	n.reading.Unlock() //lint:ignore SA2001 who held it has left
}

// gate lets one goroutine of a process at a time to one end of a queue; the
// others wait here, each with its context, and not in shared memory.
type gate struct {
	state atomic.Uint32 // 0 open, 1 shut, 2 shut and somebody may wait
	turn  chan struct{}
	once  sync.Once
}

func (g *gate) try() bool { return g.state.CompareAndSwap(0, 1) }

func (g *gate) lock(ctx context.Context) error {
	if g.try() {
		return nil
	}
	g.once.Do(func() { g.turn = make(chan struct{}, 1) })
	for g.state.Swap(2) != 0 {
		select {
		case <-g.turn:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func (g *gate) unlock() {
	if g.state.Swap(0) == 2 {
		g.once.Do(func() { g.turn = make(chan struct{}, 1) })
		select {
		case g.turn <- struct{}{}:
		default:
		}
	}
}

// monotonic is the time of the system's monotonic clock, which all processes
// share, in nanoseconds.
func monotonic() int64 { return clockBase + int64(time.Since(clockStart)) }

var clockStart, clockBase = time.Now(), systemMonotonic()
