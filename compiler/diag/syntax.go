package diag

import "github.com/mpgen/mpgen/grammar"

// FromSyntax turns what the parser found into findings. The parser cannot make them itself: it knows nothing of the compiler.
func FromSyntax(errs []grammar.Error) []Diagnostic {
	ds := make([]Diagnostic, 0, len(errs))
	for _, e := range errs {
		d := Diagnostic{Code: Code(e.Code), Span: At(e.Span), Message: e.Msg, Label: e.Label, Help: e.Help}
		for _, n := range e.Notes {
			d.Related = append(d.Related, Related{Span: At(n.Span), Label: n.Label})
		}
		for _, f := range e.Fixes {
			edits := make([]Edit, len(f.Edits))
			for i, edit := range f.Edits {
				edits[i] = Replace(edit.Span, edit.New)
			}
			d = d.WithFix(f.Message, edits...)
		}
		ds = append(ds, d)
	}
	return ds
}

// The codes of the parser.
var (
	_ = Register(Info{Code: Code(grammar.Unexpected), Name: "Unexpected",
		Title: "something stands where it cannot stand",
		Text: "The message says what was found and what could stand there. What is wrong may be a little before " +
			"the place: the place is the first word or sign that does not fit what comes before it.",
		Wrong: `package main

queue jobs

process main { send jobs; receive jobs }
`,
		Right: `package main

queue jobs string

process main { send jobs; receive jobs }
`})
	_ = Register(Info{Code: Code(grammar.IllegalChar), Name: "IllegalChar",
		Title: "a character belongs to no word, number, string or sign of the language",
		Text: "The signs are ( ) [ ] { } , ; = . * and ->. A key and its value have only a space between them, " +
			"and a comment starts with //.",
		Wrong: `package main

queue jobs string { capacity: 5 }

process main { send jobs; receive jobs }
`,
		Right: `package main

queue jobs string { capacity 5 }

process main { send jobs; receive jobs }
`})
	_ = Register(Info{Code: Code(grammar.OpenString), Name: "OpenString",
		Title: "a string is not closed",
		Text:  "A string in \" quotes ends in its line. Strings occur only in imports.",
		Wrong: `package main

import "time

value started time.Time
`,
		Right: `package main

import "time"

value started time.Time
`})
	_ = Register(Info{Code: Code(grammar.OpenComment), Name: "OpenComment",
		Title: "a /* comment is not closed",
		Wrong: `package main

/* what follows is all comment

value done int
`,
		Right: `package main

/* what follows is no comment */

value done int
`})
	_ = Register(Info{Code: Code(grammar.OpenBlock), Name: "OpenBlock",
		Title: "a block is not closed",
		Text: "A declaration that starts in the first column is taken for the next one, so that the rest of the " +
			"file is read as it was meant.",
		Wrong: `package main

struct Job {
	path string

value last Job
`,
		Right: `package main

struct Job {
	path string
}

value last Job
`})
	_ = Register(Info{Code: Code(grammar.TooDeep), Name: "TooDeep",
		Title: "types or blocks are nested too deep",
		Wrong: `package main

struct Deep { field [][][][][][][][][][][][][][][][][][][][][][][][][][][][][][][][][][]int }

value last Deep
`,
		Right: `package main

struct Deep  { field [][][][][][][][][][][][][][][][]Inner }
struct Inner { field [][][][][][][][][][][][][][][][][][]int }

value last Deep
`})
	_ = Register(Info{Code: Code(grammar.ReservedWord), Name: "ReservedWord",
		Title: "a keyword of Go is used as a name",
		Text: "Each name of a .mp file becomes a name in Go, so Go's keywords can be none. The keywords of .mp " +
			"files are no trouble: a field may be called value, and a queue queue.",
		Wrong: `package main

struct Job { type string }

value last Job
`,
		Right: `package main

struct Job { kind string }

value last Job
`})
	_ = Register(Info{Code: Code(grammar.UnknownDecl), Name: "UnknownDecl",
		Title: "a declaration starts with a word that is none of the language's",
		Text:  "A declaration starts with one of " + grammar.Declarations() + ".",
		Wrong: `package main

que jobs string

process main { send jobs; receive jobs }
`,
		Right: `package main

queue jobs string

process main { send jobs; receive jobs }
`})
	_ = Register(Info{Code: Code(grammar.MissingPackage), Name: "MissingPackage",
		Title: "a file does not start with its package clause",
		Text:  "The generated Go file belongs to a package, the one of the Go files beside it.",
		Wrong: `value done int
`,
		Right: `package main

value done int
`})
	_ = Register(Info{Code: Code(grammar.MisplacedDecl), Name: "MisplacedDecl",
		Title: "an import or a package clause stands behind a declaration",
		Wrong: `package main

value started time.Time

import "time"
`,
		Right: `package main

import "time"

value started time.Time
`})
	_ = Register(Info{Code: Code(grammar.TooManyErrors), Name: "TooManyErrors",
		Title: "a file has so many errors that the rest of it was not read",
		When:  "A file that is not .mp at all has an error in nearly every line. After 200 of them mpgen stops reading."})
)
