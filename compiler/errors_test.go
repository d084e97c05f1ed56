package compiler

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mpgen/mpgen/compiler/diag"
)

// Each file, and each folder with its Go files, of testdata/errors is a wrong pipeline. Beside the
// line of a mistake stands // ERROR "rx" with an expression for each finding of
// the line, which is matched against
//
//	CODE SOURCE TEXT OF THE SPAN: message; help
//
// and every finding needs one. "^never" stands where none may be.
func TestWrongPipelinesAreRefused(t *testing.T) {
	require.GreaterOrEqual(t, findings(t, "testdata/errors", Check), 25)
}

// TestRulesFindWhatTheyShould is the same for what is right and unwise.
func TestRulesFindWhatTheyShould(t *testing.T) {
	require.GreaterOrEqual(t, findings(t, "testdata/vet", Vet), 4)
}

// findings compares what is found in the files and folders of dir with the comments
// there, and returns how many there are.
func findings(t *testing.T, dir string, find func(Input) []diag.Diagnostic) int {
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		t.Run(e.Name(), func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(dir, e.Name())
			in := Input{ImportPath: "example.com/wrong", Version: "v0.0.0"}
			files := []string{path}
			if e.IsDir() {
				files, _ = filepath.Glob(filepath.Join(path, "*.[mg][po]"))
				in.Dir, _ = filepath.Abs(path)
			}
			want := map[string][]string{}
			lines := map[string][]string{}
			for _, f := range files {
				text, err := os.ReadFile(f)
				require.NoError(t, err)
				if strings.HasSuffix(f, ".mp") {
					in.Sources = append(in.Sources, Source{Name: f, Text: text})
				}
				lines[f] = strings.Split(string(text), "\n")
				for i, line := range lines[f] {
					for _, rx := range expected(t, line) {
						at := fmt.Sprintf("%s:%d", f, i+1)
						want[at] = append(want[at], rx)
					}
				}
			}
			for _, d := range find(in) {
				at := fmt.Sprintf("%s:%d", d.Span.File, d.Span.Start.Line)
				got := fmt.Sprintf("%s %s: %s; %s", d.Code, spanned(lines[d.Span.File], d.Span), d.Message, d.Help)
				i := matching(want[at], got)
				if i < 0 {
					t.Errorf("%s: unexpected finding\n\t%s", at, got)
					continue
				}
				want[at] = append(want[at][:i], want[at][i+1:]...)
			}
			for at, rest := range want {
				for _, rx := range rest {
					if rx != "^never" {
						t.Errorf("%s: no finding matches %s", at, rx)
					}
				}
			}
		})
	}
	return len(entries)
}

var errorComment = regexp.MustCompile(`// ERROR (".*")$`)

func expected(t *testing.T, line string) []string {
	m := errorComment.FindStringSubmatch(strings.TrimSpace(line))
	if m == nil {
		return nil
	}
	var list []string
	for rest := m[1]; rest != ""; rest = strings.TrimSpace(rest) {
		quoted, err := strconv.QuotedPrefix(rest)
		require.NoError(t, err, line)
		rx, err := strconv.Unquote(quoted)
		require.NoError(t, err, line)
		list = append(list, rx)
		rest = rest[len(quoted):]
	}
	return list
}

func matching(list []string, got string) int {
	for i, rx := range list {
		if regexp.MustCompile(rx).MatchString(got) {
			return i
		}
	}
	return -1
}

// spanned is the source text of a span of one line.
func spanned(lines []string, s diag.Span) string {
	if s.Start.Line < 1 || s.Start.Line > len(lines) || s.Start.Line != s.End.Line {
		return ""
	}
	line := []rune(lines[s.Start.Line-1])
	return string(line[s.Start.Column-1 : s.End.Column-1])
}

// TestFiveMistakesGiveFiveFindings pins that no mistake causes a second finding.
func TestFiveMistakesGiveFiveFindings(t *testing.T) {
	text, err := os.ReadFile("testdata/errors/five.mp")
	require.NoError(t, err)
	require.Len(t, Check(Input{Sources: []Source{{"five.mp", text}}}), 5)
}

// TestEachExampleGivesItsCode keeps the examples of the codes true: Wrong gives
// its code alone, and Right gives nothing.
func TestEachExampleGivesItsCode(t *testing.T) {
	for _, info := range diag.Codes() {
		if info.Wrong == "" {
			continue
		}
		t.Run(string(info.Code), func(t *testing.T) {
			t.Parallel()
			var codes []diag.Code
			ds := findExample(t, info, info.Wrong)
			for _, d := range ds {
				codes = append(codes, d.Code)
			}
			require.Equal(t, []diag.Code{info.Code}, codes, "%+v", ds)
			require.Empty(t, findExample(t, info, info.Right))
		})
	}
}

// findExample checks the files of an example, or reviews them if its finding is a rule's.
func findExample(t *testing.T, info diag.Info, text string) []diag.Diagnostic {
	in := exampleInput(t, diag.Files(text))
	if info.Vet {
		require.Empty(t, Check(in), "a rule is about what is right")
		return Vet(in)
	}
	return Check(in)
}

// exampleInput are the files of an example, in a folder if Go files are among them.
func exampleInput(t *testing.T, files []diag.File) Input {
	in := Input{ImportPath: "example.com/example", Version: "v0.0.0"}
	for _, f := range files {
		if strings.HasSuffix(f.Name, ".mp") {
			in.Sources = append(in.Sources, Source{Name: f.Name, Text: f.Text})
			continue
		}
		if in.Dir == "" {
			in.Dir = t.TempDir()
		}
		file := filepath.Join(in.Dir, f.Name)
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, f.Text, 0o644))
	}
	return in
}
