//go:build linux && (amd64 || arm64)

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestTheFirstMinute does what the README says, in an empty folder and without an edit.
func TestTheFirstMinute(t *testing.T) {
	parallel(t)
	dir := t.TempDir()
	var last result
	for _, c := range [][]string{
		{"go", "mod", "init", "example.com/first"},
		{"go", "mod", "edit", "-replace", "github.com/mpgen/mpgen=" + built.root},
		{"go", "get", "-tool", "github.com/mpgen/mpgen/cmd/mpgen"},
		{"go", "tool", "mpgen", "init"},
		{"go", "generate", "./..."},
		{"go", "vet", "./..."},
		{"go", "run", "."},
	} {
		last = run(t, dir, c...)
		if c[1] == "get" && last.code != 0 { // building this repository needs fewer modules
			download := exec.Command("go", "mod", "download")
			download.Dir = built.root
			out, err := download.CombinedOutput()
			require.NoError(t, err, "%s%s", last.stderr, out)
			last = run(t, dir, c...)
		}
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

	// The tool is an analyzer too, which finds nothing in this program, until it has a mistake.
	r = run(t, dir, "go", "tool", "-n", "mpgen")
	require.Zero(t, r.code, r.stderr)
	vet := []string{"go", "vet", "-vettool=" + strings.TrimSpace(r.stdout), "./..."}
	r = run(t, dir, vet...)
	require.Zero(t, r.code, r.stderr)
	file := filepath.Join(dir, "handlers.go")
	text, err = os.ReadFile(file)
	require.NoError(t, err)
	wrong := strings.Replace(string(text), "p.Paths.Send(ctx, ", "p.Paths.Send(context.Background(), ", 1)
	require.NotEqual(t, string(text), wrong)
	require.NoError(t, os.WriteFile(file, []byte(wrong), 0o644))
	r = run(t, dir, vet...)
	require.Equal(t, 1, r.code, r.stderr)
	require.Regexp(t, `(?m)^\S*handlers\.go:\d+:\d+: handler scan waits without the context that it is given`, r.stderr)
}
