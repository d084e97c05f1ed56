//go:build unix

package main

import (
	"bufio"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestRunPassesOnASignalSentToItselfOnce runs mpgen in a session of its own, where no keyboard can have sent the signal.
func TestRunPassesOnASignalSentToItselfOnce(t *testing.T) {
	self, err := os.Executable()
	require.NoError(t, err)
	dir := filepath.Join(t.TempDir(), "program")
	require.NoError(t, os.CopyFS(dir, os.DirFS("testdata/program")))
	for _, s := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute) // it may have to build everything
		defer cancel()
		cmd := exec.CommandContext(ctx, self, "run", "app", "signals")
		cmd.Args[0], cmd.Dir = "mpgen", dir
		cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) } // with the program
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

func TestOnlyATerminalIsOne(t *testing.T) {
	for _, c := range []struct {
		file string
		want bool
	}{{"/dev/ptmx", true}, {"/dev/null", false}, {"run.go", false}} {
		f, err := os.OpenFile(c.file, os.O_RDONLY, 0)
		require.NoError(t, err)
		require.Equal(t, c.want, isTerminal(f), c.file)
		f.Close()
	}
	require.False(t, isTerminal(io.Discard))
}
