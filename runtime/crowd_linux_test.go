package mp

import (
	"bytes"
	"flag"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var crowdFull = flag.Bool("crowd", false, "a thousand processes at once, then ten thousand one after another")

// residence is the resident memory of this process, in KiB.
func residence() int {
	text, _ := os.ReadFile("/proc/self/status")
	_, rest, _ := bytes.Cut(text, []byte("VmRSS:"))
	line, _, _ := bytes.Cut(rest, []byte(" kB"))
	kib, _ := strconv.Atoi(strings.TrimSpace(string(line)))
	return kib
}

func TestManyAtOnceAndThenOneAfterAnother(t *testing.T) {
	atOnce, later := 100, 400
	switch {
	case *crowdFull:
		atOnce, later = 1000, 10_000
	case testing.Short():
		atOnce, later = 30, 50
	}
	r, n := begin(t, crowd.pipeline)
	ctx := t.Context()
	began := time.Now()
	var all []*Process
	for range atOnce {
		p, err := crowd.process.Spawn(ctx, r, ending("obey"))
		require.NoError(t, err)
		all = append(all, p)
	}
	until(t, "all have begun", func() bool { return crowd.begun.In(n).Load() == atOnce })
	started := time.Now()
	require.Len(t, r.Processes(), atOnce)
	for _, p := range all {
		p.Interrupt()
	}
	for _, p := range all {
		<-p.Done()
	}
	t.Log(atOnce, "at once:", started.Sub(began), "to start,", time.Since(started), "to end")
	all = nil

	measure := func() (files []string, threads, kib int) {
		runtime.GC()
		debug.FreeOSMemory()
		return descriptors(), len(entries("/proc/self/task")), residence()
	}
	files, threads, kib := measure()
	began = time.Now()
	for range later {
		p, err := crowd.process.Spawn(ctx, r, ending("return"))
		require.NoError(t, err)
		require.NoError(t, p.Wait(ctx))
	}
	t.Log(later, "one after another:", time.Since(began))
	files2, threads2, kib2 := measure()
	t.Log("descriptors", len(files), len(files2), "threads", threads, threads2, "KiB", kib, kib2)
	require.Equal(t, files, files2)
	require.LessOrEqual(t, threads2, threads+16) // those of the scheduler, and none of a process
	require.LessOrEqual(t, kib2, kib+4<<10)
	require.Equal(t, ProcessStats{Started: atOnce + later}, r.Stats().Processes["one"].counts())
}
