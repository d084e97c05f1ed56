package layout

import (
	"cmp"
	"slices"
)

// bundle is the edges that meet a side of a box at one point.
type bundle struct {
	edges  []int
	weight int
	mean   float64 // of the positions of those at the other ends
}

// port decides where edges meet boxes: those of the heaviest bundle of a side at its
// middle, so that what matters runs straight, the others above or below it, as the
// boxes at their other ends lie. A box grows if it must.
func (s *sketch) port() {
	s.ports = make([][2]int, len(s.Edges))
	for v := range s.Boxes {
		for side, arcs := range [][]arc{s.vertices[v].right, s.vertices[v].left} {
			bundles := s.bundles(arcs)
			main := 0
			for i, b := range bundles {
				if b.weight > bundles[main].weight {
					main = i
				}
			}
			for i, b := range bundles {
				offset := (i - main) * portGap
				for _, e := range b.edges {
					s.ports[e][side] = offset
				}
				s.vertices[v].h = max(s.vertices[v].h, 2*(max(offset, -offset)+portEdge))
			}
		}
	}
}

// bundles are the groups of edges of a side, and apart those of them that are turned
// round, from top to bottom.
func (s *sketch) bundles(arcs []arc) []bundle {
	type key struct {
		group   int
		flipped bool
	}
	index := map[key]int{}
	var list []bundle
	for _, a := range arcs {
		k := key{s.Edges[a.edge].Group, s.flipped[a.edge]}
		i, ok := index[k]
		if !ok {
			i = len(list)
			index[k] = i
			list = append(list, bundle{})
		}
		b := &list[i]
		b.mean = (b.mean*float64(len(b.edges)) + float64(s.vertices[a.to].pos)) / float64(len(b.edges)+1)
		b.edges = append(b.edges, a.edge)
		b.weight += s.Edges[a.edge].Weight
	}
	slices.SortStableFunc(list, func(a, b bundle) int { return cmp.Compare(a.mean, b.mean) })
	return list
}
