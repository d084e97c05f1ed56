package mp

import (
	"context"
	"fmt"
	"unsafe"

	"github.com/mpgen/mpgen/runtime/internal/control"
	"github.com/mpgen/mpgen/runtime/internal/lock"
	"github.com/mpgen/mpgen/runtime/internal/meet"
	"github.com/mpgen/mpgen/runtime/internal/ring"
)

// RWLockDecl is a row for a lock with readers.
type RWLockDecl struct{ Name string }

// In is the lock, for a process that declares to use it.
func (d *RWLockDecl) In(n *Node) *RWLock {
	return opened(n, d, func(_ *sharedPlan, at unsafe.Pointer) *RWLock {
		return &RWLock{shared: d.readers(n, at), door: newLock(n, at, fmt.Sprintf("rwlock %q", d.Name))}
	})
}

func (d *RWLockDecl) readers(n *Node, at unsafe.Pointer) meet.Readers {
	return meet.OpenReaders(unsafe.Add(at, lock.Size(len(n.bells))), n.slot, n.bells)
}

func (d *RWLockDecl) name() string { return d.Name }
func (d *RWLockDecl) check() error { return nil }

func (d *RWLockDecl) place(slots, _ int) sharedPlace {
	return sharedPlace{kind: control.KindRWLock, size: lock.Size(slots) + meet.ReadersSize(slots)}
}

func (d *RWLockDecl) repair(n *Node, at unsafe.Pointer, p ring.Owner, _ bool) {
	door, readers := lock.Open(at, n.slot, n.bells, monotonic), d.readers(n, at)
	door.Sweep(int(p), readers.Sweep(int(p)))
}

func (d *RWLockDecl) state(n *Node, at unsafe.Pointer) string {
	readers := d.readers(n, at)
	if slots := readers.Slots(); len(slots) > 0 {
		return "read by " + listed(slots, " and ", n.plan.title)
	}
	return ""
}

// RWLock is a lock that one process may hold for writing, or many for reading. A writer
// that waits lets no new readers in, and readers and writers that wait take turns, so
// none of them waits for ever. A death of a writer is told as that of a holder of a
// [Lock], to readers too; one of a reader does no harm.
//
// A goroutine that reads must not read again before it has left, nor write: a writer
// that came in between would wait for it, and it for him.
type RWLock struct {
	shared meet.Readers
	door   *Lock // a writer holds it while he waits and while he writes, a reader for a moment
}

// Lock takes the lock for writing, and waits while others have it. After an error it is
// not held: ctx ended, a writer died ([ErrOwnerDied]), or the run has ended
// ([ErrClosed]).
func (l *RWLock) Lock(ctx context.Context) error { return l.write(ctx, l.door.Lock) }

// Repair takes the lock for writing as Lock does, and also from a writer that died,
// whose mark it takes away. The caller makes good what the lock guards, and then calls
// Unlock. If it dies before that, the lock is as it was before Repair.
func (l *RWLock) Repair(ctx context.Context) error { return l.write(ctx, l.door.Repair) }

func (l *RWLock) write(ctx context.Context, enter func(context.Context) error) error {
	if err := enter(ctx); err != nil {
		return err
	}
	n := l.door.node
	if l.shared.Begun() {
		return nil // from a dead writer, who was alone
	}
	for l.shared.Any() {
		err := n.bell.Wait(ctx, nil, (*alone)(l))
		if n.over.Load() {
			err = n.overError()
		}
		if err != nil {
			l.door.Unlock()
			return err
		}
	}
	n.ringing(l.shared.Begin)
	return nil
}

// TryLock is Lock that gives [ErrLocked] instead of waiting.
func (l *RWLock) TryLock() error {
	if err := l.door.TryLock(); err != nil {
		return err
	}
	if l.shared.Any() {
		l.door.Unlock()
		return ErrLocked
	}
	l.door.node.ringing(l.shared.Begin)
	return nil
}

// Unlock gives the lock back that is held for writing. It panics if this process does
// not hold it. After the end of the run it does nothing.
func (l *RWLock) Unlock() {
	n := l.door.node
	if !l.door.holds() || !l.shared.Begun() { // with the door alone it waits for readers
		if n.over.Load() {
			return
		}
		panic("mp: unlock of " + l.door.what + ", which this process does not hold")
	}
	n.ringing(l.shared.End)
	l.door.Unlock()
}

// RLock takes the lock for reading, and waits while one writes or is about to. After an
// error it is not held; the errors are those of Lock.
func (l *RWLock) RLock(ctx context.Context) error {
	if l.look() {
		return nil
	}
	if err := l.door.Lock(ctx); err != nil {
		return err
	}
	l.door.node.ringing(l.shared.Enter)
	l.door.Unlock()
	return nil
}

// TryRLock is RLock that gives [ErrLocked] instead of waiting.
func (l *RWLock) TryRLock() error {
	if l.look() {
		return nil
	}
	if err := l.door.TryLock(); err != nil {
		return err
	}
	l.door.node.ringing(l.shared.Enter)
	l.door.Unlock()
	return nil
}

// look goes in for reading if nobody has the door.
func (l *RWLock) look() (in bool) {
	if l.door.node.over.Load() {
		return false
	}
	l.door.node.ringing(func() {
		l.shared.Enter()
		if in = l.door.shared.Free(); !in {
			l.shared.Leave()
			l.door.ringHolder()
		}
	})
	return in
}

// RUnlock gives the lock back that is held for reading. It panics if this process does
// not hold it so. After the end of the run it does nothing.
func (l *RWLock) RUnlock() {
	n, had := l.door.node, true
	n.ringing(func() {
		if had = l.shared.Leave(); had {
			l.door.ringHolder()
		}
	})
	if !had {
		panic("mp: unlock of " + l.door.what + ", which this process does not hold for reading")
	}
}

// alone is the condition of a writer who has the door.
type alone RWLock

func (l *alone) Ready() bool { return l.door.node.over.Load() || !l.shared.Any() }

func (l *alone) waitsFor() want {
	return want{what: (*standing)(l.door).waitsFor().what, from: l.shared.Slots(), how: "read", all: true}
}
