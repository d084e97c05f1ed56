package compiler

import (
	"strings"
	"unicode"

	"github.com/mpgen/mpgen/compiler/diag"
	"github.com/mpgen/mpgen/grammar"
)

// Findings about settings.

func unknownSetting(s *symbol, at *grammar.Setting, in string) diag.Diagnostic {
	key := at.Key.Text
	owner := s.kind
	if in != "" {
		owner = "block " + in
	}
	d := diag.New(codeUnknownSetting, diag.At(at.Key), "%s has no setting %q", owner, key).
		WithLabel("unknown")
	for i := range settings {
		row := &settings[i]
		if row.Key != key || !contains(row.Of, s.kind) {
			continue
		}
		if row.In == "" {
			return d.WithHelp("%q is a setting of the %s itself, not of its block %s", key, s.kind, in)
		}
		return d.WithHelp("write it inside of its block: %s { %s … }", row.In, key)
	}
	if near, sure := grammar.Nearest(key, keysOf(s.kind, in)); near != "" {
		return meant(d, at.Key, key, near, sure)
	}
	for i := range settings {
		if settings[i].Key == key {
			return d.WithHelp("%q is a setting of %s", key, article(firstWord(settings[i].Of)))
		}
	}
	keys := list(keysOf(s.kind, in), "and")
	if keys == "" {
		keys = "none"
	}
	return d.WithHelp("it has %s", keys)
}

func firstWord(list string) string {
	for i := range len(list) {
		if list[i] == ' ' {
			return list[:i]
		}
	}
	return list
}

func noMethod(s *symbol, in string, m *grammar.Method) diag.Diagnostic {
	if s.kind == "service" {
		return diag.New(codeUnknownSetting, diag.At(m.Name), "block %s has a func, which stands in the service itself", in).
			WithLabel("not a setting").
			WithHelp("write it outside of %s { … }", in)
	}
	return diag.New(codeUnknownSetting, diag.At(m.Name), "%s has a func, which only a service has", s).
		WithLabel("not a setting")
}

func doubled(key, old *grammar.Name) diag.Diagnostic {
	return diag.New(codeDoubled, diag.At(key), "setting %q is given twice", key.Text).
		WithLabel("again").
		WithRelated(diag.At(old), "given here first").
		WithHelp("keep one of them")
}

func wantsBlock(at *grammar.Setting) diag.Diagnostic {
	return diag.New(codeForm, diag.At(at), "setting %q has no block, want %s { … }", at.Key.Text, at.Key.Text).
		WithLabel("a block is wanted")
}

func wantsNoBlock(row *Setting, at *grammar.Setting) diag.Diagnostic {
	return diag.New(codeForm, diag.At(at.Key), "setting %q has a block, want %s", at.Key.Text, wanted(row)).
		WithLabel("no block is wanted")
}

func wantsNothing(at *grammar.Setting) diag.Diagnostic {
	return diag.New(codeForm, diag.At(at.Values[0]), "setting %q is given %s, want the word alone", at.Key.Text, valueText(at.Values[0])).
		WithLabel("it takes nothing")
}

func wantsValue(row *Setting, at *grammar.Setting) diag.Diagnostic {
	return diag.New(codeForm, diag.At(at.Key), "setting %q is given nothing, want %s", at.Key.Text, wanted(row)).
		WithLabel("what?")
}

func wantsOne(row *Setting, at *grammar.Setting) diag.Diagnostic {
	return diag.New(codeForm, diag.At(at.Values[1]), "setting %q is given %d values, want one: %s", at.Key.Text, len(at.Values), wanted(row)).
		WithLabel("one too many")
}

func wrongForm(row *Setting, v *grammar.Value) diag.Diagnostic {
	d := diag.New(codeForm, diag.At(v), "setting %q is given %s, want %s", row.Key, valueText(v), wanted(row)).
		WithLabel("not %s", wanted(row))
	if v.Number == nil {
		return d
	}
	// A number that lacks nothing but its unit, or has one too many.
	n, read := readCount(v.Number.Text)
	digits := strings.TrimRightFunc(v.Number.Text, unicode.IsLetter)
	unit := grammar.MeantUnit(v.Number.Text[len(digits):], row.Takes&Duration != 0)
	switch {
	case unit != "" && digits+unit != v.Number.Text && row.Takes&(Duration|Size) != 0:
		return d.WithHelp("did you mean %q?", digits+unit)
	case read == understood && row.Takes&Duration != 0:
		return d.WithHelp("write its unit: %ds", n)
	case read == understood && row.Takes&Size != 0:
		return d.WithHelp("write its unit: %dB, %dKiB or %dMiB", n, n, n)
	}
	return d
}

func valueText(v *grammar.Value) string {
	switch {
	case v.Ref != nil:
		return quote(v.Ref.String())
	case v.Number != nil:
		return v.Number.Text
	}
	return "a string"
}

func outOfRange(row *Setting, n *grammar.Number) diag.Diagnostic {
	low, high := bounds(row)
	return diag.New(codeRange, diag.At(n), "setting %q is %s, want %s to %s", row.Key, n.Text, low, high).
		WithLabel("out of range")
}

func namedTwice(ref, old *grammar.Ref, key string) diag.Diagnostic {
	return diag.New(codeNamedTwice, diag.At(ref), "%s names %q twice", key, ref.Name.Text).
		WithLabel("again").
		WithRelated(diag.At(old), "the first time").
		WithHelp("keep one of them")
}

func maxWithoutDemand(s *symbol, at *grammar.Setting) diag.Diagnostic {
	return diag.New(codeOnDemandOnly, diag.At(at), "%s starts with the pipeline; max is for processes that the program starts by a call", s).
		WithLabel("for process %s[] only", s.name.Text).
		WithHelp("remove the setting, or write process %s[]", s.name.Text)
}

func slotOfNumber(s *symbol, at *grammar.Setting) diag.Diagnostic {
	return diag.New(codeUnknownSetting, diag.At(at.Key), "%s is a number, and has no setting %q", s, at.Key.Text).
		WithLabel("a number has the size that it has").
		WithHelp("remove the setting")
}

func keyOfNoStruct(s *symbol, ref *grammar.Ref) diag.Diagnostic {
	return diag.New(codeKey, diag.At(ref), "%s holds %s, which has no fields; a key is a field of a struct", s, typeText(s.typ)).
		WithLabel("a field of what?").
		WithRelated(diag.At(s.decl.(*grammar.Typed).Type), "no struct that is declared in a .mp file").
		WithHelp("declare a struct with the field %q, and a queue of it", ref.Name.Text)
}

func keyInside(ref *grammar.Ref) diag.Diagnostic {
	return diag.New(codeKey, diag.At(ref), "the key is a part of a field, want a field of the item itself").
		WithLabel("too deep").
		WithHelp("copy it into a field of the item")
}

func keyUnknown(of *symbol, ref *grammar.Ref, near string, sure bool) diag.Diagnostic {
	d := diag.New(codeKey, diag.At(ref), "%s has no field %q", of, ref.Name.Text).
		WithLabel("no field of this name").
		WithRelated(diag.At(of.name), "the items are of this type")
	if near != "" {
		return meant(d, ref, ref.Name.Text, near, sure)
	}
	return d
}

func keyWithoutHash(ref *grammar.Ref, f field) diag.Diagnostic {
	return diag.New(codeKey, diag.At(ref), "field %q is %s, and only strings and types without pointers have a hash", f.name.Text, typeText(f.typ)).
		WithLabel("can't be a key").
		WithRelated(diag.At(f.at), "declared here").
		WithHelp("add a field to the struct that says the same as a string or a number")
}

func failedWithoutFlow(s *symbol, at *grammar.Setting) diag.Diagnostic {
	return diag.New(codeStageOnly, diag.At(at), "%s is in no flow, and its caller gets each error; failed is for stages", s).
		WithLabel("for stages only").
		WithHelp("remove the setting, or put it into a flow")
}
