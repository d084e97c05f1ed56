package diag

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// lined is the span of a text in a line that holds it once.
func lined(file, src string, line int, of string) Span {
	l := []rune(strings.Split(src, "\n")[line-1])
	at := strings.Index(string(l), of)
	from := len([]rune(string(l)[:at])) + 1
	return span(file, line, from, from+len([]rune(of)))
}

func TestPlacesInOneLineShareIt(t *testing.T) {
	const src = "package main\n\nprocess scan { use done, seen }\n\tflow a -> b -> 漢字 -> c\n"
	in := func(line int, of string) Span { return lined("a.mp", src, line, of) }
	for _, c := range []struct {
		name string
		d    Diagnostic
		want string
	}{
		{"the related one before", New("", in(3, "seen"), "x").WithLabel("again").WithRelated(in(3, "done"), "the first time"), `
 3 | process scan { use done, seen }
   |                    ----  ^^^^ again
   |                    |
   |                    the first time
`},
		{"the related one behind", New("", in(3, "scan"), "x").WithLabel("this").WithRelated(in(3, "seen"), "that"), `
 3 | process scan { use done, seen }
   |         ^^^^             ---- that
   |         |
   |         this
`},
		{"three, with a tab and wide characters", New("", in(4, "漢字"), "x").WithLabel("this").
			WithRelated(in(4, "a"), "one").WithRelated(in(4, "c"), "two"), `
 4 |     flow a -> b -> 漢字 -> c
   |          -         ^^^^    - two
   |          |         |
   |          |         this
   |          one
`},
		{"only one has a label", New("", in(3, "done"), "x").WithLabel("this").WithRelated(in(3, "seen"), ""), `
 3 | process scan { use done, seen }
   |                    ^^^^  ----
   |                    |
   |                    this
`},
		{"one in the other", New("", in(3, "done"), "x").WithLabel("this").WithRelated(in(3, "use done, seen"), "in this"), `
 3 | process scan { use done, seen }
   |                ----^^^^------ this
   |                |
   |                in this
`},
		{"the same place", New("", in(3, "done"), "x").WithLabel("this").WithRelated(in(3, "done"), "and that"), `
 3 | process scan { use done, seen }
   |                    ^^^^ and that
   |                    |
   |                    this
`},
		{"the finding's own line comes first", New("", in(4, "flow"), "x").WithLabel("this").
			WithRelated(in(3, "scan"), "one").WithRelated(in(4, "c"), "two").WithRelated(in(3, "done"), "three"), `
 4 |     flow a -> b -> 漢字 -> c
   |     ^^^^                   - two
   |     |
   |     this
 3 | process scan { use done, seen }
   |         ----       ---- three
   |         |
   |         one
`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, out, _ := strings.Cut(print(t, Style{Source: sources(map[string]string{"a.mp": src})}, c.d), "\n")
			require.Equal(t, strings.TrimPrefix(c.want, "\n"), out)
		})
	}
}

func TestASpanOfSeveralLinesShowsItsFirstAndItsLast(t *testing.T) {
	const src = "\tworker {\n\t\tmemory 5\n\t\tcpus 1\n\t} // end\nab\n"
	for _, c := range []struct {
		name   string
		at     Span
		expect string
	}{
		{"with others between", Span{File: "a.mp", Start: Pos{Line: 1, Column: 2}, End: Pos{Line: 4, Column: 3}}, `
 1 |     worker {
   |     ^^^^^^^^
 . |
 4 |     } // end
   |     ^ this
`},
		{"one after the other", Span{File: "a.mp", Start: Pos{Line: 3, Column: 3}, End: Pos{Line: 4, Column: 3}}, `
 3 |         cpus 1
   |         ^^^^^^
 4 |     } // end
   |     ^ this
`},
		{"up to the start of the last", Span{File: "a.mp", Start: Pos{Line: 2, Column: 3}, End: Pos{Line: 3, Column: 2}}, `
 2 |         memory 5
   |         ^^^^^^^^ this
`},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := New("", c.at, "x").WithLabel("this")
			_, out, _ := strings.Cut(print(t, Style{Source: sources(map[string]string{"a.mp": src})}, d), "\n")
			require.Equal(t, strings.TrimPrefix(c.expect, "\n"), out)
		})
	}
}

func TestLongLinesAreShownAroundTheMarks(t *testing.T) {
	rule := strings.Repeat("0123456789", 30)
	show := func(src string, d Diagnostic) []string {
		_, out, _ := strings.Cut(print(t, Style{Source: sources(map[string]string{"a.mp": src})}, d), "\n")
		return strings.Split(out, "\n")
	}
	at := func(from, to int) Span { return span("a.mp", 1, from, to) }

	t.Run("in the middle", func(t *testing.T) {
		src := rule[:150] + "HERE" + rule[:150]
		out := show(src, New("", at(151, 155), "x").WithLabel("this"))
		require.Equal(t, " 1 | …"+src[102:202]+"…", out[0])
		require.Equal(t, strings.Index(out[0], "HERE")-len("…")+1, strings.Index(out[1], "^^^^"))
		require.True(t, strings.HasSuffix(out[1], "^^^^ this"))
	})
	t.Run("at the start", func(t *testing.T) {
		out := show("HERE"+rule, New("", at(1, 5), "x"))
		require.Equal(t, " 1 | HERE"+rule[:96]+"…", out[0])
		require.Equal(t, "   | ^^^^", out[1])
	})
	t.Run("at the end", func(t *testing.T) {
		out := show(rule+"HERE", New("", at(301, 305), "x"))
		require.Equal(t, " 1 | …"+rule[204:]+"HERE", out[0])
		require.Equal(t, "   | "+strings.Repeat(" ", 97)+"^^^^", out[1])
	})
	t.Run("behind the end", func(t *testing.T) {
		out := show(rule, New("", at(301, 301), "x"))
		require.Equal(t, " 1 | …"+rule[200:], out[0])
		require.Equal(t, "   | "+strings.Repeat(" ", 101)+"^", out[1])
	})
	t.Run("two marks that are near", func(t *testing.T) {
		src := rule[:150] + "HERE" + rule[:20] + "THERE" + rule[:150]
		out := show(src, New("", at(151, 155), "x").WithRelated(at(175, 180), "that"))
		require.Contains(t, out[0], "HERE"+rule[:20]+"THERE")
		require.Contains(t, out[1], "^^^^"+strings.Repeat(" ", 20)+"----- that")
	})
	t.Run("two marks that are far from each other", func(t *testing.T) {
		src := "THERE" + rule[:250] + "HERE"
		out := show(src, New("", at(256, 260), "x").WithRelated(at(1, 6), "that"))
		require.True(t, strings.HasSuffix(out[0], rule[154:250]+"HERE"), out[0])
		require.Contains(t, out[1], "^^^^")
	})
	t.Run("a wide character is not cut", func(t *testing.T) {
		src := strings.Repeat("漢", 100) + "x" + strings.Repeat("字", 100)
		out := show(src, New("", at(101, 102), "x"))
		left, _, _ := strings.Cut(out[0], "x")
		cells := 0
		for _, r := range left {
			cells += width(r)
		}
		require.Equal(t, cells, strings.Index(out[1], "^"))
	})
}

func TestTheTextOfAFileWithAMarkAndCarriageReturns(t *testing.T) {
	const src = "\uFEFFpackage main\r\n\r\nqueue jobs\r\n"
	out := print(t, Style{Source: sources(map[string]string{"a.mp": src})},
		New("", span("a.mp", 1, 1, 8), "x"), New("", span("a.mp", 3, 11, 11), "y"))
	require.Equal(t, "a.mp:1:1: error: x\n 1 | package main\n   | ^^^^^^^\n\na.mp:3:11: error: y\n 3 | queue jobs\n   |           ^\n", out)
}
