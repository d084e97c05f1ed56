package diag

import (
	"cmp"
	"math"
	"slices"
	"strings"
)

// maxColumns is how much of a source line is shown at most; of a longer one it is the part around what is marked.
const maxColumns = 100

// excerpt is a source line with all marks of a finding in it.
type excerpt struct {
	file  string
	line  int
	runes []rune
	first Span // of the mark for which it is shown
	gap   bool // lines between it and the one shown before belong to the same span
	marks []mark
}

// mark is what stands under a part of a line: [start, end) in runes, then in columns.
type mark struct {
	start, end int
	sign       rune
	tint       string
	label      string
}

// excerpts are the lines to show for a finding: that of its own place first, then those of related places as they come.
// A span of several lines shows its first and its last one.
func (t *text) excerpts(d Diagnostic, tint string) []*excerpt {
	var all []*excerpt
	add := func(at Span, line int, m mark, gap bool) {
		runes, ok := t.source(at.File, line)
		if !ok {
			return
		}
		m.start = min(max(m.start, 0), len(runes))
		m.end = max(min(m.end, len(runes)), m.start)
		for _, e := range all {
			if e.file == at.File && e.line == line {
				e.marks = append(e.marks, m)
				return
			}
		}
		all = append(all, &excerpt{at.File, line, runes, at, gap, []mark{m}})
	}
	span := func(at Span, sign rune, tint, label string) {
		first, last := at.Start.Line, at.End.Line
		m := mark{at.Start.Column - 1, at.End.Column - 1, sign, tint, label}
		lead := 0
		if last > first {
			runes, _ := t.source(at.File, last)
			for lead < len(runes) && (runes[lead] == ' ' || runes[lead] == '\t') {
				lead++
			}
			if m.end <= lead { // nothing of the last line belongs to it
				last = first
			}
			m.end = math.MaxInt
		}
		if last <= first {
			add(at, first, m, false)
			return
		}
		m.label = ""
		add(at, first, m, false)
		add(at, last, mark{lead, at.End.Column - 1, sign, tint, label}, last > first+1)
	}
	span(d.Span, '^', tint, d.Label)
	for _, r := range d.Related {
		span(r.Span, '-', blue, r.Label)
	}
	return all
}

// draw returns the line as a terminal shows it, and the rows to write below.
func (e *excerpt) draw() (string, []*row) {
	columns := []int{0} // where each rune starts, and the end
	var shown []string
	for _, r := range e.runes {
		s, n := expand(r, columns[len(columns)-1])
		shown = append(shown, s)
		columns = append(columns, columns[len(columns)-1]+n)
	}
	total := columns[len(columns)-1]
	marks := slices.Clone(e.marks)
	for i := range marks {
		m := &marks[i]
		m.start, m.end = columns[m.start], columns[m.end]
		m.end = max(m.end, m.start+1)
	}
	from, to := window(marks, total)
	var line strings.Builder
	shift := from
	if from > 0 {
		line.WriteString("…")
		shift = from - 1
	}
	for i, s := range shown {
		if columns[i] >= from && columns[i+1] <= to {
			if line.Len() == len("…") && from > 0 { // a wide character may be cut
				line.WriteString(strings.Repeat(" ", columns[i]-from))
			}
			line.WriteString(s)
		}
	}
	if to < total {
		line.WriteString("…")
	}
	for i := range marks {
		marks[i].start = max(min(marks[i].start, to), from) - shift
		marks[i].end = max(max(min(marks[i].end, to+1), from)-shift, marks[i].start+1)
	}
	return strings.TrimRight(line.String(), " "), below(marks)
}

// window is the part of a line that is shown, in columns: all of it, or maxColumns around the marks, and if these
// lie too far apart around the first one, which is what the finding is about.
func window(marks []mark, total int) (from, to int) {
	if total <= maxColumns {
		return 0, total
	}
	low, high := marks[0].start, marks[0].end
	for _, m := range marks[1:] {
		l, h := min(low, m.start), max(high, m.end)
		if h-l <= maxColumns-10 {
			low, high = l, h
		}
	}
	from = max(low-max((maxColumns-(high-low))/2, 10), 0)
	from = max(min(from, total-maxColumns), 0)
	return from, min(from+maxColumns, total)
}

// below draws marks in one row, with the label of the last one behind it, and the other labels in rows of their own:
//
//	-----      ^^^^ the label of the last mark
//	|
//	the label of the first mark
func below(marks []mark) []*row {
	slices.SortStableFunc(marks, func(a, b mark) int { return cmp.Compare(a.start, b.start) })
	under := &row{}
	for _, sign := range "-^" { // what is marked twice shows what the finding is about
		for _, m := range marks {
			for c := m.start; m.sign == sign && c < m.end; c++ {
				under.put(c, string(sign), m.tint)
			}
		}
	}
	rows := []*row{under}
	last := len(marks) - 1
	if m := marks[last]; m.label != "" {
		under.put(len(under.cells)+1, m.label, m.tint)
	}
	var left []mark
	for _, m := range marks[:last] {
		if m.label != "" {
			left = append(left, m)
		}
	}
	if len(left) > 0 {
		rows = append(rows, lines(left))
	}
	for i := len(left) - 1; i >= 0; i-- {
		r := lines(left[:i])
		r.put(left[i].start, left[i].label, left[i].tint)
		rows = append(rows, r)
	}
	return rows
}

// lines leads from marks to the labels below.
func lines(marks []mark) *row {
	r := &row{}
	for _, m := range marks {
		r.put(m.start, "|", m.tint)
	}
	return r
}

// row is a line below a source line. A cell is a column, but for the last one, which may be a label.
type row struct{ cells []cell }

type cell struct{ text, tint string }

func (r *row) put(column int, text, tint string) {
	for len(r.cells) <= column {
		r.cells = append(r.cells, cell{text: " "})
	}
	r.cells[column] = cell{text, tint}
}

func (r *row) text(color func(code, s string) string) string {
	var b strings.Builder
	for i := 0; i < len(r.cells); {
		c := r.cells[i]
		text := c.text
		for i++; i < len(r.cells) && r.cells[i].tint == c.tint; i++ {
			text += r.cells[i].text
		}
		b.WriteString(color(c.tint, text))
	}
	return b.String()
}
