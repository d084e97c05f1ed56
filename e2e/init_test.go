//go:build linux && (amd64 || arm64)

package e2e

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestTheFirstMinute does what the README says, in an empty folder and without an edit.
func TestTheFirstMinute(t *testing.T) {
	parallel(t)
	dir := t.TempDir()
	mpgen := filepath.Join(built.bin, "mpgen")
	var last result
	for _, c := range [][]string{
		{"go", "mod", "init", "example.com/first"},
		{"go", "mod", "edit", "-replace", "github.com/mpgen/mpgen=" + built.root},
		{mpgen, "init"},
		{"go", "get", "-tool", "github.com/mpgen/mpgen/cmd/mpgen"},
		{"go", "generate", "./..."},
		{"go", "vet", "./..."},
		{"go", "run", "."},
	} {
		last = run(t, dir, c...)
		require.Zero(t, last.code, "%s: %s%s", c, last.stdout, last.stderr)
	}
	require.Regexp(t, `(?m)^ +\d+ first\.mp$`, last.stdout)
	require.Regexp(t, `(?m)^ +\d+ lines, \d+ bytes$`, last.stdout)

	text, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	require.NoError(t, err)
	require.Contains(t, string(text), "tool github.com/mpgen/mpgen/cmd/mpgen\n")
	r := run(t, dir, "go", "tool", "mpgen", "generate", "--check", "./...")
	require.Equal(t, result{}, r)

	// And the second: a declaration is added, its function is there, builds, and says what is missing.
	mp := filepath.Join(dir, "first.mp")
	text, err = os.ReadFile(mp)
	require.NoError(t, err)
	text = append(text, "\n// tidy comes last.\nprocess tidy(how string) { worker { grace 1s } }\n"...)
	require.NoError(t, os.WriteFile(mp, text, 0o644))
	r = run(t, dir, "go", "generate", "./...")
	require.Equal(t, result{stderr: "wrote mpgen.go\nwrote tidy.go, which is yours from now on: tidy\n"}, r)
	r = run(t, dir, "go", "vet", "./...")
	require.Equal(t, result{}, r)
	r = run(t, dir, "go", "run", ".")
	require.Contains(t, r.stderr, "tidy is not written yet, in tidy.go\n")
	require.Equal(t, 1, r.code)
}
