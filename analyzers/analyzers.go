// Package analyzers finds mistakes in Go code that a pipeline runs: in handlers, the functions that generated code
// calls, and in main. mpgen is a tool of go vet with them:
//
//	go vet -vettool="$(go tool -n mpgen)" ./...
//
// All is for programs that run analyzers of several sources, as golang.org/x/tools/go/analysis/multichecker makes them.
//
// A handler is known by the file that mpgen generates: it is a function of the package that this file names, or a
// method of a type of the package that has all methods of a service, whose interface stands there. Nothing else is read
// but the types of package mp, so a package is looked at by itself, and quickly. The analyzers prefer silence to a
// false alarm; a finding that is meant is answered by a comment on its line or the one above:
//
//	//mpgen:ignore mpcontext the task is over in a millisecond
package analyzers

import "golang.org/x/tools/go/analysis"

// All is every analyzer of the package.
var All = []*analysis.Analyzer{Context, LockOrder, Lease, Update, Main, Wait}
