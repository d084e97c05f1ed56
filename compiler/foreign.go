package compiler

import (
	"go/ast"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/mpgen/mpgen/compiler/ir"
)

// A struct of another package travels field by field, as a declared one does, if
// all its fields are exported and can travel. What its author keeps private is
// not ours to copy, unless the struct is flat, when a copy is what Go makes too. A
// type that is no struct travels as what it is underneath.

// foreign is an imported type with functions of its own.
type foreign struct {
	typ    ir.Type
	fields []ir.Field // of a struct
	under  *ir.Type   // of any other type
	order  int        // how many there were before
}

// goType is how a type of a package travels, or why it does not.
func (u *unit) goType(pkg *goPackage, name string) (*ir.Type, string) {
	s, err := u.world.named(pkg, name)
	if err != nil {
		return nil, err.Error()
	}
	t := &ir.Type{Kind: ir.Imported, Name: name, Path: pkg.path}
	switch {
	case s.generic:
		return nil, "it is generic; declare a type without parameters of it in Go"
	case s.lock:
		return nil, "a copy of a lock locks nothing"
	case s.flat:
		t.Flat = true
	case s.binary != nil:
		t.Form, t.Addr = ir.Binary, s.binary.pointer
	case s.text != nil:
		t.Form, t.Addr = ir.Text, s.text.pointer
	case pkg.types[name].spec.Assign.IsValid():
		key := pkg.path + "." + name
		if u.aliases[key] {
			return nil, "it is an alias of itself"
		}
		u.aliases[key] = true
		defer delete(u.aliases, key)
		return u.goExpr(pkg, pkg.types[name].file, pkg.types[name].spec.Type)
	default:
		if why := u.goNamed(pkg, name, t); why != "" {
			return nil, why
		}
	}
	u.uses(pkg)
	return t, ""
}

const noWay = "it holds pointers, and has neither MarshalBinary and UnmarshalBinary nor MarshalText and UnmarshalText"

const anything = "an interface may hold a value of any type"

const notByField = noWay + ", and can't go field by field: "

// goNamed gives t functions of its own, or says why it can't.
func (u *unit) goNamed(pkg *goPackage, name string, t *ir.Type) string {
	key := pkg.path + "." + name
	if f := u.foreign[key]; f != nil {
		t.Codec = f.typ.Codec
		return ""
	}
	t.Codec = u.foreignCodec(pkg, name)
	f := &foreign{typ: *t, order: len(u.foreign)}
	u.foreign[key] = f // before what it holds, which may hold it again
	why := u.goUnder(pkg, name, f)
	if why != "" {
		// Types that it holds may rely on it.
		maps.DeleteFunc(u.foreign, func(_ string, g *foreign) bool { return g.order >= f.order })
	}
	return why
}

// goUnder finds out what a type is underneath, or says why that can't travel.
func (u *unit) goUnder(pkg *goPackage, name string, f *foreign) string {
	pkg, file, e := u.world.underlying(pkg, name)
	spec, ok := e.(*ast.StructType)
	if !ok {
		under, why := u.goExpr(pkg, file, e)
		if under == nil {
			return why
		}
		u.finish(under, nil)
		f.under = under
		return ""
	}
	for _, field := range spec.Fields.List {
		names := field.Names
		if len(names) == 0 {
			names = []*ast.Ident{embedded(field.Type)}
		}
		for _, n := range names {
			why := "it is not exported"
			var ft *ir.Type
			if n != nil && n.IsExported() {
				ft, why = u.goExpr(pkg, file, field.Type)
			}
			if ft == nil {
				if n == nil {
					return noWay
				}
				if inner, ok := strings.CutPrefix(why, notByField); ok {
					return notByField + n.Name + "." + inner
				}
				return notByField + n.Name + ": " + why
			}
			u.finish(ft, nil)
			f.fields = append(f.fields, ir.Field{Go: n.Name, Type: *ft})
		}
	}
	return ""
}

// embedded is the name of an embedded field.
func embedded(t ast.Expr) *ast.Ident {
	switch e := t.(type) {
	case *ast.Ident:
		return e
	case *ast.StarExpr:
		return embedded(e.X)
	case *ast.SelectorExpr:
		return e.Sel
	}
	return nil
}

// declaredCodec says whether the functions of a declared struct, or of a task, are
// called by that.
func (u *unit) declaredCodec(name string) bool {
	if s := u.symbols[name]; s != nil && s.kind == "struct" {
		return true
	}
	pool, ok := strings.CutSuffix(name, taskSuffix)
	return ok && slices.ContainsFunc(u.order, func(s *symbol) bool { return s.kind == "pool" && s.goName == pool })
}

// foreignCodec is what the functions of an imported type are called by. Where
// two packages have one name the second one gets a number.
func (u *unit) foreignCodec(pkg *goPackage, name string) string {
	base := exported(pkg.name) + name
	codec := base
	for n := 2; ; n++ {
		taken := u.declaredCodec(codec)
		for _, f := range u.foreign {
			taken = taken || f.typ.Codec == codec
		}
		if !taken {
			return codec
		}
		codec = base + strconv.Itoa(n)
	}
}

// goExpr is how a type written in a Go file travels, or why it does not.
func (u *unit) goExpr(pkg *goPackage, file *ast.File, e ast.Expr) (*ir.Type, string) {
	switch e := e.(type) {
	case *ast.ParenExpr:
		return u.goExpr(pkg, file, e.X)
	case *ast.Ident:
		switch {
		case pkg.types[e.Name] != nil && e.IsExported():
			return u.goType(pkg, e.Name)
		case pkg.types[e.Name] != nil:
			return nil, "its type " + e.Name + " is not exported"
		case basics[e.Name]:
			return &ir.Type{Kind: ir.Basic, Name: e.Name, Flat: true}, ""
		case e.Name == "string":
			return &ir.Type{Kind: ir.String}, ""
		case e.Name == "any", e.Name == "error":
			return nil, anything
		}
		return nil, "it is of type " + e.Name
	case *ast.SelectorExpr:
		q, name := u.world.qualified(pkg, file, e)
		if q == nil {
			return nil, "its type is not to be found"
		}
		if !mayImport(u.in.ImportPath, q.path) {
			return nil, "its type is internal to another package"
		}
		return u.goType(q, name)
	case *ast.StarExpr:
		elem, why := u.goExpr(pkg, file, e.X)
		return compose(elem, func(t *ir.Type) *ir.Type { return &ir.Type{Kind: ir.Pointer, Elem: t} }), why
	case *ast.MapType:
		key, why := u.goExpr(pkg, file, e.Key)
		if key == nil {
			return nil, why
		}
		elem, why := u.goExpr(pkg, file, e.Value)
		return compose(elem, func(t *ir.Type) *ir.Type { return &ir.Type{Kind: ir.Map, Key: key, Elem: t} }), why
	case *ast.ArrayType:
		elem, why := u.goExpr(pkg, file, e.Elt)
		if e.Len == nil {
			return compose(elem, sliceOf), why
		}
		n, ok := u.world.length(pkg, file, e.Len)
		if !ok {
			return nil, "its length is not to be made out"
		}
		return compose(elem, func(t *ir.Type) *ir.Type { return &ir.Type{Kind: ir.Array, Len: n, Elem: t} }), why
	case *ast.InterfaceType:
		return nil, anything
	case *ast.IndexExpr, *ast.IndexListExpr:
		return nil, "it is generic; declare a type without parameters of it in Go"
	case *ast.StructType:
		return nil, "its type has no name"
	case *ast.FuncType:
		return nil, "a function does not travel"
	case *ast.ChanType:
		return nil, "a channel works in one process only"
	}
	return nil, "it is no type that travels"
}

// sliceOf is []T, which is []byte for bytes.
func sliceOf(e *ir.Type) *ir.Type {
	if e.Kind == ir.Basic && (e.Name == "byte" || e.Name == "uint8") {
		return &ir.Type{Kind: ir.Bytes}
	}
	return &ir.Type{Kind: ir.Slice, Elem: e}
}
