//go:build unix

package main

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestRunPassesOnASignalSentToItselfOnce runs mpgen in a session of its own, where no keyboard can have sent the signal.
func TestRunPassesOnASignalSentToItselfOnce(t *testing.T) {
	self, err := os.Executable()
	require.NoError(t, err)
	dir := filepath.Join(t.TempDir(), "program")
	require.NoError(t, os.CopyFS(dir, os.DirFS("testdata/program")))
	for _, s := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		cmd := &exec.Cmd{Path: self, Args: []string{"mpgen", "run", "app", "signals"}, Dir: dir, Stderr: os.Stderr}
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
		pipe, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		out := bufio.NewReader(pipe)
		line, err := out.ReadString('\n')
		require.NoError(t, err)
		require.Equal(t, "ready\n", line)
		require.NoError(t, cmd.Process.Signal(s))
		rest, err := io.ReadAll(out)
		require.NoError(t, err)
		require.Equal(t, "got "+s.String()+"\n", string(rest))
		require.NoError(t, cmd.Wait())
	}
}
