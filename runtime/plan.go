package mp

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"slices"
	"time"

	"github.com/mpgen/mpgen/runtime/internal/control"
	"github.com/mpgen/mpgen/runtime/internal/ring"
)

// A plan says which processes a pipeline has and where everything lies in the
// memory of a run. It follows from the pipeline's table and the number of
// workers alone, so the parent and each of its processes make the same plan by
// themselves, and no geometry is ever read from shared memory.
type plan struct {
	pipeline *Pipeline
	told     told
	workers  int
	slots    []slotPlan  // 0 is the program itself
	parties  []partyPlan // 0 is the program itself
	spares   int         // of all parties
	queues   []queuePlan
	parts    []partPlan
	pools    []poolPlan
	shared   []sharedPlan
	cycles   []cyclePlan
	index    map[Decl]int // of a queue, pool or shared object in its list

	waitsForMain bool // it has daemons or processes on demand: only the program can say that all have ended

	keptSize    int // the shared objects that stay after the run lie first in the commons
	sharedSize  int // and then the others
	commonsSize int
	footprint   int64 // bytes of all memory files
}

// slotPlan is one process.
type slotPlan struct {
	name    string
	index   int          // which instance or worker, from 0
	party   int          // that it is of
	process *ProcessDecl // nil for a worker
	pool    int          // index of the pool, -1 for a process
}

// partyPlan is all slots of one row, a process or a pool, and what they reach.
type partyPlan struct {
	first, n    int    // slots first to first+n-1
	spare, warm int    // its spares have the places from spare on, as many as warm
	takes, puts []int  // queues
	uses, reads []int  // shared objects
	lent        []int  // of those that it uses, those whose blocks come in items of its queues
	calls       []int  // pools
	starts      []int  // parties on demand, processes of which they may start
	starters    []int  // and the other way round
	peers       []bool // of each party: whether a process of it may wait for one of this
}

// queuePlan is one queue.
type queuePlan struct {
	row       queueRow
	name      string   // for people; each way of a pipe has its own
	flat      bool     // the payload is the item's memory, with no head
	lends     []int    // shared objects: whose blocks its items carry
	spills    bool     // a full one is not waited for
	cyclic    bool     // it is of one of the cycles
	producers []int    // slots
	consumers []int    // slots
	feeders   []feeder // inputs of pools whose results go into it
	closers   []int    // the producers whose end is the queue's
	first, n  int      // its parts are parts first to first+n-1
}

// String is the queue, or the way of a pipe, in a dump.
func (q *queuePlan) String() string { return q.row.kind() + " " + q.name }

// feeds reports whether those who receive from it have their work from there. By a
// pipe between two processes they talk about it.
func (q *queuePlan) feeds() bool { return q.row.kind() != "pipe" || q.producers[0] == 0 }

// partPlan is a ring of a queue. A queue has one, for all who receive from it; a
// keyed one has a part for each of them, and a key belongs to one part.
type partPlan struct {
	queue     int
	offset    int
	capacity  int // items that it holds before it spills
	geometry  ring.Geometry
	lends     int // its number among the rings whose items carry blocks, 0: they don't
	held      []heldPlan
	spsc      bool
	consumers []int // slots
	seats     []int // slot of each seat, if not spsc
}

// heldPlan is blocks that a part's items carry: the shared object, and the part's number
// in their table.
type heldPlan struct{ blocks, ring int }

// feeder is an input of a pool.
type feeder struct{ pool, input int }

// poolPlan is one pool or service.
type poolPlan struct {
	row        poolRow
	first, n   int // its workers are slots first to first+n-1
	called     bool
	lends      bool     // arguments of its calls carry blocks
	object     bool     // its workers open something with arguments of Start
	methods    []string // of a service
	inputs     []inputPlan
	sends      bool  // while it is called, it may put into queues, or start who does
	users      []int // parties that call it
	task       TaskPolicy
	worker     Worker
	bytes      int
	concurrent int           // tasks that a worker may do at once, from 2; 0: one
	batch      int           // most tasks of one call of the function; 0: it takes one
	wait       time.Duration // for a batch to become whole
	warm       int
}

// inputPlan is one queue that feeds a pool, or a method of a service.
type inputPlan struct {
	method   int
	from     int // queue
	to, dead int // queues, -1: none
}

// queueRow and poolRow are what the plan needs of rows whatever their types.
type queueRow interface {
	Decl
	kind() string // queue, or pipe: then it is one way
	shape() queueShape
	lends() []*BlocksDecl
	keyed() bool
	check() error
}

// A pool is a service of one method that keeps nothing, so both are one row here.
type poolRow interface {
	Decl
	shape() poolShape
	check() error
	// open makes what runs the tasks, once in each worker.
	open(ctx context.Context, n *Node, args *Decoder) (works, error)
	// letter gives what encodes an item of an input that is given up, with the
	// error, and the hash of its key, in the process of n.
	letter(input int, n *Node, item []byte, cause error) (key uint64, encode func(*Encoder), bad error)
}

type poolShape struct {
	workers    int
	bytes      int64
	task       TaskPolicy
	worker     Worker
	called     bool
	object     bool
	methods    []string
	inputs     []inputShape
	concurrent int
	batch      int
	wait       time.Duration
	warm       int

	sends, uses, reads []Decl
	lends              []*BlocksDecl // whose blocks come in arguments of its calls
	starts             []*ProcessDecl
}

// inputShape is an input by its rows, nil: none.
type inputShape struct {
	method         int
	from, to, dead Decl
}

// queueShape is what a queue's memory depends on; zeros stand for defaults.
type queueShape struct {
	capacity, slot int
	bytes, spill   int64
	flat           int // bytes of an item in memory, -1 if it is encoded
}

func (q *QueueDecl[T]) shape() queueShape {
	return queueShape{q.Capacity, q.Slot, q.Bytes, q.Spill, q.Elem.size()}
}

func (q *QueueDecl[T]) kind() string         { return "queue" }
func (q *QueueDecl[T]) keyed() bool          { return q.Key != nil }
func (q *QueueDecl[T]) lends() []*BlocksDecl { return q.Lends }

func (q *QueueDecl[T]) check() error {
	if err := q.Elem.check(); err != nil {
		return fmt.Errorf("queue %q: %w", q.Name, err)
	}
	return nil
}

const (
	defaultMax  = 256 // processes of one row at once that are started on demand
	readerSeats = 4   // loops over one queue that a process runs at once, each with an item of its own
)

// newPlan makes the plan of p with what Start was told.
func newPlan(p *Pipeline, t told) (*plan, error) {
	workers := t.workers()
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	pl := &plan{pipeline: p, told: append(told{workers}, t.lengths()...), workers: workers, index: map[Decl]int{}}
	pl.addParty(slotPlan{name: "main", pool: -1}, 1)
	for _, d := range p.Decls {
		switch d := d.(type) {
		case *ProcessDecl:
			pl.addParty(slotPlan{name: d.Name, process: d, pool: -1}, d.slots())
			pl.waitsForMain = pl.waitsForMain || d.OnDemand || d.Daemon
		case queueRow:
			if err := pl.addQueue(d); err != nil {
				return nil, err
			}
		case pipeRow:
			for end := range 2 {
				if err := pl.addQueue(d.way(end)); err != nil {
					return nil, err
				}
			}
		case poolRow:
			if err := d.check(); err != nil {
				return nil, err
			}
			pl.addPool(d)
		case sharedRow: // below: their size depends on the slots
		default:
			return nil, fmt.Errorf("%q is of a kind that this version does not know: generate its code again", d.name())
		}
	}
	lengths := t.lengths()
	for _, d := range p.Decls {
		if d, ok := d.(sharedRow); ok {
			if err := pl.addShared(d, &lengths); err != nil {
				return nil, err
			}
		}
	}
	if len(pl.slots) > ring.MaxOwners {
		return nil, fmt.Errorf("the pipeline has %d processes, the most is %d", len(pl.slots)-1, ring.MaxOwners-1)
	}
	if err := pl.connect(); err != nil {
		return nil, err
	}
	if err := pl.lend(); err != nil {
		return nil, err
	}
	pl.meet()
	for i := range pl.parties[1:] {
		p := &pl.parties[1+i]
		p.spare, p.warm = len(pl.slots)+pl.spares, pl.warm(p.first)
		pl.spares += p.warm
	}
	pl.findCycles()
	if pl.divide(); pl.lendings() > ring.MaxLending {
		return nil, fmt.Errorf("the pipeline has %d readers of queues whose items carry blocks, counted one for each key, the most is %d", pl.lendings(), ring.MaxLending)
	}
	for _, p := range pl.parties {
		if n := len(pl.partsPut(p.first)); n > ring.MaxOutputs {
			return nil, fmt.Errorf("%q sends to %d readers of queues with a key, the most is %d", pl.slots[p.first].name, n, ring.MaxOutputs)
		}
	}
	pl.holdBlocks()
	pl.lay()
	return pl, nil
}

// slots is how many processes of the row there are at once.
func (p *ProcessDecl) slots() int {
	switch {
	case !p.OnDemand:
		return max(p.Instances, 1)
	case p.Max > 0:
		return p.Max
	}
	return defaultMax
}

// addParty adds n slots like s.
func (pl *plan) addParty(s slotPlan, n int) {
	s.party = len(pl.parties)
	pl.parties = append(pl.parties, partyPlan{first: len(pl.slots), n: n})
	for s.index = range n {
		pl.slots = append(pl.slots, s)
	}
}

func (pl *plan) addQueue(d queueRow) error {
	pl.index[d] = len(pl.queues)
	pl.queues = append(pl.queues, queuePlan{row: d, name: d.name(), spills: d.shape().spill > 0})
	return d.check()
}

func (pl *plan) addPool(d poolRow) {
	s := pl.shapeOf(d)
	pp := poolPlan{
		row: d, first: len(pl.slots), n: s.workers, called: s.called, object: s.object, methods: s.methods,
		task: s.task, worker: s.worker, bytes: int(s.bytes), batch: s.batch, wait: s.wait,
		concurrent: s.concurrent, warm: s.warm,
	}
	if pp.concurrent < 2 {
		pp.concurrent = 0
	}
	if pp.n == 0 {
		pp.n = pl.workers
	}
	if pp.bytes == 0 {
		pp.bytes = defaultBytes
	}
	pl.index[d] = len(pl.pools)
	pl.addParty(slotPlan{name: d.name(), pool: len(pl.pools)}, pp.n)
	pl.pools = append(pl.pools, pp)
}

// connect finds who puts into and takes from each queue.
func (pl *plan) connect() error {
	queue := func(d Decl) (int, error) {
		i, ok := pl.index[d]
		if _, is := d.(queueRow); !ok || !is {
			return -1, fmt.Errorf("%q is no queue of this pipeline: generate its code again", d.name())
		}
		return i, nil
	}
	put := func(party int, d Decl) (int, error) {
		i, err := queue(d)
		if err == nil {
			pl.put(party, i)
		}
		return i, err
	}
	take := func(party int, d Decl) (int, error) {
		i, err := queue(d)
		if err == nil {
			pl.take(party, i)
		}
		return i, err
	}
	for _, d := range pl.pipeline.Decls {
		if d, is := d.(pipeRow); is && d.main() {
			if err := pl.attach(0, d); err != nil {
				return err
			}
		}
	}
	for i := range pl.parties {
		send, receive := pl.pipeline.Main.Send, pl.pipeline.Main.Receive
		if i > 0 {
			p := pl.slots[pl.parties[i].first].process
			if p == nil {
				continue
			}
			send, receive = p.Send, p.Receive
			if err := pl.declareShared(i, p.Uses, p.Reads); err != nil {
				return err
			}
			if err := pl.declareStarts(i, p.Starts); err != nil {
				return err
			}
		}
		for _, d := range send {
			if _, err := put(i, d); err != nil {
				return err
			}
		}
		for _, d := range receive {
			if _, err := take(i, d); err != nil {
				return err
			}
		}
	}
	for i := range pl.pools {
		pp := &pl.pools[i]
		s, party := pl.shapeOf(pp.row), pl.slots[pp.first].party
		err := pl.declareShared(party, s.uses, s.reads)
		if err == nil {
			err = pl.declareStarts(party, s.starts)
		}
		if err != nil {
			return err
		}
		// What a called worker starts may send when nobody calls any more, but not be started.
		pp.sends = s.called && len(pl.parties[party].starts) > 0
		for k, in := range s.inputs {
			ip := inputPlan{method: in.method, to: -1, dead: -1}
			if at, ok := pl.index[in.from]; ok && slices.Contains(pl.parties[party].takes, at) {
				return fmt.Errorf("%q takes from queue %q twice: generate its code again", pp.row.name(), in.from.name())
			}
			if ip.from, err = take(party, in.from); err != nil {
				return err
			}
			if in.to != nil {
				if ip.to, err = put(party, in.to); err != nil {
					return err
				}
				pl.queues[ip.to].feeders = append(pl.queues[ip.to].feeders, feeder{i, k})
			}
			if in.dead != nil {
				if ip.dead, err = put(party, in.dead); err != nil {
					return err
				}
				q := &pl.queues[ip.dead] // the parent sends what a dead worker had for the last time
				q.producers = append(q.producers, 0)
				q.feeders = append(q.feeders, feeder{i, k})
			}
			pp.inputs = append(pp.inputs, ip)
		}
		for _, d := range s.sends {
			to, err := put(party, d)
			if err != nil {
				return err
			}
			f := feeder{i, 0}
			if s.called {
				pp.sends, f.input = true, -1
			}
			pl.queues[to].feeders = append(pl.queues[to].feeders, f)
		}
	}
	for i := range pl.parties {
		for _, pool := range pl.parties[i].calls {
			pl.pools[pool].users = append(pl.pools[pool].users, i)
		}
		for _, started := range pl.parties[i].starts {
			pl.parties[started].starters = append(pl.parties[started].starters, i)
		}
	}
	for i := range pl.queues {
		pl.queues[i].closers = pl.closers(pl.queues[i].producers)
	}
	pl.nameWays()
	return nil
}

// declareStarts notes whom the processes of a party may start.
func (pl *plan) declareStarts(party int, starts []*ProcessDecl) error {
	for _, d := range starts {
		i := pl.partyOf(d)
		if i < 0 || !d.OnDemand {
			return fmt.Errorf("process %q is not started on demand in this pipeline: generate its code again", d.Name)
		}
		pl.parties[party].starts = append(pl.parties[party].starts, i)
	}
	return nil
}

// partyOf is the party of a process's row, -1 if the pipeline has none.
func (pl *plan) partyOf(d *ProcessDecl) int {
	return slices.IndexFunc(pl.parties, func(p partyPlan) bool { return pl.slots[p.first].process == d })
}

// put and take connect a party with a queue.
func (pl *plan) put(party, queue int) {
	p, q := &pl.parties[party], &pl.queues[queue]
	if !slices.Contains(p.puts, queue) {
		p.puts = append(p.puts, queue)
		q.producers = p.appendSlots(q.producers)
	}
}

func (pl *plan) take(party, queue int) {
	p, q := &pl.parties[party], &pl.queues[queue]
	p.takes = append(p.takes, queue)
	q.consumers = p.appendSlots(q.consumers)
}

func (p *partyPlan) appendSlots(to []int) []int {
	for slot := p.first; slot < p.first+p.n; slot++ {
		to = append(to, slot)
	}
	return to
}

// closers leaves out daemons, if there are others.
func (pl *plan) closers(producers []int) []int {
	others := slices.DeleteFunc(slices.Clone(producers), func(slot int) bool {
		p := pl.slots[slot].process
		return p != nil && p.Daemon
	})
	if len(others) == 0 {
		return producers
	}
	return others
}

// meet finds out which parties share something that processes wait for.
func (pl *plan) meet() {
	reach := make([][]Decl, len(pl.parties))
	for i := range reach {
		reach[i] = pl.reach(i)
		pl.parties[i].peers = make([]bool, len(reach))
	}
	for i := range reach {
		for j := range i + 1 {
			if i == j || j == 0 || slices.ContainsFunc(reach[i], func(d Decl) bool { return slices.Contains(reach[j], d) }) {
				pl.parties[i].peers[j], pl.parties[j].peers[i] = true, true // all have a line to the program
			}
		}
	}
}

// reach is the rows at which the processes of a party may wait.
func (pl *plan) reach(party int) []Decl {
	s := pl.slots[pl.parties[party].first]
	var all []Decl
	switch {
	case s.process != nil:
		all = slices.Concat(s.process.Send, s.process.Receive, s.process.Uses, s.process.Reads)
	case s.pool >= 0:
		shape := pl.shapeOf(pl.pools[s.pool].row)
		all = slices.Concat(shape.sends, shape.uses, shape.reads)
		for _, in := range shape.inputs {
			all = append(all, in.from, in.to, in.dead)
		}
	}
	for _, i := range pl.parties[party].lent {
		all = append(all, pl.shared[i].row)
	}
	return slices.DeleteFunc(all, func(d Decl) bool {
		_, shared := d.(sharedRow)
		return d == nil || shared && pl.shared[pl.index[d]].place.kind == control.KindNumber
	})
}

// divide gives each queue its parts.
func (pl *plan) divide() {
	lending := 0
	for i := range pl.queues {
		q := &pl.queues[i]
		q.first = len(pl.parts)
		readers := [][]int{q.consumers}
		if q.row.keyed() && len(q.consumers) > 0 {
			readers = nil
			for k := range q.consumers {
				readers = append(readers, q.consumers[k:k+1])
			}
		}
		q.n = len(readers)
		for _, consumers := range readers {
			part := partPlan{queue: i, consumers: consumers}
			if len(q.lends) > 0 {
				lending++
				part.lends = lending
			}
			// Who may not wait must be told of room at once, and a block be free once its
			// item is done, as only a Bounded ring does.
			part.spsc = !q.spills && part.lends == 0 && len(q.producers) == 1 && len(consumers) == 1 && !pl.worker(q.producers[0]) && !pl.worker(consumers[0])
			for _, slot := range consumers {
				n := readerSeats
				if pl.worker(slot) {
					n = 1
				}
				for range n {
					part.seats = append(part.seats, slot)
				}
			}
			pl.parts = append(pl.parts, part)
		}
	}
}

// partOf is the part of a queue from which a slot takes, which consumes of it.
func (pl *plan) partOf(queue, slot int) int {
	q := &pl.queues[queue]
	for i := q.first; i < q.first+q.n; i++ {
		if slices.Contains(pl.parts[i].consumers, slot) {
			return i
		}
	}
	return q.first
}

// stageSeat is where a worker of a stage sits.
type stageSeat struct{ part, seat, slot int }

// seatsOf is where the workers of a stage sit.
func (pl *plan) seatsOf(pp *poolPlan) (all []stageSeat) {
	for _, in := range pp.inputs {
		all = append(all, pl.seatsAt(pp, &pl.queues[in.from])...)
	}
	return all
}

func (pl *plan) seatsAt(pp *poolPlan, q *queuePlan) (all []stageSeat) {
	for i := q.first; i < q.first+q.n; i++ {
		for s, slot := range pl.parts[i].seats {
			if slot >= pp.first && slot < pp.first+pp.n {
				all = append(all, stageSeat{i, s, slot})
			}
		}
	}
	return all
}

// title is what a slot is called: its row's name, with a number if the row has several.
func (pl *plan) title(slot int) string {
	if slot < 0 || slot >= len(pl.slots) { // from shared memory
		return fmt.Sprint("process ", slot)
	}
	s := &pl.slots[slot]
	if s.pool < 0 && pl.parties[s.party].n == 1 {
		return s.name
	}
	return fmt.Sprintf("%s[%d]", s.name, s.index)
}

// source reports whether a process gets nothing to do from queues, and talks by pipes
// to none that does.
func (pl *plan) source(slot int) bool {
	talks := []int{pl.slots[slot].party}
	for i := 0; i < len(talks); i++ {
		for _, k := range pl.parties[talks[i]].takes {
			q := &pl.queues[k]
			if q.feeds() {
				return false
			}
			if other := pl.slots[q.producers[0]].party; !slices.Contains(talks, other) {
				talks = append(talks, other)
			}
		}
	}
	return true
}

func (pl *plan) worker(slot int) bool { return pl.slots[slot].pool >= 0 }

// partsTaken and partsPut are the parts of queues that a slot takes from and puts
// into.
func (pl *plan) partsTaken(slot int) (found []int) {
	for _, i := range pl.parties[pl.slots[slot].party].takes {
		found = append(found, pl.partOf(i, slot))
	}
	return found
}

func (pl *plan) partsPut(slot int) (found []int) {
	for _, i := range pl.parties[pl.slots[slot].party].puts {
		for k := range pl.queues[i].n {
			found = append(found, pl.queues[i].first+k)
		}
	}
	return found
}

// settings is the worker block of a slot's row.
func (pl *plan) settings(slot int) *Worker {
	s := &pl.slots[slot]
	if s.process != nil {
		return &s.process.Worker
	}
	return &pl.pools[s.pool].worker
}

func (pl *plan) grace(slot int) time.Duration {
	return cmp.Or(pl.settings(slot).Grace, 2*time.Second)
}

// memory is the bytes of its own that the process of a slot may take, 0: no bound.
func (pl *plan) memory(slot int) int64 { return pl.settings(slot).Memory }

// warm is how many spares the row of a slot has.
func (pl *plan) warm(slot int) int {
	if p := pl.slots[slot].process; p != nil {
		return p.Warm
	}
	return pl.pools[pl.slots[slot].pool].warm
}

func (pl *plan) mainSends(queue int) bool { return slices.Contains(pl.parties[0].puts, queue) }
