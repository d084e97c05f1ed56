package draw

import (
	"bytes"
	"fmt"
	"strings"
)

// shapes are how Graphviz and Mermaid show nodes of a look.
var shapes = map[string]struct{ dot, open, close string }{
	"program":      {`shape=box, style="rounded,filled", fillcolor="#e7edf6", color="#7f97b8"`, "(", ")"},
	"work":         {`shape=box, style="rounded,filled", fillcolor="#e6f3e7", color="#74a779"`, "(", ")"},
	"queue":        {`shape=box, style=filled, fillcolor="#fff6dc", color="#cfae4e"`, "[[", "]]"},
	"queue failed": {`shape=box, style=filled, fillcolor="#fdecea", color="#cf7a6b"`, "[[", "]]"},
	"shared":       {`shape=box, style=filled, fillcolor="#f3f5f7", color="#b3bcc6"`, "[", "]"},
}

// DOT is the graph in the language of Graphviz.
func (g *Graph) DOT() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "digraph %s {\n\trankdir=LR\n\tnode [fontname=\"Helvetica\", fontsize=12]\n\tedge [color=\"#7b8794\"]\n\n", quote(g.Name))
	for _, n := range g.Nodes {
		fmt.Fprintf(&b, "\t%s [label=%s, %s]\n", quote(n.ID), quote(n.Name+"\n"+n.detail()), shapes[n.look()].dot)
	}
	b.WriteString("\n")
	for _, e := range g.Edges {
		fmt.Fprintf(&b, "\t%s -> %s", quote(e.From), quote(e.To))
		switch e.Kind {
		case Fail:
			b.WriteString(` [color="#cf7a6b"]`)
		case Call:
			b.WriteString(` [arrowhead=vee]`)
		case Start:
			b.WriteString(` [arrowhead=vee, style=dotted]`)
		case Read:
			b.WriteString(` [style=dashed, color="#b3bcc6"]`)
		case Use:
			b.WriteString(` [style=dashed, color="#b3bcc6", dir=none]`)
		}
		b.WriteString("\n")
	}
	b.WriteString("}\n")
	return b.Bytes()
}

// quote writes a text as DOT has it: of what may stand in quotes only quotes and
// backslashes have a meaning.
func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(s) + `"`
}
