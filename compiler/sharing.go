package compiler

import "slices"

// What is shared can race where queues can't. Numbers are atomic and values are
// never torn, so what remains are arrays: two processes that may write to one
// need a lock as its guard, and have to have that lock. Whoever only reads one
// says so, and then can't write to it.

// checkSharing checks what is shared against those who use it.
func (u *unit) checkSharing(all []*symbol) {
	users := map[*symbol][]*symbol{}
	for _, s := range all {
		for _, r := range s.given["use"].refs {
			users[r.sym] = append(users[r.sym], s)
		}
		u.checkReadAndUsed(s)
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
			u.checkArray(s, users[s])
		} else if k := kindOf(s); k != nil && k.check != nil {
			k.check(u, s, users[s])
		}
	}
}

// checkNumber checks a value of a number type.
func (u *unit) checkNumber(s *symbol, _ []*symbol) {
	if slot, ok := s.given["slot"]; ok {
		u.add(slotOfNumber(s, slot.at, u.without(slot.at.Span)))
	}
}

// checkUsed reports what processes would meet at, if one used it.
func (u *unit) checkUsed(s *symbol, by []*symbol) {
	if len(by) == 0 && !u.guards[s] && !u.partial && !u.excused[s.name.Text] {
		u.add(unusedObject(s))
	}
}

// checkBarrier checks that the parties of a barrier are given where they can't be counted.
func (u *unit) checkBarrier(s *symbol, by []*symbol) {
	u.checkUsed(s, by)
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

// checkPipe checks that exactly two processes use a pipe.
func (u *unit) checkPipe(s *symbol, by []*symbol) {
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

// checkReadAndUsed reports arrays that one process is to read and to write.
func (u *unit) checkReadAndUsed(s *symbol) {
	for _, r := range s.given["read"].refs {
		for _, w := range s.given["use"].refs {
			if w.sym == r.sym {
				u.add(readAndUsed(s, r, w))
			}
		}
	}
}

// checkArray checks the elements of an array, and that those who may write to it do
// so one after another.
func (u *unit) checkArray(s *symbol, users []*symbol) {
	if s.typ != nil && !s.typ.Flat {
		if why := u.pointerIn(s.typ, 0); why != "" {
			u.add(notFlat(s, why))
		}
	}
	guard, given := s.given["guard"]
	if !given {
		u.checkUnguarded(s, users)
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

// checkUnguarded reports an array without a guard that several may write to.
func (u *unit) checkUnguarded(s *symbol, users []*symbol) {
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
