package mp

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
)

// CPython asserts that it may be taken three times, and given back as often and not more.
func TestRLockIsTakenAgainByItsContext(t *testing.T) {
	g := play(t, []string{"lock thrice", "unlock once", "unlock once", "unlock once", "stay"})
	l := players.rlock.In(g.n)
	require.Equal(t, fine, g.acts(0))
	require.Equal(t, "player[0]", g.r.Stats().Locks["again"].Holder)
	for range 3 {
		_, err := l.TryLock(limited(t))
		require.ErrorIs(t, err, ErrLocked)
		require.Equal(t, fine, g.acts(0))
	}
	first, err := l.Lock(limited(t))
	require.NoError(t, err)
	second, err := l.Lock(first)
	require.NoError(t, err)
	require.Equal(t, first, second)
	_, err = l.TryLock(limited(t)) // another goroutine, as it has not the context
	require.ErrorIs(t, err, ErrLocked)
	l.Unlock()
	_, err = l.TryLock(second)
	require.NoError(t, err)
	l.Unlock()
	l.Unlock()
	require.PanicsWithValue(t, `mp: unlock of rlock "again", which this process does not hold`, l.Unlock)
	third, err := l.Lock(first) // whose hold has ended
	require.NoError(t, err)
	require.NotEqual(t, first, third)
	_, err = l.TryLock(first)
	require.ErrorIs(t, err, ErrLocked)
	l.Unlock()
	require.NoError(t, g.r.Close())
	_, err = l.Lock(context.Background())
	require.ErrorIs(t, err, ErrClosed)
}

func TestDeathOfAHolderOfAnRLockIsTold(t *testing.T) {
	g := play(t, []string{"lock thrice", "stay"})
	l := players.rlock.In(g.n)
	require.Equal(t, fine, g.acts(0))
	g.kill(0)
	_, err := l.Lock(limited(t))
	require.EqualError(t, err, `rlock "again": a process died with the lock: it was player[0]`)
	ctx, err := l.Repair(limited(t))
	require.NoError(t, err)
	_, err = l.Lock(ctx)
	require.NoError(t, err)
	l.Unlock()
	l.Unlock()
	_, err = l.TryLock(limited(t))
	require.NoError(t, err)
	l.Unlock()
}
