package mp

import (
	"context"
	"fmt"
	"unsafe"

	"github.com/mpgen/mpgen/runtime/internal/control"
	"github.com/mpgen/mpgen/runtime/internal/lock"
	"github.com/mpgen/mpgen/runtime/internal/ring"
)

// LockDecl is a row for a lock.
type LockDecl struct{ Name string }

// In is the lock, for a process that declares to use it.
func (d *LockDecl) In(n *Node) *Lock {
	return opened(n, d, func(_ *sharedPlan, at unsafe.Pointer) *Lock {
		return newLock(n, at, fmt.Sprintf("lock %q", d.Name))
	})
}

func (d *LockDecl) name() string { return d.Name }
func (d *LockDecl) check() error { return nil }

func (d *LockDecl) place(slots, _ int) sharedPlace {
	return sharedPlace{kind: control.KindLock, size: lock.Size(slots)}
}

func (d *LockDecl) repair(n *Node, at unsafe.Pointer, p ring.Owner, _ bool) {
	l := lock.Open(at, n.slot, n.bells, monotonic)
	l.Sweep(int(p), true)
}

// Lock is a mutex between processes. A process that ends while it holds the lock,
// however it ends, leaves what the lock guards perhaps half changed: from then on
// Lock fails with [ErrOwnerDied], for everyone and at once, until one calls
// Repair.
//
// The lock belongs to the process and not to a goroutine: any goroutine of the
// process that holds it may unlock it, and two goroutines of one process exclude
// each other like two processes. Who waits gets it in the end, however many others
// come by. A holder that locks again waits for itself.
type Lock struct {
	shared lock.Lock
	node   *Node
	what   string        // for errors: the kind and the name
	from   func() []int  // for who asks: the slots of those that are waited for; nil: the holder's
	stands chan struct{} // full while a goroutine of this process stands at the shared lock; the others wait here, in order
}

func newLock(n *Node, at unsafe.Pointer, what string) *Lock {
	return &Lock{shared: lock.Open(at, n.slot, n.bells, monotonic), node: n, what: what, stands: make(chan struct{}, 1)}
}

// Lock takes the lock, and waits while another has it. After an error the lock is
// not held: ctx ended, a holder died ([ErrOwnerDied]), or the run has ended
// ([ErrClosed]).
func (l *Lock) Lock(ctx context.Context) error {
	if !l.node.over.Load() && l.try() {
		return nil
	}
	return l.wait(ctx, false)
}

// TryLock is Lock that gives [ErrLocked] instead of waiting.
func (l *Lock) TryLock() error {
	if l.node.over.Load() {
		return l.node.overError()
	}
	// Nobody stands for this: what is reserved is for those who wait.
	if l.try() {
		return nil
	}
	if slot, died, ok := l.shared.Holder(); ok && died {
		return l.ownerDied(slot)
	}
	return ErrLocked
}

// Repair takes the lock as Lock does, and also from a holder that died, whose mark
// it takes away. The caller makes good what the lock guards, and then calls
// Unlock. If it dies before that, the lock is as it was before Repair.
func (l *Lock) Repair(ctx context.Context) error {
	if !l.node.over.Load() && l.try() {
		return nil
	}
	return l.wait(ctx, true)
}

// Unlock gives the lock back. It panics if this process does not hold it. After
// the end of the run it does nothing.
func (l *Lock) Unlock() {
	if l.node.emulated {
		l.node.ringing(l.release)
		return
	}
	if done, wake := l.shared.Release(); !done || wake {
		l.unlock(done)
	}
}

// release is Unlock for a process whose place another may have.
func (l *Lock) release() {
	if done, wake := l.shared.Release(); done && wake {
		l.shared.Wake()
	} else if !done {
		l.handOn()
	}
}

// try takes the lock if it is just free.
func (l *Lock) try() (ok bool) {
	if !l.node.emulated {
		return l.shared.Try()
	}
	l.node.ringing(func() { ok = l.shared.Try() })
	return ok
}

// unlock is Unlock with others waiting, or to no purpose.
//
//go:noinline
func (l *Lock) unlock(released bool) {
	l.node.ringing(func() {
		if released {
			l.shared.Wake()
		} else {
			l.handOn()
		}
	})
}

func (l *Lock) handOn() {
	if !l.shared.HandOn() {
		panic("mp: unlock of " + l.what + ", which this process does not hold")
	}
}

// ringHolder rings who has the lock, and waits with it for something else.
func (l *Lock) ringHolder() {
	if slot, died, ok := l.shared.Holder(); ok && !died && slot < len(l.node.bells) {
		l.node.bells[slot].Ring()
	}
}

// holds reports whether this process has the lock.
func (l *Lock) holds() bool {
	slot, died, ok := l.shared.Holder()
	return ok && !died && slot == l.node.slot
}

// died reports whether a holder died with the lock, which nobody has repaired.
func (l *Lock) died() bool {
	_, died, ok := l.shared.Holder()
	return ok && died
}

// wait is Lock, or Repair, for a lock that is not just free.
func (l *Lock) wait(ctx context.Context, repair bool) error {
	if slot, died, ok := l.shared.Holder(); ok && died && !repair && !l.node.over.Load() {
		return l.ownerDied(slot)
	}
	select {
	case l.stands <- struct{}{}:
	default:
		select {
		case l.stands <- struct{}{}:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	defer func() { <-l.stands }()
	l.node.ringing(l.shared.Stand)
	defer l.node.ringing(l.shared.Leave)
	for {
		if l.node.over.Load() {
			return l.node.overError()
		}
		v, slot := lock.Wait, 0
		l.node.ringing(func() { v, slot = l.shared.Take(repair) })
		switch v {
		case lock.Taken:
			return nil
		case lock.Died:
			return l.ownerDied(slot)
		case lock.Corrupt:
			return fmt.Errorf("%s: %w", l.what, ErrCorruptPeer)
		}
		if err := l.node.bell.Wait(ctx, nil, (*standing)(l)); err != nil && !l.node.over.Load() {
			return err
		}
	}
}

// standing is the condition of who stands at the lock. It is met for a dead holder
// too, which Repair takes the lock from and Lock fails for.
type standing Lock

func (s *standing) Ready() bool { return s.node.over.Load() || s.shared.Ready() }

func (l *Lock) ownerDied(slot int) error {
	return fmt.Errorf("%s: %w: it was %s", l.what, ErrOwnerDied, l.node.plan.title(slot))
}

func (r *Run) lockStats(at unsafe.Pointer) (s LockStats) {
	l := lock.Open(at, r.node.slot, r.node.bells, monotonic)
	slot, died, held := l.Holder()
	if held {
		s.Holder, s.Died = r.plan.title(slot), died
	}
	s.Waiting = len(l.Waiters())
	return s
}
