package analyzers

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"time"

	"golang.org/x/tools/go/analysis"
)

// Context finds handlers that wait and do not heed their context.
var Context = &analysis.Analyzer{
	Name: "mpcontext",
	Doc: `find handlers that wait without their context

The context of a handler ends when its task's time is up, when its caller gives up, and when the run ends; a process
whose function does not return soon after is killed. So what waits in a handler has to be given that context. Reported
are context.Background and context.TODO in a handler, but for deferred calls, and handlers that never use their context
and sleep for a second or more, wait for a channel, a command or a network, or loop without a condition.`,
	URL: "https://pkg.go.dev/github.com/mpgen/mpgen/analyzers",
	Run: func(pass *analysis.Pass) (any, error) {
		for f, decl := range handlers(pass) {
			if params := f.Signature().Params(); params.Len() > 0 && isContext(params.At(0).Type()) {
				checkContext(pass, decl, params.At(0))
			}
		}
		return nil, nil
	},
}

// waiting are functions that wait and have a form, told behind, that takes a context, or are waited for beside it.
var waiting = map[string]string{
	"time.Sleep":                     "select on ctx.Done() and time.After",
	"os/exec.Command":                "use exec.CommandContext",
	"net.Dial":                       "use net.Dialer.DialContext",
	"net.DialTimeout":                "use net.Dialer.DialContext",
	"net/http.Get":                   "use http.NewRequestWithContext",
	"net/http.Head":                  "use http.NewRequestWithContext",
	"net/http.Post":                  "use http.NewRequestWithContext",
	"net/http.PostForm":              "use http.NewRequestWithContext",
	"net/http.NewRequest":            "use http.NewRequestWithContext",
	"net/http.ListenAndServe":        "use http.Server, and Shutdown when ctx ends",
	"net/http.Server.ListenAndServe": "call Shutdown when ctx ends",
	"net/http.Server.Serve":          "call Shutdown when ctx ends",
	"database/sql.DB.Query":          "use QueryContext",
	"database/sql.DB.QueryRow":       "use QueryRowContext",
	"database/sql.DB.Exec":           "use ExecContext",
	"database/sql.DB.Begin":          "use BeginTx",
	"sync.WaitGroup.Wait":            "select on ctx.Done() and a channel that is closed behind it",
	"sync.Cond.Wait":                 "wake it with context.AfterFunc",
}

func checkContext(pass *analysis.Pass, decl *ast.FuncDecl, ctx *types.Var) {
	info := pass.TypesInfo
	used := false
	var waits ast.Node
	how := ""
	note := func(n ast.Node, what string) {
		if waits == nil {
			waits, how = n, what
		}
	}
	ast.Inspect(decl.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.DeferStmt:
			return false
		case *ast.Ident:
			used = used || info.Uses[n] == ctx
		case *ast.CallExpr:
			name := callee(info, n)
			if name == "context.Background" || name == "context.TODO" {
				report(pass, analysis.Diagnostic{Pos: n.Pos(), End: n.End(), Message: "handler " + decl.Name.Name +
					" waits without the context that it is given: use its own, or context.WithoutCancel of it for what has to be done at its end"})
				used = true
			} else if instead := waiting[name]; instead != "" && !nap(info, n, name) {
				note(n, "calls "+name+": "+instead)
			}
		case *ast.UnaryExpr:
			if n.Op == token.ARROW {
				note(n, "receives from a channel: select on ctx.Done() too")
			}
		case *ast.SendStmt:
			note(n, "sends to a channel: select on ctx.Done() too")
		case *ast.SelectStmt:
			for _, c := range n.Body.List {
				if c.(*ast.CommClause).Comm == nil {
					return true // it does not wait
				}
			}
			note(n, "waits in a select: add a case for ctx.Done()")
		case *ast.RangeStmt:
			if _, ok := info.TypeOf(n.X).Underlying().(*types.Chan); ok {
				note(n, "ranges over a channel: select on ctx.Done() too")
			}
		case *ast.ForStmt:
			if n.Cond == nil && !leaves(n.Body) {
				note(n, "loops without an end: look at ctx.Err() in each turn")
			}
		}
		return true
	})
	if !used && waits != nil {
		report(pass, analysis.Diagnostic{Pos: waits.Pos(), End: waits.End(), Message: "handler " + decl.Name.Name +
			" never looks at its context, and " + how})
	}
}

// nap reports whether a call sleeps for less than a second, which is less than the grace of most.
func nap(info *types.Info, call *ast.CallExpr, name string) bool {
	if name != "time.Sleep" || len(call.Args) != 1 {
		return false
	}
	d := info.Types[call.Args[0]].Value
	if d == nil {
		return false
	}
	n, exact := constant.Int64Val(d)
	return exact && n < int64(time.Second)
}

// leaves reports whether a loop's body has a way out.
func leaves(body *ast.BlockStmt) bool {
	found := false
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.ReturnStmt:
			found = true
		case *ast.BranchStmt:
			found = found || n.Tok == token.BREAK || n.Tok == token.GOTO
		}
		return true
	})
	return found
}
