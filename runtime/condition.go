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

// ConditionDecl is a row for a condition.
type ConditionDecl struct{ Name string }

// In is the condition, for a process that declares to use it.
func (d *ConditionDecl) In(n *Node) *Condition {
	return opened(n, d, func(_ *sharedPlan, at unsafe.Pointer) *Condition {
		return &Condition{shared: d.calls(n, at), lock: newLock(n, at, fmt.Sprintf("condition %q", d.Name)), row: d}
	})
}

func (d *ConditionDecl) calls(n *Node, at unsafe.Pointer) meet.Calls {
	return meet.OpenCalls(unsafe.Add(at, lock.Size(len(n.bells))), n.slot, n.bells)
}

func (d *ConditionDecl) name() string { return d.Name }
func (d *ConditionDecl) check() error { return nil }

func (d *ConditionDecl) place(slots, _ int) sharedPlace {
	return sharedPlace{kind: control.KindCondition, size: lock.Size(slots) + meet.CallsSize(slots)}
}

func (d *ConditionDecl) repair(n *Node, at unsafe.Pointer, p ring.Owner, _ bool) {
	l, c := lock.Open(at, n.slot, n.bells, monotonic), d.calls(n, at)
	l.Sweep(int(p), true)
	c.Sweep(int(p))
}

func (d *ConditionDecl) state(n *Node, at unsafe.Pointer) string {
	c := d.calls(n, at)
	if w := c.Waits(); w > 0 {
		return fmt.Sprintf("%d wait to be notified", w)
	}
	return ""
}

// Condition is a lock, with a place to wait for a change of what it guards. Lock,
// TryLock, Unlock and Repair are those of a [Lock], and a death of a holder is told as
// there, also to those who wait. A process that dies while it waits uses up no
// notification, whenever it dies.
type Condition struct {
	shared meet.Calls
	lock   *Lock
	row    *ConditionDecl

	mu      sync.Mutex
	claimed int // calls that goroutines of this process are about to take
}

// Lock takes the condition's lock, as [Lock.Lock] does.
func (c *Condition) Lock(ctx context.Context) error { return c.lock.Lock(ctx) }

// TryLock is [Lock.TryLock].
func (c *Condition) TryLock() error { return c.lock.TryLock() }

// Unlock is [Lock.Unlock].
func (c *Condition) Unlock() { c.lock.Unlock() }

// Repair is [Lock.Repair]. It also notifies all that wait: who died may have been about
// to.
func (c *Condition) Repair(ctx context.Context) error {
	if err := c.lock.Repair(ctx); err != nil {
		return err
	}
	c.Broadcast()
	return nil
}

// Wait gives the lock back, waits to be notified, and takes the lock again: after nil it
// is held. It may return without a cause, so it is called in a loop that looks at what
// is waited for; [Condition.WaitFor] is that loop. After an error the lock is not held:
// ctx ended, a holder of the lock died ([ErrOwnerDied]), or the run has ended
// ([ErrClosed]). A notification that came too late for ctx goes to another. Wait panics
// if this process does not hold the lock.
func (c *Condition) Wait(ctx context.Context) error {
	n := c.lock.node
	if n.over.Load() {
		return n.overError()
	}
	c.held("wait at")
	n.ringing(c.shared.Enlist)
	c.lock.Unlock()
	for {
		err := n.bell.Wait(ctx, nil, (*called)(c))
		switch {
		case n.over.Load():
			return n.overError()
		case err != nil:
			c.quit()
			return err
		case !c.claim():
			if c.lock.died() {
				c.quit()
				return c.lock.Lock(ctx)
			}
			continue
		}
		err = c.lock.Lock(ctx)
		c.mu.Lock()
		c.claimed--
		if err == nil {
			n.ringing(func() { c.shared.Take() })
		}
		c.mu.Unlock()
		if err != nil {
			c.quit()
		}
		return err
	}
}

// WaitFor waits until ready reports true, which it asks with the lock held, at once and
// after each notification. Its errors are those of Wait.
func (c *Condition) WaitFor(ctx context.Context, ready func() bool) error {
	for !ready() {
		if err := c.Wait(ctx); err != nil {
			return err
		}
	}
	return nil
}

// claim makes the caller the one who takes a call.
func (c *Condition) claim() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.shared.Called() <= c.claimed {
		return false
	}
	c.claimed++
	return true
}

// quit ends the caller's wait without a call. Another goroutine may have to take one.
func (c *Condition) quit() {
	n := c.lock.node
	n.ringing(func() {
		c.shared.Quit()
		n.bells[n.slot].Ring()
	})
}

// Notify wakes n of those that wait, or all if they are fewer. The caller holds the
// lock; else Notify panics.
func (c *Condition) Notify(n int) {
	if c.lock.node.over.Load() {
		return
	}
	c.held("notify of")
	c.lock.node.ringing(func() { c.shared.Call(n, -1) })
}

// Broadcast wakes all that wait. The caller holds the lock; else Broadcast panics.
func (c *Condition) Broadcast() { c.Notify(maxCalls) }

const maxCalls = 1 << 30

func (c *Condition) held(act string) {
	if !c.lock.holds() {
		panic("mp: " + act + " " + c.lock.what + ", whose lock this process does not hold")
	}
}

// called is the condition of who waits for a call. It is met for a dead holder of the
// lock, too, who can call nobody any more.
type called Condition

func (c *called) Ready() bool {
	if c.lock.node.over.Load() || c.lock.died() {
		return true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.shared.Called() > c.claimed
}

func (c *called) waitsFor() want {
	return want{what: "condition " + c.row.Name, from: c.lock.node.plan.others(c.row, c.lock.node.slot), how: "notified"}
}
