package compiler

import (
	"slices"

	"github.com/mpgen/mpgen/compiler/diag"
	"github.com/mpgen/mpgen/grammar"
)

// resolve declares all names of all files, then finds out what every type is. The
// folder is one space of names: a file sees what another one declares.
func (u *unit) resolve() {
	u.checkPackages()
	for _, file := range u.files {
		u.enterImports(file)
		for _, b := range file.Broken {
			if b.Name != "" && u.symbols[b.Name] == nil {
				u.symbols[b.Name] = &symbol{kind: b.Keyword, missing: true}
			}
		}
		if file.Inner.Broken {
			u.partial = true
		}
	}
	for _, file := range u.files {
		for _, decl := range file.Decls {
			u.declare(file, decl)
		}
	}
	for _, s := range u.order {
		if !s.missing {
			u.resolving = s
			u.resolveTypes(s)
			s.handler = u.handlerOf(s)
		}
	}
	u.checkMapKeys()
	u.checkSolid()
	u.finishTypes()
	u.checkBulk()
	u.checkUnusedImports()
}

// checkPackages checks that all files name one package.
func (u *unit) checkPackages() {
	var first *grammar.Name
	for _, file := range u.files {
		if file.Package == nil {
			continue
		}
		name := file.Package.Name
		switch {
		case name.Text == "_" || name.Text == "documentation":
			u.add(noPackageName(name))
		case first == nil:
			first = name
		case name.Text != first.Text:
			u.add(otherPackage(name, first))
		}
	}
}

// declare enters the name of a declaration.
func (u *unit) declare(file *grammar.File, decl grammar.Decl) {
	if flow, ok := decl.(*grammar.Flow); ok {
		u.flows = append(u.flows, flow)
		return
	}
	keyword, name := decl.Keyword(), decl.Ident()
	s := &symbol{name: name, kind: keyword.Text, decl: decl, file: file, given: map[string]set{}}
	if !isKeyword(s.kind) {
		s.missing = true
		u.excuseDecl(decl)
		u.add(unavailable(keyword.Span, keyword.Text))
	}
	if s.kind == "process" && name.Text == "main" {
		if u.main != nil {
			u.add(duplicate(s.String(), name, u.main.name))
			u.excuseDecl(decl)
			return
		}
		u.main = s
		u.checkMainHead(decl.(*grammar.Process))
		return
	}
	if old := u.symbols[name.Text]; old != nil && old.name != nil {
		u.add(duplicate(s.String(), name, old.name))
		u.excuseDecl(decl)
		old.torn = true
		return
	}
	if s.isType() {
		s.goName = name.Text
		if !startsUpper(name.Text) {
			u.add(wantsCapital(s, func(to string) []diag.Edit { return u.renamed(name, to) }))
		}
	} else {
		s.goName = exported(name.Text)
		if !startsLower(name.Text) {
			u.add(wantsSmall(s.kind, name, func(to string) []diag.Edit { return u.renamed(name, to) }))
		}
	}
	if s.unnameable() {
		u.add(noFunctionName(s))
	}
	if _, stays := unsendable[name.Text]; s.kind == "blocks" && (stays || basics[name.Text] || name.Text == "string" || name.Text == "failed") {
		s.missing = true
		u.add(noTypeName(s))
	}
	u.symbols[name.Text] = s
	u.order = append(u.order, s)
}

// checkMainHead checks that process main is not declared as if it were started.
func (u *unit) checkMainHead(d *grammar.Process) {
	switch {
	case d.Instances != nil:
		u.add(mainHas(d.Instances.Span, "instances"))
	case d.Params != nil:
		u.add(mainHas(d.Params.Span, "parameters"))
		u.excuseTypes(d)
	case d.Bind != nil:
		u.add(mainHas(d.Bind.Span, "a function"))
	}
}

// lookup finds what a reference in a setting stands for. It is nil, and reported
// unless it is a part of something that was, if there is no such name or it is
// none of the wanted kinds.
func (u *unit) lookup(ref *grammar.Ref, kinds ...string) *symbol {
	s := u.lookupHead(ref, kinds...)
	if s != nil && ref.Sel != nil {
		u.add(noSelector(ref, s))
		return nil
	}
	return s
}

// lookupHead is lookup for a reference that may have a second part.
func (u *unit) lookupHead(ref *grammar.Ref, kinds ...string) *symbol {
	s := u.symbols[ref.Name.Text]
	if s == nil && ref.Name.Text == "main" && u.main != nil {
		s = u.main
	}
	if s == nil {
		s = u.misnamed(ref.Name.Text)
	}
	switch {
	case s == nil:
		u.reportUndeclared(ref, kinds)
		return nil
	case s.missing:
		return nil
	case s.torn && !slices.Contains(kinds, s.kind):
		u.excuse("")
		return nil
	case ref.Sel != nil && s.kind != "service":
		u.add(noSelector(ref, s))
		return nil
	case !slices.Contains(kinds, s.kind):
		u.add(wrongKind(ref.Span, s, kinds))
		u.excuse("")
		return nil
	}
	s.used = true
	return s
}

// misnamed is the declaration that will have this name when its first letter is mended,
// which was told where it stands, or nil.
func (u *unit) misnamed(name string) *symbol {
	for _, s := range u.order {
		written := s.name.Text
		switch {
		case s.isType():
			if !startsUpper(written) && startsUpper(name) && exported(written) == name {
				return s
			}
		case !startsLower(written) && startsLower(name) && lowered(written) == name:
			return s
		}
	}
	return nil
}

// reportUndeclared reports a name that nothing declares.
func (u *unit) reportUndeclared(ref *grammar.Ref, kinds []string) {
	if u.lost[ref.Name.Text] {
		u.excuse("")
		return
	}
	if u.missedAgain(ref.Name.Text, ref.Name) {
		return
	}
	var names []string
	for _, s := range u.order {
		if slices.Contains(kinds, s.kind) {
			names = append(names, s.name.Text)
		}
	}
	for _, file := range u.files {
		for _, b := range file.Broken {
			names = append(names, b.Name)
		}
	}
	near, sure := grammar.Nearest(ref.Name.Text, names)
	if near != "" || slices.Contains(kinds, "queue") {
		u.excuse(near)
	}
	u.miss(ref.Name.Text, ref.Name, u.symbols[near], notDeclared(kinds, ref, u.symbols[near], near, sure))
}
