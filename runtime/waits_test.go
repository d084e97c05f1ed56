package mp

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestKnotIsThoseWhoWaitOnlyForEachOther(t *testing.T) {
	on := func(slots ...int) want { return want{what: "a thing", from: slots, how: "held"} }
	all := func(slots ...int) want { w := on(slots...); w.all = true; return w }
	work := want{what: "a task", idle: true}
	for name, c := range map[string]struct {
		waits map[int][]want
		knot  []int
	}{
		"two":                       {map[int][]want{1: {on(2)}, 2: {on(1)}}, []int{1, 2}},
		"one for itself":            {map[int][]want{1: {on(1)}}, []int{1}},
		"one behind two":            {map[int][]want{1: {on(2)}, 2: {on(1)}, 3: {on(1)}}, []int{1, 2, 3}},
		"a chain to one who works":  {map[int][]want{1: {on(2)}, 2: {on(3)}, 3: nil}, nil},
		"a chain to the unknown":    {map[int][]want{1: {on(2)}, 2: {on(3)}}, nil},
		"either of two, one works":  {map[int][]want{1: {on(2, 3)}, 2: {on(1)}, 3: nil}, nil},
		"either of two, both wait":  {map[int][]want{1: {on(2, 3)}, 2: {on(1)}, 3: {on(1)}}, []int{1, 2, 3}},
		"both of two, one works":    {map[int][]want{1: {all(2, 3)}, 2: {on(1)}, 3: nil}, []int{1, 2}},
		"a goroutine that gets on":  {map[int][]want{1: {on(2)}, 2: {on(1), on(3)}, 3: nil}, nil},
		"idle workers":              {map[int][]want{1: {work}, 2: {on(1)}}, nil},
		"a worker's other wait":     {map[int][]want{1: {work, on(2)}, 2: {on(1)}}, []int{1, 2}},
		"nobody in particular":      {map[int][]want{1: {on()}, 2: {on(1)}}, nil},
		"nobody waits for anything": {map[int][]want{1: nil, 2: nil}, nil},
	} {
		require.Equal(t, c.knot, knot(c.waits), name)
	}
}

// The knot is the largest set of processes that wait, in which no wait can end
// by one outside; here found by trying all sets.
func TestKnotIsTheLargest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 5).Draw(t, "processes")
		waits := map[int][]want{}
		for slot := range n {
			waits[slot] = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) want {
				return want{from: rapid.SliceOfN(rapid.IntRange(0, n), 0, 3).Draw(t, "from"),
					all: rapid.Bool().Draw(t, "all"), idle: rapid.IntRange(0, 4).Draw(t, "idle") == 0}
			}), 0, 2).Draw(t, "waits")
		}
		closed := func(set int) bool {
			for slot, all := range waits {
				if set&(1<<slot) == 0 {
					continue
				}
				if len(all) == 0 || idle(all) {
					return false
				}
				for _, w := range all {
					inside := 0
					for _, from := range w.from {
						inside += set >> from & 1
					}
					if !w.idle && (inside == 0 || !w.all && inside < len(w.from)) {
						return false
					}
				}
			}
			return true
		}
		largest := 0
		for set := range 1 << n {
			if closed(set) {
				largest |= set // the union of two such sets is one
			}
		}
		var want []int
		for slot := range n {
			if largest&(1<<slot) != 0 {
				want = append(want, slot)
			}
		}
		require.Equal(t, want, knot(waits))
	})
}

func TestWaitsCrossAndAreChecked(t *testing.T) {
	encode := func(waits []want) *Decoder {
		var e Encoder
		e.reset(nil, 1<<12)
		putWaits(&e, waits)
		var d Decoder
		d.reset(e.bytes())
		return &d
	}
	waits := []want{
		{what: "an item of queue x", from: []int{0, 3}, how: "filled", sent: 2, call: 9, since: 5, count: 7},
		{what: "the end", from: []int{1}, how: "held up", all: true, count: 1},
		{what: "a task", idle: true, count: 1},
	}
	d := encode(waits)
	got := getWaits(d, 4, 2)
	require.NoError(t, d.Err())
	for i := range got {
		if len(got[i].from) == 0 {
			got[i].from = nil
		}
	}
	require.Equal(t, waits, got)
	for _, bad := range []want{{from: []int{4}}, {from: []int{-1}}, {sent: 3}, {sent: -1}} {
		d := encode([]want{bad})
		getWaits(d, 4, 2)
		require.ErrorIs(t, d.Err(), ErrCorruptPeer)
	}
}
