package layout

import "slices"

// route gives the layers their columns, and each edge its points: two for each
// vertex on its way, where it enters and leaves the column, one for each of its
// boxes, at the side.
func (s *sketch) route() Layout {
	x, width := make([]int, len(s.layers)), make([]int, len(s.layers))
	top, bottom := s.vertices[0].y, s.vertices[0].y
	for i, layer := range s.layers {
		for _, v := range layer {
			width[i] = max(width[i], s.vertices[v].w)
			top = min(top, s.vertices[v].y-(s.vertices[v].h+1)/2)
			bottom = max(bottom, s.vertices[v].y+(s.vertices[v].h+1)/2)
		}
		if i > 0 {
			x[i] = x[i-1] + width[i-1] + s.gap(i-1)
		}
	}
	last := len(x) - 1
	l := Layout{W: x[last] + width[last], H: bottom - top}
	for i := range s.Boxes {
		v := s.vertices[i]
		l.Boxes = append(l.Boxes, Rect{x[v.layer], v.y - v.h/2 - top, width[v.layer], v.h})
	}
	for i, chain := range s.chains {
		var points []Point
		for j, v := range chain[1:] {
			u := chain[j]
			pu, pv := s.offsets(i, j)
			left, right := s.vertices[u].layer, s.vertices[v].layer
			points = append(points, Point{x[left] + width[left], s.vertices[u].y + pu - top}, Point{x[right], s.vertices[v].y + pv - top})
		}
		if s.flipped[i] {
			slices.Reverse(points)
		}
		l.Routes = append(l.Routes, points)
	}
	return l
}

// gap is the distance between a layer and the next: the steeper an edge would be, the more.
func (s *sketch) gap(layer int) int {
	climb := 0
	for i, chain := range s.chains {
		for j, u := range chain[:len(chain)-1] {
			if s.vertices[u].layer == layer {
				pu, pv := s.offsets(i, j)
				d := s.vertices[u].y + pu - s.vertices[chain[j+1]].y - pv
				climb = max(climb, d, -d)
			}
		}
	}
	return min(maxGap, max(minGap, minGap*3/4+climb/5))
}
