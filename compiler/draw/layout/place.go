package layout

// How much straightness matters, of pieces of edges between two boxes, a box and a
// dummy, and two dummies. Other than with Gansner et al., section 4, short edges
// come before the ends of long ones, which bend somewhere anyway.
var straight = [3]int{4, 1, 8}

// place finds the heights of all vertices: the order in each layer and the distances
// hold, and edges climb as little as possible. For each piece of an edge there is
// one more variable, above both of its ends; its distances to them cost the same,
// so together they cost what the ends differ.
func (s *sketch) place() {
	level, n := s.level()
	apart := map[[2]int]bool{} // two lines side by side are so in many layers
	var spans []span
	for _, layer := range s.layers {
		for i, v := range layer[1:] {
			u := layer[i]
			gap := boxGap
			if s.dummy(u) || s.dummy(v) {
				gap = edgeGap
			}
			gap += (s.vertices[u].h+1)/2 + (s.vertices[v].h+1)/2
			if pair := [2]int{level[u], level[v]}; !apart[pair] {
				apart[pair] = true
				spans = append(spans, span{level[u], level[v], gap, 0})
			}
		}
	}
	for i, e := range s.Edges {
		chain := s.chains[i]
		for j, v := range chain[1:] {
			u := chain[j]
			if level[u] == level[v] {
				continue
			}
			pu, pv := s.offsets(i, j)
			cost := e.Weight
			switch {
			case s.dummy(u) && s.dummy(v):
				cost *= straight[2]
			case s.dummy(u) || s.dummy(v):
				cost *= straight[1]
			default:
				cost *= straight[0]
			}
			spans = append(spans, span{n, level[u], -pu, cost}, span{n, level[v], -pv, cost})
			n++
		}
	}
	y := simplex(n, spans)
	for v := range s.vertices {
		s.vertices[v].y = y[level[v]]
	}
}

// level gives vertices that shall have the same height one variable: the dummies of
// an edge, from one crossing with another edge between two dummies to the next. Lines
// that run on level and don't cross are never each above the other, so the distances
// stay without cycles (Brandes and Köpf, "Fast and simple horizontal coordinate
// assignment", 2001). It returns the variable of each vertex, and how many there are.
func (s *sketch) level() (of []int, n int) {
	of = make([]int, len(s.vertices))
	for v := range of {
		of[v] = -1
	}
	for v := range s.Boxes {
		of[v] = v
	}
	n = len(s.Boxes)
	for _, layer := range s.layers {
		taken := -1 // the lowest position in the next layer of a line that runs on level
		for _, u := range layer {
			if !s.dummy(u) {
				continue
			}
			if of[u] < 0 {
				of[u] = n
				n++
			}
			v := s.vertices[u].right[0].to
			if s.dummy(v) && s.vertices[v].pos > taken {
				of[v] = of[u]
				taken = s.vertices[v].pos
			}
		}
	}
	return of, n
}

// offsets says how far below the middles of its ends piece j of edge i begins and ends.
func (s *sketch) offsets(i, j int) (from, to int) {
	if j == 0 {
		from = s.ports[i][0]
	}
	if j == len(s.chains[i])-2 {
		to = s.ports[i][1]
	}
	return from, to
}
