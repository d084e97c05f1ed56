package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"

	"github.com/mpgen/mpgen/compiler"
	"github.com/mpgen/mpgen/compiler/diag"
)

var update = flag.Bool("update", false, "write what the commands print into the scripts")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"mpgen": main, "code": code})
}

// code runs a command and succeeds if its exit code is the one given first.
func code() {
	cmd := exec.Command(os.Args[2], os.Args[3:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Run()
	if got := strconv.Itoa(cmd.ProcessState.ExitCode()); got != os.Args[1] {
		fmt.Fprintf(os.Stderr, "exit code %s, want %s\n", got, os.Args[1])
		os.Exit(1)
	}
}

// TestScripts runs the command as users do; each script in testdata/script describes one subcommand or rule.
func TestScripts(t *testing.T) {
	cache, err := exec.Command("go", "env", "GOCACHE").Output()
	require.NoError(t, err)
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("GOCACHE", strings.TrimSpace(string(cache)))
			env.Setenv("GOPROXY", "off")
			return os.CopyFS(filepath.Join(env.WorkDir, "program"), os.DirFS("testdata/program"))
		},
	})
}

// TestEveryCodeIsExplained shows all codes as the command does: what mpgen says to the wrong example is the code's own.
func TestEveryCodeIsExplained(t *testing.T) {
	for _, info := range diag.Codes() {
		var b bytes.Buffer
		require.NoError(t, explain(&b, info))
		head, rest, _ := strings.Cut(b.String(), "\n")
		require.Equal(t, fmt.Sprintf("%s %s: %s", info.Code, info.Name, info.Title), head)
		require.NotContains(t, b.String(), "\t")
		if info.Wrong != "" {
			require.Regexp(t, `(error|warning)\[`+string(info.Code)+`\]: `, rest)
			require.Regexp(t, `\nRight(, as mpgen check --fix writes it)?:\n\n    `, rest)
		}
		byName, err := findCode(info.Name)
		require.NoError(t, err)
		require.Equal(t, info, byName)
	}
}

func TestModulePathReadsBothForms(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"module example.com/a\n", "example.com/a"},
		{"// about it\nmodule example.com/a // deprecated\n\ngo 1.26\n", "example.com/a"},
		{"module \"example.com/a\"\n", "example.com/a"},
		{"module (\n\texample.com/a\n)\n", "example.com/a"},
		{"go 1.26\n\nrequire example.com/b v1.0.0\n", ""},
		{"", ""},
	} {
		require.Equal(t, c.want, modulePath([]byte(c.text)), c.text)
	}
}

func TestWriteFileReplacesAndKeepsPermissions(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "mpgen.go")
	require.NoError(t, os.WriteFile(file, []byte("old"), 0o600))
	require.NoError(t, writeFile(file, []byte("new")))
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, "new", string(text))
	info, err := os.Stat(file)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, left, 1)
}

func TestWriteFileLeavesNothingBehindWhenItFails(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "mpgen.go")
	require.NoError(t, os.MkdirAll(filepath.Join(file, "in the way"), 0o755))
	require.Error(t, writeFile(file, []byte("new")))
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, left, 1)
}

func TestModulesNestFolders(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module example.com/a\n"), 0o644))
	sub := filepath.Join(dir, "b", "c")
	require.NoError(t, os.MkdirAll(sub, 0o755))
	m, err := moduleOf(sub)
	require.NoError(t, err)
	path, err := m.importPath(sub)
	require.NoError(t, err)
	require.Equal(t, "example.com/a/b/c", path)
}

// TestManyFindingsAreCut keeps a file of nothing but mistakes from filling the screen.
func TestManyFindingsAreCut(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.mp")
	var text strings.Builder
	text.WriteString("package a\n\nprocess x { send q0")
	for i := range 149 {
		fmt.Fprintf(&text, ", n%d", i)
	}
	text.WriteString(" }\n")
	require.NoError(t, os.WriteFile(file, []byte(text.String()), 0o644))
	var stdout, stderr bytes.Buffer
	require.Equal(t, exitFindings, mpgen([]string{"check", file}, &stdout, &stderr))
	require.Equal(t, mostShown, strings.Count(stderr.String(), "error[MP0103]"))
	require.Contains(t, stderr.String(), "\n50 more are not shown; --format json has them all\n\n150 errors\n")
}

// TestWhoGeneratesLaterIsContentWithTheFunctionsOfAnother has two processes that found
// the same functions missing.
func TestWhoGeneratesLaterIsContentWithTheFunctionsOfAnother(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module example.com/a\n"), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "p.mp"), []byte("package a\n\npool f(a int) int\n"), 0o644))
	f, err := readFolder(dir)
	require.NoError(t, err)
	out, ds := compiler.Generate(f.input)
	require.Empty(t, ds)
	var said strings.Builder
	cmd := &cobra.Command{}
	cmd.SetErr(&said)
	for range 2 {
		g := &generation{findings: plainFindings()}
		err := g.stubs(cmd, *f, out.Stubs)
		require.NoError(t, err)
		require.False(t, g.differs)
	}
	require.Equal(t, 1, strings.Count(said.String(), "yours from now on"))
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	require.NoError(t, err)
	require.Len(t, files, 2)
	left, err := filepath.Glob(filepath.Join(dir, ".*"))
	require.NoError(t, err)
	require.Empty(t, left)
}
