// Package control is the layout of the two files that say what a run is and what
// its parent wants of each process. Any tool may map them read-only and watch a
// run at no cost to it: a viewer demands the magic and the major version, and
// skips kinds of the table that it does not know.
//
// The control file is written by the parent alone; the kernel refuses any other
// mapping that could write. It holds a header, one [Slot] for each process, one for
// each spare, of which only the group counts, one [Queue] for each part of a queue, the numbers that Start was told, and the
// [Row]s of the table, which tell what lies where in which file. A pair file belongs to one process and its parent: the
// process's own [Report], the [Counts] of each method if it serves some, a [Post] for
// each task that it does at once beside the first, and the line each way.
//
// Each word has one writer, but for the place of a worker in its line, and words of different writers never share a cache
// line.
package control

import (
	"errors"
	"unsafe"

	"github.com/mpgen/mpgen/runtime/internal/seam"
	"github.com/mpgen/mpgen/runtime/internal/shm"
)

const (
	// Magic begins a control file: "mpgen" and a zero.
	Magic = 0x6d7067656e000000
	// Major changes when an old viewer would misread, Minor when it would miss something.
	Major, Minor = 1, 0
)

// Header begins the control file.
type Header struct {
	Magic        uint64
	Major, Minor uint16
	Slots        uint32 // processes, the parent is slot 0
	Queues       uint32
	Rows         uint32
	Told         uint32      // numbers that Start was told and the plan depends on
	LogLevel     seam.Uint32 // the least that the parent logs, a slog.Level
	Plan         uint64      // hash of the plan: both sides computed the same
	Started      int64       // nanoseconds since 1970
	Parent       int32
	pathLen      uint32
	path         [512]byte
	Spares       uint32 // places of spares, behind those of the processes
}

// Slot is what the parent says about a process, a cache line.
type Slot struct {
	Group      seam.Uint32 // process group, 0: none
	Generation seam.Uint32 // counts the processes that had the slot
	Order      seam.Uint32 // what the process is to do, see the orders
	State      seam.Uint32 // what the parent knows of it, see the states
	Cancel     seam.Uint64 // the task that is to stop, 0: none
	Ask        seam.Uint32 // number of the question what the process does and waits for, 0: none
	_          [36]byte
}

// Orders to a process.
const (
	Work   = iota
	Stop   // its contexts are cancelled; it returns within its grace
	Retire // it ends when it has nothing in hand
)

// States of a process, as the parent sees it.
const (
	Idle = iota
	Starting
	Running
	Backoff
	Ended
	Failed
)

// Queue is what the parent says about a queue.
type Queue struct {
	Closed seam.Uint32 // no producer is left
	Gone   seam.Uint32 // no consumer is left
	closed uint32      // bytes of the causes, written before the words above
	gone   uint32
	_      [48]byte
	causes [2][maxCause]byte
}

const maxCause = 2048 - 32

// Begun is what a process works on.
type Begun struct {
	Task  seam.Uint64 // number of the task, of a batch of its first, 0: none
	Since seam.Uint64 // nanoseconds of the monotonic clock, if the task has a deadline
}

// Report is what a process says of itself, at the start of its pair file. It
// outlives the process's death.
type Report struct {
	Begun
	Done    seam.Uint64 // tasks that are done, over all generations
	Failed  seam.Uint64 // of them, with an error
	Retried seam.Uint64 // attempts after the first, within the process
	Mean    seam.Uint64 // nanoseconds that a task takes, lately
	Worked  seam.Uint64 // nanoseconds spent on tasks
	Lost    seam.Uint64 // results that no queue took
	Birth   seam.Uint64 // of a spare that got its slot: who has changed it first, see the births

	// Place is where a worker is in its line, and what its parent has taken back of
	// that: see place.go of package line. Both write it.
	Place seam.Uint64
}

// Births: a spare that has its slot begins only if it can change Unborn to Born. A
// parent that waits for it no longer changes it to Stillborn, and then it is as if
// it had never been.
const (
	Unborn = iota
	Born
	Stillborn
)

// Counts is what a worker of a service says of one method, behind its Report.
type Counts struct {
	Done    seam.Uint64
	Failed  seam.Uint64
	Retried seam.Uint64
	_       [40]byte
}

// CountsSize is the number of bytes of a Counts.
const CountsSize = 64

// Post is where a worker that may do several tasks at once says what it does beside
// the one in its Report, behind the Counts, and where its parent says of it what a
// Slot says of the one.
type Post struct {
	Begun
	_      [48]byte
	Cancel seam.Uint64 // the parent's
	_      [56]byte
}

// PostSize is the number of bytes of a Post.
const PostSize = 128

// Row says what lies where: a viewer's table of contents.
type Row struct {
	Kind, Version uint16
	File          uint16 // 0 control, 1 bells, 2 commons, 3 pair
	Owner         uint16 // slot, or NoOwner
	Guard         uint32 // of an array: the number of the row of what keeps its users apart, plus 1
	_             uint32
	Offset, Size  uint64
	Stride        uint64
	Name          [88]byte
}

// NoOwner is the Owner of what is shared.
const NoOwner = 1<<16 - 1

// Kinds of rows.
const (
	KindProcess = 1 + iota
	KindPool
	KindBell
	KindSPSC
	KindBounded
	KindNumber
	KindReport
	KindLine
	KindLock
	KindValue
	KindArray
	KindSemaphore
	KindEvent
	KindBarrier
	KindCondition
	KindRWLock
	KindManaged // the lock of its updates; what it holds lies in the parent
	KindBlocks  // the lock of its makers and the table of package block; then the blocks
)

const (
	headerSize = 1024
	slotSize   = int(unsafe.Sizeof(Slot{}))
	queueSize  = int(unsafe.Sizeof(Queue{}))
	rowSize    = int(unsafe.Sizeof(Row{}))

	// ReportSize is the room of a Report in a pair file.
	ReportSize = 128
)

// GroupOffset and GroupStride tell where the process groups lie, for the warden.
const (
	GroupOffset = headerSize
	GroupStride = slotSize
)

// Size is the number of bytes of a control file.
func Size(slots, spares, queues, rows, told int) int {
	return headerSize + (slots+spares)*slotSize + queues*queueSize + rows*rowSize + told*8
}

// File is a mapped control file.
type File struct {
	*Header
	Slots  []Slot
	Spares []Slot // whose groups the warden finds as those of the processes
	Queues []Queue
	Table  []Row
	Told   []int64
}

// New lays out a control file; the parent calls it on zeroed memory.
func New(f *shm.File, slots, spares, queues, rows, told int, path string) (File, error) {
	h := (*Header)(f.At(0))
	if len(path) > len(h.path) {
		return File{}, errors.New("the package's import path is too long")
	}
	h.Magic, h.Major, h.Minor = Magic, Major, Minor
	h.Slots, h.Spares, h.Queues, h.Rows, h.Told = uint32(slots), uint32(spares), uint32(queues), uint32(rows), uint32(told)
	h.pathLen = uint32(copy(h.path[:], path))
	return open(f), nil
}

// Open checks a control file that another process made.
func Open(f *shm.File) (File, error) {
	if f.Size() < headerSize {
		return File{}, errors.New("no control file: too short")
	}
	h := (*Header)(f.At(0))
	if h.Magic != Magic || h.Major != Major {
		return File{}, errors.New("no control file of this version")
	}
	if h.Slots > 1<<16 || h.Spares > 1<<16 || h.Queues > 1<<20 || h.Rows > 1<<20 || h.Told > 1<<20 || h.pathLen > uint32(len(h.path)) ||
		f.Size() < Size(int(h.Slots), int(h.Spares), int(h.Queues), int(h.Rows), int(h.Told)) {
		return File{}, errors.New("control file is corrupt")
	}
	return open(f), nil
}

func open(f *shm.File) File {
	h := (*Header)(f.At(0))
	at := headerSize
	c := File{Header: h}
	c.Slots = unsafe.Slice((*Slot)(f.At(at)), h.Slots)
	c.Spares = unsafe.Slice((*Slot)(f.At(at)), h.Slots+h.Spares)[h.Slots:]
	at += int(h.Slots+h.Spares) * slotSize
	if h.Queues > 0 {
		c.Queues = unsafe.Slice((*Queue)(f.At(at)), h.Queues)
		at += int(h.Queues) * queueSize
	}
	if h.Rows > 0 {
		c.Table = unsafe.Slice((*Row)(f.At(at)), h.Rows)
		at += int(h.Rows) * rowSize
	}
	if h.Told > 0 {
		c.Told = unsafe.Slice((*int64)(f.At(at)), h.Told)
	}
	return c
}

// Place is the slot of a process, or the place of a spare behind the slots.
func (f *File) Place(i int) *Slot {
	if i < len(f.Slots) {
		return &f.Slots[i]
	}
	return &f.Spares[i-len(f.Slots)]
}

// Path is the import path of the pipeline's package.
func (h *Header) Path() string { return string(h.path[:h.pathLen]) }

// Close says that no producer is left, and why: cause is an encoded error, or
// empty for a clean end. It may be cut short.
func (q *Queue) Close(cause []byte) {
	q.closed = uint32(copy(q.causes[0][:], cause))
	q.Closed.Store(1)
}

// Leave says that no consumer is left, and why.
func (q *Queue) Leave(cause []byte) {
	q.gone = uint32(copy(q.causes[1][:], cause))
	q.Gone.Store(1)
}

// CloseCause and LeaveCause are the causes, once the words say that there is one.
func (q *Queue) CloseCause() []byte { return q.causes[0][:min(q.closed, maxCause)] }

// LeaveCause is the cause of Leave.
func (q *Queue) LeaveCause() []byte { return q.causes[1][:min(q.gone, maxCause)] }
