package compiler

import (
	"go/ast"
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
}

// form is what a bound function may do without.
type form struct {
	bare   bool // a context
	sure   bool // an error
	spread bool // a slice as its last parameter: it is variadic
}

// handlers compares the functions with what their declarations say.
func (u *unit) handlers() {
	for _, s := range u.order {
		if s.handler != nil {
			u.compare(s.handler)
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
		h.name = s.name.Text
		if s.kind == "service" {
			h.name = "open" + s.goName
		}
		h.found = own.code.funcs[h.name]
		return h
	case h.ref.Sel == nil:
		h.name = h.ref.Name.Text
		h.found = own.code.funcs[h.name]
		if h.found == nil && u.in.Dir != "" && own.names[h.name].File == "" {
			near, sure := grammar.Nearest(h.name, ownFuncs(own.code))
			u.add(noFunction(h.ref, "the Go code of the folder", near, sure))
			return nil
		}
		return h
	}
	i := u.importOf(s.file, h.ref)
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
		u.add(boundToType(h.ref))
		return nil
	case h.found == nil && !i.pkg.vars[h.name]:
		near, sure := grammar.Nearest(h.name, i.pkg.exportedFuncs())
		u.add(noFunction(h.ref, "package "+quote(i.path), near, sure))
		return nil
	}
	u.usesImport(i)
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

// compare reports a function that is not what its declaration says.
func (u *unit) compare(h *handler) {
	if h.found == nil || !h.by.known() {
		return
	}
	if h.found.decl.Type.TypeParams != nil {
		u.add(genericFunction(h, u.funcSpan(h)))
		return
	}
	form, differs := u.fit(h)
	if h.ref != nil {
		h.form = form
	}
	if differs != "" {
		u.add(otherSignature(h, differs, u.headOf(h), u.funcSpan(h)))
	}
}

// known says whether all types of a declaration were made out.
func (s *symbol) known() bool {
	for _, p := range s.handed() {
		if p.typ == nil {
			return false
		}
	}
	return s.kind != "pool" || !s.funcs[0].hasOut || s.funcs[0].out != nil
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

func portsName(s *symbol) string { return s.goName + "Ports" }

// headOf is the head of the function as its author writes it.
func (u *unit) headOf(h *handler) string {
	params := h.by.handed()
	free := func(name string) string {
		for slices.ContainsFunc(params, func(p param) bool { return p.name.Text == name }) {
			name += "_"
		}
		return name
	}
	var list []string
	if !h.form.bare {
		list = append(list, free("ctx")+" context.Context")
	}
	if h.by.reaches() {
		list = append(list, free("p")+" *"+portsName(h.by))
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
	name := u.world.fset.Position(h.found.decl.Name.Pos()).Filename
	if h.pkg == nil || !h.pkg.std {
		if rel, err := filepath.Rel(u.in.Dir, name); err == nil {
			name = u.sibling(rel)
		}
	}
	return u.goSpan(name, h.found.decl.Name)
}
