//go:build !explore

package meet

import (
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/mpgen/mpgen/runtime/internal/bell"
)

func newRounds(parties int) Rounds {
	bells := make([]bell.Word, 2)
	memory := make([]uint64, RoundsSize(2)/8)
	return OpenRounds(unsafe.Pointer(&memory[0]), 0, bells, parties)
}

func TestWhoLooksLateLearnsThatItsRoundPassed(t *testing.T) {
	b := newRounds(2)
	first, _, o := b.Come(false)
	require.Equal(t, Waits, o)
	for range 1000 {
		_, index, o := b.Come(false)
		require.Equal(t, Passed, o)
		require.Equal(t, 1, index)
		_, index, o = b.Come(false)
		require.Equal(t, Waits, o)
		require.Zero(t, index)
	}
	require.Equal(t, Passed, b.Outcome(first))
	last := roundOf(b.word.Load())
	b.Reset()
	require.Equal(t, Broken, b.Outcome(last))
	require.Equal(t, Passed, b.Outcome(last-1<<16), "the one before")
	require.Equal(t, Broken, b.Outcome(first), "nobody knows")
	b.Abort()
	require.Equal(t, Broken, b.Outcome(roundOf(b.word.Load())))
	for range 3 {
		b.Reset()
	}
	require.Equal(t, Broken, b.Outcome(last))
}

func TestBarrierOfOnePassesAtOnce(t *testing.T) {
	b := newRounds(1)
	for range 3 {
		_, index, o := b.Come(false)
		require.Equal(t, Passed, o)
		require.Zero(t, index)
		round, _, o := b.Come(true)
		require.Equal(t, Acts, o)
		require.False(t, b.Room())
		_, _, o = b.Come(true)
		require.Equal(t, Full, o)
		require.True(t, b.Pass(round))
	}
}

func TestRoundsAreCountedInACircle(t *testing.T) {
	b := newRounds(1)
	b.word.Store(uint64(roundMask)<<roundShift | uint64(resetMask)<<resetShift)
	last, _, o := b.Come(true)
	require.Equal(t, Acts, o)
	require.True(t, b.Pass(last))
	require.Zero(t, roundOf(b.word.Load()).Number())
	require.Equal(t, Passed, b.Outcome(last))
	b.Reset()
	require.Zero(t, roundOf(b.word.Load()).resets())
	require.EqualValues(t, 1, roundOf(b.word.Load()).Number())
}
