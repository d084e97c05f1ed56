package compiler

import (
	"go/ast"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode"

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

// imported is a package that a .mp file imports.
type imported struct {
	path  string
	alias string // "" if the file gives none
	name  string
	at    *grammar.ImportSpec
	pkg   *goPackage
	used  bool
}

// enterImports enters the imports of a file. A package is only looked at when one of
// its types is used, but for its name.
func (u *unit) enterImports(file *grammar.File) {
	names, meant := map[string]*imported{}, map[string]*imported{}
	u.imports[file] = names
	defer func() {
		for name, i := range meant {
			if names[name] == nil {
				names[name] = i // what the import will be called when it is mended
			}
		}
	}()
	for _, decl := range file.Imports {
		for _, spec := range decl.All() {
			path, err := strconv.Unquote(spec.Path.Text)
			if err != nil || path == "" {
				u.add(noPackage(spec.Path.Span, spec.Path.Text, "its path is no path"))
				continue
			}
			i := &imported{path: path, at: spec}
			if why := u.unclean(path); why != "" {
				better := u.cleaned(path)
				u.add(uncleanPath(spec.Path.Span, path, better, why))
				i.name, i.used = lastElement(strings.TrimRight(path, "/")), true
				if better != "" {
					i.name = u.world.loaded[better].name
				}
				if spec.Alias != nil {
					i.name = spec.Alias.Text
				}
				if names[i.name] == nil {
					names[i.name] = i
				}
				continue
			}
			if path == u.in.ImportPath {
				u.add(noPackage(spec.Path.Span, quote(path), "it is the package of this file"))
				continue
			}
			if !mayImport(u.in.ImportPath, path) {
				u.add(noPackage(spec.Path.Span, quote(path), "it is internal to another one"))
				i.used = true
			}
			i.pkg, err = u.world.load(path, false)
			if err != nil {
				if near := u.world.near(path); near != "" {
					u.add(nearPackage(spec.Path.Span, path, near, err.Error()))
					meant[lastElement(near)] = i
				} else {
					u.add(noPackage(spec.Path.Span, quote(path), err.Error()))
				}
			}
			if i.pkg != nil {
				if by := u.importedBy(i.pkg, map[*goPackage]bool{}); by != nil {
					u.add(importCycle(spec.Path.Span, path, *by))
				}
				i.name = i.pkg.name
			} else {
				i.name, i.used = lastElement(path), true
			}
			at := spec.Path.Span
			if spec.Alias != nil {
				i.alias, i.name, at = spec.Alias.Text, spec.Alias.Text, spec.Alias.Span
				if i.name == "_" || i.name == "." || i.name == "init" {
					u.add(noPackage(at, quote(path), "a .mp file imports a package for its types, by a name"))
					i.pkg, i.used, names[i.name] = nil, true, i
					continue
				}
			}
			if old := names[i.name]; old != nil {
				u.add(duplicateAt("import "+quote(i.name), at, old.at.Span))
				continue
			}
			names[i.name] = i
		}
	}
}

// importedBy is where a package, or one of this module that it imports, imports the
// package that is compiled, or nil.
func (u *unit) importedBy(p *goPackage, seen map[*goPackage]bool) *diag.Span {
	seen[p] = true
	if spec := p.imports[u.in.ImportPath]; spec != nil {
		at := u.spanIn(p, &ast.Ident{NamePos: spec.Path.Pos(), Name: spec.Path.Value})
		return &at
	}
	for _, path := range slices.Sorted(maps.Keys(p.imports)) {
		if p.std || !u.world.inThisModule(path) {
			continue
		}
		if q, err := u.world.load(path, false); err == nil && !seen[q] {
			if by := u.importedBy(q, seen); by != nil {
				return by
			}
		}
	}
	return nil
}

// unclean says why Go takes no import path of this form, or "".
func (u *unit) unclean(p string) string {
	switch elements := strings.Split(p, "/"); {
	case p == "." || p == ".." || strings.HasPrefix(p, "./") || strings.HasPrefix(p, "../"):
		return "a path starts with the module, not with the folder"
	case strings.HasPrefix(p, "/"):
		return "a path is no file's, and starts with no slash"
	case strings.HasSuffix(p, "/"):
		return "its path ends in a slash"
	case p != path.Clean(p):
		return "its path has a part that is empty, or made of dots"
	case slices.Contains(elements, "vendor"):
		return "it is a copy for those above its folder vendor, who import it by the path behind that"
	case strings.ContainsFunc(p, func(r rune) bool {
		return !unicode.IsGraphic(r) || unicode.IsSpace(r) || strings.ContainsRune("!\"#$%&'()*,:;<=>?[\\]^`{|}\uFFFD", r)
	}):
		return "its path has a character that none has"
	}
	return ""
}

// cleaned is the path of a package that somebody meant who wrote one of another form,
// or "" if there is none.
func (u *unit) cleaned(p string) string {
	switch {
	case strings.HasPrefix(p, "."):
		p = path.Join(u.in.ImportPath, p)
	default:
		p = path.Clean(strings.Trim(p, "/"))
	}
	p = p[strings.LastIndex("/"+p, "/vendor/")+1:]
	p = strings.TrimPrefix(p, "vendor/")
	if p == u.in.ImportPath || u.unclean(p) != "" || !mayImport(u.in.ImportPath, p) {
		return ""
	}
	if _, err := u.world.load(p, false); err != nil {
		return ""
	}
	return p
}

// checkUnusedImports refuses imports without use, as Go does.
func (u *unit) checkUnusedImports() {
	gaps := map[*grammar.File]bool{}
	for _, s := range u.order {
		gaps[s.file] = gaps[s.file] || s.missing
	}
	for _, file := range u.files {
		if u.partial || gaps[file] {
			continue // an import may be used in a part that was not looked at
		}
		unused := map[*grammar.ImportSpec]bool{}
		for _, i := range u.imports[file] {
			unused[i.at] = !i.used
		}
		for _, i := range u.imports[file] {
			if !i.used && !u.excused[i.name] {
				u.add(unusedImport(i, u.without(u.withComment(importLine(file, i.at, unused)))))
			}
		}
	}
}

// importLine is what is to go when an import goes: all of a declaration of which
// nothing would be left.
func importLine(file *grammar.File, spec *grammar.ImportSpec, unused map[*grammar.ImportSpec]bool) grammar.Span {
	for _, decl := range file.Imports {
		all := decl.All()
		if slices.Contains(all, spec) && !slices.ContainsFunc(all, func(s *grammar.ImportSpec) bool { return !unused[s] }) {
			return decl.Span
		}
	}
	return spec.Span
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
