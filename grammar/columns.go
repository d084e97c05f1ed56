package grammar

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// line is a line of formatted text. Lines of one table that stand together have their cells aligned, by gofmt's rule: a
// cell is as wide as the widest in its column above and below, as far as each line there has another cell behind it.
type line struct {
	blank   bool // there is an empty line above
	indent  int
	cells   []string
	table   string // what the line may be a row of
	alone   bool   // it is no row, as what it starts takes several lines
	columns int    // those before the one of comments
}

// text is the line without alignment.
func (l *line) text() string {
	var b strings.Builder
	for _, c := range l.cells {
		if c != "" && b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(c)
	}
	return b.String()
}

// write adds to the last cell.
func (l *line) write(text string) {
	l.cells[len(l.cells)-1] += text
	if strings.Contains(text, "\n") {
		l.alone = true
	}
}

// tabular reports whether the line is a row of a table.
func (l *line) tabular() bool { return l.table != "" && !l.alone }

// comment adds a comment behind all cells.
func (l *line) comment(text string) {
	if len(l.cells) > l.columns {
		text = " " + text
	}
	for len(l.cells) <= l.columns {
		l.cells = append(l.cells, "")
	}
	l.write(text)
}

// render returns the text of all lines.
func render(lines []*line) []byte {
	for i := 0; i < len(lines); {
		end := i + 1
		for end < len(lines) && follows(lines[i], lines[end]) {
			end++
		}
		if lines[i].tabular() {
			align(lines[i:end])
		}
		i = end
	}
	var b bytes.Buffer
	for _, l := range lines {
		if l.blank {
			b.WriteByte('\n')
		}
		b.WriteString(strings.Repeat("\t", l.indent))
		text := l.text()
		if l.tabular() {
			text = strings.Join(l.cells, "") // aligned
		}
		b.WriteString(text)
		b.WriteByte('\n')
	}
	return b.Bytes()
}

// follows reports whether b is a row of the table that a is a row of.
func follows(a, b *line) bool {
	return a.tabular() && b.tabular() && a.table == b.table && a.indent == b.indent && !b.blank
}

// align widens the cells of a table, all but the last of each line.
func align(rows []*line) {
	for column, more := 0, true; more; column++ {
		more = false
		for i := 0; i < len(rows); {
			end, width := i, 0
			for ; end < len(rows) && column < len(rows[end].cells)-1; end++ {
				width = max(width, utf8.RuneCountInString(rows[end].cells[column]))
			}
			for _, r := range rows[i:end] {
				if c := &r.cells[column]; width > 0 {
					*c += strings.Repeat(" ", width-utf8.RuneCountInString(*c)+1)
				}
				more = true
			}
			i = max(end, i+1)
		}
	}
}
