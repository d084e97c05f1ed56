package mp

import (
	"context"
	"sync"
	"unsafe"

	"github.com/mpgen/mpgen/runtime/internal/control"
	"github.com/mpgen/mpgen/runtime/internal/meet"
	"github.com/mpgen/mpgen/runtime/internal/ring"
)

// EventDecl is a row for an event.
type EventDecl struct{ Name string }

// In is the event, for a process that declares to use it.
func (d *EventDecl) In(n *Node) *Event {
	return opened(n, d, func(_ *sharedPlan, at unsafe.Pointer) *Event {
		return &Event{shared: meet.OpenFlag(at, n.slot, n.bells), node: n, row: d}
	})
}

func (d *EventDecl) name() string { return d.Name }
func (d *EventDecl) check() error { return nil }

func (d *EventDecl) place(slots, _ int) sharedPlace {
	return sharedPlace{kind: control.KindEvent, size: meet.FlagSize(slots)}
}

func (d *EventDecl) repair(n *Node, at unsafe.Pointer, p ring.Owner, _ bool) {
	f := meet.OpenFlag(at, n.slot, n.bells)
	f.Sweep(int(p))
}

func (d *EventDecl) state(n *Node, at unsafe.Pointer) string {
	f := meet.OpenFlag(at, n.slot, n.bells)
	if up, _ := f.Look(); up {
		return "set"
	}
	return ""
}

// Event is a flag that processes wait for. It is not set at first. A process that ends
// leaves it as it is. Any goroutine of any process that uses it may call its methods.
type Event struct {
	shared meet.Flag
	node   *Node
	row    *EventDecl

	mu    sync.Mutex
	done  chan struct{} // of Done, while the event is not set
	noted uint64        // when done was made
}

// Set sets the event and wakes all who wait for it. After the end of the run it does
// nothing.
func (e *Event) Set() { e.node.ringing(e.shared.Raise) }

// Clear makes the event one that is not set. Who was waiting when it was set goes on all
// the same.
func (e *Event) Clear() { e.node.ringing(e.shared.Lower) }

// IsSet reports whether the event is set.
func (e *Event) IsSet() bool {
	up, _ := e.shared.Look()
	return up
}

// Wait waits until the event is set, and returns nil if it is or was since the call.
// Errors are ctx's, and [ErrClosed] after the end of the run.
func (e *Event) Wait(ctx context.Context) error {
	up, noted := e.shared.Look()
	if up {
		return nil
	}
	err := e.node.bell.Wait(ctx, e.shared.Waiting(), &setting{e, noted})
	switch {
	case e.shared.Raised(noted):
		return nil
	case e.node.over.Load():
		return e.node.overError()
	}
	return err
}

// closed is a channel for all that are.
var closed = func() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

// Done is a channel that is closed when the event is set, for Go's select, or when the
// run ends, and then IsSet and Wait say so. It is of the event as it stands now: one that
// is closed stays so after Clear, when Done gives another. So it is called in the select
// itself, and not once before a loop. A channel that waits has a goroutine.
func (e *Event) Done() <-chan struct{} {
	e.mu.Lock()
	defer e.mu.Unlock()
	up, noted := e.shared.Look()
	if up || e.node.over.Load() {
		return closed
	}
	if e.done == nil || e.noted != noted {
		done := make(chan struct{})
		e.done, e.noted = done, noted
		go func() {
			_ = e.node.bell.Wait(context.Background(), e.shared.Waiting(), &picking{setting{e, noted}})
			close(done)
		}()
	}
	return e.done
}

// setting is the condition of who waits for an event since the count was noted.
type setting struct {
	*Event
	noted uint64
}

func (s *setting) Ready() bool { return s.node.over.Load() || s.shared.Raised(s.noted) }

func (s *setting) waitsFor() want {
	return want{what: "event " + s.row.Name, from: s.node.plan.others(s.row, s.node.slot), how: "set"}
}

// picking is that of a channel's goroutine. The select waits for other things too.
type picking struct{ setting }

func (s *picking) waitsFor() want { return want{what: "event " + s.row.Name + " to tell a select of"} }
