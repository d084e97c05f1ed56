package mp

import (
	"context"
	"errors"
	"fmt"
)

// Processes on demand, started by the program. How processes start them, tree.go tells.

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

var errNotOnDemand = errors.New("it is not started on demand in this pipeline: generate its code again")

func (r *Run) spawn(ctx context.Context, d *ProcessDecl, args func(*Encoder)) (*Process, error) {
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	book := r.bookOf(d)
	if book == nil {
		return nil, errNotOnDemand
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
	h, err := r.enlist(book, given, deadlineOf(ctx), nil, 0)
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
		m.unhook = context.AfterFunc(ctx, func() { h.by.order(h, orderOf(ctx)) })
	}
	m.started(life)
	go m.supervise(life)
	return h, nil
}

// orderOf is what the end of the context that a process was started with orders.
func orderOf(ctx context.Context) orderKind {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return orderLate // its own context has the deadline
	}
	return orderStop
}

// enlist gives a process on demand a slot, for which the caller has made room. starter
// is the process that starts it, nil: the program.
func (r *Run) enlist(book *partyBook, args arguments, deadline int64, starter *desk, id uint64) (*Process, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	err := error(nil)
	m := book.free[len(book.free)-1]
	if starter == nil && r.mainEnded() || starter != nil && r.startsNone() {
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
	h.starter, h.id = starter, id
	m.handle, m.args, m.deadline, m.failures = h, args, deadline, 0
	m.err = nil // of the process that had the place before; the book keeps it
	clear(m.closes)
	r.enter(m)
	r.watching.Add(1)
	return h, nil
}

// startsNone reports whether the run ends, so that nobody starts a process any more.
// mu is held.
func (r *Run) startsNone() bool {
	select {
	case <-r.ended:
		return true
	default:
		return r.stopping || r.resting
	}
}

// startable reports whether another process of a party may be started: by the program,
// or by a process that lives or may be started itself. What the processes of the parties
// in but do does not count, nor what daemons do, who end with the others. mu is held.
func (r *Run) startable(party int, but []bool) bool {
	if !r.mainEnded() {
		return true
	}
	if r.stopping || len(r.plan.parties[party].starters) == 0 {
		return false
	}
	seen := make([]bool, len(r.plan.parties))
	var by func(party int) bool
	by = func(party int) bool {
		seen[party] = true
		for _, s := range r.plan.parties[party].starters {
			if but != nil && but[s] || seen[s] && s != party {
				continue
			}
			p := &r.plan.parties[s]
			d, pool := r.plan.slots[p.first].process, r.plan.slots[p.first].pool
			switch {
			case d != nil && d.Daemon:
				continue
			case d == nil && r.plan.pools[pool].called:
				if !r.quiet[pool] {
					return true
				}
				continue
			}
			for _, m := range r.members[p.first-1 : p.first-1+p.n] {
				if !m.finished {
					return true
				}
			}
			if !seen[s] && d != nil && d.OnDemand && by(s) {
				return true
			}
		}
		return false
	}
	return by(party)
}
