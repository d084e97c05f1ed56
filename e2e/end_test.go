//go:build linux && (amd64 || arm64)

package e2e

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// marked are the processes with a variable in their environment, which children
// inherit: all that a program has started, however it did.
func marked(t *testing.T, mark string) (pids []int) {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/environ")
	require.NoError(t, err)
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err == nil && bytes.Contains(text, []byte(mark)) { // else it has just ended
			pid, err := strconv.Atoi(filepath.Base(filepath.Dir(f)))
			require.NoError(t, err)
			pids = append(pids, pid)
		}
	}
	return pids
}

// until waits until there are as many processes with the mark as it should be; the kernel tells nobody of that.
func until(t *testing.T, mark string, right func(n int) bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		pids := marked(t, mark)
		if right(len(pids)) {
			return
		}
		require.True(t, time.Now().Before(end), "there are the processes %v", pids)
	}
}

func noneLeft(t *testing.T, mark string) {
	t.Helper()
	until(t, mark, func(n int) bool { return n == 0 })
}

// many waits for at least so many: one that has just forked or begins another program shows nothing for a moment.
func many(t *testing.T, mark string, least int) {
	t.Helper()
	until(t, mark, func(n int) bool { return n >= least })
}

// session is a program at work, in a process group of its own.
type session struct {
	cmd    *exec.Cmd
	stdin  io.Writer
	out    *bufio.Reader
	stderr bytes.Buffer
	mark   string
}

func begin(t *testing.T, dir string, args ...string) *session {
	t.Helper()
	s := &session{cmd: exec.Command(args[0], args[1:]...), mark: fmt.Sprintf("E2E_MARK=%d-%s", os.Getpid(), t.Name())}
	s.cmd.Dir, s.cmd.Env, s.cmd.Stderr = dir, environment(s.mark), &s.stderr
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	in, err := s.cmd.StdinPipe()
	require.NoError(t, err)
	out, err := s.cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, s.cmd.Start())
	t.Cleanup(func() {
		for _, pid := range marked(t, s.mark) {
			syscall.Kill(pid, syscall.SIGKILL)
		}
	})
	s.stdin, s.out = in, bufio.NewReader(out)
	return s
}

func (s *session) line(t *testing.T) string {
	t.Helper()
	line, err := s.out.ReadString('\n')
	require.NoError(t, err, s.stderr.String())
	return strings.TrimSuffix(line, "\n")
}

// TestCtrlCEndsGoRunAndAllProcesses sends what a terminal sends: an interrupt to the whole group.
func TestCtrlCEndsGoRunAndAllProcesses(t *testing.T) {
	parallel(t)
	s := begin(t, built.module, "go", "run", "./endless")
	require.Equal(t, "ready", s.line(t))
	// go, the program, the warden, two processes, a worker and its grandchild.
	many(t, s.mark, 7)
	require.NoError(t, syscall.Kill(-s.cmd.Process.Pid, syscall.SIGINT))
	require.Equal(t, "ended: interrupted by a signal", s.line(t))
	s.cmd.Wait()
	noneLeft(t, s.mark)
	require.Regexp(t, `(?m)^endless\.mp: interrupt: \d+ processes ended, 1 tasks done, 0 failed, \d+ items left$`, s.stderr.String())
}

func TestAKilledProgramLeavesNoProcess(t *testing.T) {
	parallel(t)
	s := begin(t, t.TempDir(), filepath.Join(built.bin, "endless"))
	require.Equal(t, "ready", s.line(t))
	many(t, s.mark, 6)
	require.NoError(t, s.cmd.Process.Kill())
	noneLeft(t, s.mark)
	s.cmd.Wait()
}

// TestAKilledMpgenRunLeavesNoProcess kills the command, which then can't tell the program anything.
func TestAKilledMpgenRunLeavesNoProcess(t *testing.T) {
	parallel(t)
	s := begin(t, built.module, filepath.Join(built.bin, "mpgen"), "run", "./endless")
	require.Equal(t, "ready", s.line(t))
	require.NoError(t, s.cmd.Process.Kill())
	noneLeft(t, s.mark)
	s.cmd.Wait()
}

// TestWorkersStartAgainFromAReplacedBinary does what an update does to a running program.
func TestWorkersStartAgainFromAReplacedBinary(t *testing.T) {
	parallel(t)
	dir := t.TempDir()
	binary := filepath.Join(dir, "program")
	text, err := os.ReadFile(filepath.Join(built.bin, "once"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(binary, text, 0o755))
	s := begin(t, dir, binary)
	pids := map[string]bool{s.line(t): true}
	next := func() {
		_, err := io.WriteString(s.stdin, "\n")
		require.NoError(t, err)
		pids[s.line(t)] = true
	}

	other := filepath.Join(dir, "other")
	require.NoError(t, os.WriteFile(other, []byte("#!/bin/sh\nexit 9\n"), 0o755))
	require.NoError(t, os.Rename(other, binary))
	next()
	next()
	require.NoError(t, os.Remove(binary))
	next()
	next()
	require.Len(t, pids, 5, "a new process for each task")

	s.stdin.(io.Closer).Close()
	require.NoError(t, s.cmd.Wait(), s.stderr.String())
	noneLeft(t, s.mark)
}
