package compiler

import (
	"errors"
	"fmt"
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/mpgen/mpgen/grammar"
)

// goWorld finds and reads Go packages: parsed, never type-checked, since a load of
// all that a package depends on takes longer than everything else together.
type goWorld struct {
	dir    string // the folder that is compiled
	fset   *token.FileSet
	loaded map[string]*goPackage
	failed map[string]error
	root   string    // GOROOT/src
	module *goModule // of dir
}

// goPackage is a package as far as its types and functions are concerned.
type goPackage struct {
	path, name string
	std        bool
	broken     bool // a file does not parse as a whole
	types      map[string]*goType
	constants  map[string]ast.Expr           // that are given a value of their own
	methods    map[string]map[string]*goFunc // by type, by name
	funcs      map[string]*goFunc
	vars       map[string]bool
	imports    map[string]*ast.ImportSpec // by path
	left       []string                   // files that are not for this system, or not asked for
	apart      map[[2]string]*ast.Ident   // functions in those, by the type they belong to and name; nil until asked for
}

// goFunc is a declared function or method, or a variable whose declaration tells that it is a function, with the file it stands in.
type goFunc struct {
	decl *ast.FuncDecl
	file *ast.File
}

// variable says whether it is no declared function, but a variable.
func (f *goFunc) variable() bool { return f.decl.Name.Pos() < f.decl.Type.Func }

// goType is a declared type with the file it stands in, for the file's imports.
type goType struct {
	spec *ast.TypeSpec
	file *ast.File
}

func newGoWorld(dir string) *goWorld {
	return &goWorld{dir: dir, fset: token.NewFileSet(), loaded: map[string]*goPackage{}, failed: map[string]error{}}
}

func newGoPackage(path string) *goPackage {
	return &goPackage{path: path, types: map[string]*goType{}, constants: map[string]ast.Expr{}, methods: map[string]map[string]*goFunc{}, funcs: map[string]*goFunc{}, vars: map[string]bool{}, imports: map[string]*ast.ImportSpec{}}
}

// load reads the package of an import path. Go's own library, and it alone, sees
// packages that it brings along. The error is for the reader of a diagnostic.
func (w *goWorld) load(path string, byStd bool) (*goPackage, error) {
	if p := w.loaded[path]; p != nil {
		return p, nil
	}
	if err := w.failed[path]; err != nil {
		return nil, err
	}
	p, err := w.read(path, byStd)
	if err != nil {
		w.failed[path] = err
		return nil, err
	}
	w.loaded[path] = p
	return p, nil
}

func (w *goWorld) read(path string, byStd bool) (*goPackage, error) {
	if path == "C" || path == "unsafe" {
		return nil, errors.New("its types can't travel")
	}
	dir, std, err := w.find(path, byStd)
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, errors.New("its folder can't be read")
	}
	p := newGoPackage(path)
	p.std = std
	for _, e := range entries {
		name := e.Name()
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			continue
		}
		if ok, err := build.Default.MatchFile(dir, name); err != nil || !ok {
			p.leave(dir, name)
			continue
		}
		// Errors are passed over: what can be read of a broken file will do for types.
		file, err := parser.ParseFile(w.fset, filepath.Join(dir, name), nil, parser.SkipObjectResolution)
		if file == nil || file.Name == nil || file.Name.Name == "_" || file.Name.Name == "" {
			continue
		}
		p.name = file.Name.Name
		p.broken = p.broken || err != nil
		p.enter(file)
	}
	switch p.name {
	case "":
		return nil, errors.New("it has no Go files for this system")
	case "main":
		return nil, errors.New("it is a program")
	}
	return p, nil
}

// enter collects the types, methods, functions and imports of a file.
func (p *goPackage) enter(file *ast.File) {
	for _, spec := range file.Imports {
		if path, err := strconv.Unquote(spec.Path.Value); err == nil && p.imports[path] == nil {
			p.imports[path] = spec
		}
	}
	for _, decl := range file.Decls {
		switch d := decl.(type) {
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch s := spec.(type) {
				case *ast.TypeSpec:
					p.types[s.Name.Name] = &goType{s, file}
				case *ast.ValueSpec:
					for i, id := range s.Names {
						p.vars[id.Name] = d.Tok == token.VAR
						if t := funcType(s, i); t != nil && d.Tok == token.VAR {
							p.funcs[id.Name] = &goFunc{decl: &ast.FuncDecl{Name: id, Type: t}, file: file}
						}
					}
					for i, value := range s.Values {
						if d.Tok == token.CONST && len(s.Values) == len(s.Names) {
							p.constants[s.Names[i].Name] = value
						}
					}
				}
			}
		case *ast.FuncDecl:
			recv := belongs(d)
			if recv == "" {
				p.funcs[d.Name.Name] = &goFunc{d, file}
				continue
			}
			if p.methods[recv] == nil {
				p.methods[recv] = map[string]*goFunc{}
			}
			p.methods[recv][d.Name.Name] = &goFunc{d, file}
		}
	}
}

// funcType is the type of a variable that is declared as a function, or nil.
func funcType(s *ast.ValueSpec, i int) *ast.FuncType {
	if s.Type != nil {
		t, _ := ast.Unparen(s.Type).(*ast.FuncType)
		return t
	}
	if len(s.Values) == len(s.Names) {
		if lit, ok := ast.Unparen(s.Values[i]).(*ast.FuncLit); ok {
			return lit.Type
		}
	}
	return nil
}

// leave notes a file that is not built here.
func (p *goPackage) leave(dir, name string) {
	if !strings.HasSuffix(name, "_test.go") && name[0] != '_' && name[0] != '.' {
		p.left = append(p.left, filepath.Join(dir, name))
	}
}

// elsewhere is a function of that name, or a method of a type, in a file of the package
// that is not built here: it is for another system, or for a tag that the go command
// may be given.
func (w *goWorld) elsewhere(p *goPackage, of, name string) *ast.Ident {
	if p.apart == nil {
		p.apart = map[[2]string]*ast.Ident{}
		for _, path := range p.left {
			file, _ := parser.ParseFile(w.fset, path, nil, parser.SkipObjectResolution)
			if file == nil || file.Name == nil || p.name != "" && file.Name.Name != p.name {
				continue
			}
			for _, decl := range file.Decls {
				if d, ok := decl.(*ast.FuncDecl); ok {
					p.apart[[2]string{belongs(d), d.Name.Name}] = d.Name
				}
			}
		}
	}
	return p.apart[[2]string{of, name}]
}

// belongs is the type that a function is a method of, "_" if that is no name, or ""
// for one that is no method.
func belongs(d *ast.FuncDecl) string {
	if d.Recv == nil {
		return ""
	}
	if len(d.Recv.List) == 1 {
		if name, _ := receiver(d); name != "" {
			return name
		}
	}
	return "_"
}

// receiver is the type that a method belongs to, and whether it takes a pointer.
func receiver(d *ast.FuncDecl) (string, bool) {
	t, pointer := d.Recv.List[0].Type, false
	for {
		switch e := t.(type) {
		case *ast.StarExpr:
			t, pointer = e.X, true
		case *ast.ParenExpr:
			t = e.X
		case *ast.IndexExpr:
			t = e.X
		case *ast.IndexListExpr:
			t = e.X
		case *ast.Ident:
			return e.Name, pointer
		default:
			return "", pointer
		}
	}
}

// exportedTypes are the names of the types that other packages see, sorted.
func (p *goPackage) exportedTypes() []string {
	var names []string
	for name := range p.types {
		if ast.IsExported(name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// exportedFuncs are the names of the functions that other packages see, sorted.
func (p *goPackage) exportedFuncs() []string {
	var names []string
	for name := range p.funcs {
		if ast.IsExported(name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// find is the folder of a package: of Go's library, of the module that is being
// compiled, or of one that it depends on, which the go command finds where go.mod does not tell.
func (w *goWorld) find(path string, byStd bool) (dir string, std bool, err error) {
	if w.root == "" {
		w.root = filepath.Join(goRoot(), "src")
		w.module = moduleOf(w.dir)
	}
	local := filepath.FromSlash(path)
	if !strings.Contains(firstElement(path), ".") {
		if dir := filepath.Join(w.root, local); isDir(dir) {
			return dir, true, nil
		}
	} else if dir := filepath.Join(w.root, "vendor", local); byStd && isDir(dir) {
		return dir, true, nil
	}
	if rest, ok := strings.CutPrefix(path+"/", w.module.path+"/"); ok && w.module.path != "" && !w.module.requires(path) {
		dir := filepath.Join(w.module.dir, filepath.FromSlash(rest))
		if !isDir(dir) {
			return "", false, fmt.Errorf("this module has no folder %q", strings.TrimSuffix(rest, "/"))
		}
		return dir, false, nil
	}
	if dir := w.module.dependency(path); dir != "" {
		return dir, false, nil
	}
	if !strings.Contains(firstElement(path), ".") {
		return "", false, errors.New("no such package in Go's library")
	}
	if w.module.path == "" {
		return "", false, errors.New("it is not of Go's library, and there is no go.mod here")
	}
	cmd := exec.Command("go", "list", "-find", "-f", "{{.Dir}}", "--", path)
	cmd.Dir = w.dir
	out, err := cmd.Output()
	if err != nil {
		return "", false, fmt.Errorf("go list does not find it; go get %s adds it to this module", path)
	}
	return strings.TrimSpace(string(out)), false, nil
}

// inThisModule says whether a package is of the module that is being compiled.
func (w *goWorld) inThisModule(path string) bool {
	return w.module != nil && w.module.path != "" && strings.HasPrefix(path+"/", w.module.path+"/") && !w.module.requires(path)
}

// inModule says whether a file is in the module that is being compiled.
func (w *goWorld) inModule(file string) bool {
	if w.module == nil || w.module.path == "" {
		return false
	}
	rel, err := filepath.Rel(w.module.dir, file)
	return err == nil && filepath.IsLocal(rel)
}

// goRoot is where Go is installed. A binary that was built without paths asks the go command.
func goRoot() string {
	if root := build.Default.GOROOT; root != "" && isDir(filepath.Join(root, "src")) {
		return root
	}
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}

// near is the package of Go's library that somebody meant who wrote a path that has a wrong last part, or "".
func (w *goWorld) near(path string) string {
	if w.root == "" || strings.Contains(firstElement(path), ".") {
		return ""
	}
	parent, base := filepath.Split(filepath.FromSlash(path))
	entries, err := os.ReadDir(filepath.Join(w.root, parent))
	if err != nil {
		return ""
	}
	var names []string
	for _, e := range entries {
		if e.IsDir() && e.Name() != "internal" && e.Name() != "vendor" && e.Name() != "cmd" {
			names = append(names, e.Name())
		}
	}
	near, sure := grammar.Nearest(base, names)
	if !sure || near == base {
		return ""
	}
	return filepath.ToSlash(parent) + near
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

func firstElement(path string) string {
	first, _, _ := strings.Cut(path, "/")
	return first
}

func lastElement(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }
