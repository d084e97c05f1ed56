//go:build amd64 || arm64

package proc

import (
	"cmp"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/mpgen/mpgen/runtime/internal/leak"
)

func TestExitTellsHowAProcessEnded(t *testing.T) {
	h := newHouse(t, 1)
	for _, tt := range []struct {
		name   string
		env    []string
		code   int
		signal syscall.Signal
		panic  string // part of the crash text
		text   string // what Exit.String says
	}{
		{name: "exit 0", code: 0, text: "exit code 0"},
		{name: "exit 3", code: 3, text: "exit code 3"},
		{name: "raise 9", code: -1, signal: syscall.SIGKILL, text: "signal: killed"},
		{name: "raise 15", code: -1, signal: syscall.SIGTERM, text: "signal: terminated"},
		{name: "panic engine", code: 2, panic: "panic: the engine broke\n\ngoroutine 1", text: "exit code 2"},
		{name: "panic engine", env: []string{"GOTRACEBACK=crash"}, code: -1, signal: syscall.SIGABRT, panic: "panic: the engine broke", text: "signal: aborted"},
		{name: "map", code: 2, panic: "fatal error: concurrent map writes", text: "exit code 2"},
		{name: "start 2", code: 2, panic: "fatal error: newosproc", text: "exit code 2"},
		{name: "start 1", code: 1, text: "exit code 1"},
		{name: "fault", code: 2, panic: "SIGSEGV: segmentation violation", text: "exit code 2"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			exit, _ := run(t, h, Spec{Name: tt.name, Env: tt.env})
			require.Equal(t, tt.code, exit.Code)
			require.Equal(t, tt.signal, exit.Signal)
			require.Equal(t, tt.text, exit.String())
			require.False(t, exit.OOM)
			require.Positive(t, exit.MaxRSS)
			require.Positive(t, exit.UserTime+exit.SystemTime)
			if tt.panic == "" {
				require.Empty(t, exit.Panic)
				return
			}
			require.Contains(t, exit.Panic, tt.panic)
			require.NotContains(t, exit.Panic, "\x00")
			require.LessOrEqual(t, strings.Count(exit.Stderr, "\n")+1, MaxTailLines)
		})
	}
}

func TestACrashTextIsBounded(t *testing.T) {
	h := newHouse(t, 1)
	exit, _ := run(t, h, Spec{Name: "crowd 3000", Env: []string{"GOTRACEBACK=all"}})
	require.Equal(t, 2, exit.Code)
	require.True(t, strings.HasPrefix(exit.Panic, "panic: crowd"), exit.Panic[:min(80, len(exit.Panic))])
	require.Greater(t, len(exit.Panic), MaxCrash*9/10)
	require.LessOrEqual(t, len(exit.Panic), MaxCrash)
	require.LessOrEqual(t, len(exit.Stderr), MaxTail)
}

func TestAChildHasItsRoleArgumentsAndEnvironment(t *testing.T) {
	h := newHouse(t, 4)
	t.Setenv("PROC_TEST_BOTH", "parent")
	t.Setenv("PROC_TEST_OWN", "parent")

	_, out := run(t, h, Spec{Name: "identity", Slot: 3, Generation: 7})
	require.Equal(t, []string{"3 7 1 true true 9 identity"}, out)

	_, out = run(t, h, Spec{Name: "environment", Env: []string{"PROC_TEST_BOTH=child", "PROC_TEST_NEW=child"}})
	require.Contains(t, out, "PROC_TEST_BOTH=child")
	require.NotContains(t, out, "PROC_TEST_BOTH=parent")
	require.Contains(t, out, "PROC_TEST_NEW=child")
	require.Contains(t, out, "PROC_TEST_OWN=parent")
	require.NotContains(t, strings.Join(out, "\n"), roleVariable)

	_, out = run(t, h, Spec{Name: "arguments"})
	require.Equal(t, []string{fmt.Sprintf("%q", os.Args)}, out)
}

func TestAChildIsBornInItsFolderWithItsNiceness(t *testing.T) {
	h := newHouse(t, 1)
	here, err := os.Getwd()
	require.NoError(t, err)
	own := ownNice()
	for _, tt := range []struct {
		dir  string
		nice int
	}{{"", 0}, {t.TempDir(), 3}, {"", 3}, {t.TempDir(), MaxNice}, {t.TempDir(), 0}} {
		_, out := run(t, h, Spec{Name: "surroundings", Dir: tt.dir, Nice: tt.nice})
		dir, nice := cmp.Or(tt.dir, here), min(own+tt.nice, MaxNice)
		require.Equal(t, fmt.Sprint(dir, " ", nice), out[0])
		require.Equal(t, fmt.Sprintf("[%s %d] <nil>", dir, nice), out[len(out)-1])
		threads := out[1 : len(out)-1]
		require.Greater(t, len(threads), 1)
		for _, line := range threads {
			require.Equal(t, fmt.Sprint("a thread ", nice), line)
		}
	}
	// Nothing of it stays with this process, whose threads start others.
	require.Equal(t, own, ownNice())
	main, err := unix.Getpriority(unix.PRIO_PROCESS, os.Getpid())
	require.NoError(t, err)
	require.Equal(t, own, 20-main)
}

func TestAFolderThatIsNoneIsNamed(t *testing.T) {
	h := newHouse(t, 1)
	before := descriptors(t)
	folder := t.TempDir()
	_, err := h.Start(Spec{Name: "wait", Dir: folder + "/none"})
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.EqualError(t, err, `start of process "wait": stat `+folder+`/none: no such file or directory`)
	file := folder + "/file"
	require.NoError(t, os.WriteFile(file, nil, 0o666))
	_, err = h.Start(Spec{Name: "wait", Dir: file})
	require.EqualError(t, err, `start of process "wait": chdir `+file+`: not a directory`)
	_, err = h.Start(Spec{Name: "wait", Nice: MaxNice + 1})
	require.EqualError(t, err, `start of process "wait": niceness is 20, want 0 to 19`)
	require.Equal(t, before, descriptors(t))
}

func TestInheritedFilesComeInOrderAndKeepTheirMode(t *testing.T) {
	h := newHouse(t, 1)
	theirIn, in, err := os.Pipe()
	require.NoError(t, err)
	out, theirOut, err := os.Pipe()
	require.NoError(t, err)
	p, err := h.Start(Spec{Name: "echo", Files: []*os.File{theirIn, theirOut}})
	require.NoError(t, err)
	for _, f := range []*os.File{theirIn, theirOut} {
		conn, err := f.SyscallConn()
		require.NoError(t, err)
		require.NoError(t, conn.Control(func(fd uintptr) {
			flags, err := unix.FcntlInt(fd, unix.F_GETFL, 0)
			require.NoError(t, err)
			require.NotZero(t, flags&unix.O_NONBLOCK)
		}))
		require.NoError(t, f.Close())
	}
	fmt.Fprintln(in, "hello")
	answer := make([]byte, 6)
	_, err = out.Read(answer)
	require.NoError(t, err)
	require.Equal(t, "hello\n", string(answer))
	require.NoError(t, in.Close())
	within(t, p.Done())
	require.Equal(t, 0, p.Exit().Code)
	require.NoError(t, out.Close())
}

func TestTheGroupIsPublishedBeforeAChildsMainRuns(t *testing.T) {
	groups, err := NewGroups(2)
	require.NoError(t, err)
	store := groups.Set
	var stores []int32
	groups.Set = func(slot int, pgid int32) {
		// The parent loses its processor here, for longer than the child needs to come up.
		time.Sleep(20 * time.Millisecond)
		stores = append(stores, pgid)
		store(slot, pgid)
	}
	h, err := NewHouse(groups)
	require.NoError(t, err)
	defer h.Close()
	_, out := run(t, h, Spec{Name: "table", Slot: 1, Files: []*os.File{groups.File}})
	require.Equal(t, []string{"true"}, out)
	require.Len(t, stores, 2)
	require.Positive(t, stores[0])
	require.Zero(t, stores[1])
}

func TestGrandchildrenDieWithTheirWorker(t *testing.T) {
	h := newHouse(t, 1)
	out := newLines()
	p, err := h.Start(Spec{Name: "family", Stdout: out.take})
	require.NoError(t, err)
	var pids [3]int
	_, err = fmt.Sscan(out.next(t), &pids[0], &pids[1], &pids[2])
	require.NoError(t, err)
	require.Equal(t, p.PID(), pids[0])
	fds := hold(t, pids[:]...)
	// Only the worker: the group is the House's business.
	require.NoError(t, p.Signal(syscall.SIGKILL))
	within(t, p.Done())
	left, _ := survivors(t, fds, patience)
	require.Empty(t, left)
	require.Equal(t, syscall.SIGKILL, p.Exit().Signal)
	require.ErrorIs(t, p.Signal(syscall.SIGTERM), os.ErrProcessDone)
	p.Kill()
}

func TestAStoppedProcessCanBeKilled(t *testing.T) {
	h := newHouse(t, 1)
	out := newLines()
	p, err := h.Start(Spec{Name: "wait", Stdout: out.take})
	require.NoError(t, err)
	out.next(t)
	require.NoError(t, p.Signal(syscall.SIGSTOP))
	until(t, "it is not stopped", func() bool { return leak.Stopped(p.PID()) })
	p.Kill()
	within(t, p.Done())
	require.Equal(t, syscall.SIGKILL, p.Exit().Signal)
}

func TestAGrandchildThatKeepsTheOutputDoesNotKeepTheProcess(t *testing.T) {
	t.Parallel()
	h := newHouse(t, 1)
	out := newLines()
	p, err := h.Start(Spec{Name: "parent setsid sleep 1000", Stdout: out.take})
	require.NoError(t, err)
	pid, err := strconv.Atoi(out.next(t))
	require.NoError(t, err)
	within(t, p.Dead())
	begin := time.Now()
	within(t, p.Done())
	// setsid may not have left the group in time, and was killed then, and else keeps the output for a quarter of an hour.
	require.Less(t, time.Since(begin), drainPatience+30*time.Second)
	require.Equal(t, 0, p.Exit().Code)
	unix.Kill(pid, unix.SIGKILL)
}

func TestASlotHoldsOneProcess(t *testing.T) {
	h := newHouse(t, 2)
	p, err := h.Start(Spec{Name: "wait", Slot: 1})
	require.NoError(t, err)
	_, err = h.Start(Spec{Name: "wait", Slot: 1})
	require.EqualError(t, err, `start of process "wait": slot 1 has a process that is not dead`)
	_, err = h.Start(Spec{Name: "wait", Slot: 2})
	require.EqualError(t, err, `start of process "wait": slot 2 does not exist, want 0 to 1`)
	p.Kill()
	within(t, p.Dead())
	exit, _ := run(t, h, Spec{Name: "exit 5", Slot: 1})
	require.Equal(t, 5, exit.Code)
}

func TestACloseKillsAndReapsWhatIsLeft(t *testing.T) {
	h := newHouse(t, 3)
	var pids []int
	for slot := range 3 {
		out := newLines()
		p, err := h.Start(Spec{Name: "wait", Slot: slot, Stdout: out.take})
		require.NoError(t, err)
		out.next(t)
		pids = append(pids, p.PID())
	}
	pids = append(pids, h.warden.pid())
	h.Close()
	for _, pid := range pids {
		require.ErrorIs(t, unix.Kill(pid, 0), unix.ESRCH)
	}
	_, err := h.Start(Spec{Name: "wait"})
	require.EqualError(t, err, `start of process "wait": the house is closed`)
	h.Close()
}

func TestAFailedStartLeavesNothing(t *testing.T) {
	h := newHouse(t, 1)
	gone, other, err := os.Pipe()
	require.NoError(t, err)
	require.NoError(t, other.Close())
	require.NoError(t, gone.Close())
	before := descriptors(t)
	_, err = h.Start(Spec{Name: "wait", Files: []*os.File{gone}})
	require.EqualError(t, err, `start of process "wait": cannot pass on file 0, "|0": use of closed file`)
	_, err = h.Start(Spec{Name: "wait\x00"})
	require.ErrorIs(t, err, unix.EINVAL)
	require.Equal(t, before, descriptors(t))
	exit, _ := run(t, h, Spec{Name: "exit 0"})
	require.Equal(t, 0, exit.Code)
}
