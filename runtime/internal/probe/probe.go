// Package probe is how package mptest looks into a run of package mp and lays
// hands on its processes, without any of it being in the reach of programs.
// Package mp fills in the functions; what is any here is a type of its own.
package probe

import "context"

// Of is the probe of an *mp.Run.
var Of func(run any) Run

// Alone makes an *mp.Pipeline of one row, a pool or a service, that is called and
// fed by no queue, with what it uses. The same row always gives the same.
var Alone func(row any) (pipeline any, err error)

// Run is a run, seen from inside.
type Run interface {
	// Node is the *mp.Node of the program itself.
	Node() any
	// Cause is what stopped the run, or nil. answered says that Wait or Shutdown
	// has returned it.
	Cause() (answered bool, err error)
	// Life is the process of a row with this index, which has begun what it is
	// there for; nil if there is none now. The error says that there can't be one.
	Life(name string, index int) (Life, error)
	// Busy is the first worker that has a task or an item in hand, or -1.
	Busy(name string) (index int, err error)
}

// Life is one process, from its start to its death.
type Life interface {
	// PID is 0 of what is no process of the system.
	PID() int
	// Dead is closed when nothing of it changes shared memory any more.
	Dead() <-chan struct{}
	// Kill ends it.
	Kill()
	// Exhaust ends it as one that has taken more memory than it may.
	Exhaust()
	// Hang makes it stand still until Resume; it does not wait for that.
	Hang() error
	Resume() error
}

type watcher struct{}

// Watch makes every run that is started under the context known to started.
func Watch(ctx context.Context, started func(run any)) context.Context {
	return context.WithValue(ctx, watcher{}, started)
}

// Started makes a run known to who watches the context.
func Started(ctx context.Context, run any) {
	if started, ok := ctx.Value(watcher{}).(func(any)); ok {
		started(run)
	}
}
