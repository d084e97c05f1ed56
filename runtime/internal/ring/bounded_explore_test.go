//go:build explore

package ring

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mpgen/mpgen/runtime/internal/explore"
)

func TestBoundedUnderAllInterleavings(t *testing.T) {
	for _, c := range []struct {
		name             string
		capacity         int
		messages         []int
		consumers        int
		kills, sweepKill int
	}{
		{"1P1C capacity 1", 1, []int{2}, 1, 0, 0},
		{"1P1C capacity 1", 1, []int{2}, 1, 1, 1},
		{"1P1C capacity 2", 2, []int{3}, 1, 1, 1},
		{"2P1C capacity 1", 1, []int{1, 1}, 1, 0, 0},
		{"2P1C capacity 1", 1, []int{1, 1}, 1, 1, 0},
		{"1P2C capacity 1", 1, []int{2}, 2, 0, 0},
		{"1P2C capacity 1", 1, []int{2}, 2, 1, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newChain(c.capacity, c.messages, 0, c.consumers)
			l.Kills, l.SweepKills = c.kills, c.sweepKill
			l.StateLimit = 20_000_000
			f, err := explore.Run(&l.Harness)
			t.Logf("%s, %d kills, %d of the sweep: %v", c.name, c.kills, c.sweepKill, f)
			require.NoError(t, err)
		})
	}
}
