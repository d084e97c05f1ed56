package analyzers

import (
	"bytes"
	"go/ast"
	"go/printer"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/analysis"
)

// Update finds numbers that are loaded, added to and stored in three steps.
var Update = &analysis.Analyzer{
	Name: "mpupdate",
	Doc: `find numbers that are changed in several steps

A store of p.Done.Load() + 1 to p.Done loses what another process adds between its two halves. p.Done.Add(1) is one step, and
shorter. Nothing is said of functions that take a lock.`,
	URL: "https://pkg.go.dev/github.com/mpgen/mpgen/analyzers",
	Run: func(pass *analysis.Pass) (any, error) {
		for _, decl := range functions(pass) {
			if locks(pass.TypesInfo, decl.Body) {
				continue
			}
			ast.Inspect(decl.Body, func(n ast.Node) bool {
				if call, ok := n.(*ast.CallExpr); ok {
					checkUpdate(pass, call)
				}
				return true
			})
		}
		return nil, nil
	},
}

// locks reports whether a lock of package mp is taken.
func locks(info *types.Info, body ast.Node) (found bool) {
	ast.Inspect(body, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok && !found {
			_, typ, name := method(info, call)
			_, found = takes[typ+"."+name]
		}
		return !found
	})
	return found
}

func checkUpdate(pass *analysis.Pass, call *ast.CallExpr) {
	number, typ, name := method(pass.TypesInfo, call)
	if typ != "Number" || name != "Store" || len(call.Args) != 1 {
		return
	}
	sum, ok := ast.Unparen(call.Args[0]).(*ast.BinaryExpr)
	if !ok || sum.Op != token.ADD && sum.Op != token.SUB {
		return
	}
	loaded := func(e ast.Expr) bool {
		load, ok := ast.Unparen(e).(*ast.CallExpr)
		if !ok {
			return false
		}
		on, typ, name := method(pass.TypesInfo, load)
		return typ == "Number" && name == "Load" && same(pass.TypesInfo, on, number)
	}
	by := sum.Y
	switch {
	case loaded(sum.X):
	case sum.Op == token.ADD && loaded(sum.Y):
		by = sum.X
	default:
		return
	}
	added := source(pass, by)
	if sum.Op == token.SUB {
		if basic, ok := pass.TypesInfo.TypeOf(sum).Underlying().(*types.Basic); ok && basic.Info()&types.IsUnsigned != 0 {
			return
		}
		if _, binary := by.(*ast.BinaryExpr); binary {
			added = "(" + added + ")"
		}
		added = "-" + added
	}
	text := source(pass, number) + ".Add(" + added + ")"
	report(pass, analysis.Diagnostic{Pos: call.Pos(), End: call.End(),
		Message: "what another process adds between Load and Store is lost: write " + text,
		SuggestedFixes: []analysis.SuggestedFix{{Message: "Add in one step",
			TextEdits: []analysis.TextEdit{{Pos: call.Pos(), End: call.End(), NewText: []byte(text)}}}},
	})
}

// same reports whether two expressions are one variable, or one field of one.
func same(info *types.Info, a, b ast.Expr) bool {
	switch a := ast.Unparen(a).(type) {
	case *ast.Ident:
		b, ok := ast.Unparen(b).(*ast.Ident)
		return ok && info.Uses[a] != nil && info.Uses[a] == info.Uses[b]
	case *ast.SelectorExpr:
		b, ok := ast.Unparen(b).(*ast.SelectorExpr)
		return ok && info.Uses[a.Sel] == info.Uses[b.Sel] && same(info, a.X, b.X)
	}
	return false
}

// source is an expression as gofmt writes it.
func source(pass *analysis.Pass, e ast.Expr) string {
	var b bytes.Buffer
	if printer.Fprint(&b, pass.Fset, e) != nil {
		return ""
	}
	return b.String()
}
