package mp

import (
	"context"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mpgen/mpgen/runtime/internal/leak"
)

// warmUp makes what package proc makes once in a program.
var warmUp = sync.OnceFunc(func() {
	r, n, err := Start(context.Background(), squares.pipeline, nil)
	if err != nil {
		panic(err)
	}
	squares.pool.Pool(n).Call(context.Background(), 2)
	r.Close()
})

// spareThreads bounds the threads that Go's scheduler may start meanwhile when it
// likes. A run that left some at each start would soon be over it.
const spareThreads = 24

var mostThreads int

// watched are the tests that noLeaks looks after already.
var watched sync.Map

// noLeaks fails the test if something of a run is left at its end. Of several calls the
// first counts: when a second run starts, the first may be in the middle of a start, and
// what comes of that is not left behind.
func noLeaks(t testing.TB) {
	t.Helper()
	if _, again := watched.LoadOrStore(t, true); again {
		return
	}
	warmUp()
	if mostThreads == 0 {
		mostThreads = len(entries("/proc/self/task")) + spareThreads
	}
	before, files := leak.Take(), descriptors()
	t.Cleanup(func() {
		watched.Delete(t)
		if t.Failed() {
			return
		}
		noneLeft(t, before)
		until(t, "the same descriptors are open", func() bool { return slices.Equal(files, descriptors()) })
		require.LessOrEqual(t, len(entries("/proc/self/task")), mostThreads, "threads")
	})
}

var (
	entries     = leak.Entries
	descriptors = leak.Descriptors
	children    = leak.Children
	processStat = leak.Stat
	alive       = leak.Alive
	stopped     = leak.Stopped
)
