package compiler

import (
	"fmt"
	"go/ast"
	"go/types"
	"strconv"

	"github.com/mpgen/mpgen/compiler/ir"
)

// Whether a Go function has the signature that a declaration asks for is found out
// by comparing texts of types, with import paths in the place of package names and
// one name for each type that has two. Nothing is type-checked, so there are types
// that can't be compared, such as an alias of another package's type: of those
// nothing is said.

// unsure stands for a type that may be any.
const unsure = "?"

// signature is what a declaration asks of a function.
type signature struct {
	ports   string // the type of its ports, or "" if there are none
	params  []param
	out     *ir.Type // nil: nothing beside its error
	methods bool     // out is what has these methods, whatever its type
	bound   bool     // a context and an error may be missing, and a slice variadic
}

// fit compares a function with what is asked of it. It returns what the function
// does without, and how it differs, or "".
func (c *comparer) fit(fn *goFunc, want signature) (form, string) {
	var f form
	params, results := c.fields(fn.decl.Type.Params), c.fields(fn.decl.Type.Results)
	least := len(want.params)
	if want.ports != "" {
		least++
	}
	if takes(params, 0, "context.Context", len(params) > least) {
		params = params[1:]
	} else if f.bare = true; !want.bound {
		return f, "its first parameter is not a context.Context"
	}
	if want.ports != "" {
		if !takes(params, 0, "*."+want.ports, true) {
			what := "it has no parameter *" + want.ports
			if c.abroad {
				what += ", through which it would reach the rest of the pipeline, and can't have one in another package"
			}
			return f, what
		}
		params = params[1:]
	}
	if have, want := len(params), len(want.params); have != want {
		return f, fmt.Sprintf("%s, where the declaration has %d", parametersOf(have, f.bare), want)
	}
	for i, p := range params {
		w := want.params[i]
		if p.spread {
			if f.spread = true; !want.bound {
				return f, "its parameter for " + quote(w.name.Text) + " is variadic"
			}
		}
		if !c.is(p, w.typ) {
			return f, fmt.Sprintf("its parameter for %q is %s, want %s", w.name.Text, p.shown, c.u.goText(w.typ))
		}
	}
	outs := 0
	if want.out != nil {
		outs = 1
	}
	if takes(results, len(results)-1, "error", len(results) > outs) {
		results = results[:len(results)-1]
	} else if f.sure = true; !want.bound {
		return f, "its last result is not an error"
	}
	switch {
	case outs == 0 && len(results) > 0:
		return f, "it returns " + results[0].shown + ", where the declaration has no result"
	case outs == 1 && len(results) == 0:
		return f, "it returns no " + c.u.goText(want.out)
	case len(results) > 1 && f.sure:
		return f, fmt.Sprintf("it returns %d values, the last one a %s, want one and perhaps an error", len(results), results[len(results)-1].shown)
	case len(results) > 1:
		return f, fmt.Sprintf("it returns %d values beside its error, want one", len(results))
	case outs == 1 && !want.methods && !c.is(results[0], want.out):
		return f, "it returns " + results[0].shown + ", want " + c.u.goText(want.out)
	}
	return f, ""
}

// takes says whether a field is there and of that type. Of one that may be any type it
// is what the number of fields tells.
func takes(list []goField, i int, text string, ifUnsure bool) bool {
	if i < 0 || i >= len(list) {
		return false
	}
	return list[i].text == text || list[i].text == unsure && ifUnsure
}

// is says whether a field may be of a type of the .mp file.
func (c *comparer) is(f goField, t *ir.Type) bool {
	return f.text == canonical(t) || f.text == unsure || c.u.aliased(t)
}

// parametersOf is how many parameters a function has, in words.
func parametersOf(n int, bare bool) string {
	switch {
	case bare && n == 0:
		return "it has no parameters"
	case bare && n == 1:
		return "it has one parameter"
	case bare:
		return fmt.Sprintf("it has %d parameters", n)
	case n == 0:
		return "it has no parameters beside its context"
	case n == 1:
		return "it has one parameter beside its context"
	}
	return fmt.Sprintf("it has %d parameters beside its context", n)
}

// comparer writes the types of a function as texts that can be compared.
type comparer struct {
	u      *unit
	pkg    *goPackage
	file   *ast.File // which the function stands in
	abroad bool      // in another package than the folder's
}

// comparer is that of a function in a package.
func (u *unit) comparer(pkg *goPackage, fn *goFunc) *comparer {
	return &comparer{u: u, pkg: pkg, file: fn.file, abroad: pkg != u.ownFiles().code}
}

// goField is a parameter or a result.
type goField struct {
	text   string // to compare
	shown  string // to read
	spread bool
}

func (c *comparer) fields(list *ast.FieldList) []goField {
	if list == nil {
		return nil
	}
	var all []goField
	for _, f := range list.List {
		field := goField{text: c.text(f.Type), shown: c.shown(f.Type)}
		if _, ok := f.Type.(*ast.Ellipsis); ok {
			field.spread = true
		}
		for range max(1, len(f.Names)) {
			all = append(all, field)
		}
	}
	return all
}

// shown is a type as one reads it here: with the package that its file is of, and a
// variadic one as the slice that it is.
func (c *comparer) shown(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		if c.abroad && c.pkg.types[e.Name] != nil {
			return c.pkg.name + "." + e.Name
		}
	case *ast.ParenExpr:
		return c.shown(e.X)
	case *ast.StarExpr:
		return "*" + c.shown(e.X)
	case *ast.Ellipsis:
		return "[]" + c.shown(e.Elt)
	case *ast.ArrayType:
		if e.Len == nil {
			return "[]" + c.shown(e.Elt)
		}
		return "[" + types.ExprString(e.Len) + "]" + c.shown(e.Elt)
	case *ast.MapType:
		return "map[" + c.shown(e.Key) + "]" + c.shown(e.Value)
	}
	return types.ExprString(e)
}

func (c *comparer) text(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.ParenExpr:
		return c.text(e.X)
	case *ast.Ident:
		return c.name(e.Name)
	case *ast.SelectorExpr:
		return c.qualified(e)
	case *ast.StarExpr:
		return around("*", c.text(e.X))
	case *ast.Ellipsis:
		return around("[]", c.text(e.Elt))
	case *ast.ArrayType:
		if e.Len == nil {
			return around("[]", c.text(e.Elt))
		}
		n, ok := c.u.world.length(c.pkg, c.file, e.Len)
		if !ok {
			return unsure
		}
		return around("["+itoa(n)+"]", c.text(e.Elt))
	case *ast.MapType:
		key, elem := c.text(e.Key), c.text(e.Value)
		if key == unsure || elem == unsure {
			return unsure
		}
		return "map[" + key + "]" + elem
	case *ast.IndexExpr:
		generic, arg := c.text(e.X), c.text(e.Index)
		if generic == unsure || arg == unsure {
			return unsure
		}
		return generic + "[" + arg + "]"
	case *ast.InterfaceType, *ast.FuncType, *ast.ChanType, *ast.StructType:
		return types.ExprString(e) // no declaration has such a type
	}
	return unsure
}

// around puts the sign of a type in front of its element.
func around(sign, elem string) string {
	if elem == unsure {
		return unsure
	}
	return sign + elem
}

// name is a type without a dot: of the package, or predeclared.
func (c *comparer) name(name string) string {
	if t := c.pkg.types[name]; t != nil {
		if t.spec.Assign.IsValid() {
			return unsure
		}
		return c.local(name)
	}
	if basics[name] || name == "string" || name == "error" || name == "any" {
		return alias(name)
	}
	for _, spec := range c.file.Imports {
		if spec.Name != nil && spec.Name.Name == "." {
			return unsure
		}
	}
	return c.local(name) // mpgen declares it, or nobody
}

func (c *comparer) local(name string) string {
	if !c.abroad {
		return "." + name
	}
	return c.pkg.path + "." + name
}

// qualified is a type of another package, whose path one of the imports of the file
// tells.
func (c *comparer) qualified(e *ast.SelectorExpr) string {
	x, ok := e.X.(*ast.Ident)
	if !ok {
		return unsure
	}
	var paths []string
	for _, spec := range c.file.Imports {
		path, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return unsure
		}
		switch {
		case spec.Name != nil && spec.Name.Name == x.Name:
			paths = []string{path}
		case spec.Name == nil && (lastElement(path) == x.Name || mayBeNamed(path, x.Name)):
			paths = append(paths, path)
			continue
		default:
			continue
		}
		break
	}
	if len(paths) != 1 {
		return unsure
	}
	path := paths[0]
	switch {
	case path == c.u.in.ImportPath:
		return "." + e.Sel.Name
	case path == "context" || path == "os" && e.Sel.Name == "File" || path == ir.Runtime:
		return path + "." + e.Sel.Name
	}
	pkg, err := c.u.world.load(path, c.pkg.std)
	if err != nil || pkg.types[e.Sel.Name] == nil || pkg.types[e.Sel.Name].spec.Assign.IsValid() {
		return unsure
	}
	return path + "." + e.Sel.Name
}

// canonical is a type of a .mp file as a text to compare.
func canonical(t *ir.Type) string {
	return spell(t, func(path, name string) string {
		if path == "" && (basics[name] || name == "string") {
			return alias(name)
		}
		return path + "." + name
	})
}

// goText is a type of a .mp file as Go code of the folder would name it.
func (u *unit) goText(t *ir.Type) string {
	return spell(t, func(path, name string) string {
		switch path {
		case "":
			return name
		case ir.Runtime:
			return "mp." + name
		}
		return u.calledPackage(path) + "." + name
	})
}

// calledPackage is what a .mp file calls a package, or what it calls itself.
func (u *unit) calledPackage(path string) string {
	for _, i := range u.used {
		switch {
		case i.path != path:
		case i.alias != "":
			return i.alias
		default:
			return i.pkg.name
		}
	}
	return lastElement(path)
}

// spell writes a type, whose names are spelt by named: those without a path are
// predeclared, or the folder's own.
func spell(t *ir.Type, named func(path, name string) string) string {
	switch t.Kind {
	case ir.String:
		return named("", "string")
	case ir.Bytes:
		return "[]" + named("", "byte")
	case ir.Array:
		return "[" + itoa(t.Len) + "]" + spell(t.Elem, named)
	case ir.Slice:
		return "[]" + spell(t.Elem, named)
	case ir.Map:
		return "map[" + spell(t.Key, named) + "]" + spell(t.Elem, named)
	case ir.Pointer:
		return "*" + spell(t.Elem, named)
	case ir.File:
		return "*" + named("os", "File")
	case ir.Block:
		return named(ir.Runtime, "Block")
	case ir.Failed:
		return named(ir.Runtime, "Failed") + "[" + spell(t.Elem, named) + "]"
	}
	return named(t.Path, t.Name)
}

// aliased says whether a type names one that is another's alias, so that its text
// proves nothing.
func (u *unit) aliased(t *ir.Type) bool {
	if t == nil {
		return false
	}
	if t.Kind == ir.Imported {
		pkg, err := u.world.load(t.Path, false)
		return err != nil || pkg.types[t.Name] == nil || pkg.types[t.Name].spec.Assign.IsValid()
	}
	return u.aliased(t.Key) || u.aliased(t.Elem)
}
