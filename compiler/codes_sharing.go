package compiler

import "github.com/mpgen/mpgen/compiler/diag"

// The codes about what processes share.
var (
	codeNoGuard = diag.Register(diag.Info{Code: "MP0411", Name: "NoGuard",
		Title: "several processes may write to an array at once, and it has no guard",
		Text: "An array is plain memory: of two who change an element at once, one is lost. A guard is the lock that " +
			"keeps them apart. Who only reads the array names it in read.",
		Wrong: `package main

array widths [256]uint32

process work[4] { use widths }
`,
		Right: `package main

lock l

array widths [256]uint32 { guard l }

process work[4] { use widths, l }
`})
	codeGuardNotUsed = diag.Register(diag.Info{Code: "MP0412", Name: "GuardNotUsed",
		Title: "a process uses an array without the lock that is its guard",
		Wrong: `package main

lock l

array widths [256]uint32 { guard l }

process work { use widths }
`,
		Right: `package main

lock l

array widths [256]uint32 { guard l }

process work { use widths, l }
`})
	codeParties = diag.Register(diag.Info{Code: "MP0440", Name: "Parties",
		Title: "the parties of a barrier can't be counted",
		Text: "A barrier waits for each process that uses it, so all of them must be there from the start. Of processes " +
			"that are started by a call, and of workers, say how many must come.",
		Wrong: `package main

barrier turn

process visit[] { use turn }
`,
		Right: `package main

barrier turn { parties 4 }

process visit[] { use turn }
`})
	codePipeEnds = diag.Register(diag.Info{Code: "MP0441", Name: "PipeEnds",
		Title: "a pipe has not exactly two processes at its ends",
		Text: "A pipe is between two processes that are there from the start, one at each end; the program itself may be one. " +
			"Workers come and go, and of processes that are started by a call there may be none, or many: they talk by queues.",
		Wrong: `package main

pipe line string

process talk { use line }
`,
		Right: `package main

pipe line string

process talk { use line }
process main { use line }
`})
	codeUnusedObject = diag.Register(diag.Info{Code: "MP0413", Name: "UnusedObject",
		Title: "a lock, or something else that processes meet at, is used by nobody",
		Wrong: `package main

lock disk
`,
		Right: `package main

lock disk

process work[4] { use disk }
`})
	codeBlockElsewhere = diag.Register(diag.Info{Code: "MP0460", Name: "BlockElsewhere",
		Title: "a block of shared memory is to travel where nobody would know who has it",
		Text: "Of an item of a queue the runtime knows at any moment who has it, whoever dies, and so who has the blocks that " +
			"it carries. A call lends its arguments, and the caller has them after it. Results of calls, values, pipes and arguments " +
			"of processes carry copies.",
		Wrong: `package main

blocks frames { memory 64MiB }

pool shade(pixels frames) frames { use frames }
`,
		Right: `package main

blocks frames { memory 64MiB }

process main { use frames }

// shade changes the pixels of its caller.
pool shade(pixels frames)
`})
	codeCarriedByNone = diag.Register(diag.Info{Code: "MP0461", Name: "CarriedByNone",
		Title: "no item of a queue carries a block of what is declared",
		Text:  "The name of blocks is a type: for the items of a queue, or for fields of them.",
		Wrong: `package main

blocks frames { memory 64MiB }

struct Frame { number int; pixels []byte }

queue raw Frame

process grab { use frames; send raw }
process show { receive raw }
`,
		Right: `package main

blocks frames { memory 64MiB }

struct Frame { number int; pixels frames }

queue raw Frame

process grab { use frames; send raw }
process show { receive raw }
`})
)
