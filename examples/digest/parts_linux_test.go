package main

import (
	"crypto/sha256"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	mp "github.com/mpgen/mpgen/runtime"
	"github.com/mpgen/mpgen/runtime/mptest"
)

func TestBytesAreCounted(t *testing.T) {
	root := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(root, "a"), []byte("abc"), 0o644))

	run, err := Start(mptest.Context(t), Args{ScanRoot: root})
	require.NoError(t, err)
	require.NoError(t, run.Wait())
	require.EqualValues(t, 3, run.Read.Load())
}

func TestDigestAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	require.NoError(t, os.WriteFile(path, []byte("abc"), 0o644))

	got := mptest.Stage(t, &mpDigest, []string{path, path + " is not there"}, mp.Goroutines())
	require.Equal(t, Sum{Path: path, Size: 3, Sha: sha256.Sum256([]byte("abc"))}, got[0].Out)
	require.ErrorIs(t, got[1].Err, fs.ErrNotExist)
}

func TestAFileIsReadAgainWhenItsWorkerDies(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))

	digest, run := mptest.Pool(t, &mpDigest, nil)
	sum := digest.Go(mptest.Context(t), pipe) // whose worker waits for somebody who writes
	mptest.Kill(t, run, "digest", mptest.Busy(t, run, "digest"))
	require.NoError(t, os.WriteFile(pipe, []byte("abc"), 0)) // waits for somebody who reads

	got, err := sum.Wait(mptest.Context(t))
	require.NoError(t, err)
	require.EqualValues(t, sha256.Sum256([]byte("abc")), got.Sha)
}
