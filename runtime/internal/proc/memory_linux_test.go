//go:build amd64 || arm64

package proc

import (
	"fmt"
	"os"
	"runtime/debug"
	"slices"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMemoryLimits(t *testing.T) {
	for _, tt := range []struct {
		name   string
		signal syscall.Signal
		panic  string
	}{
		{name: "grow", panic: "out of memory"},
		{name: "hoard", signal: syscall.SIGKILL},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.name == "grow" && raceDetector() {
				t.Skip("the race detector's own allocator meets the limit first")
			}
			t.Parallel()
			h := newHouse(t, 1)
			theirs, start, err := os.Pipe()
			require.NoError(t, err)
			defer start.Close()
			out := newLines()
			p, err := h.Start(Spec{Name: tt.name, Files: []*os.File{theirs}, Stdout: out.take})
			require.NoError(t, err)
			require.NoError(t, theirs.Close())
			out.next(t)
			require.NoError(t, p.LimitMemory(96<<20))
			_, err = start.Write([]byte{1})
			require.NoError(t, err)
			within(t, p.Done())
			exit := p.Exit()
			require.True(t, exit.OOM, "%v\n%s", exit, exit.Panic)
			require.Equal(t, tt.signal, exit.Signal)
			require.Contains(t, exit.Panic, tt.panic)
			t.Logf("%v, at most %d MiB", exit, exit.MaxRSS>>20)
			require.ErrorIs(t, p.LimitMemory(1<<20), os.ErrProcessDone)
		})
	}
}

func raceDetector() bool {
	info, ok := debug.ReadBuildInfo()
	return ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}

func TestAMemoryLimitIsPositive(t *testing.T) {
	h := newHouse(t, 1)
	p, err := h.Start(Spec{Name: "wait"})
	require.NoError(t, err)
	require.EqualError(t, p.LimitMemory(0), fmt.Sprintf("memory limit of process %d is 0 bytes, want more than 0", p.PID()))
	require.NoError(t, p.LimitMemory(1<<62))
	require.NoError(t, p.LimitMemory(1<<30))
	require.NoError(t, p.LimitMemory(1<<29))
}

func TestOutOfMemoryIsWhatTheRuntimeSays(t *testing.T) {
	for text, want := range map[string]bool{
		"fatal error: runtime: out of memory\n\nruntime stack:\n":             true,
		"fatal error: runtime: cannot allocate memory\n":                      true,
		"panic: the disk is out of memory\n\ngoroutine 1 [running]:\n":        false,
		"fatal error: all goroutines are asleep - deadlock!\n":                false,
		"fatal error: concurrent map writes\nfatal error: out of memory\n":    false,
		"SIGSEGV: segmentation violation\nPC=0x1\n\ngoroutine 1 [running]:\n": false,
		"": false,
	} {
		require.Equal(t, want, outOfMemory(text), text)
	}
}
