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
}

// Output is what is to be written into the folder, by file name.
type Output struct {
	Files map[string][]byte
}

// Generate compiles a folder. If one of the diagnostics is an error, Output has
// no files, but for errors of the Go functions that the pipeline calls: whoever
// mends those needs the generated types. The same input, with the same Go files around it, gives the same bytes.
func Generate(in Input) (Output, []diag.Diagnostic) {
	p, ds := Lower(in)
	if p == nil {
		return Output{}, ds
	}
	text, err := emit.File(p)
	if err != nil {
		return Output{}, append(ds, internalError(in, err))
	}
	return Output{Files: map[string][]byte{FileName: text}}, ds
}

// Check finds what Generate would find, and makes nothing.
func Check(in Input) []diag.Diagnostic {
	u := analyse(in)
	return u.report()
}

// Lower compiles a folder as far as its IR, which is nil where Generate makes no files.
func Lower(in Input) (*ir.Pipeline, []diag.Diagnostic) {
	u := analyse(in)
	ds := u.report()
	if u.refused {
		return nil, ds
	}
	return u.lower(), ds
}

// analyse runs the phases that find mistakes.
func analyse(in Input) *unit {
	u := newUnit(in)
	u.parse()
	u.resolve()
	u.check()
	u.collide()
	u.unusedTypes()
	u.refused = diag.HasErrors(u.found)
	u.handlers()
	return u
}
