package grammar

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzParse holds for all bytes: no panic, a lawful tree, at most one error for a line, in order and within the text.
func FuzzParse(f *testing.F) {
	for _, pattern := range []string{"testdata/programs/*.mp", "testdata/errors/*.mp"} {
		files, err := filepath.Glob(pattern)
		require.NoError(f, err)
		for _, file := range files {
			src, err := os.ReadFile(file)
			require.NoError(f, err)
			f.Add(src)
		}
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		tree, errs := Parse("fuzz.mp", src)
		require.NotNil(t, tree)
		require.NoError(t, lawful(tree, src))
		last := Pos{}
		for _, e := range errs {
			require.NotEmpty(t, e.Code)
			require.NotEmpty(t, e.Msg)
			require.GreaterOrEqual(t, e.Pos.Offset, last.Offset)
			if e.Code != TooManyErrors {
				require.NotEqual(t, last.Line, e.Pos.Line)
			}
			require.LessOrEqual(t, e.Pos.Offset, e.EndPos.Offset)
			require.LessOrEqual(t, e.EndPos.Offset, len(src))
			last = e.Pos
		}
	})
}
