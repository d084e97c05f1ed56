package mp

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"unsafe"

	"github.com/mpgen/mpgen/runtime/internal/block"
	"github.com/mpgen/mpgen/runtime/internal/control"
	"github.com/mpgen/mpgen/runtime/internal/lock"
	"github.com/mpgen/mpgen/runtime/internal/ring"
)

// BlocksDecl is a row for blocks: shared memory that is cut into blocks of any size,
// which travel in items of queues and are lent by calls.
type BlocksDecl struct {
	Name   string
	Memory int64 // bytes of all blocks
	Count  int   // blocks at once; 0: 4096
}

const (
	defaultBlocks = 4096
	minBlocks     = 1 << 12

	// Items of a queue that wait and carry the same block.
	blockItems      = 64
	blockItemsSpill = 1024 // where nobody waits for one to be done
)

// In is the blocks, for a process that declares to use them.
func (d *BlocksDecl) In(n *Node) *Blocks {
	b, ok := n.blocks[n.plan.index[d]]
	if !ok || b.row != d {
		panic(fmt.Sprintf("mp: blocks %q are not of this process", d.Name))
	}
	return b
}

func (d *BlocksDecl) name() string { return d.Name }

func (d *BlocksDecl) check() error {
	switch g := d.geometry(1, nil); {
	case d.Memory < minBlocks || d.Memory > 1<<46:
		return fmt.Errorf("blocks %q can't have %d bytes", d.Name, d.Memory)
	case g.Count < 1 || g.Count > block.MaxCount:
		return fmt.Errorf("blocks %q can't be %d at once", d.Name, d.Count)
	}
	return nil
}

// geometry is for the rings of the parts whose items carry blocks of d, with so many
// places each.
func (d *BlocksDecl) geometry(slots int, places []int) block.Geometry {
	g := block.Geometry{Memory: int(d.Memory), Count: d.Count, Messages: places, Slots: slots}
	if g.Count == 0 {
		g.Count = defaultBlocks
	}
	return g
}

func (d *BlocksDecl) place(slots, _ int) sharedPlace { return d.placed(slots, nil) }

// placed is place when the parts are known. The makers' turn lies in a page before the
// table.
func (d *BlocksDecl) placed(slots int, places []int) sharedPlace {
	g := d.geometry(slots, places)
	return sharedPlace{kind: control.KindBlocks, size: alignUp(lock.Size(slots), pageSize) + block.Size(g),
		pages: true, late: block.Size(g) - block.Early(g)}
}

func (d *BlocksDecl) table(n *Node, s *sharedPlan) *block.Table {
	slots := len(n.plan.slots)
	return block.Open(unsafe.Add(n.commons.At(s.offset), alignUp(lock.Size(slots), pageSize)), d.geometry(slots, s.places), n.slot, n.bells, poison())
}

// poison reports whether what is released is to be overwritten.
var poison = sync.OnceValue(func() bool { return slices.Contains(strings.Split(os.Getenv(DebugVariable), ","), "poison") })

// DebugVariable is the variable of the environment that turns on what finds mistakes
// and costs time: "poison" overwrites a block's bytes when it is released.
const DebugVariable = "MP_DEBUG"

func (d *BlocksDecl) repair(n *Node, at unsafe.Pointer, p ring.Owner, _ bool) {
	n.blocks[n.plan.index[d]].table.Sweep(int(p))
	l := lock.Open(at, n.slot, n.bells, monotonic)
	l.Sweep(int(p), false)
}

func (d *BlocksDecl) state(n *Node, _ unsafe.Pointer) string {
	count, bytes := n.blocks[n.plan.index[d]].table.Taken()
	if count == 0 {
		return ""
	}
	return fmt.Sprintf("%d blocks have %d of %d bytes", count, bytes, d.Memory)
}

// Blocks is shared memory that is cut into blocks: a process makes one with New, fills
// it, and sends it in an item of a queue; nothing is copied on the way. A block is
// freed when nobody holds it any more: no process, and no item that is not done. What
// a process holds when it ends, however it ends, is freed too. Any goroutine may call
// the methods.
type Blocks struct {
	node  *Node
	row   *BlocksDecl
	table *block.Table
	turn  *Lock // who has it is the next to get memory
	gate  gate  // of the goroutines of this process that want some

	mu   sync.Mutex
	mine []blockHold // by entry of the table
}

// blockHold is how often this process holds a block.
type blockHold struct {
	generation uint32
	times      int
}

// openBlocks opens the blocks that a process reaches.
func (n *Node) openBlocks() {
	n.blocks = map[int]*Blocks{}
	for i := range n.plan.shared {
		s := &n.plan.shared[i]
		if row, is := s.row.(*BlocksDecl); is && (n.slot == 0 || n.plan.uses(n.slot, row)) {
			at := n.commons.At(s.offset)
			n.blocks[i] = &Blocks{node: n, row: row, table: row.table(n, s), turn: newLock(n, at, fmt.Sprintf("blocks %q", row.Name))}
		}
	}
}

// Block is a block of shared memory, or, the zero Block, none. It is a small value that
// may be copied; the memory behind it is there until the block is released.
//
// A call lends the blocks of its arguments: the caller has them all the time, and must not
// release them before the call, or its [Task], has ended; the function may change them.
//
// Who gets a block from New holds it. Sending an item that it is in gives that hold
// away with the item: the sender touches the block no more, unless it has called Keep
// before. Who receives the item has the block until the item is done: until the end of
// the loop's round, the handler's call, or the next Receive; with Keep, until Release.
// Who reads a block too late reads what others have put there, and who writes to it
// harms them; it is no fault, and MP_DEBUG=poison makes it easy to see.
//
// Several items may carry the same block, each sent after a Keep. There may be as many of a
// queue as it has room for, up to 64 that wait there, 1024 if it spills, besides those that
// its readers have in hand. [Sender.Send] of one more waits until one of them is done, as it
// does while the queue is full; to a queue that spills it fails with [ErrFull].
type Block struct {
	of *Blocks
	at block.Block
}

// New makes a block of size bytes, 0 or more, and waits while there is no room. The
// caller holds it, once. What is in it is not said. After an error there is none: ctx
// ended, there is never so much room ([ErrTooBig]), or the run has ended ([ErrClosed]).
func (b *Blocks) New(ctx context.Context, size int) (Block, error) {
	if err := b.fits(size); err != nil {
		return Block{}, err
	}
	if err := b.gate.lock(ctx); err != nil {
		return Block{}, err
	}
	defer b.gate.unlock()
	if err := b.turn.Lock(ctx); err != nil {
		return Block{}, err
	}
	defer b.turn.Unlock()
	for {
		if b.node.over.Load() {
			return Block{}, b.node.overError()
		}
		if x, ok := b.take(size); ok {
			return x, nil
		}
		if err := b.node.bell.Wait(ctx, b.table.Room(), &blockRoom{b, size}); err != nil && !b.node.over.Load() {
			return Block{}, err
		}
	}
}

// TryNew is New that gives [ErrFull] instead of waiting, for room or for those who
// wait already.
func (b *Blocks) TryNew(size int) (Block, error) {
	if err := b.fits(size); err != nil {
		return Block{}, err
	}
	if !b.gate.try() {
		return Block{}, ErrFull
	}
	defer b.gate.unlock()
	switch err := b.turn.TryLock(); {
	case err == ErrLocked:
		return Block{}, ErrFull
	case err != nil:
		return Block{}, err
	}
	defer b.turn.Unlock()
	if x, ok := b.take(size); ok {
		return x, nil
	}
	return Block{}, ErrFull
}

func (b *Blocks) fits(size int) error {
	switch {
	case size < 0:
		return fmt.Errorf("a block of blocks %q can't have %d bytes", b.row.Name, size)
	case size > b.table.Max():
		return fmt.Errorf("%w: a block of %d bytes, and blocks %q have %d; their setting memory says how many", ErrTooBig, size, b.row.Name, b.table.Max())
	}
	return nil
}

// take makes a block, in this process's turn.
func (b *Blocks) take(size int) (x Block, ok bool) {
	b.node.ringing(func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		if x.at, ok = b.table.New(size); ok {
			x.of = b
			*b.hold(x.at) = blockHold{x.at.Generation, 1}
		}
	})
	return x, ok
}

// hold is what this process notes of an entry. mu is held.
func (b *Blocks) hold(x block.Block) *blockHold {
	if grow := x.Entry + 1 - len(b.mine); grow > 0 {
		b.mine = append(b.mine, make([]blockHold, grow)...)
	}
	return &b.mine[x.Entry]
}

// Bytes are the bytes of the block, in shared memory: whoever else holds it sees what is
// written there. It is nil for the zero Block.
func (x Block) Bytes() []byte {
	if x.of == nil {
		return nil
	}
	return x.of.table.Bytes(x.at)
}

// Copy is a copy of the bytes, which stays.
func (x Block) Copy() []byte { return slices.Clone(x.Bytes()) }

// Keep makes the calling process a holder of the block, once more if it is one, until
// Release, or the next sending of it. The error is [ErrReleased] if it is too late, or [ErrClosed] after the end of
// the run.
func (x Block) Keep() error {
	if x.of == nil {
		return ErrReleased
	}
	b, over := x.of, true
	var err error
	b.node.ringing(func() {
		if over = b.node.over.Load(); !over {
			err = b.keep(x)
		}
	})
	if over {
		return b.node.overError()
	}
	return err
}

func (b *Blocks) keep(x Block) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	h := b.hold(x.at)
	switch {
	case h.times > 0 && h.generation != x.at.Generation: // x is gone: the entry is of another block, and that is held
		return ErrReleased
	case h.times > 0:
	case !b.table.Keep(x.at):
		return ErrReleased
	default:
		*h = blockHold{generation: x.at.Generation}
	}
	h.times++
	return nil
}

// Release is the end of one hold, of New or Keep. Of a block that this process holds no
// more, or has from an item only, it does nothing.
func (x Block) Release() {
	if x.of != nil {
		x.of.node.ringing(func() { x.of.release(x) })
	}
}

func (b *Blocks) release(x Block) {
	b.mu.Lock()
	defer b.mu.Unlock()
	h := b.hold(x.at)
	if h.generation != x.at.Generation || h.times == 0 {
		return
	}
	if h.times--; h.times == 0 {
		b.table.Drop(x.at)
	}
}

// retire waits until nobody of this process makes blocks any more.
func (b *Blocks) retire() {
	if b.gate.lock(context.Background()) == nil {
		b.gate.unlock()
	}
}

// blockRoom is the condition of who wants a block.
type blockRoom struct {
	of   *Blocks
	size int
}

func (r *blockRoom) Ready() bool { return r.of.node.over.Load() || r.of.table.Fits(r.size) }

func (r *blockRoom) waitsFor() want {
	return want{what: "room for a block of " + r.of.row.Name, from: r.of.node.plan.others(r.of.row, r.of.node.slot), how: "held"}
}
