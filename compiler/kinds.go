package compiler

import (
	"slices"
	"strings"

	"github.com/mpgen/mpgen/compiler/ir"
)

// Kind is a row of the table of shared objects: what is declared by a keyword and
// a name, perhaps with a type and settings, is used by processes, and is a field
// of Run. Resolver, checker, lowering and manual ask the table, and the emitter
// writes what it says; so one more kind is a row here, its settings, and a row
// type, its size for tools (sized.go) and a handle in the runtime. Queues and arrays
// have too much of their own.
type Kind struct {
	Keyword string
	Handle  string // type in package mp that Go code gets
	Row     string // type in package mp of its row in the table
	Doc     string // a sentence for the manual

	only  func(t *ir.Type) bool                  // of the types that a keyword takes, those of this row; nil: all
	of    func(t *ir.Type) []ir.Type             // what handle and row are made for; nil: the type itself
	codec []string                               // fields of the row for the codec of each of these
	row   map[string]string                      // settings that the row has, and their fields
	main  bool                                   // Run has it only if process main uses it, and then the row says so
	check func(u *unit, s *symbol, by []*symbol) // what is wrong with it, used by these; may be nil
}

// kinds are in the order of the manual. The first row for a keyword that takes the
// type is the declaration's.
var kinds = []Kind{
	{Keyword: "value", Handle: "Number", Row: "NumberDecl", only: isNumber, check: (*unit).checkNumber,
		Doc: "a number, which is changed in one step"},
	{Keyword: "value", Handle: "Value", Row: "ValueDecl", codec: []string{"Elem"}, row: map[string]string{"slot": "Slot"},
		Doc: "a value of any other type, which nobody sees half changed"},
	{Keyword: "dict", Handle: "Dict", Row: "DictDecl", of: keyAndElem, codec: []string{"Key", "Elem"}, row: limit,
		Doc: "a map, which the program keeps for all"},
	{Keyword: "list", Handle: "List", Row: "ListDecl", codec: []string{"Elem"}, row: limit,
		Doc: "a slice, which the program keeps for all"},
	{Keyword: "set", Handle: "Set", Row: "SetDecl", codec: []string{"Elem"}, row: limit,
		Doc: "values, each of them once, which the program keeps for all"},
	{Keyword: "pipe", Handle: "Conn", Row: "PipeDecl", codec: []string{"Elem"}, row: map[string]string{"capacity": "Capacity", "slot": "Slot", "bytes": "Bytes"}, main: true, check: (*unit).checkPipe,
		Doc: "two queues, one each way, between exactly two processes"},
	{Keyword: "blocks", Handle: "Blocks", Row: "BlocksDecl", row: map[string]string{"memory": "Memory", "count": "Count"}, check: (*unit).checkBlocks,
		Doc: "shared memory for blocks of bytes, which items carry and nobody copies; its name is the type of a block"},
	{Keyword: "lock", Handle: "Lock", Row: "LockDecl", check: (*unit).checkUsed,
		Doc: "a mutex, which tells of a holder's death"},
	{Keyword: "rlock", Handle: "RLock", Row: "RLockDecl", check: (*unit).checkUsed,
		Doc: "a lock that who has it may take again"},
	{Keyword: "rwlock", Handle: "RWLock", Row: "RWLockDecl", check: (*unit).checkUsed,
		Doc: "a lock for many readers or one writer"},
	{Keyword: "semaphore", Handle: "Semaphore", Row: "SemaphoreDecl", row: map[string]string{"permits": "Permits"}, check: (*unit).checkUsed,
		Doc: "a number of permits; those of a dead process come back"},
	{Keyword: "event", Handle: "Event", Row: "EventDecl", check: (*unit).checkUsed,
		Doc: "a flag to wait for"},
	{Keyword: "condition", Handle: "Condition", Row: "ConditionDecl", check: (*unit).checkUsed,
		Doc: "a lock, with a place to wait for a change of what it guards"},
	{Keyword: "barrier", Handle: "Barrier", Row: "BarrierDecl", row: map[string]string{"parties": "Parties"}, main: true, check: (*unit).checkBarrier,
		Doc: "lets its parties go on together"},
}

var limit = map[string]string{"limit": "Limit"}

func keyAndElem(t *ir.Type) []ir.Type { return []ir.Type{*t.Key, *t.Elem} }

// Kinds returns the table of shared objects, in the order of the manual.
func Kinds() []Kind { return slices.Clone(kinds) }

// kindOf is the row of a declaration, or nil.
func kindOf(s *symbol) *Kind {
	for i := range kinds {
		k := &kinds[i]
		if k.Keyword == s.kind && (k.only == nil || s.typ != nil && k.only(s.typ)) {
			return k
		}
	}
	return nil
}

// kindWords are the keywords of the table, separated by blanks.
func kindWords() string {
	var words []string
	for _, k := range kinds {
		if !slices.Contains(words, k.Keyword) {
			words = append(words, k.Keyword)
		}
	}
	return strings.Join(words, " ")
}

// types are what the handle and the row are made for.
func (k *Kind) types(s *symbol) []ir.Type {
	switch {
	case s.typ == nil:
		return nil
	case k.of != nil:
		return k.of(s.typ)
	}
	return []ir.Type{*s.typ}
}

// lower is the row of a declaration; main says that process main uses it.
func (k *Kind) lower(s *symbol, main bool) *ir.Object {
	o := &ir.Object{Type: k.Row, Types: k.types(s)}
	for i, field := range k.codec {
		if t := k.types(s)[i]; !t.Flat {
			o.Fields = append(o.Fields, ir.RowField{Go: field, Codec: &t})
		}
	}
	for i := range settings {
		key := settings[i].Key
		field, ok := k.row[key]
		if !ok || !settings[i].has(k.Keyword, "") {
			continue
		}
		switch given := s.given[key]; {
		case given.n == 0:
		case settings[i].Takes == Size:
			o.Fields = append(o.Fields, ir.RowField{Go: field, Size: given.n})
		default:
			o.Fields = append(o.Fields, ir.RowField{Go: field, Count: given.n})
		}
	}
	if k.main && main {
		o.Fields = append(o.Fields, ir.RowField{Go: "Main", Set: true})
	}
	return o
}
