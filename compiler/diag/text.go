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
	NoHint bool                     // without the hint to mpgen explain
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
// under what is related to it, and what to do. The first line starts file:line:column, as editors expect. Places in one
// line share it.
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

// Summary is a line that counts findings, as "2 errors, 1 warning in 2 files", and says how many of them have a fix. It is
// empty where it would say nothing new.
func Summary(ds []Diagnostic) string {
	errors, fixable := 0, 0
	files := map[string]bool{}
	for _, d := range ds {
		if d.Severity == Error {
			errors++
		}
		if len(d.Fixes) > 0 {
			fixable++
		}
		files[d.Span.File] = true
	}
	if len(ds) < 2 && fixable == 0 {
		return ""
	}
	var counts []string
	if errors > 0 {
		counts = append(counts, plural(errors, "error"))
	}
	if n := len(ds) - errors; n > 0 {
		counts = append(counts, plural(n, "warning"))
	}
	s := strings.Join(counts, ", ")
	if len(files) > 1 {
		s += " in " + plural(len(files), "file")
	}
	switch {
	case fixable == 0:
		return s
	case len(ds) == 1:
		return s + "; mpgen check --fix mends it"
	case fixable == len(ds):
		return s + "; mpgen check --fix mends them"
	}
	return s + "; mpgen check --fix mends " + strconv.Itoa(fixable) + " of them"
}

func plural(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return strconv.Itoa(n) + " " + what
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

	shown := t.excerpts(d, tint)
	width := 1
	for _, e := range shown {
		width = max(width, len(strconv.Itoa(e.line)))
	}
	file := d.Span.File
	for _, e := range shown {
		if e.file != file {
			file = e.file
			fmt.Fprintf(t.out, " in %s\n", t.color(bold, strings.TrimSuffix(place(e.first), ": ")))
		}
		t.excerpt(e, width)
	}
	help, more, _ := strings.Cut(d.Help, "\n")
	if _, ok := Lookup(d.Code); ok && !t.style.NoHint {
		if help != "" {
			help += "     "
		}
		help += "mpgen explain " + string(d.Code)
	}
	if more != "" {
		help += "\n" + more
	}
	if help != "" {
		fmt.Fprintf(t.out, " %s %s\n", t.color(bold, "help:"), help)
	}
}

// excerpt writes a source line and what is said about it.
func (t *text) excerpt(e *excerpt, width int) {
	blank := strings.Repeat(" ", width)
	if e.gap {
		fmt.Fprintf(t.out, " %s\n", t.color(blue, strings.Repeat(".", width)+" |"))
	}
	line, rows := e.draw()
	fmt.Fprintf(t.out, " %s %s\n", t.color(blue, fmt.Sprintf("%*d |", width, e.line)), line)
	for _, r := range rows {
		fmt.Fprintf(t.out, " %s %s\n", t.color(blue, blank+" |"), r.text(t.color))
	}
}

// source is a line of a file, without its end.
func (t *text) source(file string, line int) ([]rune, bool) {
	if t.style.Source == nil || line < 1 {
		return nil, false
	}
	lines, ok := t.lines[file]
	if !ok {
		src := bytes.TrimPrefix(t.style.Source(file), []byte("\uFEFF"))
		lines = strings.Split(string(src), "\n")
		t.lines[file] = lines
	}
	if len(lines) == 1 && lines[0] == "" || line > len(lines) {
		return nil, false
	}
	return []rune(strings.TrimSuffix(lines[line-1], "\r")), true
}

func (t *text) color(code, s string) string {
	if !t.style.Color || code == "" {
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
