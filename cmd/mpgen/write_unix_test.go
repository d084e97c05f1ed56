//go:build unix

package main

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestWhatIsNoFileIsWrittenTo is about mpgen graph -o /dev/null, which root must not turn into a file.
func TestWhatIsNoFileIsWrittenTo(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	reader, err := os.OpenFile(pipe, os.O_RDWR, 0) // so that neither end waits for the other
	require.NoError(t, err)
	defer reader.Close()
	require.NoError(t, writeFile(pipe, []byte("text")))
	info, err := os.Stat(pipe)
	require.NoError(t, err)
	require.Equal(t, os.ModeNamedPipe, info.Mode().Type())
	got := make([]byte, 4)
	_, err = reader.Read(got)
	require.NoError(t, err)
	require.Equal(t, "text", string(got))
}
