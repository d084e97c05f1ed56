package compiler

import (
	"slices"
	"strings"
)

// What the manual, mpgen explain and editors say about a word of the language.

// Keyword is a word that starts a declaration.
type Keyword struct {
	Word    string
	Doc     string // a sentence for the manual
	Example string // a declaration, which may want others beside it
}

// examples are in the order of the manual. What is no shared object has its doc here.
var examples = []Keyword{
	{"struct", "fields that travel together", "struct Page { url string; at time.Time }"},
	{"enum", "a type that has a few values, by name", "enum Level { low; high }"},
	{"queue", "items on their way from those who send to those who receive; each goes to one of them", "queue pages Page { capacity 256 }"},
	{"pipe", "", "pipe line string"},
	{"process", "a function that runs in a process of its own, from the start, or with [] when it is called", "process scan(root string) { send paths }"},
	{"pool", "a function that workers call: for the program, for processes, or for the items of a flow", "pool fetch(url string) Page { workers 8; task { timeout 10s } }"},
	{"service", "an object in a worker of its own, whose methods others call", "service bank { func deposit(account string, amount int64) int64 }"},
	{"flow", "queues and pools in turns: the items of a queue are tasks of the pool behind it, and its results go on", "flow urls -> fetch -> pages"},
	{"value", "", "value done int64"},
	{"array", "elements in shared memory, as a plain slice; several writers need a guard", "array widths [256]uint32 { guard table }"},
	{"dict", "", "dict seen map[string]int"},
	{"list", "", "list todo Job"},
	{"set", "", "set urls string"},
	{"blocks", "", "blocks frames { memory 256MiB }"},
	{"lock", "", "lock bank"},
	{"rlock", "", "rlock tree"},
	{"rwlock", "", "rwlock table"},
	{"semaphore", "", "semaphore desks { permits 2 }"},
	{"event", "", "event ready"},
	{"condition", "", "condition changed"},
	{"barrier", "", "barrier turn"},
}

// Keywords are the words that start a declaration, in the order of the manual.
func Keywords() []Keyword {
	all := slices.Clone(examples)
	for i := range all {
		var docs []string
		for _, k := range kinds {
			if k.Keyword == all[i].Word {
				docs = append(docs, k.Doc)
			}
		}
		if all[i].Doc == "" {
			all[i].Doc = strings.Join(docs, ", or ")
		}
	}
	return all
}

// isKeyword says whether a word starts a declaration that this version compiles.
func isKeyword(word string) bool {
	return slices.ContainsFunc(examples, func(k Keyword) bool { return k.Word == word })
}

// Path is where the setting stands in a declaration: "worker { memory }".
func (s Setting) Path() string {
	if s.In != "" {
		return s.In + " { " + s.Key + " }"
	}
	return s.Key
}

// Form is what may stand behind the setting, with its range; the words among that between two marks.
func (s Setting) Form(mark string) string {
	var forms []string
	for w := range strings.FieldsSeq(s.Words) {
		forms = append(forms, mark+w+mark)
	}
	low, high := bounds(&s)
	for _, f := range []struct {
		bit  Takes
		form string
	}{
		{Count, "a count, " + thousands(low) + " to " + thousands(high)},
		{Size, "a size, " + low + " to " + high},
		{Duration, "a duration, " + low + " to " + high},
		{Names, "names"},
		{Name, "a " + strings.Join(strings.Fields(s.Kinds), ", ")},
		{Field, "a field"},
		{Text, "a string"},
		{Texts, "strings"},
		{Nothing, "nothing"},
		{Nested, "a block of settings"},
	} {
		if s.Takes&f.bit != 0 {
			forms = append(forms, f.form)
		}
	}
	return strings.Join(forms, " or ")
}

// thousands puts commas into digits.
func thousands(digits string) string {
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
