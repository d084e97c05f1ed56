package compiler

import "github.com/mpgen/mpgen/compiler/diag"

// The codes about Go functions.
var (
	codeNoFunction = diag.Register(diag.Info{Code: "MP0501", Name: "NoFunction",
		Title: "a declaration calls a function that is not there",
		Text: "One that nobody has written is written by mpgen generate; but not where the folder has a function that does " +
			"what is asked for, that nobody calls, and whose name is nearly the one asked for. Behind a = stands a function that exists: of an imported package, where its name starts with a capital " +
			"letter, or of the folder's own Go files. Methods, types and generic functions can't stand there; write a function " +
			"of the declaration's name that calls them.",
		Wrong: `package main

import "math"

pool root(x float64) float64 = math.Sqr
`,
		Right: `package main

import "math"

pool root(x float64) float64 = math.Sqrt
`})
	codeSignature = diag.Register(diag.Info{Code: "MP0502", Name: "Signature",
		Title: "a Go function is not what its declaration says",
		Text: "A process, a pool or the opening of a service is a Go function with a context first, then the ports if it " +
			"reaches anything, then the parameters as declared; it returns the result and an error. One that is bound with = may " +
			"do without the context, and without the error. What the function of a service returns has a method for each of its " +
			"functions, of the same form.",
		Wrong: `-- thumbs.mp --
package main

struct Job { path string }

pool resize(job Job) []byte
-- main.go --
package main

import "context"

func resize(ctx context.Context, job string) ([]byte, error) { return nil, nil }

func main() {}
`,
		Right: `-- thumbs.mp --
package main

struct Job { path string }

pool resize(job Job) []byte
-- main.go --
package main

import "context"

func resize(ctx context.Context, job Job) ([]byte, error) { return nil, nil }

func main() {}
`})
	codeLeftover = diag.Register(diag.Info{Code: "MP0503", Name: "Leftover",
		Title: "a Go function takes the ports of a declaration that is not there",
		Text: "The declaration was removed, or has another name since. Go has no such type, so that the package does not " +
			"compile. Functions are yours: mpgen neither renames nor removes one.",
		Wrong: `-- words.mp --
package main

queue words string

process yell { send words }
process hear { receive words }
-- main.go --
package main

import "context"

func shout(ctx context.Context, p *ShoutPorts) error { return nil }

func main() {}
`,
		Right: `-- words.mp --
package main

queue words string

process yell { send words }
process hear { receive words }
-- main.go --
package main

import "context"

func yell(ctx context.Context, p *YellPorts) error { return nil }

func main() {}
`})
)
