package ir

// Kind is the shape of a type, as far as carrying it is concerned.
type Kind string

// The kinds of types. Flat ones are copied as memory whatever their kind.
const (
	Basic    Kind = "basic"   // bool and numbers
	String   Kind = "string"  // string
	Bytes    Kind = "bytes"   // []byte
	Array    Kind = "array"   // [Len]Elem
	Slice    Kind = "slice"   // []Elem
	Map      Kind = "map"     // map[Key]Elem
	Pointer  Kind = "pointer" // *Elem
	Declared Kind = "declared"
	Imported Kind = "imported"
	Failed   Kind = "failed" // failed[Elem]
	File     Kind = "file"   // *os.File, as an argument
	Block    Kind = "block"  // of the blocks Name, whose row is Row
)

// Form says how a type that the pipeline does not declare crosses.
type Form string

// The forms of imported types; flat ones need none.
const (
	Binary Form = "binary" // by MarshalBinary and UnmarshalBinary
	Text   Form = "text"   // by MarshalText and UnmarshalText
)

// Type is a Go type and the way its values travel.
type Type struct {
	Kind Kind   `json:"kind"`
	Name string `json:"name,omitempty"` // basic, declared, imported, block
	Path string `json:"path,omitempty"` // import path, of imported
	Row  string `json:"row,omitempty"`  // of blocks
	Len  int64  `json:"len,omitempty"`
	Key  *Type  `json:"key,omitempty"`
	Elem *Type  `json:"elem,omitempty"`

	// Flat types hold no pointer, so that their memory is all of them.
	Flat bool `json:"flat,omitempty"`
	// Size is the bytes that a flat type takes in memory, of the items of queues and
	// the elements of shared objects; -1 if that is not known. It follows from the
	// rest, so the golden files do without.
	Size int64 `json:"-"`
	// Form is how an imported type that is not flat marshals; Addr says that
	// only its pointer does.
	Form Form `json:"form,omitempty"`
	Addr bool `json:"addr,omitempty"`
	// Codec names the generated functions of a declared struct, an imported
	// struct, or an array that is not flat.
	Codec string `json:"codec,omitempty"`
}
