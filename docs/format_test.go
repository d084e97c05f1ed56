package docs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mpgen/mpgen/grammar"
)

// TestPipelinesAreInCanonicalForm holds for every block of .mp, a file or a part of one.
func TestPipelinesAreInCanonicalForm(t *testing.T) {
	for _, page := range pages {
		for _, b := range blocks(t, page) {
			if len(b.info) == 0 || b.info[0] != "mp" {
				continue
			}
			clause := ""
			if !strings.Contains("\n"+b.text, "\npackage ") {
				clause = "package main\n\n"
			}
			got, errs := grammar.Format(b.page, []byte(clause+b.text))
			require.Empty(t, errs, b)
			require.Equal(t, clause+b.text, string(got), b)
		}
	}
}

// TestSamplesOfTheCompilerAreInCanonicalForm is for the files that mpgen fmt -l ./... leaves out, as testdata.
func TestSamplesOfTheCompilerAreInCanonicalForm(t *testing.T) {
	n := 0
	require.NoError(t, filepath.WalkDir("../compiler/testdata/golden", func(path string, d os.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".mp" {
			return err
		}
		n++
		src, err := os.ReadFile(path)
		require.NoError(t, err)
		got, errs := grammar.Format(path, src)
		require.Empty(t, errs)
		require.Equal(t, string(src), string(got), path)
		return nil
	}))
	require.Greater(t, n, 10)
}
