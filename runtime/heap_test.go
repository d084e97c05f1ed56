package mp

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestHeapSlackShrinksToGoDefaultAsTheHeapGrows(t *testing.T) {
	const mib = 1 << 20
	for live, want := range map[uint64]int{0: 400, 1: 400, 4 * mib: 400, 8 * mib: 200, 16 * mib: 100, 1 << 40: 100} {
		require.Equal(t, want, gcPercent(live), live)
	}
}
