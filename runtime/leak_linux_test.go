package mp

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
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

// warmUp makes what the Go runtime and package proc make once in a program.
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
const spareThreads = 8

var mostThreads int

// noLeaks fails the test if something of a run is left at its end.
func noLeaks(t testing.TB) {
	t.Helper()
	warmUp()
	if mostThreads == 0 {
		mostThreads = len(entries("/proc/self/task")) + spareThreads
	}
	files, maps, goroutines := descriptors(), mappings(), goleak.IgnoreCurrent()
	t.Cleanup(func() {
		if t.Failed() {
			return
		}
		until(t, "no child process", func() bool { return len(children(os.Getpid())) == 0 })
		until(t, "no descriptor is left", func() bool { return slices.Equal(files, descriptors()) })
		require.Equal(t, maps, mappings(), "memory files that are still mapped")
		require.LessOrEqual(t, len(entries("/proc/self/task")), mostThreads, "threads")
		require.NoError(t, goleak.Find(goroutines))
	})
}

func entries(folder string) []string {
	list, _ := os.ReadDir(folder)
	names := make([]string, 0, len(list))
	for _, e := range list {
		names = append(names, e.Name())
	}
	return names
}

// descriptors tells what is open.
func descriptors() (open []string) {
	for _, n := range entries("/proc/self/fd") {
		// The folder itself is open only while it is read.
		if to, err := os.Readlink("/proc/self/fd/" + n); err == nil {
			open = append(open, n+" "+to)
		}
	}
	return open
}

// mappings counts the memory files that are mapped, whole or in part, and shared:
// what a program keeps of a run that is closed is its own.
func mappings() (n int) {
	text, _ := os.ReadFile("/proc/self/maps")
	for line := range bytes.Lines(text) {
		if bytes.Contains(line, []byte("/memfd:mpgen")) && bytes.Contains(line[:min(64, len(line))], []byte("s ")) {
			n++
		}
	}
	return n
}

// children are the processes whose parent is pid, zombies too.
func children(pid int) (found []int) {
	for _, name := range entries("/proc") {
		if p, err := strconv.Atoi(name); err == nil && parentOf(p) == pid {
			found = append(found, p)
		}
	}
	return found
}

// parentOf is the parent of a process, 0 if there is no such process.
func parentOf(pid int) (parent int) {
	_, rest := processStat(pid)
	if len(rest) > 1 {
		parent, _ = strconv.Atoi(rest[1])
	}
	return parent
}

// processStat splits /proc/PID/stat behind the name, which may hold spaces.
func processStat(pid int) (name string, rest []string) {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if i := bytes.LastIndexByte(text, ')'); i > 0 {
		return string(text[bytes.IndexByte(text, '(')+1 : i]), strings.Fields(string(text[i+1:]))
	}
	return "", nil
}

// alive reports whether a process is there and no zombie.
func alive(pid int) bool {
	_, rest := processStat(pid)
	return len(rest) > 0 && rest[0] != "Z" && rest[0] != "X"
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
