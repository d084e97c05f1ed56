package mp

import (
	"context"
	"sync/atomic"

	"github.com/mpgen/mpgen/runtime/internal/control"
)

// Process is a process of a run: one that the pipeline declares, through all its
// restarts, or one that was started on demand, by the program or by a process. Its
// methods may be called from any goroutine of that, after the process's end and after
// Close too.
type Process struct {
	by   keeper
	name string
	done chan struct{} // closed when it has ended for good
	err  error         // set before done is closed
	pid  atomic.Int64

	obeyed bool // set before done is closed: it returned since it was told to stop

	// In the program itself.
	m       *member       // while m.handle is this one
	number  int           // Index of its errors
	told    chan struct{} // closed when it was told to stop: it is not started again
	begun   bool          // of run.mu: it has run
	killing bool          // of run.mu: if it does not follow the order within its grace, it is killed
	starter *desk         // of the process that has started it, which is told; nil: the program
	id      uint64        // its number there
}

// keeper is who a process is asked of: the run in the program itself, and elsewhere the
// calls of the process that has started it.
type keeper interface {
	await(ctx context.Context, p *Process) error
	order(p *Process, what orderKind)
}

// orderKind is what a process is to do.
type orderKind uint8

const (
	orderInterrupt orderKind = iota // its context ends
	orderStop                       // the same, and it is killed after its grace
	orderLate                       // its context has ended by itself, and it is killed after its grace
	orderKill                       // it is killed
)

func newProcess(m *member, name string, number int) *Process {
	return &Process{by: nearKeeper{m.run}, m: m, name: name, number: number, told: make(chan struct{}), done: make(chan struct{})}
}

// Name is the declared name: "scan"; of instances with their number from 0,
// "life[3]", and of a process on demand with its own from 1, "greet-3".
func (p *Process) Name() string { return p.name }

// PID is the number of the operating-system process, 0 while there is none.
func (p *Process) PID() int { return int(p.pid.Load()) }

// Done is closed when the process has ended and is not started again.
func (p *Process) Done() <-chan struct{} { return p.done }

// Err is what Wait returns, once Done is closed; before, it is nil.
func (p *Process) Err() error {
	if p.ended() {
		return p.err
	}
	return nil
}

func (p *Process) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// Wait waits for the end. It returns nil if the function has returned nil, else
// an [*Error] around what it returned ([*Remote]) or how it died ([*Died]). If
// ctx ends before, it is ctx's error as it is, and the process goes on. Any
// number of goroutines may wait, any number of times.
func (p *Process) Wait(ctx context.Context) error {
	if err := p.by.await(ctx, p); err != nil {
		return err
	}
	return p.err
}

// Interrupt cancels the context of the process, as Shutdown does that of a
// source, and leaves the rest to it. A process that was interrupted is not started
// again. No signal is sent.
func (p *Process) Interrupt() { p.by.order(p, orderInterrupt) }

// Stop ends the process in order: its context is cancelled, and if it has not
// returned after its grace it is killed with all its children. It is not started
// again, and its end does not stop the run, unless it fails by itself. Stop waits
// for the end, and returns what Wait does, but nil for context.Canceled if that is
// what the function returned. If ctx ends before, it is ctx's error, and the
// process is killed all the same when its grace is over.
func (p *Process) Stop(ctx context.Context) error {
	p.by.order(p, orderStop)
	err := p.Wait(ctx)
	if p.ended() && p.obeyed {
		return nil
	}
	return err
}

// Kill ends the process with all its children at once, as a crash would: what
// holds for the death of a process holds for this one, and it is started again if
// it is declared so. It does nothing while there is no process.
func (p *Process) Kill() { p.by.order(p, orderKill) }

// nearKeeper is the keeper in the program itself.
type nearKeeper struct{ *Run }

func (r nearKeeper) await(ctx context.Context, p *Process) error {
	defer r.attend()()
	return r.Run.await(ctx, p.done)
}

func (r nearKeeper) order(p *Process, what orderKind) {
	r.mu.Lock()
	if what == orderKill {
		var life instance
		if p.m.handle == p {
			life = p.m.proc
		}
		r.mu.Unlock()
		if life != nil {
			life.Kill()
		}
		return
	}
	defer r.mu.Unlock()
	switch what {
	case orderInterrupt:
		r.tell(p, control.Stop, nil)
	case orderStop:
		r.tell(p, control.Stop, context.Canceled)
	case orderLate:
		r.tell(p, control.Work, context.DeadlineExceeded)
	}
}

func (p *Process) wasTold() bool {
	select {
	case <-p.told:
		return true
	default:
		return false
	}
}

// tell gives an order to a process; why, if it is not nil, is why it is killed
// after its grace. mu is held.
func (r *Run) tell(p *Process, order uint32, why error) {
	m := p.m
	if m.handle != p || m.finished || r.stopping {
		return
	}
	if !p.wasTold() {
		close(p.told)
	}
	if order != control.Work {
		r.order(m, order)
	}
	if why != nil && !p.killing {
		p.killing = true
		if life := m.proc; life != nil { // else started does it
			r.watching.Go(func() { m.killAfterGrace(life, why) })
		}
	}
}

// Processes are the processes of the run that have not ended for good: the
// declared ones in the order of the source, and those on demand. Workers of pools
// are not among them.
func (r *Run) Processes() (active []*Process) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, m := range r.members {
		if m.handle != nil && !m.finished {
			active = append(active, m.handle)
		}
	}
	return active
}
