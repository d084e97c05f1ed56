package compiler

import (
	"github.com/mpgen/mpgen/compiler/ir"
	"github.com/mpgen/mpgen/grammar"
)

// Values are copied, by who sends, by the ring, by who receives, on stacks. One that
// Go could not even lay out, or of which two stacks are full, is refused here, as
// the Go compiler would refuse generated code for it, or the program fail at once.

const (
	maxValue = 64 * mib // of a value by itself, without what its slices and maps hold
	maxArray = tib
)

// checkBulk reports types whose values are too large, each once, where it is written.
func (u *unit) checkBulk() {
	known := map[*symbol]int64{}
	check := func(at grammar.Type, t *ir.Type, what string) {
		if n := u.size(t, known); n > maxValue {
			u.add(tooBulky(at, what, n, maxValue))
		}
	}
	params := func(list []param) {
		for _, p := range list {
			check(p.of.Type, p.typ, "parameter "+quote(p.name.Text))
		}
	}
	for _, s := range u.order {
		if s.missing {
			continue
		}
		switch d := s.decl.(type) {
		case *grammar.Struct:
			u.structSize(s, known)
		case *grammar.Typed:
			if k := kindOf(s); k != nil {
				for _, t := range k.types(s) {
					check(d.Type, &t, s.String())
				}
				continue
			}
			if s.kind != "array" {
				check(d.Type, s.typ, map[bool]string{true: "an item of "}[s.kind == "queue"]+s.String())
				continue
			}
			n := u.size(s.typ, known)
			if n > maxValue {
				u.add(tooBulky(d.Type, "an element of "+s.String(), n, maxValue))
			} else if n = times(n, s.length); n > maxArray {
				u.add(tooBulky(d.Type, s.String(), n, maxArray))
			}
		}
		params(s.params)
		for _, f := range s.funcs {
			params(f.params)
			if f.written != nil && f.out != nil {
				check(f.result, f.out, "the result of "+f.String())
			}
		}
	}
}

// size is the bytes of a value of t by itself, more or less. What was reported counts as nothing.
func (u *unit) size(t *ir.Type, known map[*symbol]int64) int64 {
	if t == nil {
		return 0
	}
	switch t.Kind {
	case ir.Array:
		return times(u.size(t.Elem, known), t.Len)
	case ir.Declared:
		if s := u.declared(t); s.kind == "struct" {
			return u.structSize(s, known)
		}
		return 1
	case ir.Imported:
		return max(24, u.extent(t).size) // of what is known
	case ir.Failed, ir.Slice, ir.Bytes:
		return 24
	case ir.String:
		return 16
	case ir.Block:
		return 40
	case ir.Basic:
		return extents[t.Name].size
	}
	return 8
}

// structSize is the size of a struct, and reports one that is too large.
func (u *unit) structSize(s *symbol, known map[*symbol]int64) int64 {
	if n, ok := known[s]; ok {
		return n
	}
	known[s] = 0 // while its fields are looked at, and if it holds itself
	n := int64(0)
	for _, f := range s.fields {
		size := u.size(f.typ, known)
		if size > maxValue {
			u.add(tooBulky(f.at, "field "+quote(f.name.Text), size, maxValue))
			return 0
		}
		n += size
	}
	if n > maxValue {
		u.add(tooBulky(s.name, s.String(), n, maxValue))
		return 0
	}
	known[s] = n
	return n
}
