package grammar

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/alecthomas/participle/v2/lexer"
)

// maxLine is how long a line with a block on it may get, in characters without its indentation and the comment behind it;
// in a longer one the block is opened up.
const maxLine = 100

// gap is what stands between two tokens of one item.
type gap int

const (
	glue  gap = iota // nothing
	space            // a space, but none inside of parentheses and brackets
	cell             // a new column
	soft             // a space, or a new line where the author began one
)

// printer puts the elements of a file into lines.
type printer struct {
	elems []element
	i     int // the next element
	lines []*line
	last  element // printed before on this line; without text at its start
	depth int     // how many brackets around are opened up
	flat  bool    // inside of brackets on one line
}

func (p *printer) next() element { return p.elems[p.i] }
func (p *printer) line() *line   { return p.lines[len(p.lines)-1] }

// fresh starts a line.
func (p *printer) fresh(blank bool) {
	p.lines = append(p.lines, &line{blank: blank, indent: p.depth, cells: []string{""}})
	p.last = element{}
}

// row makes the line that was started a row of a table with so many columns before the comments.
func (p *printer) row(table string, columns int) {
	if !p.flat {
		p.line().table, p.line().columns = table, columns
	}
}

// empty leaves a column empty.
func (p *printer) empty() {
	if !p.flat {
		p.line().cells = append(p.line().cells, "")
	}
}

// put prints the next token, and before it the comments in its gap.
func (p *printer) put(g gap) {
	for p.next().comment() {
		p.print(p.next(), g)
		p.i++
		if g == cell {
			g = space
		}
	}
	p.print(p.next(), g)
	p.i++
}

func (p *printer) print(e element, g gap) {
	switch {
	case p.last.toEnd() || g == soft && e.newline > 0:
		p.fresh(false)
		p.line().indent++
	case g == cell && !p.flat:
		p.line().cells = append(p.line().cells, "")
	case p.last.text == "" || !e.toEnd() && (p.last.text == "(" || p.last.text == "["):
	case e.text == ")" || e.text == "]" || e.separates():
	case g != glue || e.comment() || p.last.comment():
		p.line().write(" ")
	}
	p.line().write(e.text)
	p.last = e
}

// item prints a part that starts a line, and reports whether it takes more than that. Then it is no row of a table.
func (p *printer) item(print func()) bool {
	first := len(p.lines) - 1
	print()
	if len(p.lines)-1 == first {
		return false
	}
	p.lines[first].alone = true
	return true
}

// list prints n parts in brackets: on one line if the author did and, for a block, if it fits; else each on its own.
func (p *printer) list(g gap, n int, part func(int)) {
	p.put(g)
	block := p.last.text == "{"
	switch {
	case n == 0 && p.next().closes():
		p.put(glue)
		return
	case p.flat:
		p.oneLine(n, part)
		return
	case !p.opened():
		i, last, cells := p.i, p.last, slices.Clone(p.line().cells)
		p.flat = true
		p.oneLine(n, part)
		p.flat = false
		if !block || utf8.RuneCountInString(p.line().text()) <= maxLine {
			return
		}
		p.i, p.last, p.line().cells = i, last, cells
	}
	p.openUp(n, !block, part)
}

// opened reports whether there is a line end before the closing bracket.
func (p *printer) opened() bool {
	depth := 1
	for i := p.i; ; i++ {
		e := p.elems[i]
		if e.newline > 0 || strings.Contains(e.text, "\n") {
			return true
		}
		switch {
		case e.closes():
			depth--
		case e.opens():
			depth++
		}
		if depth == 0 {
			return false
		}
	}
}

// oneLine prints the parts on this line, and the closing bracket.
func (p *printer) oneLine(n int, part func(int)) {
	for i := range n {
		part(i)
		for p.next().comment() {
			p.print(p.next(), space)
			p.i++
		}
		if p.next().separates() {
			if i < n-1 {
				p.print(p.next(), glue)
			}
			p.i++
		}
	}
	p.put(space)
}

// openUp prints each part on a line of its own, and the closing bracket.
func (p *printer) openUp(n int, comma bool, part func(int)) {
	p.depth++
	p.between(true, false)
	for i := range n {
		p.item(func() { part(i) })
		p.between(false, comma)
	}
	p.put(space)
}

// between ends a line and starts the next one, behind an item or, if opening, behind an opening bracket or at the start of
// the file. It prints the comments between, those on lines of their own too.
func (p *printer) between(opening, comma bool) {
	for end := p.tail(p.i, opening); p.i < end; p.i++ {
		switch e := p.next(); {
		case e.separates() && comma:
			p.print(e, glue)
			comma = false
		case e.separates():
		case comma:
			p.print(e, space)
		default:
			p.line().comment(e.text)
		}
	}
	if comma {
		p.line().write(",")
	}
	for ; p.next().comment(); p.i++ {
		p.fresh(p.next().newline > 1 && !opening)
		p.line().write(p.next().text)
		opening = false
	}
	switch e := p.next(); {
	case e.kind == lexer.EOF:
	case e.closes():
		p.depth--
		p.fresh(false)
	default:
		p.fresh(e.newline > 1 && !opening)
	}
}

// tail finds the end of what stands behind an item, or behind an opening bracket, on its line: from element i on a
// separator and comments, without those behind the separator or bracket that speak of what follows on the same line.
func (p *printer) tail(i int, opening bool) int {
	own := -1
	if opening {
		own = i
	}
	for ; p.elems[i].newline == 0 && (p.elems[i].comment() || p.elems[i].separates()); i++ {
		if p.elems[i].separates() {
			own = i + 1
		}
	}
	if own >= 0 && p.elems[i].newline == 0 && !p.elems[i].closes() {
		return own
	}
	return i
}
