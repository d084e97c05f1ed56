package compiler

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mpgen/mpgen/compiler/diag"
)

// TestFunctionsTellWhatIsToBeWritten has functions of each case: missing, right, of
// another signature, in a file that is not built, and of another package.
func TestFunctionsTellWhatIsToBeWritten(t *testing.T) {
	in := exampleInput(t, diag.Files(`-- p.mp --
package main

import (
	"math"
	when "time"
)

struct Job { path string }

value n int

// resize makes it smaller.
pool resize(job Job, at when.Time) []Job { use n }
process scan(root string, ctx int)
pool root(x float64) float64 = math.Sqrt
pool dead(f failed[Job])
process tidy = clean
pool half(n int) int = halve
process quick = halved
service store(path string) { func get(key string) string }
-- main.go --
package main

import "context"

func scan(ctx context.Context, root []byte) (err error) { return nil }

func halve(n int) (half int) { return n / 2 }

var halved = func() {}

func main() {}
-- clean_linux_test.go --
package main
-- clean.go --
//go:build never

package main

func clean() {}
`))
	out, ds := Generate(in)
	require.Len(t, ds, 1, "%+v", ds) // of scan
	var got []string
	for _, f := range out.Functions {
		place := "-"
		if f.Found.File != "" {
			place = fmt.Sprintf("%s:%d:%d", filepath.Base(f.Found.File), f.Found.Start.Line, f.Found.Start.Column)
		}
		got = append(got, strings.Join([]string{fmt.Sprintf("%s %d", f.Of, f.At.Start.Line), f.Head, place, f.Have, f.Differs}, "; "))
	}
	require.Equal(t, []string{
		`pool "resize" 13; func resize(ctx context.Context, p *ResizePorts, job Job, at when.Time) ([]Job, error); -; ; `,
		`process "scan" 14; func scan(ctx_ context.Context, root string, ctx int) error; main.go:5:6; ` +
			`func scan(ctx context.Context, root []byte) (err error); it has one parameter beside its context, where the declaration has 2`,
		`pool "dead" 16; func dead(ctx context.Context, f mp.Failed[Job]) error; -; ; `,
		`process "tidy" 17; func clean(ctx context.Context) error; clean.go:5:6; ; `,
		`pool "half" 18; func halve(n int) int; main.go:7:6; func halve(n int) (half int); `,
		`process "quick" 19; func halved(); main.go:9:5; var halved func(); `,
		`service "store" 20; func openStore(ctx context.Context, path string) (Store, error); -; ; `,
	}, got)
}

// TestHalfWrittenFilesSayNothing holds back what could be told of a function while Go
// can't read its file.
func TestHalfWrittenFilesSayNothing(t *testing.T) {
	const program = `-- p.mp --
package main

pool half(n int) int
pool twice(n int) int = double
service shop { func buy(n int) }
-- shop.go --
package main

type shop struct{}

func openShop() (*shop, error) { return nil, nil }
-- main.go --
package main

func main() {}

func half(n int
`
	require.Empty(t, Check(exampleInput(t, diag.Files(program))))
	whole := Check(exampleInput(t, diag.Files(strings.Replace(program, "half(n int\n", "half(n int) {}\n", 1))))
	require.Len(t, whole, 3, "%+v", whole)
}

// TestObjectsOfServicesAreFoundInWhatIsReturned compares the methods of objects that a
// function returns as the interface that mpgen declares, in each way to write them, and
// says nothing where that is not certain.
func TestObjectsOfServicesAreFoundInWhatIsReturned(t *testing.T) {
	for body, found := range map[string]bool{
		"return &keeper{}, nil":         true,
		"return keeper{}, nil":          true,
		"return new(keeper), nil":       true,
		"k := &keeper{}; return k, nil": true,
		"var k = &keeper{}; if n > 0 { return nil, nil }; return k, nil":    true,
		"k := &keeper{}; k = other(); return k, nil":                        false,
		"if n > 0 { return &keeper{}, nil }; return &other{}, nil":          false,
		"f := func() any { return &other{} }; _ = f; return &keeper{}, nil": true,
		"type keeper struct{}; return &keeper{}, nil":                       false,
		"return other(), nil": false,
	} {
		in := exampleInput(t, diag.Files(`-- p.mp --
package main

service shop(n int) { func buy(n int) }
-- main.go --
package main

import "context"

type keeper struct{}

type other struct{}

func (k keeper) Buy(ctx context.Context) error { return nil }

func openShop(ctx context.Context, n int) (Shop, error) { `+body+` }

func main() {}
`))
		ds := Check(in)
		require.Equal(t, found, len(ds) == 1, "%s: %+v", body, ds)
	}
}
