package analyzers

import (
	"go/ast"
	"go/token"
	"go/types"
	"strconv"
	"strings"

	"golang.org/x/tools/go/analysis"

	"github.com/mpgen/mpgen/internal/generated"
)

// Wait finds loops of the program that only the Wait behind them could end.
var Wait = &analysis.Analyzer{
	Name: "mpwait",
	Doc: `find loops that only the Wait behind them could end

A queue to which processes send that are started by a call, or pools and services that are called, stays open until run.Wait,
since until then the program may start or call another one. So a loop over it that stands before run.Wait in one function
never ends. Call run.Wait in another goroutine, beside the loop. Nothing is said of a loop that ends by itself, with a break
or return that no error leads to.`,
	URL: "https://pkg.go.dev/github.com/mpgen/mpgen/analyzers",
	Run: func(pass *analysis.Pass) (any, error) {
		open := openEnds(pass)
		if len(open) == 0 {
			return nil, nil
		}
		for _, decl := range functions(pass) {
			w := &waits{pass: pass, open: open, whole: decl.Body}
			w.check(decl.Body)
			ast.Inspect(decl.Body, func(n ast.Node) bool {
				if lit, ok := n.(*ast.FuncLit); ok {
					w.check(lit.Body)
				}
				return true
			})
		}
		return nil, nil
	},
}

// openEnd is an end of a queue that stays open until Wait: the queue, and what the program may still do, as "start walk".
type openEnd struct{ queue, do string }

// openEnds are these ends by the fields of Run that hold them, read off the rows in the generated files.
func openEnds(pass *analysis.Pass) map[types.Object]openEnd {
	queues := map[types.Object]openEnd{}
	names := map[types.Object]string{}
	each := func(look func(n ast.Node) bool) {
		for _, file := range pass.Files {
			if generated.File(file) {
				ast.Inspect(file, look)
			}
		}
	}
	each(func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Names) != len(spec.Values) {
			return true
		}
		for i, v := range spec.Values {
			row, ok := v.(*ast.CompositeLit)
			if !ok {
				continue
			}
			t, field := pass.TypesInfo.TypeOf(row), fieldsOf(row)
			name, do := text(field["Name"]), ""
			switch {
			case isNamed(t, mpPath, "QueueDecl"):
				names[pass.TypesInfo.Defs[spec.Names[i]]] = name
			case isNamed(t, mpPath, "ProcessDecl") && isTrue(field["OnDemand"]) && !isTrue(field["Daemon"]):
				do = "start " + name
			case isNamed(t, mpPath, "PoolDecl") && field["From"] == nil, isNamed(t, mpPath, "ServiceDecl"):
				do = "call " + name
			}
			if sent, ok := field["Send"].(*ast.CompositeLit); ok && do != "" {
				for _, e := range sent.Elts {
					if p, ok := e.(*ast.UnaryExpr); ok && p.Op == token.AND {
						if id, ok := p.X.(*ast.Ident); ok {
							queues[pass.TypesInfo.Uses[id]] = openEnd{do: do}
						}
					}
				}
			}
		}
		return true
	})
	ends := map[types.Object]openEnd{}
	each(func(n ast.Node) bool {
		kv, ok := n.(*ast.KeyValueExpr)
		if !ok {
			return true
		}
		field, ok := kv.Key.(*ast.Ident)
		call, isCall := kv.Value.(*ast.CallExpr)
		if !ok || !isCall {
			return true
		}
		if on, typ, _ := method(pass.TypesInfo, call); typ == "QueueDecl" {
			if id, ok := on.(*ast.Ident); ok {
				if end, ok := queues[pass.TypesInfo.Uses[id]]; ok {
					end.queue = names[pass.TypesInfo.Uses[id]]
					ends[pass.TypesInfo.Uses[field]] = end
				}
			}
		}
		return true
	})
	return ends
}

func fieldsOf(row *ast.CompositeLit) map[string]ast.Expr {
	fields := map[string]ast.Expr{}
	for _, e := range row.Elts {
		if kv, ok := e.(*ast.KeyValueExpr); ok {
			if id, ok := kv.Key.(*ast.Ident); ok {
				fields[id.Name] = kv.Value
			}
		}
	}
	return fields
}

func text(e ast.Expr) string {
	if lit, ok := e.(*ast.BasicLit); ok {
		if s, err := strconv.Unquote(lit.Value); err == nil {
			return s
		}
	}
	return ""
}

func isTrue(e ast.Expr) bool {
	id, ok := e.(*ast.Ident)
	return ok && id.Name == "true"
}

// waits looks at the loops of a function.
type waits struct {
	pass  *analysis.Pass
	open  map[types.Object]openEnd
	whole *ast.BlockStmt // of the declared function, with all literals in it
}

// check reports the loops that stand in a body itself, before a Wait that stands there too.
func (w *waits) check(body *ast.BlockStmt) {
	var loops []*ast.RangeStmt
	var after []*ast.CallExpr
	itself(body, func(n ast.Node) {
		switch n := n.(type) {
		case *ast.RangeStmt:
			loops = append(loops, n)
		case *ast.CallExpr:
			if w.wait(n) != nil {
				after = append(after, n)
			}
		}
	})
	for _, loop := range loops {
		run, end := w.over(loop)
		if run == nil || endsItself(loop.Body) || w.known(run, loop) {
			continue
		}
		for _, call := range after {
			if call.Pos() > loop.End() && same(w.pass.TypesInfo, w.wait(call), run) {
				report(w.pass, analysis.Diagnostic{Pos: loop.Pos(), End: loop.X.End(),
					Message: "this loop never ends: " + strings.TrimSpace("queue "+end.queue) + " stays open until run.Wait, since the program may still " +
						end.do + ": call run.Wait in another goroutine, before the loop"})
				break
			}
		}
	}
}

// wait is the run that a call waits for, or nil.
func (w *waits) wait(call *ast.CallExpr) ast.Expr {
	if on, typ, name := method(w.pass.TypesInfo, call); typ == "Run" && name == "Wait" {
		return on
	}
	return nil
}

// over is the run over whose open end a loop ranges, or nil.
func (w *waits) over(loop *ast.RangeStmt) (run ast.Expr, end openEnd) {
	call, ok := ast.Unparen(loop.X).(*ast.CallExpr)
	if ok && callee(w.pass.TypesInfo, call) == mpPath+".Progress" && len(call.Args) > 0 {
		call, ok = ast.Unparen(call.Args[0]).(*ast.CallExpr)
	}
	if !ok {
		return nil, end
	}
	on, _, name := method(w.pass.TypesInfo, call)
	if sel, ok := on.(*ast.SelectorExpr); ok && name == "All" {
		if end, ok := w.open[w.pass.TypesInfo.Uses[sel.Sel]]; ok {
			return sel.X, end
		}
	}
	return nil, end
}

// known reports whether a goroutine may wait for the run meanwhile: the function has come to some Wait before the end of the
// loop, or has given the run to others.
func (w *waits) known(run ast.Expr, loop *ast.RangeStmt) (found bool) {
	id, ok := run.(*ast.Ident)
	if !ok {
		return true
	}
	obj := w.pass.TypesInfo.Uses[id]
	selected := map[*ast.Ident]bool{}
	ast.Inspect(w.whole, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			if x, ok := n.X.(*ast.Ident); ok && n.Sel.Name != "Wait" && n.Sel.Name != "Run" && n.Sel.Name != "Shutdown" {
				selected[x] = true
			}
		case *ast.Ident:
			if w.pass.TypesInfo.Uses[n] == obj && n.Pos() < loop.End() && !selected[n] {
				found = true
			}
		}
		return !found
	})
	return found
}

// itself calls look for what stands in a body, but not in a function literal there.
func itself(body *ast.BlockStmt, look func(n ast.Node)) {
	ast.Inspect(body, func(n ast.Node) bool {
		if _, ok := n.(*ast.FuncLit); ok {
			return false
		}
		if n != nil {
			look(n)
		}
		return true
	})
}

// endsItself reports whether the body of a loop ends it, other than where an error is not nil.
func endsItself(body *ast.BlockStmt) (found bool) {
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.IfStmt:
			if cond, ok := n.Cond.(*ast.BinaryExpr); ok && cond.Op == token.NEQ {
				if id, ok := cond.Y.(*ast.Ident); ok && id.Name == "nil" {
					if n.Else != nil {
						ast.Inspect(n.Else, func(n ast.Node) bool { found = found || isLeave(n); return !found })
					}
					return false
				}
			}
		}
		found = found || isLeave(n)
		return !found
	})
	return found
}

func isLeave(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.ReturnStmt:
		return true
	case *ast.BranchStmt:
		return n.Tok == token.BREAK || n.Tok == token.GOTO
	}
	return false
}
