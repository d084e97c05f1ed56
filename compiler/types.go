package compiler

import (
	"github.com/mpgen/mpgen/compiler/diag"
	"github.com/mpgen/mpgen/compiler/ir"
	"github.com/mpgen/mpgen/grammar"
)

// basics are the types of Go that are copied as they are.
var basics = words(`bool byte rune int int8 int16 int32 int64 uint uint8 uint16 uint32 uint64 float32 float64
	complex64 complex128`)

// numbers are the types that a shared value changes in one step.
var numbers = words("int int32 int64 rune uint uint32 uint64 float32 float64")

// unsendable are Go's other predeclared types, and why they stay where they are.
// With it stands what to write in their place.
var unsendable = map[string][2]string{
	"uintptr":    {"an address means nothing in another process", "for a number that is no address, write uint64"},
	"error":      {"an interface could hold anything", "send its text as a string; a task that failed and its error travel as failed[T]"},
	"any":        {"an interface could hold anything", "declare a struct of what it holds"},
	"comparable": {"it is a constraint, no type of values", "write the type that is meant"},
	"file":       {"its descriptor means nothing in another process", "make it an argument of a process or service, which gets the open file; or send the path"},
}

// maxLen bounds the length of an array type, so that sizes stay sizes.
const maxLen = 1 << 30

// resolveTypes resolves the types of one declaration.
func (u *unit) resolveTypes(s *symbol) {
	switch d := s.decl.(type) {
	case *grammar.Struct:
		u.resolveFields(s, d)
	case *grammar.Enum:
		u.checkValues(d)
	case *grammar.Typed:
		if s.kind == "array" {
			u.resolveArray(s, d)
			return
		}
		s.typ = u.typ(s.file, d.Type, s.kind == "queue")
		u.checkManaged(s, d)
	case *grammar.Process:
		s.params = u.paramsOf(s, d.Params, false)
		if s.name.Text != "main" {
			u.resolveInstances(s, d.Instances)
		}
	case *grammar.Pool:
		u.resolvePool(s, d)
	case *grammar.Service:
		s.params = u.paramsOf(s, d.Params, false)
		u.resolveMethods(s, d)
	}
}

// isNumber says whether a value of the type is changed in one step.
func isNumber(t *ir.Type) bool { return t.Kind == ir.Basic && numbers[t.Name] }

// resolveArray resolves an array: its elements, and how many there are.
func (u *unit) resolveArray(s *symbol, d *grammar.Typed) {
	t, ok := d.Type.(*grammar.ArrayType)
	if !ok {
		u.typ(s.file, d.Type, false)
		u.add(noArray(d))
		return
	}
	s.typ = u.typ(s.file, t.Elem, false)
	if t.Len == nil {
		return
	}
	n, read := readCount(t.Len.Text)
	if read != understood || n < 1 || n > maxLen {
		u.add(wrongLength(t.Len, 1))
		s.typ = nil
		return
	}
	s.length = n
}

// checkManaged checks the type of a dict, which is that of a map, and of a set.
func (u *unit) checkManaged(s *symbol, d *grammar.Typed) {
	switch {
	case s.typ == nil:
	case s.kind == "dict" && s.typ.Kind != ir.Map:
		u.add(noMap(d))
		s.typ = nil
	case s.kind == "set":
		if why := u.noKey(s.typ, map[string]bool{}); why != "" {
			u.add(wrongElement(d.Type, why))
			s.typ = nil
		}
	}
}

// resolveInstances reads the brackets of a process.
func (u *unit) resolveInstances(s *symbol, d *grammar.Instances) {
	switch {
	case d == nil:
	case d.Count == nil:
		s.onDemand = true
	default:
		n, read := readCount(d.Count.Text)
		if read != understood || n < 1 || n > maxProcesses {
			u.add(wrongInstances(d.Count))
			n = 1
		}
		s.instances = n
	}
}

// resolvePool resolves the function of a pool. Several parameters make a struct of
// their own, which the program fills in.
func (u *unit) resolvePool(s *symbol, d *grammar.Pool) {
	f := &function{of: s, name: s.name, written: d.Params}
	s.funcs = []*function{f}
	several := d.Params != nil && len(d.Params.List) > 1
	f.params = u.paramsOf(s, d.Params, !several)
	switch {
	case len(f.params) == 0:
		u.add(noParameter(s))
	case several:
		f.in = &ir.Type{Kind: ir.Declared, Name: taskName(s)}
		for _, p := range f.params {
			s.fields = append(s.fields, field{name: p.name, of: &p.of.Comments, at: p.of.Type, typ: p.typ, lead: true})
		}
		u.tasks[f.in.Name] = s
	default:
		f.in = f.params[0].typ
	}
	if d.Result != nil && !u.reportErrorResult(s.String(), d.Params, d.Result) {
		f.hasOut, f.result, f.out = true, d.Result, u.typ(s.file, d.Result, true)
	}
}

// reportErrorResult reports a result that each function has without saying so, and whether this is one.
func (u *unit) reportErrorResult(what string, params *grammar.Params, result grammar.Type) bool {
	n, ok := result.(*grammar.NamedType)
	if !ok || n.Arg != nil || n.Ref.String() != "error" || u.symbols["error"] != nil || params == nil {
		return false
	}
	u.add(returnsError(what, params, n))
	return true
}

// resolveMethods resolves the functions of a service.
func (u *unit) resolveMethods(s *symbol, d *grammar.Service) {
	names := map[string]*grammar.Name{}
	goNames := map[string]*grammar.Name{}
	for _, item := range d.Block.Items {
		m, ok := item.(*grammar.Method)
		if !ok {
			continue
		}
		g := exported(m.Name.Text)
		switch {
		case names[m.Name.Text] != nil:
			u.add(duplicate("func "+quote(m.Name.Text), m.Name, names[m.Name.Text]))
			continue
		case !startsLower(m.Name.Text):
			u.add(wantsSmall("func", m.Name, alone(m.Name)))
		case g == "Close":
			u.add(closes(s, m.Name))
		case goMethods[g]:
			u.add(notGosMethod(s, m.Name, g))
		case goNames[g] != nil:
			u.add(sameGoName("func", m.Name, goNames[g], g))
		}
		names[m.Name.Text], goNames[g] = m.Name, m.Name
		f := &function{of: s, name: m.Name, method: m, written: m.Params, params: u.paramsOf(s, m.Params, false)}
		if len(f.params) == 1 {
			f.in = f.params[0].typ
		}
		if m.Result != nil && !u.reportErrorResult("func "+quote(m.Name.Text), m.Params, m.Result) {
			f.hasOut, f.result, f.out = true, m.Result, u.typ(s.file, m.Result, false)
		}
		s.funcs = append(s.funcs, f)
	}
	if len(s.funcs) == 0 && !d.Block.Inner.Broken {
		u.add(noMethods(s))
	}
}

// alone renames what nobody else names.
func alone(name *grammar.Name) func(to string) []diag.Edit {
	return func(to string) []diag.Edit { return []diag.Edit{diag.Replace(name, to)} }
}

// reportSwapped reports a type that stands before its name, as other languages have it, and whether this one does.
func (u *unit) reportSwapped(name *grammar.Name, t grammar.Type) bool {
	n, ok := t.(*grammar.NamedType)
	if !ok || n.Arg != nil || n.Ref.Sel != nil || !u.isType(name.Text) || u.isType(n.Ref.Name.Text) {
		return false
	}
	u.add(typeFirst(name, n.Ref))
	return true
}

// isType says whether a name stands for a type.
func (u *unit) isType(name string) bool {
	s := u.symbols[name]
	_, stays := unsendable[name]
	return basics[name] || name == "string" || stays || s != nil
}

func (u *unit) resolveFields(s *symbol, d *grammar.Struct) {
	names := map[string]*grammar.Name{}
	goNames := map[string]*grammar.Name{}
	for _, f := range d.Fields {
		var t *ir.Type
		swapped := len(f.Names) == 1 && u.reportSwapped(f.Names[0], f.Type)
		if !swapped {
			t = u.typ(s.file, f.Type, false)
		}
		for _, name := range f.Names {
			g := exported(name.Text)
			switch {
			case names[name.Text] != nil:
				u.add(duplicate("field "+quote(name.Text), name, names[name.Text]))
				continue
			case swapped:
			case !startsLower(name.Text):
				u.add(wantsSmall("field", name, alone(name)))
			case goNames[g] != nil:
				u.add(sameGoName("field", name, goNames[g], g))
				continue
			}
			names[name.Text], goNames[g] = name, name
			s.fields = append(s.fields, field{name: name, of: &f.Comments, at: f.Type, typ: t, lead: name == f.Names[0]})
		}
	}
}

func (u *unit) checkValues(d *grammar.Enum) {
	names := map[string]*grammar.Name{}
	goNames := map[string]*grammar.Name{}
	for _, v := range d.Values {
		g := d.Name.Text + exported(v.Name.Text)
		switch {
		case names[v.Name.Text] != nil:
			u.add(duplicate("value "+quote(v.Name.Text), v.Name, names[v.Name.Text]))
		case !startsLower(v.Name.Text):
			u.add(wantsSmall("enum value", v.Name, alone(v.Name)))
		case goNames[g] != nil:
			u.add(sameGoName("enum value", v.Name, goNames[g], g))
		}
		names[v.Name.Text], goNames[g] = v.Name, v.Name
	}
	if len(d.Values) == 0 && !d.Inner.Broken {
		u.add(emptyEnum(d.Name))
	}
	if len(d.Values) > 256 {
		u.add(largeEnum(d.Values[256].Name, d.Name, len(d.Values)))
	}
}

// starts says whether parameters are those that a process or service starts with.
func (s *symbol) starts(list *grammar.Params) bool {
	switch d := s.decl.(type) {
	case *grammar.Process:
		return d.Params == list
	case *grammar.Service:
		return d.Params == list
	}
	return false
}

// isFile says whether a type is written as an open file.
func isFile(t grammar.Type) bool {
	n, ok := t.(*grammar.NamedType)
	return ok && n.Arg == nil && n.Ref.Sel == nil && n.Ref.Name.Text == "file"
}

// isGosFile says whether a type is written as Go's type of open files, or a pointer to
// one. The package needs no import, which would not help.
func (u *unit) isGosFile(file *grammar.File, t grammar.Type) bool {
	if p, ok := t.(*grammar.PointerType); ok {
		t = p.Elem
	}
	n, ok := t.(*grammar.NamedType)
	if !ok || n.Arg != nil || n.Ref.Sel == nil || n.Ref.String() != "os.File" {
		return false
	}
	i := u.imports[file]["os"]
	if i != nil && i.path == "os" {
		i.used = true
	}
	return i == nil || i.path == "os"
}

func (u *unit) paramsOf(s *symbol, list *grammar.Params, whole bool) []param {
	if list == nil {
		return nil
	}
	names := map[string]*grammar.Name{}
	goNames := map[string]*grammar.Name{}
	var params []param
	for _, p := range list.List {
		var t *ir.Type
		swapped := u.reportSwapped(p.Name, p.Type)
		switch {
		case s.starts(list) && isFile(p.Type):
			t = &ir.Type{Kind: ir.File}
		case s.starts(list) && u.isGosFile(s.file, p.Type):
			u.add(writtenFile(p, u.text(p.Type.Range())))
		case !swapped:
			t = u.typ(s.file, p.Type, whole)
		}
		g := exported(p.Name.Text)
		switch {
		case names[p.Name.Text] != nil:
			u.add(duplicate("parameter "+quote(p.Name.Text), p.Name, names[p.Name.Text]))
			continue
		case swapped:
		case !startsLower(p.Name.Text):
			u.add(wantsSmall("parameter", p.Name, alone(p.Name)))
		case goNames[g] != nil:
			u.add(sameGoName("parameter", p.Name, goNames[g], g))
		}
		names[p.Name.Text], goNames[g] = p.Name, p.Name
		params = append(params, param{p, p.Name, t})
	}
	return params
}

// typ resolves a type as written. It is nil if there is something wrong with it,
// which is then reported. Only where a whole item is meant may it be failed[T].
// Whether structs are flat is not known before finishTypes.
func (u *unit) typ(file *grammar.File, t grammar.Type, whole bool) *ir.Type {
	if u.isGosFile(file, t) {
		u.add(cannotSend(t.Range(), u.text(t.Range()), unsendable["file"][0], unsendable["file"][1]))
		return nil
	}
	switch t := t.(type) {
	case *grammar.NamedType:
		if t.Arg != nil {
			return u.failed(file, t, whole)
		}
		if t.Ref.Sel != nil {
			return u.importedType(file, t.Ref)
		}
		return u.namedType(t.Ref)
	case *grammar.PointerType:
		return compose(u.typ(file, t.Elem, false), func(e *ir.Type) *ir.Type { return &ir.Type{Kind: ir.Pointer, Elem: e} })
	case *grammar.ArrayType:
		elem := u.typ(file, t.Elem, false)
		if t.Len == nil {
			return compose(elem, sliceOf)
		}
		n, read := readCount(t.Len.Text)
		if read != understood || n > maxLen {
			u.add(wrongLength(t.Len, 0))
			return nil
		}
		return compose(elem, func(e *ir.Type) *ir.Type { return &ir.Type{Kind: ir.Array, Len: n, Elem: e} })
	case *grammar.MapType:
		key, elem := u.typ(file, t.Key, false), u.typ(file, t.Elem, false)
		if key == nil || elem == nil {
			return nil
		}
		u.keys = append(u.keys, writtenKey{t.Key, key})
		return &ir.Type{Kind: ir.Map, Key: key, Elem: elem}
	}
	return nil
}

func compose(elem *ir.Type, of func(*ir.Type) *ir.Type) *ir.Type {
	if elem == nil {
		return nil
	}
	return of(elem)
}

// namedType is a type without a dot.
func (u *unit) namedType(ref *grammar.Ref) *ir.Type {
	name := ref.Name.Text
	switch {
	case basics[name]:
		return &ir.Type{Kind: ir.Basic, Name: name, Flat: true}
	case name == "string":
		return &ir.Type{Kind: ir.String}
	}
	s := u.symbols[name]
	if s == nil {
		s = u.misnamed(name)
	}
	if s != nil {
		switch {
		case s.missing:
			return nil
		case s.torn && !s.isType():
			return nil
		}
		s.used = s.used || s != u.resolving
		switch {
		case s.kind == "struct":
			return &ir.Type{Kind: ir.Declared, Name: s.name.Text}
		case s.kind == "enum":
			return &ir.Type{Kind: ir.Declared, Name: s.name.Text, Flat: true}
		case s.kind == "blocks":
			return &ir.Type{Kind: ir.Block, Name: s.name.Text, Row: row(s)}
		}
		u.add(noType(ref, s))
		return nil
	}
	if why, ok := unsendable[name]; ok {
		u.add(cannotSend(ref.Span, name, why[0], why[1]))
		return nil
	}
	if name == "failed" {
		u.add(failedOfWhat(ref))
		return nil
	}
	var names []string
	for _, s := range u.order {
		if s.isType() {
			names = append(names, s.name.Text)
		}
	}
	if u.lost[name] || u.missedAgain(name, ref.Name) {
		return nil
	}
	var similar *symbol
	near, sure := grammar.Nearest(name, names)
	switch synonym, ok := typeSynonyms[name]; {
	case near != "":
		similar = u.symbols[near]
		u.excuse(near)
	case ok:
		near, sure = synonym, !vagueTypes[name]
	default:
		near, sure = grammar.Nearest(name, typeNames)
	}
	u.miss(name, ref.Name, similar, unknownType(ref, near, sure, similar, u.ownTypes()[name]))
	return nil
}

// typeNames are what a misspelt type may have meant, in the order of their use.
var typeNames = []string{
	"string", "bool", "int", "byte", "float64", "int64", "uint64", "int32", "uint32", "uint", "uint8", "float32",
	"int8", "int16", "uint16", "rune", "complex128", "complex64",
}

// typeSynonyms are what other languages call a type.
var typeSynonyms = map[string]string{
	"str": "string", "text": "string", "boolean": "bool", "integer": "int", "long": "int64", "short": "int16", "float": "float64",
	"double": "float64", "number": "float64", "char": "rune", "bytes": "[]byte", "i32": "int32", "i64": "int64", "u8": "uint8",
	"u32": "uint32", "u64": "uint64", "f32": "float32", "f64": "float64",
}

// vagueTypes are those that may have meant another type, too.
var vagueTypes = words("number text char")

// failed is failed[T], the only type with an argument.
func (u *unit) failed(file *grammar.File, t *grammar.NamedType, whole bool) *ir.Type {
	if t.Ref.Sel != nil || t.Ref.Name.Text != "failed" {
		u.add(noArguments(t))
		return nil
	}
	elem := u.typ(file, t.Arg, false)
	if elem == nil {
		return nil
	}
	if !whole {
		u.add(failedInside(t))
		return nil
	}
	return &ir.Type{Kind: ir.Failed, Elem: elem}
}

// importedType is a type of another package.
func (u *unit) importedType(file *grammar.File, ref *grammar.Ref) *ir.Type {
	i := u.importOf(file, ref, false)
	if i == nil || i.pkg == nil {
		return nil
	}
	if _, err := u.world.named(i.pkg, ref.Sel.Text); err != nil {
		near, sure := grammar.Nearest(ref.Sel.Text, i.pkg.exportedTypes())
		u.add(noSuchType(ref, i.path, near, sure, err))
		return nil
	}
	u.usesImport(i)
	t, why := u.goType(i.pkg, ref.Sel.Text)
	if t == nil {
		u.add(cannotSend(ref.Span, ref.String(), why, "declare a struct of what is to be sent"))
	}
	return t
}

// writtenKey is the type of a map's keys.
type writtenKey struct {
	at  grammar.Type
	typ *ir.Type
}

// checkMapKeys reports types that can't be the keys of maps, when the fields of all structs are known.
func (u *unit) checkMapKeys() {
	for _, k := range u.keys {
		if why := u.noKey(k.typ, map[string]bool{}); why != "" {
			u.add(wrongKey(k.at, why))
		}
	}
}

// noKey says why a type can't be the key of a map, or "". Declared types that were seen need no second look.
func (u *unit) noKey(t *ir.Type, seen map[string]bool) string {
	switch t.Kind {
	case ir.Bytes, ir.Slice, ir.Map:
		return "Go compares no slices or maps"
	case ir.Pointer:
		return "a pointer that arrives is a new one, equal to none"
	case ir.Block:
		return "a block is a place in memory, and not what is in it"
	case ir.Array:
		return u.noKey(t.Elem, seen)
	case ir.Imported:
		pkg, err := u.world.load(t.Path, false)
		if err != nil {
			return ""
		}
		if shape, err := u.world.named(pkg, t.Name); err == nil && !shape.comparable {
			return "Go does not compare its values"
		}
	case ir.Declared:
		if seen[t.Name] {
			return ""
		}
		seen[t.Name] = true
		for _, f := range u.declared(t).fields {
			if f.typ == nil {
				continue
			}
			if why := u.noKey(f.typ, seen); why != "" {
				return "of its field " + quote(f.name.Text) + ": " + why
			}
		}
	}
	return ""
}

// same says whether two types are one in Go.
func same(a, b *ir.Type) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Kind == b.Kind && alias(a.Name) == alias(b.Name) && a.Path == b.Path && a.Len == b.Len &&
		same(a.Key, b.Key) && same(a.Elem, b.Elem)
}

func alias(name string) string {
	switch name {
	case "byte":
		return "uint8"
	case "rune":
		return "int32"
	}
	return name
}
