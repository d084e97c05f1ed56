package diag

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func span(file string, line, from, to int) Span {
	return Span{File: file, Start: Pos{Line: line, Column: from}, End: Pos{Line: line, Column: to}}
}

func sources(files map[string]string) func(string) []byte {
	return func(name string) []byte { return []byte(files[name]) }
}

var known = Register(Info{Code: "MP9999", Name: "Known", Title: "a code of the tests", When: "Never."})

func TestTextShowsPlaceRelatedAndHelp(t *testing.T) {
	src := strings.Repeat("\n", 14) + "queue jobs Job { capacity 1024 }\n" + strings.Repeat("\n", 11) + "    send jbos\n"
	d := New(known, span("thumbs.mp", 27, 10, 14), "queue %q is not declared", "jbos").
		WithLabel("no queue of this name").
		WithRelated(span("thumbs.mp", 15, 7, 11), "a similar name is declared here").
		WithHelp("did you mean %q?", "jobs")
	require.Equal(t, `thumbs.mp:27:10: error[MP9999]: queue "jbos" is not declared
 27 |     send jbos
    |          ^^^^ no queue of this name
 15 | queue jobs Job { capacity 1024 }
    |       ---- a similar name is declared here
 help: did you mean "jobs"?     mpgen explain MP9999
`, print(t, Style{Source: sources(map[string]string{"thumbs.mp": src})}, d))
}

func TestTextMarksColumnsAsTheyAreShown(t *testing.T) {
	for _, c := range []struct {
		name, line string
		from, to   int
		want       string
	}{
		{"tabs are four columns", "\tsend jbos", 7, 11, " 1 |     send jbos\n   |          ^^^^\n"},
		{"a tab within goes to the next stop", "ab\tcd", 4, 6, " 1 | ab  cd\n   |     ^^\n"},
		{"wide characters take two", "// 漢字 x", 7, 8, " 1 | // 漢字 x\n   |         ^\n"},
		{"a wide place has wide marks", "漢字", 1, 3, " 1 | 漢字\n   | ^^^^\n"},
		{"combining marks take none", "e\u0301 x", 4, 5, " 1 | e\u0301 x\n   |   ^\n"},
		{"the end of a line is marked behind it", "queue jobs", 11, 11, " 1 | queue jobs\n   |           ^\n"},
		{"escape sequences are not passed on", "a\x1b[31mb", 7, 8, " 1 | a\uFFFD[31mb\n   |       ^\n"},
		{"a carriage return is no part of the line", "abc\r", 4, 4, " 1 | abc\n   |    ^\n"},
		{"a column behind the line is marked at its end", "abc", 90, 99, " 1 | abc\n   |    ^\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			out := print(t, Style{Source: sources(map[string]string{"a.mp": c.line + "\n"})}, New("", span("a.mp", 1, c.from, c.to), "x"))
			_, snippet, _ := strings.Cut(out, "\n")
			require.Equal(t, c.want, snippet)
		})
	}
}

func TestTextNamesTheFileOfARelatedPlaceElsewhere(t *testing.T) {
	d := New("", span("a.mp", 1, 1, 2), "x").WithRelated(span("b.mp", 12, 1, 2), "here")
	require.Equal(t, "a.mp:1:1: error: x\n  1 | a\n    | ^\n in b.mp:12:1\n 12 | b\n    | - here\n",
		print(t, Style{Source: sources(map[string]string{"a.mp": "a", "b.mp": strings.Repeat("\n", 11) + "b"})}, d))
}

func TestTextWithoutSourceIsOneLineForEach(t *testing.T) {
	out := print(t, Style{}, New("", span("a.mp", 1, 1, 2), "x"), New("", Span{File: "mpgen.go"}, "y").AsWarning())
	require.Equal(t, "a.mp:1:1: error: x\n\nmpgen.go: warning: y\n", out)
}

func TestTextColorsOnlyWhenAsked(t *testing.T) {
	d := New("", span("a.mp", 1, 1, 2), "x")
	style := Style{Source: sources(map[string]string{"a.mp": "a"})}
	require.NotContains(t, print(t, style, d), "\x1b")
	style.Color = true
	require.Contains(t, print(t, style, d), red+"error"+reset)
	require.Contains(t, print(t, style, d), blue+"1 |"+reset+" a\n "+blue+"  |"+reset+" "+red+"^"+reset+"\n")
	require.Contains(t, print(t, style, d.AsWarning()), yellow+"warning"+reset)
}

func TestTextNamesTheFileAgainWhenItComesBack(t *testing.T) {
	d := New("", span("a.mp", 1, 1, 2), "x").WithRelated(span("b.mp", 1, 1, 2), "there").WithRelated(span("a.mp", 2, 1, 2), "here")
	require.Equal(t, "a.mp:1:1: error: x\n 1 | a\n   | ^\n in b.mp:1:1\n 1 | b\n   | - there\n in a.mp:2:1\n 2 | c\n   | - here\n",
		print(t, Style{Source: sources(map[string]string{"a.mp": "a\nc", "b.mp": "b"})}, d))
}

func TestTextLeavesTheHintOut(t *testing.T) {
	d := New(known, span("a.mp", 1, 1, 2), "x")
	require.Equal(t, "a.mp:1:1: error[MP9999]: x\n", print(t, Style{NoHint: true}, d))
	require.Equal(t, "a.mp:1:1: error[MP9999]: x\n help: do\n", print(t, Style{NoHint: true}, d.WithHelp("do")))
}

func TestSummaryCountsWhatIsNotSeenAtOnce(t *testing.T) {
	e, w := New("", span("a.mp", 1, 1, 2), "x"), New("", span("b.mp", 1, 1, 2), "y").AsWarning()
	fix := e.WithFix("mend it", Edit{e.Span, "z"})
	for _, c := range []struct {
		want string
		of   []Diagnostic
	}{
		{"", nil},
		{"", []Diagnostic{e}},
		{"2 errors", []Diagnostic{e, e}},
		{"2 errors, 1 warning in 2 files", []Diagnostic{e, e, w}},
		{"2 warnings", []Diagnostic{w, w}},
		{"1 error; mpgen check --fix mends it", []Diagnostic{fix}},
		{"2 errors; mpgen check --fix mends them", []Diagnostic{fix, fix}},
		{"2 errors, 1 warning in 2 files; mpgen check --fix mends 1 of them", []Diagnostic{fix, e, w}},
	} {
		require.Equal(t, c.want, Summary(c.of))
	}
}

func print(t *testing.T, style Style, ds ...Diagnostic) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, Text(&b, ds, style))
	return b.String()
}
