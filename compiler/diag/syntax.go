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
		ds = append(ds, d)
	}
	return ds
}

// The codes of the parser. Each example is a whole file, and gives this code and no other.
var (
	_ = Register(Info{Code: Code(grammar.Unexpected), Name: "Unexpected",
		Title:   "something stands where it cannot stand",
		Example: "package main\n\nqueue jobs\n"})
	_ = Register(Info{Code: Code(grammar.IllegalChar), Name: "IllegalChar",
		Title:   "a character belongs to no word, number, string or sign of the language",
		Example: "package main\n\nqueue jobs string { capacity #5 }\n"})
	_ = Register(Info{Code: Code(grammar.OpenString), Name: "OpenString",
		Title:   "a string is not closed",
		Example: "package main\n\nimport \"time\n"})
	_ = Register(Info{Code: Code(grammar.OpenComment), Name: "OpenComment",
		Title:   "a /* comment is not closed",
		Example: "package main\n\n/* all that follows is comment\n"})
	_ = Register(Info{Code: Code(grammar.OpenBlock), Name: "OpenBlock",
		Title:   "a block is not closed",
		Example: "package main\n\nstruct Job {\n\tpath string\n\nqueue jobs Job\n"})
	_ = Register(Info{Code: Code(grammar.TooDeep), Name: "TooDeep",
		Title:   "types or blocks are nested too deep",
		Example: "package main\n\nstruct Deep { field [][][][][][][][][][][][][][][][][][][][][][][][][][][][][][][][][][]int }\n"})
	_ = Register(Info{Code: Code(grammar.ReservedWord), Name: "ReservedWord",
		Title:   "a keyword of Go is used as a name",
		Example: "package main\n\nstruct Job { type string }\n"})
	_ = Register(Info{Code: Code(grammar.UnknownDecl), Name: "UnknownDecl",
		Title:   "a declaration starts with a word that is none of the language's",
		Example: "package main\n\nque jobs string\n"})
	_ = Register(Info{Code: Code(grammar.MissingPackage), Name: "MissingPackage",
		Title:   "a file does not start with its package clause",
		Example: "queue jobs string\n"})
	_ = Register(Info{Code: Code(grammar.MisplacedDecl), Name: "MisplacedDecl",
		Title:   "an import or a package clause stands behind a declaration",
		Example: "package main\n\nqueue jobs string\n\nimport \"time\"\n"})
	_ = Register(Info{Code: Code(grammar.TooManyErrors), Name: "TooManyErrors",
		Title:   "a file has so many errors that the rest of it was not read",
		Example: "a file that is not .mp at all\n"})
)
