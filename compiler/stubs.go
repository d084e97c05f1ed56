package compiler

import (
	"bytes"
	"cmp"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/mpgen/mpgen/compiler/diag"
	"github.com/mpgen/mpgen/compiler/emit"
	"github.com/mpgen/mpgen/compiler/ir"
	"github.com/mpgen/mpgen/internal/generated"
)

// Functions that are not there yet are written once, into a file that does not exist
// yet, and are the user's from then on. So no file of the user's is ever touched:
// one that is missing later comes in a further file.

// Stubs is a new file with functions that the pipeline calls and nobody has written.
type Stubs struct {
	File  string // its name; there is no such file in the folder
	Text  []byte
	Funcs []string // as they are called in it; a method as TYPE.METHOD
}

// stubsName is the file of the first functions.
const stubsName = "handlers.go"

// stubs are the functions of a pipeline that are missing, or nil if none is: no file
// has them, not even one for another system, or for tests. While a file can't be read
// as a whole nobody knows.
func (u *unit) stubs(p *ir.Pipeline, functions []Function) (*Stubs, []diag.Diagnostic) {
	s := &Stubs{}
	first := ""
	var objects []emit.Object
	for _, f := range functions {
		if f.Found.File == "" {
			s.Funcs = append(s.Funcs, f.Name)
			first = cmp.Or(first, f.Name)
		}
	}
	funcs := slices.Clip(s.Funcs)
	for _, d := range u.order {
		if d.handler == nil || d.handler.lacks == nil {
			continue
		}
		l := d.handler.lacks
		o := emit.Object{Service: d.goName, Type: l.object, Pointer: l.pointer}
		for _, f := range l.funcs {
			name := exported(f.name.Text)
			if slices.Contains(s.Funcs, l.object+"."+name) {
				continue // two services have one object
			}
			o.Methods = append(o.Methods, name)
			s.Funcs = append(s.Funcs, l.object+"."+name)
			first = cmp.Or(first, d.name.Text+name)
		}
		objects = append(objects, o)
	}
	if len(s.Funcs) == 0 || !u.readable() {
		return nil, nil
	}
	s.File = u.stubsFile(first)
	taken := map[string]bool{}
	for _, c := range u.claims() {
		taken[c.name] = true
	}
	for _, i := range p.Imports {
		taken[i.Name] = true
	}
	var err error
	s.Text, err = emit.Stubs(p, funcs, objects, s.File, func(name string) bool { return taken[name] || u.own.names[name].File != "" })
	if err != nil {
		return nil, []diag.Diagnostic{internalError(u.in, err)}
	}
	if s.File == stubsName && !u.anyFile(goGenerate) {
		head, rest, _ := bytes.Cut(s.Text, []byte("\n")) // the package clause
		s.Text = slices.Concat(head, []byte("\n\n//go:generate go tool mpgen generate\n"), rest)
	}
	return s, nil
}

var (
	goGenerate = regexp.MustCompile(`(?m)^//go:generate .*\bmpgen\b.*\bgenerate\b`)
	funcMain   = regexp.MustCompile(`(?m)^func main\(`)
)

// goTexts are the Go files of the folder by name, for whatever system they are, but for
// mpgen.go and those that Go passes over, as an editor's for what is open in it. One that
// can't be read has no text. They are nil of a folder that can't be read.
func (u *unit) goTexts() map[string][]byte {
	if u.texts != nil {
		return u.texts
	}
	entries, err := os.ReadDir(u.in.Dir)
	if err != nil {
		return nil
	}
	u.texts = map[string][]byte{}
	for _, e := range entries {
		name := e.Name()
		if e.IsDir() || !strings.HasSuffix(name, ".go") || name == FileName || name[0] == '.' || name[0] == '_' {
			continue
		}
		text, err := os.ReadFile(filepath.Join(u.in.Dir, name))
		if !os.IsNotExist(err) { // a link to nothing
			u.texts[name] = text
		}
	}
	return u.texts
}

// anyFile says whether a file that people wrote has a line, but for those of tests.
func (u *unit) anyFile(line *regexp.Regexp) bool {
	for name, text := range u.goTexts() {
		if !strings.HasSuffix(name, "_test.go") && !generated.Text(text) && line.Match(text) {
			return true
		}
	}
	return false
}

// readable says whether all files parse.
func (u *unit) readable() bool {
	texts := u.goTexts()
	for name, text := range texts {
		if _, err := parser.ParseFile(token.NewFileSet(), name, text, parser.SkipObjectResolution); err != nil {
			return false
		}
	}
	return texts != nil
}

// stubsFile is a name that no file had when the folder was read, so that who finds one of
// that name later knows that its functions may be there by now: handlers.go, or one after the first function.
// Parts of names behind an underscore would have a meaning for Go.
func (u *unit) stubsFile(first string) string {
	name := stubsName
	base := strings.ToLower(strings.ReplaceAll(first, "_", ""))
	for n := 1; ; n++ {
		if !u.ownFiles().files[name] && name != FileName {
			return name
		}
		if name = base + ".go"; n > 1 {
			name = base + itoa(int64(n)) + ".go"
		}
	}
}
