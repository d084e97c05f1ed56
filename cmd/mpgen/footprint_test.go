package main

import (
	"testing"

	"github.com/mpgen/mpgen/compiler"
	"github.com/mpgen/mpgen/internal/footprint"
	"github.com/stretchr/testify/require"
)

// TestEveryKindOfObjectHasASize asks the runtime for the size of a row of each kind that the compiler knows.
func TestEveryKindOfObjectHasASize(t *testing.T) {
	for _, k := range compiler.Kinds() {
		f, err := footprint.Of(footprint.Pipeline{Rows: []footprint.Row{{Name: "x", Kind: k.Row, Item: 24}}}, 1)
		require.NoError(t, err, "runtime/sized.go makes no row of a %s", k.Row)
		require.Positive(t, f.Rows[0].Commons, k.Row)
	}
}
