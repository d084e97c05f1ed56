package mp

import (
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

func TestLayoutsOfLargeArraysAreShort(t *testing.T) {
	type pair struct {
		A, B bool
		N    int16
	}
	l := layoutOf[[1 << 16]bool]()
	require.Equal(t, []boolRun{{0, 1, 1 << 16}}, l.bools)
	require.Equal(t, []keyField{{0, 1 << 16, false}}, l.fields)
	require.Equal(t, []boolRun{{0, 1, 600}}, layoutOf[[100][2][3]bool]().bools)
	require.Nil(t, layoutOf[[0]pair]().bools)
	require.Len(t, layoutOf[[1 << 16]int64]().fields, 1)
	require.Nil(t, layoutOf[[1 << 16]int64]().bools)
}

func TestEveryBoolOfATypeIsLookedAt(t *testing.T) {
	type pair struct {
		A, B bool
		N    int16
	}
	type all struct {
		One   bool
		N     int64
		Pairs [3]pair
		Deep  [2][2]struct {
			N int32
			B [2]bool
		}
		Last bool
	}
	var v all
	bools := map[*bool]bool{&v.One: true, &v.Last: true}
	for i := range v.Pairs {
		bools[&v.Pairs[i].A], bools[&v.Pairs[i].B] = true, true
	}
	for i := range v.Deep {
		for j := range v.Deep[i] {
			bools[&v.Deep[i][j].B[0]], bools[&v.Deep[i][j].B[1]] = true, true
		}
	}
	for i := range unsafe.Sizeof(v) {
		p := (*bool)(unsafe.Add(unsafe.Pointer(&v), i))
		*(*uint8)(unsafe.Pointer(p)) = 2
		require.Equal(t, !bools[p], sound(&v), "byte %d", i)
		*(*uint8)(unsafe.Pointer(p)) = 0
	}
}
