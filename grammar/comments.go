package grammar

import (
	"regexp"
	"slices"
	"sort"
	"strings"

	"github.com/alecthomas/participle/v2/lexer"
)

// attach hangs each comment on the node that it speaks of, and marks the nodes out of which recovery took something.
//
// Comments are no part of the grammar. Each is carried down from the file into the part that contains it, as far as there
// is one, and then belongs to the part that ends before it on its line, unless it stands ahead of the next one there, else
// to the part that follows, else to the end of the brackets around it. So none is lost, and none leaves its brackets.
func attach(f *File, toks []lexer.Token, dropped []int) {
	h := holders{parts: map[Node][]Node{}}
	for i, t := range toks {
		if t.Type == tokComment || t.Type == tokOpenComment {
			c := Comment{Span: Span{t.Pos, after(t)}, Text: t.Value}
			c.Gap = i > 0 && toks[i-1].Type == tokSpace && strings.Count(toks[i-1].Value, "\n") > 1
			h.place(f, c, ahead(toks, i))
		}
	}
	for _, offset := range dropped {
		h.broken(f, offset)
	}
	h.describe(f)
}

// ahead reports whether a comment stands between a separator or opening bracket and what follows on the same line, so that
// it speaks of that.
func ahead(toks []lexer.Token, i int) bool {
	breaks := func(t lexer.Token) bool { return t.Type == tokSpace && strings.Contains(t.Value, "\n") }
	next := i
	for ; elided(toks[next]); next++ {
		if breaks(toks[next]) {
			return false
		}
	}
	if t := toks[next]; t.EOF() || strings.Contains(")]};,", t.Value) {
		return false
	}
	for ; i >= 0 && elided(toks[i]); i-- {
		if breaks(toks[i]) {
			return false
		}
	}
	return i >= 0 && strings.Contains("({;,", toks[i].Value)
}

// holders remembers the parts of nodes that can hold comments.
type holders struct {
	parts map[Node][]Node
}

func (h *holders) of(n Node) []Node {
	if kids, ok := h.parts[n]; ok {
		return kids
	}
	var kids []Node
	for _, c := range children(n) {
		if attached(c) != nil || inner(c) != nil {
			kids = append(kids, c)
		}
	}
	h.parts[n] = kids
	return kids
}

// place gives a comment inside of n, or anywhere if n is the file, to its holder, which is no part before it if it stands
// ahead of one.
func (h *holders) place(n Node, c Comment, ahead bool) {
	kids := h.of(n)
	next := sort.Search(len(kids), func(i int) bool { return kids[i].Range().Pos.Offset > c.Pos.Offset })
	var before Node
	if next > 0 {
		before = kids[next-1]
		if before.Range().EndPos.Offset > c.Pos.Offset {
			h.place(before, c, ahead)
			return
		}
	}
	in := inner(n)
	switch {
	case !ahead && before != nil && before.Range().EndPos.Line == c.Pos.Line && attached(before) != nil:
		a := attached(before)
		a.Suffix = append(a.Suffix, c)
	case !ahead && in != nil && before == nil && opening(n) == c.Pos.Line:
		in.Open = append(in.Open, c)
	case next < len(kids) && attached(kids[next]) != nil:
		a := attached(kids[next])
		a.Before = append(a.Before, c)
	case in != nil:
		in.Last = append(in.Last, c)
	default:
		a := attached(n)
		a.Before = append(a.Before, c)
	}
}

// CommentsOf returns the comments that stand above or behind a node, or behind a bracket that it opens, and those that
// stand below the last part in its brackets.
func CommentsOf(n Node) (on, last []Comment) {
	in := inner(n)
	if in != nil {
		last = in.Last
	}
	a := attached(n)
	if a == nil {
		return nil, last
	}
	on = slices.Concat(a.Before, a.Suffix)
	if in != nil {
		on = append(on, in.Open...)
	}
	for _, c := range children(n) {
		if brackets := inner(c); brackets != nil && attached(c) == nil {
			on = append(on, brackets.Open...)
		}
	}
	return on, last
}

// broken marks the innermost brackets around offset.
func (h *holders) broken(n Node, offset int) {
	for _, c := range children(n) {
		if r := c.Range(); r.Pos.Offset <= offset && offset < r.EndPos.Offset && holdsBrackets(c) {
			h.broken(c, offset)
			return
		}
	}
	if in := inner(n); in != nil {
		in.Broken = true
	}
}

// holdsBrackets reports whether n or a part of it has brackets.
func holdsBrackets(n Node) bool {
	found := false
	Walk(n, func(n Node) bool {
		found = found || inner(n) != nil
		return !found
	})
	return found
}

// describe sets Doc and Line of n and all below.
func (h *holders) describe(n Node) {
	kids := h.of(n)
	for _, c := range kids {
		h.describe(c)
	}
	a := attached(n)
	if a == nil {
		return
	}
	a.Doc = doc(a.Before, n.Range().Pos)
	a.Line = joined(a.Suffix)
	if a.Line == "" {
		in := inner(n)
		if len(kids) > 0 && in == nil {
			in = inner(kids[len(kids)-1])
		}
		if in != nil {
			a.Line = joined(in.Open)
		}
	}
}

// doc returns the lines of the group of comments that stands right above pos.
func doc(before []Comment, pos Pos) []string {
	first, line := len(before), pos.Line
	for first > 0 {
		c := before[first-1]
		if c.Pos.Offset > pos.Offset || line-c.EndPos.Line > 1 {
			break
		}
		first, line = first-1, c.Pos.Line
	}
	var lines []string
	for _, c := range before[first:] {
		if c.Pos.Offset < pos.Offset && !directive.MatchString(c.Text) {
			lines = append(lines, c.lines()...)
		}
	}
	for len(lines) > 0 && lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	return lines
}

// directive is a comment for tools, as Go knows them.
var directive = regexp.MustCompile(`^//[a-z0-9]+:[a-z0-9]`)

func joined(cs []Comment) string {
	var lines []string
	for _, c := range cs {
		if !directive.MatchString(c.Text) {
			lines = append(lines, c.lines()...)
		}
	}
	return strings.TrimSpace(strings.Join(lines, " "))
}

// lines is the text of a comment without its markers.
func (c Comment) lines() []string {
	if text, ok := strings.CutPrefix(c.Text, "//"); ok {
		return []string{strings.TrimRight(strings.TrimPrefix(text, " "), " \t")}
	}
	text := strings.TrimSuffix(strings.TrimPrefix(c.Text, "/*"), "*/")
	lines := strings.Split(strings.TrimSpace(text), "\n")
	for i, l := range lines {
		lines[i] = strings.TrimSpace(l)
	}
	return lines
}

// attached is where a node keeps its comments, or nil.
func attached(n Node) *Comments {
	if a, ok := n.(interface{ Attached() *Comments }); ok {
		return a.Attached()
	}
	return nil
}

// inner is what the brackets of a node hold besides its parts, or nil for a node without brackets.
func inner(n Node) *Inner {
	switch n := n.(type) {
	case *File:
		return &n.Inner
	case *Import:
		if n.Paren {
			return &n.Inner
		}
	case *Struct:
		return &n.Inner
	case *Enum:
		return &n.Inner
	case *Params:
		return &n.Inner
	case *Block:
		return &n.Inner
	}
	return nil
}

// opening is the line of the opening bracket.
func opening(n Node) int {
	switch n := n.(type) {
	case *File:
		return 0
	case *Struct:
		return n.Name.EndPos.Line
	case *Enum:
		return n.Name.EndPos.Line
	}
	return n.Range().Pos.Line
}
