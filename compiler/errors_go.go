package compiler

import (
	"github.com/mpgen/mpgen/compiler/diag"
	"github.com/mpgen/mpgen/grammar"
)

// Findings about Go functions.

func noFunction(ref *grammar.Ref, where, near string, sure bool) diag.Diagnostic {
	name := ref.Name
	if ref.Sel != nil {
		name = ref.Sel
	}
	d := diag.New(codeNoFunction, diag.At(name), "%s has no function %q", where, name.Text).
		WithLabel("no such function")
	if near != "" {
		return meant(d, name, name.Text, near, sure)
	}
	return d.WithHelp("name a function that exists; or leave out the = and write one of the declaration's name")
}

func notExported(ref *grammar.Ref, path, near string, sure bool) diag.Diagnostic {
	d := diag.New(codeNoFunction, diag.At(ref.Sel), "%q of package %q is not exported", ref.Sel.Text, path).
		WithLabel("starts with a small letter")
	if near != "" {
		return meant(d, ref.Sel, ref.Sel.Text, near, sure)
	}
	return d.WithHelp("name a function that starts with a capital letter")
}

// misspeltFunction is of one that is not there, beside another that nobody calls.
func misspeltFunction(h *handler, near string, at diag.Span) diag.Diagnostic {
	return diag.New(codeNoFunction, diag.At(h.at()), "%s calls func %s, which is not there", h.by, h.name).
		WithLabel("no such function").
		WithRelated(at, "func %s has its form, and no declaration calls it", near).
		WithHelp("call it %s; or write = %s behind the declaration's head, which binds it", h.name, near)
}

// notFunction is of a type or a constant that has the name.
func notFunction(h *handler, kind string, at diag.Span) diag.Diagnostic {
	d := diag.New(codeNoFunction, diag.At(h.at()), "%s calls %s, which is a %s, want a function", h.by, h.shown(), kind).
		WithLabel("no function").
		WithRelated(at, "the %s", kind)
	if h.ref == nil {
		return d.WithHelp("rename the %s, or the %s; or bind another function, with = and its name", kind, h.by.kind)
	}
	return d.WithHelp("name a function; or leave out the = and write one of the declaration's name")
}

func notCallable(ref *grammar.Ref) diag.Diagnostic {
	return diag.New(codeNoFunction, diag.At(ref), "func %s is called by Go alone", ref).
		WithLabel("not to be called").
		WithHelp("name another function; or leave out the = and write one of the declaration's name")
}

func genericFunction(h *handler, at diag.Span) diag.Diagnostic {
	d := diag.New(codeNoFunction, diag.At(h.at()), "%s calls %s, which is generic", h.by, h.shown()).
		WithLabel("has type parameters").
		WithRelated(at, "declared here")
	if h.ref == nil {
		return d.WithHelp("write it for the types of the declaration")
	}
	return d.WithHelp("leave out the = and write a function of the declaration's name that calls it")
}

// otherSignature shows what there is and what is wanted as a diff of the line.
func otherSignature(h *handler, differs, want string, at diag.Span) diag.Diagnostic {
	d := diag.New(codeSignature, diag.At(h.at()), "func %s is not what %s says: %s", h.shown(), h.by, differs).
		WithLabel("does not fit").
		WithRelated(at, "the function")
	if h.pkg != nil {
		return d.WithHelp("change the declaration; or leave out the = and write a function of its name that calls %s", h.shown())
	}
	return d.WithHelp("change the function, or the declaration:\n - %s\n + %s", h.have(), want)
}

// otherMethod is of an object that a service's function returns.
func otherMethod(h *handler, f *function, object, differs, have, want string, at diag.Span) diag.Diagnostic {
	return diag.New(codeSignature, diag.At(f.name), "method %s of %s is not what %s says: %s", exported(f.name.Text), object, f, differs).
		WithLabel("does not fit").
		WithRelated(at, "the method, of what func %s returns", h.shown()).
		WithHelp("methods take a context first, then the parameters as declared, and return the result and an error; change the method, or the declaration:\n - %s\n + %s", have, want)
}

func lacksMethods(h *handler, object string, missing []*function, at diag.Span) diag.Diagnostic {
	var names []string
	for _, f := range missing {
		names = append(names, exported(f.name.Text))
	}
	what := "method"
	if len(names) > 1 {
		what = "methods"
	}
	return diag.New(codeSignature, diag.At(h.at()), "func %s returns a %s, which has no %s %s", h.shown(), object, what, list(names, "and")).
		WithLabel("does not fit").
		WithRelated(at, "the type").
		WithHelp("give it each method of the service: with a context first, then the parameters as declared; it returns the result and an error")
}

// leftover is of a function whose declaration has gone, or got another name.
func leftover(name, ports string, at diag.Span) diag.Diagnostic {
	return diag.New(codeLeftover, at, "func %s takes *%s, the ports of a declaration that is not there", name, ports).
		WithLabel("no declaration calls it").
		WithHelp("remove it; or, if its declaration has another name now, call it and its *%s by that", ports).
		AsWarning()
}

// at is what names the function in the .mp file.
func (h *handler) at() grammar.Node {
	if h.ref != nil {
		return h.ref
	}
	return h.by.name
}

// shown is the function as the .mp file would call it.
func (h *handler) shown() string {
	if h.ref != nil {
		return h.ref.String()
	}
	return h.name
}
