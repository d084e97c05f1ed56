package compiler

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/mpgen/mpgen/compiler/diag"
	"github.com/mpgen/mpgen/grammar"
)

// Each finding has a constructor that words it; this file has those about names.

func unavailable(at grammar.Span, what string) diag.Diagnostic {
	return diag.New(codeUnavailable, diag.At(at), "%s is not available in this version", what).
		WithLabel("not yet").
		WithHelp("leave it out")
}

func duplicate(what string, name, old *grammar.Name) diag.Diagnostic {
	return duplicateAt(what, name.Span, old.Span)
}

func duplicateAt(what string, at, old grammar.Span) diag.Diagnostic {
	return diag.New(codeDuplicate, diag.At(at), "%s has a name that is taken", what).
		WithLabel("declared again").
		WithRelated(diag.At(old), "the first one").
		WithHelp("rename one of them")
}

func notDeclared(kinds []string, ref *grammar.Ref, similar *symbol, near string, sure bool) diag.Diagnostic {
	kinds = gathered(kinds)
	kind := list(kinds, "or")
	what := kind
	if len(kinds) > 2 {
		what = "name"
	}
	d := diag.New(codeUndeclared, diag.At(ref.Name), "%s %q is not declared", what, ref.Name.Text).
		WithLabel("no %s of this name", kind)
	if near == "" {
		switch kind {
		case "queue":
			return d.WithHelp("declare it, as queue %s TYPE, or name one that is declared", ref.Name.Text)
		case "lock":
			return d.WithHelp("declare it: lock %s", ref.Name.Text)
		}
		return d.WithHelp("declare it, or name one that is declared")
	}
	if similar.name != nil {
		d = d.WithRelated(diag.At(similar.name), "a similar name is declared here")
	}
	return meant(d, ref.Name, ref.Name.Text, near, sure)
}

// misdeclared is about a declaration that nobody names, where several name one that is much like it.
func misdeclared(s *symbol, name string, times int, at *grammar.Name) diag.Diagnostic {
	d := diag.New(codeUndeclared, diag.At(s.name), "%s is not used, and %q, which stands in %d places, is not declared", s, name, times).
		WithLabel("named by nobody").
		WithRelated(diag.At(at), "the first of them")
	return meant(d, s.name, s.name.Text, name, true)
}

// meant asks whether a name was meant where another one was written, and, if that is sure, replaces it.
func meant(d diag.Diagnostic, at grammar.Node, written, near string, sure bool) diag.Diagnostic {
	d = d.WithHelp("did you mean %q?", near)
	if !sure {
		return d
	}
	return d.WithFix(changes(written, near), diag.Replace(at, near))
}

// changes is what a fix does that writes one text for another.
func changes(from, to string) string { return "change " + quote(from) + " to " + quote(to) }

func noSelector(ref *grammar.Ref, s *symbol) diag.Diagnostic {
	if s.kind == "service" {
		return diag.New(codeUndeclared, diag.At(ref.Sel), "a part of %s is named, want the whole of it", s).
			WithLabel("only a flow names it").
			WithHelp("write %q alone", ref.Name.Text).
			WithFix("write "+quote(ref.Name.Text)+" alone", diag.Replace(ref, ref.Name.Text))
	}
	return diag.New(codeUndeclared, diag.At(ref.Sel), "%s has no part %q", s, ref.Sel.Text).
		WithLabel("no name may follow here").
		WithHelp("write %q alone", ref.Name.Text)
}

func wrongKind(at grammar.Span, s *symbol, kinds []string) diag.Diagnostic {
	d := diag.New(codeWrongKind, diag.At(at), "%q is %s, want %s", s.name.Text, article(s.kind), articles(strings.Join(kinds, " "))).
		WithLabel("%s", article(s.kind))
	return d.WithRelated(diag.At(s.name), "declared here").WithHelp("%s", namedWhere(s, kinds))
}

// namedWhere says where a declaration is named.
func namedWhere(s *symbol, kinds []string) string {
	switch s.kind {
	case "queue":
		return "a queue is named in send and receive, and in flows"
	case "process":
		if slices.Contains(kinds, "pool") && slices.Contains(kinds, "queue") {
			return "a flow goes through pools; a process names the queues that it sends to and receives from itself"
		}
		return "a process is named by nobody; it names what it sends to, receives from and uses"
	case "pool":
		return "a pool is named in use, by who calls it, or in one flow"
	case "service":
		return "a service is named in use, by who calls it, or with one of its funcs in a flow"
	case "array":
		return "an array is named in use, or in read by who writes nothing"
	case "struct", "enum":
		return "it is the type of what queues, values and fields hold"
	}
	return article(s.kind) + " is named in use"
}

func wantsCapital(s *symbol, rename func(to string) []diag.Edit) diag.Diagnostic {
	d := diag.New(codeNaming, diag.At(s.name), "%s %q starts with a small letter, want a capital one", s.kind, s.name.Text).
		WithLabel("the name of a type")
	if g := exported(s.name.Text); startsUpper(g) {
		return fix(d.WithHelp("call it %q", g), changes(s.name.Text, g), rename(g))
	}
	return d.WithHelp("choose a name that starts with a capital letter")
}

func wantsSmall(what string, name *grammar.Name, rename func(to string) []diag.Edit) diag.Diagnostic {
	d := diag.New(codeNaming, diag.At(name), "%s %q starts with %s, want a small one", what, name.Text, initial(name.Text)).
		WithLabel("want a small letter")
	if startsUpper(name.Text) {
		d = d.WithLabel("only types start with a capital letter")
	}
	if small := lowered(name.Text); startsLower(small) {
		return fix(d.WithHelp("call it %q; Go code gets its own spelling", small), changes(name.Text, small), rename(small))
	}
	return d.WithHelp("choose a name that starts with a small letter")
}

func initial(name string) string {
	if startsUpper(name) {
		return "a capital letter"
	}
	return quote(string([]rune(name)[0]))
}

// lowered is a name with a small start: ID is id, URLPath is urlPath.
func lowered(name string) string {
	r := []rune(strings.TrimLeft(name, "_0123456789"))
	n := 0
	for n < len(r) && startsUpper(string(r[n])) && (n == 0 || n+1 == len(r) || !startsLower(string(r[n+1]))) {
		n++
	}
	return strings.ToLower(string(r[:n])) + string(r[n:])
}

func noFunctionName(s *symbol) diag.Diagnostic {
	return diag.New(codeReserved, diag.At(s.name), "%s needs a Go function of its name, which means something else in Go", s).
		WithLabel("no name for a function").
		WithHelp("rename it, or bind it to a function of another name: = NAME")
}

func noTypeName(s *symbol) diag.Diagnostic {
	return diag.New(codeReserved, diag.At(s.name), "%s can't give a block its type: %s is a type already", s, s.name.Text).
		WithLabel("means something else as a type").
		WithHelp("rename it")
}

func takenByRun(s *symbol) diag.Diagnostic {
	return diag.New(codeReserved, diag.At(s.name), "%s would be %s of Run, which the runtime has already", s, s.goName).
		WithLabel("run.%s means something else", s.goName).
		WithHelp("rename it")
}

func notGosMethod(s *symbol, name *grammar.Name, goName string) diag.Diagnostic {
	return diag.New(codeReserved, diag.At(name), "%s would make a method %s of other parameters than Go's own libraries know it with", s, goName).
		WithLabel("go vet refuses it").
		WithHelp("rename it")
}

func takenByInstance(s *symbol, r target) diag.Diagnostic {
	return diag.New(codeReserved, diag.At(r.ref), "%s would be the field %s of %sPorts, which says which instance of %s it is",
		r.sym, r.sym.goName, s.goName, s).
		WithLabel("p.%s means something else", r.sym.goName).
		WithRelated(diag.At(r.sym.name), "declared here").
		WithHelp("rename it")
}

func sameGoName(what string, name, old *grammar.Name, goName string) diag.Diagnostic {
	return diag.New(codeGoName, diag.At(name), "%s %q needs the Go name %s, which %q has", what, name.Text, goName, old.Text).
		WithLabel("%s too", goName).
		WithRelated(diag.At(old), "%s", goName).
		WithHelp("rename one of them")
}

func takenByOther(c, old claim) diag.Diagnostic {
	if old.by == nil {
		return diag.New(codeGoName, diag.At(c.at), "%s needs the Go name %s, which generated code has for itself", c.by, c.name).
			WithLabel("would be %s", c.name).
			WithHelp("rename it")
	}
	return diag.New(codeGoName, diag.At(c.at), "%s needs the Go name %s, which %s has", c.by, c.name, old.by).
		WithLabel("would be %s", c.name).
		WithRelated(diag.At(old.at), "%s is this one's", c.name).
		WithHelp("rename one of them")
}

func takenByGo(c claim, at diag.Span, files []*grammar.File) diag.Diagnostic {
	return takenBy(c, at, files, "declares", "declared here", "rename it in %s", "rename one of them")
}

// takenByImport is of a name that a Go file of the folder has for a package: no other file
// of it may declare that.
func takenByImport(c claim, at diag.Span, files []*grammar.File) diag.Diagnostic {
	return takenBy(c, at, files, "imports a package by", "imported here", "import it by another name in %s", "rename it, or import the package by another name in %s")
}

func takenBy(c claim, at diag.Span, files []*grammar.File, does, done, helpOurs, help string) diag.Diagnostic {
	file := filepath.Base(at.File)
	by, label, place := "generated code", "the package of both", at
	switch {
	case c.by != nil:
		by, label, place = c.by.String(), "would be "+c.name, diag.At(c.at)
	case len(files) > 0 && files[0].Package != nil:
		place = diag.At(files[0].Package)
	}
	if c.by == nil {
		help = helpOurs
	}
	return diag.New(codeGoName, place, "%s needs the Go name %s, which %s %s in line %d", by, c.name, file, does, at.Start.Line).
		WithLabel("%s", label).
		WithRelated(at, "%s", done).
		WithHelp("%s", strings.ReplaceAll(help, "%s", file))
}

func otherPackage(name, first *grammar.Name) diag.Diagnostic {
	return diag.New(codePackage, diag.At(name), "package %s, where %s has package %s; a folder is one pipeline and one package",
		name.Text, filepath.Base(first.Pos.Filename), first.Text).
		WithLabel("another package").
		WithRelated(diag.At(first), "the first one").
		WithHelp("name one package in all .mp files of the folder")
}

func goPackageDiffers(name *grammar.Name, own *ownPackage) diag.Diagnostic {
	return diag.New(codePackage, diag.At(name), "package %s, where %s has package %s", name.Text, filepath.Base(own.at.File), own.pkg).
		WithLabel("generated code would not fit the package").
		WithRelated(own.at, "the folder's Go code").
		WithHelp("write package %s", own.pkg).
		WithFix(changes(name.Text, own.pkg), diag.Replace(name, own.pkg))
}

func noPackage(at grammar.Span, path, why string) diag.Diagnostic {
	return diag.New(codeImport, diag.At(at), "package %s can't be imported: %s", path, why).
		WithLabel("not to be had")
}

func noPackageName(name *grammar.Name) diag.Diagnostic {
	why := "is no name"
	if name.Text != "_" {
		why = "is what Go passes over"
	}
	return diag.New(codeReserved, diag.At(name), "package %s %s", name.Text, why).
		WithLabel("not to be built").
		WithHelp("name the package as its folder is called, or main")
}

func uncleanPath(at grammar.Span, path, better, why string) diag.Diagnostic {
	d := noPackage(at, quote(path), why)
	if better == "" {
		return d.WithHelp("write the path of the package: of Go's library, or one that starts with its module")
	}
	return d.WithHelp("write %q", better).WithFix(changes(path, better), diag.Replace(at, quote(better)))
}

func importCycle(at grammar.Span, path string, by diag.Span) diag.Diagnostic {
	return noPackage(at, quote(path), "it imports the package of this file itself").
		WithRelated(by, "imports it").
		WithHelp("move the types that both need into a third package, which imports neither")
}

func nearPackage(at grammar.Span, path, near, why string) diag.Diagnostic {
	return noPackage(at, quote(path), why).WithHelp("did you mean %q?", near).
		WithFix(changes(path, near), diag.Replace(at, quote(near)))
}

func unusedImport(i *imported, without diag.Edit) diag.Diagnostic {
	return diag.New(codeUnusedImport, diag.At(i.at), "import %q is not used", i.path).
		WithLabel("no type of it occurs").
		WithHelp("remove it").
		WithFix("remove it", without)
}

func mainHas(at grammar.Span, what string) diag.Diagnostic {
	return diag.New(codeMain, diag.At(at), "process main has %s, but it is the program itself", what).
		WithLabel("only a process that is started has this").
		WithHelp("process main declares send, receive, use and footprint")
}

func onlyMainHas(at *grammar.Setting) diag.Diagnostic {
	return diag.New(codeMain, diag.At(at.Key), "a process has no setting %q of its own, which is for all of the pipeline", at.Key.Text).
		WithLabel("not a setting of this process").
		WithHelp("write it into process main { … }; what one process may take says worker { memory … }")
}

func internalError(in Input, err error) diag.Diagnostic {
	at := diag.Span{}
	if len(in.Sources) > 0 {
		at.File = in.Sources[0].Name
	}
	return diag.New(codeInternal, at, "internal error: %v", err).
		WithHelp("please report this with the .mp file")
}
