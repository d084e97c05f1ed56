package mp

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// waitsAtTable waits until player i is at the door: it has it, or stands there.
func (g *game) waitsAtTable(i int) {
	g.Helper()
	door := &players.rwlock.In(g.n).door.shared
	until(g, "it waits for the rwlock", func() bool {
		slot := g.r.memberOf("player", i).index
		if holder, _, held := door.Holder(); held && holder == slot {
			return true
		}
		for _, s := range door.Waiters() {
			if s == slot {
				return true
			}
		}
		return false
	})
}

func TestRWLockKeepsWritersApart(t *testing.T) {
	g := play(t, []string{"read and write"}, []string{"read and write"}, []string{"read and write"})
	for i := range 3 {
		g.starts(i)
	}
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() { require.NoError(t, readAndWrite(limited(t), g.n, 300)) })
	}
	all.Wait()
	for i := range 3 {
		require.Equal(t, fine, g.ended(i))
	}
	require.NoError(t, g.r.Wait())
	require.Equal(t, 6*75*2, players.count.In(g.n).Load())
}

func TestReadersShareAndWritersDoNot(t *testing.T) {
	g := play(t, []string{"read", "have read"}, []string{"read", "have read"}, []string{"write briefly", "write", "have written"})
	l := players.rwlock.In(g.n)
	require.Equal(t, fine, g.acts(0))
	require.Equal(t, fine, g.acts(1))
	require.NoError(t, l.TryRLock())
	require.ErrorIs(t, l.TryLock(), ErrLocked)
	require.Equal(t, outOfTime, g.acts(2))
	require.NoError(t, l.TryRLock(), "who gave up hinders nobody")
	l.RUnlock()
	l.RUnlock()
	g.starts(2)
	g.waitsAtTable(2)
	require.ErrorIs(t, l.TryRLock(), ErrLocked, "a writer waits")
	require.Panics(t, l.Unlock)
	require.Equal(t, fine, g.acts(0))
	g.stillActs(2)
	require.Equal(t, fine, g.acts(1))
	require.Equal(t, fine, g.ended(2))
	require.ErrorIs(t, l.TryRLock(), ErrLocked)
	require.ErrorIs(t, l.TryLock(), ErrLocked)
	require.Equal(t, LockStats{Holder: "player[2]"}, g.r.Stats().Locks["table"])
	require.Equal(t, fine, g.acts(2))
	require.NoError(t, l.TryLock())
	l.Unlock()
	require.PanicsWithValue(t, `mp: unlock of rwlock "table", which this process does not hold`, l.Unlock)
	require.PanicsWithValue(t, `mp: unlock of rwlock "table", which this process does not hold for reading`, l.RUnlock)
	require.NoError(t, g.r.Close())
	l.RUnlock() // nothing happens
	require.ErrorIs(t, l.RLock(context.Background()), ErrClosed)
	require.ErrorIs(t, l.Lock(context.Background()), ErrClosed)
}

func TestDeathOfAReaderDoesNoHarm(t *testing.T) {
	g := play(t, []string{"read", "stay"}, []string{"write", "have written"}, []string{"read"})
	require.Equal(t, fine, g.acts(0))
	g.starts(1)
	g.waitsAtTable(1)
	g.starts(2)
	g.waitsAtTable(2)
	began := time.Now()
	g.kill(2) // on its way in
	g.stillActs(1)
	g.kill(0)
	require.Equal(t, fine, g.ended(1))
	require.Less(t, time.Since(began), soon)
	require.Equal(t, fine, g.acts(1))
	require.NoError(t, g.r.Wait())
}

func TestDeathOfAWriterIsToldUntilOneRepairs(t *testing.T) {
	g := play(t, []string{"write", "stay"}, []string{"read"}, []string{"write"}, []string{"repair", "stay"})
	l := players.rwlock.In(g.n)
	require.Equal(t, fine, g.acts(0))
	for _, i := range []int{1, 2} {
		g.starts(i)
		g.waitsAtTable(i)
	}
	g.kill(0)
	require.Equal(t, ownerDied, g.ended(1))
	require.Equal(t, ownerDied, g.ended(2))
	require.ErrorIs(t, l.RLock(limited(t)), ErrOwnerDied)
	require.ErrorIs(t, l.TryRLock(), ErrOwnerDied)
	require.ErrorIs(t, l.TryLock(), ErrOwnerDied)
	require.Equal(t, fine, g.acts(3))
	g.kill(3) // before it has made good
	require.EqualError(t, l.Lock(limited(t)), `rwlock "table": a process died with the lock: it was player[3]`)
	require.NoError(t, l.Repair(limited(t)))
	l.Unlock()
	require.NoError(t, l.RLock(limited(t)))
	l.RUnlock()
}

func TestDeathOfAWriterThatHadNotBegunIsNone(t *testing.T) {
	g := play(t, []string{"read", "have read"}, []string{"write"})
	l := players.rwlock.In(g.n)
	require.Equal(t, fine, g.acts(0))
	g.starts(1)
	g.waitsAtTable(1)
	g.kill(1)
	require.NoError(t, l.RLock(limited(t)))
	l.RUnlock()
	require.Equal(t, fine, g.acts(0))
	require.NoError(t, l.Lock(limited(t)))
	l.Unlock()
}

func TestReadersThatComeByDoNotKeepAWriterOut(t *testing.T) {
	g := play(t)
	l := players.rwlock.In(g.n)
	var stop atomic.Bool
	var all sync.WaitGroup
	for range 4 { // one of them reads at each moment
		all.Go(func() {
			for !stop.Load() && l.RLock(limited(t)) == nil {
				time.Sleep(100 * time.Microsecond)
				l.RUnlock()
			}
		})
	}
	for range 20 {
		require.NoError(t, l.Lock(limited(t)))
		l.Unlock()
	}
	stop.Store(true)
	all.Wait()
}
