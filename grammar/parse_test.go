package grammar

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
)

// TestPrograms parses files without mistakes; the golden file beside each shows its tree, with the comments of each node.
func TestPrograms(t *testing.T) {
	for name, src := range programs(t) {
		t.Run(name, func(t *testing.T) {
			f, errs := Parse(name+".mp", src)
			require.Empty(t, errs)
			golden(t, "testdata/programs/"+name+".txt", dump(f))
			require.NoError(t, lawful(f, src))
		})
	}
}

func programs(t *testing.T) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob("testdata/programs/*.mp")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	all := map[string][]byte{}
	for _, file := range files {
		src, err := os.ReadFile(file)
		require.NoError(t, err)
		all[strings.TrimSuffix(filepath.Base(file), ".mp")] = src
	}
	return all
}

func TestEBNF(t *testing.T) { golden(t, "grammar.ebnf", EBNF()+"\n") }

func TestEachLiteralOfTheGrammarIsOneToken(t *testing.T) {
	literals := regexp.MustCompile(`"[^"]+"`).FindAllString(EBNF(), -1)
	require.Contains(t, literals, `"->"`)
	for _, l := range literals {
		text, err := strconv.Unquote(l)
		require.NoError(t, err)
		toks, errs := scan("", []byte(text))
		require.Empty(t, errs, text)
		require.Equal(t, text, toks[0].Value)
		require.True(t, toks[1].EOF() || toks[1].Value == "\n", text)
	}
}

func TestEveryKeywordStartsADeclarationOfTheGrammar(t *testing.T) {
	rules := map[string]string{}
	for line := range strings.Lines(EBNF()) {
		name, rule, _ := strings.Cut(line, " = ")
		rules[name] = rule
	}
	var starts []string
	for name := range strings.FieldsFuncSeq(rules["Decl"], func(r rune) bool { return !unicode.IsLetter(r) }) {
		first, _, _ := strings.Cut(strings.TrimPrefix(rules[name], "("), " Name")
		for _, literal := range regexp.MustCompile(`"(\w+)"`).FindAllStringSubmatch(first, -1) {
			starts = append(starts, literal[1])
		}
	}
	require.ElementsMatch(t, strings.Fields(keywords), starts)
}

func TestSemicolonsAreInsertedByGosRule(t *testing.T) {
	for _, c := range []struct{ src, want string }{
		{"a\nb", "a⏎ b⏎"},
		{"a // c\n\n\nb", "a⏎ b⏎"},
		{"a /* c */ b", "a b⏎"},
		{"a /* c\n */ b", "a⏎ b⏎"},
		{"a,\nb", "a , b⏎"},
		{"5s\n\"x\"\n`y\nz`\n", "5s⏎ \"x\"⏎ `y\nz`⏎"},
		{")\n]\n}\n", ")⏎ ]⏎ }⏎"},
		{"(\n[\n{\n=\n->\n.\n*\n;\n", "( [ { = -> . * ;"},
		{"map\nfunc\n", "map func"},
		{"a\r\nb\r\n", "a⏎ b⏎"},
		{"a;\n", "a ;"},
		{"", ""},
	} {
		toks, errs := scan("", []byte(c.src))
		require.Empty(t, errs)
		var b strings.Builder
		for _, tok := range toks {
			switch {
			case tok.Type == tokSemi && tok.Value == "\n":
				b.WriteString("⏎")
			case !elided(tok) && !tok.EOF():
				b.WriteString(" " + tok.Value)
			}
		}
		require.Equal(t, c.want, strings.TrimSpace(b.String()), "%q", c.src)
	}
}

func TestPositionsCountCharactersAndBytes(t *testing.T) {
	f, errs := Parse("a.mp", []byte("\uFEFFpackage p\r\n/* ü漢 */ lock größe\n"))
	require.Empty(t, errs)
	name := f.Decls[0].Ident()
	require.Equal(t, at(31, 2, 15), name.Pos)
	require.Equal(t, at(38, 2, 20), name.EndPos)
	require.Equal(t, at(3, 1, 1), f.Package.Pos)
}

func TestABrokenDeclarationIsNamed(t *testing.T) {
	f, errs := Parse("a.mp", []byte("package p\n\nqueue jobs\nque x\nstruct Job {\n\ta int\n\tb\n\tc int\n}\nlock l\n"))
	require.Len(t, errs, 3)
	require.Len(t, f.Broken, 2)
	require.Equal(t, BrokenDecl{Span: Span{at(11, 3, 1), at(21, 3, 11)}, Keyword: "queue", Name: "jobs"}, *f.Broken[0])
	require.Equal(t, BrokenDecl{Span: Span{at(22, 4, 1), at(27, 4, 6)}, Keyword: "que", Name: "x"}, *f.Broken[1])
	job := f.Decls[0].(*Struct)
	require.True(t, job.Broken)
	require.Len(t, job.Fields, 2)
	require.Equal(t, "l", f.Decls[1].Ident().Text)
}

func TestKeywordHasTheSpanOfItsWord(t *testing.T) {
	f, _ := Parse("a.mp", programs(t)["everything"])
	for _, d := range f.Decls {
		word := d.Keyword()
		require.Equal(t, word.Text, string(programs(t)["everything"][word.Pos.Offset:word.EndPos.Offset]))
	}
}

func TestDocAndLineAreWithoutMarkers(t *testing.T) {
	f, errs := Parse("a.mp", programs(t)["comments"])
	require.Empty(t, errs)
	require.Equal(t, []string{"Package notes is about comments.", "It has two lines."}, f.Package.Doc)
	require.Equal(t, "behind the package", f.Package.Line)
	require.Empty(t, f.Imports[0].Doc)
	job := f.Decls[0].(*Struct)
	require.Equal(t, []string{"Job has a doc."}, job.Doc)
	require.Equal(t, "behind the brace", job.Line)
	require.Equal(t, []string{"Path has a doc."}, job.Fields[0].Doc)
	require.Equal(t, "behind path", job.Fields[0].Line)
	require.Empty(t, job.Fields[1].Doc)
	require.Equal(t, "one two", job.Fields[1].Line)
	require.Equal(t, []string{"Level has a", "block comment."}, f.Decls[1].Attached().Doc)
	pdf := f.Decls[4].(*Service)
	require.Equal(t, []string{"open opens."}, pdf.Block.Items[0].Attached().Doc)
}

// dump shows a tree: a line for each node with its place and text, and its comments below it.
func dump(f *File) string {
	var b strings.Builder
	var node func(n Node, indent string)
	node = func(n Node, indent string) {
		r := n.Range()
		fmt.Fprintf(&b, "%s%s %d:%d-%d:%d", indent, reflect.TypeOf(n).Elem().Name(), r.Pos.Line, r.Pos.Column, r.EndPos.Line, r.EndPos.Column)
		switch n := n.(type) {
		case *Name:
			fmt.Fprintf(&b, " %s", n.Text)
		case *Number:
			fmt.Fprintf(&b, " %s", n.Text)
		case *String:
			fmt.Fprintf(&b, " %s", n.Text)
		case Decl:
			fmt.Fprintf(&b, " %s", n.Keyword().Text)
		}
		b.WriteByte('\n')
		comments := func(kind string, cs []Comment) {
			for _, c := range cs {
				gap := ""
				if c.Gap {
					gap = " gap"
				}
				fmt.Fprintf(&b, "%s  # %s%s %q\n", indent, kind, gap, c.Text)
			}
		}
		if a := attached(n); a != nil {
			comments("before", a.Before)
			comments("suffix", a.Suffix)
		}
		if in := inner(n); in != nil {
			comments("open", in.Open)
			comments("last", in.Last)
		}
		for _, c := range children(n) {
			node(c, indent+"  ")
		}
	}
	node(f, "")
	return b.String()
}

// lawful checks what holds for every tree: spans are tight and nest, and each comment of the text is in it once.
func lawful(f *File, src []byte) error {
	var err error
	fail := func(format string, args ...any) {
		if err == nil {
			err = fmt.Errorf(format, args...)
		}
	}
	held := map[int]int{}
	Walk(f, func(n Node) bool {
		r := n.Range()
		from, to := r.Pos.Offset, r.EndPos.Offset
		if from > to || to > len(src) {
			fail("%T has the span [%d, %d) in %d bytes", n, from, to, len(src))
			return false
		}
		text := string(src[from:to])
		if strings.Trim(text, " \t\r\n") != text {
			fail("%T has space around it: %q", n, text)
		}
		for _, c := range children(n) {
			if c.Range().Pos.Offset < from || c.Range().EndPos.Offset > to {
				fail("%T %q is not within %T %q", c, src[c.Range().Pos.Offset:c.Range().EndPos.Offset], n, text)
			}
		}
		switch n := n.(type) {
		case *Name:
			if n.Text != text {
				fail("name %q has the span %q", n.Text, text)
			}
		case *Number:
			if n.Text != text {
				fail("number %q has the span %q", n.Text, text)
			}
		}
		var cs []Comment
		if a := attached(n); a != nil {
			cs = append(append(cs, a.Before...), a.Suffix...)
		}
		if in := inner(n); in != nil {
			cs = append(append(cs, in.Open...), in.Last...)
		}
		for _, c := range cs {
			held[c.Pos.Offset]++
		}
		return true
	})
	toks, _ := scan("", src)
	for _, t := range toks {
		if t.Type != tokComment && t.Type != tokOpenComment {
			continue
		}
		if held[t.Pos.Offset] != 1 {
			fail("comment %q is in the tree %d times", t.Value, held[t.Pos.Offset])
		}
	}
	return err
}

// at is a place in a.mp.
func at(offset, line, column int) Pos {
	return Pos{Filename: "a.mp", Offset: offset, Line: line, Column: column}
}

func TestParseIsSafeForManyGoroutines(t *testing.T) {
	src := programs(t)["everything"]
	f, _ := Parse("a.mp", src)
	want := dump(f)
	got := make(chan string)
	for range 8 {
		go func() {
			f, _ := Parse("a.mp", src)
			got <- dump(f)
		}()
	}
	for range 8 {
		require.Equal(t, want, <-got)
	}
}
