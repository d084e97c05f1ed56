package compiler

import (
	"github.com/mpgen/mpgen/compiler/diag"
	"github.com/mpgen/mpgen/grammar"
)

// Findings about what a process is born into.

func malformedText(v *grammar.Value, why string) diag.Diagnostic {
	return diag.New(codeForm, diag.At(v), "the string can't be used: %s", why).
		WithLabel("can't be used")
}

func noVariable(v *grammar.Value, text string, nameless bool) diag.Diagnostic {
	if nameless {
		return diag.New(codeEnvironment, diag.At(v), "the variable %s has no name", quote(text)).
			WithLabel("nothing before the =").
			WithHelp("write \"NAME=value\"")
	}
	return diag.New(codeEnvironment, diag.At(v), "the variable %s has no value, want \"%s=value\"", quote(text), text).
		WithLabel("no =").
		WithHelp("for one that is there and empty, write %s; the program's own variables need not be named", quote(text+"="))
}

func ownVariable(v *grammar.Value, key string) diag.Diagnostic {
	return diag.New(codeEnvironment, diag.At(v), "the variable %s tells a process what it is", key).
		WithLabel("set by the program that starts it").
		WithHelp("remove it")
}

func variableTwice(v, first *grammar.Value, key string) diag.Diagnostic {
	return diag.New(codeEnvironment, diag.At(v), "the variable %s is set twice", key).
		WithLabel("again").
		WithRelated(diag.At(first), "the first time").
		WithHelp("keep one of them")
}

func variableOfSetting(v *grammar.Value, at *grammar.Setting, key string) diag.Diagnostic {
	return diag.New(codeEnvironment, diag.At(v), "the variable %s is what setting %q sets", key, at.Key.Text).
		WithLabel("set here").
		WithRelated(diag.At(at), "and here").
		WithHelp("keep one of them")
}
