package compiler

import (
	"go/ast"
	"go/constant"
	"go/token"

	"github.com/mpgen/mpgen/compiler/ir"
)

// How much memory flat types take, laid out as Go does it on processors of 64 bits:
// for the footprint of a pipeline, before any of it is compiled.

// extent is what a type takes in memory. It is not known if the source of an
// imported package does not tell.
type extent struct {
	size, align int64
	unknown     bool
}

var unknownExtent = extent{align: 1, unknown: true}

// extents are those of Go's own types.
var extents = map[string]extent{
	"bool": {size: 1, align: 1}, "byte": {size: 1, align: 1}, "int8": {size: 1, align: 1}, "uint8": {size: 1, align: 1},
	"int16": {size: 2, align: 2}, "uint16": {size: 2, align: 2},
	"int32": {size: 4, align: 4}, "uint32": {size: 4, align: 4}, "rune": {size: 4, align: 4}, "float32": {size: 4, align: 4},
	"int64": {size: 8, align: 8}, "uint64": {size: 8, align: 8}, "int": {size: 8, align: 8}, "uint": {size: 8, align: 8},
	"uintptr": {size: 8, align: 8}, "float64": {size: 8, align: 8},
	"complex64": {size: 8, align: 4}, "complex128": {size: 16, align: 8},
}

// maxMemory stands for all that is larger, so that sizes do not run over.
const maxMemory = 1 << 60

// sized is a type with its size.
func (u *unit) sized(t *ir.Type) ir.Type {
	s := *t
	if s.Flat {
		e := u.extent(t)
		if s.Size = e.size; e.unknown {
			s.Size = -1
		}
	}
	return s
}

// extent is that of a flat type.
func (u *unit) extent(t *ir.Type) extent {
	switch t.Kind {
	case ir.Basic:
		return extents[t.Name]
	case ir.Array:
		return u.extent(t.Elem).times(t.Len)
	case ir.Declared:
		s := u.declared(t)
		if s.kind == "enum" {
			return extents["uint8"]
		}
		e, known := u.extents[s]
		if !known {
			var fields []extent
			for _, f := range s.fields {
				fields = append(fields, u.extent(f.typ))
			}
			e = structOf(fields)
			u.extents[s] = e
		}
		return e
	case ir.Imported:
		if p, err := u.world.load(t.Path, false); err == nil && p.types[t.Name] != nil {
			return u.world.extent(p, p.types[t.Name].file, p.types[t.Name].spec.Type, 0)
		}
	}
	return unknownExtent
}

// times is an array.
func (e extent) times(n int64) extent {
	e.size = times(e.size, n)
	return e
}

// times is the size of n of a size.
func times(size, n int64) int64 {
	if n > 0 && size > maxMemory/n {
		return maxMemory
	}
	return size * n
}

// structOf is a struct of fields.
func structOf(fields []extent) extent {
	s := extent{align: 1}
	for i, f := range fields {
		s.size = min(alignTo(s.size, f.align)+f.size, maxMemory)
		s.align = max(s.align, f.align)
		s.unknown = s.unknown || f.unknown
		if f.size == 0 && s.size > 0 && i == len(fields)-1 {
			s.size++ // so that the field's address is none behind the struct
		}
	}
	s.size = alignTo(s.size, s.align)
	return s
}

func alignTo(n, align int64) int64 { return (n + align - 1) / align * align }

// extent is that of a flat type as a Go file of p writes it.
func (w *goWorld) extent(p *goPackage, file *ast.File, e ast.Expr, depth int) extent {
	if depth > maxDepth {
		return unknownExtent
	}
	switch e := e.(type) {
	case *ast.ParenExpr:
		return w.extent(p, file, e.X, depth+1)
	case *ast.ArrayType:
		n, ok := p.number(e.Len, depth)
		if !ok {
			return unknownExtent
		}
		return w.extent(p, file, e.Elt, depth+1).times(n)
	case *ast.StructType:
		var fields []extent
		for _, f := range e.Fields.List {
			for range max(len(f.Names), 1) {
				fields = append(fields, w.extent(p, file, f.Type, depth+1))
			}
		}
		return structOf(fields)
	case *ast.Ident:
		if t := p.types[e.Name]; t != nil {
			return w.extent(p, t.file, t.spec.Type, depth+1)
		}
		if known, ok := extents[e.Name]; ok {
			return known
		}
	case *ast.SelectorExpr:
		if q, name := w.qualified(p, file, e); q != nil {
			return w.extent(q, q.types[name].file, q.types[name].spec.Type, depth+1)
		}
	}
	return unknownExtent
}

// number is a constant expression of literals and of constants of the package that
// are given one.
func (p *goPackage) number(e ast.Expr, depth int) (int64, bool) {
	v := p.constant(e, depth)
	if v.Kind() != constant.Int {
		return 0, false
	}
	n, exact := constant.Int64Val(v)
	return n, exact && n >= 0
}

func (p *goPackage) constant(e ast.Expr, depth int) constant.Value {
	if depth > maxDepth {
		return constant.MakeUnknown()
	}
	switch e := e.(type) {
	case *ast.ParenExpr:
		return p.constant(e.X, depth+1)
	case *ast.BasicLit:
		return constant.MakeFromLiteral(e.Value, e.Kind, 0)
	case *ast.Ident:
		if value := p.constants[e.Name]; value != nil {
			return p.constant(value, depth+1)
		}
	case *ast.BinaryExpr:
		x, y := p.constant(e.X, depth+1), p.constant(e.Y, depth+1)
		if x.Kind() != constant.Int || y.Kind() != constant.Int {
			return constant.MakeUnknown()
		}
		switch e.Op {
		case token.ADD, token.SUB, token.MUL:
			return constant.BinaryOp(x, e.Op, y)
		case token.QUO:
			if constant.Sign(y) != 0 {
				return constant.BinaryOp(x, token.QUO_ASSIGN, y) // of whole numbers
			}
		case token.SHL:
			if n, ok := constant.Uint64Val(y); ok && n < 62 {
				return constant.Shift(x, token.SHL, uint(n))
			}
		}
	}
	return constant.MakeUnknown()
}
