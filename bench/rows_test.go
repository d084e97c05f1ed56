package main

import (
	"errors"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	mp "github.com/mpgen/mpgen/runtime"

	"github.com/mpgen/mpgen/bench/peer"
)

func TestMain(m *testing.M) {
	mp.Main()
	peer.Main()
	os.Exit(m.Run())
}

// The rows that are programs of their own have their tests there.
func TestEachRowMeasuresBothSides(t *testing.T) {
	programs := map[string]bool{"start": true, "start-warm": true, "wordcount": true}
	names := map[string]bool{}
	for _, r := range rows(&workshop{}) {
		require.False(t, names[r.name], "two rows are named %q", r.name)
		names[r.name] = true
		if programs[r.name] {
			continue
		}
		t.Run(r.name, func(t *testing.T) {
			took, err := r.ours(t.Context(), 2000)
			require.NoError(t, err)
			require.Positive(t, took)
			took, err = r.peer(t.Context(), 20)
			if errors.Is(err, peer.ErrAbsent) {
				t.Logf("peer left out: %v", err)
				return
			}
			require.NoError(t, err)
			require.Positive(t, took)
		})
	}
}
