package grammar

import "github.com/alecthomas/participle/v2/lexer"

// Pos is a place in a source file. Line and Column count from 1, Column in characters; Offset counts bytes from 0. It is
// participle's own type, because participle fills it in, at every node, faster so.
type Pos = lexer.Position

// Span is the source text [Pos, EndPos) of a node, exact to the byte: no white space, comment or separator behind it.
type Span struct {
	Pos    Pos
	EndPos Pos
}

// Range returns the span itself, so that every node that embeds one is a Node.
func (s Span) Range() Span { return s }

// Node is any part of the tree.
type Node interface{ Range() Span }

// File is one parsed .mp file. Declarations with a mistake in their head are left out of Decls and named in Broken.
type File struct {
	Span
	Inner
	Name    string // as given to Parse
	Package *Package
	Imports []*Import
	Decls   []Decl
	Broken  []*BrokenDecl
	Lost    map[string]bool // the words in what was left out, and the names of packages

	BrokenImports bool // an import was left out, or a part of one
}

// BrokenDecl is a declaration that could not be kept; who resolves names can tell it from one that was never written.
type BrokenDecl struct {
	Span
	Keyword string
	Name    string // empty where the name itself was missing
}

// Package is the package clause.
type Package struct {
	Span
	Comments
	Name *Name `parser:"'package' @@"`
}

// Import is one import declaration: a single spec, or a group in parentheses.
type Import struct {
	Span
	Comments
	Inner
	Specs []*ImportSpec `parser:"'import' ( @@"`
	Paren bool          `parser:"| @'('"`
	Group []*ImportSpec `parser:"( @@ (?= Semi | ')' ) Semi? )* ')' )"`
}

// All returns the specs of either form.
func (d *Import) All() []*ImportSpec {
	if d.Paren {
		return d.Group
	}
	return d.Specs
}

// ImportSpec is one imported package. Alias is nil where none is given.
type ImportSpec struct {
	Span
	Comments
	Alias *Name   `parser:"@@?"`
	Path  *String `parser:"@@"`
}

// Decl is a declaration: *Struct, *Enum, *Typed, *Plain, *Process, *Pool, *Service, *Flow or *Sandbox.
type Decl interface {
	Node
	Keyword() Name // the word it starts with, with its span
	Ident() *Name  // the name it declares; nil for a flow
	Attached() *Comments
	decl()
}

// Struct declares a type with fields.
type Struct struct {
	Span
	Comments
	Inner
	Name   *Name    `parser:"'struct' @@ '{'"`
	Fields []*Field `parser:"( @@ (?= Semi | '}' ) Semi? )* '}'"`
}

// Field declares one or more fields of one type.
type Field struct {
	Span
	Comments
	Names []*Name `parser:"@@ ( ',' @@ )*"`
	Type  Type    `parser:"@@"`
}

// Enum declares a type whose values have names.
type Enum struct {
	Span
	Comments
	Inner
	Name   *Name        `parser:"'enum' @@ '{'"`
	Values []*EnumValue `parser:"( @@ (?= Semi | '}' ) Semi? )* '}'"`
}

// EnumValue is one name of an enum.
type EnumValue struct {
	Span
	Comments
	Name *Name `parser:"@@"`
}

// Typed declares a shared object with a type. Block is nil where none is written.
type Typed struct {
	Span
	Comments
	Kind  string `parser:"@( 'queue' | 'pipe' | 'value' | 'array' | 'dict' | 'list' | 'set' )"`
	Name  *Name  `parser:"@@"`
	Type  Type   `parser:"@@"`
	Block *Block `parser:"@@?"`
}

// Plain declares a shared object that has no type; blocks are one themselves.
type Plain struct {
	Span
	Comments
	Kind  string `parser:"@( 'lock' | 'rlock' | 'rwlock' | 'semaphore' | 'event' | 'condition' | 'barrier' | 'blocks' )"`
	Name  *Name  `parser:"@@"`
	Block *Block `parser:"@@?"`
}

// Process declares a process. Instances, Params, Bind and Block are nil where not written.
type Process struct {
	Span
	Comments
	Name      *Name      `parser:"'process' @@"`
	Instances *Instances `parser:"@@?"`
	Params    *Params    `parser:"@@?"`
	Bind      *Ref       `parser:"( '=' @@ )?"`
	Block     *Block     `parser:"@@?"`
}

// Instances is [4], or [] with a nil Count for processes that are started on demand.
type Instances struct {
	Span
	Count *Number `parser:"'[' @@? ']'"`
}

// Pool declares a pool of workers. Result, Bind and Block are nil where not written.
type Pool struct {
	Span
	Comments
	Name   *Name   `parser:"'pool' @@"`
	Params *Params `parser:"@@"`
	Result Type    `parser:"@@?"`
	Bind   *Ref    `parser:"( '=' @@ )?"`
	Block  *Block  `parser:"@@?"`
}

// Service declares an object that lives in workers; its methods are items of its block.
type Service struct {
	Span
	Comments
	Name   *Name   `parser:"'service' @@"`
	Params *Params `parser:"@@?"`
	Bind   *Ref    `parser:"( '=' @@ )?"`
	Block  *Block  `parser:"@@"`
}

// Flow connects queues and pools; Stages has at least two.
type Flow struct {
	Span
	Comments
	Stages []*Ref `parser:"'flow' @@ '->' @@ ( '->' @@ )*"`
}

// Sandbox declares a set of restrictions.
type Sandbox struct {
	Span
	Comments
	Name  *Name  `parser:"'sandbox' @@"`
	Block *Block `parser:"@@"`
}

// Params is a parameter list, () included.
type Params struct {
	Span
	Inner
	List []*Param `parser:"'(' ( @@ (?= ',' | ')' ) ','? )* ')'"`
}

// Param is one parameter.
type Param struct {
	Span
	Comments
	Name *Name `parser:"@@"`
	Type Type  `parser:"@@"`
}

// Block is a list of settings and methods in braces.
type Block struct {
	Span
	Inner
	Items []Item `parser:"'{' ( @@ (?= Semi | '}' ) Semi? )* '}'"`
}

// Item is a part of a block: *Method or *Setting.
type Item interface {
	Node
	Attached() *Comments
	item()
}

// Method is one function of a service. Result is nil where not written.
type Method struct {
	Span
	Comments
	Name   *Name   `parser:"'func' @@"`
	Params *Params `parser:"@@"`
	Result Type    `parser:"@@?"`
}

// Setting is a key alone, with values, or with a block: never with both.
type Setting struct {
	Span
	Comments
	Key    *Name    `parser:"@@"`
	Values []*Value `parser:"( @@ ( ',' @@ )*"`
	Block  *Block   `parser:"| @@ )?"`
}

// Value is one value of a setting; exactly one of its fields is set.
type Value struct {
	Span
	Ref    *Ref    `parser:"  @@"`
	Number *Number `parser:"| @@"`
	String *String `parser:"| @@"`
}

// Type is a type as written: *NamedType, *ArrayType, *MapType or *PointerType.
type Type interface {
	Node
	typ()
}

// NamedType is a name, perhaps of an imported package; Arg is the T of failed[T], else nil.
type NamedType struct {
	Span
	Ref *Ref `parser:"@@"`
	Arg Type `parser:"( '[' @@ ']' )?"`
}

// ArrayType is [N]T, or []T with a nil Len.
type ArrayType struct {
	Span
	Len  *Number `parser:"'[' @@? ']'"`
	Elem Type    `parser:"@@"`
}

// MapType is map[K]V.
type MapType struct {
	Span
	Key  Type `parser:"'map' '[' @@ ']'"`
	Elem Type `parser:"@@"`
}

// PointerType is *T: a T that may be missing.
type PointerType struct {
	Span
	Elem Type `parser:"'*' @@"`
}

// Ref is a name, or a qualified name Name.Sel; Sel is nil where there is no dot.
type Ref struct {
	Span
	Name *Name `parser:"@@"`
	Sel  *Name `parser:"( '.' @@ )?"`
}

// String returns the reference as written.
func (r *Ref) String() string {
	if r.Sel != nil {
		return r.Name.Text + "." + r.Sel.Text
	}
	return r.Name.Text
}

// Name is an identifier.
type Name struct {
	Span
	Text string `parser:"@Ident"`
}

// Number is the raw text of a number with its unit: 1024, 0.5, 1m30s, 256MiB.
type Number struct {
	Span
	Text string `parser:"@Number"`
}

// String is the raw text of a string with its quotes, of either of Go's forms.
type String struct {
	Span
	Text string `parser:"@String"`
}

func (*Struct) decl()  {}
func (*Enum) decl()    {}
func (*Typed) decl()   {}
func (*Plain) decl()   {}
func (*Process) decl() {}
func (*Pool) decl()    {}
func (*Service) decl() {}
func (*Flow) decl()    {}
func (*Sandbox) decl() {}

func (*Method) item()  {}
func (*Setting) item() {}

func (*NamedType) typ()   {}
func (*ArrayType) typ()   {}
func (*MapType) typ()     {}
func (*PointerType) typ() {}

// Keyword returns the word that the declaration starts with.
func (d *Struct) Keyword() Name  { return d.word("struct") }
func (d *Enum) Keyword() Name    { return d.word("enum") }
func (d *Typed) Keyword() Name   { return d.word(d.Kind) }
func (d *Plain) Keyword() Name   { return d.word(d.Kind) }
func (d *Process) Keyword() Name { return d.word("process") }
func (d *Pool) Keyword() Name    { return d.word("pool") }
func (d *Service) Keyword() Name { return d.word("service") }
func (d *Flow) Keyword() Name    { return d.word("flow") }
func (d *Sandbox) Keyword() Name { return d.word("sandbox") }

// Ident returns the name that the declaration declares.
func (d *Struct) Ident() *Name  { return d.Name }
func (d *Enum) Ident() *Name    { return d.Name }
func (d *Typed) Ident() *Name   { return d.Name }
func (d *Plain) Ident() *Name   { return d.Name }
func (d *Process) Ident() *Name { return d.Name }
func (d *Pool) Ident() *Name    { return d.Name }
func (d *Service) Ident() *Name { return d.Name }
func (d *Flow) Ident() *Name    { return nil }
func (d *Sandbox) Ident() *Name { return d.Name }

// word is the keyword of length len(text) that the span starts with.
func (s Span) word(text string) Name {
	end := s.Pos
	end.Offset += len(text)
	end.Column += len(text)
	return Name{Span: Span{s.Pos, end}, Text: text}
}

// Comments are what a node carries along. Before and Suffix have every comment as written; Doc and Line are those that
// speak of the node, for the reader of generated code.
type Comments struct {
	Before []Comment // on lines of their own above the node, and those inside of it that no part of it holds
	Suffix []Comment // behind the node on its last line
	Doc    []string  // the lines of the group right above the node, without their markers
	Line   string    // the text behind the node, or behind the "{" it opens, without its marker
}

// Attached returns the comments, for those who hold the node as an interface.
func (c *Comments) Attached() *Comments { return c }

// Inner is what a node in brackets holds besides its parts.
type Inner struct {
	Open   []Comment // behind the opening bracket on its line
	Last   []Comment // below the last part, before the closing bracket
	Broken bool      // parts with a mistake were left out
}

// Comment is one comment as written, // or /* */ included, without a line end.
type Comment struct {
	Span
	Text string
	Gap  bool // a blank line stands above it
}
