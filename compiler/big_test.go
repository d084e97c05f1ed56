package compiler

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mpgen/mpgen/compiler/diag"
)

// TestTenThousandDeclarationsTakeSeconds keeps watch that nothing grows with the
// square of a folder, with a bound that a busy machine keeps too.
func TestTenThousandDeclarationsTakeSeconds(t *testing.T) {
	if testing.Short() {
		t.Skip("it compiles large folders")
	}
	shapes := map[string]func(b *strings.Builder, i int){
		"structs": func(b *strings.Builder, i int) {
			fmt.Fprintf(b, "struct T%d { a string; b int; c []T%d; d map[string]T%[1]d }\n", i, (i+1)%10000)
		},
		"queues": func(b *strings.Builder, i int) {
			if i%2 == 0 {
				fmt.Fprintf(b, "queue q%d string\n", i)
			} else {
				fmt.Fprintf(b, "process main%d { send q%d }\n", i, i-1)
			}
		},
	}
	for name, shape := range shapes {
		var b strings.Builder
		b.WriteString("package lib\n\n")
		n := 10000
		if name == "queues" {
			n = 8000 // as a run has 4095 processes
		}
		for i := range n {
			shape(&b, i)
		}
		if name == "queues" {
			b.WriteString("process main { receive q0")
			for i := 2; i < n; i += 2 {
				fmt.Fprintf(&b, ", q%d", i)
			}
			b.WriteString(" }\n")
		}
		start := time.Now()
		out, ds := Generate(Input{Sources: []Source{{"x.mp", []byte(b.String())}}})
		require.False(t, diag.HasErrors(ds), told(ds[:min(5, len(ds))]))
		require.NotEmpty(t, out.Files)
		took := time.Since(start)
		t.Logf("%s: %v", name, took)
		require.Less(t, took, time.Minute)
	}
}
