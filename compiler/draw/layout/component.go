package layout

import "math"

// component is a part of a graph that no edge connects to the rest.
type component struct {
	graph Graph
	boxes []int // their indexes in the whole
	edges []int
}

// components takes a graph apart, in the order of the first box of each.
func components(g Graph) []component {
	of := make([]int, len(g.Boxes))
	for i := range of {
		of[i] = i
	}
	var root func(int) int
	root = func(i int) int {
		if of[i] != i {
			of[i] = root(of[i])
		}
		return of[i]
	}
	for _, e := range g.Edges {
		a, b := root(e.From), root(e.To)
		of[max(a, b)] = min(a, b)
	}
	var parts []component
	index, inPart := make([]int, len(g.Boxes)), make([]int, len(g.Boxes))
	for i := range g.Boxes {
		r := root(i)
		if r == i {
			index[r] = len(parts)
			parts = append(parts, component{})
		}
		p := &parts[index[r]]
		inPart[i] = len(p.boxes)
		p.boxes = append(p.boxes, i)
		p.graph.Boxes = append(p.graph.Boxes, g.Boxes[i])
	}
	for i, e := range g.Edges {
		p := &parts[index[root(e.From)]]
		e.From, e.To = inPart[e.From], inPart[e.To]
		p.graph.Edges = append(p.graph.Edges, e)
		p.edges = append(p.edges, i)
	}
	return parts
}

// pack puts the parts on shelves, in their order, in a rectangle that is wider than
// high. Parts of very different heights don't share a shelf.
func pack(g Graph, parts []component, laid []Layout) Layout {
	whole := Layout{Boxes: make([]Rect, len(g.Boxes)), Routes: make([][]Point, len(g.Edges))}
	area, width := 0, 0
	for _, l := range laid {
		area += (l.W + partGap) * (l.H + partGap)
		width = max(width, l.W)
	}
	width = max(width, int(math.Sqrt(1.8*float64(area))))
	x, y, high := 0, 0, 0
	for i, l := range laid {
		if x > 0 && (x+l.W > width || l.H > 3*high || high > 3*l.H) {
			x, y, high = 0, y+high+partGap, 0
		}
		for j, r := range l.Boxes {
			r.X, r.Y = r.X+x, r.Y+y
			whole.Boxes[parts[i].boxes[j]] = r
		}
		for j, route := range l.Routes {
			for k := range route {
				route[k].X, route[k].Y = route[k].X+x, route[k].Y+y
			}
			whole.Routes[parts[i].edges[j]] = route
		}
		whole.W, whole.H = max(whole.W, x+l.W), max(whole.H, y+l.H)
		x, high = x+l.W+partGap, max(high, l.H)
	}
	return whole
}
