package compiler

import (
	"maps"

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
		maps.Copy(u.lost, file.Lost)
		u.files = append(u.files, file)
	}
	u.fixMissingPackages()
}

// fixMissingPackages mends files without a package clause where another file of the folder says which package it is.
func (u *unit) fixMissingPackages() {
	for i, d := range u.found {
		if d.Code != diag.Code(grammar.MissingPackage) || len(d.Fixes) > 0 {
			continue
		}
		name := u.ownFiles().pkg
		for _, file := range u.files {
			if name == "" && file.Package != nil {
				name = file.Package.Name.Text
			}
		}
		if name == "" {
			continue
		}
		clause := "package " + name
		start := u.span(grammar.Span{Pos: grammar.Pos{Filename: d.Span.File, Line: 1}}, 0, 0)
		u.found[i] = d.WithHelp("start the file with %q", clause).WithFix("write "+clause, diag.Edit{Span: start, New: clause + "\n\n"})
	}
}
