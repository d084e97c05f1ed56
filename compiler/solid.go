package compiler

import (
	"slices"
	"strings"
	"unicode"

	"github.com/mpgen/mpgen/compiler/ir"
)

// A declared struct is flat if all its fields are, so flatness is known only when
// all structs are. A struct that holds itself by value has no size; a walk over
// the fields that lie inside of each other finds the ring, and tells it once.

type colour uint8

const (
	white colour = iota // not seen
	grey                // being walked
	black               // done
)

// checkSolid reports structs that hold themselves.
func (u *unit) checkSolid() {
	seen := map[*symbol]colour{}
	told := map[*symbol]bool{}
	var path []*symbol
	var walk func(s *symbol)
	walk = func(s *symbol) {
		seen[s] = grey
		path = append(path, s)
		for _, f := range s.fields {
			inner := u.inside(f.typ)
			if inner == nil {
				continue
			}
			switch seen[inner] {
			case white:
				walk(inner)
			case grey:
				if !told[inner] {
					told[inner] = true
					u.add(holdsItself(path[slices.Index(path, inner):], f))
				}
			}
		}
		path = path[:len(path)-1]
		seen[s] = black
	}
	for _, s := range u.order {
		if s.kind == "struct" && seen[s] == white {
			walk(s)
		}
	}
}

// finishTypes fills in which types are flat, and which have functions of their own.
func (u *unit) finishTypes() {
	flat := map[*symbol]bool{}
	for _, s := range u.order {
		if s.kind == "struct" || len(s.fields) > 0 {
			u.flatStruct(s, flat)
		}
	}
	for _, s := range u.order {
		u.finish(s.typ, flat)
		for _, f := range s.funcs {
			u.finish(f.in, flat)
			u.finish(f.out, flat)
			for _, p := range f.params {
				u.finish(p.typ, flat)
			}
		}
		for _, f := range s.fields {
			u.finish(f.typ, flat)
		}
		for _, p := range s.params {
			u.finish(p.typ, flat)
		}
	}
}

// inside is the struct that lies in a value of t itself, or nil.
func (u *unit) inside(t *ir.Type) *symbol {
	for t != nil && t.Kind == ir.Array {
		t = t.Elem
	}
	if t == nil || t.Kind != ir.Declared {
		return nil
	}
	if s := u.declared(t); s.kind == "struct" {
		return s
	}
	return nil
}

// declared is who declares the fields of a declared type: a struct, or a pool
// whose task it is. An enum has none. A type of the .mp files goes before a task
// of its name, which is refused later.
func (u *unit) declared(t *ir.Type) *symbol {
	s, task := u.symbols[t.Name], u.tasks[t.Name]
	if task != nil && (s == nil || !s.isType()) {
		return task
	}
	return s
}

// flatStruct says whether a struct is flat. One that holds itself is not.
func (u *unit) flatStruct(s *symbol, known map[*symbol]bool) bool {
	if flat, ok := known[s]; ok {
		return flat
	}
	known[s] = false // while its fields are looked at
	flat := true
	for _, f := range s.fields {
		flat = flat && u.flat(f.typ, known)
	}
	known[s] = flat
	return flat
}

func (u *unit) flat(t *ir.Type, known map[*symbol]bool) bool {
	switch {
	case t == nil:
		return false
	case t.Kind == ir.Array:
		return u.flat(t.Elem, known)
	case t.Kind == ir.Declared:
		s := u.declared(t)
		return s.kind == "enum" || u.flatStruct(s, known)
	}
	return t.Flat
}

// finish sets what depends on the flatness of structs, in a type and its parts.
func (u *unit) finish(t *ir.Type, flat map[*symbol]bool) {
	if t == nil {
		return
	}
	u.finish(t.Key, flat)
	u.finish(t.Elem, flat)
	switch t.Kind {
	case ir.Array:
		t.Flat = t.Elem.Flat
		if !t.Flat {
			for t.Codec = codecName(t); u.declaredCodec(t.Codec); {
				t.Codec += "2"
			}
		}
	case ir.Declared:
		s := u.declared(t)
		t.Flat = s.kind == "enum" || flat[s]
		if !t.Flat {
			t.Codec = t.Name
		}
	}
}

// pointerIn says what in a type that is not flat keeps it from being so, or ""
// if that is a mistake of its own.
func (u *unit) pointerIn(t *ir.Type, depth int) string {
	switch {
	case t == nil || t.Flat || depth > 8:
		return ""
	case t.Kind == ir.Array:
		return u.pointerIn(t.Elem, depth+1)
	case t.Kind == ir.Declared:
		for _, f := range u.declared(t).fields {
			if why := u.pointerIn(f.typ, depth+1); why != "" {
				return "its field " + quote(f.name.Text) + " is " + why
			}
		}
		return ""
	}
	return typeText(t)
}

// codecName is what the functions of an array type are called by.
func codecName(t *ir.Type) string {
	switch t.Kind {
	case ir.Array:
		return "Array" + itoa(t.Len) + codecName(t.Elem)
	case ir.Slice:
		return "Slice" + codecName(t.Elem)
	case ir.Bytes:
		return "Bytes"
	case ir.Map:
		return "Map" + codecName(t.Key) + codecName(t.Elem)
	case ir.Pointer:
		return "Pointer" + codecName(t.Elem)
	case ir.String:
		return "String"
	case ir.Block:
		return "Block" + exported(t.Name)
	case ir.Imported:
		if t.Codec != "" {
			return t.Codec
		}
		return exported(strings.Map(inName, lastElement(t.Path))) + t.Name
	}
	return exported(t.Name)
}

// inName drops what an identifier can't hold.
func inName(r rune) rune {
	if unicode.IsLetter(r) || unicode.IsDigit(r) {
		return r
	}
	return -1
}
