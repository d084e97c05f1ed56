package compiler

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aymanbagabas/go-udiff"
	"github.com/stretchr/testify/require"

	"github.com/mpgen/mpgen/compiler/diag"
)

// Each .mp file of testdata/wrong has a mistake that somebody made or will make; a
// .txtar has several files, Go files of the folder among them. Beside it stands, word for word, what mpgen says to it, and in a .diff what check
// --fix makes of it, if it can. Whoever changes a message reads here how it looks;
// the law is that each tells the mistake once, at its place, and what to do.
func TestWrongFilesReadAsTheyShould(t *testing.T) {
	files, err := filepath.Glob("testdata/wrong/*.mp")
	require.NoError(t, err)
	folders, err := filepath.Glob("testdata/wrong/*.txtar")
	require.NoError(t, err)
	files = append(files, folders...)
	require.GreaterOrEqual(t, len(files), 60)
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			texts := []diag.File{{Name: name + ".mp", Text: text}}
			if filepath.Ext(file) == ".txtar" {
				texts = diag.Files(string(text))
			}
			in := exampleInput(t, texts)
			source := func(file string) []byte {
				for _, f := range texts {
					if f.Name == file {
						return f.Text
					}
				}
				return nil
			}
			found := Check(in)
			require.NotEmpty(t, found)
			var told bytes.Buffer
			require.NoError(t, diag.Text(&told, found, diag.Style{NoHint: true, Source: source}))
			path := strings.TrimSuffix(file, filepath.Ext(file))
			beside(t, path+".txt", told.String())

			mended := Fix(in)
			var diff string
			for i, s := range mended.Sources {
				diff += udiff.Unified("wrong/"+s.Name, "mended/"+s.Name, string(in.Sources[i].Text), string(s.Text))
			}
			beside(t, path+".diff", diff)
		})
	}
}

// beside compares with a file, which is not there where the text is empty.
func beside(t *testing.T, file, got string) {
	t.Helper()
	switch {
	case *update && got == "":
		os.Remove(file)
	case *update:
		require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
	}
	want, err := os.ReadFile(file)
	if got != "" || !os.IsNotExist(err) {
		require.NoError(t, err)
	}
	require.Equal(t, string(want), got)
}

// TestEachCodeIsGivenAndTested demands of each code of the compiler that a file of
// testdata gives it, so that none is left over.
func TestEachCodeIsGivenAndTested(t *testing.T) {
	given := map[diag.Code]bool{}
	err := filepath.WalkDir("testdata", func(path string, e os.DirEntry, err error) error {
		if err != nil || !e.IsDir() {
			return err
		}
		files, err := filepath.Glob(filepath.Join(path, "*.mp"))
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			in := Input{ImportPath: "example.com/wrong", Sources: []Source{{Name: file, Text: text}}}
			in.Dir, _ = filepath.Abs(path)
			for _, d := range append(Check(in), Vet(in)...) {
				given[d.Code] = true
			}
		}
		return err
	})
	require.NoError(t, err)
	var never []diag.Code
	for _, info := range diag.Codes() {
		if info.Wrong != "" && !given[info.Code] {
			never = append(never, info.Code)
		}
	}
	require.Empty(t, never, "of %d codes given: %v", len(given), slices.Sorted(maps.Keys(given)))
}

// TestEachFixMendsItsFinding applies every fix of all wrong files and examples on
// its own: its finding is gone.
func TestEachFixMendsItsFinding(t *testing.T) {
	inputs := map[string][]Source{}
	for _, info := range diag.Codes() {
		for _, f := range diag.Files(info.Wrong) {
			if strings.HasSuffix(f.Name, ".mp") {
				inputs[string(info.Code)] = append(inputs[string(info.Code)], Source{f.Name, f.Text})
			}
		}
	}
	files, err := filepath.Glob("testdata/*/*.mp")
	require.NoError(t, err)
	for _, f := range files {
		text, err := os.ReadFile(f)
		require.NoError(t, err)
		inputs[f] = []Source{{f, text}}
	}
	n := 0
	for name, sources := range inputs {
		in := Input{ImportPath: "example.com/wrong", Sources: sources}
		before := Check(in)
		for _, d := range before {
			if len(d.Fixes) == 0 {
				continue
			}
			n++
			after := mendOnce(in, d)
			told := func(ds []diag.Diagnostic) (n int) {
				for _, a := range ds {
					if a.Code == d.Code && a.Message == d.Message {
						n++
					}
				}
				return n
			}
			if d.Code < "MP0100" { // one error is told for each line, so that the next may be the same
				require.False(t, slices.ContainsFunc(after, func(a diag.Diagnostic) bool { return a.Span == d.Span && a.Message == d.Message }),
					"%s: the fix %q of %q leaves it", name, d.Fixes[0].Message, d.Message)
				continue
			}
			require.Less(t, told(after), told(before), "%s: after %q of %q: %+v", name, d.Fixes[0].Message, d.Message, after)
		}
	}
	require.GreaterOrEqual(t, n, 60)
}

// mendOnce is what is found after the fix of one finding.
func mendOnce(in Input, d diag.Diagnostic) []diag.Diagnostic {
	sources := slices.Clone(in.Sources)
	changed, _ := diag.Apply([]diag.Diagnostic{d}, in.text)
	for i := range sources {
		if text, ok := changed[sources[i].Name]; ok {
			sources[i].Text = text
		}
	}
	in.Sources = sources
	return Check(in)
}
