package compiler

import (
	"cmp"
	"flag"
	"fmt"
	"hash/fnv"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"

	"github.com/mpgen/mpgen/compiler/diag"
)

var mutants = flag.Int("mutants", 200, "how many mutants of good files TestMutants checks; 0: all that there are")

// mutant is a good file with one small mistake.
type mutant struct {
	file, how, what string
	text            string
	at              []int // the tokens of text that are wrong, by number
}

// TestMutants makes small mistakes in good files: a token is removed, doubled, swapped
// with its neighbour, or misspelt. Few of the mutants may still be valid. Each other
// one must give a finding at most two tokens from the change, and at most three.
func TestMutants(t *testing.T) {
	var all []mutant
	for _, pattern := range []string{"../examples/*/*.mp", "../examples/*/*/*.mp", "testdata/golden/*/*.mp"} {
		files, err := filepath.Glob(pattern)
		require.NoError(t, err)
		for _, f := range files {
			text, err := os.ReadFile(f)
			require.NoError(t, err)
			if ds := checkText(string(text)); len(ds) > 0 {
				continue // a part of a folder
			}
			all = append(all, mutate(f, string(text))...)
		}
	}
	require.Greater(t, len(all), 5000)
	if n := *mutants; n > 0 {
		// By what they are, so that one more sample changes few of the chosen.
		slices.SortFunc(all, func(a, b mutant) int { return cmp.Compare(a.lot(), b.lot()) })
		all = all[:min(n, len(all))]
	}
	valid, far, shown, many, most := 0, 0, 0, 0, 0
	for _, m := range all {
		ds := checkText(m.text)
		if !diag.HasErrors(ds) {
			valid++
			t.Logf("valid: %s", m)
			continue
		}
		if most = max(most, len(ds)); len(ds) > 3 {
			many++
			t.Errorf("%d findings: %s\n%s", len(ds), m, told(ds))
		}
		switch {
		case near(m, ds, false):
		case near(m, ds, true):
			shown++
		default:
			far++
			t.Errorf("found far away: %s\n%s", m, told(ds))
		}
	}
	t.Logf("%d mutants: %d valid (%.1f %%), of the others %d found only by a place that the finding shows beside its own, %d too far away, %d with more than three findings (%d at most)",
		len(all), valid, 100*float64(valid)/float64(len(all)), shown, far, many, most)
	require.Less(t, float64(valid), 0.15*float64(len(all)))
}

// lot is a number drawn for the mutant.
func (m mutant) lot() uint64 {
	h := fnv.New64a()
	io.WriteString(h, m.String())
	return h.Sum64()
}

func (m mutant) String() string { return fmt.Sprintf("%s: %s: %s", m.file, m.how, m.what) }

func checkText(text string) []diag.Diagnostic {
	return Check(Input{ImportPath: "github.com/mpgen/mpgen/compiler/mutant", Version: "v0.0.0", Sources: []Source{{"x.mp", []byte(text)}}})
}

// told is a list of findings in a few words.
func told(ds []diag.Diagnostic) string {
	var b strings.Builder
	for _, d := range ds {
		fmt.Fprintf(&b, "\t%d:%d %s %s\n", d.Span.Start.Line, d.Span.Start.Column, d.Code, d.Message)
	}
	return b.String()
}

// near says whether a finding, or else a place that it shows beside its own, is at most two tokens from the change.
func near(m mutant, ds []diag.Diagnostic, related bool) bool {
	toks := tokensOf(m.text)
	close := func(s diag.Span) bool {
		first, last := tokenAt(toks, s.Start.Offset), tokenAt(toks, max(s.End.Offset-1, s.Start.Offset))
		return slices.ContainsFunc(m.at, func(i int) bool { return first-2 <= i && i <= last+2 })
	}
	return slices.ContainsFunc(ds, func(d diag.Diagnostic) bool {
		return close(d.Span) || related && slices.ContainsFunc(d.Related, func(r diag.Related) bool { return close(r.Span) })
	})
}

// span is a word, number, string or sign of a text: what lies between start and end.
type span struct{ start, end int }

var tokenText = regexp.MustCompile(`//[^\n]*|/\*(?s:.*?)\*/|"[^"\n]*"|[\pL\pN_.]+|->|[^\s]`)

func tokensOf(text string) []span {
	var toks []span
	for _, m := range tokenText.FindAllStringIndex(text, -1) {
		if s := text[m[0]:m[1]]; strings.HasPrefix(s, "//") || strings.HasPrefix(s, "/*") {
			continue
		}
		toks = append(toks, span{m[0], m[1]})
	}
	return toks
}

// tokenAt is the number of the token that holds an offset, or of the next one.
func tokenAt(toks []span, offset int) int {
	i, _ := slices.BinarySearchFunc(toks, offset, func(t span, o int) int { return t.end - 1 - o })
	return i
}

// mutate makes all mutants of a text.
func mutate(file, text string) []mutant {
	var all []mutant
	toks := tokensOf(text)
	for i, tok := range toks {
		word := text[tok.start:tok.end]
		line := 1 + strings.Count(text[:tok.start], "\n")
		from := strings.LastIndexByte(text[:tok.start], '\n') + 1
		to := from + strings.IndexByte(text[from:]+"\n", '\n')
		add := func(how, changed string, end int, at ...int) {
			m := mutant{file: fmt.Sprintf("%s:%d", file, line), how: how + " " + word, text: text[:tok.start] + changed + text[end:], at: at}
			m.what = strings.TrimSpace(text[from:tok.start] + changed + text[end:max(end, to)])
			all = append(all, m)
		}
		add("without", "", tok.end, i-1, i)
		add("twice", word+" "+word, tok.end, i, i+1)
		if i+1 < len(toks) {
			next := toks[i+1]
			if other := text[next.start:next.end]; other != word {
				add("behind "+other+":", other+text[tok.end:next.start]+word, next.end, i, i+1)
			}
		}
		if wrong := misspelt(word, i); wrong != word {
			add("misspelt", wrong, tok.end, i)
		}
	}
	return all
}

// misspelt swaps, drops or doubles a letter of a word.
func misspelt(word string, how int) string {
	r := []rune(word)
	if len(r) < 3 || !unicode.IsLetter(r[0]) && !unicode.IsLetter(r[len(r)-1]) {
		return word
	}
	at := 1 + how%(len(r)-2)
	if !unicode.IsLetter(r[0]) {
		at = len(r) - 2
	}
	switch how % 3 {
	case 0:
		r[at], r[at+1] = r[at+1], r[at]
	case 1:
		r = slices.Delete(r, at, at+1)
	default:
		r = slices.Insert(r, at, r[at])
	}
	return string(r)
}
