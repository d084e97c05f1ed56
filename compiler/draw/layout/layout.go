// Package layout places boxes in layers, from left to right, and leads edges
// between them.
//
// In come the sizes of boxes and who is connected to whom; out come whole numbers:
// a rectangle for each box and a route for each edge. Nothing overlaps, and no
// route touches a box other than the two that it connects, whatever the graph.
// The same graph gives the same numbers. The one caller is package draw.
//
// It is the method of Sugiyama, Tagawa and Toda ("Methods for visual understanding
// of hierarchical system structures", 1981) in the form that Gansner, Koutsofios,
// North and Vo gave it ("A technique for drawing directed graphs", 1993). The
// steps, a file each:
//
//	component  parts that no edge connects are laid out alone, and then packed
//	layer      edges that close a cycle are turned round, and each box gets a
//	           layer; a long edge gets a dummy, a box without a body, in each
//	           layer between
//	order      the order in each layer, with few crossings
//	port       where edges meet the sides of boxes
//	place      heights, so that edges are short and straight
//	route      the ways of the edges
//
// Layers and heights are both found by simplex, which solves one and the same
// problem for them.
//
// That no route touches a foreign box follows from its shape: it runs level through
// the columns, at the height of a dummy or of its own box, and changes height
// only in the gaps between columns, where there are no boxes.
package layout

// Graph is what is to be laid out.
type Graph struct {
	Boxes []Size
	Edges []Edge
}

// Size is how large a box is at least; a layout makes all boxes of a column as
// wide as the widest.
type Size struct{ W, H int }

// Edge connects two boxes, not one with itself.
type Edge struct {
	From, To int // indexes of Boxes
	Weight   int // how much it matters that it is short and straight, at least 1
	Group    int // edges of one group meet a box at one point of its side
}

// Point is a place; Y grows downwards.
type Point struct{ X, Y int }

// Rect is the place of a box.
type Rect struct{ X, Y, W, H int }

// Layout is a graph laid out in a rectangle from (0, 0) to (W, H).
type Layout struct {
	W, H   int
	Boxes  []Rect
	Routes [][]Point // of each edge, from its From to its To: see Route
}

// The distances, in the unit of the sizes.
const (
	boxGap   = 22 // between two boxes of a column
	edgeGap  = 16 // between an edge and what lies beside it in a column
	minGap   = 40 // between two columns; more where edges climb
	maxGap   = 130
	portGap  = 12 // between two points of a side where edges meet it
	partGap  = 40 // between parts that are not connected
	portEdge = 8  // from the outermost of these points to the corner
)

// Of lays out a graph.
func Of(g Graph) Layout {
	parts := components(g)
	laid := make([]Layout, len(parts))
	for i, p := range parts {
		laid[i] = one(p.graph)
	}
	return pack(g, parts, laid)
}

// sketch is the state of the layout of one connected graph.
type sketch struct {
	Graph
	flipped []bool // edges that are turned round, so that all lead to the right

	vertices []vertex // boxes first, by their indexes, and then dummies
	chains   [][]int  // of each edge: the vertices on its way, from left to right
	layers   [][]int  // vertices from top to bottom
	ports    [][2]int // of each edge: where it leaves the left box and meets the right one, below their middles
}

// vertex is a box or a dummy.
type vertex struct {
	layer, pos  int // pos is its index in the layer
	w, h        int
	y           int   // of its middle
	left, right []arc // what it is connected to in the layers beside it
}

// arc is an end of a piece of an edge.
type arc struct{ to, edge int }

func (s *sketch) dummy(v int) bool { return v >= len(s.Boxes) }

// one lays out a connected graph.
func one(g Graph) Layout {
	s := &sketch{Graph: g}
	s.turn()
	s.assign()
	s.split()
	s.order()
	s.port()
	s.place()
	return s.route()
}
