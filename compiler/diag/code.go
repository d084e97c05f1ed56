package diag

import (
	"cmp"
	"maps"
	"slices"
)

// Code names a kind of mistake for ever: MP and four digits.
type Code string

// Info describes a code. Example is a short .mp text, or a few lines about files, that gives the finding.
type Info struct {
	Code    Code
	Name    string // what Go code calls it
	Title   string // one line, lower case
	Example string
}

var registry = map[Code]Info{}

// Register adds a code to the list and returns it; it is for package variables only. It panics on a code that exists,
// as then two meanings would share one.
func Register(info Info) Code {
	if old, ok := registry[info.Code]; ok {
		panic("diag: code " + string(info.Code) + " is both " + old.Name + " and " + info.Name)
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
