package layout

// turn finds edges that close a cycle, and turns them round: those that lead back to
// a box on the way to it, in a walk from the boxes that nothing leads to.
func (s *sketch) turn() {
	s.flipped = make([]bool, len(s.Edges))
	out, in := make([][]int, len(s.Boxes)), make([]int, len(s.Boxes))
	for i, e := range s.Edges {
		out[e.From] = append(out[e.From], i)
		in[e.To]++
	}
	const fresh, open, done = 0, 1, 2
	state := make([]int, len(s.Boxes))
	var walk func(v int)
	walk = func(v int) {
		state[v] = open
		for _, i := range out[v] {
			switch to := s.Edges[i].To; state[to] {
			case fresh:
				walk(to)
			case open:
				s.flipped[i] = true
			}
		}
		state[v] = done
	}
	for _, sources := range []bool{true, false} {
		for v := range s.Boxes {
			if state[v] == fresh && (in[v] == 0 || !sources) {
				walk(v)
			}
		}
	}
}

// ends are the boxes of an edge, the left one first.
func (s *sketch) ends(i int) (left, right int) {
	e := s.Edges[i]
	if s.flipped[i] {
		return e.To, e.From
	}
	return e.From, e.To
}

// assign gives each box its layer, so that edges are short.
func (s *sketch) assign() {
	var spans []span
	for i, e := range s.Edges {
		left, right := s.ends(i)
		spans = append(spans, span{left, right, 1, e.Weight})
	}
	for i, layer := range simplex(len(s.Boxes), spans) {
		s.vertices = append(s.vertices, vertex{layer: layer, w: s.Boxes[i].W, h: s.Boxes[i].H})
	}
}

// split puts a dummy into each layer that an edge passes.
func (s *sketch) split() {
	s.chains = make([][]int, len(s.Edges))
	for i := range s.Edges {
		left, right := s.ends(i)
		chain := []int{left}
		for l := s.vertices[left].layer + 1; l < s.vertices[right].layer; l++ {
			chain = append(chain, len(s.vertices))
			s.vertices = append(s.vertices, vertex{layer: l})
		}
		chain = append(chain, right)
		for j, v := range chain[1:] {
			u := chain[j]
			s.vertices[u].right = append(s.vertices[u].right, arc{v, i})
			s.vertices[v].left = append(s.vertices[v].left, arc{u, i})
		}
		s.chains[i] = chain
	}
	for _, v := range s.vertices {
		for len(s.layers) <= v.layer {
			s.layers = append(s.layers, nil)
		}
	}
}
