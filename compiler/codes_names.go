package compiler

import "github.com/mpgen/mpgen/compiler/diag"

// The codes about names.
var (
	codeUnavailable = diag.Register(diag.Info{Code: "MP0101", Name: "Unavailable",
		Title: "something belongs to the language, but not to this version",
		Text:  "The word keeps its meaning, so that it can't be used for anything else until it works.",
		Wrong: `package main

pool render(page string) []byte {
	workers 4
	worker  { sandbox closed }
}
`,
		Right: `package main

pool render(page string) []byte {
	workers 4
}
`})
	codeDuplicate = diag.Register(diag.Info{Code: "MP0102", Name: "Duplicate",
		Title: "a name is declared twice",
		Text:  "All .mp files of a folder share one space of names, whatever kind of thing a name stands for.",
		Wrong: `package main

struct Job { size int }

enum Job { small; large }

value last Job
`,
		Right: `package main

struct Job { size Size }

enum Size { small; large }

value last Job
`})
	codeUndeclared = diag.Register(diag.Info{Code: "MP0103", Name: "Undeclared",
		Title: "a name is not declared",
		Text: "Declarations may stand in any order, and in any .mp file of the folder; but each name must be " +
			"declared somewhere.",
		Wrong: `package main

queue jobs string

process scan { send jbos }
process work { receive jobs }
`,
		Right: `package main

queue jobs string

process scan { send jobs }
process work { receive jobs }
`})
	codeWrongKind = diag.Register(diag.Info{Code: "MP0104", Name: "WrongKind",
		Title: "a name stands for something of another kind than is wanted",
		Text:  "send and receive take queues; use takes values, arrays, locks, pools and services; read takes arrays.",
		Wrong: `package main

value done int

process scan { send done }
`,
		Right: `package main

value done int

process scan { use done }
`})
	codeNaming = diag.Register(diag.Info{Code: "MP0105", Name: "Naming",
		Title: "types start with a capital letter, everything else with a small one",
		Text: "So a name shows what it is, and no two names are the same in Go, where what other packages may see " +
			"starts with a capital letter.",
		Wrong: `package main

struct job { path string }

value last job
`,
		Right: `package main

struct Job { path string }

value last Job
`})
	codeGoName = diag.Register(diag.Info{Code: "MP0106", Name: "GoName",
		Title: "two things need the same name in Go",
		Text: "Each declaration has names in mpgen.go; docs/language.md lists them. They must differ from each " +
			"other and from all that the Go files of the folder declare.",
		Wrong: `package main

value done int

process at { use done }

struct AtPorts { n int }

value last AtPorts
`,
		Right: `package main

value done int

process at { use done }

struct Harbour { n int }

value last Harbour
`})
	codeReserved = diag.Register(diag.Info{Code: "MP0107", Name: "Reserved",
		Title: "a name has a meaning of its own in Go or in the runtime",
		Text: "What a run reaches is a field or method of the generated type Run, beside Wait, Close, Stats and " +
			"others. The functions of processes and pools can't have the name of something that Go has already, as len or init.",
		Wrong: `package main

value wait int
`,
		Right: `package main

value waiting int
`})
	codePackage = diag.Register(diag.Info{Code: "MP0108", Name: "PackageName",
		Title: "the files of a folder name different packages",
		Text:  "A folder is one pipeline and one package, for its .mp files and its Go files.",
		Wrong: `-- jobs.mp --
package main

value done int
-- thumbs.mp --
package thumbs

value made int
`,
		Right: `-- jobs.mp --
package main

value done int
-- thumbs.mp --
package main

value made int
`})
	codeImport = diag.Register(diag.Info{Code: "MP0109", Name: "Import",
		Title: "an imported package can't be read",
		Text: "A package of Go's library is imported by its path; one of another module needs go get first; one " +
			"that is internal to others is theirs.",
		Wrong: `package main

import "imge"

value corner imge.Point
`,
		Right: `package main

import "image"

value corner image.Point
`})
	codeUnusedImport = diag.Register(diag.Info{Code: "MP0110", Name: "UnusedImport",
		Title: "an import is not used",
		Text:  "An import holds for its own file. Only the types of a package can be used.",
		Wrong: `package main

import "image"

value done int
`,
		Right: `package main

value done int
`})
	codeUnused = diag.Register(diag.Info{Code: "MP0112", Name: "Unused",
		Title: "a struct or an enum is used by no other declaration",
		Text:  "It travels nowhere. This is a warning: the Go type is made all the same.",
		Wrong: `package main

struct Job { path string }

value last string
`,
		Right: `package main

struct Job { path string }

value last Job
`})
	codeMain = diag.Register(diag.Info{Code: "MP0111", Name: "ProcessMain",
		Title: "process main, which is the program itself, is given what only a started process has",
		Text: "process main declares which queues the program holds: with send, receive and use. No function " +
			"belongs to it, and nobody starts it.",
		Wrong: `package main

queue lines string

process main(root string) { send lines; receive lines }
`,
		Right: `package main

queue lines string

process main { send lines; receive lines }
`})
)
