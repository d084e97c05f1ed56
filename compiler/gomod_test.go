package compiler

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mpgen/mpgen/compiler/diag"
)

// TestDependenciesAreWhereTheGoCommandFindsThem takes this module and another one with a replaced module in it.
func TestDependenciesAreWhereTheGoCommandFindsThem(t *testing.T) {
	t.Setenv("GOFLAGS", "")
	t.Setenv("GOWORK", "off")
	for _, c := range []struct {
		dir      string
		packages []string
	}{
		{".", []string{"github.com/alecthomas/participle/v2/lexer", "github.com/dave/jennifer/jen", "golang.org/x/sys/unix", "pgregory.net/rapid"}},
		{"../bench", []string{"github.com/mpgen/mpgen/runtime", "golang.org/x/sys/unix"}},
	} {
		cmd := exec.Command("go", append([]string{"list", "-find", "-f", "{{.Dir}}", "--"}, c.packages...)...)
		cmd.Dir = c.dir
		out, err := cmd.Output()
		require.NoError(t, err)
		var got []string
		abs, err := filepath.Abs(c.dir)
		require.NoError(t, err)
		m := moduleOf(abs)
		for _, path := range c.packages {
			got = append(got, m.dependency(path))
		}
		require.Equal(t, strings.Split(strings.TrimSpace(string(out)), "\n"), got)
	}
}

func TestFoldersFollowFromGoMod(t *testing.T) {
	cache, home := t.TempDir(), t.TempDir()
	t.Setenv("GOFLAGS", "")
	t.Setenv("GOWORK", "")
	t.Setenv("GOMODCACHE", cache)
	write := func(dir, text string) string {
		for _, f := range diag.Files(text) {
			file := filepath.Join(dir, f.Name)
			require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
			require.NoError(t, os.WriteFile(file, f.Text, 0o644))
		}
		return dir
	}
	const code = "\npackage p\n"
	write(cache, "-- example.com/!big/lib@v1.2.0-!r!c1/deep/p.go --"+code+"-- example.com/lib/sub@v0.1.0/p.go --"+code+
		"-- example.com/lib@v1.0.0/a/p.go --"+code+"-- example.com/lib@v1.0.0/testsonly/p_test.go --"+code+"-- example.com/fork@v1.1.0/a/p.go --"+code)
	dir := write(home, `-- app/go.mod --
module "example.com/app" // of ours

go 1.26

require example.com/Big/lib v1.2.0-RC1
require (
	example.com/lib v1.0.0
	example.com/lib/sub v0.1.0 // indirect
	example.com/old v1.0.0
	example.com/app/inner v0.0.0
	near v0.0.0
)

replace (
	example.com/old => example.com/fork v1.1.0
	example.com/app/inner v0.0.0 => ../inner
	near => "./near"
)
exclude example.com/lib v0.9.0
-- app/near/p.go --
package near
-- inner/p.go --
package inner
`)
	app := filepath.Join(dir, "app")
	find := func(path string) string {
		found := moduleOf(filepath.Join(app, "some", "where")).dependency(path)
		return filepath.ToSlash(strings.NewReplacer(cache, "CACHE", home, "HOME").Replace(found))
	}
	want := map[string]string{
		"example.com/Big/lib/deep":  "CACHE/example.com/!big/lib@v1.2.0-!r!c1/deep",
		"example.com/lib/a":         "CACHE/example.com/lib@v1.0.0/a",
		"example.com/lib/sub":       "CACHE/example.com/lib/sub@v0.1.0",
		"example.com/lib/b":         "",
		"example.com/lib/testsonly": "",
		"example.com/old/a":         "CACHE/example.com/fork@v1.1.0/a",
		"example.com/app/inner":     "HOME/inner",
		"example.com/other":         "",
		"near":                      "HOME/app/near",
	}
	for path, folder := range want {
		require.Equal(t, folder, find(path), path)
	}
	require.Equal(t, "example.com/app", moduleOf(app).path)
	require.True(t, moduleOf(app).requires("example.com/app/inner"))
	require.False(t, moduleOf(app).requires("example.com/app/outer"))
	w := newGoWorld(app)
	found, _, err := w.find("example.com/app/inner", false)
	require.NoError(t, err)
	require.Equal(t, filepath.Join(home, "inner"), found)

	// Where go.mod does not tell it all the go command is asked.
	t.Setenv("GOFLAGS", "-modfile=other.mod")
	require.Empty(t, find("example.com/lib/a"))
	t.Setenv("GOFLAGS", "-tags=x")
	require.NotEmpty(t, find("example.com/lib/a"))
	write(app, "-- vendor/modules.txt --\n-- vendor/example.com/lib/a/p.go --"+code)
	require.Equal(t, "HOME/app/vendor/example.com/lib/a", find("example.com/lib/a"))
	require.Empty(t, find("example.com/lib/sub"))
	require.NoError(t, os.WriteFile(filepath.Join(home, "go.work"), nil, 0o644))
	require.Empty(t, find("example.com/lib/a"))
	t.Setenv("GOWORK", "off")
	require.NotEmpty(t, find("example.com/lib/a"))
	write(app, "-- go.mod --\nmodule example.com/app\n\ngo 1.16\n\nrequire example.com/lib v1.0.0\n")
	require.Empty(t, find("example.com/lib/a"))
}
