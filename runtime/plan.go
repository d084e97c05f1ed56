package mp

import (
	"fmt"
	"hash/fnv"
	"io"
	"runtime"

	"github.com/mpgen/mpgen/runtime/internal/bell"
	"github.com/mpgen/mpgen/runtime/internal/control"
	"github.com/mpgen/mpgen/runtime/internal/line"
	"github.com/mpgen/mpgen/runtime/internal/ring"
)

// A plan says which processes a pipeline has and where everything lies in the
// memory of a run. It follows from the pipeline's table and the number of
// workers alone, so the parent and each of its processes make the same plan by
// themselves, and no geometry is ever read from shared memory.
type plan struct {
	pipeline *Pipeline
	workers  int
	slots    []slotPlan // 0 is the program itself
	queues   []queuePlan
	pools    []poolPlan
	numbers  map[Decl]int // offset in the commons
	index    map[Decl]int // of a queue or pool in queues or pools

	numbersSize int // the numbers lie first in the commons
	commonsSize int
	touched     int // bytes of all files that are in use from the start
	footprint   int64
}

// slotPlan is one process.
type slotPlan struct {
	name    string
	index   int          // which worker, from 0
	process *ProcessDecl // nil for a worker
	pool    int          // index of the pool, -1 for a process
}

// queuePlan is one queue.
type queuePlan struct {
	row       queueRow
	offset    int
	geometry  ring.Geometry
	spsc      bool
	flat      bool  // the payload is the item's memory, with no head
	producers []int // slots
	consumers []int // slots
	seats     []int // slot of each seat, if not spsc
	stages    []int // pools that put into it
}

// poolPlan is one pool.
type poolPlan struct {
	row      poolRow
	first, n int // its workers are slots first to first+n-1
	from     int // queue that feeds it, -1: it is called
	to, dead int // queues, -1: none
	task     TaskPolicy
	worker   Worker
	bytes    int
}

// queueRow and poolRow are what the plan needs of rows whatever their types.
type queueRow interface {
	Decl
	shape() (capacity, slot int, bytes int64, flatSize int)
	check() error
}

type poolRow interface {
	Decl
	shape() poolShape
	check() error
	newCaller() caller
	newStage() stage
}

type poolShape struct {
	workers        int
	bytes          int64
	task           TaskPolicy
	worker         Worker
	from, to, dead Decl // nil: none
}

func (q *QueueDecl[T]) shape() (int, int, int64, int) {
	return q.Capacity, q.Slot, q.Bytes, q.Elem.size()
}

func (q *QueueDecl[T]) check() error {
	if err := q.Elem.check(); err != nil {
		return fmt.Errorf("queue %q: %w", q.Name, err)
	}
	return nil
}

func (p *PoolDecl[In, Out]) shape() poolShape {
	s := poolShape{workers: p.Workers, bytes: p.Bytes, task: p.Task, worker: p.Worker, to: p.To.queue}
	if p.From != nil {
		s.from = p.From
	}
	if p.Dead != nil {
		s.dead = p.Dead
	}
	return s
}

func (p *PoolDecl[In, Out]) check() error {
	if p.Func == nil {
		return fmt.Errorf("pool %q has no function: generate its code again", p.Name)
	}
	if p.From != nil {
		return nil
	}
	if err := p.In.check(); err != nil {
		return fmt.Errorf("pool %q: %w", p.Name, err)
	}
	if err := p.Out.check(); err != nil {
		return fmt.Errorf("pool %q: %w", p.Name, err)
	}
	return nil
}

const (
	defaultCapacity = 1024
	defaultSlot     = 256
	defaultBytes    = 64 << 20
	inlineMax       = 4096 // a flat item up to this many bytes lies in its slot as it is
	readerSeats     = 4    // loops over one queue that a process runs at once, each with an item of its own
	callLine        = 256 << 10
	plainLine       = 16 << 10
)

// newPlan makes the plan of p with workers for each pool that declares none.
func newPlan(p *Pipeline, workers int) (*plan, error) {
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	pl := &plan{pipeline: p, workers: workers, numbers: map[Decl]int{}, index: map[Decl]int{}}
	pl.slots = append(pl.slots, slotPlan{name: "main", pool: -1})
	for _, d := range p.Decls {
		switch d := d.(type) {
		case *ProcessDecl:
			pl.slots = append(pl.slots, slotPlan{name: d.Name, process: d, pool: -1})
		case queueRow:
			if err := d.check(); err != nil {
				return nil, err
			}
			pl.index[d] = len(pl.queues)
			pl.queues = append(pl.queues, queuePlan{row: d})
		case poolRow:
			if err := d.check(); err != nil {
				return nil, err
			}
			pl.addPool(d)
		default:
			pl.numbers[d] = pl.numbersSize
			pl.numbersSize += 64 // a line each: two numbers must not slow each other down
		}
	}
	if len(pl.slots) > ring.MaxOwners {
		return nil, fmt.Errorf("the pipeline has %d processes, the most is %d", len(pl.slots)-1, ring.MaxOwners-1)
	}
	if err := pl.connect(); err != nil {
		return nil, err
	}
	pl.lay()
	return pl, nil
}

func (pl *plan) addPool(d poolRow) {
	s := d.shape()
	pp := poolPlan{row: d, first: len(pl.slots), n: s.workers, task: s.task, worker: s.worker, bytes: int(s.bytes), from: -1, to: -1, dead: -1}
	if pp.n == 0 {
		pp.n = pl.workers
	}
	if pp.bytes == 0 {
		pp.bytes = defaultBytes
	}
	pl.index[d] = len(pl.pools)
	for i := range pp.n {
		pl.slots = append(pl.slots, slotPlan{name: d.name(), index: i, pool: len(pl.pools)})
	}
	pl.pools = append(pl.pools, pp)
}

// connect finds who puts into and takes from each queue.
func (pl *plan) connect() error {
	queue := func(d Decl) (*queuePlan, error) {
		i, ok := pl.index[d]
		if _, is := d.(queueRow); !ok || !is {
			return nil, fmt.Errorf("%q is no queue of this pipeline: generate its code again", d.name())
		}
		return &pl.queues[i], nil
	}
	ends := func(slot int, send, receive []Decl) error {
		for _, d := range send {
			q, err := queue(d)
			if err != nil {
				return err
			}
			q.producers = append(q.producers, slot)
		}
		for _, d := range receive {
			q, err := queue(d)
			if err != nil {
				return err
			}
			q.consumers = append(q.consumers, slot)
			for range readerSeats {
				q.seats = append(q.seats, slot)
			}
		}
		return nil
	}
	if err := ends(0, pl.pipeline.Main.Send, pl.pipeline.Main.Receive); err != nil {
		return err
	}
	for i, s := range pl.slots {
		if s.process != nil {
			if err := ends(i, s.process.Send, s.process.Receive); err != nil {
				return err
			}
		}
	}
	for i := range pl.pools {
		pp := &pl.pools[i]
		s := pp.row.shape()
		for w := pp.first; w < pp.first+pp.n; w++ {
			if s.from != nil {
				q, err := queue(s.from)
				if err != nil {
					return err
				}
				pp.from = pl.index[s.from]
				q.consumers = append(q.consumers, w)
				q.seats = append(q.seats, w)
			}
			for k, d := range []Decl{s.to, s.dead} {
				if d == nil {
					continue
				}
				q, err := queue(d)
				if err != nil {
					return err
				}
				if k == 0 {
					pp.to = pl.index[d]
				} else {
					pp.dead = pl.index[d]
				}
				q.producers = append(q.producers, w)
			}
		}
		if pp.to >= 0 {
			pl.queues[pp.to].stages = append(pl.queues[pp.to].stages, i)
		}
		if pp.dead >= 0 { // the parent sends what a dead worker had for the last time
			q := &pl.queues[pp.dead]
			q.producers = append(q.producers, 0)
			if pp.dead != pp.to {
				q.stages = append(q.stages, i)
			}
		}
	}
	return nil
}

// lay gives everything its place.
func (pl *plan) lay() {
	const page = 4096
	at := (pl.numbersSize + page - 1) &^ (page - 1)
	pl.numbersSize = at
	touched := at
	for i := range pl.queues {
		q := &pl.queues[i]
		capacity, slot, bytes, flat := q.row.shape()
		if capacity == 0 {
			capacity = defaultCapacity
		}
		if slot == 0 {
			slot = defaultSlot
		}
		if bytes == 0 {
			bytes = defaultBytes
		}
		g := ring.Geometry{Capacity: capacity, Slots: len(pl.slots), Seats: len(q.seats)}
		if q.flat = flat >= 0 && flat <= inlineMax; q.flat {
			g.Payload = max(flat, 8)
		} else {
			g.Payload = max(slot+ring.HeadSize, ring.MinPayload)
			g.Blocks = int((bytes + ring.BlockSize - 1) / ring.BlockSize)
		}
		q.geometry = g
		q.spsc = len(q.producers) == 1 && len(q.consumers) == 1 && !pl.worker(q.producers[0]) && !pl.worker(q.consumers[0])
		q.offset = at
		size := ring.BoundedSize(g)
		if q.spsc {
			size = ring.SPSCSize(g)
		}
		touched += size - g.Blocks*ring.BlockSize
		at += (size + page - 1) &^ (page - 1)
	}
	pl.commonsSize = max(at, page)
	pl.touched = touched
	pl.footprint = int64(pl.commonsSize) + int64(len(pl.slots)*bell.WordSize)
	for i := 1; i < len(pl.slots); i++ {
		pl.footprint += int64(pl.pairSize(i))
	}
}

func (pl *plan) worker(slot int) bool { return pl.slots[slot].pool >= 0 }

// lineSize is the capacity of the lines of a slot.
func (pl *plan) lineSize(slot int) int {
	if i := pl.slots[slot].pool; i >= 0 && pl.pools[i].from < 0 {
		return callLine
	}
	return plainLine
}

// lineAt is where a slot's lines lie in its pair file: down to the process, up
// to the parent.
func (pl *plan) lineAt(slot int) (down, up int) {
	down = control.ReportSize
	return down, down + line.Size(pl.lineSize(slot), len(pl.slots))
}

func (pl *plan) pairSize(slot int) int {
	return control.ReportSize + 2*line.Size(pl.lineSize(slot), len(pl.slots))
}

// maxMessage is the most bytes of a message on a slot's lines.
func (pl *plan) maxMessage(slot int) int {
	if i := pl.slots[slot].pool; i >= 0 {
		return pl.pools[i].bytes + messageOverhead
	}
	return defaultBytes
}

// messageOverhead is what a message on a line has beside the item: deadline,
// attempt, error.
const messageOverhead = 1 << 16

// rows is the number of rows of the table for viewers.
func (pl *plan) rows() int {
	return len(pl.slots) + len(pl.queues) + len(pl.numbers)
}

// hash tells plans apart.
func (pl *plan) hash() uint64 {
	h := fnv.New64a()
	io.WriteString(h, pl.pipeline.Path)
	for _, s := range pl.slots {
		fmt.Fprintln(h, s.name, s.index, s.pool)
	}
	for _, q := range pl.queues {
		fmt.Fprintln(h, q.row.name(), q.offset, q.geometry, q.spsc, q.flat, q.producers, q.consumers)
	}
	fmt.Fprintln(h, pl.commonsSize, pl.numbersSize)
	return h.Sum64()
}
