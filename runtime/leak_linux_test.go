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

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

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
