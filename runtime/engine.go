package mp

import (
	"github.com/mpgen/mpgen/runtime/internal/proc"
	"github.com/mpgen/mpgen/runtime/internal/shm"
)

// engine makes the processes of one run real: it says where their memory comes
// from and what a process is. All else, from the rings up to supervision, is the
// same on every engine.
type engine interface {
	// emulates reports whether the processes are goroutines of this process.
	emulates() bool
	// inTurn reports whether they take turns.
	inTurn() bool
	// memory makes size bytes of zeroed memory, aligned to a page.
	memory(name string, size int) (*shm.File, error)
	// open is called once, before the first start, with the memory in place.
	open(r *Run) error
	// start starts the process of m, for which everything lies ready. Its slot is
	// free: the process that had it before is Dead.
	start(m *member, generation int) (instance, error)
	// spare starts a process ahead, for the row of m, in a place of the table of
	// groups. An engine that emulates has none, and is not asked.
	spare(m *member, place int) (spare, error)
	// close ends what still runs, and what open made. It may come without open.
	close()
	// abandoned counts the functions that could not be killed and were left to run on.
	abandoned() uint64
}

// instance is one life of a process.
type instance interface {
	PID() int
	// Dead is closed when nothing of it changes shared memory any more.
	Dead() <-chan struct{}
	// Done is closed after Dead, when nothing of it is left here.
	Done() <-chan struct{}
	// Exit waits for Done.
	Exit() proc.Exit
	// Kill ends it, however it stands. It does nothing after the end.
	Kill()
	// Exhaust ends it as one that has taken more memory than it may. This and the
	// next two are for package mptest.
	Exhaust()
	// Hang makes it stand still until Resume. It does not wait for that.
	Hang() error
	Resume() error
	// LimitMemory bounds what it takes from now on, in bytes.
	LimitMemory(bytes int64) error
}
