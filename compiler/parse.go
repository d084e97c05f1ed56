package compiler

import (
	"github.com/mpgen/mpgen/compiler/diag"
	"github.com/mpgen/mpgen/grammar"
)

// parse reads all files. A tree that has gaps is used as far as it goes.
func (u *unit) parse() {
	for _, s := range u.in.Sources {
		file, errs := grammar.Parse(s.Name, s.Text)
		u.found = append(u.found, diag.FromSyntax(errs)...)
		if len(errs) > 0 {
			u.partial = true
		}
		if file != nil {
			u.files = append(u.files, file)
		}
	}
}
