//go:build !linux

package mp

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// noLeaks fails the test if something of a run is left at its end.
func noLeaks(t testing.TB) {
	t.Helper()
	goroutines := goleak.IgnoreCurrent()
	t.Cleanup(func() { require.NoError(t, goleak.Find(goroutines)) })
}
