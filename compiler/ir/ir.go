// Package ir is what a checked pipeline comes down to: a plain value that says
// everything the generated file says, and nothing about how it was written.
//
// Lowering makes a Pipeline once all checks have passed; the emitter reads it
// and needs no other input. So every name in it is decided (each Go identifier
// is spelt out here, none is put together later), every reference is an index or
// an identifier, numbers have no units left, and lists stand in the order of the
// source. It is JSON as it is: the golden files of the compiler are that.
package ir

// Pipeline is one folder of .mp files.
type Pipeline struct {
	Version string   `json:"version"`          // of mpgen, with its v
	Package string   `json:"package"`          // name of the Go package
	Path    string   `json:"path"`             // import path of the folder
	Sources []string `json:"sources"`          // names of the .mp files, sorted
	Imports []Import `json:"imports"`          // all that the generated file may need, sorted by path
	Decls   []Decl   `json:"decls"`            // in the order of the source
	Codecs  []Codec  `json:"codecs,omitempty"` // functions to write: declared types first, in order
	Main    *Main    `json:"main,omitempty"`   // what the program itself holds
	Args    []Arg    `json:"args,omitempty"`   // fields of Args
	Run     []Port   `json:"run,omitempty"`    // fields of Run
}

// Import is a package that generated code names.
type Import struct {
	Path  string `json:"path"`
	Name  string `json:"name"`            // as generated code calls it
	Alias bool   `json:"alias,omitempty"` // the import must spell the name
	Std   bool   `json:"std,omitempty"`   // of Go's own library, whose imports come first
}

// Runtime is the import path of package mp.
const Runtime = "github.com/mpgen/mpgen/runtime"

// Decl is one declaration; exactly one of its pointers is set.
type Decl struct {
	Name string   `json:"name"`          // in the .mp file
	Row  string   `json:"row,omitempty"` // variable of its row in the table; types have none
	Doc  []string `json:"doc,omitempty"` // lines above it, without //

	Struct  *Struct  `json:"struct,omitempty"`
	Enum    *Enum    `json:"enum,omitempty"`
	Queue   *Queue   `json:"queue,omitempty"`
	Number  *Number  `json:"number,omitempty"`
	Process *Process `json:"process,omitempty"`
	Pool    *Pool    `json:"pool,omitempty"`
}

// Struct is a declared struct.
type Struct struct {
	Go     string  `json:"go"`
	Fields []Field `json:"fields,omitempty"`
}

// Field is a field of a struct.
type Field struct {
	Go   string   `json:"go"`
	Type Type     `json:"type"`
	Doc  []string `json:"doc,omitempty"`
	Note string   `json:"note,omitempty"` // the comment behind it
}

// Enum is a declared enum, a uint8 in Go.
type Enum struct {
	Go     string      `json:"go"`
	Values []EnumValue `json:"values"`
}

// EnumValue is a constant of an enum.
type EnumValue struct {
	Name string   `json:"name"`
	Go   string   `json:"go"`
	Doc  []string `json:"doc,omitempty"`
	Note string   `json:"note,omitempty"`
}

// Queue is a row for a queue. Zero numbers stand for the runtime's defaults.
type Queue struct {
	Elem     Type  `json:"elem"`
	Capacity int   `json:"capacity,omitempty"` // items
	Slot     int64 `json:"slot,omitempty"`     // bytes
	Bytes    int64 `json:"bytes,omitempty"`
}

// Number is a row for a value of a number type.
type Number struct {
	Type Type `json:"type"`
}

// Process is a row for a process.
type Process struct {
	Func     string   `json:"func"`            // the user's function
	Ports    string   `json:"ports,omitempty"` // its struct of ends; none if it reaches nothing
	Fields   []Port   `json:"fields,omitempty"`
	Params   []Param  `json:"params,omitempty"`
	Send     []string `json:"send,omitempty"` // rows
	Receive  []string `json:"receive,omitempty"`
	Uses     []string `json:"uses,omitempty"`
	Restarts int      `json:"restarts,omitempty"`
	Worker   Worker   `json:"worker,omitzero"`
}

// Param is a parameter of a process; what it starts with is a field of Args.
type Param struct {
	Name string `json:"name"`
	Arg  string `json:"arg"` // the field of Args
	Type Type   `json:"type"`
}

// Arg is a field of Args.
type Arg struct {
	Go   string `json:"go"`
	Type Type   `json:"type"`
}

// Pool is a row for a pool. A stage of a flow has a From.
type Pool struct {
	Func    string `json:"func"`
	Param   string `json:"param"` // the name of its parameter
	In      Type   `json:"in"`
	Out     *Type  `json:"out,omitempty"` // none if its function returns an error only
	Workers int    `json:"workers,omitempty"`
	Bytes   int64  `json:"bytes,omitempty"`
	Task    Task   `json:"task,omitzero"`
	Worker  Worker `json:"worker,omitzero"`
	From    string `json:"from,omitempty"` // rows of queues
	To      string `json:"to,omitempty"`
	Each    bool   `json:"each,omitempty"` // the elements of a result are sent one by one
	Dead    string `json:"dead,omitempty"` // where tasks go that it gives up on
}

// Task is the task block of a pool. Durations are in nanoseconds.
type Task struct {
	Timeout int64 `json:"timeout,omitempty"`
	Retries int   `json:"retries,omitempty"`
	Backoff int64 `json:"backoff,omitempty"`
	Skip    bool  `json:"skip,omitempty"`
}

// Worker is the worker block of a process or pool.
type Worker struct {
	Tasks  int   `json:"tasks,omitempty"`
	Memory int64 `json:"memory,omitempty"` // bytes
	Grace  int64 `json:"grace,omitempty"`  // nanoseconds
}

// Main is what process main declares.
type Main struct {
	Send    []string `json:"send,omitempty"` // rows
	Receive []string `json:"receive,omitempty"`
}

// PortKind says how a field of Run or of a ports struct is opened.
type PortKind string

// The kinds of ports.
const (
	Sender   PortKind = "sender"
	Receiver PortKind = "receiver"
	Both     PortKind = "both" // ends of one queue
	Shared   PortKind = "number"
	Caller   PortKind = "pool"
)

// Port is a field through which Go code reaches a row.
type Port struct {
	Go   string   `json:"go"`
	Kind PortKind `json:"kind"`
	Row  string   `json:"row"`
	Type Type     `json:"type"`          // element, number, or task
	Out  *Type    `json:"out,omitempty"` // result of a pool
	Doc  []string `json:"doc,omitempty"`
	Note string   `json:"note,omitempty"`
}

// Codec is a pair of functions mpPutName and mpGetName. A struct lists its
// fields, an array its element in Type.
type Codec struct {
	Name   string  `json:"name"`
	Type   Type    `json:"type"`
	Fields []Field `json:"fields,omitempty"`
}
