package draw

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mpgen/mpgen/compiler"
)

// shape is what an SVG has in one of its groups.
type shape struct {
	class string
	title string
	rects [][4]float64 // left, top, right, bottom
	texts []label
	paths []string
}

type label struct {
	class, text string
	x, y        float64
}

// parts reads an SVG: its size, and the groups of edges and boxes in their order.
func parts(t *testing.T, svg []byte) (w, h float64, edges, boxes []shape) {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(svg))
	var in *shape
	var text strings.Builder
	var last label
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return w, h, edges, boxes
		}
		require.NoError(t, err)
		switch e := token.(type) {
		case xml.StartElement:
			attr := func(name string) string {
				for _, a := range e.Attr {
					if a.Name.Local == name {
						return a.Value
					}
				}
				return ""
			}
			num := func(name string) (f float64) {
				fmt.Sscan(attr(name), &f)
				return f
			}
			text.Reset()
			switch e.Name.Local {
			case "svg":
				w, h = num("width"), num("height")
				require.Equal(t, fmt.Sprintf("0 0 %g %g", w, h), attr("viewBox"))
			case "g":
				if attr("transform") == "" {
					in = &shape{class: attr("class")}
				}
			case "rect":
				if in != nil {
					in.rects = append(in.rects, [4]float64{num("x"), num("y"), num("x") + num("width"), num("y") + num("height")})
				}
			case "path":
				in.paths = append(in.paths, attr("d"))
			case "text":
				last = label{attr("class"), "", num("x"), num("y")}
			}
		case xml.CharData:
			text.Write(e)
		case xml.EndElement:
			switch {
			case e.Name.Local == "title" && in != nil:
				in.title = text.String()
			case e.Name.Local == "text":
				last.text = text.String()
				in.texts = append(in.texts, last)
			case e.Name.Local == "g" && in != nil && in.class == "":
				edges, in = append(edges, *in), nil
			case e.Name.Local == "g" && in != nil:
				boxes, in = append(boxes, *in), nil
			}
		}
	}
}

// trace gives points of a path that lie less than a pixel apart.
func trace(t *testing.T, d string) (points [][2]float64) {
	t.Helper()
	r := strings.NewReader(d)
	var x, y float64
	line := func(x1, y1, x2, y2, x3, y3 float64) {
		steps := math.Ceil(1.6*math.Hypot(x3-x, y3-y)) + 1
		for i := 0.0; i <= steps; i++ {
			a := i / steps
			b := 1 - a
			points = append(points, [2]float64{
				b*b*b*x + 3*b*b*a*x1 + 3*b*a*a*x2 + a*a*a*x3,
				b*b*b*y + 3*b*b*a*y1 + 3*b*a*a*y2 + a*a*a*y3,
			})
		}
		x, y = x3, y3
	}
	for r.Len() > 0 {
		c, _ := r.ReadByte()
		var n [6]float64
		read := func(count int) {
			for i := range count {
				_, err := fmt.Fscan(r, &n[i])
				require.NoError(t, err, d)
			}
		}
		switch c {
		case 'M':
			read(2)
			x, y = n[0], n[1]
		case 'H':
			read(1)
			line(x, y, n[0], y, n[0], y)
		case 'L':
			read(2)
			line(x, y, n[0], n[1], n[0], n[1])
		case 'C':
			read(6)
			line(n[0], n[1], n[2], n[3], n[4], n[5])
		case 'Z':
		default:
			require.Fail(t, "unknown command in "+d)
		}
	}
	return points
}

// inside tells whether a point lies in a rectangle, or nearer than by to it.
func inside(p [2]float64, r [4]float64, by float64) bool {
	return p[0] > r[0]-by && p[0] < r[2]+by && p[1] > r[1]-by && p[1] < r[3]+by
}

// TestPicturesKeepApartWhatIsApart looks at finished pictures: of all samples and examples, and of generated graphs.
func TestPicturesKeepApartWhatIsApart(t *testing.T) {
	graphs := samples(t)
	for seed := range uint64(60) {
		graphs = append(graphs, generated(seed, 1+int(seed)/2))
	}
	graphs = append(graphs, generated(100, 120))
	for _, g := range graphs {
		svg := g.SVG()
		require.Equal(t, svg, g.SVG(), "%s: not the same twice", g.Name)
		w, h, edges, boxes := parts(t, svg)
		p := g.draw()
		require.Len(t, edges, len(g.Edges), g.Name)
		require.Len(t, boxes, len(p.boxes), g.Name)
		for i, b := range boxes {
			for _, r := range b.rects {
				require.True(t, r[0] >= 0 && r[1] >= 0 && r[2] <= w-margin && r[3] <= h-margin, "%s: %s is not in the picture", g.Name, b.title)
				for _, c := range boxes[:i] {
					for _, s := range c.rects {
						if r[0] < s[2]+8 && s[0] < r[2]+8 && r[1] < s[3]+8 && s[1] < r[3]+8 {
							t.Fatalf("%s: %s overlaps %s", g.Name, b.title, c.title)
						}
					}
				}
			}
			front := b.rects[len(b.rects)-1]
			require.Len(t, b.texts, 2)
			require.Equal(t, p.boxes[i].Name, b.texts[0].text)
			for _, l := range b.texts {
				size, table := nameSize, &bold
				if l.class == "detail" {
					size, table = detailSize, &regular
				}
				half := float64(width(l.text, size, table)) / 2
				require.True(t, l.x-half >= front[0]+8 && l.x+half <= front[2]-8, "%s: %q is wider than its box", g.Name, l.text)
				require.True(t, l.y-size >= front[1] && l.y+size/3 <= front[3], "%s: %q is higher than its box", g.Name, l.text)
			}
			require.Less(t, b.texts[0].y, b.texts[1].y-detailSize, "%s: the lines of %s overlap", g.Name, b.title)
		}
		for i, e := range edges {
			require.Equal(t, g.Edges[i].Words(), e.title)
			for n, d := range e.paths {
				points := trace(t, d)
				for _, pt := range points {
					if pt[0] < -margin/2 || pt[1] < -margin/2 || pt[0] > w-margin*3/2 || pt[1] > h-margin*3/2 {
						t.Fatalf("%s: %q leaves the picture", g.Name, e.title)
					}
					for j, b := range boxes {
						clear := 4.0
						if j == p.ends[i][0] || j == p.ends[i][1] {
							clear = -0.5 // it may touch the boxes that it connects
						}
						for _, r := range b.rects { // also a lower sheet
							if inside(pt, r, clear) {
								t.Fatalf("%s: %q runs through %s", g.Name, e.title, b.title)
							}
						}
					}
				}
				if n == 0 {
					from, to := boxes[p.ends[i][0]].rects, boxes[p.ends[i][1]].rects
					first, last := points[0], points[len(points)-1]
					require.True(t, inside(first, from[0], 0.1) || inside(first, from[len(from)-1], 0.1), "%s: %q begins elsewhere", g.Name, e.title)
					require.True(t, inside(last, to[0], arrow) || inside(last, to[len(to)-1], arrow), "%s: %q ends elsewhere", g.Name, e.title)
				}
			}
		}
	}
}

// samples are the graphs of all samples of the compiler and all examples.
func samples(t *testing.T) (graphs []*Graph) {
	for _, pattern := range []string{"../testdata/golden/*/*.mp", "../../examples/*/*.mp", "../../examples/*/*/*.mp"} {
		files, err := filepath.Glob(pattern)
		require.NoError(t, err)
		require.NotEmpty(t, files)
		in := compiler.Input{}
		add := func() {
			if in.Dir == "" {
				return
			}
			p, found := compiler.Lower(in)
			require.NotNil(t, p, found)
			graphs = append(graphs, Of(p))
		}
		for _, f := range files {
			dir, err := filepath.Abs(filepath.Dir(f))
			require.NoError(t, err)
			text, err := os.ReadFile(f)
			require.NoError(t, err)
			if dir != in.Dir {
				add()
				path := "github.com/mpgen/mpgen/compiler/draw/" + filepath.ToSlash(filepath.Dir(f))
				in = compiler.Input{Dir: dir, ImportPath: path}
			}
			in.Sources = append(in.Sources, compiler.Source{Name: f, Text: text})
		}
		add()
	}
	require.Greater(t, len(graphs), 30)
	return graphs
}

// TestLargePipelinesAreDrawnAtOnce leaves room for a busy machine and the race detector: each takes some hundredths of a
// second.
func TestLargePipelinesAreDrawnAtOnce(t *testing.T) {
	for seed := range uint64(4) {
		g := generated(seed+1, 200)
		began := time.Now()
		g.SVG()
		require.Less(t, time.Since(began), 5*time.Second, "seed %d", seed)
	}
}

func TestPicturesHaveWordsForThoseWhoDontSeeThem(t *testing.T) {
	g := &Graph{Name: "a<b", Nodes: []Node{
		{ID: "scan", Kind: Process, Name: "scan", Doc: "scan sends all & ends.\x01"},
		{ID: "jobs", Kind: Queue, Name: "jobs", Type: "map[string]*Job", Capacity: 5},
	}, Edges: []Edge{{"scan", "jobs", Send}}}
	svg := string(g.SVG())
	require.Contains(t, svg, `role="img" aria-labelledby="mpgen-title mpgen-desc"`)
	require.Contains(t, svg, `<title id="mpgen-title">Pipeline a&lt;b</title>`)
	require.Contains(t, svg, `<desc id="mpgen-desc">scan: process. jobs: map[string]*Job · 5. scan sends to jobs.</desc>`)
	require.Contains(t, svg, "<title>scan: process&#xA;scan sends all &amp; ends.\uFFFD</title>")
	require.Contains(t, svg, "@media (prefers-color-scheme:dark)")
}
