package mp

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// waitsForEvent waits until player i sleeps for the event.
func (g *game) waitsForEvent(i int) {
	g.Helper()
	e := players.event.In(g.n)
	until(g, "it waits for the event", func() bool { return e.shared.Waiting().Has(g.r.memberOf("player", i).index) })
}

// CPython's _TestEvent asserts these.
func TestEventIsWaitedFor(t *testing.T) {
	g := play(t, []string{"wait event briefly", "wait event", "wait event"}, []string{"set"})
	e := players.event.In(g.n)
	require.False(t, e.IsSet())
	require.Equal(t, outOfTime, g.acts(0))
	g.starts(0)
	g.waitsForEvent(0)
	require.Equal(t, fine, g.acts(1))
	require.Equal(t, fine, g.ended(0))
	require.True(t, e.IsSet())
	require.NoError(t, e.Wait(limited(t)))
	require.Equal(t, fine, g.acts(0))
	e.Set() // once more
	e.Clear()
	e.Clear()
	require.False(t, e.IsSet())
	ctx, cancel := context.WithTimeout(limited(t), time.Millisecond)
	defer cancel()
	require.ErrorIs(t, e.Wait(ctx), context.DeadlineExceeded)
	errs := make(chan error)
	go func() { errs <- e.Wait(context.Background()) }()
	until(t, "it waits", func() bool { return e.shared.Waiting().Has(0) })
	require.NoError(t, g.r.Close())
	require.ErrorIs(t, <-errs, ErrClosed)
	require.ErrorIs(t, e.Wait(context.Background()), ErrClosed)
	e.Set() // nothing happens
	require.False(t, e.IsSet())
}

func TestWhoWaitedWhenAnEventWasSetGoesOn(t *testing.T) {
	g := play(t, []string{"wait event"}, []string{"wait event"}, []string{"wait event"})
	e := players.event.In(g.n)
	for i := range 3 {
		g.starts(i)
		g.waitsForEvent(i)
	}
	e.Set()
	e.Clear()
	for i := range 3 {
		require.Equal(t, fine, g.ended(i))
	}
	require.NoError(t, g.r.Wait())
}

// In Python who sets an event hangs for ever after a waiter was killed.
func TestDeathOfWhoWaitsForAnEventHindersNobody(t *testing.T) {
	for _, woken := range []bool{false, true} {
		t.Run(map[bool]string{false: "asleep", true: "just woken"}[woken], func(t *testing.T) {
			g := play(t, []string{"wait event"}, []string{"wait event"})
			e := players.event.In(g.n)
			for i := range 2 {
				g.starts(i)
				g.waitsForEvent(i)
			}
			if woken {
				g.stop(0)
				e.Set()
			}
			began := time.Now()
			g.kill(0)
			e.Set()
			require.Equal(t, fine, g.ended(1))
			require.Less(t, time.Since(began), soon)
			require.NoError(t, g.r.Wait())
		})
	}
}

func TestEventInASelect(t *testing.T) {
	g := play(t, []string{"set"})
	e := players.event.In(g.n)
	first := e.Done()
	require.Equal(t, first, e.Done(), "one channel for one state")
	select {
	case <-first:
		t.Fatal("it is not set")
	default:
	}
	require.Equal(t, fine, g.acts(0))
	select {
	case <-first:
	case <-limited(t).Done():
		t.Fatal("it is set")
	}
	<-e.Done()
	e.Clear()
	<-first // of that state
	second := e.Done()
	select {
	case <-second:
		t.Fatal("it is not set any more")
	default:
	}
	e.Set()
	e.Clear()
	select {
	case <-second: // it was
	case <-limited(t).Done():
		t.Fatal("it was set")
	}
	last := e.Done()
	require.NoError(t, g.r.Close()) // its goroutine ends
	for _, done := range []<-chan struct{}{last, e.Done()} {
		select {
		case <-done:
		case <-limited(t).Done():
			t.Fatal("the run has ended")
		}
	}
	require.ErrorIs(t, e.Wait(limited(t)), ErrClosed)
}
