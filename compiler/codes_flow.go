package compiler

import "github.com/mpgen/mpgen/compiler/diag"

// The codes about flows and the graph of the whole pipeline.
var (
	codeNoProducer = diag.Register(diag.Info{Code: "MP0401", Name: "NoProducer",
		Title: "nobody sends to a queue",
		Text:  "Its readers would never get an item. Processes, pools, flows, and process main for the program can send.",
		Wrong: `package main

queue jobs int

process work { receive jobs }
`,
		Right: `package main

queue jobs int

process scan { send jobs }
process work { receive jobs }
`})
	codeNoConsumer = diag.Register(diag.Info{Code: "MP0402", Name: "NoConsumer",
		Title: "nobody receives from a queue",
		Text:  "It would fill up, and who sends to it would wait for ever.",
		Wrong: `package main

queue jobs int

process scan { send jobs }
`,
		Right: `package main

queue jobs int

process scan { send jobs }
process main { receive jobs }
`})
	codeCycle = diag.Register(diag.Info{Code: "MP0403", Name: "Cycle",
		Title: "queues form a cycle, in which a full one would stop its own reader",
		Text: "Each queue may be full while its reader waits to put something into the next one; then all wait for " +
			"each other. Let one of them spill, where the work grows: then nobody waits for room in it, and Send fails " +
			"when so many bytes are outside of its ring. Such a cycle ends when no work is left in it. Or let the " +
			"program stand in between, which can keep what it received until there is room.",
		Wrong: `package main

queue links string
queue pages string

process fetch { receive links; send pages }
process parse { receive pages; send links }
`,
		Right: `package main

queue links string { spill 256MiB }
queue pages string

process fetch { receive links; send pages }
process parse { receive pages; send links }
`})
	codeTwoFlows = diag.Register(diag.Info{Code: "MP0404", Name: "TwoFlows",
		Title: "a pool stands in two flows",
		Text:  "A stage takes from one queue and sends to one. That queue may have several senders.",
		Wrong: `package main

queue a int
queue b int
queue c int

pool double(n int) int

process main { send a, b; receive c }

flow a -> double -> c
flow b -> double -> c
`,
		Right: `package main

queue a int
queue c int

pool double(n int) int

process scan { send a }
process main { send a; receive c }

flow a -> double -> c
`})
	codeFlowOrder = diag.Register(diag.Info{Code: "MP0405", Name: "FlowOrder",
		Title: "queues and pools do not take turns in a flow",
		Text:  "A flow starts with a queue; a pool takes items from the queue before it and sends to the one behind.",
		Wrong: `package main

queue a int
queue b int

process main { send a; receive b }

flow a -> b
`,
		Right: `package main

queue a int
queue b int

pool double(n int) int

process main { send a; receive b }

flow a -> double -> b
`})
	codeFlowType = diag.Register(diag.Info{Code: "MP0406", Name: "FlowType",
		Title: "the types along a flow differ",
		Text: "A pool takes the items of the queue before it as its parameter, and its result goes into the queue behind " +
			"it. A result []T goes into a queue of T, element by element.",
		Wrong: `package main

queue names string
queue sizes int

pool double(n int) int

process main { send names; receive sizes }

flow names -> double -> sizes
`,
		Right: `package main

queue names string
queue sizes int

pool size(name string) int

process main { send names; receive sizes }

flow names -> size -> sizes
`})
	codeResult = diag.Register(diag.Info{Code: "MP0407", Name: "StageResult",
		Title: "the result of a stage goes nowhere, or there is none where one is wanted",
		Wrong: `package main

queue a int

pool double(n int) int

process main { send a }

flow a -> double
`,
		Right: `package main

queue a int
queue b int

pool double(n int) int

process main { send a; receive b }

flow a -> double -> b
`})
	codeFailedQueue = diag.Register(diag.Info{Code: "MP0408", Name: "FailedQueue",
		Title: "the queue for failed tasks has the wrong type",
		Text:  "It gets the task with the error: failed[T], where T is the type of the pool's parameter.",
		Wrong: `package main

queue a int
queue broken int

pool store(n int) { task { failed broken } }

process main { send a; receive broken }

flow a -> store
`,
		Right: `package main

queue a int
queue broken failed[int]

pool store(n int) { task { failed broken } }

process main { send a; receive broken }

flow a -> store
`})
	codeCrowd = diag.Register(diag.Info{Code: "MP0409", Name: "TooManyProcesses",
		Title: "the processes and workers are more than a run can have",
		Wrong: `package main

pool a(n int) int { workers 4000 }
pool b(n int) int { workers 96 }
`,
		Right: `package main

pool a(n int) int { workers 400 }
pool b(n int) int { workers 96 }
`})
	codeStageParameters = diag.Register(diag.Info{Code: "MP0410", Name: "StageParameters",
		Title: "a stage has not just one parameter",
		Text:  "Its queue gives it one item at a time. A struct makes one of several values.",
		Wrong: `package main

queue counts int

pool store(n int, at string)

process main { send counts }

flow counts -> store
`,
		Right: `package main

struct Count { n int; at string }

queue counts Count

pool store(c Count)

process main { send counts }

flow counts -> store
`})
	codeCallCycle = diag.Register(diag.Info{Code: "MP0414", Name: "CallCycle",
		Title: "calls form a cycle, perhaps with queues, in which all could wait for each other",
		Text: "Who calls a pool waits for one of its workers. If workers call each other in a circle, all of them may " +
			"be the ones that wait.",
		Wrong: `package main

pool count(n int) int { use sum }
pool sum(n int) int   { use count }
`,
		Right: `package main

pool count(n int) int { use sum }
pool sum(n int) int
`})
	codeCallsStage = diag.Register(diag.Info{Code: "MP0415", Name: "CallsStage",
		Title: "a pool is called that works for a flow",
		Text:  "A stage gets its tasks from its queue alone. Who wants it to do something sends to that queue.",
		Wrong: `package main

queue a int

pool store(n int)

process main { send a }
process work { use store }

flow a -> store
`,
		Right: `package main

queue a int

pool store(n int)

process main { send a }
process work { send a }

flow a -> store
`})
	codeOnlyDaemons = diag.Register(diag.Info{Code: "MP0416", Name: "OnlyDaemons",
		Title: "only daemons, which end last, send to a queue that keeps others waiting",
		Text: "A daemon ends when all others have ended, and a queue when all its senders have; so the reader and the " +
			"daemon would wait for each other.",
		Wrong: `package main

queue ticks int

process clock { daemon; send ticks }
process work  { receive ticks }
`,
		Right: `package main

queue ticks int

process clock { daemon; send ticks }
process work  { daemon; receive ticks }
`})
	codeKeyedOnDemand = diag.Register(diag.Info{Code: "MP0417", Name: "KeyedOnDemand",
		Title: "a process that is started by a call receives from a queue with a key",
		Text:  "Which reader gets which keys follows from the number of readers, which must be known at the start.",
		Wrong: `package main

struct Count { word string }

queue counts Count { key word }

process main     { send counts }
process reduce[] { receive counts }
`,
		Right: `package main

struct Count { word string }

queue counts Count { key word }

process main      { send counts }
process reduce[4] { receive counts }
`})
	codeSameQueue = diag.Register(diag.Info{Code: "MP0418", Name: "SameQueue",
		Title: "two funcs of a service take from one queue",
		Text:  "Each item goes to one reader, so one of the two funcs would see it and nobody knows which.",
		Wrong: `package main

queue a int

service s { func f(n int); func g(n int) }

process main { send a }

flow a -> s.f
flow a -> s.g
`,
		Right: `package main

queue a int
queue b int

service s { func f(n int); func g(n int) }

process main { send a, b }

flow a -> s.f
flow b -> s.g
`})
	codeNotOnDemand = diag.Register(diag.Info{Code: "MP0470", Name: "NotOnDemand",
		Title: "a process is to be started that starts with the pipeline",
		Text: "A process, pool or service that names a process in use may start it, as the program can: p.Greet(ctx, name). Only " +
			"those that are declared with [] are started by a call.",
		Wrong: `package main

process greet(name string)
process host { use greet }
`,
		Right: `package main

process greet[](name string)
process host { use greet }
`})
	codeFileToStarted = diag.Register(diag.Info{Code: "MP0471", Name: "FileToStarted",
		Title: "a process that is given an open file is started by another one",
		Text:  "An open file goes from the program to a process, and not from there to another.",
		Wrong: `package main

process serve[](conn file)
process accept { use serve }
`,
		Right: `package main

process serve[](name string)
process accept { use serve }
`})
)
