package compiler

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/mpgen/mpgen/compiler/diag"
	"github.com/mpgen/mpgen/grammar"
)

// Rules about names.
var nameRules = []rule{
	{vetted(diag.Info{Code: "MP0611", Name: "go-name",
		Title: "a name makes a Go name that reads badly",
		Text: "Names become Go names by a capital first letter, and linters and readers of Go expect words without underscores, " +
			"initialisms in one case, and nothing said twice: what processes and services start with is Args.ScanRoot, and a value of an " +
			"enum LevelLow, so neither need begin with the name that it is put behind.",
		Wrong: `package main

struct Page { site_Id int }

queue pages Page

process crawl { send pages }
process index { receive pages }
`,
		Right: `package main

struct Page { siteID int }

queue pages Page

process crawl { send pages }
process index { receive pages }
`}), (*unit).checkGoNames},
}

func (u *unit) checkGoNames(report func(diag.Diagnostic)) {
	spelt := func(what string, name *grammar.Name, behind string) {
		if better := inGo(name.Text); better != name.Text {
			report(doubt(diag.At(name), "%s %q is %s in Go", what, name.Text, behind+exported(name.Text)).
				WithLabel("as Go would not write it").
				WithHelp("write %s, which is %s", better, behind+exported(better)))
		}
	}
	twice := func(what string, name *grammar.Name, of, behind string) {
		if rest, ok := stutter(of, name.Text); ok {
			report(doubt(diag.At(name), "%s %q is %s in Go", what, name.Text, behind+exported(name.Text)).
				WithLabel("says %s twice", of).
				WithHelp("write %s, which is %s", rest, behind+exported(rest)))
		} else {
			spelt(what, name, behind)
		}
	}
	for _, s := range u.order {
		spelt(s.kind, s.name, "")
		switch {
		case s.kind == "struct":
			for _, f := range s.fields {
				spelt("field", f.name, "")
			}
		case s.kind == "enum":
			for _, v := range s.decl.(*grammar.Enum).Values {
				twice("value", v.Name, s.name.Text, s.goName)
			}
		case s.kind == "process" && !s.onDemand, s.kind == "service":
			for _, p := range s.params {
				twice("parameter", p.name, s.name.Text, "Args."+s.goName)
			}
		}
		if s.kind == "service" {
			for _, f := range s.funcs {
				spelt("func", f.name, "")
			}
		}
	}
}

// inGo is a name as Go would write it: words without underscores between them, and
// initialisms in one case.
func inGo(name string) string {
	var b strings.Builder
	for i, part := range strings.FieldsFunc(name, func(r rune) bool { return r == '_' }) {
		if i > 0 {
			part = exported(part)
		}
		for part != "" {
			_, first := utf8.DecodeRuneInString(part)
			end := strings.IndexFunc(part[first:], unicode.IsUpper)
			if end < 0 {
				end = len(part)
			} else {
				end += first
			}
			word := part[:end]
			if startsUpper(word) && initialisms[strings.ToLower(word)] {
				word = strings.ToUpper(word)
			}
			b.WriteString(word)
			part = part[end:]
		}
	}
	if b.Len() == 0 {
		return name
	}
	return b.String()
}

// stutter says whether a name begins with the words of another one that Go puts
// before it, and what is left without them.
func stutter(of, name string) (rest string, ok bool) {
	if len(name) <= len(of) || !strings.EqualFold(name[:len(of)], of) {
		return "", false
	}
	rest = name[len(of):]
	if r, n := utf8.DecodeRuneInString(rest); unicode.IsUpper(r) {
		return string(unicode.ToLower(r)) + rest[n:], true
	} else if r == '_' && len(rest) > 1 {
		return rest[1:], true
	}
	return "", false
}
