package compiler

import (
	"slices"

	"github.com/mpgen/mpgen/compiler/ir"
	"github.com/mpgen/mpgen/grammar"
)

// Blocks of shared memory travel in items of queues and nowhere else: only there the
// runtime knows, whoever dies, who still has one.

// carried are the blocks that values of a type carry, in the order in which they stand.
func (u *unit) carried(t *ir.Type) (found []*symbol) {
	seen := map[string]bool{}
	var walk func(t *ir.Type)
	walk = func(t *ir.Type) {
		switch {
		case t == nil:
		case t.Kind == ir.Block:
			if s := u.symbols[t.Name]; !slices.Contains(found, s) {
				found = append(found, s)
			}
		case t.Kind == ir.Declared && !seen[t.Name]:
			seen[t.Name] = true
			for _, f := range u.declared(t).fields {
				walk(f.typ)
			}
		default:
			walk(t.Key)
			walk(t.Elem)
		}
	}
	walk(t)
	return found
}

// lending reports blocks where nothing carries them.
func (u *unit) lending() {
	u.lent = map[*symbol]bool{}
	refuse := func(at grammar.Type, t *ir.Type, what string, called bool) bool {
		for _, b := range u.carried(t) {
			u.lent[b] = true // so that it is told once
			u.add(carriesNone(at, what, b, called))
			return true
		}
		return false
	}
	params := func(list []param, what string, called bool) bool {
		for _, p := range list {
			if refuse(p.of.Type, p.typ, "parameter "+quote(p.name.Text)+" of "+what, called) {
				return true
			}
		}
		return false
	}
	for _, s := range u.order {
		if s.missing {
			continue
		}
		d, typed := s.decl.(*grammar.Typed)
		switch {
		case s.kind == "queue":
			for _, b := range u.carried(s.typ) {
				u.lent[b] = true
			}
		case typed && len(u.carried(s.typ)) > 0:
			refuse(d.Type, s.typ, s.String(), false)
			s.typ = nil
		default:
			params(s.params, s.String(), false)
			for _, f := range s.funcs {
				if f.flow != nil {
					continue
				}
				if !params(f.params, f.String(), true) {
					refuse(f.result, f.out, "the result of "+f.String(), true)
				}
			}
		}
	}
}

// blocks reports blocks that nobody makes, or that nothing carries.
func (u *unit) blocks(s *symbol, by []*symbol) {
	switch {
	case u.partial || u.excused[s.name.Text]:
	case len(by) == 0:
		u.add(unusedObject(s))
	case !u.lent[s]:
		u.add(carriedByNone(s))
	}
}
