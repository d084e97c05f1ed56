package bell

import (
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// newParked is a Parked of n slots in memory of its own.
func newParked(n int) Parked {
	memory := make([]uint64, ParkedSize(n)/8)
	return OpenParked(unsafe.Pointer(&memory[0]), make([]Word, n))
}

func TestNextGoesAroundTheCircle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.SampledFrom([]int{1, 2, 63, 64, 65, 128, 200}).Draw(t, "n")
		p := newParked(n)
		set := map[int]bool{}
		t.Repeat(map[string]func(*rapid.T){
			"set": func(t *rapid.T) {
				i := rapid.IntRange(0, n-1).Draw(t, "slot")
				p.Set(i)
				set[i] = true
			},
			"clear": func(t *rapid.T) {
				i := rapid.IntRange(0, n-1).Draw(t, "slot")
				require.Equal(t, set[i], p.Clear(i))
				delete(set, i)
			},
			"next": func(t *rapid.T) {
				after := rapid.IntRange(0, n-1).Draw(t, "after")
				got, ok := p.Next(after)
				require.Equal(t, len(set) > 0, ok)
				for k := 1; ok && k <= n; k++ {
					if i := (after + k) % n; set[i] {
						require.Equal(t, i, got)
						break
					}
				}
				require.Equal(t, len(set) > 0, p.Any(), "the search sets the summary right")
			},
		})
	})
}
