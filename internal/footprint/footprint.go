// Package footprint says what a run of a pipeline takes of the machine, from the
// sizes in its description alone: for tools, which have no types and no functions
// of it. Package mp fills in Of, which makes the plan that a run makes; so the
// figures are those of a run.
package footprint

// Of computes the figures of a pipeline. workers is what Start is told, 0 for
// GOMAXPROCS of this process. Arrays whose length Start is told have none here.
var Of func(p Pipeline, workers int) (Figures, error)

// Pipeline is the table of a pipeline, with names for references.
type Pipeline struct {
	Rows          []Row // in the order of the source
	Send, Receive []string
}

// Row is a row of the table. A zero stands for the runtime's default, as in the
// rows of package mp.
type Row struct {
	Name string
	Kind string // Process, Queue, Pool, Service, Array, or the type of a shared object's row, as LockDecl

	Item     int64 // of a queue, array or object: bytes of an element in memory, -1 if it is encoded
	Capacity int
	Slot     int64
	Bytes    int64
	Spill    int64
	Keyed    bool
	Lends    []string         // of a queue: names of the blocks that its items carry
	Len      int              // of an array
	Fields   map[string]int64 // further numbers of an object's row

	Instances  int // of a process
	OnDemand   bool
	Max        int
	Workers    int // of a pool or service
	Methods    int
	Concurrent int     // tasks of a worker at once; 0: one
	Stages     []Stage // flows that feed it
	Warm       int     // spares
	Memory     int64   // bytes that each of its processes may take, 0: no bound

	Send, Receive, Uses, Reads, Starts []string
}

// The kinds that are no shared objects.
const (
	Process = "process"
	Queue   = "queue"
	Pool    = "pool"
	Service = "service"
	Array   = "array"
)

// Stage is the place of a pool, or a method, in a flow; names of queues.
type Stage struct {
	Method         int
	From, To, Dead string
}

// Figures is what a run takes at most. Memory files are sparse: what lies in
// queues' bytes is taken only while items are there.
type Figures struct {
	Shared  int64 // bytes of all memory files
	Control int64
	Bells   int64
	Commons int64
	Pairs   int64
	Rows    []Part // in the order of the rows

	Processes   int // that run at once, beside the program, its warden, and
	Spares      int // processes that stand by
	Descriptors int // that the program holds for the run
}

// Part is what one row takes.
type Part struct {
	Commons   int64 // bytes in the commons
	Processes int
	Spares    int
	Pairs     int64 // bytes of their pair files
}
