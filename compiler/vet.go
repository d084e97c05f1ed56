package compiler

import (
	"slices"

	"github.com/mpgen/mpgen/compiler/diag"
)

// What check lets through is right, and may be unwise all the same. Each rule of
// vet is a row and a small function beside it, in a file rules_*: it looks at the
// unit when all phases have passed, so that nothing which it meets is nil, and
// reports what a reviewer would ask about. A rule has to be explained in two
// sentences and to be right nearly always; for the rest there is //mpgen:ignore.

// rule is a row of vet. The code's Name is the rule's.
type rule struct {
	code  diag.Code
	check func(u *unit, report func(diag.Diagnostic))
}

// rules are all of them.
var rules = slices.Concat(taskRules, queueRules, sizeRules, nameRules, blockRules)

// Rules describes what Vet looks for, in the order of the manual.
func Rules() []diag.Info {
	var list []diag.Info
	for _, info := range diag.Codes() {
		if info.Vet {
			list = append(list, info)
		}
	}
	return list
}

// Vet reviews a folder. If Check finds an error in it, that is what comes back, with
// the rest of what Check finds; else it is warnings of the rules only, without those
// that an //mpgen:ignore answers.
func Vet(in Input) []diag.Diagnostic {
	u := analyse(in)
	if diag.HasErrors(u.found) {
		return u.report()
	}
	u.found = nil
	for _, r := range rules {
		r.check(u, func(d diag.Diagnostic) {
			d.Code = r.code
			u.add(d.AsWarning())
		})
	}
	u.ignore()
	return u.report()
}

// vetted registers the code of a rule.
func vetted(info diag.Info) diag.Code {
	info.Vet = true
	return diag.Register(info)
}

// doubt begins a finding of a rule, which is given its code when it is reported.
func doubt(at diag.Span, format string, args ...any) diag.Diagnostic {
	return diag.New("", at, format, args...)
}

// nameOf is the name of a rule.
func nameOf(code diag.Code) string {
	info, _ := diag.Lookup(code)
	return info.Name
}
