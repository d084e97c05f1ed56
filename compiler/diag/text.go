package diag

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Style says how Text writes.
type Style struct {
	Color  bool                     // with the escape sequences of a terminal
	Source func(file string) []byte // the text of a file as its spans name it; nil, or no text, shows no source lines
}

const (
	red    = "\x1b[1;31m"
	yellow = "\x1b[1;33m"
	blue   = "\x1b[34m"
	bold   = "\x1b[1m"
	reset  = "\x1b[0m"
)

// Text writes findings for people: the place and the sentence, the source lines with carets under the place and dashes
// under what is related to it, and what to do. The first line starts file:line:column, as editors expect.
func Text(w io.Writer, ds []Diagnostic, style Style) error {
	var b bytes.Buffer
	t := text{out: &b, style: style, lines: map[string][]string{}}
	for i, d := range ds {
		if i > 0 {
			b.WriteByte('\n')
		}
		t.diagnostic(d)
	}
	_, err := w.Write(b.Bytes())
	return err
}

type text struct {
	out   *bytes.Buffer
	style Style
	lines map[string][]string
}

func (t *text) diagnostic(d Diagnostic) {
	tint := red
	if d.Severity == Warning {
		tint = yellow
	}
	head := d.Severity.String()
	if d.Code != "" {
		head += "[" + string(d.Code) + "]"
	}
	fmt.Fprintf(t.out, "%s%s: %s\n", t.color(bold, place(d.Span)), t.color(tint, head), t.color(bold, d.Message))

	width := len(strconv.Itoa(d.Span.Start.Line))
	for _, r := range d.Related {
		width = max(width, len(strconv.Itoa(r.Span.Start.Line)))
	}
	t.snippet(d.Span, d.Label, "^", tint, width)
	for _, r := range d.Related {
		if r.Span.File != d.Span.File {
			fmt.Fprintf(t.out, " in %s\n", strings.TrimSuffix(place(r.Span), ": "))
		}
		t.snippet(r.Span, r.Label, "-", blue, width)
	}
	help := d.Help
	if _, ok := Lookup(d.Code); ok {
		if help != "" {
			help += "     "
		}
		help += "mpgen explain " + string(d.Code)
	}
	if help != "" {
		fmt.Fprintf(t.out, " %s %s\n", t.color(bold, "help:"), help)
	}
}

// snippet shows the first line of a span with marks under it.
func (t *text) snippet(at Span, label, mark, tint string, width int) {
	line, ok := t.line(at)
	if !ok {
		return
	}
	last := len(line) + 1
	start := min(max(at.Start.Column-1, 0), len(line))
	end := at.End.Column - 1
	if at.End.Line > at.Start.Line {
		end = len(line)
	}
	end = min(max(end, start+1), last)

	before, shown := expand(line[:start], 0)
	marked, under := expand(line[start:min(end, len(line))], shown)
	after, _ := expand(line[min(end, len(line)):], shown+under)
	under = max(under, 1)
	fmt.Fprintf(t.out, " %s %s\n", t.color(blue, fmt.Sprintf("%*d |", width, at.Start.Line)),
		strings.TrimRight(before+marked+after, " "))
	marks := strings.Repeat(mark, under)
	if label != "" {
		marks += " " + label
	}
	fmt.Fprintf(t.out, " %s %s%s\n", t.color(blue, strings.Repeat(" ", width)+" |"), strings.Repeat(" ", shown), t.color(tint, marks))
}

// line is the source line that a span starts in.
func (t *text) line(at Span) ([]rune, bool) {
	if t.style.Source == nil || at.Start.Line < 1 {
		return nil, false
	}
	lines, ok := t.lines[at.File]
	if !ok {
		src := bytes.TrimPrefix(t.style.Source(at.File), []byte("\uFEFF"))
		lines = strings.Split(string(src), "\n")
		t.lines[at.File] = lines
	}
	if len(lines) == 1 && lines[0] == "" || at.Start.Line > len(lines) {
		return nil, false
	}
	return []rune(strings.TrimSuffix(lines[at.Start.Line-1], "\r")), true
}

func (t *text) color(code, s string) string {
	if !t.style.Color {
		return s
	}
	return code + s + reset
}

// place is the start of a line that names a span; a file as a whole has no line.
func place(at Span) string {
	switch {
	case at.Start.Line > 0:
		return fmt.Sprintf("%s:%d:%d: ", at.File, at.Start.Line, at.Start.Column)
	case at.File != "":
		return at.File + ": "
	}
	return ""
}
