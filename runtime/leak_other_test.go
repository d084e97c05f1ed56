//go:build !linux

package mp

import (
	"testing"

	"github.com/mpgen/mpgen/runtime/internal/leak"
)

// noLeaks fails the test if something of a run is left at its end.
func noLeaks(t testing.TB) {
	t.Helper()
	before := leak.Take()
	t.Cleanup(func() {
		if !t.Failed() {
			noneLeft(t, before)
		}
	})
}
