package mp

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/mpgen/mpgen/runtime/internal/block"
	"github.com/mpgen/mpgen/runtime/internal/ring"
)

// How blocks travel in items of queues. The encoding of a block is its entry and
// generation. Who sends an item lets its message hold the blocks before it goes into
// the ring, and gives away its own holds after that; who receives it notes, on its
// seat, what the message holds, so that the ring can return that when the item is
// done. See packages block and ring for what a death leaves.
//
// A call lends the blocks of its arguments: the caller has them until it has its answer,
// and the worker holds them itself for as long as it works on the task. Nothing stands
// for the call, so its result carries none.

// lease is where a decoder finds the blocks of an item, and notes them.
type lease struct {
	node *Node
	seat *ring.Seat // of the item, nil: it is not done with this reading
	lent []uint64   // what its message holds, as far as it is read

	keeps bool    // of a called task: its reader holds them by itself, and they are
	kept  []Block // these
}

// end gives back what is kept, when the task is done.
func (l *lease) end() {
	for _, x := range l.kept {
		x.Release()
	}
	l.kept = l.kept[:0]
}

// ofCalls is the lease of a worker, or a part of one, that does one called task at a
// time, or batch; it is nil if they carry no blocks.
func (n *Node) ofCalls(pool *poolPlan) *lease {
	if !pool.lends {
		return nil
	}
	return &lease{node: n, keeps: true}
}

// begin begins to read the item on a seat.
func (l *lease) begin(n *Node, seat *ring.Seat) {
	l.node, l.seat, l.lent = n, seat, l.lent[:0]
	seat.Lent = nil
}

// whole says that the item is read.
func (l *lease) whole() {
	if l == nil || l.seat == nil {
		return
	}
	if l.lent == nil {
		l.lent = make([]uint64, 0, 4)
	}
	l.seat.Lent = l.lent
}

// BlockOf is the codec of a block of d. Only items of queues, and arguments of calls, whose
// rows say so carry blocks.
func BlockOf(d *BlocksDecl) Codec[Block] {
	return Coded(func(e *Encoder, x Block) { e.Block(d, x) }, func(dec *Decoder) Block { return dec.Block(d) })
}

var errNoBlocks = errors.New("a block can't be sent here: blocks travel in items of queues and arguments of calls")

// Block writes a block of d, or none.
func (e *Encoder) Block(d *BlocksDecl, x Block) {
	switch {
	case x.of == nil:
		Put(e, uint32(0))
		return
	case e.lender == nil:
		e.fail(errNoBlocks)
		return
	case x.of.row != d:
		e.fail(fmt.Errorf("a block of blocks %q, where one of %q is wanted", x.of.row.Name, d.Name))
		return
	case x.of.node != e.lender:
		e.fail(fmt.Errorf("a block of blocks %q that another process has made, or another run: it comes from there in an item", d.Name))
		return
	}
	Put(e, uint32(x.at.Entry)+1)
	Put(e, x.at.Generation)
	if !slices.Contains(e.lent, x) {
		e.lent = append(e.lent, x)
	}
}

// Block reads a block of d, or none.
func (d *Decoder) Block(row *BlocksDecl) (x Block) {
	entry := Get[uint32](d)
	if entry == 0 {
		return x
	}
	generation := Get[uint32](d)
	switch {
	case d.err != nil:
		return x
	case d.lease == nil:
		d.fail(errNoBlocks)
		return x
	}
	i := d.lease.node.plan.index[row]
	b := d.lease.node.blocks[i]
	if b == nil || b.row != row {
		d.fail(errNoBlocks)
		return x
	}
	at, ok := b.table.Find(int(entry-1), generation)
	if !ok && d.lease.keeps {
		d.fail(ErrReleased)
		return x
	}
	if !ok {
		d.corrupt("a block that is not there")
		return x
	}
	x = Block{b, at}
	if !d.lease.keeps {
		d.lease.lent = append(d.lease.lent, uint64(i)<<32|uint64(at.Entry))
		return x
	}
	if err := x.Keep(); err != nil { // the caller has given up
		d.fail(err)
		return Block{}
	}
	d.lease.kept = append(d.lease.kept, x)
	return x
}

// returner is what the ring of a part calls for what its messages hold.
func (n *Node) returner(p *partPlan) func(message uint64, lent []uint64) {
	return func(message uint64, lent []uint64) {
		if lent == nil {
			for _, h := range p.held {
				n.blocks[h.blocks].table.ReturnAll(h.ring, message)
			}
		}
		for _, x := range lent {
			i := int(x >> 32)
			if ring, ok := p.ringOf(i); ok {
				n.blocks[i].table.Return(int(uint32(x)), ring, message)
			}
		}
	}
}

// lend lets the message that is to carry what e has encoded hold its blocks. full is
// the first that too many items of the part carry; then, and after an error, the message
// is to be dropped.
func (o *outlet) lend(d ring.Descriptor, e *Encoder) (full *Block, err error) {
	for i := range e.lent {
		x := &e.lent[i]
		ring, ok := o.ringOf(x)
		if !ok {
			return nil, fmt.Errorf("%s %q: %w", o.q.row.kind(), o.q.name, errNoBlocks)
		}
		switch x.of.table.Lend(x.at, ring, d.Message()) {
		case block.Full:
			return x, nil
		case block.Gone:
			return nil, fmt.Errorf("%s %q: %w: a block of blocks %q, which the item carries; who sends a block twice calls Keep before", o.q.row.kind(), o.q.name, ErrReleased, x.of.row.Name)
		}
	}
	return nil, nil
}

// ringOf is the part's number in the table of a block, if its items may carry such.
func (o *outlet) ringOf(x *Block) (ring int, ok bool) {
	return o.node.plan.parts[o.part].ringOf(o.node.plan.index[x.of.row])
}

// ringOf is the part's number in the table of blocks.
func (p *partPlan) ringOf(blocks int) (ring int, ok bool) {
	for _, h := range p.held {
		if h.blocks == blocks {
			return h.ring, true
		}
	}
	return 0, false
}

// lent comes when the item of e, with blocks, is in the ring: the sender's holds went with it.
func (o *outlet) lent(d ring.Descriptor, e *Encoder) {
	if o.word.Gone.Load() != 0 { // nobody will read it, and the parent may have looked before it was there
		o.arena.Return(d.Message(), nil)
	}
	o.giveAway(e.lent)
}

func (o *outlet) giveAway(blocks []Block) {
	for _, x := range blocks {
		x.of.release(x)
	}
}

// forget gives up the holds that would have gone with a result which no queue takes.
func (o *outlet) forget(encode func(*Encoder)) {
	if len(o.q.lends) == 0 || o.node.over.Load() {
		return
	}
	e := Encoder{lender: o.node}
	e.reset(nil, o.max)
	encode(&e)
	o.node.ringing(func() { o.giveAway(e.lent) })
}

// crowded is the error of a send to a queue that spills, of a block that is in too many
// items: who waited for one of them to be done might keep its readers waiting.
func (o *outlet) crowded(x *Block) error {
	pl := o.node.plan
	ring, _ := o.ringOf(x)
	return fmt.Errorf("%s %q: %w: %d of its items carry the same block of blocks %q, and no more of them can: copy it into another block",
		o.q.row.kind(), o.q.name, ErrFull, pl.shared[pl.index[x.of.row]].places[ring], x.of.row.Name)
}

// lending is the condition of a sender whose block is in too many items of the part.
type lending struct {
	o    *outlet
	x    Block
	ring int
}

func (l *lending) Ready() bool {
	o := l.o
	return o.node.over.Load() || l.x.of.table.CanLend(l.x.at, l.ring) || o.closed.Load() || o.word.Gone.Load() != 0 || o.finished()
}

func (l *lending) waitsFor() want {
	o := l.o
	return want{what: "one of the items of " + o.q.String() + " with the same block to be done",
		from: o.node.plan.parts[o.part].consumers, how: "read"}
}

// lend finds out which blocks come in the items of each queue, and who has them for
// that.
func (pl *plan) lend() error {
	find := func(d *BlocksDecl) (int, error) {
		k, ok := pl.index[d]
		if !ok || k >= len(pl.shared) || pl.shared[k].row != sharedRow(d) {
			return 0, fmt.Errorf("blocks %q are not of this pipeline: generate its code again", d.name())
		}
		return k, nil
	}
	to := func(p *partyPlan, k int) {
		if !slices.Contains(p.lent, k) {
			p.lent = append(p.lent, k)
		}
		if !slices.Contains(p.uses, k) {
			p.uses = append(p.uses, k)
		}
	}
	for i := range pl.queues {
		q := &pl.queues[i]
		for _, d := range q.row.lends() {
			k, err := find(d)
			if err != nil {
				return err
			}
			q.lends = append(q.lends, k)
			for j := range pl.parties {
				if p := &pl.parties[j]; slices.Contains(p.takes, i) || slices.Contains(p.puts, i) {
					to(p, k)
				}
			}
		}
	}
	for i := range pl.pools {
		pp := &pl.pools[i]
		for _, d := range pl.shapeOf(pp.row).lends {
			k, err := find(d)
			if err != nil {
				return err
			}
			pp.lends = true
			to(&pl.parties[pl.slots[pp.first].party], k)
		}
	}
	return nil
}

// holdBlocks gives the items of each part places at the blocks that they carry: as many as
// a block may be in at once, which are more than can be worked on.
func (pl *plan) holdBlocks() {
	for i := range pl.parts {
		part := &pl.parts[i]
		q := &pl.queues[part.queue]
		wait := min(cmp.Or(q.row.shape().capacity, defaultCapacity), blockItems)
		if q.spills {
			wait = blockItemsSpill
		}
		for _, k := range q.lends {
			s := &pl.shared[k]
			part.held = append(part.held, heldPlan{k, len(s.places)})
			s.places = append(s.places, wait+len(part.seats))
		}
	}
	for i := range pl.shared {
		if s := &pl.shared[i]; len(s.places) > 0 {
			s.place = s.row.(*BlocksDecl).placed(len(pl.slots), s.places)
		}
	}
}

func (pl *plan) lendings() (n int) {
	for i := range pl.parts {
		n = max(n, pl.parts[i].lends)
	}
	return n
}

// returnAll returns what the items hold of a queue's part that nobody reads any more,
// but those that the program is about. r.mu is held.
func (r *Run) returnAll(part int) {
	p := &r.plan.parts[part]
	if p.lends == 0 {
		return
	}
	var inHand []uint64
	r.node.mu.Lock()
	in := r.node.taking[p.queue]
	r.node.mu.Unlock()
	if in != nil && in.bounded != nil && r.plan.partOf(p.queue, 0) == part {
		in.mu.Lock()
		inHand = in.bounded.InHand(0)
		in.mu.Unlock()
	}
	for _, h := range p.held {
		r.node.blocks[h.blocks].table.ReturnEach(h.ring, func(message uint64) bool {
			return ring.RingOf(message) == p.lends && !slices.Contains(inHand, message)
		})
	}
}

// keepAll keeps, for the program, the blocks of an item in the payload of a record.
func (r *Run) keepAll(part int, payload []byte) (blocks []Block) {
	for _, h := range r.plan.parts[part].held {
		b := r.node.blocks[h.blocks]
		for _, at := range b.table.Holding(h.ring, ring.MessageOf(payload)) {
			if x := (Block{b, at}); x.Keep() == nil {
				blocks = append(blocks, x)
			}
		}
	}
	return blocks
}
