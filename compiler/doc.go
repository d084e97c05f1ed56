// Package compiler turns the .mp files of one folder into one Go file.
//
// In come the texts of the files and the folder they are from; out come the bytes
// of mpgen.go and diagnostics. Nothing is written. What is read beside the texts
// are Go files: those of the folder, whose names generated code must not take, and
// those of imported packages whose types travel; and go.mod and its like, which say
// where those are. Where they do not, the go command is asked. The command calls Generate and Check;
// the packages below are for this one alone, but for draw, which stands on it and
// shows what Lower makes.
//
// The phases, each a file, and beside it those with a part of it:
//
//	parse    texts to syntax trees
//	resolve  every name to its declaration, every type to what it is: imports;
//	         types; solid, what is flat; goworld, gomod, goshape and foreign, Go's own
//	check    settings, by the table in setting; flow, graph, who waits for whom;
//	         sharing, by the table of shared objects in kinds; bulk, what no stack
//	         has room for
//	collide  the Go names that come of it, and own, those that are there
//	handler  the Go functions that are called; gosig, whether they fit; function,
//	         what is to be written
//	lower    what is left to say, as IR; codecs
//	emit     IR to Go; stubs, the user's functions that are missing
//
// Vet runs after them: rules_*, what is right and may be unwise, and ignore, the
// comments that answer a rule.
//
// They work on one unit and its symbols. The sizes of types are in sizes, what a
// fix changes in edits, how fixes are applied in fix; names that nothing declares
// are told together, in missed. Each finding has a code in a file codes_*, and a
// constructor that words it in a file errors_*.
//
// The idea that holds the diagnostics together: a mistake is told once, where it
// was made. What a phase could not make sense of becomes nil, or a symbol that is
// marked, and later phases pass over it in silence; what can only be said of the
// whole ("nobody sends to this queue") is not said while a part is missing.
package compiler
