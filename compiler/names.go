package compiler

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// initialisms are the words that Go writes in one case.
var initialisms = words(`acl api ascii cpu css dns eof guid html http https id ip json lhs qps ram rhs rpc sla smtp
	sql ssh tcp tls ttl udp ui uid uuid uri url utf8 vm xml xmpp xsrf xss`)

// predeclared are Go's names that generated code relies on, so that no function
// of the package may take one.
var predeclared = words(`any bool byte comparable complex64 complex128 error false float32 float64 int int8 int16
	int32 int64 iota nil rune string true uint uint8 uint16 uint32 uint64 uintptr`)

// builtins are Go's functions. A package that has one of its own by such a name
// has that one everywhere; and Jennifer does not take them for an import.
var builtins = words(`append cap clear close complex copy delete err imag len make max min new panic print println
	real recover`)

// runMembers are the exported names that every Run has from the runtime.
var runMembers = words(`Run Wait Shutdown Close Stats Dump Processes`)

// goMethods are the methods of which go vet knows one form alone, with other
// parameters than those of generated methods.
var goMethods = words(`MarshalJSON MarshalXML UnmarshalJSON UnmarshalXML GobEncode GobDecode ReadByte ReadRune
	UnreadByte UnreadRune WriteByte`)

// unnameable says whether a declaration needs a function of its name, and there can be none.
func (s *symbol) unnameable() bool {
	name := s.name.Text
	return (s.kind == "process" || s.kind == "pool") && s.bind() == nil &&
		(predeclared[name] || builtins[name] || name == "init" || name == "main")
}

func words(list string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(list) {
		set[w] = true
	}
	return set
}

// exported is the Go name of a small name: its first word whole if it is an
// initialism, else its first letter, made large.
func exported(name string) string {
	end := strings.IndexFunc(name, func(r rune) bool { return unicode.IsUpper(r) || r == '_' })
	if end < 0 {
		end = len(name)
	}
	if first := name[:end]; initialisms[first] {
		return strings.ToUpper(first) + name[end:]
	}
	r, n := utf8.DecodeRuneInString(name)
	return string(unicode.ToUpper(r)) + name[n:]
}

func startsUpper(name string) bool {
	r, _ := utf8.DecodeRuneInString(name)
	return unicode.IsUpper(r)
}

func startsLower(name string) bool {
	r, _ := utf8.DecodeRuneInString(name)
	return unicode.IsLower(r) && unicode.IsUpper(unicode.ToUpper(r)) // a few have no capital form, so that Go would not export them
}
