package grammar

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/participle/v2/lexer"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestFormatMakesTheCanonicalForm(t *testing.T) {
	canonical, err := os.ReadFile("testdata/format/canonical.mp")
	require.NoError(t, err)
	for _, name := range []string{"canonical.mp", "messy.mp"} {
		src, err := os.ReadFile("testdata/format/" + name)
		require.NoError(t, err)
		got, errs := Format(name, src)
		require.Empty(t, errs)
		require.Equal(t, string(canonical), string(got), name)

		crlf := strings.ReplaceAll(string(src), "\n", "\r\n")
		got, errs = Format(name, []byte("\uFEFF"+strings.TrimSuffix(crlf, "\r\n")))
		require.Empty(t, errs)
		require.Equal(t, string(canonical), string(got), name)
	}
}

func TestFormatKeepsWhatIsNoneOfItsBusiness(t *testing.T) {
	for _, c := range []struct{ name, src, want string }{
		{"numbers and strings", `sandbox a{files "\u00e4	ü",` + "`x\ty`" + `,0x_1F,1m30s}`,
			`sandbox a { files "\u00e4	ü", ` + "`x\ty`" + `, 0x_1F, 1m30s }`},
		{"text that runs over lines", "sandbox a { files `x \r\n  y`, /* a \n  b */ z }", "sandbox a {\n\tfiles `x \n  y`, /* a\n  b */ z\n}"},
		{"letters of all kinds", "lock   größe // ⌘\n  lock 錠 //  two", "lock größe // ⌘\nlock 錠     //  two"},
		{"text that runs over lines, in a table", "lock a // 1\npool q(a int) map /* x\n y */ [int]int // 2\npool r(abc int) // 3",
			"lock a // 1\npool q(a int) map /* x\n y */ [int]int // 2\npool r(abc int) // 3"},
		{"words of the language as names", "queue queue   queue\nvalue value value{slot slot}", "queue queue queue\nvalue value value { slot slot }"},
		{"a comment that a blank line parts from what follows", "lock a\n// below a\n\nprocess b {\n daemon\n}", "lock a\n// below a\n\nprocess b {\n\tdaemon\n}"},
		{"a long line without a block", "pool p(a int,b int,c int,d int) map[string]map[string]map[string]map[string]map[string]map[string]map[string]int",
			"pool p(a int, b int, c int, d int) map[string]map[string]map[string]map[string]map[string]map[string]map[string]int"},
	} {
		got, errs := Format("a.mp", []byte("package p\n\n"+c.src))
		require.Empty(t, errs, c.name)
		require.Equal(t, "package p\n\n"+c.want+"\n", string(got), c.name)
	}
}

func TestFormatOpensUpBlocksThatAreTooLong(t *testing.T) {
	head, block := "pool p(x int) int ", "{ task { timeout 10s; failed "
	fits := head + block + strings.Repeat("x", maxLine-len(head+block+" } }")) + " } }"
	for _, c := range []struct{ src, want string }{
		{fits, fits},
		{fits + " // and a comment", fits + " // and a comment"},
		{strings.Replace(fits, "x }", "xx }", 1), head + "{\n\t" + strings.TrimSuffix(strings.TrimPrefix(strings.Replace(fits, "x }", "xx }", 1), head+"{ "), " }") + "\n}"},
	} {
		got, errs := Format("a.mp", []byte("package p\n\n"+c.src))
		require.Empty(t, errs)
		require.Equal(t, "package p\n\n"+c.want+"\n", string(got))
	}
}

func TestFormatRefusesAFileWithErrors(t *testing.T) {
	got, errs := Format("a.mp", []byte("package p\n\nqueue jobs\n"))
	require.Nil(t, got)
	require.Len(t, errs, 1)
	require.Equal(t, Unexpected, errs[0].Code)
	require.Equal(t, 3, errs[0].Pos.Line)
}

// wholePrograms are all files without mistakes in this repository.
func wholePrograms(t testing.TB) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	for _, pattern := range []string{"testdata/programs/*.mp", "testdata/format/*.mp", "../examples/*/*.mp", "../examples/*/*/*.mp",
		"../compiler/testdata/golden/*/*.mp", "../bench/*/*.mp", "../bench/*/*/*.mp"} {
		files, err := filepath.Glob(pattern)
		require.NoError(t, err)
		for _, file := range files {
			src, err := os.ReadFile(file)
			require.NoError(t, err)
			all[filepath.ToSlash(file)] = src
		}
	}
	require.Greater(t, len(all), 30)
	return all
}

func TestFormatKeepsItsLawsForAllPrograms(t *testing.T) {
	for name, src := range wholePrograms(t) {
		require.NoError(t, formatted(src), name)
	}
}

func TestFormatKeepsWhatGoIsTold(t *testing.T) {
	all := wholePrograms(t)
	all["one line"] = []byte("package p; lock a /* of a */; /* of b */ lock b; /* of c */\n" +
		"struct S { /* of x */ x int; /* of y */ y int /* of z */; /* and z */ }\nprocess q(/* of x */ x int, /* of y */\n y int) // of q")
	for name, src := range all {
		once, errs := Format(name, src)
		require.Empty(t, errs)
		before, _ := Parse(name, src)
		after, _ := Parse(name, once)
		require.Equal(t, said(before), said(after), "%s:\n%s", name, once)
	}
}

// gaps cuts a text behind each token, with the space and comments that follow.
func gaps(src []byte) []string {
	var pieces []string
	toks, _ := scan("", src)
	for _, tok := range toks {
		if tok.Type == tokSemi && tok.Value == "\n" {
			continue
		}
		if elided(tok) && len(pieces) > 0 {
			pieces[len(pieces)-1] += tok.Value
		} else {
			pieces = append(pieces, tok.Value)
		}
	}
	return pieces
}

// mayEnd reports whether a line may end behind a piece: where a semicolon is put in already, or none would be.
func mayEnd(piece string) bool {
	lines := func(src string) int {
		toks, _ := scan("", []byte(src))
		return len(slices.DeleteFunc(toks, func(t lexer.Token) bool { return t.Value != "\n" || t.Type != tokSemi }))
	}
	return lines(piece+"a b") == lines(piece+"\na b")
}

// comments are put into gaps, the first kind anywhere, the others where a line may end.
var comments = []string{" /* %d */ ", "/* %d\n  one */", "// %d\n", "\n// %d\n", "\n\n/* %d */\n\n"}

// TestACommentInAnyGapStaysInIt puts comments of a kind into all gaps of each program at once, and into some that do not
// touch.
func TestACommentInAnyGapStaysInIt(t *testing.T) {
	for name, src := range wholePrograms(t) {
		pieces := gaps(src)
		strides := []int{1}
		if strings.HasPrefix(name, "testdata/format/") {
			strides = []int{1, 2, 7}
		}
		for _, stride := range strides {
			for first := range stride {
				for k, c := range comments {
					var changed strings.Builder
					n := 0
					for i, piece := range pieces {
						changed.WriteString(piece)
						if i%stride == first && (k == 0 || mayEnd(piece)) {
							fmt.Fprintf(&changed, c, i)
							n++
						}
					}
					require.Greater(t, n, 2, name)
					require.NoError(t, formatted([]byte(changed.String())), "%s:\n%s", name, &changed)
				}
			}
		}
	}
}

// TestFormatKeepsItsLawsForAnyLayout changes many gaps of a program at once.
func TestFormatKeepsItsLawsForAnyLayout(t *testing.T) {
	var all [][]string
	for _, src := range programs(t) {
		all = append(all, gaps(src))
	}
	fillers := []string{" ", "\n", "\n\n\n", "\t", "/* a */", " /* a */ /* b */ ", "// c\n", "\n// c\n\n// d\n", "; // e\n", ";/* f */", "/* g\n */"}
	rapid.Check(t, func(t *rapid.T) {
		pieces := slices.Clone(rapid.SampledFrom(all).Draw(t, "program"))
		for range rapid.IntRange(1, 20).Draw(t, "changes") {
			i := rapid.IntRange(0, len(pieces)-1).Draw(t, "gap")
			old := pieces[i]
			pieces[i] += rapid.SampledFrom(fillers).Draw(t, "filler")
			if _, errs := Parse("a.mp", []byte(strings.Join(pieces, ""))); len(errs) > 0 {
				pieces[i] = old
			}
		}
		src := strings.Join(pieces, "")
		if err := formatted([]byte(src)); err != nil {
			t.Fatalf("%s\n%s", err, src)
		}
	})
}

// FuzzFormat holds for all bytes without syntax errors.
func FuzzFormat(f *testing.F) {
	for _, src := range wholePrograms(f) {
		f.Add(src)
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		if _, errs := Parse("fuzz.mp", src); len(errs) == 0 {
			require.NoError(t, formatted(src))
		}
	})
}

// formatted checks the laws of Format for a text without syntax errors.
func formatted(src []byte) error {
	once, errs := Format("a.mp", src)
	if len(errs) > 0 {
		return fmt.Errorf("refused: %w", errs[0])
	}
	twice, errs := Format("a.mp", once)
	if len(errs) > 0 {
		return fmt.Errorf("cannot be read again: %w\n%s", errs[0], once)
	}
	if string(once) != string(twice) {
		return fmt.Errorf("is formatted as\n%s\nand then as\n%s", once, twice)
	}
	before, _ := Parse("a.mp", src)
	after, _ := Parse("a.mp", once)
	if b, a := shape(before), shape(after); b != a {
		return fmt.Errorf("has another tree, once\n%s\nand then\n%s", b, a)
	}
	if b, a := remarks(before, src), remarks(after, once); !slices.Equal(b, a) {
		return fmt.Errorf("has the comments %q and then %q", b, a)
	}
	for line := range strings.Lines(string(once)) {
		if strings.HasSuffix(line, "\r\n") {
			return fmt.Errorf("has a line that ends in CR LF: %q", line)
		}
	}
	return nil
}

// shape is a tree without positions and comments, its imports in order.
func shape(f *File) string {
	var b strings.Builder
	var show func(n Node, indent string)
	show = func(n Node, indent string) {
		fmt.Fprintf(&b, "%s%s", indent, reflect.TypeOf(n).Elem().Name())
		switch n := n.(type) {
		case *Name:
			b.WriteString(" " + n.Text)
		case *Number:
			b.WriteString(" " + n.Text)
		case *String:
			b.WriteString(" " + rawText(n.Text))
		case Decl:
			b.WriteString(" " + n.Keyword().Text)
		case *Import:
			slices.SortStableFunc(n.Group, compareImports)
		}
		b.WriteByte('\n')
		for _, c := range children(n) {
			show(c, indent+"  ")
		}
	}
	show(f, "")
	return b.String()
}

// said are the comments that a program carries over to Go.
func said(f *File) string {
	var b strings.Builder
	Walk(f, func(n Node) bool {
		if a := attached(n); a != nil && (len(a.Doc) > 0 || a.Line != "") {
			fmt.Fprintf(&b, "%T %q %q\n", n, a.Doc, a.Line)
		}
		return true
	})
	return b.String()
}

// rawText is a string with the line ends of Go.
func rawText(text string) string {
	if text[0] == '`' {
		return strings.ReplaceAll(text, "\r", "")
	}
	return text
}

// remarks lists the comments in their order, those in groups of imports sorted, each with the token before it, but for
// separators: they may come, go, and change sides with a comment.
func remarks(f *File, src []byte) []string {
	var groups []Span
	for _, d := range f.Imports {
		if d.Paren {
			groups = append(groups, d.Span)
		}
	}
	var all, imported []string
	toks, _ := scan("", src)
	behind := ""
	for _, tok := range toks {
		switch {
		case tok.Type == tokComment:
			inGroup := slices.ContainsFunc(groups, func(s Span) bool { return s.Pos.Offset < tok.Pos.Offset && tok.Pos.Offset < s.EndPos.Offset })
			if inGroup {
				imported = append(imported, trimLines(tok.Value))
			} else {
				all = append(all, rawText(behind+" ")+trimLines(tok.Value))
			}
		case !elided(tok) && tok.Type != tokSemi && tok.Value != ",":
			behind = tok.Value
		}
	}
	slices.Sort(imported)
	return append(all, imported...)
}
