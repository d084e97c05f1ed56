package main

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mpgen/mpgen/runtime/mptest"
)

// A worker that is killed while it reads a page keeps the crawl up: the page is read
// by another, and what it leads to as well.
func TestFetchersMayDie(t *testing.T) {
	root, want := site(t, 60)
	t.Chdir(root)
	slow := filepath.Join(root, "1", "page1.html")
	text, err := os.ReadFile(slow)
	require.NoError(t, err)
	require.NoError(t, os.Remove(slow))
	require.NoError(t, syscall.Mkfifo(slow, 0o600)) // who reads it waits for somebody who writes

	run, err := Start(mptest.Context(t), Args{FrontierDepth: 1000})
	require.NoError(t, err)
	defer run.Close()
	others := 0
	for i := range want {
		k := i
		for k > 3 {
			k = (k - 1) / 3 // the page that leads there
		}
		if k != 1 {
			others++
		}
	}
	mptest.Eventually(t, "all others are read", func() bool { return run.Found.Load() == others })
	mptest.Kill(t, run.Run, "fetch", mptest.Busy(t, run.Run, "fetch"))
	require.NoError(t, os.WriteFile(slow, text, 0o600)) // to the one who tries again
	require.NoError(t, run.Wait())
	require.Equal(t, len(want), run.Found.Load())
	require.EqualValues(t, 1, run.Stats().Pools["fetch"].Retried)
}
