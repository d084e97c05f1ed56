package mp

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mpgen/mpgen/runtime/internal/leak"
)

// patience bounds each wait of the tests. It is below the backstop, so a wake-up
// that gets lost is a failure and no delay.
const patience = 15 * time.Second

// until waits for something that gives no event: a word of shared memory, or
// the kernel's view of a process.
func until(t testing.TB, what string, met func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !met(); time.Sleep(500 * time.Microsecond) {
		if time.Now().After(deadline) {
			require.FailNow(t, "waited in vain: "+what)
		}
	}
}

// noneLeft fails the test if something is left that was not there before.
func noneLeft(t testing.TB, before leak.Snapshot) {
	t.Helper()
	var left []string
	for deadline := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		if left = before.Left(); len(left) == 0 {
			return
		}
		if time.Now().After(deadline) {
			require.FailNow(t, "left behind", strings.Join(left, "\n"))
		}
	}
}

// within waits for an event.
func within(t testing.TB, c <-chan struct{}) {
	t.Helper()
	select {
	case <-c:
	case <-time.After(patience):
		require.FailNow(t, "waited in vain")
	}
}

// limited is a context that ends before a test would hang.
func limited(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

// begin starts a pipeline whose run is closed at the end of the test, when
// nothing may be left of it and no wake-up may have been lost.
func begin(t testing.TB, p *Pipeline, args ...Arg) (*Run, *Node) {
	t.Helper()
	noLeaks(t)
	r, n, err := Start(context.Background(), p, []Option{NoSignals()}, args...)
	require.NoError(t, err)
	t.Cleanup(func() {
		r.Close()
		require.Zero(t, r.Stats().Rescued, "wake-ups that got lost")
	})
	return r, n
}
