package analyzers

import (
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/analysis"

	"github.com/mpgen/mpgen/internal/generated"
)

// Lease finds lent memory that is kept after its turn.
var Lease = &analysis.Analyzer{
	Name: "mplease",
	Doc: `find lent memory that is kept after its turn

A mp.Block that comes in an item is the reader's until the end of the turn of the loop, or of the call of the handler, that got it.
Its bytes are stale afterwards. Reported is a block, or its bytes, that is stored in a variable from outside, sent
to a channel or used by a goroutine. Keep keeps a block longer, and Copy makes a copy that is one's own.`,
	URL: "https://pkg.go.dev/github.com/mpgen/mpgen/analyzers",
	Run: func(pass *analysis.Pass) (any, error) {
		for _, decl := range handlers(pass) {
			var got []*ast.Ident
			for _, field := range decl.Type.Params.List {
				got = append(got, field.Names...)
			}
			checkTurn(pass, decl.Body, got, "the call that got it")
		}
		for _, file := range pass.Files {
			if generated.File(file) {
				continue
			}
			ast.Inspect(file, func(n ast.Node) bool {
				loop, ok := n.(*ast.RangeStmt)
				if !ok {
					return true
				}
				var got []*ast.Ident
				for _, e := range []ast.Expr{loop.Key, loop.Value} {
					if id, ok := e.(*ast.Ident); ok && loop.Tok == token.DEFINE {
						got = append(got, id)
					}
				}
				if _, fn := pass.TypesInfo.TypeOf(loop.X).Underlying().(*types.Signature); fn {
					checkTurn(pass, loop.Body, got, "the turn of its loop")
				}
				return true
			})
		}
		return nil, nil
	},
}

// turn is a stretch of code at whose end what is lent ends.
type turn struct {
	info *types.Info
	body *ast.BlockStmt
	lent map[types.Object]bool // variables that hold lent memory
	kept map[types.Object]bool // blocks on which Keep is called
}

// lends reports whether values of t are blocks or hold some.
func lends(t types.Type, depth int) bool {
	if t == nil || depth > 4 {
		return false
	}
	if isNamed(t, mpPath, "Block") {
		return true
	}
	switch u := t.Underlying().(type) {
	case *types.Struct:
		for f := range u.Fields() {
			if lends(f.Type(), depth+1) {
				return true
			}
		}
	case *types.Slice:
		return lends(u.Elem(), depth+1)
	case *types.Array:
		return lends(u.Elem(), depth+1)
	case *types.Pointer:
		return lends(u.Elem(), depth+1)
	}
	return false
}

func checkTurn(pass *analysis.Pass, body *ast.BlockStmt, got []*ast.Ident, until string) {
	t := &turn{info: pass.TypesInfo, body: body, lent: map[types.Object]bool{}, kept: map[types.Object]bool{}}
	for _, id := range got {
		if obj := t.info.Defs[id]; obj != nil && lends(obj.Type(), 0) {
			t.lent[obj] = true
		}
	}
	if len(t.lent) == 0 {
		return
	}
	ast.Inspect(body, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			if on, typ, name := method(t.info, call); typ == "Block" && name == "Keep" {
				t.kept[t.root(on)] = true
			}
		}
		return true
	})
	tell := func(n ast.Node, what string) {
		report(pass, analysis.Diagnostic{Pos: n.Pos(), End: n.End(),
			Message: "what is lent here ends with " + until + ", and " + what + ": call Keep, or take a Copy"})
	}
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			for i, r := range n.Rhs {
				if len(n.Lhs) != len(n.Rhs) || !t.holds(r) {
					continue
				}
				switch obj := t.root(n.Lhs[i]); {
				case obj == nil:
				case t.inside(obj):
					t.lent[obj] = true
				default:
					tell(r, "is kept in "+obj.Name())
				}
			}
		case *ast.ValueSpec:
			for i, v := range n.Values {
				if len(n.Names) == len(n.Values) && t.holds(v) {
					t.lent[t.info.Defs[n.Names[i]]] = true
				}
			}
		case *ast.SendStmt:
			if t.holds(n.Value) {
				tell(n.Value, "is sent to a channel")
			}
		case *ast.GoStmt:
			var used *ast.Ident
			ast.Inspect(n.Call, func(n ast.Node) bool {
				if id, ok := n.(*ast.Ident); ok && used == nil && t.lent[t.info.Uses[id]] && !t.kept[t.info.Uses[id]] {
					used = id
				}
				return used == nil
			})
			if used != nil {
				tell(used, "is used by a goroutine")
			}
			return false
		}
		return true
	})
}

// inside reports whether a variable lives no longer than the turn.
func (t *turn) inside(obj types.Object) bool {
	return t.body.Pos() <= obj.Pos() && obj.Pos() < t.body.End()
}

// root is the variable at the start of x.f[i], or nil.
func (t *turn) root(e ast.Expr) types.Object {
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		if e.Name == "_" {
			return nil
		}
		return t.info.ObjectOf(e)
	case *ast.SelectorExpr:
		if id, ok := e.X.(*ast.Ident); ok {
			if _, pkg := t.info.Uses[id].(*types.PkgName); pkg {
				return t.info.Uses[e.Sel]
			}
		}
		return t.root(e.X)
	case *ast.IndexExpr:
		return t.root(e.X)
	case *ast.StarExpr:
		return t.root(e.X)
	}
	return nil
}

// holds reports whether the value of an expression is lent memory, or leads to it.
func (t *turn) holds(e ast.Expr) bool {
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		obj := t.info.Uses[e]
		return t.lent[obj] && !t.kept[obj]
	case *ast.SelectorExpr:
		return t.holds(e.X) && refers(t.info.TypeOf(e))
	case *ast.IndexExpr:
		return t.holds(e.X) && refers(t.info.TypeOf(e))
	case *ast.SliceExpr:
		return t.holds(e.X)
	case *ast.StarExpr:
		return t.holds(e.X)
	case *ast.UnaryExpr:
		return e.Op == token.AND && t.holds(e.X)
	case *ast.KeyValueExpr:
		return t.holds(e.Value)
	case *ast.CompositeLit:
		for _, v := range e.Elts {
			if t.holds(v) {
				return true
			}
		}
	case *ast.CallExpr:
		if on, typ, name := method(t.info, e); typ == "Block" {
			return name == "Bytes" && t.holds(on)
		}
		id, _ := ast.Unparen(e.Fun).(*ast.Ident)
		if b, ok := t.info.Uses[id].(*types.Builtin); ok && b.Name() == "append" {
			for i, arg := range e.Args {
				copies := i > 0 && e.Ellipsis.IsValid() && !lends(t.info.TypeOf(arg), 0)
				if t.holds(arg) && !copies {
					return true
				}
			}
		}
		if tv := t.info.Types[e.Fun]; tv.IsType() && len(e.Args) == 1 {
			_, slice := tv.Type.Underlying().(*types.Slice)
			return slice && t.holds(e.Args[0])
		}
	}
	return false
}

// refers reports whether values of a type lead to memory elsewhere.
func refers(t types.Type) bool {
	switch t.Underlying().(type) {
	case *types.Slice, *types.Pointer, *types.Map:
		return true
	}
	return lends(t, 0)
}
