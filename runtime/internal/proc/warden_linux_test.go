//go:build amd64 || arm64

package proc

import (
	"bufio"
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
	"golang.org/x/sys/unix"

	"github.com/mpgen/mpgen/runtime/internal/leak"
)

// programs are what the test binary does as a program of its own.
var programs = map[string]func(){
	// family starts three workers with two children each, the second of them stopped, and says
	// everybody's process ids.
	"family": func() {
		h, err := openHouse(3)
		if err != nil {
			panic(err)
		}
		for slot, name := range []string{"family", "family stopped", "family"} {
			if _, err := h.Start(Spec{Name: name, Slot: slot, Stdout: func(line []byte) { fmt.Printf("%s\n", line) }}); err != nil {
				panic(err)
			}
		}
		fmt.Println(h.warden.pid())
		io.Copy(io.Discard, os.Stdin)
	},
	"hello": func() { fmt.Println("hello") },
	// deleted removes its own binary, then starts a worker.
	"deleted": func() {
		path, err := os.Executable()
		if err == nil {
			err = os.Remove(path)
		}
		if err != nil {
			panic(err)
		}
		h, err := openHouse(1)
		if err != nil {
			panic(err)
		}
		p, err := h.Start(Spec{Name: "exit 9"})
		if err != nil {
			panic(err)
		}
		fmt.Println(p.Exit())
		h.Close()
	},
}

func program(t *testing.T, path, name string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	cmd := exec.Command(path)
	cmd.Env = append(os.Environ(), programVariable+"="+name)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		in.Close()
		cmd.Process.Kill()
		cmd.Wait()
	})
	return cmd, bufio.NewScanner(out)
}

// family starts the program and returns it with its three workers and a pidfd of each of its ten
// descendants. The warden has come up.
func family(t *testing.T) (cmd *exec.Cmd, workers []int, fds map[int]int) {
	cmd, out := program(t, "/proc/self/exe", "family")
	var all []int
	for range 4 {
		require.True(t, out.Scan())
		var pids []int
		for _, word := range strings.Fields(out.Text()) {
			pid, err := strconv.Atoi(word)
			require.NoError(t, err)
			pids = append(pids, pid)
		}
		if len(pids) == 1 {
			until(t, "the warden did not come up", func() bool { return ignores(pids[0], unix.SIGTERM) })
		} else {
			workers = append(workers, pids[0])
		}
		all = append(all, pids...)
	}
	require.Len(t, all, 10)
	return cmd, workers, hold(t, all...)
}

func TestNobodyOutlivesAKilledParent(t *testing.T) {
	// The fastest counts, for the processors may be busy with somebody else's work.
	fastest := time.Hour
	for round := 0; round < 5 || round < 50 && fastest >= 100*time.Millisecond; round++ {
		cmd, _, fds := family(t)
		require.NoError(t, cmd.Process.Kill())
		left, took := survivors(t, fds, patience)
		require.Empty(t, left)
		t.Logf("all 10 processes had ended after %v", took)
		fastest = min(fastest, took)
	}
	require.Less(t, fastest, 100*time.Millisecond)
}

func TestTheWardenKillsTheChildrenOfDeadWorkers(t *testing.T) {
	// The parent is stopped while its workers die, so that nobody but the warden can see to their
	// children.
	cmd, workers, fds := family(t)
	require.NoError(t, cmd.Process.Signal(syscall.SIGSTOP))
	until(t, "the parent is not stopped", func() bool { return leak.Stopped(cmd.Process.Pid) })
	for _, pid := range workers {
		require.NoError(t, unix.Kill(pid, unix.SIGKILL))
	}
	require.NoError(t, cmd.Process.Kill())
	left, _ := survivors(t, fds, patience)
	require.Empty(t, left)
}

func TestAWorkerEndsItsGroupWithTheLifeline(t *testing.T) {
	groups, err := NewGroups(1)
	require.NoError(t, err)
	// The warden finds nobody, and this process, whose death the kernel would tell, lives.
	groups.Set = func(int, int32) {}
	h, err := NewHouse(groups)
	require.NoError(t, err)
	defer h.Close()
	out := newLines()
	p, err := h.Start(Spec{Name: "family", Stdout: out.take})
	require.NoError(t, err)
	var pids [3]int
	_, err = fmt.Sscan(out.next(t), &pids[0], &pids[1], &pids[2])
	require.NoError(t, err)
	fds := hold(t, pids[:]...)
	require.NoError(t, unix.Close(h.lifelineWrite))
	h.lifelineWrite = -1
	left, _ := survivors(t, fds, patience)
	require.Empty(t, left)
	require.Equal(t, syscall.SIGKILL, p.Exit().Signal)
}

func TestADeadWardenIsReplaced(t *testing.T) {
	h := newHouse(t, 1)
	for range 3 {
		old := h.warden.pid()
		require.NoError(t, unix.Kill(old, unix.SIGKILL))
		until(t, "no new warden came", func() bool { pid := h.warden.pid(); return pid != 0 && pid != old })
	}
}

func TestTheWardenIgnoresTheTerminal(t *testing.T) {
	h := newHouse(t, 1)
	pid := h.warden.pid()
	for _, sig := range []syscall.Signal{unix.SIGINT, unix.SIGTERM, unix.SIGHUP, unix.SIGQUIT} {
		until(t, "the warden does not ignore "+sig.String(), func() bool { return ignores(pid, sig) })
	}
	pgid, err := unix.Getpgid(pid)
	require.NoError(t, err)
	require.Equal(t, pid, pgid)
}

// ignores reports whether a process ignores a signal.
func ignores(pid int, sig syscall.Signal) bool {
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	_, rest, _ := strings.Cut(string(status), "SigIgn:")
	mask, _, _ := strings.Cut(strings.TrimSpace(rest), "\n")
	bits, _ := strconv.ParseUint(mask, 16, 64)
	return bits>>(sig-1)&1 == 1
}

func TestTheWardenReadsATableWithinALargerFile(t *testing.T) {
	// As package mp's control page: a word in each line of 64 bytes, behind something else.
	const offset, stride, slots = 4096 + 128, 64, 4
	fd, err := memoryFile("control", 1<<16)
	require.NoError(t, err)
	page, err := unix.Mmap(fd, 0, 1<<16, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	require.NoError(t, err)
	file := os.NewFile(uintptr(fd), "control")
	h, err := NewHouse(Groups{
		File: file, Len: slots, Offset: offset, Stride: stride,
		Set: func(slot int, pgid int32) {
			at := page[offset+slot*stride:]
			at[0], at[1], at[2], at[3] = byte(pgid), byte(pgid>>8), byte(pgid>>16), byte(pgid>>24)
		},
		Release: func() { file.Close(); unix.Munmap(page) },
	})
	require.NoError(t, err)
	defer h.Close()
	victim := exec.Command("sleep", "1000")
	victim.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	require.NoError(t, victim.Start())
	h.groups.Set(3, int32(victim.Process.Pid))
	// The end of the lifeline is all that the warden sees of the parent's end.
	fds := hold(t, victim.Process.Pid)
	require.NoError(t, unix.Close(h.lifelineWrite))
	h.lifelineWrite = -1
	left, _ := survivors(t, fds, patience)
	require.Empty(t, left)
	victim.Wait()
	h.groups.Set(3, 0)
}

func TestNobodyElseCanWriteTheTableOfGroups(t *testing.T) {
	groups, err := NewGroups(3)
	require.NoError(t, err)
	defer groups.Release()
	groups.Set(2, 77)
	again, err := os.OpenFile(fmt.Sprintf("/proc/self/fd/%d", groups.File.Fd()), os.O_RDWR, 0)
	require.NoError(t, err)
	defer again.Close()
	_, err = again.WriteAt([]byte{1}, 0)
	require.ErrorIs(t, err, unix.EPERM)
	require.ErrorIs(t, again.Truncate(0), unix.EPERM)
	_, err = unix.Mmap(int(again.Fd()), 0, 12, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	require.ErrorIs(t, err, unix.EPERM)
	view, err := unix.Mmap(int(again.Fd()), 0, 12, unix.PROT_READ, unix.MAP_SHARED)
	require.NoError(t, err)
	require.EqualValues(t, 77, view[8])
	require.NoError(t, unix.Munmap(view))
}

func TestADeletedProgramStillStartsWorkers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "program")
	binary, err := os.ReadFile("/proc/self/exe")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, binary, 0o755))
	cmd, out := program(t, path, "deleted")
	require.True(t, out.Scan())
	require.Equal(t, "exit code 9", out.Text())
	require.NoError(t, cmd.Wait())
	require.NoFileExists(t, path)
}
