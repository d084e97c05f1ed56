package compiler

import (
	"slices"

	"github.com/mpgen/mpgen/compiler/ir"
	"github.com/mpgen/mpgen/grammar"
)

// Blocks of shared memory travel in items of queues, of which the runtime knows, whoever
// dies, who still has one; and in arguments of calls, whose caller waits. They go nowhere
// else.

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

// lentToCalls are the rows of the blocks that arguments of calls carry.
func (u *unit) lentToCalls(s *symbol) (list []string) {
	for _, f := range s.funcs {
		if f.method == nil && f.flow != nil {
			continue // it is not called
		}
		for _, p := range f.params {
			for _, b := range u.carried(p.typ) {
				if !slices.Contains(list, row(b)) {
					list = append(list, row(b))
				}
			}
		}
	}
	return list
}

// checkLending reports blocks where nothing carries them.
func (u *unit) checkLending() {
	u.lent = map[*symbol]bool{}
	refuse := func(at grammar.Type, t *ir.Type, what string, result bool) {
		for _, b := range u.carried(t) {
			u.lent[b] = true // so that it is told once
			u.add(carriesNone(at, what, b, result))
			return
		}
	}
	lent := func(t *ir.Type) {
		for _, b := range u.carried(t) {
			u.lent[b] = true
		}
	}
	for _, s := range u.order {
		if s.missing {
			continue
		}
		d, typed := s.decl.(*grammar.Typed)
		switch {
		case s.kind == "queue":
			lent(s.typ)
		case typed && len(u.carried(s.typ)) > 0:
			refuse(d.Type, s.typ, s.String(), false)
			s.typ = nil
		default:
			for _, p := range s.params {
				refuse(p.of.Type, p.typ, "parameter "+quote(p.name.Text)+" of "+s.String(), false)
			}
			for _, f := range s.funcs {
				for _, p := range f.params {
					lent(p.typ)
				}
				if f.flow == nil {
					refuse(f.result, f.out, "the result of "+f.String(), true)
				}
			}
		}
	}
}

// checkBlocks reports blocks that nobody makes, or that nothing carries.
func (u *unit) checkBlocks(s *symbol, by []*symbol) {
	switch {
	case u.partial || u.excused[s.name.Text]:
	case len(by) == 0:
		u.add(unusedObject(s))
	case !u.lent[s]:
		u.add(carriedByNone(s))
	}
}
