//go:build !explore

package block

import (
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/mpgen/mpgen/runtime/internal/bell"
)

func open(g Geometry, slot int, poison bool) (*Table, unsafe.Pointer) {
	all := make([]uint64, (Size(g)+page)/8)
	p := unsafe.Pointer(&all[0])
	p = unsafe.Add(p, -int(uintptr(p))&(page-1))
	return Open(p, g, slot, make([]bell.Word, g.Slots), poison), p
}

// Blocks are made, held by processes and messages, and dropped, in any order: none
// overlaps another, each stays while somebody holds it, and goes when nobody does.
func TestBlocksStayWhileTheyAreHeld(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rings := rapid.SampledFrom([][]int{{0, 1}, {0, 1, 65}}).Draw(t, "rings")
		messages := make([]int, rings[len(rings)-1]+1)
		for k, ring := range rings {
			messages[ring] = []int{3, 1, 2}[k]
		}
		g := Geometry{Memory: 1 << 14, Count: 8, Messages: messages, Slots: rapid.SampledFrom([]int{3, 70}).Draw(t, "slots")}
		first, p := open(g, 0, false)
		tables := []*Table{first}
		for i := 1; i < g.Slots; i++ {
			tables = append(tables, Open(p, g, i, make([]bell.Word, g.Slots), false))
		}
		type holds struct {
			processes map[int]bool
			messages  map[uint64]int // the ring of each
		}
		there := map[Block]*holds{}
		next := uint64(1)
		var gone []Block
		any := func() (Block, *holds) {
			for b, h := range there {
				if len(there) == 1 || rapid.Bool().Draw(t, "this one") {
					return b, h
				}
			}
			t.Skip("none")
			return Block{}, nil
		}
		dropped := func(b Block) {
			if h := there[b]; len(h.processes)+len(h.messages) == 0 {
				delete(there, b)
				gone = append(gone, b)
			}
		}
		slot := rapid.IntRange(0, g.Slots-1)
		t.Repeat(map[string]func(*rapid.T){
			"new": func(t *rapid.T) {
				p, size := slot.Draw(t, "p"), rapid.IntRange(0, g.Memory).Draw(t, "size")
				b, ok := tables[p].New(size)
				require.Equal(t, ok, ok && tables[p].g.Memory >= b.At+b.Size)
				if !ok {
					require.NotEmpty(t, there)
					return
				}
				there[b] = &holds{map[int]bool{p: true}, map[uint64]int{}}
			},
			"keep": func(t *rapid.T) {
				b, h := any()
				p := slot.Draw(t, "p")
				require.True(t, tables[p].Keep(b))
				h.processes[p] = true
			},
			"drop": func(t *rapid.T) {
				b, h := any()
				for p := range h.processes {
					tables[p].Drop(b)
					delete(h.processes, p)
					break
				}
				dropped(b)
			},
			"lend": func(t *rapid.T) {
				b, h := any()
				ring, of := rapid.SampledFrom(rings).Draw(t, "ring"), 0
				for _, r := range h.messages {
					if r == ring {
						of++
					}
				}
				want := Lent
				if of == g.Messages[ring] {
					want = Full
				}
				require.Equal(t, want == Lent, tables[1].CanLend(b, ring))
				require.Equal(t, want, tables[1].Lend(b, ring, next))
				if want == Lent {
					h.messages[next] = ring
					require.Equal(t, []Block{b}, tables[2].Holding(ring, next))
				}
				next++
			},
			"return": func(t *rapid.T) {
				b, h := any()
				for m, ring := range h.messages {
					tables[2].Return(b.Entry, (ring+1)%2, m) // holds nothing
					tables[2].Return(b.Entry, ring, m)
					delete(h.messages, m)
					break
				}
				dropped(b)
			},
			"stale": func(t *rapid.T) {
				if len(gone) == 0 {
					t.Skip("none")
				}
				b := rapid.SampledFrom(gone).Draw(t, "gone")
				if there[b] != nil {
					return
				}
				_, found := tables[1].Find(b.Entry, b.Generation)
				require.False(t, found)
				require.Equal(t, Gone, tables[1].Lend(b, 0, next))
			},
			"sweep": func(t *rapid.T) {
				p := slot.Draw(t, "p")
				tables[0].Sweep(p)
				for b, h := range there {
					delete(h.processes, p)
					dropped(b)
				}
			},
			"": func(t *rapid.T) {
				blocks, _ := first.Taken()
				require.Len(t, there, blocks)
				for b := range there {
					for o := range there {
						require.True(t, b == o || b.At+b.Size <= o.At || o.At+o.Size <= b.At, "%v and %v overlap", b, o)
					}
					found, ok := first.Find(b.Entry, b.Generation)
					require.True(t, ok)
					require.Equal(t, b, found)
				}
			},
		})
	})
}

func TestPoisonOverwritesWhatIsFreed(t *testing.T) {
	table, _ := open(Geometry{Memory: 4096, Count: 2, Messages: []int{1}, Slots: 2}, 1, true)
	b, ok := table.New(100)
	require.True(t, ok)
	data := table.Bytes(b)
	require.Len(t, data, 100)
	require.Equal(t, 100, cap(data))
	copy(data, "still here")
	table.Drop(b)
	for _, c := range data {
		require.Equal(t, byte(Poison), c)
	}
	_, ok = table.New(4096)
	require.True(t, ok)
}

// What a process gone mad has written into the table makes no block that lies outside
// of the arena.
func TestNonsenseInTheTableStaysWithinTheArena(t *testing.T) {
	table, _ := open(Geometry{Memory: 4096, Count: 2, Messages: []int{1}, Slots: 2}, 1, true)
	b, ok := table.New(100)
	require.True(t, ok)
	table.extents[2*b.Entry].Store(^uint64(0))
	_, found := table.Find(b.Entry, b.Generation)
	require.False(t, found)
	table.Drop(b) // wipes nothing
	table.used.Store(^uint64(0))
	table.states[1].Store(3)
	x, ok := table.New(4096 - grain)
	require.True(t, ok)
	require.Len(t, table.Bytes(x), 4096-grain)
	_, found = table.Find(-1, 0)
	require.False(t, found)
	table.Return(1<<20, 0, 5)
}
