package analyzers

import (
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/analysis"

	"github.com/mpgen/mpgen/internal/generated"
)

// Main finds programs that call mp.Main too late or never.
var Main = &analysis.Analyzer{
	Name: "mpmain",
	Doc: `find programs that call mp.Main too late or never

Each process of a pipeline is the program, executed again, and leaves main at mp.Main. What stands before it runs in
each of them: so it comes before the pipeline starts, before the tests run in TestMain, and before ports and files are
opened and goroutines begun. Reported are those before it, but for files that are only read, which does no harm in each
of them; and a main package with a pipeline in which nothing calls it.`,
	URL: "https://pkg.go.dev/github.com/mpgen/mpgen/analyzers",
	Run: runMain,
}

// once are functions that each process of a program would call, where one is to.
var once = map[string]bool{
	"testing.M.Run":                  true,
	"net.Listen":                     true,
	"net.ListenPacket":               true,
	"net.ListenTCP":                  true,
	"net.ListenUDP":                  true,
	"net.ListenUnix":                 true,
	"net/http.ListenAndServe":        true,
	"net/http.ListenAndServeTLS":     true,
	"net/http.Server.ListenAndServe": true,
	"os.Create":                      true,
	"os.MkdirTemp":                   true,
	"os.CreateTemp":                  true,
	"database/sql.Open":              true,
}

func runMain(pass *analysis.Pass) (any, error) {
	pipeline, called := false, false
	var mains []*ast.FuncDecl
	for _, file := range pass.Files {
		pipeline = pipeline || generated.File(file)
		ast.Inspect(file, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				called = called || callee(pass.TypesInfo, call) == mpPath+".Main"
			}
			return true
		})
	}
	for f, decl := range functions(pass) {
		if recv(f) == nil && (f.Name() == "main" && pass.Pkg.Name() == "main" || f.Name() == "TestMain") {
			mains = append(mains, decl)
		}
	}
	for _, decl := range mains {
		switch {
		case !called && decl.Name.Name == "main" && pipeline:
			report(pass, analysis.Diagnostic{Pos: decl.Name.Pos(), End: decl.Name.End(),
				Message: "main does not call mp.Main, without which no process can start: call it first"})
		case called:
			checkOrder(pass, decl)
		}
	}
	return nil, nil
}

// checkOrder reports what stands before mp.Main in a function that calls it itself.
func checkOrder(pass *analysis.Pass, decl *ast.FuncDecl) {
	var early []ast.Node
	var words []string
	note := func(n ast.Node, what string) { early, words = append(early, n), append(words, what) }
	for _, stmt := range decl.Body.List {
		found := false
		ast.Inspect(stmt, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncLit, *ast.DeferStmt:
				return false
			case *ast.GoStmt:
				note(n, "this goroutine")
				return false
			case *ast.CallExpr:
				switch name := callee(pass.TypesInfo, n); {
				case name == mpPath+".Main":
					found = true
				case once[name]:
					note(n, name)
				case starts(pass, n):
					note(n, "Start")
				}
			}
			return true
		})
		if !found {
			continue
		}
		for i, n := range early {
			report(pass, analysis.Diagnostic{Pos: n.Pos(), End: n.End(),
				Message: words[i] + " stands before mp.Main, so that each process of the pipeline comes to it: call mp.Main first"})
		}
		return
	}
}

// starts reports whether a call starts a pipeline: it is of a function Start, here or elsewhere, that returns a generated
// Run.
func starts(pass *analysis.Pass, call *ast.CallExpr) bool {
	switch f := ast.Unparen(call.Fun).(type) {
	case *ast.Ident:
		if f.Name != "Start" {
			return false
		}
	case *ast.SelectorExpr:
		if f.Sel.Name != "Start" {
			return false
		}
	}
	results := pass.TypesInfo.TypeOf(call)
	tuple, ok := results.(*types.Tuple)
	if !ok || tuple.Len() != 2 {
		return false
	}
	p, ok := types.Unalias(tuple.At(0).Type()).(*types.Pointer)
	if !ok {
		return false
	}
	s, ok := p.Elem().Underlying().(*types.Struct)
	return ok && s.NumFields() > 0 && s.Field(0).Embedded() && isNamed(s.Field(0).Type(), mpPath, "Run")
}
