//go:build amd64 || arm64

package proc

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestGenerationsLeaveNothing(t *testing.T) {
	const slots, generations = 4, 10
	h := newHouse(t, slots+1)
	generation := func(n int) {
		var all []*Process
		for slot := range slots {
			out := newLines()
			p, err := h.Start(Spec{Name: "wait", Slot: slot, Generation: n, Stdout: out.take, Spare: slot%2 == 1})
			require.NoError(t, err)
			if p.Standing() != nil && slot == 1 { // the other dies as a spare
				within(t, p.Standing())
				require.NoError(t, p.Assign(Spec{Name: "wait", Slot: slots, Generation: n}))
			}
			if slot < 3 {
				out.next(t)
			}
			require.NoError(t, p.LimitMemory(1<<30))
			all = append(all, p)
		}
		for _, p := range all {
			p.Kill()
		}
		for _, p := range all {
			within(t, p.Done())
		}
	}
	// What the Go runtime makes once, such as threads and its poller, is there after the first.
	generation(0)
	files, threads := descriptors(t), entries(t, "/proc/self/task")
	goroutines := runtime.NumGoroutine()
	for n := 1; n <= generations; n++ {
		generation(n)
	}
	require.Equal(t, files, descriptors(t))
	// The scheduler may start a thread when it likes; forty processes would have needed forty.
	require.Less(t, entries(t, "/proc/self/task"), threads+slots*generations/2)
	// A goroutine that has closed its channel may not have returned yet.
	until(t, "goroutines are left", func() bool { return runtime.NumGoroutine() <= goroutines })
	require.Equal(t, []string{fmt.Sprint(h.warden.pid())}, children(t))
}

func TestProcessesNeedNoThreads(t *testing.T) {
	const slots = 24
	h := newHouse(t, slots)
	before := entries(t, "/proc/self/task")
	for slot := range slots {
		out := newLines()
		_, err := h.Start(Spec{Name: "wait", Slot: slot, Stdout: out.take})
		require.NoError(t, err)
		out.next(t)
	}
	require.Less(t, entries(t, "/proc/self/task"), before+slots/2)
}

// descriptors returns what is open, as text.
func descriptors(t *testing.T) string {
	t.Helper()
	// The test binary reopens nothing on its own, but the directory itself has a descriptor while
	// it is read.
	list, err := os.ReadDir("/proc/self/fd")
	require.NoError(t, err)
	var open []string
	for _, e := range list {
		if target, err := os.Readlink("/proc/self/fd/" + e.Name()); err == nil {
			open = append(open, e.Name()+" "+target)
		}
	}
	return strings.Join(open, "\n")
}

func entries(t *testing.T, folder string) int {
	t.Helper()
	list, err := os.ReadDir(folder)
	require.NoError(t, err)
	return len(list)
}

// children returns the process ids of this process's children, zombies included.
func children(t *testing.T) (pids []string) {
	t.Helper()
	tasks, err := os.ReadDir("/proc/self/task")
	require.NoError(t, err)
	for _, task := range tasks {
		// A thread that ended meanwhile has passed its children on.
		list, _ := os.ReadFile("/proc/self/task/" + task.Name() + "/children")
		pids = append(pids, strings.Fields(string(list))...)
	}
	return pids
}
