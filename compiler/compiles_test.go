package compiler

import (
	"flag"
	"fmt"
	"go/format"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/mpgen/mpgen/compiler/diag"
)

var batch = flag.Int("batch", 6, "how many random pipelines the Go compiler and vet see; more for a longer run")

// TestRandomPipelinesBuildAndVet puts many pipelines into packages of one module, as
// what the test below asks is not all that the Go compiler and vet have to say.
func TestRandomPipelinesBuildAndVet(t *testing.T) {
	if testing.Short() {
		t.Skip("it compiles many packages")
	}
	root, err := filepath.Abs("..")
	require.NoError(t, err)
	dir := t.TempDir()
	write := func(name, text string) {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
	mod, err := os.ReadFile("../go.mod")
	require.NoError(t, err)
	sum, err := os.ReadFile("../go.sum")
	require.NoError(t, err)
	_, needs, _ := strings.Cut(string(mod), "\n")
	write("go.mod", "module example.com/x\n"+needs+"\nrequire github.com/mpgen/mpgen v0.0.0\nreplace github.com/mpgen/mpgen => "+root+"\n")
	write("go.sum", string(sum))
	n := 0
	for i := 0; n < *batch; i++ {
		text := pipelines().Example(i)
		if i%2 == 1 {
			text = greedyPipelines().Example(i)
		}
		in := Input{ImportPath: fmt.Sprintf("example.com/x/p%d", i), Version: "v0.0.0", Sources: []Source{{"x.mp", []byte(text)}}}
		p, ds := Lower(in)
		out, _ := Generate(in)
		if len(ds) > 0 {
			require.Equal(t, 1, i%2, "%s\n%s", text, told(ds))
			continue
		}
		n++
		for name, text := range map[string]string{"x.mp": text, FileName: string(out.Files[FileName]), "stubs.go": stubs(p)} {
			write(fmt.Sprintf("p%d/%s", i, name), text)
		}
	}
	for _, tool := range [][]string{{"build", "-gcflags=-N -l"}, {"vet"}} { // nobody runs them, so they need not be fast
		cmd := exec.Command("go", append(tool, "./...")...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOPROXY=off")
		told, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", told)
	}
	t.Logf("%d pipelines", n)
}

// TestRandomPipelinesCompile holds the whole of the compiler to what it is for: a
// right pipeline gives Go that compiles, in gofmt's form, and the same twice.
func TestRandomPipelinesCompile(t *testing.T) {
	checkLess(t)
	rapid.Check(t, func(t *rapid.T) { compiles(t, pipelines().Draw(t, "pipeline")) })
}

// TestNamesThatMeetAreRefusedOrCompile draws names that generated code, Go or other
// declarations have an eye on.
func TestNamesThatMeetAreRefusedOrCompile(t *testing.T) {
	checkLess(t)
	rapid.Check(t, func(t *rapid.T) {
		text := greedyPipelines().Draw(t, "pipeline")
		ds := checkText(text)
		for _, d := range ds {
			require.Contains(t, []diag.Code{codeGoName, codeReserved, codeDuplicate, codeMain, codeNaming}, d.Code, "%s\n%s", text, told(ds))
		}
		if len(ds) == 0 {
			compiles(t, text)
		}
	})
}

// checkLess makes rapid check less than it does if nobody says how often, as each check takes a while.
func checkLess(t *testing.T) {
	checks := flag.Lookup("rapid.checks")
	if old := checks.Value.String(); old == checks.DefValue {
		require.NoError(t, checks.Value.Set("20"))
		t.Cleanup(func() { checks.Value.Set(old) })
	}
}

// compiles is the law for one text.
func compiles(t require.TestingT, text string) {
	in := Input{ImportPath: "example.com/x", Version: "v0.0.0", Sources: []Source{{"x.mp", []byte(text)}}}
	p, ds := Lower(in)
	require.Empty(t, ds, "%s\n%s", text, told(ds))
	out, ds := Generate(in)
	require.Empty(t, ds)
	code := string(out.Files[FileName])
	again, _ := Generate(in)
	require.Equal(t, code, string(again.Files[FileName]))
	formatted, err := format.Source([]byte(code))
	require.NoError(t, err)
	require.Equal(t, string(formatted), code)
	require.NoError(t, typeCheck(code, stubs(p)), "%s\n%s", text, code)
}
