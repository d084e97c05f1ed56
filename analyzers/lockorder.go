package analyzers

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"maps"
	"slices"

	"golang.org/x/tools/go/analysis"

	"github.com/mpgen/mpgen/internal/generated"
)

// LockOrder finds locks that two places take in two orders.
var LockOrder = &analysis.Analyzer{
	Name: "mplockorder",
	Doc: `find locks that are taken in two orders, or twice

Of two processes, one of which holds a lock and waits for a second one, while the other holds the second and waits for
the first, neither goes on. If all take them in one order that can't happen. A lock is known by the field that holds it,
which has the name of its declaration in all ports; functions of the package that are called while a lock is held are
looked into. Reported are both places, and a lock that is taken by who holds it already and so waits for itself.

TryLock does not wait, so it is never the second of the two.`,
	URL: "https://pkg.go.dev/github.com/mpgen/mpgen/analyzers",
	Run: func(pass *analysis.Pass) (any, error) {
		o := &orders{pass: pass, decls: functions(pass), done: map[*types.Func]*effect{}, edges: map[string]map[string]order{},
			aliases: map[types.Object]string{}}
		if len(o.decls) == 0 {
			return nil, nil
		}
		for _, f := range slices.SortedFunc(maps.Keys(o.decls), byPlace) {
			o.effect(f)
		}
		o.report()
		return nil, nil
	},
}

// takes and gives are the methods of package mp by which a lock is held and given back: true where they wait.
var (
	takes = map[string]bool{
		"Lock.Lock": true, "Lock.TryLock": false, "Lock.Repair": true,
		"RLock.Lock": true, "RLock.TryLock": false, "RLock.Repair": true,
		"RWLock.Lock": true, "RWLock.TryLock": false, "RWLock.RLock": true, "RWLock.TryRLock": false, "RWLock.Repair": true,
		"Condition.Lock": true, "Condition.TryLock": false, "Condition.Repair": true,
	}
	gives = map[string]bool{
		"Lock.Unlock": true, "RLock.Unlock": true, "RWLock.Unlock": true, "RWLock.RUnlock": true, "Condition.Unlock": true,
	}
	// again are the types of locks that their holder may take again.
	again = map[string]bool{"RLock": true}
)

// held are the locks that are held at a point of a function, by name.
type held map[string]hold

// hold is where a lock was taken.
type hold struct {
	pos  token.Pos
	sure bool // on every way there
	free bool // may be taken again
}

// effect is what a call of a function does to locks.
type effect struct {
	takes map[string]token.Pos // locks that it waits for, and where
	left  held                 // locks that it still holds when it returns
	gives map[string]bool      // locks that it unlocks without having taken them
}

// order says that a lock was waited for while another one was held.
type order struct{ first, second token.Pos }

type orders struct {
	pass    *analysis.Pass
	decls   map[*types.Func]*ast.FuncDecl
	done    map[*types.Func]*effect // nil while it is being looked at
	edges   map[string]map[string]order
	aliases map[types.Object]string // local variables that hold a lock
	now     *effect                 // of the function that is being looked at
}

func byPlace(a, b *types.Func) int { return cmp.Compare(a.Pos(), b.Pos()) }

// effect looks at a function, once. One that calls itself, perhaps through others, does nothing there.
func (o *orders) effect(f *types.Func) *effect {
	if e, ok := o.done[f]; ok {
		return e
	}
	o.done[f] = nil
	outer := o.now
	e := &effect{takes: map[string]token.Pos{}, gives: map[string]bool{}}
	o.now = e
	later := &deferred{}
	at := held{}
	o.block(o.decls[f].Body.List, at, later)
	later.run(o, at)
	e.left = at
	o.now = outer
	o.done[f] = e
	return e
}

// deferred are the calls that a function makes when it returns.
type deferred struct{ calls []*ast.CallExpr }

func (d *deferred) run(o *orders, at held) {
	for _, call := range slices.Backward(d.calls) {
		if lit, ok := call.Fun.(*ast.FuncLit); ok {
			o.block(lit.Body.List, at, &deferred{})
			continue
		}
		o.call(call, at)
	}
}

// block looks at statements one after another, and reports whether control never leaves the block at its end.
func (o *orders) block(list []ast.Stmt, at held, later *deferred) (ends bool) {
	for _, s := range list {
		if o.stmt(s, at, later) {
			return true
		}
	}
	return false
}

func (o *orders) stmt(s ast.Stmt, at held, later *deferred) (ends bool) {
	switch s := s.(type) {
	case *ast.BlockStmt:
		return o.block(s.List, at, later)
	case *ast.LabeledStmt:
		return o.stmt(s.Stmt, at, later)
	case *ast.IfStmt:
		return o.branch(s, at, later)
	case *ast.ForStmt:
		o.node(s.Init, at)
		o.node(s.Cond, at)
		inside := maps.Clone(at)
		o.block(s.Body.List, inside, later)
		o.node(s.Post, inside)
		if s.Cond == nil {
			inside = at // it is left from its middle, with what was held before it
		}
		join(at, []held{at, inside})
	case *ast.RangeStmt:
		o.node(s.X, at)
		inside := maps.Clone(at)
		o.block(s.Body.List, inside, later)
		join(at, []held{at, inside})
	case *ast.SwitchStmt:
		o.node(s.Init, at)
		o.node(s.Tag, at)
		o.clauses(s.Body, at, later)
	case *ast.TypeSwitchStmt:
		o.node(s.Init, at)
		o.clauses(s.Body, at, later)
	case *ast.SelectStmt:
		o.clauses(s.Body, at, later)
	case *ast.DeferStmt:
		later.calls = append(later.calls, s.Call)
	case *ast.GoStmt:
		if lit, ok := s.Call.Fun.(*ast.FuncLit); ok {
			o.apart(lit)
		}
	case *ast.ReturnStmt:
		for _, r := range s.Results {
			o.node(r, at)
		}
		return true
	case *ast.BranchStmt:
		return s.Tok != token.FALLTHROUGH
	case *ast.ExprStmt:
		o.node(s.X, at)
		call, ok := s.X.(*ast.CallExpr)
		return ok && never[callee(o.pass.TypesInfo, call)] || ok && isPanic(o.pass.TypesInfo, call)
	case *ast.AssignStmt:
		o.node(s, at)
		o.alias(s)
	default:
		o.node(s, at)
	}
	return false
}

// never are functions that do not return.
var never = map[string]bool{"os.Exit": true, "log.Fatal": true, "log.Fatalf": true, "log.Fatalln": true, "runtime.Goexit": true}

func isPanic(info *types.Info, call *ast.CallExpr) bool {
	id, ok := call.Fun.(*ast.Ident)
	b, builtin := info.Uses[id].(*types.Builtin)
	return ok && builtin && b.Name() == "panic"
}

// branch looks at both sides of an if. What "if err := l.Lock(ctx); err != nil" locks is not held in its body.
func (o *orders) branch(s *ast.IfStmt, at held, later *deferred) (ends bool) {
	before := maps.Clone(at)
	o.node(s.Init, at)
	o.node(s.Cond, at)
	yes, no := maps.Clone(at), maps.Clone(at)
	if cond, ok := ast.Unparen(s.Cond).(*ast.BinaryExpr); ok && isNil(o.pass.TypesInfo, cond.Y) {
		switch cond.Op {
		case token.NEQ:
			yes = before
		case token.EQL:
			no = before
		}
	}
	var ways []held
	if !o.block(s.Body.List, yes, later) {
		ways = append(ways, yes)
	}
	if s.Else == nil || !o.stmt(s.Else, no, later) {
		ways = append(ways, no)
	}
	join(at, ways)
	return len(ways) == 0
}

func isNil(info *types.Info, e ast.Expr) bool {
	tv, ok := info.Types[e]
	return ok && tv.IsNil()
}

func (o *orders) clauses(body *ast.BlockStmt, at held, later *deferred) {
	ways, all := []held{}, false
	for _, c := range body.List {
		way := maps.Clone(at)
		var list []ast.Stmt
		switch c := c.(type) {
		case *ast.CaseClause:
			all = all || c.List == nil
			for _, e := range c.List {
				o.node(e, way)
			}
			list = c.Body
		case *ast.CommClause:
			all = true
			if c.Comm != nil {
				o.node(c.Comm, way)
			}
			list = c.Body
		}
		ends := o.block(list, way, later)
		if n := len(list); n > 0 && ends {
			if b, ok := list[n-1].(*ast.BranchStmt); ok && b.Tok == token.BREAK && b.Label == nil {
				ends = false
			}
		}
		if !ends {
			ways = append(ways, way)
		}
	}
	if !all {
		ways = append(ways, maps.Clone(at))
	}
	join(at, ways)
}

// join makes at what is held behind several ways.
func join(at held, ways []held) {
	joined := held{}
	for _, way := range ways {
		for name, h := range way {
			for _, other := range ways {
				o, ok := other[name]
				h.sure = h.sure && ok && o.sure
			}
			joined[name] = h
		}
	}
	clear(at)
	maps.Copy(at, joined)
}

// node looks at the calls in an expression or a simple statement.
func (o *orders) node(n ast.Node, at held) {
	if n == nil {
		return
	}
	ast.Inspect(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			o.apart(n)
			return false
		case *ast.CallExpr:
			for _, arg := range n.Args {
				if lit, ok := ast.Unparen(arg).(*ast.FuncLit); ok { // it is called meanwhile, as far as anybody knows
					o.block(lit.Body.List, maps.Clone(at), &deferred{})
				} else {
					o.node(arg, at)
				}
			}
			o.node(n.Fun, at)
			o.call(n, at)
			return false
		}
		return true
	})
}

// apart looks at a function that runs at some other time.
func (o *orders) apart(lit *ast.FuncLit) {
	outer := o.now
	o.now = &effect{takes: map[string]token.Pos{}, gives: map[string]bool{}}
	later, at := &deferred{}, held{}
	o.block(lit.Body.List, at, later)
	later.run(o, at)
	o.now = outer
}

// call is what one call does to the locks that are held.
func (o *orders) call(call *ast.CallExpr, at held) {
	info := o.pass.TypesInfo
	if on, typ, name := method(info, call); typ != "" {
		waits, taken := takes[typ+"."+name]
		lock := o.lock(on)
		switch {
		case lock == "":
		case gives[typ+"."+name]:
			if _, ok := at[lock]; !ok {
				o.now.gives[lock] = true
			}
			delete(at, lock)
		case taken:
			if waits {
				o.wait(lock, call.Pos(), call.Pos(), at, again[typ])
			}
			at[lock] = hold{call.Pos(), true, again[typ]}
		}
		return
	}
	f := o.called(call)
	if f == nil {
		return
	}
	e := o.effect(f)
	if e == nil {
		return
	}
	for _, lock := range slices.Sorted(maps.Keys(e.takes)) {
		if !e.gives[lock] {
			o.wait(lock, e.takes[lock], call.Pos(), at, false)
		}
	}
	for lock := range e.gives {
		if _, ok := at[lock]; !ok {
			o.now.gives[lock] = true
		}
		delete(at, lock)
	}
	for lock, h := range e.left {
		h.pos = call.Pos()
		at[lock] = h
	}
}

// called is the function of the package that a call calls, or nil.
func (o *orders) called(call *ast.CallExpr) *types.Func {
	var id *ast.Ident
	switch fun := ast.Unparen(call.Fun).(type) {
	case *ast.Ident:
		id = fun
	case *ast.SelectorExpr:
		id = fun.Sel
	default:
		return nil
	}
	f, _ := o.pass.TypesInfo.Uses[id].(*types.Func)
	if f == nil || o.decls[f] == nil {
		return nil
	}
	return f
}

// wait notes that a lock is waited for, at pos, by a call at from.
func (o *orders) wait(lock string, pos, from token.Pos, at held, free bool) {
	if _, ok := o.now.takes[lock]; !ok {
		o.now.takes[lock] = pos
	}
	for name, h := range at {
		switch {
		case name != lock:
			if o.edges[name] == nil {
				o.edges[name] = map[string]order{}
			}
			if _, ok := o.edges[name][lock]; !ok {
				o.edges[name][lock] = order{h.pos, pos}
			}
		case h.sure && !h.free && !free:
			report(o.pass, analysis.Diagnostic{Pos: from, Message: fmt.Sprintf("lock %s is held here since %s, and who takes it again waits for itself",
				lock, place(o.pass, h.pos, from))})
		}
	}
}

// lock is the name of the lock that an expression stands for, or "" if that can't be told. All fields of the ports, and of
// Run, that are of one name are the same lock.
func (o *orders) lock(e ast.Expr) string {
	switch e := ast.Unparen(e).(type) {
	case *ast.SelectorExpr:
		sel := o.pass.TypesInfo.Selections[e]
		if sel == nil || sel.Kind() != types.FieldVal {
			return ""
		}
		file := o.pass.Fset.File(sel.Obj().Pos())
		for _, f := range o.pass.Files {
			if o.pass.Fset.File(f.Pos()) == file && generated.File(f) {
				return e.Sel.Name
			}
		}
	case *ast.Ident:
		return o.aliases[o.pass.TypesInfo.ObjectOf(e)]
	}
	return ""
}

// alias notes a local variable that is given a lock.
func (o *orders) alias(s *ast.AssignStmt) {
	if len(s.Lhs) != len(s.Rhs) {
		return
	}
	for i, l := range s.Lhs {
		if id, ok := l.(*ast.Ident); ok {
			if obj := o.pass.TypesInfo.ObjectOf(id); obj != nil {
				o.aliases[obj] = o.lock(s.Rhs[i])
			}
		}
	}
}

// report reports each ring of locks once.
func (o *orders) report() {
	told := map[string]bool{}
	for _, a := range slices.Sorted(maps.Keys(o.edges)) {
		for _, b := range slices.Sorted(maps.Keys(o.edges[a])) {
			path := o.path(b, a)
			if path == nil {
				continue
			}
			ring := fmt.Sprint(slices.Sorted(slices.Values(path)))
			if told[ring] {
				continue
			}
			told[ring] = true
			e := o.edges[a][b]
			d := analysis.Diagnostic{Pos: e.second}
			d.Message = fmt.Sprintf("lock %s is taken while %s is held", b, a)
			for i := range len(path) - 1 {
				back := o.edges[path[i]][path[i+1]]
				d.Message += fmt.Sprintf(", and %s while %s is held at %s", path[i+1], path[i], place(o.pass, back.second, e.second))
				d.Related = append(d.Related, analysis.RelatedInformation{Pos: back.second,
					Message: fmt.Sprintf("lock %s is taken while %s is held", path[i+1], path[i])})
			}
			d.Message += ": processes that do each may wait for each other for ever; take them in one order"
			report(o.pass, d)
		}
	}
}

// path is the shortest way from one lock to another, with both, or nil.
func (o *orders) path(from, to string) []string {
	before := map[string]string{from: ""}
	for todo := []string{from}; len(todo) > 0; todo = todo[1:] {
		at := todo[0]
		if at == to {
			var path []string
			for ; at != ""; at = before[at] {
				path = append(path, at)
			}
			slices.Reverse(path)
			return path
		}
		for _, next := range slices.Sorted(maps.Keys(o.edges[at])) {
			if _, seen := before[next]; !seen {
				before[next] = at
				todo = append(todo, next)
			}
		}
	}
	return nil
}
