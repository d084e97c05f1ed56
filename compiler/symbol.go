package compiler

import (
	"slices"
	"strings"

	"github.com/mpgen/mpgen/compiler/ir"
	"github.com/mpgen/mpgen/grammar"
)

// symbol is a declared name and what the phases find out about it. Pointers that
// are nil after resolve stand for something that was reported.
type symbol struct {
	name   *grammar.Name
	kind   string // the keyword
	decl   grammar.Decl
	file   *grammar.File
	goName string // the exported Go name

	// missing symbols are of a kind that this version does not have, or could not
	// be read: whoever names one is not told again.
	missing bool
	torn    bool // two have the name, so that nobody knows which one is meant
	used    bool // another declaration names it

	typ    *ir.Type       // of a queue's items, of a value, of an array's elements
	fields []field        // of a struct, and of the task of a pool with several parameters
	params []param        // of a process or service
	given  map[string]set // settings, by "key" or "block.key"

	length    int64       // of an array; 0 is told to Start
	instances int64       // of a process with a number of them; 0 for one without
	onDemand  bool        // a process that is started by a call
	funcs     []*function // what workers call: of a pool one, of a service its methods
	key       *field      // of a queue
	handler   *handler    // of a process, pool or service
}

// bind is the function that a declaration names after its "=", or nil.
func (s *symbol) bind() *grammar.Ref {
	switch d := s.decl.(type) {
	case *grammar.Process:
		return d.Bind
	case *grammar.Pool:
		return d.Bind
	case *grammar.Service:
		return d.Bind
	}
	return nil
}

// field is a field of a struct.
type field struct {
	name *grammar.Name
	of   *grammar.Comments
	at   grammar.Type // as written
	typ  *ir.Type
	lead bool // the first of its line, which has the comments
}

// param is a parameter of a process, service or function.
type param struct {
	of   *grammar.Param
	name *grammar.Name
	typ  *ir.Type
}

// function is what workers call for each task: the function of a pool, or a
// method of a service. In a flow it is a stage.
type function struct {
	of      *symbol
	name    *grammar.Name
	method  *grammar.Method // nil for the function of a pool
	written *grammar.Params
	result  grammar.Type
	params  []param
	in      *ir.Type // of a task; of one of a batch
	batch   bool     // it takes several tasks in a slice
	out     *ir.Type
	hasOut  bool // it declares a result

	flow     *grammar.Ref // where it stands in a flow, or nil
	from, to *symbol
	each     bool
}

// String is a function in a message.
func (f *function) String() string {
	if f.method != nil {
		return "func " + quote(f.of.name.Text+"."+f.name.Text)
	}
	return f.of.String()
}

// set is a setting with what it was given.
type set struct {
	at    *grammar.Setting
	n     int64 // count, bytes, nanoseconds
	word  string
	refs  []target
	texts []string // of strings
}

// target is a name in a setting and the declaration it stands for.
type target struct {
	ref *grammar.Ref
	sym *symbol
}

// stage says whether a pool, or a method of a service, works for a flow.
func (s *symbol) stage() bool {
	return slices.ContainsFunc(s.funcs, func(f *function) bool { return f.flow != nil })
}

// several says whether more than one process may run what is declared at once, and
// why, in words.
func (s *symbol) several() (string, bool) {
	switch {
	case s.kind == "process" && s.onDemand:
		if m, ok := s.given["max"]; !ok || m.n != 1 {
			return "may run several times at once", true
		}
	case s.kind == "process" && s.instances > 1:
		return "has " + itoa(s.instances) + " instances", true
	case s.kind == "pool" || s.kind == "service":
		switch w, ok := s.given["workers"]; {
		case ok && w.n > 1:
			return "has " + itoa(w.n) + " workers", true
		case !ok && s.kind == "pool":
			return "has as many workers as processors", true
		}
	}
	return "", false
}

// startsAgain reports whether a process, or a worker, may be started after the pipeline.
func (s *symbol) startsAgain() bool {
	if s.kind != "process" || s.onDemand {
		return true
	}
	restart, given := s.given["restart"]
	return given && restart.word != "never" && (restart.word != "" || restart.n != 0)
}

// spares is how many processes stand by.
func (s *symbol) spares() int {
	if s.given["start"].word != "warm" {
		return 0
	}
	return int(max(s.given["spares"].n, 1))
}

// daemon reports whether it keeps nobody waiting.
func (s *symbol) daemon() bool {
	_, ok := s.given["daemon"]
	return ok
}

// isType says whether fields and items can be of it.
func (s *symbol) isType() bool { return s.kind == "struct" || s.kind == "enum" }

// serves says whether others can call it.
func (s *symbol) serves() bool { return s.kind == "pool" || s.kind == "service" }

// named are the declarations that a setting names.
func (s *symbol) named(key string) []*symbol {
	var list []*symbol
	for _, r := range s.given[key].refs {
		list = append(list, r.sym)
	}
	return list
}

// amount is what a declaration has of a count, size or duration: what is written, or
// the default.
func (s *symbol) amount(path string) int64 {
	if given, ok := s.given[path]; ok {
		return given.n
	}
	key, block := path, ""
	if in, rest, ok := strings.Cut(path, "."); ok {
		block, key = in, rest
	}
	var n int64
	if row := findSetting(s.kind, block, key); row != nil {
		switch {
		case row.Takes&Count != 0:
			n, _ = readCount(row.Default)
		case row.Takes&Size != 0:
			n, _ = readSize(row.Default)
		case row.Takes&Duration != 0:
			n, _ = readDuration(row.Default)
		}
	}
	return n
}

// reaches says whether it has ports.
func (s *symbol) reaches() bool {
	return s.instances > 0 || len(s.given["send"].refs)+len(s.given["receive"].refs)+
		len(s.given["use"].refs)+len(s.given["read"].refs) > 0
}

// String is a symbol in a message.
func (s *symbol) String() string { return s.kind + " " + quote(s.name.Text) }
