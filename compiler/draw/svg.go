package draw

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"strings"

	"github.com/mpgen/mpgen/compiler/draw/layout"
)

// The measures of a picture, in pixels.
const (
	nameSize   = 14.0
	detailSize = 11.5
	boxHeight  = 46
	padding    = 13 // beside a label
	narrowest  = 72
	mostDetail = 190 // a longer one is cut; the tooltip has all of it
	margin     = 24
	sheet      = 4 // by which the lower sheet of a stack stands out, right and below
	arrow      = 8
)

// style has one color for each role, on light and on dark ground. Queues are what
// items lie in, processes what moves, main what has started them; what is shared
// has no color.
const style = `
.mpgen .ground{fill:#fff}
.mpgen text{font-family:Helvetica,Arial,sans-serif;text-anchor:middle;fill:#1f2933}
.mpgen .name{font-size:14px;font-weight:600}
.mpgen .detail{font-size:11.5px;fill:#64707d}
.mpgen rect{stroke-width:1.25}
.mpgen .slot{stroke-width:1.25;fill:none}
.mpgen .edge{fill:none;stroke:#7b8794;stroke-width:1.5}
.mpgen .head{fill:#7b8794}
.mpgen .fail.edge{stroke:#cf7a6b}
.mpgen .fail.head{fill:#cf7a6b}
.mpgen .use.edge,.mpgen .read.edge{stroke:#b3bcc6;stroke-width:1.25;stroke-dasharray:4 4}
.mpgen .use.head,.mpgen .read.head{fill:#b3bcc6}
.mpgen .call.head,.mpgen .start.head{fill:none;stroke:#7b8794;stroke-width:1.5}
.mpgen .start.edge{stroke-dasharray:1.5 4;stroke-linecap:round}
.mpgen .program rect{fill:#e7edf6;stroke:#7f97b8}
.mpgen .work rect{fill:#e6f3e7;stroke:#74a779}
.mpgen .queue rect{fill:#fff6dc;stroke:#cfae4e}
.mpgen .queue .slot{stroke:#cfae4e}
.mpgen .failed rect{fill:#fdecea;stroke:#cf7a6b}
.mpgen .failed .slot{stroke:#cf7a6b}
.mpgen .shared rect{fill:#f3f5f7;stroke:#b3bcc6}
@media (prefers-color-scheme:dark){
.mpgen .ground{fill:#161b22}
.mpgen text{fill:#e6edf3}
.mpgen .detail{fill:#9aa7b4}
.mpgen .edge{stroke:#8b98a5}
.mpgen .head{fill:#8b98a5}
.mpgen .fail.edge{stroke:#c9796c}
.mpgen .fail.head{fill:#c9796c}
.mpgen .use.edge,.mpgen .read.edge{stroke:#56616d}
.mpgen .use.head,.mpgen .read.head{fill:#56616d}
.mpgen .call.head,.mpgen .start.head{fill:none;stroke:#8b98a5}
.mpgen .program rect{fill:#1d2b40;stroke:#5c7aa3}
.mpgen .work rect{fill:#1b3022;stroke:#538a5c}
.mpgen .queue rect{fill:#332b14;stroke:#9c8235}
.mpgen .queue .slot{stroke:#9c8235}
.mpgen .failed rect{fill:#3a1f1c;stroke:#b0655a}
.mpgen .failed .slot{stroke:#b0655a}
.mpgen .shared rect{fill:#21272e;stroke:#56616d}
}
`

// box is a node in a picture. The program has two if it both sends and receives,
// so that the one stands where items come from and the other where they go.
type box struct {
	Node
	name, detail string
}

// picture is a graph with its layout.
type picture struct {
	*Graph
	boxes []box
	ends  [][2]int // boxes of each edge
	layout.Layout
}

// weights say how much it matters that an edge is short and straight; where edges
// of one group meet a box, they meet at one point.
var weights = map[string]struct{ weight, group int }{
	Send: {8, 0}, Receive: {8, 0}, Fail: {2, 1}, Call: {4, 2}, Start: {4, 3}, Use: {1, 4}, Read: {1, 5},
}

// draw lays out a graph.
func (g *Graph) draw() *picture {
	p := &picture{Graph: g}
	left, right := map[string]int{}, map[string]int{} // boxes that edges leave and reach
	add := func(n Node) int {
		p.boxes = append(p.boxes, box{n, n.Name, n.label()})
		return len(p.boxes) - 1
	}
	sends, receives := false, false
	for _, e := range g.Edges {
		sends, receives = sends || e.From == ProgramID, receives || e.To == ProgramID
	}
	for _, n := range g.Nodes {
		left[n.ID] = add(n)
		right[n.ID] = left[n.ID]
		if n.Kind == Program && sends && receives {
			right[n.ID] = add(n)
		}
	}
	var in layout.Graph
	for _, b := range p.boxes {
		w := max(narrowest, width(b.name, nameSize, &bold), width(b.detail, detailSize, &regular)) + 2*padding
		in.Boxes = append(in.Boxes, layout.Size{W: w, H: boxHeight})
	}
	for _, e := range g.Edges {
		from, to := left[e.From], right[e.To]
		w := weights[e.Kind]
		p.ends = append(p.ends, [2]int{from, to})
		in.Edges = append(in.Edges, layout.Edge{From: from, To: to, Weight: w.weight, Group: w.group})
	}
	p.Layout = layout.Of(in)
	for i, ends := range p.ends { // to the lower sheet, where there is one on that side
		route := p.Routes[i]
		for end, at := range []*layout.Point{&route[0], &route[len(route)-1]} {
			if r := p.Boxes[ends[end]]; at.X == r.X+r.W && p.boxes[ends[end]].several() {
				at.X += sheet
			}
		}
	}
	return p
}

// SVG is the graph as a picture.
func (g *Graph) SVG() []byte {
	p := g.draw()
	var b bytes.Buffer
	w, h := p.W+2*margin, p.H+2*margin
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" class="mpgen" viewBox="0 0 %d %d" width="%d" height="%d" role="img" aria-labelledby="mpgen-title mpgen-desc">`+"\n", w, h, w, h)
	fmt.Fprintf(&b, "<title id=\"mpgen-title\">Pipeline %s</title>\n<desc id=\"mpgen-desc\">%s</desc>\n", escape(g.Name), escape(g.describe()))
	fmt.Fprintf(&b, "<style>%s</style>\n", style)
	fmt.Fprintf(&b, `<rect class="ground" width="%d" height="%d" rx="12"/>`+"\n", w, h)
	fmt.Fprintf(&b, `<g transform="translate(%d %d)">`+"\n", margin, margin)
	for i, e := range g.Edges {
		p.edge(&b, e, p.Routes[i])
	}
	for i := range p.boxes {
		p.box(&b, p.boxes[i], p.Boxes[i])
	}
	b.WriteString("</g>\n</svg>\n")
	return b.Bytes()
}

// describe tells the picture in words.
func (g *Graph) describe() string {
	var parts []string
	for _, n := range g.Nodes {
		parts = append(parts, n.Name+": "+n.detail()+".")
	}
	for _, e := range g.Edges {
		parts = append(parts, e.Words()+".")
	}
	return strings.Join(parts, " ")
}

// edge draws a route: level where it runs through a column, in an S between them.
func (p *picture) edge(b *bytes.Buffer, e Edge, route []layout.Point) {
	last := len(route) - 1
	end, pointed, open := route[last], e.Kind != Use, e.Kind == Call || e.Kind == Start
	dir := 1
	if route[last-1].X > end.X {
		dir = -1
	}
	fmt.Fprintf(b, "<g><title>%s</title>", escape(e.Words()))
	fmt.Fprintf(b, `<path class="%s edge" d="M%d %d`, e.Kind, route[0].X, route[0].Y)
	for i, to := range route[1:] {
		from := route[i]
		if pointed && !open && i+1 == last {
			to.X -= dir * (arrow - 1)
		}
		if from.Y == to.Y {
			fmt.Fprintf(b, "H%d", to.X)
			continue
		}
		middle := (from.X + to.X) / 2
		fmt.Fprintf(b, "C%d %d %d %d %d %d", middle, from.Y, middle, to.Y, to.X, to.Y)
	}
	b.WriteString(`"/>`)
	if pointed {
		back := end.X - dir*arrow
		shape := "M%d %dL%d %dL%d %dZ"
		if open {
			shape = "M%d %dL%d %dL%d %d"
		}
		fmt.Fprintf(b, `<path class="%s head" d="`+shape+`"/>`, e.Kind, back, end.Y-4, end.X, end.Y, back, end.Y+4)
	}
	b.WriteString("</g>\n")
}

// look is the class of a node, which decides its color.
func (n Node) look() string {
	switch n.Kind {
	case Program:
		return "program"
	case Process, Pool, Service:
		return "work"
	case Queue:
		if n.Failed {
			return "queue failed"
		}
		return "queue"
	}
	return "shared"
}

// several reports whether a node stands for more than one process at a time.
func (n Node) several() bool {
	return n.OnDemand || n.Instances > 1 || n.Workers > 1 || n.Kind == Pool && n.Workers == 0
}

// box draws a node, with a sheet below it if it stands for several.
func (p *picture) box(b *bytes.Buffer, n box, r layout.Rect) {
	tip := n.Name + ": " + n.Node.detail()
	if len(n.Methods) > 0 {
		tip += "\nmethods: " + strings.Join(n.Methods, ", ")
	}
	if n.Doc != "" {
		tip += "\n" + n.Doc
	}
	fmt.Fprintf(b, `<g class="%s"><title>%s</title>`, n.look(), escape(tip))
	radius := 8
	switch {
	case n.several():
		fmt.Fprintf(b, `<rect x="%d" y="%d" width="%d" height="%d" rx="%d"/>`, r.X+sheet, r.Y+sheet, r.W, r.H, radius)
	case n.look() != "program" && n.look() != "work":
		radius = 3
	}
	fmt.Fprintf(b, `<rect x="%d" y="%d" width="%d" height="%d" rx="%d"/>`, r.X, r.Y, r.W, r.H, radius)
	if n.Kind == Queue {
		for _, x := range []int{r.X + 5, r.X + r.W - 5} {
			fmt.Fprintf(b, `<path class="slot" d="M%d %dV%d"/>`, x, r.Y, r.Y+r.H)
		}
	}
	x, y := float64(r.X)+float64(r.W)/2, float64(r.Y)+float64(r.H)/2
	fmt.Fprintf(b, `<text class="name" x="%g" y="%g">%s</text>`, x, y-3, escape(n.name))
	fmt.Fprintf(b, `<text class="detail" x="%g" y="%g">%s</text></g>`+"\n", x, y+13, escape(n.detail))
}

// escape writes a text as XML has it; what XML can't have becomes U+FFFD.
func escape(s string) string {
	var b strings.Builder
	xml.EscapeText(&b, []byte(s))
	return b.String()
}
