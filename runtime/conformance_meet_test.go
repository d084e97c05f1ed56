package mp

import (
	"context"

	"github.com/stretchr/testify/require"
)

// play starts players on the trial's engine.
func (t *trial) play(scripts ...[]string) *game {
	r, n := t.start(players.pipeline, scripted(scripts))
	return &game{t, r, n}
}

// dies kills player i on any engine.
func (g *game) dies(i int) {
	g.Helper()
	slay(g, g.r.memberOf("player", i))
	g.gone(i)
}

func (t *trial) semaphore() {
	g := t.play([]string{"work", "acquire", "acquire", "stay"}, []string{"work", "acquire"}, []string{"work"})
	for i := range 3 {
		g.starts(i)
	}
	for i := range 3 {
		require.Equal(t, fine, g.ended(i))
	}
	g.acts(0)
	g.acts(0)
	g.starts(1)
	require.ErrorIs(t, players.semaphore.In(g.n).TryAcquire(), ErrLocked)
	g.dies(0)
	require.Equal(t, fine, g.ended(1))
	require.NoError(t, g.r.Wait())
	require.Equal(t, 2, players.semaphore.In(g.n).Value())
}

func (t *trial) event() {
	g := t.play([]string{"wait event"}, []string{"wait event"}, []string{"wait event"}, []string{"set"})
	done := players.event.In(g.n).Done()
	for i := range 3 {
		g.starts(i)
	}
	g.dies(2)
	require.Equal(t, fine, g.acts(3))
	for i := range 2 {
		require.Equal(t, fine, g.ended(i))
	}
	select {
	case <-done:
	case <-limited(t).Done():
		t.Fatal("the event is set")
	}
	require.NoError(t, g.r.Wait())
}

func (t *trial) barrier() {
	g := t.play([]string{"lockstep", "wait"}, []string{"lockstep", "wait"}, []string{"lockstep", "wait", "stay"})
	for i := range 3 {
		g.starts(i)
	}
	for i := range 3 {
		require.Equal(t, fine, g.ended(i))
	}
	require.Equal(t, 300, players.acts.In(g.n).Load())
	g.starts(0)
	g.starts(1)
	g.dies(2)
	require.Equal(t, brokenUp, g.ended(0))
	require.Equal(t, brokenUp, g.ended(1))
	require.NoError(t, g.r.Wait())
}

func (t *trial) condition() {
	g := t.play([]string{"await"}, []string{"await"}, []string{"await", "lock", "stay"}, []string{"await"})
	g.await(0, 1, 2, 3)
	g.dies(0)
	g.notify(1)
	until(t, "one is woken", func() bool { return players.condition.In(g.n).shared.Waits() == 2 })
	g.notify(2)
	for i := 1; i < playerCount; i++ {
		require.Equal(t, fine, g.ended(i))
	}
	require.Equal(t, fine, g.acts(2))
	g.dies(2)
	require.ErrorIs(t, players.condition.In(g.n).Lock(limited(t)), ErrOwnerDied)
	require.NoError(t, players.condition.In(g.n).Repair(limited(t)))
	require.NoError(t, g.r.Wait())
}

func (t *trial) rwlock() {
	g := t.play([]string{"read and write", "read", "stay"}, []string{"read and write", "write", "stay"})
	g.starts(0)
	g.starts(1)
	require.Equal(t, fine, g.ended(0))
	require.Equal(t, fine, g.ended(1))
	l := players.rwlock.In(g.n)
	require.Equal(t, fine, g.acts(0))
	require.NoError(t, l.RLock(limited(t)))
	l.RUnlock()
	g.starts(1)
	g.dies(0)
	require.Equal(t, fine, g.ended(1))
	require.ErrorIs(t, l.TryRLock(), ErrLocked)
	g.dies(1)
	require.ErrorIs(t, l.RLock(limited(t)), ErrOwnerDied)
	require.NoError(t, l.Repair(limited(t)))
	l.Unlock()
	require.NoError(t, l.RLock(limited(t)))
	require.NoError(t, g.r.Wait())
}

func (t *trial) rlock() {
	g := t.play([]string{"lock thrice", "unlock once", "unlock once", "unlock once", "lock thrice", "stay"})
	l := players.rlock.In(g.n)
	for range 3 {
		require.Equal(t, fine, g.acts(0))
		_, err := l.TryLock(context.Background())
		require.ErrorIs(t, err, ErrLocked)
	}
	require.Equal(t, fine, g.acts(0))
	ctx, err := l.Lock(limited(t))
	require.NoError(t, err)
	_, err = l.Lock(ctx)
	require.NoError(t, err)
	l.Unlock()
	l.Unlock()
	require.Equal(t, fine, g.acts(0))
	g.dies(0)
	_, err = l.Lock(limited(t))
	require.ErrorIs(t, err, ErrOwnerDied)
}
