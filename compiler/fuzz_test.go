package compiler

import (
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"testing"

	"github.com/mpgen/mpgen/compiler/diag"
)

// FuzzGenerate holds that any text gives findings, or Go that parses, and no panic.
func FuzzGenerate(f *testing.F) {
	for _, pattern := range []string{"testdata/errors/*.mp", "testdata/golden/*/*.mp"} {
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
		out, ds := Generate(Input{ImportPath: "example.com/fuzz", Version: "v0.0.0", Sources: []Source{{"x.mp", text}}})
		for _, d := range ds {
			if d.Code == codeInternal {
				t.Fatal(d.Message)
			}
		}
		code, ok := out.Files[FileName]
		if ok == diag.HasErrors(ds) {
			t.Fatal("a file and errors, or none of both", ds)
		}
		if _, err := parser.ParseFile(token.NewFileSet(), FileName, code, parser.AllErrors); ok && err != nil {
			t.Fatal(err)
		}
	})
}
