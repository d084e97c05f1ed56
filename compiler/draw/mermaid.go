package draw

import (
	"bytes"
	"fmt"
	"strings"
)

// Mermaid is the graph as a flowchart of Mermaid, which hosts of Git show in
// Markdown. Its nodes are numbered, since not every name may be an ID there.
func (g *Graph) Mermaid() []byte {
	var b bytes.Buffer
	b.WriteString("flowchart LR\n")
	id := map[string]string{}
	for i, n := range g.Nodes {
		id[n.ID] = fmt.Sprintf("n%d", i+1)
		s := shapes[n.look()]
		fmt.Fprintf(&b, "\t%s%s\"%s<br/>%s\"%s\n", id[n.ID], s.open, entities(n.Name), entities(n.detail()), s.close)
	}
	for _, e := range g.Edges {
		line := "-->"
		switch e.Kind {
		case Fail:
			line = "-- failed -->"
		case Call:
			line = "-- calls -->"
		case Start:
			line = "-. starts .->"
		case Read:
			line = "-.->"
		case Use:
			line = "-.-"
		}
		fmt.Fprintf(&b, "\t%s %s %s\n", id[e.From], line, id[e.To])
	}
	return b.Bytes()
}

// entities writes a text so that Mermaid sees nothing but a text in it: every
// character with a meaning in labels, in Markdown or in HTML becomes its number.
func entities(s string) string {
	var b strings.Builder
	for _, r := range s {
		if strings.ContainsRune("\"#&;<>`*\\", r) {
			fmt.Fprintf(&b, "#%d;", r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}
