package compiler

import "github.com/mpgen/mpgen/compiler/diag"

// The codes of what the compiler finds: MP01xx names, MP02xx types, MP03xx
// settings, MP04xx flows and the graph. Each example gives its code and no other.
var (
	codeUnavailable = diag.Register(diag.Info{Code: "MP0101", Name: "Unavailable",
		Title:   "something belongs to the language, but not to this version",
		Example: "package main\n\nbarrier turn\n"})
	codeDuplicate = diag.Register(diag.Info{Code: "MP0102", Name: "Duplicate",
		Title:   "a name is declared twice",
		Example: "package main\n\nstruct Job { n int }\n\nenum Job { small; large }\n"})
	codeUndeclared = diag.Register(diag.Info{Code: "MP0103", Name: "Undeclared",
		Title:   "a name is not declared",
		Example: "package main\n\nqueue jobs int\n\nprocess scan { send jbos }\n"})
	codeWrongKind = diag.Register(diag.Info{Code: "MP0104", Name: "WrongKind",
		Title:   "a name stands for something of another kind than is wanted",
		Example: "package main\n\nvalue done int\n\nprocess scan { send done }\n"})
	codeNaming = diag.Register(diag.Info{Code: "MP0105", Name: "Naming",
		Title:   "types start with a capital letter, everything else with a small one",
		Example: "package main\n\nstruct job { n int }\n"})
	codeGoName = diag.Register(diag.Info{Code: "MP0106", Name: "GoName",
		Title:   "two things need the same name in Go",
		Example: "package main\n\nvalue done int\n\nprocess at { use done }\n\nstruct AtPorts { n int }\n"})
	codeReserved = diag.Register(diag.Info{Code: "MP0107", Name: "Reserved",
		Title:   "a name has a meaning of its own in Go or in the runtime",
		Example: "package main\n\nvalue wait int\n"})
	codePackage = diag.Register(diag.Info{Code: "MP0108", Name: "PackageName",
		Title:   "the files of a folder name different packages",
		Example: "package main beside a file of package other\n"})
	codeImport = diag.Register(diag.Info{Code: "MP0109", Name: "Import",
		Title:   "an imported package can't be read",
		Example: "package main\n\nimport \"imge\"\n\nqueue points imge.Point\n\nprocess main { send points; receive points }\n"})
	codeUnusedImport = diag.Register(diag.Info{Code: "MP0110", Name: "UnusedImport",
		Title:   "an import is not used",
		Example: "package main\n\nimport \"image\"\n\nvalue done int\n"})
	codeMain = diag.Register(diag.Info{Code: "MP0111", Name: "ProcessMain",
		Title:   "process main, which is the program itself, is given what only a started process has",
		Example: "package main\n\nprocess main(root string) {}\n"})

	codeUnknownType = diag.Register(diag.Info{Code: "MP0201", Name: "UnknownType",
		Title:   "a type is not declared",
		Example: "package main\n\nstruct Job { path sting }\n"})
	codeCannotSend = diag.Register(diag.Info{Code: "MP0202", Name: "CannotSend",
		Title:   "values of a type can't go from one process to another",
		Example: "package main\n\nstruct Job { why error }\n"})
	codeHoldsItself = diag.Register(diag.Info{Code: "MP0203", Name: "HoldsItself",
		Title:   "a struct holds itself by value",
		Example: "package main\n\nstruct Tree { left Tree }\n"})
	codeMapKey = diag.Register(diag.Info{Code: "MP0204", Name: "MapKey",
		Title:   "a type can't be the key of a map",
		Example: "package main\n\nstruct Peers { of map[[]byte]string }\n"})
	codeNotAType = diag.Register(diag.Info{Code: "MP0205", Name: "NotAType",
		Title:   "a name stands where a type is wanted, and is none",
		Example: "package main\n\nvalue done int\n\nstruct Job { n done }\n"})
	codeFailedType = diag.Register(diag.Info{Code: "MP0206", Name: "FailedType",
		Title:   "failed[T] stands where it can't",
		Example: "package main\n\nstruct Job { last failed[string] }\n"})
	codeArrayLength = diag.Register(diag.Info{Code: "MP0207", Name: "ArrayLength",
		Title:   "the length of an array is no usable number",
		Example: "package main\n\nstruct Job { sum [16KiB]byte }\n"})
	codeEnum = diag.Register(diag.Info{Code: "MP0208", Name: "EnumValues",
		Title:   "an enum has no values, or more than 256",
		Example: "package main\n\nenum Level {}\n"})
	codeParameters = diag.Register(diag.Info{Code: "MP0209", Name: "Parameters",
		Title:   "a pool has no parameter",
		Example: "package main\n\npool tick() int\n"})
	codeArray = diag.Register(diag.Info{Code: "MP0210", Name: "Array",
		Title:   "an array has no length, or elements that can't be shared as memory",
		Example: "package main\n\narray names [10]string\n\nprocess scan { use names }\n"})
	codeInstances = diag.Register(diag.Info{Code: "MP0211", Name: "Instances",
		Title:   "the number of a process's instances is no usable one",
		Example: "package main\n\nprocess scan[0]\n"})
	codeNoMethods = diag.Register(diag.Info{Code: "MP0212", Name: "NoMethods",
		Title:   "a service has no func",
		Example: "package main\n\nservice counter { workers 1 }\n"})

	codeUnknownSetting = diag.Register(diag.Info{Code: "MP0301", Name: "UnknownSetting",
		Title:   "a declaration has no setting of that name",
		Example: "package main\n\npool square(n int) int { wokers 4 }\n"})
	codeDoubled = diag.Register(diag.Info{Code: "MP0302", Name: "Doubled",
		Title:   "a setting is given twice",
		Example: "package main\n\npool square(n int) int { workers 4; workers 8 }\n"})
	codeForm = diag.Register(diag.Info{Code: "MP0303", Name: "SettingForm",
		Title:   "a setting is given something of the wrong form or unit",
		Example: "package main\n\npool square(n int) int { task { timeout 5 } }\n"})
	codeRange = diag.Register(diag.Info{Code: "MP0304", Name: "SettingRange",
		Title:   "the number of a setting is too small or too large",
		Example: "package main\n\npool square(n int) int { workers 5000 }\n"})
	codeNamedTwice = diag.Register(diag.Info{Code: "MP0305", Name: "NamedTwice",
		Title:   "a list of names has one twice",
		Example: "package main\n\nvalue done int\n\nprocess scan { use done, done }\n"})
	codeStageOnly = diag.Register(diag.Info{Code: "MP0306", Name: "StageOnly",
		Title:   "a setting of stages is given to a pool that no flow feeds",
		Example: "package main\n\npool square(n int) int { task { failed skip } }\n"})
	codeKey = diag.Register(diag.Info{Code: "MP0307", Name: "Key",
		Title: "the key of a queue is no field that has a hash",
		Example: "package main\n\nstruct Count { words []string }\n\nqueue counts Count { key words }\n\n" +
			"process main { send counts; receive counts }\n"})
	codeOnDemandOnly = diag.Register(diag.Info{Code: "MP0308", Name: "OnDemandOnly",
		Title:   "a setting of processes that are started by a call is given to another",
		Example: "package main\n\nprocess scan { max 10 }\n"})

	codeNoProducer = diag.Register(diag.Info{Code: "MP0401", Name: "NoProducer",
		Title:   "nobody sends to a queue",
		Example: "package main\n\nqueue jobs int\n\nprocess work { receive jobs }\n"})
	codeNoConsumer = diag.Register(diag.Info{Code: "MP0402", Name: "NoConsumer",
		Title:   "nobody receives from a queue",
		Example: "package main\n\nqueue jobs int\n\nprocess scan { send jobs }\n"})
	codeCycle = diag.Register(diag.Info{Code: "MP0403", Name: "Cycle",
		Title: "queues form a cycle, in which a full one would stop its own reader",
		Example: "package main\n\nqueue links string\nqueue pages string\n\n" +
			"process fetch { receive links; send pages }\nprocess parse { receive pages; send links }\n"})
	codeTwoFlows = diag.Register(diag.Info{Code: "MP0404", Name: "TwoFlows",
		Title: "a pool stands in two flows",
		Example: "package main\n\nqueue a int\nqueue b int\nqueue c int\n\npool double(n int) int\n\n" +
			"process main { send a, b; receive c }\n\nflow a -> double -> c\nflow b -> double -> c\n"})
	codeFlowOrder = diag.Register(diag.Info{Code: "MP0405", Name: "FlowOrder",
		Title: "queues and pools do not take turns in a flow",
		Example: "package main\n\nqueue a int\nqueue b int\n\nprocess main { send a; receive b }\n\n" +
			"flow a -> b\n"})
	codeFlowType = diag.Register(diag.Info{Code: "MP0406", Name: "FlowType",
		Title: "the types along a flow differ",
		Example: "package main\n\nqueue a string\nqueue b int\n\npool double(n int) int\n\n" +
			"process main { send a; receive b }\n\nflow a -> double -> b\n"})
	codeResult = diag.Register(diag.Info{Code: "MP0407", Name: "StageResult",
		Title: "the result of a stage goes nowhere, or there is none where one is wanted",
		Example: "package main\n\nqueue a int\n\npool double(n int) int\n\nprocess main { send a }\n\n" +
			"flow a -> double\n"})
	codeFailedQueue = diag.Register(diag.Info{Code: "MP0408", Name: "FailedQueue",
		Title: "the queue for failed tasks has the wrong type",
		Example: "package main\n\nqueue a int\nqueue broken int\n\npool store(n int) { task { failed broken } }\n\n" +
			"process main { send a; receive broken }\n\nflow a -> store\n"})

	codeCrowd = diag.Register(diag.Info{Code: "MP0409", Name: "TooManyProcesses",
		Title:   "the processes and workers are more than a run can have",
		Example: "package main\n\npool a(n int) int { workers 4000 }\npool b(n int) int { workers 96 }\n"})

	codeStageParameters = diag.Register(diag.Info{Code: "MP0410", Name: "StageParameters",
		Title: "a stage has not just one parameter",
		Example: "package main\n\nqueue a int\n\npool store(n int, at string)\n\nprocess main { send a }\n\n" +
			"flow a -> store\n"})
	codeNoGuard = diag.Register(diag.Info{Code: "MP0411", Name: "NoGuard",
		Title:   "several processes may write to an array at once, and it has no guard",
		Example: "package main\n\narray widths [256]uint32\n\nprocess work[4] { use widths }\n"})
	codeGuardNotUsed = diag.Register(diag.Info{Code: "MP0412", Name: "GuardNotUsed",
		Title: "a process uses an array without the lock that is its guard",
		Example: "package main\n\nlock l\n\narray widths [256]uint32 { guard l }\n\n" +
			"process work { use widths }\n"})
	codeUnusedLock = diag.Register(diag.Info{Code: "MP0413", Name: "UnusedLock",
		Title:   "a lock is used by nobody",
		Example: "package main\n\nlock disk\n"})
	codeCallCycle = diag.Register(diag.Info{Code: "MP0414", Name: "CallCycle",
		Title: "calls form a cycle, perhaps with queues, in which all could wait for each other",
		Example: "package main\n\npool a(n int) int { use b }\n\n" +
			"pool b(n int) int { use a }\n"})
	codeCallsStage = diag.Register(diag.Info{Code: "MP0415", Name: "CallsStage",
		Title: "a pool is called that works for a flow",
		Example: "package main\n\nqueue a int\n\npool store(n int)\n\nprocess main { send a }\n\n" +
			"process work { use store }\n\nflow a -> store\n"})
	codeOnlyDaemons = diag.Register(diag.Info{Code: "MP0416", Name: "OnlyDaemons",
		Title:   "only daemons, which end last, send to a queue that keeps others waiting",
		Example: "package main\n\nqueue ticks int\n\nprocess clock { daemon; send ticks }\n\nprocess work { receive ticks }\n"})
	codeKeyedOnDemand = diag.Register(diag.Info{Code: "MP0417", Name: "KeyedOnDemand",
		Title: "a process that is started by a call receives from a queue with a key",
		Example: "package main\n\nstruct Count { word string }\n\nqueue counts Count { key word }\n\n" +
			"process main { send counts }\n\nprocess reduce[] { receive counts }\n"})

	codeSameQueue = diag.Register(diag.Info{Code: "MP0418", Name: "SameQueue",
		Title: "two funcs of a service take from one queue",
		Example: "package main\n\nqueue a int\n\nservice s { func f(n int); func g(n int) }\n\nprocess main { send a }\n\n" +
			"flow a -> s.f\nflow a -> s.g\n"})

	codeInternal = diag.Register(diag.Info{Code: "MP0901", Name: "Internal",
		Title:   "mpgen wrote Go code that does not parse: a mistake in mpgen",
		Example: "none should exist; please report yours\n"})
)
