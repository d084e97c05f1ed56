package compiler

import (
	"go/ast"
	"go/token"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/mpgen/mpgen/compiler/diag"
	"github.com/mpgen/mpgen/grammar"
)

// imported is a package that a .mp file imports.
type imported struct {
	path  string
	alias string // "" if the file gives none
	name  string
	at    *grammar.ImportSpec
	pkg   *goPackage
	used  bool

	refused bool // it can't be imported so; its name is entered, for those who use it
}

// enterImports enters the imports of a file. A package is only looked at when one of
// its types is used, but for its name.
func (u *unit) enterImports(file *grammar.File) {
	names, meant := map[string]*imported{}, map[string]*imported{}
	u.imports[file] = names
	for _, decl := range file.Imports {
		for _, spec := range decl.All() {
			i, near := u.resolveImport(spec)
			if i == nil {
				continue
			}
			if near != "" {
				meant[near] = i
			}
			if old := names[i.name]; old == nil {
				names[i.name] = i
			} else if !i.refused {
				u.add(duplicateAt("import "+quote(i.name), i.nameSpan(), old.at.Span))
			}
		}
	}
	for name, i := range meant {
		if names[name] == nil {
			names[name] = i
		}
	}
}

// resolveImport finds the package that an import names, and what it will be called when it
// is mended, if that is something else. It is nil if its name stands for nothing.
func (u *unit) resolveImport(spec *grammar.ImportSpec) (i *imported, near string) {
	at := spec.Path.Span
	path, err := strconv.Unquote(spec.Path.Text)
	switch {
	case err != nil || path == "":
		u.add(noPackage(at, spec.Path.Text, "its path is no path"))
		return nil, ""
	case u.unclean(path) != "":
		return u.uncleanImport(spec, path), ""
	case path == u.in.ImportPath:
		u.add(noPackage(at, quote(path), "it is the package of this file"))
		return nil, ""
	}
	i = &imported{path: path, at: spec}
	if !mayImport(u.in.ImportPath, path) {
		u.add(noPackage(at, quote(path), "it is internal to another one"))
		i.used = true
	}
	if i.pkg, err = u.world.load(path, false); err != nil {
		if meant := u.world.near(path); meant != "" {
			u.add(nearPackage(at, path, meant, err.Error()))
			near = lastElement(meant)
		} else {
			u.add(noPackage(at, quote(path), err.Error()))
		}
	}
	if i.pkg != nil {
		if by := u.importedBy(i.pkg, map[*goPackage]bool{}); by != nil {
			u.add(importCycle(at, path, *by))
		}
		i.name = i.pkg.name
	} else {
		i.name, i.used = lastElement(path), true
	}
	if spec.Alias != nil {
		i.alias, i.name = spec.Alias.Text, spec.Alias.Text
		if i.name == "_" || i.name == "." || i.name == "init" {
			u.add(noPackage(i.nameSpan(), quote(path), "a .mp file imports a package for its types, by a name"))
			i.pkg, i.used, i.refused = nil, true, true
		}
	}
	return i, near
}

// uncleanImport refuses an import whose path has a form that Go does not take.
func (u *unit) uncleanImport(spec *grammar.ImportSpec, path string) *imported {
	better := u.cleaned(path)
	u.add(uncleanPath(spec.Path.Span, path, better, u.unclean(path)))
	i := &imported{path: path, at: spec, name: lastElement(strings.TrimRight(path, "/")), used: true, refused: true}
	switch {
	case spec.Alias != nil:
		i.name = spec.Alias.Text
	case better != "":
		i.name = u.world.loaded[better].name
	}
	return i
}

// nameSpan is where an import has its name.
func (i *imported) nameSpan() grammar.Span {
	if i.at.Alias != nil {
		return i.at.Alias.Span
	}
	return i.at.Path.Span
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

// importOf is the import that a qualified name begins with. It is nil, and
// reported, if the file has none of that name. It begins a function's, or a type's.
func (u *unit) importOf(file *grammar.File, ref *grammar.Ref, function bool) *imported {
	i := u.imports[file][ref.Name.Text]
	if i == nil {
		u.reportNotImported(file, ref, function)
		return nil
	}
	i.used = true
	return i
}

// reportNotImported reports a qualified name whose package the file does not import. If Go's own
// library has that package, with what the name stands for, the import is the fix.
func (u *unit) reportNotImported(file *grammar.File, ref *grammar.Ref, function bool) {
	name := ref.Name.Text
	missed := file.Name + " " + name
	if s := u.symbols[name]; s != nil && s.missing || file.BrokenImports || u.lost[name] || u.missedAgain(missed, ref.Name) {
		return
	}
	names := slices.DeleteFunc(slices.Sorted(maps.Keys(u.imports[file])), func(name string) bool { return !token.IsIdentifier(name) }) // of a path that is none
	near, sure := grammar.Nearest(name, names)
	d := notImported(file, ref, near, sure)
	if near == "" {
		if pkg, err := u.world.load(name, false); err == nil && pkg.name == name && u.world.has(pkg, ref.Sel.Text, function) {
			d = fix(d.WithHelp("write import %q below the package clause", pkg.path), "import "+quote(pkg.path), imports(file, pkg.path))
		}
	}
	u.miss(missed, ref.Name, nil, d)
}

// uses notes that generated code may name a package.
func (u *unit) uses(pkg *goPackage) {
	if !slices.ContainsFunc(u.used, func(i *imported) bool { return i.path == pkg.path }) {
		u.used = append(u.used, &imported{path: pkg.path, pkg: pkg})
	}
}

// usesImport notes that generated code may name a package, as a .mp file calls it.
func (u *unit) usesImport(i *imported) {
	if !slices.Contains(u.used, i) {
		u.used = slices.DeleteFunc(u.used, func(l *imported) bool { return l.at == nil && l.path == i.path })
		u.used = append(u.used, i)
	}
}

// mayImport says whether Go lets a package import another, which it does not if
// that lies in the folder internal of a third one.
func mayImport(by, path string) bool {
	at := strings.LastIndex("/"+path+"/", "/internal/")
	if at < 0 {
		return true
	}
	root := strings.TrimSuffix(path[:max(0, at-1)], "/")
	return root != "" && (by == root || strings.HasPrefix(by, root+"/"))
}
