package compiler

import "github.com/mpgen/mpgen/compiler/diag"

// The codes of what the compiler finds are in a file for each range: MP01xx names,
// MP02xx types, MP03xx settings, MP04xx flows, the graph, and what is shared. Each
// has a pipeline that gives it and no other, and the same one mended. This is the
// one that has none.
var codeInternal = diag.Register(diag.Info{Code: "MP0901", Name: "Internal",
	Title: "mpgen wrote Go code that does not parse: a mistake in mpgen",
	When:  "Never, we hope. Please report it with the .mp files."})
