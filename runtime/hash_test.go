package mp

import (
	"fmt"
	"math"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestEqualKeysHaveEqualHashes(t *testing.T) {
	type key struct {
		Short int8 // padding behind it
		Long  int64
		Rate  float64
	}
	a, b := key{1, 2, 0}, key{1, 2, math.Copysign(0, -1)}
	for i := uintptr(1); i < unsafe.Offsetof(b.Long); i++ {
		*(*uint8)(unsafe.Add(unsafe.Pointer(&b), i)) = 0xff
	}
	require.True(t, a == b)
	require.Equal(t, Hash(a), Hash(b))
	require.NotEqual(t, Hash(a), Hash(key{1, 3, 0}))
	require.NotEqual(t, Hash(a), Hash(key{2, 2, 0}))
	require.NotEqual(t, Hash(a), Hash(key{1, 2, 1}))
	require.Equal(t, Hash([2]float32{0, 1}), Hash([2]float32{float32(math.Copysign(0, -1)), 1}))

	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "s")
		require.Equal(t, HashString(s), HashString(string([]byte(s))))
		require.NotEqual(t, HashString(s), HashString(s+"\x00"))
	})
}

// Keys as programs have them, numbered, come to all readers alike: none of 16
// gets a quarter more or less than its share.
func TestHashesSpreadNumberedKeys(t *testing.T) {
	const keys, readers = 16_000, 16
	for name, hash := range map[string]func(int) uint64{
		"int":    func(i int) uint64 { return Hash(i) },
		"tens":   func(i int) uint64 { return Hash(int32(i * 1000)) },
		"string": func(i int) uint64 { return HashString(fmt.Sprintf("user-%d", i)) },
		"float":  func(i int) uint64 { return Hash(float64(i)) },
	} {
		var low, high [readers]int
		for i := range keys {
			low[hash(i)%readers]++
			high[hash(i)>>60]++
		}
		for r := range readers {
			require.InDelta(t, keys/readers, low[r], keys/readers/4, name)
			require.InDelta(t, keys/readers, high[r], keys/readers/4, name)
		}
	}
}

func TestEnumNames(t *testing.T) {
	const names = "debug info warn"
	require.Equal(t, "debug", EnumName(color(0), names))
	require.Equal(t, "warn", EnumName(color(2), names))
	require.Equal(t, "?", EnumName(color(3), names))
	require.Equal(t, "?", EnumName(color(255), names))
}
