package mp

import (
	"context"
	"fmt"
	"sync"
	"unsafe"

	"github.com/mpgen/mpgen/runtime/internal/ring"
)

// RLockDecl is a row for a lock that may be taken again by who has it.
type RLockDecl struct{ Name string }

// In is the lock, for a process that declares to use it.
func (d *RLockDecl) In(n *Node) *RLock {
	return opened(n, d, func(_ *sharedPlan, at unsafe.Pointer) *RLock {
		return &RLock{lock: newLock(n, at, fmt.Sprintf("rlock %q", d.Name))}
	})
}

func (d *RLockDecl) name() string { return d.Name }
func (d *RLockDecl) check() error { return nil }

func (d *RLockDecl) place(slots, length int) sharedPlace {
	return (&LockDecl{}).place(slots, length)
}

func (d *RLockDecl) repair(n *Node, at unsafe.Pointer, p ring.Owner, well bool) {
	(&LockDecl{}).repair(n, at, p, well)
}

// RLock is a [Lock] that who has it may take again. Goroutines have no identity in Go;
// so it is the context that says who has it: the one that Lock returns, and all that
// are derived from it. Others wait until each Lock has had its Unlock. In shared
// memory it is a lock, and the death of a holder is told as there.
type RLock struct {
	lock *Lock

	mu  sync.Mutex
	now *hold // nil: this process does not have it
}

// hold is one time that a process has the lock.
type hold struct{ depth int }

// holdKey is under what a context has the hold of a lock.
type holdKey struct{ lock *RLock }

// Lock takes the lock, at once if ctx comes from a Lock of it that has not had its
// Unlock, else as [Lock.Lock]. What needs the lock again is given the context that
// Lock returns. After an error the lock is not held once more.
func (l *RLock) Lock(ctx context.Context) (context.Context, error) {
	return l.take(ctx, l.lock.Lock)
}

// TryLock is Lock that gives [ErrLocked] instead of waiting.
func (l *RLock) TryLock(ctx context.Context) (context.Context, error) {
	return l.take(ctx, func(context.Context) error { return l.lock.TryLock() })
}

// Repair takes the lock as Lock does, and also from a holder that died, as
// [Lock.Repair].
func (l *RLock) Repair(ctx context.Context) (context.Context, error) {
	return l.take(ctx, l.lock.Repair)
}

func (l *RLock) take(ctx context.Context, take func(context.Context) error) (context.Context, error) {
	if h, ok := ctx.Value(holdKey{l}).(*hold); ok && l.again(h) {
		return ctx, nil
	}
	if err := take(ctx); err != nil {
		return ctx, err
	}
	h := &hold{depth: 1}
	l.mu.Lock()
	l.now = h
	l.mu.Unlock()
	return context.WithValue(ctx, holdKey{l}, h), nil
}

// again takes the lock once more for who has it as h.
func (l *RLock) again(h *hold) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.now != h {
		return false
	}
	h.depth++
	return true
}

// Unlock makes good for one Lock; the last one gives the lock back. It panics if this
// process does not hold it.
func (l *RLock) Unlock() {
	l.mu.Lock()
	last := true
	if l.now != nil {
		if l.now.depth--; l.now.depth > 0 {
			last = false
		} else {
			l.now = nil
		}
	}
	l.mu.Unlock()
	if last {
		l.lock.Unlock()
	}
}
