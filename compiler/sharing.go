package compiler

import "slices"

// What is shared can race where queues can't. Numbers are atomic and values are
// never torn, so what remains are arrays: two processes that may write to one
// need a lock as its guard, and have to have that lock. Whoever only reads one
// says so, and then can't write to it.

// sharing checks what is shared against those who use it.
func (u *unit) sharing(all []*symbol) {
	users := map[*symbol][]*symbol{}
	for _, s := range all {
		for _, r := range s.given["use"].refs {
			users[r.sym] = append(users[r.sym], s)
		}
		u.readAndUsed(s)
	}
	u.guards = map[*symbol]bool{}
	for _, s := range u.order {
		for _, g := range s.named("guard") {
			u.guards[g] = true
		}
	}
	for _, s := range u.order {
		if s.missing {
			continue
		}
		if s.kind == "array" {
			u.array(s, users[s])
		} else if k := kindOf(s); k != nil && k.check != nil {
			k.check(u, s, users[s])
		}
	}
}

// number checks a value of a number type.
func (u *unit) number(s *symbol, _ []*symbol) {
	if slot, ok := s.given["slot"]; ok {
		u.add(slotOfNumber(s, slot.at, u.without(slot.at.Span)))
	}
}

// unused reports what processes would meet at, if one used it.
func (u *unit) unused(s *symbol, by []*symbol) {
	if len(by) == 0 && !u.guards[s] && !u.partial && !u.excused[s.name.Text] {
		u.add(unusedObject(s))
	}
}

// barrier checks that the parties of a barrier are given where they can't be counted.
func (u *unit) barrier(s *symbol, by []*symbol) {
	u.unused(s, by)
	if _, given := s.given["parties"]; given {
		return
	}
	for _, p := range by {
		if p.serves() || p.onDemand {
			u.add(noParties(s, p, refTo(p, "use", s)))
			return
		}
	}
}

// pipe checks that exactly two processes use a pipe.
func (u *unit) pipe(s *symbol, by []*symbol) {
	if u.partial || u.excused[s.name.Text] {
		return
	}
	for _, p := range by {
		why, several := p.several()
		switch {
		case p.serves():
			why = "has workers that come and go"
		case p.onDemand:
			why = "is started by calls"
		case !several:
			continue
		}
		u.add(notAtAnEnd(s, p, refTo(p, "use", s), why))
		return
	}
	if len(by) != 2 {
		u.add(notTwoEnds(s, by))
	}
}

// readAndUsed reports arrays that one process is to read and to write.
func (u *unit) readAndUsed(s *symbol) {
	for _, r := range s.given["read"].refs {
		for _, w := range s.given["use"].refs {
			if w.sym == r.sym {
				u.add(readAndUsed(s, r, w))
			}
		}
	}
}

// array checks the elements of an array, and that those who may write to it do
// so one after another.
func (u *unit) array(s *symbol, users []*symbol) {
	if s.typ != nil && !s.typ.Flat {
		if why := u.pointerIn(s.typ, 0); why != "" {
			u.add(notFlat(s, why))
		}
	}
	guard, given := s.given["guard"]
	if !given {
		u.alone(s, users)
		return
	}
	for _, g := range guard.refs {
		for _, p := range users {
			if p != u.main && !slices.Contains(p.named("use"), g.sym) {
				u.add(guardNotUsed(s, g, p, refTo(p, "use", s)))
			}
		}
	}
}

// alone reports an array without a guard that several may write to.
func (u *unit) alone(s *symbol, users []*symbol) {
	for i, p := range users {
		why, several := p.several()
		switch {
		case several:
			u.add(noGuard(s, p, refTo(p, "use", s), p.String()+" "+why))
		case i > 0:
			u.add(noGuard(s, p, refTo(p, "use", s), users[0].String()+" and "+p.String()+" both use it"))
		default:
			continue
		}
		return
	}
}

// refTo is where a declaration names another in a setting.
func refTo(s *symbol, key string, to *symbol) target {
	refs := s.given[key].refs
	return refs[slices.IndexFunc(refs, func(t target) bool { return t.sym == to })]
}
