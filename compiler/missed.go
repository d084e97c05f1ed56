package compiler

import (
	"slices"

	"github.com/mpgen/mpgen/compiler/diag"
	"github.com/mpgen/mpgen/grammar"
)

// A name that nothing declares is told once, where it stands first, however often
// it stands. Where it stands several times, and one that is much like it is
// declared and stands nowhere else, then not those who name it are wrong.

// missed is a name that nothing declares.
type missed struct {
	finding int // in what was found
	times   int
	near    *symbol // what it may have meant
	at      *grammar.Name
}

// maxShown is how many further places of a missed name its finding shows.
const maxShown = 2

// miss reports a name that nothing declares for the first time. near is what it may have meant, or nil.
func (u *unit) miss(key string, at *grammar.Name, near *symbol, d diag.Diagnostic) {
	u.missed[key] = &missed{finding: len(u.found), times: 1, near: near, at: at}
	u.add(d)
}

// missedAgain says whether a name was reported before, and then adds the place and mends it with the first one.
func (u *unit) missedAgain(key string, at grammar.Node) bool {
	m := u.missed[key]
	if m == nil {
		return false
	}
	d := &u.found[m.finding]
	if m.times++; m.times <= 1+maxShown {
		*d = d.WithRelated(diag.At(at), "and here")
	}
	if len(d.Fixes) > 0 && len(d.Fixes[0].Edits) == m.times-1 && d.Fixes[0].Edits[0].Span == d.Span { // and no import for all
		first := d.Fixes[0]
		edit := diag.Replace(at, first.Edits[0].New)
		d.Fixes = []diag.Fix{{Message: first.Message, Edits: append(slices.Clip(first.Edits), edit)}}
	}
	return true
}

// blameDeclarations tells of names that are misspelt where they are declared, in the
// place of those who name them.
func (u *unit) blameDeclarations() {
	for key, m := range u.missed {
		d := u.found[m.finding]
		if m.times > 1 && m.near != nil && m.near.name != nil && !m.near.used && len(d.Fixes) > 0 {
			u.found[m.finding] = misdeclared(m.near, key, m.times, m.at)
		}
	}
}

// checkUnusedTypes warns of types that no other declaration names. It comes last, since
// where there are mistakes nobody knows yet what will be used.
func (u *unit) checkUnusedTypes() {
	if diag.HasErrors(u.found) {
		return
	}
	for _, s := range u.order {
		if s.isType() && !s.used && !s.torn && !s.missing && !u.excused[s.name.Text] {
			u.add(unusedType(s))
		}
	}
}
