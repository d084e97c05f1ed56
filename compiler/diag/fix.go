package diag

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
)

// Apply carries out the first fix of each finding, and returns the new texts of the files that change and the findings
// that were mended. source is the text of a file, or nil for one that is not to be touched. Of two fixes that would change
// the same place it takes the first; the other one may fit when the new texts have been checked again.
func Apply(ds []Diagnostic, source func(file string) []byte) (changed map[string][]byte, mended []Diagnostic) {
	edits := map[string][]Edit{}
	for _, d := range ds {
		if len(d.Fixes) == 0 || !fits(d.Fixes[0].Edits, edits, source) {
			continue
		}
		for _, e := range d.Fixes[0].Edits {
			edits[e.Span.File] = append(edits[e.Span.File], e)
		}
		mended = append(mended, d)
	}
	changed = map[string][]byte{}
	for file, list := range edits {
		changed[file] = edited(source(file), list)
	}
	return changed, mended
}

// fits reports whether edits are within their files, and apart from each other and from those that were taken before.
func fits(edits []Edit, taken map[string][]Edit, source func(file string) []byte) bool {
	for i, e := range edits {
		start, end := e.Span.Start.Offset, e.Span.End.Offset
		text := source(e.Span.File)
		if text == nil || start < 0 || end < start || end > len(text) || string(text[start:end]) == e.New {
			return false
		}
		same := func(other Edit) bool { return other.Span.File == e.Span.File && overlap(e.Span, other.Span) }
		if slices.ContainsFunc(taken[e.Span.File], same) || slices.ContainsFunc(edits[:i], same) {
			return false
		}
	}
	return len(edits) > 0
}

// overlap reports whether two edits change the same text, or insert at the same place. What is put in at the start of a
// text that another edit replaces comes before it.
func overlap(a, b Span) bool {
	return a == b || a.Start.Offset < b.End.Offset && b.Start.Offset < a.End.Offset
}

// edited is a text after edits that do not overlap. What is put in has the ends of lines that the text has.
func edited(text []byte, edits []Edit) []byte {
	slices.SortFunc(edits, func(a, b Edit) int {
		return cmp.Or(cmp.Compare(a.Span.Start.Offset, b.Span.Start.Offset), cmp.Compare(a.Span.End.Offset, b.Span.End.Offset))
	})
	var out bytes.Buffer
	at := 0
	for _, e := range edits {
		out.Write(text[at:e.Span.Start.Offset])
		if bytes.Contains(text, []byte("\r\n")) {
			e.New = strings.ReplaceAll(e.New, "\n", "\r\n")
		}
		out.WriteString(e.New)
		at = e.Span.End.Offset
	}
	out.Write(text[at:])
	return out.Bytes()
}
