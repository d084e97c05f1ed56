package compiler

import (
	"errors"
	"go/ast"
	"go/types"
	"slices"
	"strconv"
)

// shape is what matters about a Go type that wants to travel.
type shape struct {
	flat       bool // its memory is all of it
	comparable bool
	lock       bool // it has Lock and Unlock, or holds what has
	generic    bool
	binary     *marshaler
	text       *marshaler
}

// marshaler is a pair of methods, of which the first may want a pointer.
type marshaler struct{ pointer bool }

// and is the shape of a value that holds both.
func (s shape) and(t shape) shape {
	return shape{flat: s.flat && t.flat, comparable: s.comparable && t.comparable, lock: s.lock || t.lock}
}

var (
	flatShape       = shape{flat: true, comparable: true}
	comparableShape = shape{comparable: true} // pointers, strings, interfaces, channels
	otherShape      = shape{}                 // slices, maps, functions
)

// named is the shape of an exported type of a package.
func (w *goWorld) named(p *goPackage, name string) (shape, error) {
	if !ast.IsExported(name) {
		return shape{}, errors.New("it is not exported")
	}
	t := p.types[name]
	if t == nil {
		return shape{}, errors.New("it is not declared")
	}
	return w.shapeOf(p, name, t, 0), nil
}

// maxDepth bounds a walk over types of code that does not compile; in code that
// does, values are nested no deeper than this.
const maxDepth = 100

func (w *goWorld) shapeOf(p *goPackage, name string, t *goType, depth int) shape {
	params := map[string]bool{}
	if list := t.spec.TypeParams; list != nil {
		for _, f := range list.List {
			for _, n := range f.Names {
				params[n.Name] = true
			}
		}
	}
	s := w.expr(p, t.file, t.spec.Type, params, depth)
	s.generic = len(params) > 0
	if t.spec.Assign.IsValid() {
		return s
	}
	s.binary, s.text = nil, nil
	methods := p.methods[name]
	if methods["Lock"] != nil && methods["Unlock"] != nil {
		s.lock = true
	}
	s.binary = pair(methods["MarshalBinary"], methods["UnmarshalBinary"])
	s.text = pair(methods["MarshalText"], methods["UnmarshalText"])
	return s
}

// pair is what two methods make, if their parameters and results are those of a marshaler.
func pair(putter, getter *goFunc) *marshaler {
	if putter == nil || getter == nil {
		return nil
	}
	put, get := putter.decl, getter.decl
	if !are(put.Type.Params) || !are(put.Type.Results, "[]byte", "error") ||
		!are(get.Type.Params, "[]byte") || !are(get.Type.Results, "error") {
		return nil
	}
	_, pointer := receiver(put)
	return &marshaler{pointer}
}

// are says whether parameters or results have these types and no others.
func are(list *ast.FieldList, want ...string) bool {
	var have []string
	if list != nil {
		for _, f := range list.List {
			text := types.ExprString(f.Type)
			if text == "[]uint8" {
				text = "[]byte"
			}
			for range max(1, len(f.Names)) {
				have = append(have, text)
			}
		}
	}
	return slices.Equal(have, want)
}

// expr is the shape of a type expression in a file of p.
func (w *goWorld) expr(p *goPackage, file *ast.File, e ast.Expr, params map[string]bool, depth int) shape {
	if depth > maxDepth {
		return otherShape
	}
	switch e := e.(type) {
	case *ast.ParenExpr:
		return w.expr(p, file, e.X, params, depth+1)
	case *ast.StarExpr, *ast.InterfaceType, *ast.ChanType:
		return comparableShape
	case *ast.ArrayType:
		if e.Len == nil {
			return otherShape
		}
		return w.expr(p, file, e.Elt, params, depth+1).unnamed()
	case *ast.StructType:
		s := flatShape
		for _, f := range e.Fields.List {
			s = s.and(w.expr(p, file, f.Type, params, depth+1))
		}
		return s
	case *ast.Ident:
		return w.ident(p, e.Name, params, depth)
	case *ast.IndexExpr:
		return w.expr(p, file, e.X, params, depth+1)
	case *ast.IndexListExpr:
		return w.expr(p, file, e.X, params, depth+1)
	case *ast.SelectorExpr:
		return w.selector(p, file, e, depth)
	}
	return otherShape
}

// unnamed drops what belongs to a name: methods and parameters.
func (s shape) unnamed() shape {
	return shape{flat: s.flat, comparable: s.comparable, lock: s.lock}
}

func (w *goWorld) ident(p *goPackage, name string, params map[string]bool, depth int) shape {
	if params[name] {
		return comparableShape
	}
	if t := p.types[name]; t != nil {
		return w.shapeOf(p, name, t, depth+1)
	}
	if basics[name] || name == "uintptr" {
		return flatShape
	}
	return comparableShape // string, error, any
}

func (w *goWorld) selector(p *goPackage, file *ast.File, e *ast.SelectorExpr, depth int) shape {
	if q, name := w.qualified(p, file, e); q != nil {
		return w.shapeOf(q, name, q.types[name], depth+1)
	}
	return comparableShape // not to be found, unsafe.Pointer among them: taken for a pointer
}

// qualified finds the type that a qualified name in a file of p stands for.
func (w *goWorld) qualified(p *goPackage, file *ast.File, e *ast.SelectorExpr) (*goPackage, string) {
	return w.found(p, file, e, func(q *goPackage, name string) bool { return q.types[name] != nil })
}

// found is the package that a qualified name in a file of p is of, which has it.
func (w *goWorld) found(p *goPackage, file *ast.File, e *ast.SelectorExpr, has func(*goPackage, string) bool) (*goPackage, string) {
	x, ok := e.X.(*ast.Ident)
	if !ok {
		return nil, ""
	}
	for _, spec := range file.Imports {
		path, err := strconv.Unquote(spec.Path.Value)
		if err != nil || path == "unsafe" || path == "C" {
			continue
		}
		if spec.Name != nil && spec.Name.Name != x.Name {
			continue
		}
		if spec.Name == nil && lastElement(path) != x.Name && !mayBeNamed(path, x.Name) {
			continue
		}
		q, err := w.load(path, p.std)
		if err != nil || spec.Name == nil && q.name != x.Name {
			continue
		}
		if has(q, e.Sel.Name) {
			return q, e.Sel.Name
		}
	}
	return nil, ""
}

// underlying is what a type is declared as in the end, and the file that says it.
func (w *goWorld) underlying(p *goPackage, name string) (*goPackage, *ast.File, ast.Expr) {
	decl := p.types[name]
	for range maxDepth {
		switch e := ast.Unparen(decl.spec.Type).(type) {
		case *ast.Ident:
			if p.types[e.Name] == nil {
				return p, decl.file, e
			}
			decl = p.types[e.Name]
		case *ast.SelectorExpr:
			q, name := w.qualified(p, decl.file, e)
			if q == nil {
				return p, decl.file, e
			}
			p, decl = q, q.types[name]
		default:
			return p, decl.file, e
		}
	}
	return p, decl.file, decl.spec.Type
}

// length is that of an array type in a file of p.
func (w *goWorld) length(p *goPackage, file *ast.File, e ast.Expr) (int64, bool) {
	if sel, ok := ast.Unparen(e).(*ast.SelectorExpr); ok {
		q, name := w.found(p, file, sel, func(q *goPackage, name string) bool { return q.constants[name] != nil })
		if q == nil {
			return 0, false
		}
		return q.number(q.constants[name], 0)
	}
	return p.number(e, 0)
}

// mayBeNamed says whether a package of this path may have that name, so that not
// every import is read to find out: gopkg.in/yaml.v3, example.com/mod/v2, go-x.
func mayBeNamed(path, name string) bool {
	for _, part := range []string{"/" + name, "-" + name, "." + name, name + "-", name + "."} {
		for i := 0; i+len(part) <= len(path); i++ {
			if path[i:i+len(part)] == part {
				return true
			}
		}
	}
	return false
}

// has reports whether a package has a function, or else a type, of a name.
func (w *goWorld) has(pkg *goPackage, name string, function bool) bool {
	if function {
		return pkg.funcs[name] != nil
	}
	_, err := w.named(pkg, name)
	return err == nil
}
