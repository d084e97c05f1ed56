package compiler

import (
	"strings"

	"github.com/mpgen/mpgen/compiler/diag"
	"github.com/mpgen/mpgen/grammar"
)

// Findings about types.

func unknownType(ref *grammar.Ref, near string, sure bool, similar *symbol, own diag.Span) diag.Diagnostic {
	d := diag.New(codeUnknownType, diag.At(ref), "type %q is not declared", ref.Name.Text).
		WithLabel("no struct or enum of this name")
	switch {
	case own.File != "":
		return d.WithRelated(own, "a Go type of this name").
			WithHelp("declare it in the .mp file instead, or import it from another package")
	case similar != nil:
		return meant(d.WithRelated(diag.At(similar.name), "a similar name is declared here"), ref, ref.Name.Text, near, sure)
	case near != "":
		return meant(d, ref, ref.Name.Text, near, sure)
	}
	return d.WithHelp("declare a struct or an enum, or import a package that has it")
}

func unusedType(s *symbol) diag.Diagnostic {
	return diag.New(codeUnused, diag.At(s.name), "%s is not used", s).
		WithLabel("no other declaration names it").
		WithHelp("name it where something of it travels; or remove it; or declare it in Go, if only Go code uses it").
		AsWarning()
}

func noType(ref *grammar.Ref, s *symbol) diag.Diagnostic {
	return diag.New(codeNotAType, diag.At(ref), "%q is %s, want a type", ref.Name.Text, article(s.kind)).
		WithLabel("%s", article(s.kind)).
		WithRelated(diag.At(s.name), "declared here")
}

func notImported(file *grammar.File, ref *grammar.Ref, near string, sure bool) diag.Diagnostic {
	d := diag.New(codeUnknownType, diag.At(ref.Name), "package %q is not imported", ref.Name.Text).
		WithLabel("no import of this name")
	if n := len(file.Imports); n > 0 {
		d = d.WithRelated(diag.At(file.Imports[n-1]), "what this file imports")
	}
	if near != "" {
		return meant(d, ref.Name, ref.Name.Text, near, sure)
	}
	return d.WithHelp("import the package at the top of this file, by its path, as in import \"net/url\"")
}

func noSuchType(ref *grammar.Ref, path, near string, sure bool, why error) diag.Diagnostic {
	d := diag.New(codeUnknownType, diag.At(ref.Sel), "package %q has no type %q: %v", path, ref.Sel.Text, why).
		WithLabel("no such type")
	if near != "" {
		return meant(d, ref, ref.String(), ref.Name.Text+"."+near, sure)
	}
	return d
}

func cannotSend(at grammar.Span, name, why, help string) diag.Diagnostic {
	return diag.New(codeCannotSend, diag.At(at), "values of type %s can't be sent: %s", name, why).
		WithLabel("stays in its process").
		WithHelp("%s", help)
}

// writtenFile is of an argument that may be an open file, written as Go has it.
func writtenFile(p *grammar.Param, written string) diag.Diagnostic {
	return diag.New(codeUnknownType, diag.At(p.Type), "%s is no type of the language; an argument that is an open file is of type file", written).
		WithLabel("want file").
		WithHelp("write %s file; its Go function gets an *os.File", p.Name.Text).
		WithFix(changes(written, "file"), diag.Replace(p.Type, "file"))
}

func typeFirst(name *grammar.Name, ref *grammar.Ref) diag.Diagnostic {
	right := ref.Name.Text + " " + name.Text
	at := diag.At(grammar.Span{Pos: name.Pos, EndPos: ref.EndPos})
	return diag.New(codeUnknownType, diag.At(ref), "type %q is not declared", ref.Name.Text).
		WithLabel("the name, not the type?").
		WithHelp("the name stands before its type: %s", right).
		WithFix("write "+quote(right), diag.Edit{Span: at, New: right})
}

func returnsError(what string, params *grammar.Params, result *grammar.NamedType) diag.Diagnostic {
	return diag.New(codeCannotSend, diag.At(result), "%s returns an error by itself, and can't have one for its result", what).
		WithLabel("comes with every result").
		WithHelp("leave it out").
		WithFix("leave it out", diag.Edit{Span: diag.At(grammar.Span{Pos: params.EndPos, EndPos: result.EndPos})})
}

func noArray(d *grammar.Typed) diag.Diagnostic {
	return diag.New(codeArray, diag.At(d.Type), "array %q has no length, want [N]T or []T", d.Name.Text).
		WithLabel("not an array").
		WithHelp("write [256]T, or []T for a length that is told to Start; for a single T, use a value")
}

func notFlat(s *symbol, why string) diag.Diagnostic {
	of := typeText(s.typ)
	if why != of {
		why = of + ": " + why
	}
	return diag.New(codeArray, diag.At(s.decl.(*grammar.Typed).Type), "the elements of %s hold pointers, which mean nothing in another process: %s", s, why).
		WithLabel("want numbers, or structs of them").
		WithHelp("declare a value of []%s, which is stored and loaded as a whole", of)
}

func wrongInstances(n *grammar.Number) diag.Diagnostic {
	return diag.New(codeInstances, diag.At(n), "a process has %s instances, want 1 to %d", n.Text, maxProcesses).
		WithLabel("no count").
		WithHelp("write [] for processes that the program starts when it wants")
}

func noMethods(s *symbol) diag.Diagnostic {
	return diag.New(codeNoMethods, diag.At(s.name), "%s has no func, want one at least", s).
		WithLabel("what can one ask of it?").
		WithHelp("write func NAME(PARAMETERS) RESULT into its block")
}

func closes(s *symbol, name *grammar.Name) diag.Diagnostic {
	return diag.New(codeReserved, diag.At(name), "a func of %s is called %q, which is what the end of a worker calls", s, name.Text).
		WithLabel("means something else").
		WithHelp("rename it; an object that has a method Close() error is closed when its worker ends")
}

func noArguments(t *grammar.NamedType) diag.Diagnostic {
	return diag.New(codeUnknownType, diag.At(t), "type %q takes no type in brackets; only failed[T] does", t.Ref).
		WithLabel("no type of the language")
}

func failedOfWhat(ref *grammar.Ref) diag.Diagnostic {
	return diag.New(codeFailedType, diag.At(ref), "failed stands alone, want failed[T], where T is the type of the task").
		WithLabel("failed what?")
}

func failedInside(t *grammar.NamedType) diag.Diagnostic {
	return diag.New(codeFailedType, diag.At(t), "failed[T] is part of another type, want it as the whole item of a queue or pool").
		WithLabel("not here").
		WithHelp("an error travels as the item of a queue; in a struct, keep its text")
}

func wrongLength(n *grammar.Number, least int) diag.Diagnostic {
	return diag.New(codeArrayLength, diag.At(n), "the length of an array is %s, want a number from %d to %d", n.Text, least, maxLen).
		WithLabel("no length")
}

func wrongKey(t grammar.Type, why string) diag.Diagnostic {
	return diag.New(codeMapKey, diag.At(t), "this type can't be the key of a map: %s", why).
		WithLabel("not comparable").
		WithHelp("use a string, a number, an enum, or a struct of those")
}

func wrongElement(t grammar.Type, why string) diag.Diagnostic {
	return diag.New(codeMapKey, diag.At(t), "this type can't be that of a set: %s", why).
		WithLabel("not comparable").
		WithHelp("use a string, a number, an enum, or a struct of those; or declare a list")
}

func noMap(d *grammar.Typed) diag.Diagnostic {
	return diag.New(codeDictMap, diag.At(d.Type), "dict %q has no key, want map[K]V", d.Name.Text).
		WithLabel("not a map").
		WithHelp("write dict %s map[string]T; a list and a set have one type alone", d.Name.Text)
}

func holdsItself(ring []*symbol, last field) diag.Diagnostic {
	s := ring[0]
	names := make([]string, 0, len(ring)+1)
	for _, r := range ring {
		names = append(names, r.name.Text)
	}
	names = append(names, s.name.Text)
	d := diag.New(codeHoldsItself, diag.At(s.name), "struct %q holds itself by value: %s", s.name.Text, strings.Join(names, " holds "))
	if len(ring) == 1 {
		d = diag.New(codeHoldsItself, diag.At(s.name), "struct %q holds itself by value", s.name.Text)
	}
	return d.WithLabel("would have no end").
		WithRelated(diag.At(last.at), "here").
		WithHelp("use a pointer, *%s, which may be nil, or a slice, []%s", s.name.Text, s.name.Text)
}

func tooBulky(at grammar.Node, what string, bytes, limit int64) diag.Diagnostic {
	size := SizeText(bytes)
	if bytes >= 1<<60 {
		size = "more bytes than a computer has"
	}
	return diag.New(codeBulk, diag.At(at), "%s would take %s, want %s at most", what, size, SizeText(limit)).
		WithLabel("too large").
		WithHelp("use a slice, which lies elsewhere; or an array declaration, which is shared memory and not copied")
}

func emptyEnum(name *grammar.Name) diag.Diagnostic {
	return diag.New(codeEnum, diag.At(name), "enum %q has no values, want one at least", name.Text).
		WithLabel("empty")
}

func largeEnum(value, name *grammar.Name, n int) diag.Diagnostic {
	return diag.New(codeEnum, diag.At(value), "enum %q has %d values, want 256 at most", name.Text, n).
		WithLabel("one too many")
}

func noParameter(s *symbol) diag.Diagnostic {
	return diag.New(codeParameters, diag.At(s.name), "%s has no parameter, want one: the task", s).
		WithLabel("what does a worker work on?").
		WithHelp("write what it is, as in pool %s(n int)", s.name.Text)
}

func wrongInput(at *grammar.Ref, f *function) diag.Diagnostic {
	return diag.New(codeFlowType, diag.At(at), "%s takes %s, but %s holds %s", f, typeText(f.in), f.from, typeText(f.from.typ)).
		WithLabel("takes %s", typeText(f.in)).
		WithRelated(diag.At(f.from.name), "holds %s", typeText(f.from.typ)).
		WithHelp("give both the same type")
}

func wrongOutput(at *grammar.Ref, f *function) diag.Diagnostic {
	t := typeText(f.to.typ)
	return diag.New(codeFlowType, diag.At(at), "%s holds %s, but %s returns %s", f.to, t, f, typeText(f.out)).
		WithLabel("holds %s", t).
		WithRelated(diag.At(f.name), "returns %s", typeText(f.out)).
		WithHelp("let it return %s, or []%s to send several items", t, t)
}

func failedType(f *function, r target) diag.Diagnostic {
	in := f.in
	return diag.New(codeFailedQueue, diag.At(r.ref), "%s holds %s, want failed[%s], the failed tasks of %s",
		r.sym, typeText(r.sym.typ), typeText(in), f).
		WithLabel("holds %s", typeText(r.sym.typ)).
		WithRelated(diag.At(r.sym.name), "declared here").
		WithHelp("declare queue %s failed[%s]", r.sym.name.Text, typeText(in))
}
