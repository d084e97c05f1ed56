package compiler

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mpgen/mpgen/compiler/diag"
)

// What Go would refuse in generated code is refused where it was written. Each case has
// two files more than its own: a go.mod, and a pipeline that works.
func TestWhatGoWouldRefuseIsRefused(t *testing.T) {
	const module = "-- go.mod --\nmodule example.com/example\n\ngo 1.25\n"
	const sub = "-- sub/sub.go --\npackage sub\n\nimport \"errors\"\n\nvar errNone = errors.New(\"none\")\n\ntype T struct{ A int }\n"
	for name, c := range map[string]struct {
		files string
		told  []string // parts of what is said, in its order
		fixed string   // what a fix writes into the first file
	}{
		"slash at the end": {"-- p.mp --\npackage p\n\nimport \"time/\"\n\nvalue v time.Time\n", []string{`"time/" can't be imported: its path ends in a slash`}, `import "time"`},
		"dots":             {"-- p.mp --\npackage p\n\nimport \"image/../time\"\n\nvalue v time.Time\n", []string{"made of dots"}, `import "time"`},
		"empty part":       {"-- p.mp --\npackage p\n\nimport \"image//color\"\n\nvalue v color.RGBA\n", []string{"has a part that is empty"}, `import "image/color"`},
		"relative":         {"-- p.mp --\npackage p\n\nimport \"./sub\"\n\nvalue v sub.T\n" + module + sub, []string{"starts with the module"}, `import "example.com/example/sub"`},
		"vendor":           {"-- p.mp --\npackage p\n\nimport \"vendor/golang.org/x/net/dns/dnsmessage\"\n\nvalue v dnsmessage.Type\n", []string{"copy for those above"}, ""},
		"absolute":         {"-- p.mp --\npackage p\n\nimport \"/time\"\n\nvalue v time.Time\n", []string{"starts with no slash"}, `import "time"`},
		"blank":            {"-- p.mp --\npackage p\n\nimport \"ti me\"\n\nvalue v int\n", []string{"a character that none has"}, ""},
		"cycle": {"-- p.mp --\npackage p\n\nimport \"example.com/example/sub\"\n\nvalue v sub.T\n" + module +
			"-- sub/sub.go --\npackage sub\n\nimport \"example.com/example/deep\"\n\ntype T struct{ A deep.T }\n" +
			"-- deep/deep.go --\npackage deep\n\nimport _ \"example.com/example\"\n\ntype T int\n", []string{"it imports the package of this file itself"}, ""},
		"package blank":         {"-- p.mp --\npackage _\n\nvalue v int\n", []string{"package _ is no name"}, ""},
		"package documentation": {"-- p.mp --\npackage documentation\n\nvalue v int\n", []string{"package documentation is what Go passes over"}, ""},
		"marshaler of another form": {"-- p.mp --\npackage p\n\nimport \"example.com/example/sub\"\n\nqueue q sub.T\nprocess main { send q; receive q }\n" + module +
			"-- sub/sub.go --\npackage sub\n\ntype T struct{ a *int }\n\nfunc (t T) MarshalBinary() (int, error) { return 0, nil }\n\nfunc (t *T) UnmarshalBinary(b []byte) error { return nil }\n",
			[]string{"can't be sent: it holds pointers"}, ""},
		"variable of another form": {"-- p.mp --\npackage p\n\nimport \"example.com/example/sub\"\n\npool f(a int) int = sub.F\n" + module +
			"-- sub/sub.go --\npackage sub\n\nvar F = func(s string) int { return 0 }\n", []string{`its parameter for "a" is string, want int`}, ""},
		"imported type too large": {"-- p.mp --\npackage p\n\nimport \"example.com/example/sub\"\n\nvalue v sub.T\n" + module +
			"-- sub/sub.go --\npackage sub\n\ntype T [1 << 33]byte\n", []string{"8GiB"}, ""},
		"types called as Go's own": {"-- p.mp --\npackage p\n\nimport \"example.com/example/sub\"\n\npool f(a []int) int = sub.F\npool g(a int) int = sub.G\n" + module +
			"-- sub/sub.go --\npackage sub\n\ntype int string\n\ntype error struct{}\n\nfunc F(a []int) int { return 0 }\n\nfunc G(a int8) (int8, error) { return 0, error{} }\n",
			[]string{`its parameter for "a" is []sub.int, want []int`, `its parameter for "a" is int8, want int`}, ""},
		"error called as Go's own": {"-- p.mp --\npackage p\n\nimport \"example.com/example/sub\"\n\npool g(a string) string = sub.G\n" + module +
			"-- sub/sub.go --\npackage sub\n\ntype error struct{}\n\nfunc G(a string) (string, error) { return a, error{} }\n",
			[]string{`it returns 2 values, the last one a sub.error, want one and perhaps an error`}, ""},
		"types of what process main has not": {"-- p.mp --\npackage p\n\nimport \"time\"\n\nvalue v int\n\nprocess main(at time.Time) { use v }\n",
			[]string{"process main has parameters"}, ""},
		"types of a declaration of a name that is taken": {"-- p.mp --\npackage p\n\nimport \"time\"\n\nvalue v int\nvalue v time.Time\n",
			[]string{"has a name that is taken"}, ""},
		"function named as an import": {"-- p.mp --\npackage p\n\npool time(a int)\n-- x.go --\npackage p\n\nimport \"time\"\n\nvar T time.Time\n",
			[]string{`pool "time" needs the Go name time, which x.go imports a package by in line 3`}, ""},
		"struct named as an import": {"-- p.mp --\npackage p\n\nstruct Reader { a int }\nvalue v Reader\n-- x.go --\npackage p\n\nimport Reader \"strings\"\n\nvar T Reader.Builder\n",
			[]string{`struct "Reader" needs the Go name Reader, which x.go imports a package by in line 3`}, ""},
		"names of Go": {"-- p.mp --\npackage p\n\nvalue v int\n-- x.go --\npackage p\n\ntype error struct{}\n\nvar nil, string int\n\nfunc max() {}\n",
			[]string{"needs the Go name error, which x.go declares in line 3", "the Go name nil", "the Go name string"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			in := exampleInput(t, diag.Files(c.files))
			if strings.Contains(c.files, "go.mod") {
				in.ImportPath = "example.com/example"
			}
			found := Check(in)
			require.Len(t, found, len(c.told), "%+v", found)
			for i, part := range c.told {
				require.Contains(t, found[i].Message, part)
			}
			if c.fixed == "" {
				return
			}
			mended := Fix(in)
			require.Empty(t, mended.Left)
			require.Contains(t, string(mended.Sources[0].Text), c.fixed)
		})
	}
}

// TestBuildConstraintsInCommentsStayOut has comments that gofmt would move above the
// package clause, where they would keep the file from being built.
func TestBuildConstraintsInCommentsStayOut(t *testing.T) {
	out, ds := Generate(Input{ImportPath: "example.com/p", Sources: []Source{{"p.mp", []byte(`package p

// +build ignore
//  +build ignore
// a job
struct Job {
	// +build ignore
	path string // +build ignore
}

// +build ignore
enum Level {
	low // +build ignore
}

// +build ignore
service shop {
	// +build ignore
	func get(job Job, l Level) int // +build ignore
}

value last Job // +build ignore

// +build ignore
process main { use last, shop } // +build ignore
`)}}})
	require.Empty(t, ds)
	require.NotContains(t, string(out.Files[FileName]), "+build")
	require.Contains(t, string(out.Files[FileName]), "// a job")
}

// TestVariablesThatHoldFunctionsAreCalledAsTheyAre has functions that lack what others have.
func TestVariablesThatHoldFunctionsAreCalledAsTheyAre(t *testing.T) {
	in := exampleInput(t, diag.Files(`-- p.mp --
package p

import "example.com/example/sub"

pool f(a int) int = sub.F
pool g(a int) int = sub.G
-- go.mod --
module example.com/example
-- sub/sub.go --
package sub

import "context"

var F = func(a int) int { return a }

var G func(ctx context.Context, a int) (int, error)
`))
	out, ds := Generate(in)
	require.Empty(t, ds)
	require.Contains(t, string(out.Files[FileName]), "sub.F(")
	require.NotContains(t, string(out.Files[FileName]), "sub.F(ctx")
}

// TestFunctionsThatAppearMeanwhileAreNotWrittenTwice has another process write the file of
// functions while this one compiles.
func TestFunctionsThatAppearMeanwhileAreNotWrittenTwice(t *testing.T) {
	in := exampleInput(t, diag.Files("-- p.mp --\npackage p\n\npool f(a int)\n-- x.go --\npackage p\n"))
	u := analyse(in)
	require.NoError(t, os.WriteFile(filepath.Join(in.Dir, "handlers.go"), []byte("package p\n"), 0o644))
	p, ds := u.lowered()
	require.Empty(t, ds)
	stubs, ds := u.stubs(p, u.functions())
	require.Empty(t, ds)
	require.Equal(t, "handlers.go", stubs.File) // whose writer sees that it is there
}

// TestStubsImportByNamesThatAreFree has the names of what they import for something else.
func TestStubsImportByNamesThatAreFree(t *testing.T) {
	for _, files := range []string{
		"-- p.mp --\npackage p\n\npool f(a int)\n-- x.go --\npackage p\n\nvar errors, context = 5, 6\n",
		"-- p.mp --\npackage p\n\npool errors(a int)\npool context(a int)\n-- x.go --\npackage p\n",
	} {
		out, ds := Generate(exampleInput(t, diag.Files(files)))
		require.Empty(t, ds)
		require.Contains(t, string(out.Stubs.Text), "errors_ \"errors\"")
		require.Contains(t, string(out.Stubs.Text), "context_ \"context\"")
		require.Contains(t, string(out.Stubs.Text), "errors_.New(")
	}
}
