package compiler

import (
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/printer"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"

	"github.com/stretchr/testify/require"

	"github.com/mpgen/mpgen/compiler/ir"
)

// exports are the files with the export data of what generated code may import in
// tests. The go command makes them, once for a run of the tests.
var exports = sync.OnceValues(func() (map[string]string, error) {
	cmd := exec.Command("go", "list", "-export", "-deps", "-f", "{{.ImportPath}}={{.Export}}",
		ir.Runtime, "context", "time", "image", "image/color", "net/netip", "math/big", "net/url")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	files := map[string]string{}
	for line := range strings.Lines(string(out)) {
		path, file, _ := strings.Cut(strings.TrimSpace(line), "=")
		files[path] = file
	}
	return files, err
})

// packages keeps what was imported.
var packages = sync.OnceValues(func() (types.Importer, error) {
	files, err := exports()
	return importer.ForCompiler(token.NewFileSet(), "gc", func(path string) (io.ReadCloser, error) {
		return os.Open(files[path])
	}), err
})

var importing sync.Mutex

// typeCheck is what the Go compiler would say to a package of these texts, without
// the go command.
func typeCheck(texts ...string) error {
	imports, err := packages()
	if err != nil {
		return err
	}
	fset := token.NewFileSet()
	var files []*ast.File
	for i, text := range texts {
		file, err := parser.ParseFile(fset, fmt.Sprintf("%d.go", i), text, parser.AllErrors|parser.ParseComments)
		if err != nil {
			return err
		}
		files = append(files, file)
	}
	var errs []error
	config := types.Config{Importer: imports, Error: func(err error) { errs = append(errs, err) }}
	importing.Lock()
	defer importing.Unlock()
	if _, err := config.Check("example.com/x", fset, files, nil); err != nil && len(errs) == 0 {
		return err
	}
	return errors.Join(errs...)
}

// stubs are the functions that the author of a pipeline would write. They know the
// pipeline from its IR, and nothing of how the emitter calls them.
func stubs(p *ir.Pipeline) string {
	s := stubWriter{imports: map[string]string{"context": "zcontext"}}
	written := map[string]bool{}
	fn := func(f ir.Func, ports ir.Ports, params []ir.Param, out string) {
		if f.Path != "" || written[f.Name] {
			return
		}
		written[f.Name] = true
		var list []string
		if ports.Type != "" {
			list = append(list, "*"+ports.Type)
		}
		for _, p := range params {
			list = append(list, s.typ(p.Type))
		}
		results := "error"
		if out != "" {
			results = "(" + out + ", error)"
		}
		fmt.Fprintf(&s.b, "func %s(zcontext.Context, %s) %s { panic(0) }\n", f.Name, strings.Join(list, ", "), results)
	}
	for _, d := range p.Decls {
		switch {
		case d.Process != nil:
			fn(d.Process.Func, d.Process.Ports, d.Process.Params, "")
		case d.Pool != nil:
			out := ""
			if d.Pool.Out != nil {
				out = s.typ(*d.Pool.Result())
			}
			fn(d.Pool.Func, d.Pool.Ports, d.Pool.Params, out)
		case d.Service != nil:
			fn(d.Service.Open, d.Service.Ports, d.Service.Params, d.Service.Go)
		}
	}
	var head strings.Builder
	fmt.Fprintf(&head, "package %s\n\n", p.Package)
	for path, name := range s.imports {
		fmt.Fprintf(&head, "import %s %q\n", name, path)
	}
	if p.Package == "main" {
		s.b.WriteString("func main() {}\n")
	}
	return head.String() + "var _ zcontext.Context\n\n" + strings.ReplaceAll(s.b.String(), ", )", ")")
}

type stubWriter struct {
	b       strings.Builder
	imports map[string]string
}

func (s *stubWriter) typ(t ir.Type) string {
	switch t.Kind {
	case ir.String:
		return "string"
	case ir.Bytes:
		return "[]byte"
	case ir.Array:
		return fmt.Sprintf("[%d]%s", t.Len, s.typ(*t.Elem))
	case ir.Slice:
		return "[]" + s.typ(*t.Elem)
	case ir.Map:
		return "map[" + s.typ(*t.Key) + "]" + s.typ(*t.Elem)
	case ir.Pointer:
		return "*" + s.typ(*t.Elem)
	case ir.File:
		return "*" + s.qualified("os") + ".File"
	case ir.Block:
		return s.qualified(ir.Runtime) + ".Block"
	case ir.Failed:
		return s.qualified(ir.Runtime) + ".Failed[" + s.typ(*t.Elem) + "]"
	case ir.Imported:
		return s.qualified(t.Path) + "." + t.Name
	}
	return t.Name
}

func (s *stubWriter) qualified(path string) string {
	if s.imports[path] == "" {
		s.imports[path] = fmt.Sprintf("zz%d", len(s.imports))
	}
	return s.imports[path]
}

// withoutComments is Go code as the compiler sees it.
func withoutComments(t require.TestingT, code string) string {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, FileName, code, parser.SkipObjectResolution)
	require.NoError(t, err)
	var b strings.Builder
	require.NoError(t, printer.Fprint(&b, fset, file))
	var lines []string
	for line := range strings.Lines(b.String()) {
		if fields := strings.Fields(line); len(fields) > 0 { // how fields are aligned depends on comments
			lines = append(lines, strings.Join(fields, " "))
		}
	}
	return strings.Join(lines, "\n")
}
