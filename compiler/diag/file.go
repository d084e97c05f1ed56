package diag

// The codes about files, which the command finds rather than the compiler.
var (
	orphan = Register(Info{Code: "MP0801", Name: "Orphan",
		Title:   "a generated file stands in a folder without .mp files",
		Example: "mpgen.go, after the last .mp file of its folder was deleted or moved"})
	stale = Register(Info{Code: "MP0802", Name: "Stale",
		Title:   "a generated file is not what mpgen would write now",
		Example: "mpgen.go, after a change of a .mp file beside it, with mpgen generate --check"})
	foreign = Register(Info{Code: "MP0803", Name: "Foreign",
		Title:   "a file that was not generated has the name of the generated one",
		Example: "mpgen.go, written by hand, beside a .mp file"})
)

// OrphanFile says that a generated file has lost what it was generated from.
func OrphanFile(file string) Diagnostic {
	return New(orphan, Span{File: file}, "generated, but its folder has no .mp file any more").WithHelp("delete it")
}

// StaleFile says that a generated file is missing or not up to date.
func StaleFile(file string, missing bool) Diagnostic {
	if missing {
		return New(stale, Span{File: file}, "not generated yet").WithHelp("run mpgen generate")
	}
	return New(stale, Span{File: file}, "not up to date").WithHelp("run mpgen generate")
}

// ForeignFile says that a file of somebody else is in the way of the generated one.
func ForeignFile(file string) Diagnostic {
	return New(foreign, Span{File: file}, "not written by mpgen, and would be overwritten").WithHelp("rename it")
}
