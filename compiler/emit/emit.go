// Package emit writes the Go file of a pipeline from its IR.
//
// In comes an [ir.Pipeline], out come the bytes of mpgen.go, formatted. Only the
// compiler calls it. It decides nothing about the program: names, order, types
// and the functions to write all stand in the IR, and the same IR gives the same
// bytes.
//
// The one thing to know is which identifiers can meet. Package level names are
// checked before the IR is made, and exported ones meet nothing, so what remains
// are the locals of generated functions: where the package d is imported, or in a
// closure that calls the user's function d, the decoder can't be called d. Every
// local therefore goes through [file.local], which knows the imports. Where a
// parameter of the user's is in scope, [file.scope] keeps all of them apart, and
// [file.calling] the function that is called, too.
package emit

import (
	"bytes"
	"fmt"
	"go/types"
	"slices"
	"strings"
	"unicode"

	"github.com/dave/jennifer/jen"

	"github.com/mpgen/mpgen/compiler/ir"
	"github.com/mpgen/mpgen/internal/generated"
)

// generation is what generated code and runtime agree on, see mp.EnforceVersion.
const generation = 1

// File is the generated file of a pipeline. An error is a mistake in mpgen.
func File(p *ir.Pipeline) ([]byte, error) {
	f := newFile(p)
	f.out.HeaderComment(header(p))
	f.guard()
	f.types()
	f.interfaces()
	f.ports()
	f.run()
	f.start()
	f.spawns()
	f.starters()
	f.table()
	f.wire()
	f.services()
	f.codecs()

	return f.render()
}

// newFile is an empty file that knows the imports.
func newFile(p *ir.Pipeline) *file {
	f := &file{p: p, out: jen.NewFile(p.Package), taken: map[string]bool{}}
	for _, i := range p.Imports {
		f.taken[i.Name] = true
		if i.Alias {
			f.out.ImportAlias(i.Path, i.Name)
		} else {
			f.out.ImportName(i.Path, i.Name)
		}
	}
	return f
}

// render is the file as text.
func (f *file) render() ([]byte, error) {
	var raw bytes.Buffer
	if err := f.out.Render(&raw); err != nil {
		return nil, internal(err)
	}
	return group(raw.Bytes(), f.p.Imports), nil
}

// file is a generated file while it is written.
type file struct {
	p     *ir.Pipeline
	out   *jen.File
	taken map[string]bool // names of imports, which a local must not hide
}

// local is a name for a local: the one wanted, if it hides nothing.
func (f *file) local(name string) string {
	for f.taken[name] {
		name += "_"
	}
	return name
}

// scope is the names of a function that has parameters of the user's.
type scope struct {
	f      *file
	params []string // as this function calls them
}

// scope names parameters as the user did, but for those that would hide what the
// body needs.
func (f *file) scope(params []ir.Param) *scope {
	s := &scope{f: f}
	for _, p := range params {
		name := p.Name
		if ours(name) {
			name = "_" + name
		}
		for f.taken[name] || types.Universe.Lookup(name) != nil || slices.Contains(s.params, name) {
			name += "_"
		}
		s.params = append(s.params, name)
	}
	return s
}

// local is a name for a local of the function.
func (s *scope) local(name string) string {
	for name = s.f.local(name); slices.Contains(s.params, name); name = s.f.local(name) {
		name += "_"
	}
	return name
}

// ours says whether a name has the form of those at package level that generated
// code has for itself: mp and a name that starts with a capital letter.
func ours(name string) bool {
	rest, ok := strings.CutPrefix(name, "mp")
	return ok && strings.IndexFunc(rest, unicode.IsUpper) == 0
}

func header(p *ir.Pipeline) string {
	return fmt.Sprintf(generated.Mark+"%s from %s; DO NOT EDIT.", p.Version, strings.Join(p.Sources, ", "))
}

// guard writes the two constants of which one does not compile against a runtime
// that this code does not fit.
func (f *file) guard() {
	f.out.Const().Defs(
		jen.Id("_").Op("=").Add(mp("EnforceVersion")).Call(jen.Lit(generation).Op("-").Add(mp("MinVersion"))).
			Comment("// too old for the runtime: run mpgen generate"),
		jen.Id("_").Op("=").Add(mp("EnforceVersion")).Call(mp("MaxVersion").Op("-").Lit(generation)).
			Comment("// too new for the runtime: upgrade it"),
	)
	f.out.Line()
}

// mp is a name of the runtime.
func mp(name string) *jen.Statement { return jen.Qual(ir.Runtime, name) }

// braces is a composite literal's body, one element a line if multi.
func braces(multi bool, elems ...jen.Code) jen.Code {
	o := jen.Options{Open: "{", Close: "}", Separator: ",", Multi: multi}
	if !multi {
		o.Separator = ", "
	}
	return jen.Custom(o, elems...)
}

// oneLine is the body of a function on the line of its head.
func oneLine(stmt jen.Code) jen.Code {
	return jen.Custom(jen.Options{Open: "{ ", Close: " }"}, stmt)
}

// doc writes comment lines above what comes next in a group.
func doc(g *jen.Group, lines []string) {
	for _, line := range lines {
		g.Comment(comment(line))
	}
}

// comment is a line of text as a comment that can't be a directive: those start
// right behind the slashes.
func comment(text string) string {
	text = strings.ToValidUTF8(strings.Map(printable, text), "\uFFFD")
	if text == "" {
		return "//"
	}
	if strings.HasPrefix(text, "\t") {
		return "//" + text
	}
	return "// " + text
}

// printable drops what no Go file may hold, and keeps a comment on its line.
func printable(r rune) rune {
	switch r {
	case '\n', '\r':
		return ' '
	case 0, '\uFEFF':
		return -1
	}
	return r
}

// note puts a comment behind a field.
func note(s *jen.Statement, text string) *jen.Statement {
	if text == "" {
		return s
	}
	return s.Comment(comment(text))
}

// group parts the imports into those of Go's library and the others. Jennifer
// writes one block, sorted by path.
func group(src []byte, imports []ir.Import) []byte {
	const open, end = "\nimport (\n", "\n)\n"
	head, rest, ok := bytes.Cut(src, []byte(open))
	if !ok {
		return src
	}
	block, tail, _ := bytes.Cut(rest, []byte(end))
	std := map[string]bool{}
	for _, i := range imports {
		std[i.Path] = i.Std
	}
	var groups [2][]string
	for line := range strings.SplitSeq(string(block), "\n") {
		path := line[strings.IndexByte(line, '"')+1 : len(line)-1]
		at := 1
		if std[path] {
			at = 0
		}
		groups[at] = append(groups[at], line)
	}
	lines := slices.Concat(groups[0], []string{""}, groups[1])
	if len(groups[0]) == 0 || len(groups[1]) == 0 {
		lines = slices.Concat(groups[0], groups[1])
	}
	return slices.Concat(head, []byte(open), []byte(strings.Join(lines, "\n")), []byte(end), tail)
}

// internal shortens Jennifer's error, which prints the whole file, to the lines
// around the place.
func internal(err error) error {
	text := err.Error()
	what, src, ok := strings.Cut(text, "while formatting source:\n")
	if !ok {
		return fmt.Errorf("generated code: %w", err)
	}
	line := 0
	fmt.Sscanf(strings.TrimPrefix(what, "Error "), "%d:", &line)
	lines := strings.Split(src, "\n")
	from, to := max(0, line-4), min(len(lines), line+3)
	return fmt.Errorf("generated code does not parse: %s\n%s", strings.TrimSpace(what), strings.Join(lines[min(from, to):to], "\n"))
}
