package layout

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// graphs are of all forms: with cycles, several edges between two boxes, and parts that are not connected.
func graphs(t *rapid.T, most int) Graph {
	g := Graph{Boxes: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Size {
		return Size{rapid.IntRange(1, 200).Draw(t, "width"), rapid.IntRange(1, 90).Draw(t, "height")}
	}), 1, most).Draw(t, "boxes")}
	for range rapid.IntRange(0, 2*len(g.Boxes)).Draw(t, "edges") {
		from := rapid.IntRange(0, len(g.Boxes)-1).Draw(t, "from")
		to := rapid.IntRange(0, len(g.Boxes)-1).Draw(t, "to")
		if from != to {
			g.Edges = append(g.Edges, Edge{from, to, rapid.IntRange(1, 9).Draw(t, "weight"), rapid.IntRange(0, 3).Draw(t, "group")})
		}
	}
	return g
}

// TestRoutesRunLevelThroughColumns is the law that routes stand on: each piece is level, or lies in a gap, where no box is.
func TestRoutesRunLevelThroughColumns(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := graphs(t, 14)
		l := Of(g)
		require.Equal(t, l, Of(g), "the same graph gives the same numbers")
		for i, r := range l.Boxes {
			require.True(t, r.X >= 0 && r.Y >= 0 && r.X+r.W <= l.W && r.Y+r.H <= l.H)
			require.True(t, r.W >= g.Boxes[i].W && r.H >= g.Boxes[i].H)
			for _, o := range l.Boxes[:i] {
				require.True(t, r.X+r.W+minGap <= o.X || o.X+o.W+minGap <= r.X || r.Y+r.H+boxGap <= o.Y || o.Y+o.H+boxGap <= r.Y ||
					r.X+r.W+partGap <= o.X || o.X+o.W+partGap <= r.X)
			}
		}
		for i, e := range g.Edges {
			route := l.Routes[i]
			touches(t, l.Boxes[e.From], route[0])
			touches(t, l.Boxes[e.To], route[len(route)-1])
			for j, b := range route[1:] {
				a := route[j]
				for k, r := range l.Boxes {
					// The rectangle around a piece holds the curve.
					apart := max(a.X, b.X) <= r.X || min(a.X, b.X) >= r.X+r.W || max(a.Y, b.Y) < r.Y || min(a.Y, b.Y) > r.Y+r.H
					require.True(t, apart, "edge %d runs through box %d", i, k)
				}
			}
		}
	})
}

func touches(t require.TestingT, r Rect, p Point) {
	require.True(t, p.X == r.X || p.X == r.X+r.W)
	require.True(t, p.Y >= r.Y+portEdge/2 && p.Y <= r.Y+r.H-portEdge/2 || p.Y == r.Y+r.H/2, "%v %v", r, p)
}

// TestSimplexFindsTheLeastCost tries all solutions of small problems.
func TestSimplexFindsTheLeastCost(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 5).Draw(t, "variables")
		var spans []span
		add := func(from, to int) {
			if from != to {
				spans = append(spans, span{min(from, to), max(from, to), rapid.IntRange(-1, 2).Draw(t, "min"), rapid.IntRange(0, 4).Draw(t, "cost")})
			}
		}
		for v := 1; v < n; v++ {
			add(rapid.IntRange(0, v-1).Draw(t, "from"), v)
		}
		for range rapid.IntRange(0, 5).Draw(t, "more") {
			add(rapid.IntRange(0, n-1).Draw(t, "from"), rapid.IntRange(0, n-1).Draw(t, "to"))
		}
		cost := func(x []int) (sum int, holds bool) {
			for _, s := range spans {
				if d := x[s.to] - x[s.from] - s.min; d < 0 {
					return 0, false
				} else {
					sum += d * s.cost
				}
			}
			return sum, true
		}
		got, holds := cost(simplex(n, spans))
		require.True(t, holds)
		x, least := make([]int, n), -1
		var try func(v int)
		try = func(v int) {
			if v == n {
				if c, ok := cost(x); ok && (least < 0 || c < least) {
					least = c
				}
				return
			}
			for x[v] = 0; x[v] <= 9; x[v]++ {
				try(v + 1)
			}
		}
		try(0)
		require.Equal(t, least, got)
	})
}

func TestCrossingsAreThePairsThatCross(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := &sketch{Graph: graphs(t, 12)}
		for i := range s.Boxes[1:] { // one part
			s.Edges = append(s.Edges, Edge{From: i, To: i + 1, Weight: 1})
		}
		s.turn()
		s.assign()
		s.split()
		s.start(false)
		type piece struct{ layer, from, to int }
		var pieces []piece
		for _, v := range s.vertices {
			for _, a := range v.right {
				pieces = append(pieces, piece{v.layer, v.pos, s.vertices[a.to].pos})
			}
		}
		n := 0
		for _, a := range pieces {
			for _, b := range pieces {
				if a.layer == b.layer && a.from < b.from && a.to > b.to {
					n++
				}
			}
		}
		require.Equal(t, n, s.crossings())
		s.order()
		require.LessOrEqual(t, s.crossings(), n)
	})
}

// TestWhatCanRunStraightDoes is a chain with a branch: the chain is one line, and its boxes are in a row.
func TestWhatCanRunStraightDoes(t *testing.T) {
	box := Size{100, 46}
	l := Of(Graph{Boxes: []Size{box, box, box, box, box}, Edges: []Edge{{0, 1, 8, 0}, {1, 2, 8, 0}, {1, 3, 2, 1}, {2, 4, 8, 0}, {3, 4, 1, 2}}})
	for _, i := range []int{1, 2, 4} {
		require.Equal(t, l.Boxes[0].Y, l.Boxes[i].Y)
	}
	require.NotEqual(t, l.Boxes[0].Y, l.Boxes[3].Y)
	require.Equal(t, []int{0, 140, 281, 281, 422}, []int{l.Boxes[0].X, l.Boxes[1].X, l.Boxes[2].X, l.Boxes[3].X, l.Boxes[4].X}, fmt.Sprint(l))
}

func TestPartsLieSideBySideAndBelow(t *testing.T) {
	var g Graph
	for range 12 {
		g.Boxes = append(g.Boxes, Size{100, 40})
	}
	l := Of(g)
	require.Greater(t, l.W, l.H)
	require.Equal(t, l.Boxes[0].Y, l.Boxes[1].Y)
	require.Greater(t, l.Boxes[11].Y, l.Boxes[0].Y)
	require.Equal(t, Layout{Boxes: []Rect{}, Routes: [][]Point{}}, Of(Graph{}))
}
