// Package proc starts, watches and ends the worker processes of one run.
//
// In come a Spec for each process to start, with the descriptors that it inherits, and a table of
// process groups; out come Processes, whose ends are channels and whose fate is an Exit. Package mp
// is the only caller. Queues, tasks and restarts are unknown here.
//
// The promise of the package is that nothing outlives the program. Three nets hold it, each for what
// the one before lets through:
//
//   - The kernel's parent-death signal kills a worker the moment its parent is gone. It is bound to the
//     thread that forked, so all starts go through a goroutine that keeps its thread for ever, one
//     for each niceness: a child has that of the thread, and no thread may lower its own again.
//   - Each worker holds the read end of a pipe, the lifeline, whose write end only the parent has, and
//     kills its own process group when that ends.
//   - A worker's own children know neither of the two. Every worker therefore leads a process group,
//     and the warden, a process re-executed from the same binary before any worker, waits at the
//     lifeline too and then kills every group named in a table that only the parent can write. A
//     grandchild that leaves its group is outside the promise.
//
// A worker is the same binary again, started through /proc/self/exe (so a deleted or replaced file does
// not matter) with the parent's arguments and environment; one variable tells it its Role. The
// variable is read and unset while packages initialise, so that what a worker starts by itself is an
// ordinary process.
//
// A process may be made ahead, as a spare, with no part: it comes up, and waits at a socket until Assign gives
// it a slot, a name and what files it needs. Until then the table has its group in a place of its own.
//
// A death is seen at the worker's pidfd, through the runtime's poller: no thread waits for a child.
// The group is killed while the dead leader still holds its number, so the number cannot mean
// anybody else; then it leaves the table, and only then the leader is reaped.
package proc

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

// Spec tells what to start.
type Spec struct {
	// Name is told to the process as its Role's name and stands in error texts.
	Name string
	// Slot is the process's place in the table of groups, from 0 to Groups.Len-1. It must be free: the
	// process that had it before must be Dead. A spare is there until Assign.
	Slot int
	// Generation counts the processes that had the slot. Package proc only passes it on.
	Generation int
	// Env holds further variables as "key=value". They go before those of the parent.
	Env []string
	// Dir is the folder in which the process starts, empty for that of the parent.
	Dir string
	// Nice is added to the niceness of the parent, from 0 to MaxNice: how far the process, and
	// all that it starts, steps back for others.
	Nice int
	// Files are inherited as descriptors 3, 4 and so on, in this order. They stay open here, and
	// their blocking mode stays as it is; pass ends that only the child uses, and close them after
	// Start.
	Files []*os.File
	// Spare makes the process ahead: it gets its part later, by Assign.
	Spare bool
	// Stdout and Stderr get the lines that the process and its children write, without their line
	// end, each from one goroutine. A line longer than MaxLine bytes comes in parts. The slice is
	// only valid during the call. While a call lasts, the writer may have to wait, and Done does
	// wait. Nil drops the lines.
	Stdout, Stderr func(line []byte)
}

// What a House, and each of its processes, takes of the descriptors that this process may have.
const (
	Descriptors        = 4 // /dev/null, the lifeline's two ends, the warden's pidfd
	ProcessDescriptors = 4 // its pidfd, two outputs, the crash file; one more if its memory is limited
	SpareDescriptors   = 1 // its socket, until it is assigned
)

// MaxNice is the highest niceness that a process of the system can have.
const MaxNice = 19

// Limits of what is kept of a process's output.
const (
	// MaxLine is the longest line in bytes that Spec.Stdout and Spec.Stderr get in one piece.
	MaxLine = 64 << 10
	// MaxCrash is the most bytes of crash text in Exit.Panic.
	MaxCrash = 64 << 10
	// MaxTailLines and MaxTail bound Exit.Stderr in lines and bytes.
	MaxTailLines = 20
	MaxTail      = 4 << 10
)

// Exit tells how a process ended.
type Exit struct {
	// Code is the exit code, or -1 if a signal ended the process or somebody else in the program
	// has taken its exit status.
	Code int
	// Signal is the signal that ended the process, or 0.
	Signal syscall.Signal
	// Panic is what the Go runtime wrote about the crash: the panic or fatal error, and the stacks.
	// Empty if the process did not crash.
	Panic string
	// Stderr holds the last lines of the standard error output.
	Stderr string
	// OOM is true if the process ended because it had no memory left: Go's runtime said so, or it
	// was killed for exceeding what LimitMemory allows.
	OOM bool
	// UserTime and SystemTime are the processor time of the process and those of its children that
	// it waited for.
	UserTime, SystemTime time.Duration
	// MaxRSS is the most memory in bytes that was resident at once, shared pages counted in.
	MaxRSS int64
}

// String tells the end in a few words: "exit code 3", "signal: killed, out of memory".
func (e Exit) String() string {
	s := fmt.Sprintf("exit code %d", e.Code)
	switch {
	case e.Signal != 0:
		s = "signal: " + e.Signal.String()
	case e.Code < 0:
		s = "exit status unknown"
	}
	if e.OOM {
		s += ", out of memory"
	}
	return s
}

// Groups is the table of process groups that the warden kills when the parent is gone. It has a
// 32-bit word for each slot in a file of which the warden maps a part read-only; 0 means that the slot
// has no group. Only the parent may be able to write the file. NewGroups makes one; a caller that has
// such a table in memory of its own fills in the fields itself.
type Groups struct {
	// File is inherited by the warden, and by nobody else through this package.
	File *os.File
	// Len is the number of slots.
	Len int
	// Offset is the place of slot 0 in the file, and Stride the distance between slots, both in bytes
	// and multiples of 4. A Stride of 0 means 4.
	Offset, Stride int64
	// Set stores the group of a slot with one atomic store. It is called from several goroutines,
	// but for one slot by one at a time.
	Set func(slot int, pgid int32)
	// Release is called when the House closes, if it is not nil.
	Release func()
}

// ErrNoPart is the error of a spare that is not needed any more.
var ErrNoPart = errors.New("the parent has no part for this spare process")

// Role is what a child was started as.
type Role struct {
	// Name, Slot and Generation are those of the Spec.
	Name             string
	Slot, Generation int
	// Parent is the process id of the program that started this one.
	Parent int
	// Depth is 1 in a child of the program, 2 in a child of such a child.
	Depth int
	// Spare says that the process was made ahead: what part it has only Await says.
	Spare bool

	files  int
	passed []*os.File // that came with Await
}
