package compiler

import (
	"bytes"
	"flag"
	"fmt"
	"go/token"
	"os"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"

	"github.com/mpgen/mpgen/compiler/diag"
	"github.com/mpgen/mpgen/grammar"
)

var thorough = flag.Bool("thorough", false, "compile all that tests make of a text, not only some of it")

// some says whether the ith of many is compiled.
func some(i, of int) bool { return *thorough || i%of == 0 }

// plainGo is what a text generates, without comments: those of the text are carried over.
func plainGo(t *testing.T, text string) string {
	out, ds := Generate(Input{ImportPath: "example.com/x", Version: "v0.0.0", Sources: []Source{{"x.mp", []byte(text)}}})
	require.False(t, diag.HasErrors(ds), "%s\n%s", text, told(ds))
	return withoutComments(t, string(out.Files[FileName]))
}

// everything is a pipeline of every kind of declaration.
func everything(t *testing.T) string {
	text, err := os.ReadFile("testdata/golden/every/every.mp")
	require.NoError(t, err)
	return string(text)
}

// TestLineEndsAndMarksChangeNothing compiles one file in the forms in which editors keep it.
func TestLineEndsAndMarksChangeNothing(t *testing.T) {
	text := everything(t)
	want := plainGo(t, text)
	for name, form := range map[string]string{
		"CRLF":                      strings.ReplaceAll(text, "\n", "\r\n"),
		"a BOM":                     "\uFEFF" + text,
		"a BOM and CRLF":            "\uFEFF" + strings.ReplaceAll(text, "\n", "\r\n"),
		"no newline at the end":     strings.TrimRight(text, "\n"),
		"no newline, CRLF":          strings.TrimRight(strings.ReplaceAll(text, "\n", "\r\n"), "\r\n"),
		"blank lines":               strings.ReplaceAll(text, "\n", "\n\n"),
		"spaces for tabs":           strings.ReplaceAll(text, "\t", "    "),
		"spaces behind lines":       strings.ReplaceAll(text, "\n", " \t\n"),
		"a comment without newline": text + "// the end",
	} {
		require.Equal(t, want, plainGo(t, form), name)
	}
}

// TestCommentsMayStandInEveryGap puts comments between any two words of a file, one
// gap at a time and in all of them, of the forms that end no line; and of those that
// do, where a line ends.
func TestCommentsMayStandInEveryGap(t *testing.T) {
	text := everything(t)
	want := plainGo(t, text)
	same := func(i int, form string) {
		if !some(i, 3) {
			return
		}
		_, errs := grammar.Parse("x.mp", []byte(form))
		require.Empty(t, errs, "at token %d", i)
		if some(i, 30) {
			require.Equal(t, want, plainGo(t, form), "at token %d", i)
		}
	}
	toks := tokensOf(text)
	var all bytes.Buffer
	last := 0
	for i, tok := range toks {
		for _, c := range []string{"/**/", " /* ünï \" ` { } // 漢 */ "} {
			same(i, text[:tok.start]+c+text[tok.start:])
		}
		all.WriteString(text[last:tok.start] + "/* " + fmt.Sprint(i) + " */")
		last = tok.start
		end := strings.IndexByte(text[tok.end:], '\n')
		if strings.TrimSpace(text[tok.end:tok.end+max(end, 0)]) == "" && end >= 0 {
			for _, c := range []string{" // {", "\t/* } */", " /* over\n two lines */", "\n// below\n", "\r\n\r\n/* alone */"} {
				same(i, text[:tok.end]+c+text[tok.end:])
			}
		}
	}
	all.WriteString(text[last:])
	require.Equal(t, want, plainGo(t, all.String()))
}

// TestALineCommentInALineSaysWhatIsMissing holds that a comment that ends a line
// where none can end gives a finding there, and none elsewhere.
func TestALineCommentInALineSaysWhatIsMissing(t *testing.T) {
	text := everything(t)
	for i, tok := range tokensOf(text) {
		if !some(i, 7) {
			continue
		}
		rest, _, _ := strings.Cut(text[tok.end:], "\n")
		if strings.TrimSpace(rest) == "" || strings.HasPrefix(strings.TrimSpace(rest), "//") {
			continue
		}
		line := 1 + strings.Count(text[:tok.start], "\n")
		ds := checkText(text[:tok.end] + " // note\n" + text[tok.end:])
		require.Equal(t, mayEnd(text[tok.start:tok.end], text[tok.end:]), len(ds) == 0, "line %d, behind %s: %s", line, text[tok.start:tok.end], told(ds))
		require.LessOrEqual(t, len(ds), 3, told(ds))
		for _, d := range ds {
			if d.Span.Start.Line == line || d.Span.Start.Line == line+1 {
				break
			}
			require.NotEqual(t, ds[len(ds)-1], d, "line %d: %s", line, told(ds))
		}
	}
}

// TestWordsOfTheLanguageAreNames uses each of its words as every name that a user chooses.
func TestWordsOfTheLanguageAreNames(t *testing.T) {
	for _, word := range strings.Fields(`package_ struct_ enum queue pipe value array dict list set lock rlock rwlock
		semaphore event condition barrier blocks process pool service flow sandbox capacity slot bytes key guard send receive
		use read restart daemon max_ workers task worker timeout retries backoff failed never always stop skip file`) {
		text := fmt.Sprintf(`package lib

struct Job { %[1]s string; of []Kind }
enum Kind { %[1]s; other }
queue %[1]s Job { key %[1]s }
process main { send %[1]s; receive %[1]s }
process a(%[1]s int, b Kind)
process b[](%[1]s Job)
pool c(%[1]s Job, d int) Job
service d(%[1]s int) { func %[1]s(%[1]s Job) Job }
`, word)
		compiles(t, text)
	}
}

// TestNamesThatGeneratedCodeMightWant gives the names that generated code has, and
// those of its locals, to each kind of thing that has a name. Each is refused as
// such, or compiles.
func TestNamesThatGeneratedCodeMightWant(t *testing.T) {
	small := strings.Fields(`run start args wait error string close stats dump shutdown processes mp mpPipeline mpRun mpPutJob
		mpGetJob mpStart ctx p r n d e v c s i x in to at task opts node err ports context time instance instances init main
		len string_ new any nil url uRL job kind`)
	refused, made := 0, 0
	check := func(form, name string) {
		head := "package lib\n\nvalue t0 []int\n"
		if strings.EqualFold(name, "time") {
			head = "package lib\n\nimport \"time\"\n\nvalue t0 time.Time\n"
		}
		text := head + strings.ReplaceAll(form, "NAME", name) + "\n"
		ds := checkText(text)
		for _, d := range ds {
			require.Contains(t, []diag.Code{codeGoName, codeReserved, codeDuplicate, codeUndeclared, codeCycle, codeMain}, d.Code, "%s\n%s", text, told(ds))
		}
		if len(ds) > 0 {
			refused++
			return
		}
		if made++; some(made, 11) {
			compiles(t, text)
		}
	}
	for _, name := range small {
		for _, form := range []string{
			"struct Job { NAME string; other []int }\nvalue j Job",
			"enum Kind { NAME; z }\nvalue k []Kind",
			"value NAME int", "value NAME []string", "array NAME []int", "lock NAME\nprocess z[2] { use NAME }",
			"queue NAME []string\nprocess main { send NAME }\nprocess z { receive NAME }",
			"process NAME", "process NAME(a string, b []int)", "process NAME[](a string)", "process NAME[3](a int)",
			"process z(NAME string, b []int) { use t0 }", "process z[](NAME string, b []int) { use t0 }",
			"pool NAME(a string) []int", "pool NAME(a string, b int)", "pool z(NAME string) []string { use t0 }",
			"pool z(NAME string, b []string) { use t0 }",
			"service NAME(a string) { func z(b []int) []string }", "service z(NAME string) { func y(NAME []int) []string }",
			"service z { func NAME(b []int) []string; func y() }",
		} {
			check(form, name)
		}
	}
	for _, name := range strings.Fields("Run Start Args Wait Error String Mp Context Time Node T0 Kind URL MpRun TPorts Ñ") {
		check("struct NAME { a []int }\nvalue j NAME", name)
		check("enum NAME { a; b }\nvalue j []NAME", name)
		check("enum NAME { a; b }\nstruct NAMEA { n int }\nvalue j []NAME\nvalue k NAMEA", name)
	}
	t.Logf("%d compile, %d are refused", made, refused)
	require.Greater(t, made, 500)
}

// mayEnd reports whether a line may end between a token and what follows it: behind a
// token by which no line ends, and where an item does.
func mayEnd(word, rest string) bool {
	last := rune(word[len(word)-1])
	ends := !token.IsKeyword(word) && (last == '_' || unicode.IsLetter(last) || unicode.IsDigit(last) || strings.ContainsRune("\"`)]}", last))
	return !ends || strings.HasPrefix(strings.TrimSpace(rest), "}")
}
