package compiler

import (
	"slices"
	"strings"
)

// Takes says what a setting may be given; several bits are a choice.
type Takes uint16

// What settings take.
const (
	Count    Takes = 1 << iota // a whole number
	Size                       // bytes, as 256MiB
	Duration                   // as 1m30s
	Word                       // one of Setting.Words
	Names                      // names of declarations of Setting.Kinds, separated by commas
	Name                       // one name of a declaration of Setting.Kinds
	Field                      // a field of a queue's struct
	Text                       // a string
	Texts                      // strings, separated by commas
	Nested                     // a block of settings
	Nothing                    // the key alone
)

// Setting is a row of the table of all settings: checker, formatter, manual and
// editors ask it and nothing else.
type Setting struct {
	Key     string
	Of      string // keywords of the declarations that have it, separated by blanks
	In      string // the block that it stands in; "" is the declaration's own
	Takes   Takes
	Words   string // separated by blanks
	Kinds   string // keywords, separated by blanks
	Default string // as one would write it; "" where there is none
	None    string // what it is without the setting, if no number that it takes says that
	Min     int64  // of the count, the bytes, or the nanoseconds
	Max     int64
	Must    bool   // it must be given
	Later   bool   // belongs to the language, but not to this version
	Doc     string // a sentence for the manual
}

const (
	kib = 1 << 10
	mib = 1 << 20
	gib = 1 << 30
	tib = 1 << 40

	ms   = int64(1e6)
	hour = 3600 * 1000 * ms
)

// settings are in the order of the manual.
var settings = []Setting{
	{Key: "capacity", Of: "queue pipe", Takes: Count, Default: "1024", Min: 1, Max: 1 << 20,
		Doc: "items that the queue holds, a pipe each way, before a sender waits"},
	{Key: "slot", Of: "queue pipe", Takes: Size, Default: "256B", Min: 16, Max: 64 * kib,
		Doc: "bytes of an item that lie in the ring itself; flat items need none"},
	{Key: "bytes", Of: "queue pipe pool service", Takes: Size, Default: "64MiB", Min: 64 * kib, Max: tib,
		Doc: "bytes that items larger than a slot may take together"},
	{Key: "spill", Of: "queue", Takes: Size, Min: 64 * kib, Max: tib,
		Doc: "bytes that may lie outside of the ring, so that no sender waits for room"},
	{Key: "key", Of: "queue", Takes: Field,
		Doc: "a field of the items: those in which it is equal go to one reader"},
	{Key: "slot", Of: "value", Takes: Size, Default: "256B", Min: 16, Max: 64 * kib,
		Doc: "bytes that the value takes at most when it is encoded; numbers and flat values need none"},
	{Key: "limit", Of: "dict list set", Takes: Count, Min: 1, Max: 1 << 40,
		Doc: "entries that it may have; without it, as many as the program's memory holds"},
	{Key: "memory", Of: "blocks", Takes: Size, Must: true, Min: 4 * kib, Max: tib,
		Doc: "bytes that the blocks have together"},
	{Key: "count", Of: "blocks", Takes: Count, Default: "4096", Min: 1, Max: 1 << 20,
		Doc: "blocks that there may be at once"},
	{Key: "permits", Of: "semaphore", Takes: Count, Must: true, Min: 1, Max: 1 << 16,
		Doc: "how many there are to take"},
	{Key: "parties", Of: "barrier", Takes: Count, Min: 1, Max: 10_000,
		Doc: "how many must come, if not each process that uses it; must be given if a pool, a service or a process that is started by a call uses it"},
	{Key: "guard", Of: "array", Takes: Name, Kinds: "lock rlock rwlock condition barrier",
		Doc: "what keeps those who write to the array apart"},

	{Key: "send", Of: "process pool service", Takes: Names, Kinds: "queue",
		Doc: "queues that it sends to"},
	{Key: "receive", Of: "process", Takes: Names, Kinds: "queue",
		Doc: "queues that it receives from"},
	{Key: "use", Of: "process pool service", Takes: Names, Kinds: "array pool service process " + kindWords(),
		Doc: "what it shares with others, pools and services that it calls, and processes that it starts"},
	{Key: "read", Of: "process pool service", Takes: Names, Kinds: "array",
		Doc: "arrays that it reads and can't write"},
	{Key: "restart", Of: "process", Takes: Count | Word, Words: "never on_failure always", Default: "never", Min: 0, Max: 1_000_000,
		Doc: "when it is started again; a number stands for on_failure, so many times in a row, where 10 is the default"},
	{Key: "daemon", Of: "process", Takes: Nothing,
		Doc: "it keeps nobody waiting, and ends when all others have ended"},
	{Key: "max", Of: "process", Takes: Count, Default: "256", Min: 1, Max: maxProcesses,
		Doc: "how many may run at once, of a process that is started by a call"},
	{Key: "start", Of: "process pool service", Takes: Word, Words: "spawn warm", Default: "spawn",
		Doc: "whether each process is started when it is needed, or spare ones, started ahead, stand by"},
	{Key: "spares", Of: "process pool service", Takes: Count, Default: "1", Min: 1, Max: 64,
		Doc: "how many stand by, with start warm"},
	{Key: "footprint", Of: "process", Takes: Size, Min: mib, Max: 64 * tib,
		Doc: "of process main: shared memory that the pipeline may take, in all"},

	{Key: "workers", Of: "pool", Takes: Count, Default: "GOMAXPROCS", Min: 1, Max: maxProcesses,
		Doc: "processes that work on its tasks"},
	{Key: "workers", Of: "service", Takes: Count, Default: "1", Min: 1, Max: maxProcesses,
		Doc: "processes that hold its object, each one of its own"},
	{Key: "batch", Of: "pool", Takes: Count, Min: 2, Max: 4096,
		Doc: "tasks that its function takes at once, at most: it gets a slice of them, and returns one of as many results"},
	{Key: "wait", Of: "pool", Takes: Duration, Min: ms, Max: hour,
		Doc: "how long a task waits for others of its batch; without it, a worker that is free takes those that are there"},
	{Key: "concurrent", Of: "pool service", Takes: Count, None: "1", Min: 2, Max: 1024,
		Doc: "calls that a worker runs at once, each on a goroutine of its own, for which its function or object must be safe"},
	{Key: "task", Of: "pool service", Takes: Nested, Doc: "what holds for each task"},
	{Key: "timeout", Of: "pool service", In: "task", Takes: Duration, Min: ms, Max: 8760 * hour,
		Doc: "time for one attempt, then its worker is stopped"},
	{Key: "retries", Of: "pool service", In: "task", Takes: Count, Default: "0", Min: 0, Max: 1_000_000,
		Doc: "further attempts after a death or a timeout; what the function returns is final"},
	{Key: "idempotent", Of: "pool service", In: "task", Takes: Nothing,
		Doc: "says, to readers and to mpgen vet, that a task may be done twice; it changes nothing at run time"},
	{Key: "backoff", Of: "pool service", In: "task", Takes: Duration, Default: "100ms", Min: ms, Max: hour,
		Doc: "time before a further attempt"},
	{Key: "failed", Of: "pool service", In: "task", Takes: Word | Name, Words: "stop skip", Kinds: "queue", Default: "stop",
		Doc: "what a stage does with a task that it gives up on: stop the run, skip it, or send it to a queue"},

	{Key: "worker", Of: "process pool service", Takes: Nested, Doc: "what holds for each worker process"},
	{Key: "tasks", Of: "pool service", In: "worker", Takes: Count, Min: 1, Max: 1 << 40,
		Doc: "tasks after which a worker is replaced, more or less, so that not all are at once"},
	{Key: "age", Of: "pool service", In: "worker", Takes: Duration, Min: ms, Max: 8760 * hour,
		Doc: "time after which a worker is replaced, when it has done its task"},
	{Key: "memory", Of: "process pool service", In: "worker", Takes: Size, Min: 16 * mib, Max: tib,
		Doc: "memory of its own that a worker may take before it is killed"},
	{Key: "cpus", Of: "process pool service", In: "worker", Takes: Count, Min: 1, Max: 4096,
		Doc: "processors that its goroutines run on at once: its GOMAXPROCS"},
	{Key: "grace", Of: "process pool service", In: "worker", Takes: Duration, Default: "2s", Min: ms, Max: hour,
		Doc: "time from cancelling a worker to killing it"},
	{Key: "open", Of: "service", In: "worker", Takes: Duration, Default: "1m", Min: ms, Max: 8760 * hour,
		Doc: "time to make its object, then the worker is stopped and another tries"},
	{Key: "env", Of: "process pool service", In: "worker", Takes: Texts,
		Doc: "further variables of its environment, as \"KEY=value\", before those of the program"},
	{Key: "dir", Of: "process pool service", In: "worker", Takes: Text,
		Doc: "the folder that it runs in, from that which the program has when it starts the pipeline"},
	{Key: "nice", Of: "process pool service", In: "worker", Takes: Count, None: "0", Min: 1, Max: 19,
		Doc: "how far it steps back for others: added to the program's niceness"},
	{Key: "sandbox", Of: "process pool service", In: "worker", Takes: Name, Kinds: "sandbox", Later: true,
		Doc: "what a worker may reach of the system"},
}

// Settings returns the table of all settings, in the order of the manual.
func Settings() []Setting { return slices.Clone(settings) }

// IsOf says whether declarations of this keyword have the setting, in whichever block.
func (s Setting) IsOf(keyword string) bool { return contains(s.Of, keyword) }

// has says whether a declaration of this keyword has the setting in that block.
func (s *Setting) has(keyword, block string) bool { return s.In == block && s.IsOf(keyword) }

func contains(list, word string) bool {
	for w := range strings.FieldsSeq(list) {
		if w == word {
			return true
		}
	}
	return false
}

// findSetting is the row of a key, or nil.
func findSetting(keyword, block, key string) *Setting {
	for i := range settings {
		if s := &settings[i]; s.Key == key && s.has(keyword, block) {
			return s
		}
	}
	return nil
}

// keysOf are the keys that may stand in a block.
func keysOf(keyword, block string) []string {
	var keys []string
	for i := range settings {
		if settings[i].has(keyword, block) && !settings[i].Later {
			keys = append(keys, settings[i].Key)
		}
	}
	return keys
}
