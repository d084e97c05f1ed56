package mp

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// come lets players come to the barrier of three, and waits until they are there.
func (g *game) come(who ...int) {
	g.Helper()
	b := players.barrier.In(g.n)
	for _, i := range who {
		before := b.Waiting()
		g.starts(i)
		until(g, "it has come", func() bool { return b.Waiting() == before+1 })
	}
}

// CPython's _TestBarrier asserts what these tests do: lockstep, one index for each, the
// action once, abort, reset, their use one after the other, time-outs, a barrier of one.
func TestBarrierKeepsStep(t *testing.T) {
	g := play(t, []string{"lockstep"}, []string{"lockstep"}, []string{"lockstep"})
	require.Equal(t, 3, players.barrier.In(g.n).Parties())
	for i := range 3 {
		g.starts(i)
	}
	for i := range 3 {
		require.Equal(t, fine, g.ended(i))
	}
	require.Equal(t, 300, players.count.In(g.n).Load(), "one had the index 0 each time")
	require.Equal(t, 300, players.acts.In(g.n).Load())
	require.NoError(t, g.r.Wait())
	_, at := g.n.shared(players.everyone)
	require.Equal(t, "over: its processes have ended", players.everyone.state(g.n, at))
}

func TestBarrierGivesEachAnIndex(t *testing.T) {
	g := play(t, []string{"wait"}, []string{"wait"}, []string{"wait"})
	g.come(2, 0)
	b := players.barrier.In(g.n)
	require.Equal(t, 2, b.Waiting())
	require.Equal(t, fine, g.acts(1))
	var got []int
	for i := range 3 {
		require.Equal(t, fine, g.ended(i))
		got = append(got, players.index[i].In(g.n).Load())
	}
	require.Equal(t, []int{1, 2, 0}, got)
	require.Zero(t, b.Waiting())
	require.NoError(t, g.r.Wait())
}

func TestBarrierOfGoroutines(t *testing.T) {
	g := play(t)
	b := players.barrier.In(g.n)
	var mu sync.Mutex
	var indexes []int
	var all sync.WaitGroup
	for range 9 {
		all.Go(func() {
			index, err := b.Wait(limited(t))
			require.NoError(t, err)
			mu.Lock()
			indexes = append(indexes, index)
			mu.Unlock()
		})
	}
	all.Wait()
	slices.Sort(indexes)
	require.Equal(t, []int{0, 0, 0, 1, 1, 1, 2, 2, 2}, indexes)
}

// The barrier of all counts the players and the program.
func TestBarrierCountsItsParties(t *testing.T) {
	script := []string{"wait for all", "wait for all", "stay"}
	g := play(t, script, script, script, script)
	b := players.everyone.In(g.n)
	require.Equal(t, playerCount+1, b.Parties())
	for range 2 {
		for i := range playerCount {
			g.starts(i)
		}
		_, err := b.Wait(limited(t))
		require.NoError(t, err)
		for i := range playerCount {
			require.Equal(t, fine, g.ended(i))
		}
	}
	// One that has ended will not come.
	errs := make(chan error)
	go func() {
		_, err := b.Wait(limited(t))
		errs <- err
	}()
	until(t, "the program waits", func() bool { return b.Waiting() == 1 })
	require.Equal(t, fine, g.acts(0))
	require.EqualError(t, <-errs, `barrier "all": broken`)
}

func TestBrokenBarrier(t *testing.T) {
	g := play(t, []string{"wait", "wait", "wait"}, []string{"wait briefly", "abort", "wait"}, []string{"wait", "wait"})
	b := players.barrier.In(g.n)
	g.starts(0)
	require.Equal(t, outOfTime, g.acts(1))
	require.Equal(t, brokenUp, g.ended(0))
	require.True(t, b.Broken())
	require.Zero(t, b.Waiting())
	_, err := b.Wait(limited(t))
	require.ErrorIs(t, err, ErrBroken)
	b.Reset()
	require.False(t, b.Broken())
	g.come(0, 2)
	require.Equal(t, fine, g.acts(1)) // aborts
	require.Equal(t, brokenUp, g.ended(0))
	require.Equal(t, brokenUp, g.ended(2))
	b.Abort()
	b.Reset()
	g.come(0)
	b.Reset()
	require.Equal(t, brokenUp, g.ended(0))
	require.False(t, b.Broken())
	g.come(1, 2)
	index, err := b.Wait(limited(t))
	require.NoError(t, err)
	require.Equal(t, 2, index)
	require.NoError(t, g.r.Wait())
	require.NoError(t, g.r.Close())
	_, err = b.Wait(context.Background())
	require.ErrorIs(t, err, ErrClosed)
	b.Reset() // nothing happens
}

func TestActionThatFailsBreaksTheBarrier(t *testing.T) {
	for _, how := range []string{"fail acting", "panic acting"} {
		t.Run(how, func(t *testing.T) {
			g := play(t, []string{"wait"}, []string{"wait"}, []string{how})
			g.come(0, 1)
			require.Equal(t, failedActing, g.acts(2))
			require.Equal(t, brokenUp, g.ended(0))
			require.Equal(t, brokenUp, g.ended(1))
		})
	}
}

// In Python the others wait for ever.
func TestDeathOfAPartyBreaksTheBarrier(t *testing.T) {
	t.Run("it waits", func(t *testing.T) {
		g := play(t, []string{"wait"}, []string{"wait"})
		g.come(0, 1)
		began := time.Now()
		g.kill(0)
		require.Equal(t, brokenUp, g.ended(1))
		require.Less(t, time.Since(began), soon)
	})
	t.Run("it has not come", func(t *testing.T) {
		g := play(t, []string{"wait"}, []string{"wait"}, []string{"wait", "stay"})
		g.come(0, 1)
		began := time.Now()
		g.kill(2)
		require.Equal(t, brokenUp, g.ended(0))
		require.Equal(t, brokenUp, g.ended(1))
		require.Less(t, time.Since(began), soon)
	})
	t.Run("it acts", func(t *testing.T) {
		g := play(t, []string{"wait"}, []string{"wait"}, []string{"linger acting"})
		g.come(0, 1)
		g.starts(2)
		until(t, "it acts", func() bool { return players.acts.In(g.n).Load() == 1 })
		began := time.Now()
		g.kill(2)
		require.Equal(t, brokenUp, g.ended(0))
		require.Equal(t, brokenUp, g.ended(1))
		require.Less(t, time.Since(began), soon)
	})
	t.Run("it has passed and not got up", func(t *testing.T) {
		g := play(t, []string{"wait"}, []string{"wait"}, []string{"wait"})
		g.come(0, 1)
		g.stop(0)
		require.Equal(t, fine, g.acts(2))
		require.Equal(t, fine, g.ended(1))
		g.kill(0) // the next round is broken
		require.True(t, players.barrier.In(g.n).Broken())
	})
}

func TestAbortStopsAnAction(t *testing.T) {
	g := play(t, []string{"wait"}, []string{"wait"})
	g.come(0, 1)
	b := players.barrier.In(g.n)
	_, err := b.WaitAction(limited(t), func() error { b.Abort(); return nil })
	require.ErrorIs(t, err, ErrBroken)
	require.Equal(t, brokenUp, g.ended(0))
	require.Equal(t, brokenUp, g.ended(1))
}
