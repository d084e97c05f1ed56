//go:build linux && (amd64 || arm64)

package e2e

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/stretchr/testify/require"
)

// built is the module of programs.txtar, generated and built.
var built struct {
	root   string // of this repository
	module string
	bin    string // the programs by name, and mpgen
}

func TestMain(m *testing.M) {
	code, err := buildAndRun(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func buildAndRun(m *testing.M) (int, error) {
	if flag.Parse(); testing.Short() {
		return m.Run(), nil
	}
	temp, err := os.MkdirTemp("", "mpgen-e2e-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(temp)
	if built.root, err = filepath.Abs(".."); err != nil {
		return 0, err
	}
	built.module, built.bin = filepath.Join(temp, "programs"), filepath.Join(temp, "bin")
	if err := unpack("programs.txtar", built.module); err != nil {
		return 0, err
	}
	mpgen := filepath.Join(built.bin, "mpgen")
	for _, c := range []struct {
		dir  string
		args []string
	}{
		{built.root, []string{"go", "build", "-o", mpgen, "./cmd/mpgen"}},
		{built.root, []string{"go", "build", "-o", built.bin, "./examples/tour/..."}},
		{built.module, []string{mpgen, "generate", "./..."}},
		{built.module, []string{"go", "build", "-o", built.bin, "./..."}},
	} {
		cmd := exec.Command(c.args[0], c.args[1:]...)
		cmd.Dir, cmd.Env = c.dir, environment()
		if out, err := cmd.CombinedOutput(); err != nil {
			return 0, fmt.Errorf("%s: %w\n%s", strings.Join(c.args, " "), err, out)
		}
	}
	return m.Run(), nil
}

// look looks at the sources that the programs are built from. The go command keeps the results of
// tests, and knows by the files that a test itself has looked at whether it may show them again.
var look = sync.OnceValue(func() error {
	for _, folder := range []string{"grammar", "compiler", "runtime", "cmd", "examples"} {
		err := filepath.WalkDir(filepath.Join(built.root, folder), func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.Type().IsRegular() {
				_, err = os.Stat(path)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
})

// unpack writes the files of an archive into a module that takes this
// repository for package mp.
func unpack(archive, dir string) error {
	a, err := txtar.ParseFile(archive)
	if err != nil {
		return err
	}
	mod := "module example.com/programs\n\ngo 1.26.0\n\nrequire github.com/mpgen/mpgen v0.0.0\n\n" +
		"require golang.org/x/sys v0.49.0 // indirect\n\nreplace github.com/mpgen/mpgen => " + built.root + "\n"
	sum, err := os.ReadFile(filepath.Join(built.root, "go.sum"))
	if err != nil {
		return err
	}
	a.Files = append(a.Files, txtar.File{Name: "go.mod", Data: []byte(mod)}, txtar.File{Name: "go.sum", Data: sum})
	for _, f := range a.Files {
		path := filepath.Join(dir, f.Name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, f.Data, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// environment is that of a user who has all modules already.
func environment(more ...string) []string {
	return append(append(os.Environ(), "GOPROXY=off", "GOSUMDB=off", "GOFLAGS=", "GOWORK=off"), more...)
}

// result is what a command has printed and how it ended.
type result struct {
	stdout, stderr string
	code           int
	starts         int // processes whose packages were initialized, with the program itself
}

// patience bounds each wait, also for the go command where it has to build everything and others are at work.
const patience = 5 * time.Minute

// run runs a command to its end.
func run(t *testing.T, dir string, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	starts := filepath.Join(t.TempDir(), "starts")
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Dir, cmd.Env = dir, environment("STARTS="+starts)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.WaitDelay = 10 * time.Second
	err := cmd.Run()
	require.NotNil(t, cmd.ProcessState, "%v", err)
	require.NoError(t, ctx.Err(), "%s did not end: %s%s", args[0], &stdout, &stderr)
	lines, err := os.ReadFile(starts)
	if !os.IsNotExist(err) {
		require.NoError(t, err)
	}
	return result{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode(), bytes.Count(lines, []byte("\n"))}
}

// program runs a program of the module.
func program(t *testing.T, name string, args ...string) result {
	t.Helper()
	return run(t, t.TempDir(), append([]string{filepath.Join(built.bin, name)}, args...)...)
}

// parallel starts a test that may run beside the others.
func parallel(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("builds and runs programs")
	}
	require.NoError(t, look())
	t.Parallel()
}
