package mp

import (
	"math"
	"sync"
	"sync/atomic"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

type celsius float32

func testNumber[T Numeric](t *testing.T, name string, least, most T) {
	t.Run(name, func(t *testing.T) {
		var shared [3]uint64
		shared[0], shared[2] = math.MaxUint64, math.MaxUint64
		n := numberAt[T](unsafe.Pointer(&shared[1]))

		require.Zero(t, n.Load())
		require.Equal(t, T(3), n.Add(3))
		require.Equal(t, T(5), n.Add(2))
		require.False(t, n.CompareAndSwap(4, 1))
		require.Equal(t, T(5), n.Load())
		require.True(t, n.CompareAndSwap(5, most))
		require.Equal(t, most, n.Load())
		n.Store(least)
		require.Equal(t, least, numberAt[T](unsafe.Pointer(&shared[1])).Load(), "all handles see one word")
		require.True(t, n.CompareAndSwap(least, 0))
		require.Equal(t, []uint64{math.MaxUint64, math.MaxUint64}, []uint64{shared[0], shared[2]}, "the words beside it")

		var group sync.WaitGroup
		for range 4 {
			group.Go(func() {
				for range 1000 {
					n.Add(1)
				}
			})
		}
		group.Wait()
		require.Equal(t, T(4000), n.Load())
	})
}

func TestNumbers(t *testing.T) {
	testNumber[int](t, "int", math.MinInt64, math.MaxInt64)
	testNumber[int32](t, "int32", math.MinInt32, math.MaxInt32)
	testNumber[int64](t, "int64", math.MinInt64, math.MaxInt64)
	testNumber[uint](t, "uint", 1, math.MaxUint64)
	testNumber[uint32](t, "uint32", 1, math.MaxUint32)
	testNumber[uint64](t, "uint64", 1, math.MaxUint64)
	testNumber[float32](t, "float32", -math.MaxFloat32, math.MaxFloat32)
	testNumber[float64](t, "float64", -math.MaxFloat64, math.SmallestNonzeroFloat64)
	testNumber[celsius](t, "celsius", -273.15, 1e6)
}

func TestNumbersOfIntegersWrapAround(t *testing.T) {
	var small Number[int32]
	small.Store(math.MaxInt32)
	require.Equal(t, int32(math.MinInt32), small.Add(1))
	require.Equal(t, int32(math.MaxInt32), small.Add(-1))

	var count Number[uint64]
	require.Equal(t, uint64(math.MaxUint64), count.Add(math.MaxUint64))
	require.Zero(t, count.Add(1))
}

func TestSwapOfFloats(t *testing.T) {
	var n Number[float64]
	negative := math.Copysign(0, -1)
	require.True(t, n.CompareAndSwap(negative, 1), "0 is -0")
	n.Store(negative)
	require.True(t, n.CompareAndSwap(0, math.NaN()), "-0 is 0")
	require.True(t, math.IsNaN(n.Add(1)))
	require.True(t, n.CompareAndSwap(n.Load(), 2), "a loop over Load and CompareAndSwap ends")
	require.False(t, n.CompareAndSwap(0, 3))
	require.Equal(t, 2.0, n.Load())
}

func BenchmarkAtomicAdd(b *testing.B) {
	var n atomic.Int64
	for b.Loop() {
		n.Add(1)
	}
}

func BenchmarkNumberAdd(b *testing.B) {
	var n Number[int64]
	for b.Loop() {
		n.Add(1)
	}
}

func BenchmarkNumberAddFloat(b *testing.B) {
	var n Number[float64]
	for b.Loop() {
		n.Add(1)
	}
}
