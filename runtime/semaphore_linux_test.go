package mp

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// waitsAtSlots waits until so many processes wait for the semaphore.
func (g *game) waitsAtSlots(n int) {
	g.Helper()
	door := players.semaphore.In(g.n).door
	until(g, "they wait for a permit", func() bool {
		waits := len(door.shared.Waiters())
		if _, _, held := door.shared.Holder(); held {
			waits++ // who has the door has left the line before it
		}
		return waits >= n
	})
}

// CPython asserts the counts of _TestSemaphore; a bounded one refuses one release too many.
func TestSemaphoreCounts(t *testing.T) {
	g := play(t, []string{"acquire", "try", "acquire briefly", "release", "release"})
	s := players.semaphore.In(g.n)
	require.Equal(t, 2, s.Value())
	require.Equal(t, fine, g.acts(0))
	require.Equal(t, 1, s.Value())
	require.NoError(t, s.Acquire(limited(t)))
	require.Zero(t, s.Value())
	require.Equal(t, lockedOut, g.acts(0))
	require.Equal(t, outOfTime, g.acts(0))
	require.ErrorIs(t, s.TryAcquire(), ErrLocked)
	require.Equal(t, fine, g.acts(0))
	require.Equal(t, 1, s.Value())
	s.Release()
	require.Equal(t, 2, s.Value())
	require.PanicsWithValue(t, `mp: release of semaphore "slots", of which this process has no permit`, s.Release)
	require.NoError(t, g.r.Close())
	s.Release() // nothing happens
	require.ErrorIs(t, s.Acquire(context.Background()), ErrClosed)
	require.ErrorIs(t, s.TryAcquire(), ErrClosed)
}

func TestSemaphoreLetsNoMoreInThanItSays(t *testing.T) {
	g := play(t, []string{"work"}, []string{"work"}, []string{"work"}, []string{"work"})
	for i := range playerCount {
		g.starts(i)
	}
	for i := range playerCount {
		require.Equal(t, fine, g.ended(i))
	}
	require.NoError(t, g.r.Wait())
	require.Equal(t, 2, players.semaphore.In(g.n).Value())
}

// In Python the permits of a killed process are lost.
func TestPermitsOfADeadProcessComeBack(t *testing.T) {
	g := play(t, []string{"acquire", "acquire", "stay"}, []string{"acquire"}, []string{"acquire"})
	require.Equal(t, fine, g.acts(0))
	require.Equal(t, fine, g.acts(0))
	g.starts(1)
	g.starts(2)
	g.waitsAtSlots(2)
	began := time.Now()
	g.kill(0)
	require.Equal(t, fine, g.ended(1))
	require.Equal(t, fine, g.ended(2))
	require.Less(t, time.Since(began), soon)
	require.NoError(t, g.r.Wait()) // an end is the same as a death
	require.Equal(t, 2, players.semaphore.In(g.n).Value())
}

// A waiter dies while it waits, first in line or behind, or when it has been woken and has
// not got up.
func TestDeathOfWhoWaitsForAPermitTakesNone(t *testing.T) {
	for _, c := range []struct {
		name         string
		first, woken bool
	}{{"first in line", true, false}, {"behind", false, false}, {"just woken", true, true}} {
		t.Run(c.name, func(t *testing.T) {
			g := play(t, []string{"acquire"}, []string{"acquire"})
			s := players.semaphore.In(g.n)
			require.NoError(t, s.Acquire(limited(t)))
			require.NoError(t, s.Acquire(limited(t)))
			dies, lives := 0, 1
			if !c.first {
				dies, lives = 1, 0
			}
			g.starts(0)
			g.waitsAtSlots(1)
			until(t, "it is the next", func() bool { _, _, held := s.door.shared.Holder(); return held })
			g.starts(1)
			g.waitsAtSlots(2)
			if c.woken {
				g.stop(dies)
				s.Release()
			}
			began := time.Now()
			g.kill(dies)
			if !c.woken {
				s.Release()
			}
			require.Equal(t, fine, g.ended(lives))
			require.Less(t, time.Since(began), soon)
			s.Release()
			require.NoError(t, g.r.Wait())
			require.Equal(t, 2, s.Value())
		})
	}
}

func TestManyGoroutinesGiveUpWaitingForAPermit(t *testing.T) {
	g := play(t)
	s := players.semaphore.In(g.n)
	require.NoError(t, s.Acquire(limited(t)))
	require.NoError(t, s.Acquire(limited(t)))
	const many = 100
	ctx, cancel := context.WithCancel(limited(t))
	errs := make(chan error, many)
	for range many {
		go func() { errs <- s.Acquire(ctx) }()
	}
	g.waitsAtSlots(1)
	cancel()
	for range many {
		require.ErrorIs(t, <-errs, context.Canceled)
	}
	s.Release()
	require.NoError(t, s.Acquire(limited(t)))
	go func() { errs <- s.Acquire(context.Background()) }()
	g.waitsAtSlots(1)
	require.NoError(t, g.r.Close())
	require.ErrorIs(t, <-errs, ErrClosed)
}
