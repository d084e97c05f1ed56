package mp

import (
	"context"
	"fmt"
	"sync"
	"unsafe"

	"github.com/mpgen/mpgen/runtime/internal/control"
	"github.com/mpgen/mpgen/runtime/internal/lock"
	"github.com/mpgen/mpgen/runtime/internal/meet"
	"github.com/mpgen/mpgen/runtime/internal/ring"
)

// SemaphoreDecl is a row for a semaphore.
type SemaphoreDecl struct {
	Name    string
	Permits int // 1 to 65,536
}

const maxPermits = 1 << 16

// In is the semaphore, for a process that declares to use it.
func (d *SemaphoreDecl) In(n *Node) *Semaphore {
	return opened(n, d, func(_ *sharedPlan, at unsafe.Pointer) *Semaphore {
		s := &Semaphore{shared: d.permits(n, at), door: newLock(n, at, fmt.Sprintf("semaphore %q", d.Name))}
		s.door.from = s.shared.Holders
		return s
	})
}

func (d *SemaphoreDecl) permits(n *Node, at unsafe.Pointer) meet.Permits {
	return meet.OpenPermits(unsafe.Add(at, lock.Size(len(n.bells))), d.Permits, n.slot)
}

func (d *SemaphoreDecl) name() string { return d.Name }

func (d *SemaphoreDecl) check() error {
	if d.Permits < 1 || d.Permits > maxPermits {
		return fmt.Errorf("semaphore %q can't have %d permits", d.Name, d.Permits)
	}
	return nil
}

func (d *SemaphoreDecl) place(slots, _ int) sharedPlace {
	return sharedPlace{kind: control.KindSemaphore, size: lock.Size(slots) + meet.PermitsSize(d.Permits)}
}

func (d *SemaphoreDecl) repair(n *Node, at unsafe.Pointer, p ring.Owner, _ bool) {
	door, permits := lock.Open(at, n.slot, n.bells, monotonic), d.permits(n, at)
	door.Sweep(int(p), false)
	permits.Sweep(int(p))
}

func (d *SemaphoreDecl) state(n *Node, at unsafe.Pointer) string {
	door, permits := lock.Open(at, n.slot, n.bells, monotonic), d.permits(n, at)
	waits := len(door.Waiters())
	if _, _, held := door.Holder(); held && waits == 0 {
		waits = 1
	}
	free := permits.Free()
	if free == d.Permits && waits == 0 {
		return ""
	}
	return fmt.Sprintf("%d of %d permits free, %d wait", free, d.Permits, waits)
}

// Semaphore hands out a number of permits. They belong to the process that took them:
// any goroutine of it gives one back, no other process can, and those of a process
// that ends, however it ends, come back by themselves. Who waits is served in turn.
type Semaphore struct {
	shared meet.Permits
	door   *Lock // who has it is the next to get a permit

	mu   sync.Mutex
	mine []int // permits that this process has
}

// Acquire takes a permit, and waits while there is none. After an error it has none:
// ctx ended, or the run has ended ([ErrClosed]).
func (s *Semaphore) Acquire(ctx context.Context) error {
	n := s.door.node
	if _, _, served := s.door.shared.Holder(); !served && !n.over.Load() && s.take() {
		return nil
	}
	if err := s.door.Lock(ctx); err != nil {
		return err
	}
	defer s.door.Unlock()
	for {
		switch {
		case n.over.Load():
			return n.overError()
		case s.take():
			return nil
		}
		if err := n.bell.Wait(ctx, nil, (*nextServed)(s)); err != nil && !n.over.Load() {
			return err
		}
	}
}

// TryAcquire takes a permit if one is free, also before those who wait; else it gives
// [ErrLocked].
func (s *Semaphore) TryAcquire() error {
	if s.door.node.over.Load() {
		return s.door.node.overError()
	}
	if !s.take() {
		return ErrLocked
	}
	return nil
}

func (s *Semaphore) take() (ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.door.node.ringing(func() {
		permit := 0
		if permit, ok = s.shared.Take(s.door.node.slot); ok {
			s.mine = append(s.mine, permit)
		}
	})
	return ok
}

// Release gives a permit back. It panics if this process has none. After the end of
// the run it does nothing.
func (s *Semaphore) Release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.door.node
	if n.over.Load() && len(s.mine) == 0 {
		return
	}
	if len(s.mine) == 0 {
		panic("mp: release of " + s.door.what + ", of which this process has no permit")
	}
	permit := s.mine[len(s.mine)-1]
	s.mine = s.mine[:len(s.mine)-1]
	n.ringing(func() {
		s.shared.Give(permit)
		s.door.ringHolder()
	})
}

// Value is how many permits are free now.
func (s *Semaphore) Value() int { return s.shared.Free() }

// nextServed is the condition of who has the door.
type nextServed Semaphore

func (s *nextServed) Ready() bool { return s.door.node.over.Load() || s.shared.Any() }

func (s *nextServed) waitsFor() want { return (*standing)(s.door).waitsFor() }
