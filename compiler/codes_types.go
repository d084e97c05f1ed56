package compiler

import "github.com/mpgen/mpgen/compiler/diag"

// The codes about types.
var (
	codeUnknownType = diag.Register(diag.Info{Code: "MP0201", Name: "UnknownType",
		Title: "a type is not declared",
		Text: "Types are Go's own, as string and []int, and structs and enums of the .mp files of the folder. A type of a " +
			"Go package needs an import, and stands with the name of the package: image.Point.",
		Wrong: `package main

struct Job { path sting }

value last Job
`,
		Right: `package main

struct Job { path string }

value last Job
`})
	codeCannotSend = diag.Register(diag.Info{Code: "MP0202", Name: "CannotSend",
		Title: "values of a type can't go from one process to another",
		Text: "Processes share no memory but what a .mp file declares, so that all else is copied. A channel, a " +
			"function, an interface or a lock would be nothing there: send what it is about, and declare a queue, a pool or a lock " +
			"in its place.",
		Wrong: `package main

struct Job {
	path string
	why  error
}

value last Job
`,
		Right: `package main

struct Job {
	path string
	why  string // the text of the error
}

value last Job
`})
	codeHoldsItself = diag.Register(diag.Info{Code: "MP0203", Name: "HoldsItself",
		Title: "a struct holds itself by value",
		Text:  "It would have no end. A pointer may be nil, a slice or map empty, so that these may hold the struct again.",
		Wrong: `package main

struct Tree { left Tree; right Tree }

value last Tree
`,
		Right: `package main

struct Tree { left *Tree; right *Tree }

value last Tree
`})
	codeMapKey = diag.Register(diag.Info{Code: "MP0204", Name: "MapKey",
		Title: "a type can't be the key of a map, or be in a set",
		Text:  "Keys are strings, numbers, enums, or arrays and structs of those: what Go compares by what it holds.",
		Wrong: `package main

struct Peers { of map[[]byte]string }

value last Peers
`,
		Right: `package main

struct Peers { of map[string]string }

value last Peers
`})
	codeDictMap = diag.Register(diag.Info{Code: "MP0450", Name: "DictMap",
		Title: "a dict is declared with a type that is no map",
		Wrong: `package main

dict seen int

process fetch[4] { use seen }
`,
		Right: `package main

dict seen map[string]int

process fetch[4] { use seen }
`})
	codeNotAType = diag.Register(diag.Info{Code: "MP0205", Name: "NotAType",
		Title: "a name stands where a type is wanted, and is none",
		Wrong: `package main

value done int

struct Job { n done }

value last Job
`,
		Right: `package main

value done int

struct Job { n int }

value last Job
`})
	codeFailedType = diag.Register(diag.Info{Code: "MP0206", Name: "FailedType",
		Title: "failed[T] stands where it can't",
		Text: "failed[T] is a task with the error that it failed for. It is the whole item of a queue or the " +
			"whole parameter of a pool, and no part of another type.",
		Wrong: `package main

struct Job { last failed[string] }

value last Job
`,
		Right: `package main

struct Job { last string; why string }

value last Job
`})
	codeArrayLength = diag.Register(diag.Info{Code: "MP0207", Name: "ArrayLength",
		Title: "the length of an array is no usable number",
		Wrong: `package main

struct Job { sum [16KiB]byte }

value last Job
`,
		Right: `package main

struct Job { sum [16384]byte }

value last Job
`})
	codeEnum = diag.Register(diag.Info{Code: "MP0208", Name: "EnumValues",
		Title: "an enum has no values, or more than 256",
		Text:  "In Go it is a uint8.",
		Wrong: `package main

enum Level {}

value last Level
`,
		Right: `package main

enum Level { low; high }

value last Level
`})
	codeParameters = diag.Register(diag.Info{Code: "MP0209", Name: "Parameters",
		Title: "a pool has no parameter",
		Text:  "A pool calls its function once for each task, and a parameter says what the task is.",
		Wrong: `package main

pool square() int
`,
		Right: `package main

pool square(n int) int
`})
	codeArray = diag.Register(diag.Info{Code: "MP0210", Name: "Array",
		Title: "an array has no length, or elements that can't be shared as memory",
		Text: "An array is the shared memory itself, so it holds numbers, or structs of numbers, and no strings, slices, " +
			"maps or pointers: an address means nothing in another process.",
		Wrong: `package main

array names [10]string

process scan { use names }
`,
		Right: `package main

value names []string

process scan { use names }
`})
	codeInstances = diag.Register(diag.Info{Code: "MP0211", Name: "Instances",
		Title: "the number of a process's instances is no usable one",
		Text: "With [4] four processes run from the start; with [] the program starts them when it wants; without " +
			"brackets there is one.",
		Wrong: `package main

process scan[0]
`,
		Right: `package main

process scan[4]
`})
	codeBulk = diag.Register(diag.Info{Code: "MP0213", Name: "Bulk",
		Title: "values of a type, or an array, are too large",
		Text: "A value is copied from process to process, and lies on the stack of who handles it: 64 MiB are the most, without " +
			"what slices and maps of it hold. An array, which is shared and not copied, has 1 TiB at most.",
		Wrong: `package main

value screen [65536][65536]uint8
`,
		Right: `package main

lock l

array screen [65536][65536]uint8 { guard l }

process paint[4] { use screen, l }
`})
	codeNoMethods = diag.Register(diag.Info{Code: "MP0212", Name: "NoMethods",
		Title: "a service has no func",
		Wrong: `package main

service counter { workers 1 }
`,
		Right: `package main

service counter {
	func next() int

	workers 1
}
`})
)
