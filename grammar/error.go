package grammar

import "fmt"

// Code names a kind of syntax error for ever; the compiler's list of codes has its title and an example.
type Code string

// The syntax errors.
const (
	Unexpected     Code = "MP0001" // a token that cannot stand where it stands
	IllegalChar    Code = "MP0002" // a character that belongs to no token
	OpenString     Code = "MP0003" // a string without its closing quote
	OpenComment    Code = "MP0004" // a /* without its */
	OpenBlock      Code = "MP0005" // a { without its }
	TooDeep        Code = "MP0006" // types or blocks nested deeper than MaxDepth
	ReservedWord   Code = "MP0007" // one of Go's keywords as a name
	UnknownDecl    Code = "MP0008" // a declaration starts with a word that is no keyword
	MissingPackage Code = "MP0009" // the file does not start with its package clause
	MisplacedDecl  Code = "MP0010" // a package clause or import behind a declaration
	TooManyErrors  Code = "MP0011" // the rest of the file was not read
)

// Error is one syntax error at an exact place. Msg says what was found and what was wanted; Help, which may be empty,
// says what to do.
type Error struct {
	Span
	Code  Code
	Msg   string
	Label string // what to write under the place; may be empty
	Help  string
	Notes []Note
	Fixes []Fix
}

// Fix is a way to mend an error, where it is certain what was meant: all its edits together.
type Fix struct {
	Message string // what it does, as an order
	Edits   []Edit
}

// Edit replaces the text of its span by New.
type Edit struct {
	Span
	New string
}

// change is the fix that replaces a word.
func change(at Span, from, to string) Fix {
	return Fix{fmt.Sprintf("change %q to %q", from, to), []Edit{{at, to}}}
}

// Note is a second place that explains an error, such as the bracket that is still open.
type Note struct {
	Span
	Label string
}

// Error returns the place and the message, as file:line:column: message.
func (e Error) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s", e.Pos.Filename, e.Pos.Line, e.Pos.Column, e.Msg)
}
