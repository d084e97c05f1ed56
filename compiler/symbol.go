package compiler

import (
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

	typ    *ir.Type       // of a queue's items, of a value
	fields []field        // of a struct
	params []param        // of a process or pool
	out    *ir.Type       // of a pool with a result
	hasOut bool           // it declares one
	given  map[string]set // settings, by "key" or "block.key"

	// The place of a pool in a flow.
	flow     *grammar.Ref
	from, to *symbol
	each     bool
}

// field is a field of a struct.
type field struct {
	name *grammar.Name
	of   *grammar.Field
	typ  *ir.Type
}

// param is a parameter of a process or pool.
type param struct {
	name *grammar.Name
	typ  *ir.Type
}

// set is a setting with what it was given.
type set struct {
	at   *grammar.Setting
	n    int64 // count, bytes, nanoseconds
	word string
	refs []target
}

// target is a name in a setting and the declaration it stands for.
type target struct {
	ref *grammar.Ref
	sym *symbol
}

// stage says whether a pool works for a flow.
func (s *symbol) stage() bool { return s.flow != nil }

// String is a symbol in a message.
func (s *symbol) String() string { return s.kind + " " + quote(s.name.Text) }
