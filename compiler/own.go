package compiler

import (
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/mpgen/mpgen/compiler/diag"
	"github.com/mpgen/mpgen/internal/generated"
)

// ownPackage is what the folder's own Go files declare.
type ownPackage struct {
	names map[string]diag.Span // package level, methods not among them
	types map[string]diag.Span
	code  *goPackage // its types and functions, without those of tests

	imports []ownImport
	files   map[string]bool // the names of all that is in the folder, in small letters
	pkg     string          // their package clause
	at      diag.Span
}

// ownImport is a package as a Go file of the folder calls it: a name that nothing of
// the package may have.
type ownImport struct {
	alias, path string
	at          diag.Span
}

// majorVersion is the last part of the path of a module from its second version on.
var majorVersion = regexp.MustCompile(`^v[0-9]+$`)

// importedAs is where a Go file of the folder has a name for a package that it imports.
func (u *unit) importedAs() map[string]diag.Span {
	names := map[string]diag.Span{}
	for _, i := range u.ownFiles().imports {
		name := i.alias
		if name == "" {
			// Most packages are called by the last part of their path; those alone are
			// read of which that is no name, or a version.
			if name = lastElement(i.path); !token.IsIdentifier(name) || majorVersion.MatchString(name) {
				if p, err := u.world.load(i.path, false); err == nil {
					name = p.name
				}
			}
		}
		if _, ok := names[name]; !ok {
			names[name] = i.at
		}
	}
	return names
}

// ownFiles reads the Go files of the folder, without what mpgen wrote.
func (u *unit) ownFiles() *ownPackage {
	if u.own != nil {
		return u.own
	}
	own := &ownPackage{names: map[string]diag.Span{}, types: map[string]diag.Span{}, code: newGoPackage(u.in.ImportPath), files: map[string]bool{}}
	u.own = own
	if u.in.Dir == "" {
		return own
	}
	entries, err := os.ReadDir(u.in.Dir)
	if err != nil {
		return own
	}
	for _, e := range entries {
		name := e.Name()
		own.files[strings.ToLower(name)] = true
		if e.IsDir() || !strings.HasSuffix(name, ".go") {
			continue
		}
		if ok, err := build.Default.MatchFile(u.in.Dir, name); err != nil || !ok {
			own.code.leave(u.in.Dir, name)
			continue
		}
		file, err := parser.ParseFile(u.world.fset, filepath.Join(u.in.Dir, name), nil, parser.SkipObjectResolution|parser.ParseComments)
		if file == nil || file.Name == nil || file.Name.Name == "" || generated.File(file) {
			continue
		}
		test := strings.HasSuffix(name, "_test.go")
		if test && strings.HasSuffix(file.Name.Name, "_test") {
			continue
		}
		if own.pkg == "" && !test {
			own.pkg, own.at = file.Name.Name, u.goSpan(u.sibling(name), file.Name)
			own.code.name = own.pkg
		}
		u.enterOwn(own, name, file)
		if !test {
			own.code.broken = own.code.broken || err != nil
			own.code.enter(file)
		}
	}
	return own
}

func (u *unit) enterOwn(own *ownPackage, name string, file *ast.File) {
	enter := func(id *ast.Ident) {
		if _, ok := own.names[id.Name]; !ok && id.Name != "_" {
			own.names[id.Name] = u.goSpan(u.sibling(name), id)
		}
	}
	for _, spec := range file.Imports {
		path, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue
		}
		i := ownImport{path: path, at: u.goSpan(u.sibling(name), &ast.Ident{NamePos: spec.Path.Pos(), Name: spec.Path.Value})}
		if spec.Name != nil {
			i.alias, i.at = spec.Name.Name, u.goSpan(u.sibling(name), spec.Name)
		}
		own.imports = append(own.imports, i)
	}
	for _, decl := range file.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil && d.Name.Name != "init" {
				enter(d.Name)
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch s := spec.(type) {
				case *ast.TypeSpec:
					enter(s.Name)
					own.types[s.Name.Name] = own.names[s.Name.Name]
				case *ast.ValueSpec:
					for _, id := range s.Names {
						enter(id)
					}
				}
			}
		}
	}
}

// goSpan is an identifier of a Go file, which diagnostics call by that name.
func (u *unit) goSpan(name string, id *ast.Ident) diag.Span {
	p := u.world.fset.Position(id.Pos())
	start := diag.Pos{Offset: p.Offset, Line: p.Line, Column: p.Column}
	end := start
	end.Offset += len(id.Name)
	end.Column += len(id.Name)
	return diag.Span{File: name, Start: start, End: end}
}

// ownTypes are the types that the folder's Go files declare.
func (u *unit) ownTypes() map[string]diag.Span { return u.ownFiles().types }
