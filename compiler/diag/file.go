package diag

// The codes about files, which the command finds rather than the compiler.
var (
	orphan = Register(Info{Code: "MP0801", Name: "Orphan",
		Title: "a generated file stands in a folder without .mp files",
		When:  "The last .mp file of a folder was deleted or moved, and mpgen.go is still there. It can be deleted."})
	stale = Register(Info{Code: "MP0802", Name: "Stale",
		Title: "a generated file is not what mpgen would write now",
		When: "A .mp file has changed since mpgen.go was written, or mpgen has, and mpgen generate --check looks. " +
			"Run mpgen generate, and check mpgen.go in."})
	foreign = Register(Info{Code: "MP0803", Name: "Foreign",
		Title: "a file that was not generated has the name of the generated one",
		When: "A file mpgen.go stands beside a .mp file and does not start as generated files do. mpgen overwrites no " +
			"file of yours: rename it."})
	unwritten = Register(Info{Code: "MP0805", Name: "Unwritten",
		Title: "a function that the pipeline calls is not there",
		When: "No Go file of the folder has the function of a process, pool or service, and mpgen generate --check looks. " +
			"mpgen generate writes it once, into a new file that is yours from then on; in which file it stands later does not " +
			"matter."})
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

// UnwrittenFuncs says that functions are missing, which generate would write into a new file.
func UnwrittenFuncs(file, funcs string) Diagnostic {
	return New(unwritten, Span{File: file}, "not there, and neither is func %s", funcs).WithHelp("run mpgen generate, which writes what is missing once")
}

// ForeignFile says that a file of somebody else is in the way of the generated one.
func ForeignFile(file string) Diagnostic {
	return New(foreign, Span{File: file}, "not written by mpgen, and would be overwritten").WithHelp("rename it")
}
