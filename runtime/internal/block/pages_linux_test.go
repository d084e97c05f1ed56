//go:build !explore

package block

import (
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/mpgen/mpgen/runtime/internal/bell"
)

// The words of a ring take memory when it lends blocks, and not before: a read takes a
// page of a memory file, too.
func TestRingsThatLendNothingTakeNoMemory(t *testing.T) {
	g := Geometry{Memory: 1 << 20, Count: 256, Messages: make([]int, 70), Slots: 3}
	for ring := range g.Messages {
		g.Messages[ring] = 1 << 9 // a page of each entry
	}
	fd, err := unix.MemfdCreate("pages", unix.MFD_CLOEXEC)
	require.NoError(t, err)
	t.Cleanup(func() { unix.Close(fd) })
	require.NoError(t, unix.Ftruncate(fd, int64(Size(g))))
	memory, err := unix.Mmap(fd, 0, Size(g), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	require.NoError(t, err)
	t.Cleanup(func() { _ = unix.Munmap(memory) })
	taken := func() int {
		var s unix.Stat_t
		require.NoError(t, unix.Fstat(fd, &s))
		return int(s.Blocks) * 512
	}
	table := Open(unsafe.Pointer(&memory[0]), g, 1, make([]bell.Word, g.Slots), false)
	ofRing := g.Count * g.Messages[0] * 8
	use := func(lend ...int) {
		var made []Block
		for range g.Count {
			b, ok := table.New(grain)
			require.True(t, ok)
			made = append(made, b)
		}
		for _, b := range made {
			for _, ring := range lend {
				require.Equal(t, Lent, table.Lend(b, ring, 77))
			}
			table.Drop(b)
		}
		table.Sweep(2)
		for ring := range g.Messages {
			table.ReturnAll(ring, 77)
			require.Empty(t, table.Holding(ring, 77))
		}
		blocks, _ := table.Taken()
		require.Zero(t, blocks)
	}
	use()
	require.Less(t, taken(), 8*ofRing)
	use(3)
	require.Less(t, taken(), 10*ofRing) // also with huge pages
	use(3, 4)
	require.Less(t, taken(), 12*ofRing)
}
