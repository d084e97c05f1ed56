package mp

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
)

// Errors to compare with errors.Is. They keep their identity from process to
// process.
var (
	// ErrClosed says that a queue has ended for the caller: its receivers are
	// gone, or it is empty and nobody can send any more, or the run was closed.
	ErrClosed = errors.New("closed")

	// ErrFull is the answer of TrySend to a queue that has no place left, of Send to
	// one whose spill is full, or in too many items of which a block is, of a dict, list
	// or set that has as many entries as its limit says, and of the start of a process, in
	// a process, of which max run.
	ErrFull = errors.New("no place left")

	// ErrEmpty is the answer of TryReceive to a queue that holds no item now.
	ErrEmpty = errors.New("queue empty")

	// ErrLocked is the answer of TryLock to a lock that another holds, or that is
	// kept for one who waits, and of TryAcquire to a semaphore without a free permit.
	ErrLocked = errors.New("locked")

	// ErrOwnerDied says that a process ended while it held a lock, so that what the
	// lock guards may be half changed. The lock is not held.
	ErrOwnerDied = errors.New("a process died with the lock")

	// ErrBroken says that a barrier will not pass: one of its parties died, has ended,
	// or gave up, or somebody called Abort or Reset.
	ErrBroken = errors.New("broken")

	// ErrTooBig says that an item could never fit, however long one waits: its
	// encoding is larger than the bytes that the queue or pool was given.
	ErrTooBig = errors.New("item too big")

	// ErrReleased says that nobody holds a block any more: it was released, or sent and is
	// done with, and its memory is another's.
	ErrReleased = errors.New("the block has been released")

	// ErrRange says that a list has no element of this index.
	ErrRange = errors.New("index out of range")

	// ErrNoMain is the error of Start in a program that does not call Main.
	ErrNoMain = errors.New("mp.Main() was not called: make it the first statement of main (and of TestMain)")

	// ErrCorruptPeer says that another process wrote what no correct process
	// writes. What was read is thrown away; nothing of it reaches the program.
	ErrCorruptPeer = errors.New("corrupt data from another process")

	// ErrInterrupted says that the run ended because a signal asked for it.
	ErrInterrupted = errors.New("interrupted by a signal")
)

// Error says where in a run something failed, and holds the cause: a [*Died], a
// [*Remote], a context's error, or one of the errors above. A worker that was
// killed for a deadline has context.DeadlineExceeded beside its [*Died].
type Error struct {
	Name     string // of the process or pool, as in the .mp file
	Index    int    // which instance or worker, from 0
	PID      int    // 0 if it never was an operating-system process
	Task     uint64 // number of the task; 0 if a process failed and not a task
	Attempts int    // how often the task was tried; 0 if it never was
	Err      error  // the cause, never nil
}

// Error is one line: the name and number, then the cause.
func (e *Error) Error() string {
	if e.Attempts > 1 {
		return fmt.Sprintf("%s[%d]: %v (after %d attempts)", e.Name, e.Index, e.Err, e.Attempts)
	}
	return fmt.Sprintf("%s[%d]: %v", e.Name, e.Index, e.Err)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Died is the death of a process that did not end by returning from its
// function: exit, signal, out of memory, or panic.
type Died struct {
	Exit   int            // exit status; -1 if a signal ended it
	Signal syscall.Signal // 0 if it exited
	OOM    bool           // it ran out of memory, or went over its limit
	Panic  string         // text and stack of the panic, or of the Go runtime's fatal error
	Stderr string         // the last lines that it wrote there
}

// Error is one line that names the most telling cause: memory, panic, signal,
// exit status, in this order. A panic also ends in an exit status, and a
// process that is out of memory ends in a signal or a panic.
func (d *Died) Error() string {
	switch line := firstLine(d.Panic); {
	case d.OOM:
		return "out of memory"
	case line != "":
		return line
	case d.Signal != 0:
		return fmt.Sprintf("killed by signal %d (%v)", int(d.Signal), d.Signal)
	}
	if d.Exit == 0 {
		return "it exited with status 0 before its function returned"
	}
	return fmt.Sprintf("exit status %d", d.Exit)
}

func firstLine(text string) string {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			return line
		}
	}
	return ""
}

// NoMemory is the error of Start when the memory that a pipeline declares is more
// than the footprint that it declares, or than the machine, or the control group it
// runs in, can give.
type NoMemory struct {
	Need int64 // bytes that the pipeline declares
	Have int64 // bytes that may be taken
}

// Error names both sizes and what to change.
func (n *NoMemory) Error() string {
	return fmt.Sprintf("the pipeline needs %s of shared memory and %s may be taken: lower the capacity, bytes or spill of its queues and pools, or the lengths of its arrays",
		binarySize(n.Need), binarySize(n.Have))
}

func binarySize(n int64) string {
	const units = "KMGTPE"
	if n < 1<<10 {
		return fmt.Sprintf("%d bytes", n)
	}
	size, unit := float64(n)/(1<<10), 0
	for size >= 1<<10 && unit < len(units)-1 {
		size, unit = size/(1<<10), unit+1
	}
	return fmt.Sprintf("%.1f %ciB", size, units[unit])
}

// Failed is an item that a stage gave up on.
type Failed[T any] struct {
	Item T
	Err  error // an [*Error]
}

// closedBy is ErrClosed with what closed it, if anything did.
func closedBy(why error) error {
	if why != nil {
		return fmt.Errorf("%w: %w", ErrClosed, why)
	}
	return ErrClosed
}
