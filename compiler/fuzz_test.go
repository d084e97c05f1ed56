package compiler

import (
	"os"
	"path/filepath"
	"testing"

	"pgregory.net/rapid"

	"github.com/mpgen/mpgen/compiler/diag"
	"github.com/mpgen/mpgen/compiler/ir"
)

// FuzzGenerate holds that any text gives findings, or Go that compiles beside the
// functions that it asks for, and no panic.
func FuzzGenerate(f *testing.F) {
	for _, pattern := range []string{"testdata/errors/*.mp", "testdata/golden/*/*.mp", "testdata/vet/*.mp"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			f.Fatal("no seeds", pattern, err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(text)
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		in := Input{ImportPath: "example.com/x", Version: "v0.0.0", Sources: []Source{{"x.mp", text}}}
		out, ds := Generate(in)
		if !diag.HasErrors(ds) && diag.HasErrors(Vet(in)) {
			t.Fatal("an error where there was none")
		}
		for _, d := range ds {
			if d.Code == codeInternal {
				t.Fatal(d.Message)
			}
		}
		code, ok := out.Files[FileName]
		if ok == diag.HasErrors(ds) {
			t.Fatal("a file and errors, or none of both", ds)
		}
		if p, _ := Lower(in); p != nil && checkable(p) {
			if err := typeCheck(string(code), stubs(p)); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// checkable says whether stubs can be written for a pipeline, and what it imports is at hand.
func checkable(p *ir.Pipeline) bool {
	files, err := exports()
	if err != nil {
		return false
	}
	for _, i := range p.Imports {
		if files[i.Path] == "" {
			return false
		}
	}
	for _, d := range p.Decls {
		switch {
		case d.Process != nil && d.Process.Func.Name != d.Name,
			d.Pool != nil && d.Pool.Func.Name != d.Name,
			d.Service != nil && d.Service.Open.Name != "open"+d.Service.Go:
			return false // bound to a function that has its own opinion of its parameters
		}
	}
	return true
}

// FuzzPipelines lets the fuzzer choose among the random pipelines.
func FuzzPipelines(f *testing.F) {
	f.Fuzz(rapid.MakeFuzz(func(t *rapid.T) { compiles(t, pipelines().Draw(t, "pipeline")) }))
}
