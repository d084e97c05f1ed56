package grammar

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the golden files of this run")

// TestErrors parses files with mistakes; the golden file beside each lists every place, code, message and help.
func TestErrors(t *testing.T) {
	files, err := filepath.Glob("testdata/errors/*.mp")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".mp")
		t.Run(name, func(t *testing.T) {
			src, err := os.ReadFile(file)
			require.NoError(t, err)
			_, errs := Parse(name+".mp", src)
			var b strings.Builder
			for _, e := range errs {
				fmt.Fprintf(&b, "%d:%d-%d:%d %s %s\n", e.Pos.Line, e.Pos.Column, e.EndPos.Line, e.EndPos.Column, e.Code, e.Msg)
				for _, n := range e.Notes {
					fmt.Fprintf(&b, "\tnote %d:%d %s\n", n.Pos.Line, n.Pos.Column, n.Label)
				}
				if e.Help != "" {
					fmt.Fprintf(&b, "\thelp: %s\n", e.Help)
				}
				for _, f := range e.Fixes {
					fmt.Fprintf(&b, "\tfix: %s\n", f.Message)
				}
			}
			golden(t, strings.TrimSuffix(file, ".mp")+".txt", b.String())
		})
	}
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}
