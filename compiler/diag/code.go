package diag

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/txtar"
)

// Code names a kind of mistake for ever: MP and four digits.
type Code string

// Info describes a code. Wrong is a pipeline that gives the finding and no other, and Right is the same one mended,
// which gives none; both are what Files reads. What is about files or the command, or too long to show, has When in
// their place.
type Info struct {
	Code  Code
	Name  string // what Go code calls it; of a rule, what people call it
	Title string // one line, lower case
	Text  string // why it is a mistake and what to do, where the title does not say it; whole sentences
	Wrong string
	Right string
	When  string // how it comes about, in prose; whole sentences
	Vet   bool   // a rule of mpgen vet, which gives warnings
}

// File is a file of an example.
type File struct {
	Name string
	Text []byte
}

// Files are the files of an example, Info.Wrong or Info.Right: it is the text of one, example.mp, or several in
// txtar form, Go files of the folder among them.
func Files(example string) []File {
	a := txtar.Parse([]byte(example))
	if len(a.Files) == 0 {
		return []File{{"example.mp", []byte(example)}}
	}
	files := make([]File, len(a.Files))
	for i, f := range a.Files {
		files[i] = File{f.Name, f.Data}
	}
	return files
}

var registry = map[Code]Info{}

// Register adds a code to the list and returns it; it is for package variables only. It panics on a code or a name that
// exists, as then two meanings would share one.
func Register(info Info) Code {
	if old, ok := registry[info.Code]; ok {
		panic("diag: code " + string(info.Code) + " is both " + old.Name + " and " + info.Name)
	}
	for _, old := range registry {
		if strings.EqualFold(old.Name, info.Name) {
			panic("diag: the name " + info.Name + " is both " + string(old.Code) + " and " + string(info.Code))
		}
	}
	registry[info.Code] = info
	return info.Code
}

// Lookup returns the description of a code.
func Lookup(code Code) (Info, bool) {
	info, ok := registry[code]
	return info, ok
}

// Codes returns all codes in order.
func Codes() []Info {
	return slices.SortedFunc(maps.Values(registry), func(a, b Info) int { return cmp.Compare(a.Code, b.Code) })
}
