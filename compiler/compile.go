package compiler

import (
	"github.com/mpgen/mpgen/compiler/diag"
	"github.com/mpgen/mpgen/compiler/emit"
	"github.com/mpgen/mpgen/compiler/ir"
)

// FileName is the name of the generated file.
const FileName = "mpgen.go"

// Source is one .mp file. Name is how diagnostics call it.
type Source struct {
	Name string
	Text []byte
}

// Input is a folder of .mp files.
type Input struct {
	Dir        string   // of the folder, absolute; "" stands for a folder without Go files
	ImportPath string   // of the Go package in it
	Sources    []Source // all .mp files of the folder, sorted by name
	Version    string   // of mpgen, for the first line of the generated file

	// Footprint computes the bytes of shared memory of a pipeline, for those that declare
	// a limit: that is for the runtime to say. Without it nothing is found.
	Footprint func(*ir.Pipeline) (int64, error)
}

// Output is what is to be written into the folder, by file name, and the functions
// that its author writes.
type Output struct {
	Files     map[string][]byte
	Functions []Function
	Stubs     *Stubs // those of the functions that are missing; nil if none is
	NoMain    bool   // the package is main, and no file of it has a func main yet
}

// Generate compiles a folder. If one of the diagnostics is an error, Output has
// no files, but for errors of the Go functions that the pipeline calls: whoever
// mends those needs the generated types. The same input, with the same Go files around it, gives the same bytes.
func Generate(in Input) (Output, []diag.Diagnostic) {
	u := analyse(in)
	p, ds := u.lowered()
	if p == nil {
		return Output{}, ds
	}
	text, err := emit.File(p)
	if err != nil {
		return Output{}, append(ds, internalError(in, err))
	}
	functions := u.functions()
	stubs, bad := u.stubs(p, functions)
	return Output{Files: map[string][]byte{FileName: text}, Functions: functions, Stubs: stubs,
		NoMain: p.Package == "main" && u.in.Dir != "" && !u.anyFile(funcMain)}, append(ds, bad...)
}

// Check finds what Generate would find, and makes nothing.
func Check(in Input) []diag.Diagnostic {
	u := analyse(in)
	ds := u.report()
	if u.limit() > 0 && !u.refused {
		ds = append(ds, u.checkFootprint(u.lower())...)
	}
	return ds
}

// Lower compiles a folder as far as its IR, which is nil where Generate makes no files.
func Lower(in Input) (*ir.Pipeline, []diag.Diagnostic) {
	return analyse(in).lowered()
}

func (u *unit) lowered() (*ir.Pipeline, []diag.Diagnostic) {
	ds := u.report()
	if u.refused {
		return nil, ds
	}
	p := u.lower()
	if over := u.checkFootprint(p); over != nil {
		return nil, append(ds, over...)
	}
	return p, ds
}

// limit is the footprint that process main declares, or 0.
func (u *unit) limit() int64 {
	if u.main == nil {
		return 0
	}
	return u.main.given["footprint"].n
}

// checkFootprint finds out whether a pipeline takes more than it declares.
func (u *unit) checkFootprint(p *ir.Pipeline) []diag.Diagnostic {
	if u.limit() == 0 || u.in.Footprint == nil {
		return nil
	}
	at := u.main.given["footprint"].at
	switch need, err := u.in.Footprint(p); {
	case err != nil:
		return []diag.Diagnostic{noFootprint(at, err)}
	case need > u.limit():
		return []diag.Diagnostic{overFootprint(at, need)}
	}
	return nil
}

// analyse runs the phases that find mistakes.
func analyse(in Input) *unit {
	u := newUnit(in)
	u.parse()
	u.resolve()
	u.check()
	u.collide()
	u.checkUnusedTypes()
	u.refused = diag.HasErrors(u.found)
	u.checkHandlers()
	return u
}
