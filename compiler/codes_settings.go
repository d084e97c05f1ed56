package compiler

import "github.com/mpgen/mpgen/compiler/diag"

// The codes about settings.
var (
	codeUnknownSetting = diag.Register(diag.Info{Code: "MP0301", Name: "UnknownSetting",
		Title: "a declaration has no setting of that name",
		Text: "docs/language.md has the table of all settings. What holds for each task stands in the block task, and " +
			"what holds for each worker process in the block worker.",
		Wrong: `package main

pool square(n int) int { wokers 4 }
`,
		Right: `package main

pool square(n int) int { workers 4 }
`})
	codeDoubled = diag.Register(diag.Info{Code: "MP0302", Name: "Doubled",
		Title: "a setting is given twice",
		Wrong: `package main

pool square(n int) int { workers 4; workers 8 }
`,
		Right: `package main

pool square(n int) int { workers 8 }
`})
	codeForm = diag.Register(diag.Info{Code: "MP0303", Name: "SettingForm",
		Title: "a setting is given something of the wrong form or unit",
		Text: "Sizes and durations carry their unit, in one word with the number: 256MiB, 64KB, 200ms, 1m30s. Counts " +
			"have none.",
		Wrong: `package main

pool square(n int) int { task { timeout 5 } }
`,
		Right: `package main

pool square(n int) int { task { timeout 5s } }
`})
	codeRange = diag.Register(diag.Info{Code: "MP0304", Name: "SettingRange",
		Title: "the number of a setting is too small or too large",
		Wrong: `package main

pool square(n int) int { workers 5000 }
`,
		Right: `package main

pool square(n int) int { workers 50 }
`})
	codeNamedTwice = diag.Register(diag.Info{Code: "MP0305", Name: "NamedTwice",
		Title: "a list of names has one twice",
		Wrong: `package main

value done int

process scan { use done, done }
`,
		Right: `package main

value done int

process scan { use done }
`})
	codeStageOnly = diag.Register(diag.Info{Code: "MP0306", Name: "StageOnly",
		Title: "a setting of stages is given to a pool that no flow feeds",
		Text:  "Who calls a pool gets the error of each task itself; failed says what becomes of tasks that a queue gave.",
		Wrong: `package main

pool square(n int) int { task { failed skip } }
`,
		Right: `package main

queue numbers int
queue squares int

pool square(n int) int { task { failed skip } }

process main { send numbers; receive squares }

flow numbers -> square -> squares
`})
	codeKey = diag.Register(diag.Info{Code: "MP0307", Name: "Key",
		Title: "the key of a queue is no field that has a hash",
		Text: "The items in which the field is equal go to one reader, which follows from the hash of the field: a string, " +
			"or a type without pointers, of the struct that the queue holds.",
		Wrong: `package main

struct Count { words []string; n int }

queue counts Count { key words }

process main { send counts; receive counts }
`,
		Right: `package main

struct Count { word string; n int }

queue counts Count { key word }

process main { send counts; receive counts }
`})
	codeMissingSetting = diag.Register(diag.Info{Code: "MP0320", Name: "MissingSetting",
		Title: "a setting that must be given is missing",
		Wrong: `package main

semaphore slots

process fetch[4] { use slots }
`,
		Right: `package main

semaphore slots { permits 2 }

process fetch[4] { use slots }
`})
	codeOnDemandOnly = diag.Register(diag.Info{Code: "MP0308", Name: "OnDemandOnly",
		Title: "a setting of processes that are started by a call is given to another",
		Wrong: `package main

process scan { max 10 }
`,
		Right: `package main

process scan[] { max 10 }
`})
	codeEnvironment = diag.Register(diag.Info{Code: "MP0335", Name: "Environment",
		Title: "a variable of a process's environment can't be set so",
		Text: "A variable is a name, =, and its value, each once: \"LANG=C\". GOMAXPROCS, GOMEMLIMIT and PWD are set by cpus, memory " +
			"and dir where those are given, and MPGEN_CHILD is how a process learns what it is.",
		Wrong: `package main

pool render(page string) []byte { worker { env "LANG" } }
`,
		Right: `package main

pool render(page string) []byte { worker { env "LANG=C", "TZ=UTC" } }
`})
	codeWarmOnce = diag.Register(diag.Info{Code: "MP0330", Name: "WarmOnce",
		Title: "a process that starts once is to start warm",
		Text: "start warm keeps processes that stand by for later starts: of a process that is started by a call, or " +
			"again after its end, and of workers in the place of others. What starts with the pipeline, and never again, has " +
			"no use for them.",
		Wrong: `package main

process scan { start warm }
`,
		Right: `package main

process scan[] { start warm }
`})
	codeSparesOfNone = diag.Register(diag.Info{Code: "MP0331", Name: "SparesOfNone",
		Title: "there is a number of spares, and nothing that starts warm",
		Wrong: `package main

pool square(n int) int { spares 2 }
`,
		Right: `package main

pool square(n int) int { start warm; spares 2 }
`})
	codeBatch = diag.Register(diag.Info{Code: "MP0321", Name: "Batch",
		Title: "the function of a pool that takes batches has no slice of tasks and one of results",
		Text: "With batch the pool's function takes a slice, the tasks of a batch, and returns a slice of as many results, in the " +
			"same order, or none. It is called for one task at a time.",
		Wrong: `package main

pool embed(text string) []float32 { batch 32 }
`,
		Right: `package main

pool embed(texts []string) [][]float32 { batch 32 }
`})
	codeStageAtOnce = diag.Register(diag.Info{Code: "MP0322", Name: "StageAtOnce",
		Title: "a stage is to have several tasks in work at once",
		Text: "A worker of a stage notes the one item that it works on, so that its death loses and doubles nothing. Several at " +
			"once are called: a process receives from the one queue, calls the pool with Map, and sends the results to the other.",
		Wrong: `package main

queue texts   string
queue vectors []float32

process main { send texts; receive vectors }

pool embed(texts []string) [][]float32 { batch 32 }

flow texts -> embed -> vectors
`,
		Right: `package main

queue texts   string
queue vectors []float32

process main { send texts; receive vectors }

pool embed(texts []string) [][]float32 { batch 32 }

process feed { receive texts; send vectors; use embed }
`})
	codeTogether = diag.Register(diag.Info{Code: "MP0323", Name: "Together",
		Title: "settings of a pool do not go together",
		Text: "wait is how long a task waits for others of its batch, so that it needs a batch; and a worker that takes batches has " +
			"one at a time, so that concurrent has none.",
		Wrong: `package main

pool embed(texts []string) [][]float32 { batch 32; concurrent 4 }
`,
		Right: `package main

pool embed(texts []string) [][]float32 { batch 32; workers 4 }
`})
	codeFootprint = diag.Register(diag.Info{Code: "MP0804", Name: "Footprint",
		Title: "the pipeline takes more shared memory than it declares",
		When: "process main declares a footprint, and queues, pools, processes and shared objects together take more. mpgen " +
			"check --footprint shows what takes how much: lower the capacity, bytes or spill of queues and pools, the length of " +
			"arrays or the number of workers, or declare more. A pool that declares no workers has as many as this " +
			"machine has processors."})
)
