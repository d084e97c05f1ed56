package compiler

import (
	"bytes"
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"unicode/utf8"

	"github.com/mpgen/mpgen/compiler/diag"
	"github.com/mpgen/mpgen/grammar"
)

// unit is a folder while it is compiled. Each phase fills the fields below its name.
type unit struct {
	in    Input
	found []diag.Diagnostic

	// parse
	files   []*grammar.File
	partial bool            // something could not be read: nothing is said about what is missing
	lost    map[string]bool // the words in what could not be read
	excused map[string]bool // names in parts that were dropped, see excuse

	// resolve
	symbols map[string]*symbol // by the name in the .mp file
	missed  map[string]*missed // names that nothing declares

	keys      []writtenKey
	resolving *symbol            // whose types are being resolved
	order     []*symbol          // in the order of the source, flows not among them
	tasks     map[string]*symbol // pools with a struct of their own for a task, by its name
	main      *symbol            // process main, or nil
	imports   map[*grammar.File]map[string]*imported
	used      []*imported        // whose types are used, in the order of use
	extents   map[*symbol]extent // of structs
	leasts    map[*symbol]int64  // of structs: the bytes that a value takes at least when it travels
	world     *goWorld
	foreign   map[string]*foreign // by path and name
	aliases   map[string]bool     // of Go, that are being resolved

	// check
	flows   []*grammar.Flow
	ends    map[*symbol]*ends // of queues
	guards  map[*symbol]bool  // locks that are the guards of arrays
	lent    map[*symbol]bool  // blocks that something carries
	wrapped map[string]bool   // blocks that fixes make, by declaration and key

	// what fixes need
	refs  map[string][]*grammar.Name // see mentions
	taken map[string]bool

	// collide
	own *ownPackage

	// stubs
	texts map[string][]byte // see goTexts

	refused bool // there are mistakes in the .mp files: nothing is generated
}

func newUnit(in Input) *unit {
	in.Sources = slices.Clone(in.Sources)
	slices.SortFunc(in.Sources, func(a, b Source) int { return cmp.Compare(a.Name, b.Name) })
	return &unit{
		in:      in,
		excused: map[string]bool{},
		lost:    map[string]bool{},
		missed:  map[string]*missed{},
		symbols: map[string]*symbol{},
		tasks:   map[string]*symbol{},
		foreign: map[string]*foreign{},
		aliases: map[string]bool{},
		imports: map[*grammar.File]map[string]*imported{},
		extents: map[*symbol]extent{},
		leasts:  map[*symbol]int64{},
		ends:    map[*symbol]*ends{},
		wrapped: map[string]bool{},
		world:   newGoWorld(in.Dir),
	}
}

// add reports a finding.
func (u *unit) add(d diag.Diagnostic) { u.found = append(u.found, d) }

// report is all that was found, sorted by place.
func (u *unit) report() []diag.Diagnostic {
	texts := map[string][]byte{}
	for i := range u.found {
		u.inCharacters(&u.found[i].Span, texts)
		for k := range u.found[i].Related {
			u.inCharacters(&u.found[i].Related[k].Span, texts)
		}
	}
	diag.Sort(u.found)
	return u.found
}

// sibling is how diagnostics call a Go file of the folder: as they call the .mp files.
func (u *unit) sibling(name string) string {
	if len(u.in.Sources) == 0 {
		return name
	}
	return filepath.Join(filepath.Dir(u.in.Sources[0].Name), name)
}

// inCharacters counts the columns of a place in a Go file of the folder in characters, as diagnostics do; Go's own
// positions count bytes.
func (u *unit) inCharacters(at *diag.Span, texts map[string][]byte) {
	if filepath.Ext(at.File) != ".go" || u.in.Dir == "" {
		return
	}
	text, ok := texts[at.File]
	if !ok {
		text, _ = os.ReadFile(filepath.Join(u.in.Dir, filepath.Base(at.File)))
		texts[at.File] = text
	}
	for _, p := range []*diag.Pos{&at.Start, &at.End} {
		if p.Offset > len(text) || bytes.Count(text[:p.Offset], []byte("\n"))+1 != p.Line {
			return
		}
		line := text[bytes.LastIndexByte(text[:p.Offset], '\n')+1 : p.Offset]
		p.Column = utf8.RuneCount(line) + 1
	}
}
