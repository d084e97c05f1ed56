package layout

import (
	"cmp"
	"slices"
)

// The layers are put in order so often, from left to right and back; graphs with
// very many vertices less often, so that they don't take long.
const (
	sweeps    = 24
	fewSweeps = 4
	patience  = 200_000 // vertices put in order
)

// order finds the order in each layer. It starts from walks through the graph,
// which cross little, sorts each layer by the medians of the neighbours in the
// layer before, exchanges neighbours where that helps, and keeps the best
// (Gansner et al., section 3; Eades and Wormald, "Edge crossings in drawings of
// bipartite graphs", 1994).
func (s *sketch) order() {
	var best [][]int
	fewest := 0
	rounds := min(sweeps, max(fewSweeps, patience/len(s.vertices)))
	for _, fromRight := range []bool{false, true} {
		s.start(fromRight)
		for i := range rounds + 1 {
			if i > 0 {
				s.sweep(i%2 == 1)
				s.transpose()
			}
			if n := s.crossings(); best == nil || n < fewest {
				best, fewest = clone(s.layers), n
			}
			if fewest == 0 {
				break
			}
		}
	}
	s.layers = best
	for _, layer := range s.layers {
		s.index(layer)
	}
}

func clone(layers [][]int) (c [][]int) {
	for _, l := range layers {
		c = append(c, slices.Clone(l))
	}
	return c
}

// index tells the vertices of a layer their positions.
func (s *sketch) index(layer []int) {
	for i, v := range layer {
		s.vertices[v].pos = i
	}
}

// start orders the layers as a walk meets their vertices.
func (s *sketch) start(fromRight bool) {
	for i := range s.layers {
		s.layers[i] = s.layers[i][:0]
	}
	seen := make([]bool, len(s.vertices))
	var walk func(v int)
	walk = func(v int) {
		if seen[v] {
			return
		}
		seen[v] = true
		l := s.vertices[v].layer
		s.layers[l] = append(s.layers[l], v)
		next, back := s.vertices[v].right, s.vertices[v].left
		if fromRight {
			next, back = back, next
		}
		for _, a := range next {
			walk(a.to)
		}
		for _, a := range back {
			walk(a.to)
		}
	}
	for v := range s.Boxes {
		if beside := s.vertices[v].left; fromRight && len(s.vertices[v].right) == 0 || !fromRight && len(beside) == 0 {
			walk(v)
		}
	}
	for _, layer := range s.layers {
		s.index(layer)
	}
}

// sweep sorts each layer by the medians of the one before.
func (s *sketch) sweep(toRight bool) {
	for i := range s.layers {
		layer := s.layers[i]
		if !toRight {
			layer = s.layers[len(s.layers)-1-i]
		}
		median := make(map[int]float64, len(layer))
		for _, v := range layer {
			beside := s.vertices[v].left
			if !toRight {
				beside = s.vertices[v].right
			}
			median[v] = s.median(beside)
		}
		// Vertices without neighbours stay where they are, the others are sorted around them.
		var moving, places []int
		for j, v := range layer {
			if median[v] >= 0 {
				moving, places = append(moving, v), append(places, j)
			}
		}
		slices.SortStableFunc(moving, func(a, b int) int { return cmp.Compare(median[a], median[b]) })
		for j, p := range places {
			layer[p] = moving[j]
		}
		s.index(layer)
	}
}

// median is the middle of the positions of neighbours, or -1; between two in the
// middle it lies nearer to where the others are close together.
func (s *sketch) median(beside []arc) float64 {
	if len(beside) == 0 {
		return -1
	}
	p := s.positions(beside)
	m := len(p) / 2
	switch {
	case len(p)%2 == 1:
		return float64(p[m])
	case len(p) == 2:
		return float64(p[0]+p[1]) / 2
	}
	left, right := float64(p[m-1]-p[0]), float64(p[len(p)-1]-p[m])
	if left+right == 0 {
		return float64(p[m-1]+p[m]) / 2
	}
	return (float64(p[m-1])*right + float64(p[m])*left) / (left + right)
}

func (s *sketch) positions(beside []arc) []int {
	var p []int
	for _, a := range beside {
		p = append(p, s.vertices[a.to].pos)
	}
	slices.Sort(p)
	return p
}

// transpose exchanges vertices side by side as long as that takes crossings away.
func (s *sketch) transpose() {
	for better, round := true, 0; better && round < 10; round++ {
		better = false
		for _, layer := range s.layers {
			for i := range len(layer) - 1 {
				v, w := &s.vertices[layer[i]], &s.vertices[layer[i+1]]
				if s.between(v, w) > s.between(w, v) {
					layer[i], layer[i+1] = layer[i+1], layer[i]
					v.pos, w.pos = w.pos, v.pos
					better = true
				}
			}
		}
	}
}

// between counts the crossings of the edges of v with those of w, if v stands above w.
func (s *sketch) between(v, w *vertex) (n int) {
	for _, side := range [][2][]arc{{v.left, w.left}, {v.right, w.right}} {
		for _, a := range side[0] {
			for _, b := range side[1] {
				if s.vertices[a.to].pos > s.vertices[b.to].pos {
					n++
				}
			}
		}
	}
	return n
}

// crossings counts those of the whole, for each layer the pairs of edges to the next
// that are in opposite order at their ends (Barth, Jünger and Mutzel, "Simple and
// efficient bilayer cross counting", 2002).
func (s *sketch) crossings() (n int) {
	for i, layer := range s.layers[:len(s.layers)-1] {
		sums := make([]int, len(s.layers[i+1])+1) // a Fenwick tree
		total := 0
		for _, v := range layer {
			ends := s.positions(s.vertices[v].right)
			for _, p := range ends {
				n += total
				for q := p + 1; q > 0; q -= q & -q {
					n -= sums[q]
				}
			}
			for _, p := range ends {
				total++
				for q := p + 1; q < len(sums); q += q & -q {
					sums[q]++
				}
			}
		}
	}
	return n
}
