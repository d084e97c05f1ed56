package mp

import (
	"context"
	"time"
)

// What follows is for generated code: the table that describes a pipeline, and
// the functions that open its rows in one process. Rows are data and never
// change; what a run makes of them lies in its nodes. The functions of the user
// are set in init, not in the rows' initializers, since they may call Start,
// which needs the rows.

// Pipeline is the table of one pipeline.
type Pipeline struct {
	Path   string // import path of the package, names the pipeline to its processes
	Source string // "thumbs.mp"
	Decls  []Decl // in the order of the source
	Main   MainDecl

	Footprint int64 // bytes of shared memory that a run may have; 0: what the machine can give

	called bool // its pools and services are called and fed by no queue
}

// MainDecl is the ends of queues that the program itself holds.
type MainDecl struct {
	Send, Receive []Decl
}

// Decl is a row of the table.
type Decl interface{ name() string }

// QueueDecl is a row for a queue.
type QueueDecl[T any] struct {
	Name     string
	Elem     Codec[T]
	Capacity int           // items; 0: 1024
	Slot     int           // bytes of an item in the ring; 0: 256, flat items their size
	Bytes    int64         // bytes of items larger than a slot; 0: 64 MiB
	Spill    int64         // bytes of items beyond Capacity and Bytes before Send fails with ErrFull; 0: Send waits for room
	Lends    []*BlocksDecl // whose blocks its items carry

	// Key, if not nil, is the hash of an item's key: all items of one key go to
	// one reader, in the order in which each sender sent them. Each reader then has
	// a part of the queue, with Capacity, Bytes and Spill of its own.
	Key func(T) uint64
}

// TaskPolicy is the task block of a pool.
type TaskPolicy struct {
	Timeout time.Duration // of one attempt; 0: none
	Retries int           // after the death of the worker or the timeout; an error that the function returns is final
	Backoff time.Duration // before a retry; 0: 100 ms
	Skip    bool          // a stage counts and drops what it gives up on; else the run ends with its error
}

// Worker is the worker block of a process or pool.
type Worker struct {
	Tasks  int           // then the worker is replaced, some a tenth of that before, so that they don't go all at once; 0: never
	Age    time.Duration // then the worker is replaced, some a tenth of that before; 0: never
	Memory int64         // bytes; a worker that takes more is killed; 0: no bound
	CPUs   int           // GOMAXPROCS of the process; 0: its environment's, or a worker's share of the processors, 2 at least
	Grace  time.Duration // from cancel to kill; 0: 2s
	Open   time.Duration // of a service: to make its object, then the worker is stopped, and another tries; 0: 1 min

	// What the process is born into. It means nothing where a process is a goroutine.
	Env  []string // further variables, "KEY=value", before those of the program
	Dir  string   // its folder, from that which the program has at Start; "": the program's
	Nice int      // added to the program's niceness, 0 to 19 in all
}

// Restart says when a process is started again after its end.
type Restart int

// The modes of Restart.
const (
	Never     Restart = iota
	OnFailure         // it died, or its function returned an error
	Always            // after a good end too, unless the queues that it receives from have ended
)

// ProcessDecl is a row for a process.
type ProcessDecl struct {
	Name      string
	Instances int  // that start with the pipeline; 0: 1
	OnDemand  bool // none does: Spawn starts them
	Max       int  // on demand: at once; 0: 256
	Daemon    bool // it keeps neither Wait nor a queue waiting
	Restart   Restart
	Restarts  int // after how many failures in a row it is given up; 0: 10; with Never it means OnFailure
	Warm      int // spare processes that are kept for its starts
	Worker    Worker

	Send, Receive, Uses, Reads []Decl
	Starts                     []*ProcessDecl // on demand; set in init, as rows can name each other in a circle only there

	Main func(context.Context, *Node, *Decoder) error
}

// PoolDecl is a row for a pool.
type PoolDecl[In, Out any] struct {
	Name    string
	In      Codec[In]
	Out     Codec[Out]
	Workers int   // 0: as told to Start, else GOMAXPROCS
	Bytes   int64 // bytes of the largest task or result; 0: 64 MiB
	Warm    int   // spare processes that are kept, to take the place of workers
	Task    TaskPolicy
	Worker  Worker
	From    *QueueDecl[In]         // a stage takes its tasks from here
	To      Sink[Out]              // and sends its results there
	Dead    *QueueDecl[Failed[In]] // and what it gives up on there
	Send    []Decl                 // queues that its workers may send to
	Uses    []Decl                 // shared objects that they may change, and pools and services that they may call
	Reads   []Decl                 // arrays that they may only look at
	Starts  []*ProcessDecl         // on demand, that they may start; set in init

	Concurrent int // calls of the function under way at once in a worker, each on a goroutine of its own; 0: one

	Batch int           // tasks that the function takes at once, at most; 0: it takes one by one
	Wait  time.Duration // for further tasks of a batch, from the first on; 0: it takes what is there

	Lends []*BlocksDecl // whose blocks the tasks of a pool that is called carry

	Func func(context.Context, In) (Out, error)             // either
	Open func(*Node) func(context.Context, In) (Out, error) // or, once in each worker

	Many     func(context.Context, []In) ([]Out, error)             // with Batch: a result for each task
	OpenMany func(*Node) func(context.Context, []In) ([]Out, error) // or this
}

// Sink is where a stage sends its results: zero, one or many for each task.
type Sink[Out any] struct {
	queue Decl
	elem  func() Codec[Out]
	count func(Out) int
	put   func(*Encoder, Out, int)
	key   func(Out, int) uint64 // nil: the queue has none
}

// To sends each result as it is.
func To[T any](q *QueueDecl[T]) Sink[T] {
	s := Sink[T]{
		queue: q,
		elem:  func() Codec[T] { return q.Elem },
		count: func(T) int { return 1 },
		put:   func(e *Encoder, v T, _ int) { q.Elem.put(e, v) },
	}
	if q.Key != nil {
		s.key = func(v T, _ int) uint64 { return q.Key(v) }
	}
	return s
}

// Each sends each element of a result.
func Each[T any](q *QueueDecl[T]) Sink[[]T] {
	s := Sink[[]T]{
		queue: q,
		elem:  func() Codec[[]T] { return SliceOf(q.Elem) },
		count: func(v []T) int { return len(v) },
		put:   func(e *Encoder, v []T, i int) { q.Elem.put(e, v[i]) },
	}
	if q.Key != nil {
		s.key = func(v []T, i int) uint64 { return q.Key(v[i]) }
	}
	return s
}

func (q *QueueDecl[T]) name() string { return q.Name }

func (p *ProcessDecl) name() string       { return p.Name }
func (p *PoolDecl[In, Out]) name() string { return p.Name }

// Sender is the sending end of the queue in a process that declares it.
func (q *QueueDecl[T]) Sender(n *Node) *Sender[T] {
	s := newSender(n, q, q.Elem)
	if len(s.out) > 1 {
		s.key = q.Key
	}
	return s
}

// Receiver is the receiving end of the queue in a process that declares it.
func (q *QueueDecl[T]) Receiver(n *Node) *Receiver[T] {
	return newReceiver(n, q, q.Elem)
}

func newSender[T any](n *Node, d Decl, elem Codec[T]) *Sender[T] {
	out := n.outlets(d)
	return &Sender[T]{o: out[0], out: out, elem: elem}
}

func newReceiver[T any](n *Node, d Decl, elem Codec[T]) *Receiver[T] {
	in := n.inlet(d)
	in.plain = in.q.flat && !holdsBools[T]()
	return &Receiver[T]{i: in, elem: elem}
}

// Both is both ends, for a process that declares send and receive.
func (q *QueueDecl[T]) Both(n *Node) *Queue[T] {
	return &Queue[T]{Sender: *q.Sender(n), Receiver: *q.Receiver(n)}
}

// Pool is the calling side of a pool that no flow feeds.
func (p *PoolDecl[In, Out]) Pool(n *Node) *Pool[In, Out] {
	in, out := p.codecs()
	return &Pool[In, Out]{callee: n.callee(p), in: in, out: out}
}

// Arg is what Start gives to one row.
type Arg struct {
	to       Decl
	put      func(*Encoder)
	length   int // of an array
	isLength bool
}

// With gives the process its arguments; all instances get the same.
func (p *ProcessDecl) With(args func(*Encoder)) Arg { return Arg{to: p, put: args} }

// pipelines are those that Main knows, by their path.
var pipelines = map[string]*Pipeline{}

// Register makes a pipeline known to Main. It is called when packages are
// initialized.
func Register(p *Pipeline) {
	if pipelines[p.Path] != nil {
		panic("mp: two pipelines have the path " + p.Path)
	}
	pipelines[p.Path] = p
}
