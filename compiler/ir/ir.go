// Package ir is what a checked pipeline comes down to: a plain value that says
// everything the generated file says, and nothing about how it was written.
//
// Lowering makes a Pipeline once all checks have passed; the emitter reads it
// and needs no other input. So every name in it is decided, every reference is an
// identifier, numbers have no units left, and lists stand in the order of the
// source. The golden files of the compiler are its JSON, which leaves out what the
// emitter does not ask for, the sizes of types.
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

	Struct  *Struct    `json:"struct,omitempty"`
	Enum    *Enum      `json:"enum,omitempty"`
	Queue   *Queue     `json:"queue,omitempty"`
	Array   *ArrayDecl `json:"array,omitempty"`
	Object  *Object    `json:"object,omitempty"`
	Process *Process   `json:"process,omitempty"`
	Pool    *Pool      `json:"pool,omitempty"`
	Service *Service   `json:"service,omitempty"`
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
	Spill    int64 `json:"spill,omitempty"`
	Key      *Key  `json:"key,omitempty"`

	Lends []string `json:"lends,omitempty"` // rows of the blocks that its items carry
}

// Key is the field of an item that says who reads it.
type Key struct {
	Go   string `json:"go"`
	Hash string `json:"hash"` // function of the runtime
}

// ArrayDecl is a row for an array.
type ArrayDecl struct {
	Elem  Type   `json:"elem"`
	Len   int    `json:"len,omitempty"` // 0: given to Start
	Arg   string `json:"arg,omitempty"` // the field of Args with the length
	Guard string `json:"guard,omitempty"`
}

// Object is a row for a shared object of any other kind.
type Object struct {
	Type   string     `json:"type"`            // of the row, in package mp
	Types  []Type     `json:"types,omitempty"` // what that is made for
	Fields []RowField `json:"fields,omitempty"`
}

// RowField is a field of a row that is not the runtime's default; one of its
// values is set.
type RowField struct {
	Go    string `json:"go"`
	Codec *Type  `json:"codec,omitempty"` // of this type
	Count int64  `json:"count,omitempty"`
	Size  int64  `json:"size,omitempty"` // bytes
	Set   bool   `json:"set,omitempty"`  // it is true
}

// Ports are the ends that the function of a process, pool or service is given,
// and the rows that they belong to.
type Ports struct {
	Type     string   `json:"type,omitempty"` // its struct of ends; none if it reaches nothing
	Instance bool     `json:"instance,omitempty"`
	Fields   []Port   `json:"fields,omitempty"`
	Send     []string `json:"send,omitempty"` // rows
	Receive  []string `json:"receive,omitempty"`
	Uses     []string `json:"uses,omitempty"`
	Reads    []string `json:"reads,omitempty"`
	Starts   []string `json:"starts,omitempty"` // of processes
}

// Func is the function that a process, a pool's worker or the opening of a service
// is.
type Func struct {
	Name   string `json:"name"`
	Path   string `json:"path,omitempty"`   // import path, if it is not the folder's
	Bare   bool   `json:"bare,omitempty"`   // it takes no context
	Sure   bool   `json:"sure,omitempty"`   // it returns no error
	Spread bool   `json:"spread,omitempty"` // its last parameter is variadic
	Head   string `json:"head,omitempty"`   // what its author writes; none if it is of another package
}

// Process is a row for a process.
type Process struct {
	Func      Func    `json:"func"`
	Ports     Ports   `json:"ports,omitzero"`
	Params    []Param `json:"params,omitempty"`
	Instances int     `json:"instances,omitempty"`
	Spawn     string  `json:"spawn,omitempty"`   // method of Run that starts one, of processes on demand
	Starter   string  `json:"starter,omitempty"` // the function that makes the port of those who start one, if there are any
	Max       int     `json:"max,omitempty"`
	Daemon    bool    `json:"daemon,omitempty"`
	Restart   string  `json:"restart,omitempty"` // constant of the runtime
	Restarts  int     `json:"restarts,omitempty"`
	Warm      int     `json:"warm,omitempty"` // spares
	Worker    Worker  `json:"worker,omitzero"`
}

// Param is a parameter of a process, service or method. What something starts
// with is a field of Args.
type Param struct {
	Name string `json:"name"`
	Arg  string `json:"arg,omitempty"` // the field of Args
	Type Type   `json:"type"`
}

// Arg is a field of Args.
type Arg struct {
	Go   string `json:"go"`
	Type Type   `json:"type"`
}

// Pool is a row for a pool. A stage of a flow has a From.
type Pool struct {
	Func    Func    `json:"func"`
	Params  []Param `json:"params"`
	Bundle  *Struct `json:"bundle,omitempty"` // the struct of a task, if there are several
	In      Type    `json:"in"`
	Out     *Type   `json:"out,omitempty"` // none if its function returns an error only
	Ports   Ports   `json:"ports,omitzero"`
	Workers int     `json:"workers,omitempty"`
	Bytes   int64   `json:"bytes,omitempty"`
	Warm    int     `json:"warm,omitempty"` // spares
	Task    Task    `json:"task,omitzero"`
	Worker  Worker  `json:"worker,omitzero"`
	Stage   Stage   `json:"stage,omitzero"`

	Concurrent int   `json:"concurrent,omitempty"` // calls at once in a worker
	Batch      int   `json:"batch,omitempty"`      // tasks that the function takes at once
	Wait       int64 `json:"wait,omitempty"`       // for a batch, in nanoseconds

	Lends []string `json:"lends,omitempty"` // rows of the blocks that the tasks carry, if it is called
}

// Result is what the function of a pool returns beside its error: the result of a
// task, or of each of a batch. It is nil if that is nothing.
func (p *Pool) Result() *Type {
	if p.Batch == 0 || p.Out == nil {
		return p.Out
	}
	return &Type{Kind: Slice, Elem: p.Out}
}

// Stage is the place of a function in a flow; rows of queues.
type Stage struct {
	From string `json:"from,omitempty"`
	To   string `json:"to,omitempty"`
	Each bool   `json:"each,omitempty"` // the elements of a result are sent one by one
	Dead string `json:"dead,omitempty"` // where tasks go that it gives up on
}

// Service is a row for a service.
type Service struct {
	Go      string   `json:"go"`     // its interface
	Open    Func     `json:"open"`   // makes its object
	Client  string   `json:"client"` // the type that calls it
	Table   string   `json:"table"`  // the variable of its methods
	Ports   Ports    `json:"ports,omitzero"`
	Params  []Param  `json:"params,omitempty"`
	Methods []Method `json:"methods"`
	Lends   []string `json:"lends,omitempty"` // rows of the blocks that arguments of its methods carry
	Workers int      `json:"workers,omitempty"`
	Bytes   int64    `json:"bytes,omitempty"`
	Warm    int      `json:"warm,omitempty"` // spares
	Task    Task     `json:"task,omitzero"`
	Worker  Worker   `json:"worker,omitzero"`

	Concurrent int `json:"concurrent,omitempty"` // calls at once in a worker
}

// Method is a method of a service's interface.
type Method struct {
	Name   string   `json:"name"`
	Go     string   `json:"go"`
	Params []Param  `json:"params,omitempty"`
	Out    *Type    `json:"out,omitempty"`
	Doc    []string `json:"doc,omitempty"`
	Note   string   `json:"note,omitempty"`
	Stage  Stage    `json:"stage,omitzero"`
}

// Task is the task block of a pool or service. Durations are in nanoseconds.
type Task struct {
	Timeout int64 `json:"timeout,omitempty"`
	Retries int   `json:"retries,omitempty"`
	Backoff int64 `json:"backoff,omitempty"`
	Skip    bool  `json:"skip,omitempty"`
}

// Worker is the worker block of a process, pool or service.
type Worker struct {
	Tasks  int      `json:"tasks,omitempty"`
	Age    int64    `json:"age,omitempty"`    // nanoseconds
	Memory int64    `json:"memory,omitempty"` // bytes
	CPUs   int      `json:"cpus,omitempty"`
	Grace  int64    `json:"grace,omitempty"` // nanoseconds
	Open   int64    `json:"open,omitempty"`  // nanoseconds
	Env    []string `json:"env,omitempty"`   // "KEY=value"
	Dir    string   `json:"dir,omitempty"`
	Nice   int      `json:"nice,omitempty"`
}

// Main is what process main declares.
type Main struct {
	Send      []string `json:"send,omitempty"` // rows
	Receive   []string `json:"receive,omitempty"`
	Footprint int64    `json:"footprint,omitempty"` // bytes
}

// PortKind says how a field of Run or of a ports struct is opened.
type PortKind string

// The kinds of ports.
const (
	Sender   PortKind = "sender"
	Receiver PortKind = "receiver"
	Both     PortKind = "both" // ends of one queue
	Shared   PortKind = "shared"
	Memory   PortKind = "array"
	ReadOnly PortKind = "read" // an array
	Caller   PortKind = "pool"
	Client   PortKind = "service"
	Starter  PortKind = "starter" // a function that starts a process
)

// Port is a field through which Go code reaches a row.
type Port struct {
	Go     string   `json:"go"`
	Kind   PortKind `json:"kind"`
	Row    string   `json:"row"`
	Type   Type     `json:"type,omitzero"`    // element, or task
	Handle string   `json:"handle,omitempty"` // of a shared object: its type in package mp
	Types  []Type   `json:"types,omitempty"`  // of a shared object: what the handle is made for
	Out    *Type    `json:"out,omitempty"`    // result of a pool
	Iface  string   `json:"iface,omitempty"`  // of a service
	Client string   `json:"client,omitempty"` // of a service
	Start  string   `json:"start,omitempty"`  // of a process: the function that makes the port's
	Params []Param  `json:"params,omitempty"` // of a process
	Doc    []string `json:"doc,omitempty"`
	Note   string   `json:"note,omitempty"`
}

// PutName and GetName are the functions of a codec, by its name.
func PutName(codec string) string { return "mpPut" + codec }
func GetName(codec string) string { return "mpGet" + codec }

// Codec is a pair of functions, PutName and GetName of its name. A struct lists its
// fields, an array its element in Type. Another imported type says what it is underneath.
type Codec struct {
	Name   string  `json:"name"`
	Type   Type    `json:"type"`
	Fields []Field `json:"fields,omitempty"`
	Under  *Type   `json:"under,omitempty"`
}
