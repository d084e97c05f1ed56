package diag

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func edit(file string, start, end int, text string) Edit {
	return Edit{Span{File: file, Start: Pos{Offset: start}, End: Pos{Offset: end}}, text}
}

func TestApplyTakesFixesThatAreApart(t *testing.T) {
	files := map[string]string{"a.mp": "0123456789", "b.mp": "ab\r\ncd\r\n"}
	source := func(file string) []byte {
		if text, ok := files[file]; ok {
			return []byte(text)
		}
		return nil
	}
	finding := func(message string, edits ...Edit) Diagnostic {
		return New("", Span{}, "%s", message).WithFix("mend", edits...)
	}
	for _, c := range []struct {
		name    string
		ds      []Diagnostic
		changed map[string]string
		mended  []string
	}{
		{"replace, delete and insert, in any order",
			[]Diagnostic{finding("1", edit("a.mp", 8, 9, "x")), finding("2", edit("a.mp", 2, 4, "")), finding("3", edit("a.mp", 4, 4, "yy"))},
			map[string]string{"a.mp": "01yy4567x9"}, []string{"1", "2", "3"}},
		{"several edits in several files",
			[]Diagnostic{finding("1", edit("a.mp", 0, 1, "x"), edit("b.mp", 0, 2, "y"))},
			map[string]string{"a.mp": "x123456789", "b.mp": "y\r\ncd\r\n"}, []string{"1"}},
		{"of two that overlap the first",
			[]Diagnostic{finding("1", edit("a.mp", 2, 5, "x")), finding("2", edit("a.mp", 4, 6, "y"), edit("a.mp", 9, 10, "z"))},
			map[string]string{"a.mp": "01x56789"}, []string{"1"}},
		{"what is put in before what is replaced",
			[]Diagnostic{finding("1", edit("a.mp", 2, 4, "yy"), edit("a.mp", 2, 2, "x"))},
			map[string]string{"a.mp": "01xyy456789"}, []string{"1"}},
		{"of two that insert at one place the first",
			[]Diagnostic{finding("1", edit("a.mp", 2, 2, "x")), finding("2", edit("a.mp", 2, 2, "y"))},
			map[string]string{"a.mp": "01x23456789"}, []string{"1"}},
		{"none that overlaps itself, is out of the text, changes nothing, or has no text",
			[]Diagnostic{finding("1", edit("a.mp", 2, 5, "x"), edit("a.mp", 3, 4, "x")), finding("2", edit("a.mp", 9, 11, "")),
				finding("3", edit("a.mp", 3, 4, "3")), finding("4", edit("c.go", 0, 0, "x")), finding("5"), New("", Span{}, "6"),
				finding("7", edit("a.mp", 5, 4, "x"))},
			map[string]string{}, nil},
		{"lines end as in the file",
			[]Diagnostic{finding("1", edit("b.mp", 4, 4, "x\n"))},
			map[string]string{"b.mp": "ab\r\nx\r\ncd\r\n"}, []string{"1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			changed, mended := Apply(c.ds, source)
			got := map[string]string{}
			for file, text := range changed {
				got[file] = string(text)
			}
			require.Equal(t, c.changed, got)
			var messages []string
			for _, d := range mended {
				messages = append(messages, d.Message)
			}
			require.Equal(t, c.mended, messages)
		})
	}
}
