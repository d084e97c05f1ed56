// Package diag holds the one form in which mpgen reports what is wrong with a .mp file, the list of all codes, and the
// printers for people, programs and code review.
//
// In come places in source files, from the syntax tree, and sentences. Out go Diagnostics, plain values that any phase
// may make, keep and compare; nothing here reads a file or knows a phase. Rendering is late: a Diagnostic has no source
// text in it, and Text is given the text when somebody wants to read it.
//
// Every mistake has a code that never changes its meaning: a code that is no longer used is not given out again.
// Whoever finds a new kind of mistake declares it once, beside the others of its range, with an example that shows it
// and its mended form, and gives it a constructor that words it, and mends it where what was meant is certain:
//
//	var Undeclared = Register(Info{Code: "MP0103", Name: "Undeclared", Title: "a name is not declared",
//		Wrong: "…", Right: "…"})
//
//	func NotDeclared(kind string, name *grammar.Name) Diagnostic {
//		return New(Undeclared, At(name), "%s %q is not declared", kind, name.Text).WithLabel("no %s of this name", kind)
//	}
//
// MP00xx are mistakes of syntax, MP01xx and up those of meaning.
package diag

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/mpgen/mpgen/grammar"
)

// Severity says whether a finding stops the build.
type Severity uint8

// The severities, the worse one first.
const (
	Error Severity = iota
	Warning
)

// String returns the word that printers use.
func (s Severity) String() string {
	if s == Warning {
		return "warning"
	}
	return "error"
}

// Pos is a place in a file. Line and Column count from 1, Column in characters; Offset counts bytes from 0.
type Pos struct {
	Offset int `json:"offset"`
	Line   int `json:"line"`
	Column int `json:"column"`
}

// Span is the text [Start, End) of a file. A Line of 0 stands for the file as a whole.
type Span struct {
	File  string `json:"file"`
	Start Pos    `json:"start"`
	End   Pos    `json:"end"`
}

// At returns the place of a part of the syntax tree.
func At(n grammar.Node) Span {
	r := n.Range()
	return Span{File: r.Pos.Filename, Start: at(r.Pos), End: at(r.EndPos)}
}

func at(p grammar.Pos) Pos { return Pos{Offset: p.Offset, Line: p.Line, Column: p.Column} }

// Related is a second place that explains a finding.
type Related struct {
	Span  Span   `json:"span"`
	Label string `json:"label"`
}

// Edit replaces the text of a span; an empty span inserts, and an empty New deletes.
type Edit struct {
	Span Span   `json:"span"`
	New  string `json:"new"`
}

// Replace is the edit that writes text in the place of a part of the syntax tree.
func Replace(n grammar.Node, text string) Edit { return Edit{At(n), text} }

// Fix is a way to mend a finding: all its edits together, which do not overlap. A finding gets one only where it is
// certain what was meant, as mpgen check --fix asks nobody.
type Fix struct {
	Message string `json:"message"` // what it does, as an order: replace "jbos" by "jobs"
	Edits   []Edit `json:"edits"`
}

// Diagnostic is one finding. Message says what was found and wanted; Label stands under the carets and Help, which may
// be empty, says what to do. Of Fixes the first one is the best.
type Diagnostic struct {
	Code     Code
	Severity Severity
	Span     Span
	Message  string
	Label    string
	Related  []Related
	Help     string
	Fixes    []Fix
}

// New makes an error of a registered code; format and args are its message.
func New(code Code, at Span, format string, args ...any) Diagnostic {
	return Diagnostic{Code: code, Span: at, Message: fmt.Sprintf(format, args...)}
}

// WithLabel returns d with the words that stand behind the carets.
func (d Diagnostic) WithLabel(format string, args ...any) Diagnostic {
	d.Label = fmt.Sprintf(format, args...)
	return d
}

// WithRelated returns d with one more place.
func (d Diagnostic) WithRelated(at Span, format string, args ...any) Diagnostic {
	d.Related = append(slices.Clip(d.Related), Related{Span: at, Label: fmt.Sprintf(format, args...)})
	return d
}

// WithHelp returns d with what to do about it.
func (d Diagnostic) WithHelp(format string, args ...any) Diagnostic {
	d.Help = fmt.Sprintf(format, args...)
	return d
}

// WithFix returns d with a way to mend it; message says what the edits do.
func (d Diagnostic) WithFix(message string, edits ...Edit) Diagnostic {
	d.Fixes = append(slices.Clip(d.Fixes), Fix{message, edits})
	return d
}

// AsWarning returns d as a finding that does not stop the build.
func (d Diagnostic) AsWarning() Diagnostic {
	d.Severity = Warning
	return d
}

// Sort orders findings by file, place and code.
func Sort(ds []Diagnostic) {
	slices.SortStableFunc(ds, func(a, b Diagnostic) int {
		return cmp.Or(
			cmp.Compare(a.Span.File, b.Span.File),
			cmp.Compare(a.Span.Start.Line, b.Span.Start.Line),
			cmp.Compare(a.Span.Start.Column, b.Span.Start.Column),
			cmp.Compare(a.Code, b.Code),
		)
	})
}

// HasErrors reports whether one of the findings stops the build.
func HasErrors(ds []Diagnostic) bool {
	return slices.ContainsFunc(ds, func(d Diagnostic) bool { return d.Severity == Error })
}
