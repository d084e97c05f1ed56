package mp

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/mpgen/mpgen/runtime/internal/control"
)

// Process is a process of a run: one that the pipeline declares, through all its
// restarts, or one that was started on demand. Its methods may be called from any
// goroutine of the program, after the process's end and after Close too.
type Process struct {
	m      *member // while m.handle is this one
	name   string
	number int           // Index of its errors
	told   chan struct{} // closed when it was told to stop: it is not started again
	done   chan struct{} // closed when it has ended for good
	err    error         // set before done is closed
	obeyed bool          // the same: it returned since it was told to stop
	pid    atomic.Int64

	killing bool // of run.mu: if it does not follow the order within its grace, it is killed
}

func newProcess(m *member, name string, number int) *Process {
	return &Process{m: m, name: name, number: number, told: make(chan struct{}), done: make(chan struct{})}
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
	select {
	case <-p.done:
		return p.err
	default:
		return nil
	}
}

// Wait waits for the end. It returns nil if the function has returned nil, else
// an [*Error] around what it returned ([*Remote]) or how it died ([*Died]). If
// ctx ends before, it is ctx's error as it is, and the process goes on. Any
// number of goroutines may wait, any number of times.
func (p *Process) Wait(ctx context.Context) error {
	defer p.m.run.attend()()
	if err := p.m.run.await(ctx, p.done); err != nil {
		return err
	}
	return p.err
}

// Interrupt cancels the context of the process, as Shutdown does that of a
// source, and leaves the rest to it. A process that was interrupted is not started
// again. No signal is sent.
func (p *Process) Interrupt() { p.tell(control.Stop, nil) }

// Stop ends the process in order: its context is cancelled, and if it has not
// returned after its grace it is killed with all its children. It is not started
// again, and its end does not stop the run, unless it fails by itself. Stop waits
// for the end, and returns what Wait does, but nil for context.Canceled if that is
// what the function returned. If ctx ends before, it is ctx's error, and the
// process is killed all the same when its grace is over.
func (p *Process) Stop(ctx context.Context) error {
	p.tell(control.Stop, context.Canceled)
	err := p.Wait(ctx)
	select {
	case <-p.done:
		if p.obeyed {
			return nil
		}
	default:
	}
	return err
}

// Kill ends the process with all its children at once, as a crash would: what
// holds for the death of a process holds for this one, and it is started again if
// it is declared so. It does nothing while there is no process.
func (p *Process) Kill() {
	r := p.m.run
	r.mu.Lock()
	var life instance
	if p.m.handle == p {
		life = p.m.proc
	}
	r.mu.Unlock()
	if life != nil {
		life.Kill()
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

// tell gives an order to the process; why, if it is not nil, is why it is killed
// after its grace.
func (p *Process) tell(order uint32, why error) {
	r := p.m.run
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tell(p, order, why)
}

// tell is the same under mu.
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

// Spawn starts a process on demand and returns when it runs. Its context ends
// with ctx, whose deadline it has, and with the run; if it has not returned after
// its grace then, it is killed. While Max of them run, Spawn waits. It fails with
// ctx's error, with ErrClosed once Wait, Shutdown or Close was called, or if the
// system has no room for a process. How the process ends is told by what Spawn
// returns, and by the queues that it sends to; it does not stop the run.
func (p *ProcessDecl) Spawn(ctx context.Context, r *Run, args func(*Encoder)) (*Process, error) {
	h, err := r.spawn(ctx, p, args)
	if err != nil {
		return nil, fmt.Errorf("process %q: %w", p.Name, err)
	}
	return h, nil
}

func (r *Run) spawn(ctx context.Context, d *ProcessDecl, args func(*Encoder)) (*Process, error) {
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	book := r.bookOf(d)
	if book == nil {
		return nil, errors.New("it is not started on demand in this pipeline: generate its code again")
	}
	given, err := encodeArgs(d, plainLine, args)
	if err != nil {
		return nil, err
	}
	select {
	case book.room <- struct{}{}:
	default:
		r.node.bell.GiveWay()
		select {
		case book.room <- struct{}{}:
		case <-ctx.Done():
			given.close()
			return nil, context.Cause(ctx)
		case <-r.mainDone:
			given.close()
			return nil, closedBy(r.cause())
		}
	}
	h, err := r.enlist(book, given, deadlineOf(ctx))
	if err != nil {
		given.close()
		return nil, err
	}
	m := h.m
	life, err := m.launch()
	if err != nil {
		m.finish(nil, err)
		r.watching.Done()
		return nil, err
	}
	if ctx.Done() != nil {
		m.unhook = context.AfterFunc(ctx, func() {
			order := uint32(control.Stop)
			if errors.Is(ctx.Err(), context.DeadlineExceeded) {
				order = control.Work // its own context has the deadline
			}
			h.tell(order, ctx.Err())
		})
	}
	m.started(life)
	go m.supervise(life)
	return h, nil
}

// enlist gives a process on demand a slot, for which the caller has made room.
func (r *Run) enlist(book *partyBook, args arguments, deadline int64) (*Process, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	err := error(nil)
	m := book.free[len(book.free)-1]
	if r.mainEnded() {
		err = closedBy(r.err)
	} else {
		err = m.furnish()
	}
	if err != nil {
		<-book.room
		return nil, err
	}
	book.free = book.free[:len(book.free)-1]
	book.number++
	h := newProcess(m, fmt.Sprintf("%s-%d", m.slot.name, book.number), book.number)
	m.handle, m.args, m.deadline, m.failures = h, args, deadline, 0
	clear(m.closes)
	r.enter(m)
	r.watching.Add(1)
	return h, nil
}
