package mp

import (
	"context"
	"fmt"

	"github.com/stretchr/testify/require"
)

// What the players can do.

func init() {
	acts["acquire"] = func(ctx context.Context, n *Node, _ int) error { return players.semaphore.In(n).Acquire(ctx) }
	acts["try"] = func(_ context.Context, n *Node, _ int) error { return players.semaphore.In(n).TryAcquire() }
	acts["release"] = func(_ context.Context, n *Node, _ int) error {
		players.semaphore.In(n).Release()
		return nil
	}
	acts["work"] = func(ctx context.Context, n *Node, _ int) error { // never more than two at a time
		for range 200 {
			if err := players.semaphore.In(n).Acquire(ctx); err != nil {
				return err
			}
			if players.count.In(n).Add(1) > 2 {
				return errActed
			}
			players.count.In(n).Add(-1)
			players.semaphore.In(n).Release()
		}
		return nil
	}
}

func init() {
	acts["wait event"] = func(ctx context.Context, n *Node, _ int) error { return players.event.In(n).Wait(ctx) }
	acts["set"] = func(_ context.Context, n *Node, _ int) error {
		players.event.In(n).Set()
		return nil
	}
}

func init() {
	wait := func(row func() *BarrierDecl) func(ctx context.Context, n *Node, i int) error {
		return func(ctx context.Context, n *Node, i int) error {
			index, err := row().In(n).Wait(ctx)
			players.index[i].In(n).Store(index)
			return err
		}
	}
	acts["wait"] = wait(func() *BarrierDecl { return players.barrier })
	acts["wait for all"] = wait(func() *BarrierDecl { return players.everyone })
	acts["lockstep"] = func(ctx context.Context, n *Node, i int) error {
		b := players.barrier.In(n)
		for round := range 300 {
			index, err := b.WaitAction(ctx, func() error { players.acts.In(n).Add(1); return nil })
			if err != nil {
				return err
			}
			if index == 0 {
				players.count.In(n).Add(1)
			}
			if acts := players.acts.In(n).Load(); acts != round+1 {
				return fmt.Errorf("round %d, and the action has run %d times", round, acts)
			}
			if _, err := b.Wait(ctx); err != nil {
				return err
			}
		}
		return nil
	}
	acts["fail acting"] = func(ctx context.Context, n *Node, i int) error {
		_, err := players.barrier.In(n).WaitAction(ctx, func() error { return errActed })
		return err
	}
	acts["panic acting"] = func(ctx context.Context, n *Node, i int) (err error) {
		defer func() {
			if recover() != nil {
				err = errActed
			}
		}()
		_, err = players.barrier.In(n).WaitAction(ctx, func() error { panic("on purpose") })
		return err
	}
	acts["linger acting"] = func(ctx context.Context, n *Node, i int) error {
		_, err := players.barrier.In(n).WaitAction(ctx, func() error {
			players.acts.In(n).Add(1)
			<-ctx.Done()
			return nil
		})
		return err
	}
	acts["abort"] = func(_ context.Context, n *Node, _ int) error {
		players.barrier.In(n).Abort()
		return nil
	}
}

func init() {
	locked := func(ctx context.Context, n *Node, f func(c *Condition) error) error {
		c := players.condition.In(n)
		if err := c.Lock(ctx); err != nil {
			return err
		}
		if err := f(c); err != nil {
			return err // the lock is not held
		}
		c.Unlock()
		return nil
	}
	acts["await"] = func(ctx context.Context, n *Node, _ int) error {
		return locked(ctx, n, func(c *Condition) error { return c.Wait(ctx) })
	}
	acts["await ten"] = func(ctx context.Context, n *Node, _ int) error {
		return locked(ctx, n, func(c *Condition) error {
			return c.WaitFor(ctx, func() bool { return players.count.In(n).Load() >= 10 })
		})
	}
	acts["notify"] = func(ctx context.Context, n *Node, _ int) error {
		return locked(ctx, n, func(c *Condition) error { c.Notify(1); return nil })
	}
	acts["lock"] = func(ctx context.Context, n *Node, _ int) error { return players.condition.In(n).Lock(ctx) }
	acts["await once more"] = func(ctx context.Context, n *Node, _ int) error { return players.condition.In(n).Wait(ctx) }
}

// await lets players wait at the condition.
func (g *game) await(who ...int) {
	g.Helper()
	for _, i := range who {
		before := players.condition.In(g.n).shared.Waits()
		g.starts(i)
		g.waitAtCondition(before + 1)
	}
}

func (g *game) waitAtCondition(n int) {
	g.Helper()
	until(g, "they wait at the condition", func() bool { return players.condition.In(g.n).shared.Waits() == n })
}

// notify wakes n, as the program.
func (g *game) notify(n int) {
	g.Helper()
	c := players.condition.In(g.n)
	require.NoError(g, c.Lock(limited(g)))
	c.Notify(n)
	c.Unlock()
}

func init() {
	acts["read"] = func(ctx context.Context, n *Node, _ int) error { return players.rwlock.In(n).RLock(ctx) }
	acts["write"] = func(ctx context.Context, n *Node, _ int) error { return players.rwlock.In(n).Lock(ctx) }
	acts["repair"] = func(ctx context.Context, n *Node, _ int) error { return players.rwlock.In(n).Repair(ctx) }
	acts["have read"] = func(_ context.Context, n *Node, _ int) error {
		players.rwlock.In(n).RUnlock()
		return nil
	}
	acts["have written"] = func(_ context.Context, n *Node, _ int) error {
		players.rwlock.In(n).Unlock()
		return nil
	}
	acts["read and write"] = func(ctx context.Context, n *Node, i int) error { return readAndWrite(ctx, n, 300) }
}

// readAndWrite adds to a number by steps that only one may be between, and looks at it.
func readAndWrite(ctx context.Context, n *Node, rounds int) error {
	l, count := players.rwlock.In(n), players.count.In(n)
	for k := range rounds {
		if k%4 > 0 {
			if err := l.RLock(ctx); err != nil {
				return err
			}
			v := count.Load()
			torn := v%2 != 0 || count.Load() != v
			l.RUnlock()
			if torn {
				return errActed
			}
			continue
		}
		if err := l.Lock(ctx); err != nil {
			return err
		}
		count.Store(count.Load() + 1)
		count.Store(count.Load() + 1)
		l.Unlock()
	}
	return nil
}

func init() {
	acts["lock thrice"] = func(ctx context.Context, n *Node, _ int) (err error) {
		for range 3 {
			if ctx, err = players.rlock.In(n).Lock(ctx); err != nil {
				return err
			}
		}
		return nil
	}
	acts["unlock once"] = func(_ context.Context, n *Node, _ int) error {
		players.rlock.In(n).Unlock()
		return nil
	}
}
