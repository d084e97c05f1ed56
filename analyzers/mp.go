package analyzers

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"path/filepath"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/types/typeutil"

	"github.com/mpgen/mpgen/internal/generated"
)

// mpPath is the import path of package mp.
const mpPath = "github.com/mpgen/mpgen/runtime"

// handlers are the functions that generated code calls, by what they are.
func handlers(pass *analysis.Pass) map[*types.Func]*ast.FuncDecl {
	named := map[types.Object]bool{}
	var services []*types.Interface
	for _, file := range pass.Files {
		if !generated.File(file) {
			continue
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.Ident:
				if f, ok := pass.TypesInfo.Uses[n].(*types.Func); ok && f.Pkg() == pass.Pkg {
					named[f] = true
				}
			case *ast.TypeSpec:
				if i, ok := pass.TypesInfo.TypeOf(n.Name).Underlying().(*types.Interface); ok {
					services = append(services, i)
				}
			}
			return true
		})
	}
	if len(named)+len(services) == 0 {
		return nil
	}
	found := map[*types.Func]*ast.FuncDecl{}
	for f, decl := range functions(pass) {
		if named[f] || recv(f) != nil && serves(f, services) {
			found[f] = decl
		}
	}
	return found
}

// functions are those that people wrote, with their bodies.
func functions(pass *analysis.Pass) map[*types.Func]*ast.FuncDecl {
	all := map[*types.Func]*ast.FuncDecl{}
	for _, file := range pass.Files {
		if generated.File(file) {
			continue
		}
		for _, d := range file.Decls {
			if decl, ok := d.(*ast.FuncDecl); ok && decl.Body != nil {
				if f, ok := pass.TypesInfo.Defs[decl.Name].(*types.Func); ok {
					all[f] = decl
				}
			}
		}
	}
	return all
}

func recv(f *types.Func) *types.Var { return f.Signature().Recv() }

// serves reports whether f is a method of a type that has all of a service's.
func serves(f *types.Func, services []*types.Interface) bool {
	for _, i := range services {
		if !types.Implements(recv(f).Type(), i) {
			continue
		}
		for m := range i.Methods() {
			if m.Name() == f.Name() {
				return true
			}
		}
	}
	return false
}

// isContext reports whether t is context.Context.
func isContext(t types.Type) bool { return isNamed(t, "context", "Context") }

// isNamed reports whether t, or what it points to, is a type of a package.
func isNamed(t types.Type, path, name string) bool {
	if p, ok := types.Unalias(t).(*types.Pointer); ok {
		t = p.Elem()
	}
	n, ok := types.Unalias(t).(*types.Named)
	return ok && n.Obj().Name() == name && n.Obj().Pkg() != nil && n.Obj().Pkg().Path() == path
}

// method is a call of a method of a type of package mp: what it is called on, the name of the type, and the name of the
// method; typ is "" for any other call.
func method(info *types.Info, call *ast.CallExpr) (on ast.Expr, typ, name string) {
	sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr)
	if !ok {
		return nil, "", ""
	}
	f, ok := info.Uses[sel.Sel].(*types.Func)
	if !ok || recv(f) == nil || f.Pkg() == nil || f.Pkg().Path() != mpPath {
		return nil, "", ""
	}
	t := recv(f).Type()
	if p, ok := types.Unalias(t).(*types.Pointer); ok {
		t = p.Elem()
	}
	n, ok := types.Unalias(t).(*types.Named)
	if !ok {
		return nil, "", ""
	}
	return sel.X, n.Obj().Name(), f.Name()
}

// callee is what a call calls, if that is known: as path.Name, or path.Type.Name for a method.
func callee(info *types.Info, call *ast.CallExpr) string {
	f, ok := typeutil.Callee(info, call).(*types.Func)
	if !ok || f.Pkg() == nil {
		return ""
	}
	name := f.Pkg().Path() + "."
	if r := recv(f); r != nil {
		t := r.Type()
		if p, ok := types.Unalias(t).(*types.Pointer); ok {
			t = p.Elem()
		}
		if n, ok := types.Unalias(t).(*types.Named); ok {
			name += n.Obj().Name() + "."
		}
	}
	return name + f.Name()
}

// report reports a finding, unless a comment answers it.
func report(pass *analysis.Pass, d analysis.Diagnostic) {
	at := pass.Fset.Position(d.Pos)
	for _, file := range pass.Files {
		if file.FileStart > d.Pos || d.Pos >= file.FileEnd {
			continue
		}
		for _, group := range file.Comments {
			for _, c := range group.List {
				words := strings.Fields(c.Text)
				if len(words) > 2 && words[0] == "//mpgen:ignore" && words[1] == pass.Analyzer.Name {
					if line := pass.Fset.Position(c.Pos()).Line; line == at.Line || line == at.Line-1 {
						return
					}
				}
			}
		}
	}
	pass.Report(d)
}

// place is where something is, in a message: its line, with the file if that is another one.
func place(pass *analysis.Pass, at, from token.Pos) string {
	p, q := pass.Fset.Position(at), pass.Fset.Position(from)
	if p.Filename == q.Filename {
		return fmt.Sprintf("line %d", p.Line)
	}
	return fmt.Sprintf("%s:%d", filepath.Base(p.Filename), p.Line)
}
