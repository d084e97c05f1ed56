package mp

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTroublesAreTheLastDifferentOnes(t *testing.T) {
	var all troubles
	for i := range 3 * maxTroubles {
		all.note("a", fmt.Errorf("number %d\nand more", i), 1)
		all.note("a", &Error{Name: "a", Err: errors.New("again and again")}, 2)
	}
	list := all.list()
	require.Len(t, list, maxTroubles)
	require.Equal(t, "again and again", list[0].Text)
	require.EqualValues(t, 6*maxTroubles, list[0].Count)
	for i, e := range list[1:] {
		require.Equal(t, fmt.Sprintf("number %d", 3*maxTroubles-1-i), e.Text)
	}
	require.Len(t, all.list(), maxTroubles)
}

func TestLatencyIsRoundedUpToAPowerOfTwo(t *testing.T) {
	var h histogram
	require.Zero(t, h.latency())
	for i := range 100 {
		d := 3 * time.Microsecond
		if i >= 95 {
			d = 900 * time.Microsecond
		} else if i >= 60 {
			d = 64 * time.Microsecond
		}
		h.add(d)
	}
	h.add(-time.Second)
	require.Equal(t, Latency{Measured: 101, Median: 4 * time.Microsecond, P90: 64 * time.Microsecond, P99: 1024 * time.Microsecond,
		Longest: 900 * time.Microsecond}, h.latency())
	h.add(1 << 62)
	require.Equal(t, time.Duration(1<<62), h.latency().Longest)
}

func TestStopwatchMeasuresLongTasksEachAndShortOnesForAll(t *testing.T) {
	var w stopwatch
	looks := 0
	task := func(took time.Duration) (sum time.Duration) {
		began := w.begin()
		if !began.IsZero() {
			looks++
			began = time.Now().Add(-took)
		}
		return time.Duration(w.end(began))
	}
	sum := time.Duration(0)
	for range 10 {
		sum += task(time.Second)
	}
	require.Equal(t, 10, looks)
	require.InDelta(t, 10*time.Second, sum, float64(time.Second))
	looks = 0
	for range 1000 {
		task(-time.Millisecond) // shorter than nothing, so that a busy machine does not make it long
	}
	require.LessOrEqual(t, looks, 1000/64+2)
}
