package compiler

import (
	"fmt"
	"go/importer"
	"go/token"
	"go/types"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mpgen/mpgen/compiler/diag"
)

// TestFunctionsOfGosLibraryFit binds pools to functions of some packages, with the
// types that Go's own type checker finds: none is told of. Then with one that is
// another: each is.
func TestFunctionsOfGosLibraryFit(t *testing.T) {
	if testing.Short() {
		t.Skip("it checks the types of packages from their sources")
	}
	source := importer.ForCompiler(token.NewFileSet(), "source", nil)
	for _, path := range []string{"strings", "strconv", "math", "math/bits"} {
		pkg, err := source.Import(path)
		require.NoError(t, err)
		var right, wrong []string
		for _, name := range pkg.Scope().Names() {
			f, ok := pkg.Scope().Lookup(name).(*types.Func)
			if !ok || !f.Exported() || f.Signature().TypeParams() != nil {
				continue
			}
			params, out, ok := written(f.Signature())
			if !ok {
				continue
			}
			pool := fmt.Sprintf("pool f%d(%%s) %%s = %s.%s", len(right), pkg.Name(), name)
			right = append(right, fmt.Sprintf(pool, strings.Join(params, ", "), out))
			for i := range params {
				other := append([]string{}, params...)
				other[i] = "other map[int8]complex64"
				wrong = append(wrong, strings.Replace(fmt.Sprintf(pool, strings.Join(other, ", "), out), "pool f", fmt.Sprintf("pool w%dx", len(wrong)), 1))
			}
			wrong = append(wrong, strings.Replace(fmt.Sprintf(pool, strings.Join(params, ", "), "map[int8]complex64"), "pool f", fmt.Sprintf("pool w%dx", len(wrong)), 1))
		}
		require.Greater(t, len(right), 20)
		require.Empty(t, bound(path, right))
		ds := bound(path, wrong)
		require.Len(t, ds, len(wrong))
		for _, d := range ds {
			require.Equal(t, codeSignature, d.Code)
		}
	}
}

// written is a signature as a .mp file writes it, and whether it can.
func written(sig *types.Signature) (params []string, out string, ok bool) {
	text := func(v *types.Var) string {
		s := types.TypeString(v.Type(), func(p *types.Package) string { return p.Name() })
		ok = ok && !strings.ContainsAny(s, ".()") && !strings.Contains(s, "any")
		return s
	}
	ok = sig.Params().Len() > 0
	for i := range sig.Params().Len() {
		params = append(params, fmt.Sprintf("p%d %s", i, text(sig.Params().At(i))))
	}
	n := sig.Results().Len()
	if n > 0 && sig.Results().At(n-1).Type().String() == "error" {
		n--
	}
	if n == 1 {
		out = text(sig.Results().At(0))
	}
	return params, out, ok && n <= 1
}

func bound(path string, lines []string) []diag.Diagnostic {
	text := fmt.Sprintf("package main\n\nimport %q\n\n%s\n", path, strings.Join(lines, "\n"))
	return Check(Input{ImportPath: "example.com/bound", Sources: []Source{{"p.mp", []byte(text)}}})
}
