package mp

import (
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// CPython asserts the methods of its proxies in _TestContainers and TestSyncManagerTypes,
// from a child and from the parent.
func TestManagedObjectsAreSharedByProcesses(t *testing.T) {
	g := play(t, []string{"count", "append pairs", "see pairs"}, []string{"count", "append pairs", "see pairs"},
		[]string{"count", "add spots", "one too many"}, []string{"count", "add spots", "see pairs"})
	for range 3 {
		for i := range playerCount {
			g.starts(i)
		}
		for i := range playerCount {
			require.NoError(t, seesPairs(limited(t), players.todo.In(g.n)))
			require.Equal(t, fine, g.ended(i))
		}
	}
	var dump strings.Builder
	require.NoError(t, g.r.Dump(limited(t), &dump))
	require.Contains(t, dump.String(), "todo 400 entries")
	require.NoError(t, g.r.Wait())
	n, _, err := players.seen.In(g.n).Load(limited(t), "count")
	require.NoError(t, err)
	require.Equal(t, 4*200, n)
	require.Equal(t, 4*200+3, players.count.In(g.n).Load())
	size, err := players.todo.In(g.n).Len(limited(t))
	require.NoError(t, err)
	require.Equal(t, 2*2*100, size)
}

// In Python the death of the manager is the end of every proxy; here nobody can die
// but those who call, and what they have done stays.
func TestManagedObjectsSurviveTheirCallers(t *testing.T) {
	g := play(t, []string{"count on"}, []string{"count on"}, []string{"append on"}, []string{"see on"})
	for i := range playerCount {
		g.starts(i)
	}
	until(t, "they are at it", func() bool { return players.count.In(g.n).Load() > 200 })
	var desks []*desk
	for i := range playerCount {
		m := g.r.memberOf("player", i)
		m.upMu.Lock()
		desks = append(desks, m.desk)
		m.upMu.Unlock()
	}
	for i := range playerCount {
		require.NoError(t, syscall.Kill(g.pid(i), syscall.SIGKILL))
	}
	for i := range playerCount {
		g.gone(i)
	}
	n, _, err := players.seen.In(g.n).Load(limited(t), "count")
	require.NoError(t, err)
	lost := n - players.count.In(g.n).Load()
	require.True(t, lost >= 0 && lost <= 2, lost) // each died at most between the two
	require.NoError(t, seesPairs(limited(t), players.todo.In(g.n)))
	require.NoError(t, players.seen.In(g.n).Update(limited(t), "count", plusOne))
	for _, d := range desks { // whoever died reading a snapshot
		d.reading.Lock()
		require.Empty(t, d.snapshots.open)
		d.reading.Unlock()
	}
	require.NoError(t, g.r.Wait())
}

// An update that takes long comes to its end all the same, and others after it.
func TestSlowUpdateGetsItsTurn(t *testing.T) {
	g := play(t, []string{"count slowly"}, []string{"count on"}, []string{"count on"}, []string{"die counting"})
	g.starts(1)
	g.starts(2)
	until(t, "they count", func() bool { return players.count.In(g.n).Load() > 100 })
	require.Equal(t, fine, g.acts(0))
	require.LessOrEqual(t, players.acts.In(g.n).Load(), quickUpdates+1+2) // either of the others may have begun before
	before := players.count.In(g.n).Load()
	until(t, "they count on", func() bool { return players.count.In(g.n).Load() > before+100 })
	g.starts(3)
	g.gone(3)
	before = players.count.In(g.n).Load()
	until(t, "they count on", func() bool { return players.count.In(g.n).Load() > before+100 })
}

// An error says that nothing was done, also when the context ends in the middle.
func TestManagedCallsKnowWhatTheyDid(t *testing.T) {
	g := play(t, []string{"count on briefly"})
	require.Equal(t, outOfTime, g.acts(0))
	n, _, err := players.seen.In(g.n).Load(limited(t), "count")
	require.NoError(t, err)
	require.Equal(t, players.count.In(g.n).Load(), n)
}
