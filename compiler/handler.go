package compiler

import (
	"go/ast"
	"go/token"
	"go/types"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mpgen/mpgen/compiler/diag"
	"github.com/mpgen/mpgen/compiler/ir"
	"github.com/mpgen/mpgen/grammar"
)

// A handler is the Go function that a process runs, that a pool's workers call, or
// that opens the object of a service. It has the name of the declaration and lives
// in the folder, or is bound: named after a "=", in the folder or in an imported
// package. Go would tell of one that is missing or of another form, but of generated
// code; mpgen has both sides before it, and tells of what the author wrote. It says
// something only where it is sure: what it can't make out from the text of one
// package is left to the Go compiler.
type handler struct {
	by    *symbol
	name  string
	pkg   *goPackage   // nil: the folder's own
	ref   *grammar.Ref // what binds it, or nil
	found *goFunc      // nil if there is none, or it is no plain function
	form  form

	misspelt *goFunc // of the folder, where none has the name: what would do, and has nearly that name

	differs string // how it is not what the declaration says
	lacks   *lack  // methods to be written
}

// lack is what a type of the folder, which the function of a service returns, has not
// got of the methods that it needs.
type lack struct {
	object  string
	pointer bool
	funcs   []*function
}

// form is what a bound function may do without.
type form struct {
	bare   bool // a context
	sure   bool // an error
	spread bool // a slice as its last parameter: it is variadic
}

// checkHandlers compares the functions with what their declarations say.
func (u *unit) checkHandlers() {
	for _, s := range u.order {
		if s.handler != nil {
			u.checkHandler(s.handler)
		}
	}
	u.checkMisspelt()
	if !u.refused && !u.partial {
		u.checkLeftovers()
	}
}

// checkMisspelt reports functions that are not there, where one of the folder does what is
// asked for, has nearly that name, and is no other declaration's: else a second one would
// be written beside it.
func (u *unit) checkMisspelt() {
	own := u.ownFiles()
	if own.code.broken {
		return
	}
	called := map[string]bool{}
	for _, s := range u.order {
		if s.handler != nil && s.handler.pkg == nil {
			called[s.handler.name] = true
		}
	}
	for _, s := range u.order {
		h := s.handler
		if h == nil || h.ref != nil || h.found != nil || !s.known() || own.names[h.name].File != "" || u.elsewhere(h) != nil {
			continue
		}
		var others []string
		for _, name := range ownFuncs(own.code) {
			f := own.code.funcs[name]
			if called[name] || f.decl.Type.TypeParams != nil {
				continue
			}
			if _, differs := u.comparer(own.code, f).fit(f, h.signature()); differs == "" {
				others = append(others, name)
			}
		}
		if near, sure := grammar.Nearest(h.name, others); sure {
			h.misspelt = own.code.funcs[near]
			u.add(misspeltFunction(h, near, u.spanIn(own.code, h.misspelt.decl.Name)))
		}
	}
}

// checkLeftovers reports functions of the folder that take the ports of a declaration which
// is not there any more, or has another name.
func (u *unit) checkLeftovers() {
	own := u.ownFiles()
	declared := map[string]bool{}
	for _, s := range u.order {
		declared[portsName(s)] = true
	}
	for _, name := range slices.Sorted(maps.Keys(own.code.funcs)) {
		f := own.code.funcs[name]
		for _, p := range f.decl.Type.Params.List {
			star, ok := p.Type.(*ast.StarExpr)
			if !ok {
				continue
			}
			id, ok := star.X.(*ast.Ident)
			if !ok || declared[id.Name] || own.names[id.Name].File != "" {
				continue
			}
			if of := strings.TrimSuffix(id.Name, portsSuffix); of != id.Name && startsUpper(of) && f.decl.Type.TypeParams == nil {
				u.add(leftover(name, id.Name, u.spanIn(own.code, f.decl.Name)))
			}
		}
	}
}

// handlerOf is the function of a declaration, or nil if it has none. One that is
// bound to something else is nil, too, and reported.
func (u *unit) handlerOf(s *symbol) *handler {
	own := u.ownFiles()
	h := &handler{by: s, ref: s.bind()}
	switch {
	case s.kind != "process" && s.kind != "pool" && s.kind != "service":
		return nil
	case h.ref == nil:
		h.name = handlerName(s)
		return u.ownHandler(h)
	case h.ref.Sel == nil:
		h.name = h.ref.Name.Text
		if h.name == "main" || h.name == "init" {
			u.add(notCallable(h.ref))
			return nil
		}
		if u.ownHandler(h) == nil {
			return nil
		}
		if h.found == nil && u.in.Dir != "" && own.names[h.name].File == "" && u.elsewhere(h) == nil && !own.code.broken {
			near, sure := grammar.Nearest(h.name, ownFuncs(own.code))
			u.add(noFunction(h.ref, "the Go code of the folder", near, sure))
			return nil
		}
		return h
	}
	i := u.importOf(s.file, h.ref, true)
	if i == nil || i.pkg == nil {
		return nil
	}
	h.name, h.pkg = h.ref.Sel.Text, i.pkg
	h.found = i.pkg.funcs[h.name]
	switch {
	case !ast.IsExported(h.name):
		near, sure := grammar.Nearest(h.name, i.pkg.exportedFuncs())
		u.add(notExported(h.ref, i.path, near, sure))
		return nil
	case h.found == nil && i.pkg.types[h.name] != nil:
		u.add(notFunction(h, "type", u.spanIn(i.pkg, i.pkg.types[h.name].spec.Name)))
		return nil
	case h.found == nil && !i.pkg.broken && !i.pkg.vars[h.name] && u.world.elsewhere(i.pkg, "", h.name) == nil:
		near, sure := grammar.Nearest(h.name, i.pkg.exportedFuncs())
		u.add(noFunction(h.ref, "package "+quote(i.path), near, sure))
		return nil
	}
	u.usesImport(i)
	return h
}

// ownHandler finds a function of the folder. Where something else has the name it
// returns nil, and reports that; a variable may be a function.
func (u *unit) ownHandler(h *handler) *handler {
	own := u.ownFiles()
	h.found = own.code.funcs[h.name]
	variable, value := own.code.vars[h.name]
	switch {
	case h.found != nil || own.names[h.name].File == "":
	case own.code.types[h.name] != nil:
		u.add(notFunction(h, "type", own.names[h.name]))
		return nil
	case value && !variable:
		u.add(notFunction(h, "constant", own.names[h.name]))
		return nil
	}
	return h
}

// ownFuncs are the functions that a declaration of the folder may be bound to.
func ownFuncs(own *goPackage) []string {
	var names []string
	for name := range own.funcs {
		if name != "main" && name != "init" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// checkHandler reports a function that is not what its declaration says.
func (u *unit) checkHandler(h *handler) {
	if h.found == nil || !h.by.known() || u.packageOf(h).broken {
		return
	}
	if h.found.decl.Type.TypeParams != nil {
		u.add(genericFunction(h, u.funcSpan(h)))
		return
	}
	c := u.comparer(u.packageOf(h), h.found)
	form, differs := c.fit(h.found, h.signature())
	if h.ref != nil {
		h.form = form
	}
	switch h.differs = differs; {
	case differs != "":
		u.add(otherSignature(h, differs, u.headOf(h), u.funcSpan(h)))
	case h.by.kind == "service":
		u.checkMethods(h, c)
	}
}

// packageOf is the package that a handler is looked for in.
func (u *unit) packageOf(h *handler) *goPackage {
	if h.pkg != nil {
		return h.pkg
	}
	return u.ownFiles().code
}

// signature is what is asked of the function.
func (h *handler) signature() signature {
	want := signature{params: h.by.handed(), out: h.by.result(), methods: h.by.kind == "service", bound: h.ref != nil}
	if h.by.reaches() {
		want.ports = portsName(h.by)
	}
	return want
}

// checkMethods compares the methods of what the function of a service returns with those
// of the service.
func (u *unit) checkMethods(h *handler, c *comparer) {
	pkg, name, pointer := u.object(h, c)
	if pkg == nil || pkg.broken {
		return
	}
	object := name
	if pointer {
		object = "*" + name
	}
	var missing []*function
	for _, f := range h.by.funcs {
		goName := exported(f.name.Text)
		m := pkg.methods[name][goName]
		switch {
		case m == nil && u.world.elsewhere(pkg, name, goName) == nil:
			missing = append(missing, f)
			continue
		case m == nil || !f.known():
			continue
		}
		_, differs := u.comparer(pkg, m).fit(m, signature{params: f.params, out: f.out})
		if _, byPointer := receiver(m.decl); byPointer && !pointer && differs == "" {
			differs = "its receiver is a *" + name + ", and func " + h.shown() + " returns a " + name
		}
		if differs != "" {
			u.add(otherMethod(h, f, object, differs, haveMethod(m), u.headOfMethod(f, m.decl, pointer), u.spanIn(pkg, m.decl.Name)))
		}
	}
	switch {
	case len(missing) == 0:
	case pkg == u.ownFiles().code && !pkg.types[name].has(missing):
		h.lacks = &lack{name, pointer, missing}
	default:
		u.add(lacksMethods(h, object, missing, u.spanIn(pkg, pkg.types[name].spec.Name)))
	}
}

// has says whether a struct has a field of the name of one of the methods.
func (t *goType) has(methods []*function) bool {
	for _, f := range t.spec.Type.(*ast.StructType).Fields.List {
		for _, id := range f.Names {
			if slices.ContainsFunc(methods, func(m *function) bool { return exported(m.name.Text) == id.Name }) {
				return true
			}
		}
	}
	return false
}

// object is the type of what the function of a service returns, and whether it is a
// pointer to that. It is nil of those that may have more methods than are written:
// interfaces, and structs that embed something.
func (u *unit) object(h *handler, c *comparer) (pkg *goPackage, name string, pointer bool) {
	e := ast.Unparen(h.found.decl.Type.Results.List[0].Type)
	if !c.abroad && c.text(e) == canonical(h.by.result()) {
		if e = made(h.found.decl.Body); e == nil {
			return nil, "", false
		}
	}
	if star, ok := e.(*ast.StarExpr); ok {
		e, pointer = ast.Unparen(star.X), true
	}
	switch e := e.(type) {
	case *ast.Ident:
		pkg, name = c.pkg, e.Name
	case *ast.SelectorExpr:
		pkg, name = u.world.qualified(c.pkg, c.file, e)
	}
	if pkg == nil || pkg.types[name] == nil {
		return nil, "", false
	}
	spec := pkg.types[name].spec
	s, ok := spec.Type.(*ast.StructType)
	if !ok || spec.Assign.IsValid() || spec.TypeParams != nil {
		return nil, "", false
	}
	for _, f := range s.Fields.List {
		if len(f.Names) == 0 {
			return nil, "", false
		}
	}
	return pkg, name, pointer
}

// made is the type of what the body of a function returns first, where all of that is
// written out in one way: as &T{}, T{} or new(T), or a variable that is declared so. It
// is nil if there is any doubt.
func made(body *ast.BlockStmt) ast.Expr {
	if body == nil {
		return nil
	}
	var returned []ast.Expr
	set := map[string][]ast.Expr{} // what variables are given; nil if that is not told
	sure := true
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.TypeSpec:
			sure = false // may have the name of one outside
		case *ast.ReturnStmt:
			if len(n.Results) == 0 {
				sure = false
			} else if id, ok := n.Results[0].(*ast.Ident); !ok || id.Name != "nil" {
				returned = append(returned, n.Results[0])
			}
		case *ast.ValueSpec:
			for i, id := range n.Names {
				set[id.Name] = append(set[id.Name], nil)
				if len(n.Values) == len(n.Names) {
					set[id.Name] = append(set[id.Name][:len(set[id.Name])-1], n.Values[i])
				}
			}
		case *ast.AssignStmt:
			for i, to := range n.Lhs {
				if id, ok := to.(*ast.Ident); ok && len(n.Lhs) == len(n.Rhs) {
					set[id.Name] = append(set[id.Name], n.Rhs[i])
				} else if ok {
					set[id.Name] = append(set[id.Name], nil)
				}
			}
		}
		return true
	})
	var all ast.Expr
	for _, e := range returned {
		if id, ok := e.(*ast.Ident); ok {
			if len(set[id.Name]) != 1 {
				return nil
			}
			e = set[id.Name][0]
		}
		t := literal(e)
		if t == nil || all != nil && types.ExprString(t) != types.ExprString(all) {
			return nil
		}
		all = t
	}
	if !sure {
		return nil
	}
	return all
}

// literal is the type of a value that says its type itself, or nil.
func literal(e ast.Expr) ast.Expr {
	switch e := e.(type) {
	case *ast.ParenExpr:
		return literal(e.X)
	case *ast.CompositeLit:
		return e.Type
	case *ast.UnaryExpr:
		if lit, ok := ast.Unparen(e.X).(*ast.CompositeLit); ok && e.Op == token.AND && lit.Type != nil {
			return &ast.StarExpr{X: lit.Type}
		}
	case *ast.CallExpr:
		if f, ok := e.Fun.(*ast.Ident); ok && f.Name == "new" && len(e.Args) == 1 {
			return &ast.StarExpr{X: e.Args[0]}
		}
	}
	return nil
}

// known says whether all types of a declaration were made out.
func (s *symbol) known() bool {
	for _, p := range s.handed() {
		if p.typ == nil {
			return false
		}
	}
	return s.kind != "pool" || s.funcs[0].known()
}

// known says whether all types of a function were made out.
func (f *function) known() bool {
	for _, p := range f.params {
		if p.typ == nil {
			return false
		}
	}
	return !f.hasOut || f.out != nil
}

// handed are the parameters that the function of a declaration is given.
func (s *symbol) handed() []param {
	if s.kind == "pool" {
		return s.funcs[0].params
	}
	return s.params
}

// result is what the function returns beside its error, or nil: a type of the .mp
// file, or for a service something that has its methods.
func (s *symbol) result() *ir.Type {
	switch s.kind {
	case "pool":
		return s.funcs[0].out
	case "service":
		return &ir.Type{Kind: ir.Declared, Name: s.goName}
	}
	return nil
}

// haveMethod is the head of a method that is there.
func haveMethod(m *goFunc) string {
	return "func " + receiverText(m.decl, false) + " " + m.decl.Name.Name + strings.TrimPrefix(types.ExprString(m.decl.Type), "func")
}

// headOfMethod is the head that a method should have.
func (u *unit) headOfMethod(f *function, have *ast.FuncDecl, pointer bool) string {
	list := []string{free(f.params, "ctx") + " context.Context"}
	for _, p := range f.params {
		list = append(list, p.name.Text+" "+u.goText(p.typ))
	}
	head := "func " + receiverText(have, !pointer) + " " + have.Name.Name + "(" + strings.Join(list, ", ") + ")"
	if f.out != nil {
		return head + " (" + u.goText(f.out) + ", error)"
	}
	return head + " error"
}

// receiverText is the receiver of a method as it is written, or of its type and no
// pointer.
func receiverText(m *ast.FuncDecl, value bool) string {
	of := m.Recv.List[0]
	t := of.Type
	if star, ok := ast.Unparen(t).(*ast.StarExpr); ok && value {
		t = star.X
	}
	if len(of.Names) == 0 {
		return "(" + types.ExprString(t) + ")"
	}
	return "(" + of.Names[0].Name + " " + types.ExprString(t) + ")"
}

// free is a name that none of the parameters has.
func free(params []param, name string) string {
	for slices.ContainsFunc(params, func(p param) bool { return p.name.Text == name }) {
		name += "_"
	}
	return name
}

// headOf is the head of the function as its author writes it.
func (u *unit) headOf(h *handler) string {
	params := h.by.handed()
	var list []string
	if !h.form.bare {
		list = append(list, free(params, "ctx")+" context.Context")
	}
	if h.by.reaches() {
		list = append(list, free(params, "p")+" *"+portsName(h.by))
	}
	for i, p := range params {
		t := u.goText(p.typ)
		if rest, ok := strings.CutPrefix(t, "[]"); ok && h.form.spread && i == len(params)-1 {
			t = "..." + rest
		}
		list = append(list, p.name.Text+" "+t)
	}
	head := "func " + h.name + "(" + strings.Join(list, ", ") + ")"
	switch out := h.by.result(); {
	case out != nil && h.form.sure:
		return head + " " + u.goText(out)
	case out != nil:
		return head + " (" + u.goText(out) + ", error)"
	case !h.form.sure:
		return head + " error"
	}
	return head
}

// funcSpan is where a function's name stands. Files of the module are called by a
// path from where the .mp files are called.
func (u *unit) funcSpan(h *handler) diag.Span {
	return u.spanIn(u.packageOf(h), h.found.decl.Name)
}

// spanIn is the place of a name in a file of a package.
func (u *unit) spanIn(pkg *goPackage, id *ast.Ident) diag.Span {
	name := u.world.fset.Position(id.Pos()).Filename
	if pkg == u.ownFiles().code || u.world.inModule(name) {
		if rel, err := filepath.Rel(u.in.Dir, name); err == nil {
			name = u.sibling(rel)
		}
	}
	return u.goSpan(name, id)
}
