package mp

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// CPython's _TestCondition asserts these: one, several, all are woken, processes and
// goroutines; time-outs leave the counts clean; wait_for with and without one.
func TestNotifyWakesAsManyAsItSays(t *testing.T) {
	g := play(t, []string{"await"}, []string{"await"}, []string{"await"})
	c := players.condition.In(g.n)
	g.await(0, 1, 2)
	woken := make(chan error, 3)
	for range 3 {
		go func() {
			err := c.Lock(limited(t))
			if err == nil {
				if err = c.Wait(limited(t)); err == nil {
					c.Unlock()
				}
			}
			woken <- err
		}()
	}
	g.waitAtCondition(6)
	count := func() (n int) {
		for i := range 3 {
			if players.did[i].In(g.n).Load() == 2 {
				require.Equal(t, fine, g.ended(i))
				n++
			}
		}
		return n + len(woken)
	}
	g.notify(1)
	until(t, "one is woken", func() bool { return count() == 1 })
	g.notify(2)
	until(t, "three are woken", func() bool { return count() == 3 })
	require.Equal(t, 3, c.shared.Waits())
	g.notify(maxCalls)
	until(t, "all are woken", func() bool { return count() == 6 })
	g.notify(1) // nobody
	for range 3 {
		require.NoError(t, <-woken)
	}
	require.Zero(t, c.shared.Waits())
	require.NoError(t, g.r.Wait())
	require.Panics(t, func() { c.Notify(1) })
	require.PanicsWithValue(t, `mp: wait at condition "changed", whose lock this process does not hold`, func() { c.Wait(limited(t)) })
}

func TestWaitAtAConditionObeysItsContext(t *testing.T) {
	g := play(t, []string{"await briefly", "await"}, []string{"await"})
	c := players.condition.In(g.n)
	require.Equal(t, outOfTime, g.acts(0))
	require.Zero(t, c.shared.Waits())
	require.NoError(t, c.Lock(limited(t)), "nobody holds it")
	c.Unlock()
	ctx, cancel := context.WithCancel(limited(t))
	errs := make(chan error, 50)
	for range 50 {
		go func() {
			err := c.Lock(limited(t))
			if err == nil {
				err = c.Wait(ctx)
			}
			errs <- err
		}()
	}
	g.waitAtCondition(50)
	g.await(0, 1)
	cancel()
	for range 50 {
		require.ErrorIs(t, <-errs, context.Canceled)
	}
	g.waitAtCondition(2)
	g.notify(2)
	require.Equal(t, fine, g.ended(0))
	require.Equal(t, fine, g.ended(1))

	go func() {
		if err := c.Lock(limited(t)); err != nil {
			errs <- err
		} else {
			errs <- c.Wait(context.Background())
		}
	}()
	g.waitAtCondition(1)
	require.NoError(t, g.r.Close())
	require.ErrorIs(t, <-errs, ErrClosed)
	require.ErrorIs(t, c.Wait(context.Background()), ErrClosed)
	c.Broadcast() // nothing happens
}

func TestWaitForLooksWithTheLockHeld(t *testing.T) {
	g := play(t, []string{"await ten"})
	c := players.condition.In(g.n)
	g.await(0)
	for range 10 {
		g.waitAtCondition(1)
		require.NoError(t, c.Lock(limited(t)))
		players.count.In(g.n).Add(1)
		c.Broadcast()
		c.Unlock()
	}
	require.Equal(t, fine, g.ended(0))
	require.NoError(t, c.WaitFor(limited(t), func() bool { return true }))
}

// In Python who notifies hangs for ever after a waiter was killed.
func TestDeathOfWhoWaitsAtAConditionUsesUpNoNotification(t *testing.T) {
	t.Run("asleep", func(t *testing.T) {
		g := play(t, []string{"await"}, []string{"await"})
		g.await(0, 1)
		began := time.Now()
		g.kill(0)
		g.notify(1)
		require.Equal(t, fine, g.ended(1))
		require.Less(t, time.Since(began), soon)
		require.Zero(t, players.condition.In(g.n).shared.Waits())
	})
	t.Run("dead, and not yet seen to be", func(t *testing.T) {
		g := play(t, []string{"await"}, []string{"await"}, []string{"await"})
		g.await(0, 1, 2)
		for i := range 3 {
			g.stop(i)
		}
		g.notify(2) // of those that sleep
		for i := range 3 {
			if players.condition.In(g.n).shared.CalledOf(g.r.memberOf("player", i).index) > 0 {
				continue
			}
			for k := range 3 { // the two that were called die
				if k != i {
					g.kill(k)
				}
			}
			g.goes(i)
			require.Equal(t, fine, g.ended(i))
			return
		}
		t.Fatal("two of three were called")
	})
	t.Run("woken, and the lock is another's", func(t *testing.T) {
		g := play(t, []string{"await"}, []string{"await"})
		c := players.condition.In(g.n)
		g.await(0)
		require.NoError(t, c.Lock(limited(t)))
		c.Notify(1)
		until(t, "it stands at the lock", func() bool { return len(c.lock.shared.Waiters()) == 1 })
		g.starts(1)
		until(t, "the other does too", func() bool { return len(c.lock.shared.Waiters()) == 2 })
		g.kill(0)
		c.Unlock()
		g.waitAtCondition(1) // the call was made before it waited
		g.notify(1)
		require.Equal(t, fine, g.ended(1))
	})
}

func TestDeathOfWhoHoldsAConditionIsToldToThoseThatWait(t *testing.T) {
	g := play(t, []string{"await"}, []string{"lock", "stay"}, []string{"await"})
	c := players.condition.In(g.n)
	g.await(0, 2)
	mine := make(chan error)
	require.NoError(t, c.Lock(limited(t)))
	go func() { mine <- c.Wait(limited(t)) }()
	g.waitAtCondition(3)
	require.Equal(t, fine, g.acts(1))
	began := time.Now()
	g.kill(1)
	err := <-mine
	require.EqualError(t, err, `condition "changed": a process died with the lock: it was player[1]`)
	require.Equal(t, ownerDied, g.ended(0))
	require.Equal(t, ownerDied, g.ended(2))
	require.Less(t, time.Since(began), soon)
	require.Zero(t, c.shared.Waits())
	require.NoError(t, c.Repair(limited(t)))
	c.Unlock()
	require.NoError(t, c.Lock(limited(t)))
	c.Unlock()
}
