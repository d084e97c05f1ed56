package compiler

import (
	"slices"
	"strings"

	"github.com/mpgen/mpgen/compiler/diag"
	"github.com/mpgen/mpgen/grammar"
)

// A comment //mpgen:ignore RULE REASON answers what a rule finds in the part of the
// file that it stands above or behind: a declaration, a setting, a field. Each must
// give a reason, name a rule, and answer something; so none outlives its cause.

const directive = "//mpgen:"

var (
	codeIgnoreForm = vetted(diag.Info{Code: "MP0691", Name: "ignore-form",
		Title: "a comment for mpgen is not //mpgen:ignore RULE REASON",
		Text: "Whoever reads the file later wants to know why a rule does not count here. " +
			"Findings of this rule and the two below can't be ignored.",
		Wrong: `package main

//mpgen:ignore no-timeout
pool least(n int) int
`,
		Right: `package main

//mpgen:ignore no-timeout every call has a deadline
pool least(n int) int
`})
	codeIgnoreUnknown = vetted(diag.Info{Code: "MP0692", Name: "ignore-unknown",
		Title: "a comment ignores a rule that does not exist",
		Wrong: `package main

//mpgen:ignore no-timeouts every call has a deadline
pool least(n int) int { task { timeout 1s } }
`,
		Right: `package main

//mpgen:ignore no-timeout every call has a deadline
pool least(n int) int
`})
	codeIgnoreUnused = vetted(diag.Info{Code: "MP0693", Name: "ignore-unused",
		Title: "a comment ignores what is not found",
		Text:  "A comment above or behind a declaration counts for all of it, one at a setting or a field for that alone.",
		Wrong: `package main

//mpgen:ignore no-timeout every call has a deadline
pool least(n int) int { task { timeout 1s } }
`,
		Right: `package main

pool least(n int) int { task { timeout 1s } }
`})
)

// ignorance is a comment that ignores a rule in a part of a file.
type ignorance struct {
	comment grammar.Comment
	code    diag.Code
	in      grammar.Span
	used    bool
}

// ignore drops the findings that are answered, tells how to answer the others, and
// reports comments that are wrong or answer nothing.
func (u *unit) ignore() {
	var answers []*ignorance
	var wrong []diag.Diagnostic
	for _, file := range u.files {
		grammar.Walk(file, func(n grammar.Node) bool {
			on, last := grammar.CommentsOf(n)
			for i, c := range append(on, last...) {
				in := n.Range()
				if i >= len(on) {
					in = c.Span // nothing is below it
				}
				a, d := readIgnore(c, in)
				if a != nil {
					answers = append(answers, a)
				}
				if d != nil {
					wrong = append(wrong, *d)
				}
			}
			return true
		})
	}
	u.found = slices.DeleteFunc(u.found, func(d diag.Diagnostic) bool {
		answered := false
		for _, a := range answers {
			if a.code == d.Code && a.covers(d.Span) {
				a.used, answered = true, true
			}
		}
		return answered
	})
	for i, d := range u.found {
		u.found[i].Help = d.Help + "; or, if it is meant: //mpgen:ignore " + nameOf(d.Code) + " REASON"
	}
	for _, a := range answers {
		if !a.used {
			wrong = append(wrong, unusedIgnore(a))
		}
	}
	u.found = append(u.found, wrong...)
}

func (a *ignorance) covers(at diag.Span) bool {
	in := diag.At(a.in)
	return at.File == in.File && in.Start.Offset <= at.Start.Offset && at.Start.Offset < in.End.Offset
}

// readIgnore reads a comment on a part of a file, and says what is wrong with it. One
// without a reason counts all the same, so that it is told once.
func readIgnore(c grammar.Comment, in grammar.Span) (*ignorance, *diag.Diagnostic) {
	words, ok := strings.CutPrefix(c.Text, directive)
	if !ok {
		return nil, nil
	}
	var name, reason string
	verb, rest, _ := strings.Cut(words, " ")
	if name, reason, _ = strings.Cut(strings.TrimSpace(rest), " "); verb != "ignore" || name == "" {
		return nil, wrongIgnore(c)
	}
	var names []string
	for _, r := range rules {
		if nameOf(r.code) != name {
			names = append(names, nameOf(r.code))
			continue
		}
		a := &ignorance{comment: c, code: r.code, in: in}
		if strings.TrimSpace(reason) == "" {
			a.used = true
			return a, ignoreWithoutReason(c, name)
		}
		return a, nil
	}
	near, _ := grammar.Nearest(name, names)
	return nil, unknownRule(c, name, near)
}

func wrongIgnore(c grammar.Comment) *diag.Diagnostic {
	d := diag.New(codeIgnoreForm, diag.At(c), "mpgen does not know this comment").AsWarning().
		WithLabel("for mpgen").
		WithHelp("write //mpgen:ignore RULE REASON, or a blank behind the slashes if it is for people; mpgen vet --list tells the rules")
	return &d
}

func ignoreWithoutReason(c grammar.Comment, name string) *diag.Diagnostic {
	d := diag.New(codeIgnoreForm, diag.At(c), "rule %q is ignored without a reason", name).AsWarning().
		WithLabel("why?").
		WithHelp("write behind the rule why it does not count here")
	return &d
}

func unknownRule(c grammar.Comment, name, near string) *diag.Diagnostic {
	d := diag.New(codeIgnoreUnknown, diag.At(c), "no rule is called %q", name).AsWarning().WithLabel("ignores nothing")
	if near != "" {
		d = d.WithHelp("did you mean %s?", near)
	} else {
		d = d.WithHelp("mpgen vet --list tells the rules")
	}
	return &d
}

func unusedIgnore(a *ignorance) diag.Diagnostic {
	return diag.New(codeIgnoreUnused, diag.At(a.comment), "rule %q finds nothing here", nameOf(a.code)).AsWarning().
		WithLabel("ignores nothing").
		WithHelp("remove the comment, or put it above or behind the declaration or setting that it is about")
}
