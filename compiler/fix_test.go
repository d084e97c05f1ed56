package compiler

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/mpgen/mpgen/compiler/diag"
)

// TestMendingComesToAnEnd spoils good and bad files a little, and applies fixes until
// there are none: that must end, whatever stands there, with edits that fit the text.
func TestMendingComesToAnEnd(t *testing.T) {
	files, err := filepath.Glob("testdata/*/*.mp")
	require.NoError(t, err)
	deeper, err := filepath.Glob("testdata/golden/*/*.mp")
	require.NoError(t, err)
	files = append(files, deeper...)
	var texts []string
	for _, f := range files {
		text, err := os.ReadFile(f)
		require.NoError(t, err)
		texts = append(texts, string(text))
	}
	token := regexp.MustCompile(`[\pL_][\pL\pN_]*|[0-9]\w*|->|[^\s]`)
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SampledFrom(texts).Draw(t, "text")
		for range rapid.IntRange(1, 3).Draw(t, "changes") {
			all := token.FindAllStringIndex(text, -1)
			if len(all) < 2 {
				break
			}
			at, other := rapid.SampledFrom(all).Draw(t, "at"), rapid.SampledFrom(all).Draw(t, "other")
			put := ""
			switch rapid.IntRange(0, 3).Draw(t, "how") {
			case 1: // doubled
				put = text[at[0]:at[1]] + " " + text[at[0]:at[1]]
			case 2: // another one in its place
				put = text[other[0]:other[1]]
			case 3: // misspelt
				word := []rune(text[at[0]:at[1]])
				i := rapid.IntRange(0, len(word)-1).Draw(t, "letter")
				word[i] = rapid.SampledFrom([]rune("aeXß-:=,;#'\"(){}[]<>|7")).Draw(t, "for")
				put = string(word)
			}
			text = text[:at[0]] + put + text[at[1]:]
		}
		in := Input{ImportPath: "example.com/spoilt", Sources: []Source{{"spoilt.mp", []byte(text)}}}
		for _, d := range Check(in) {
			for _, f := range d.Fixes {
				for _, e := range f.Edits {
					require.Equal(t, "spoilt.mp", e.Span.File, "%+v", d)
					require.LessOrEqual(t, e.Span.Start.Offset, e.Span.End.Offset, "%+v", d)
					require.LessOrEqual(t, e.Span.End.Offset, len(text), "%+v", d)
				}
			}
			fixed, mended := diag.Apply([]diag.Diagnostic{d}, func(string) []byte { return []byte(text) })
			require.Len(t, mended, min(len(d.Fixes), 1), "%+v\n%s", d, text)
			if len(mended) > 0 {
				require.NotEqual(t, text, string(fixed["spoilt.mp"]), "%+v", d)
			}
		}
		left := Fix(in)
		for _, d := range left.Left {
			require.Empty(t, d.Fixes, "%+v\nfirst\n%s\nthen\n%s", left.Rounds, text, left.Sources[0].Text)
		}
	})
}

func TestFixesKeepTheMarkAndTheEndsOfLines(t *testing.T) {
	in := Input{ImportPath: "example.com/ends", Sources: []Source{
		{"a.mp", []byte("\uFEFF// größe\r\nqueue größe string\r\n\r\nprocess scan { send grösse }\r\n")},
		{"b.mp", []byte("\uFEFFpackage ends\r\n\r\nimport \"image\"\r\n\r\nvalue at time.Time\r\n\r\nprocess work {\r\n\treceive größe\r\n\tuse at\r\n\tuse at\r\n}\r\n")},
	}}
	m := Fix(in)
	require.Empty(t, m.Left)
	require.Equal(t, "\uFEFFpackage ends\r\n\r\n// größe\r\nqueue größe string\r\n\r\nprocess scan { send größe }\r\n", string(m.Sources[0].Text))
	require.Equal(t, "\uFEFFpackage ends\r\n\r\nimport \"time\"\r\n\r\nvalue at time.Time\r\n\r\nprocess work {\r\n\treceive größe\r\n\tuse at\r\n}\r\n",
		string(m.Sources[1].Text))
}
