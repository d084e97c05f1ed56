package mp

import (
	"context"
	"math/rand/v2"
	"slices"
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
	plan     *plan
	slot     int
	control  control.File
	bells    []bell.Word
	bell     *bell.Bell
	commons  *shm.File
	over     atomic.Bool  // the run has ended for this process: nothing waits any more
	why      error        // set before over, nil for a plain end
	guarded  bool         // over may come while goroutines of this process go on
	emulated bool         // and then another process may have its slot: it is emulated
	reading  sync.RWMutex // held by who rings others, and who reads an item if guarded
	gone     bool         // of reading: the memory of the run is not here any more, but for the shared objects

	blocks map[int]*Blocks // that it reaches, by their numbers among the shared objects

	mu      sync.Mutex
	putting map[int]*outlet   // of each part
	taking  map[int]*inlet    // of each queue
	objects map[sharedRow]any // views of shared objects
	run     *Run              // in the program itself
	child   *child            // in a process of the run
}

// newNode makes the node of a slot. local says that all processes of the run are
// in this one.
func newNode(pl *plan, slot int, local bool, c control.File, bells, commons *shm.File) *Node {
	n := &Node{plan: pl, slot: slot, guarded: slot == 0 || local, emulated: local && slot != 0, control: c, commons: commons,
		putting: map[int]*outlet{}, taking: map[int]*inlet{}, objects: map[sharedRow]any{}}
	n.bells = unsafe.Slice((*bell.Word)(bells.At(0)), len(pl.slots))
	n.bell = bell.Open(&n.bells[slot], slot, backstop)
	if local {
		n.bell.Local()
	}
	n.openBlocks()
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
	for _, in := range n.receivers() {
		in.lookAgain()
	}
}

func (n *Node) overError() error { return closedBy(n.why) }

// callee is the calling side of a pool or service, which the program itself has,
// and every process that declares it.
func (n *Node) callee(d Decl) callee {
	i, ok := n.plan.index[d]
	if ok {
		c := callee{name: d.name(), workers: n.plan.pools[i].n, gathers: n.plan.pools[i].batch > 1 || n.plan.pools[i].concurrent > 1, node: n, bytes: n.plan.pools[i].bytes, lends: n.plan.pools[i].lends}
		if n.run != nil && n.run.pools[i] != nil {
			c.core = n.run.pools[i]
			return c
		}
		if n.child != nil && n.child.far != nil && n.child.far.pools[i] != nil {
			c.core = n.child.far.pools[i]
			return c
		}
	}
	panic("mp: pool " + d.name() + " can't be called from here")
}

// bounded and spsc open this process's view of a part.
func (n *Node) bounded(p *partPlan) *ring.Bounded {
	r := ring.OpenBounded(n.commons.At(p.offset), p.geometry, n.bells)
	for i, slot := range p.seats {
		r.SetOwner(i, ring.Owner(slot))
	}
	if p.lends > 0 {
		r.Arena.Return = n.returner(p)
	}
	return r
}

func (n *Node) spsc(p *partPlan) *ring.SPSC {
	return ring.OpenSPSC(n.commons.At(p.offset), p.geometry, n.bells)
}

// outlets are this process's putting ends of the parts of a queue; all its
// handles share them.
func (n *Node) outlets(d Decl) outlets { return n.outletsAt(n.plan.index[d]) }

func (n *Node) outletsAt(queue int) (all outlets) {
	n.mu.Lock()
	defer n.mu.Unlock()
	q := &n.plan.queues[queue]
	for i := q.first; i < q.first+q.n; i++ {
		if n.putting[i] == nil {
			n.putting[i] = n.openOutlet(i)
		}
		all = append(all, n.putting[i])
	}
	return all
}

func (n *Node) openOutlet(i int) *outlet {
	part := &n.plan.parts[i]
	o := &outlet{node: n, q: &n.plan.queues[part.queue], word: &n.control.Queues[i], slot: ring.Owner(n.slot), part: i, note: slices.Index(n.plan.partsPut(n.slot), i)}
	if part.spsc {
		r := n.spsc(part)
		o.spsc, o.arena = r.OpenProducer(), r.Arena
	} else {
		o.bounded = n.bounded(part)
		o.arena = o.bounded.Arena
	}
	if part.lends > 0 {
		o.enc.lender = n
	}
	if o.max = part.geometry.Payload; o.arena != nil {
		o.max = o.arena.Max()
		o.arena.Scatter(rand.IntN(part.geometry.Blocks))
	}
	return o
}

// inlet is this process's taking end of a queue; all its handles share it.
func (n *Node) inlet(d Decl) *inlet { return n.inletAt(n.plan.index[d]) }

func (n *Node) inletAt(queue int) *inlet {
	n.mu.Lock()
	defer n.mu.Unlock()
	if in := n.taking[queue]; in != nil {
		return in
	}
	i := n.plan.partOf(queue, n.slot)
	part := &n.plan.parts[i]
	in := &inlet{node: n, q: &n.plan.queues[queue], index: queue, word: &n.control.Queues[i], slot: ring.Owner(n.slot)}
	in.reader.in = in
	if part.spsc {
		r := n.spsc(part)
		in.spsc, in.arena = r.OpenConsumer(), r.Arena
	} else {
		in.bounded = n.bounded(part)
		in.arena = in.bounded.Arena
		for s, slot := range part.seats {
			if slot == n.slot {
				in.seats = append(in.seats, in.bounded.Seat(s))
			}
		}
	}
	n.taking[queue] = in
	return in
}

// ends and receivers are the opened ends of queues.
func (n *Node) ends() (all []*outlet) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, o := range n.putting {
		if n.slot != 0 || n.plan.mainSends(o.queue()) { // else the parent's own, for failed items
			all = append(all, o)
		}
	}
	return all
}

func (n *Node) receivers() (all []*inlet) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, in := range n.taking {
		all = append(all, in)
	}
	return all
}

// inletEnded reports whether this process receives from queue i no more.
func (n *Node) inletEnded(i int) bool {
	n.mu.Lock()
	in := n.taking[i]
	n.mu.Unlock()
	if in == nil {
		return false
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.closed
}

// sendsNoMore tells the parent that this process sends no more to a queue.
func (n *Node) sendsNoMore(queue int) {
	if n.run != nil {
		n.run.mu.Lock()
		n.run.mainEnds[queue] = true
		n.run.settle()
		n.run.mu.Unlock()
		return
	}
	n.child.say(frameClosed, uint64(queue), nil)
}

// retire waits until no handle is in the memory any more. It comes after end.
func (n *Node) retire() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, o := range n.putting {
		for _, g := range []*gate{&o.gate, &o.joins} {
			if g.lock(context.Background()) == nil {
				g.unlock()
			}
		}
	}
	for _, in := range n.taking {
		if in.gate.lock(context.Background()) == nil {
			in.gate.unlock()
		}
		in.mu.Lock()
		in.mu.Unlock() //lint:ignore SA2001 who held it has left
	}
	n.reading.Lock()
	n.gone = true
	n.reading.Unlock()
	for _, b := range n.blocks {
		b.retire()
	}
	for _, v := range n.objects {
		if v, ok := v.(interface{ retire() }); ok {
			v.retire()
		}
	}
	if n.child != nil {
		n.child.upMu.Lock()
		n.child.upMu.Unlock() //lint:ignore SA2001 who held it has left
	}
}

// ringing runs f, which looks at the memory, rings bells or acts in the name of this
// process, unless the memory is gone or another process may have its place.
func (n *Node) ringing(f func()) {
	n.reading.RLock()
	defer n.reading.RUnlock()
	if !n.gone {
		f()
	}
}
