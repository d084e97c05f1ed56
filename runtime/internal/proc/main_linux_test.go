//go:build amd64 || arm64

package proc

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// programVariable makes the test binary a program of its own, named by the value, with processes of
// its own.
const programVariable = "PROC_TEST_PROGRAM"

// deathSignal is what the kernel sends to this process when its parent is gone. Only the main
// thread can ask, and only while packages initialise the code is sure to run there.
var deathSignal int32

// bornIn and bornNice are what this process has while packages initialise.
var (
	bornIn   string
	bornNice = ownNice()
)

// ownNice is the niceness of the calling thread.
func ownNice() int {
	n, _ := unix.Getpriority(unix.PRIO_PROCESS, 0)
	return 20 - n
}

func init() {
	bornIn, _ = os.Getwd()
	unix.Prctl(unix.PR_GET_PDEATHSIG, uintptr(unsafe.Pointer(&deathSignal)), 0, 0, 0)
}

func TestMain(m *testing.M) {
	if role, ok := Current(); ok {
		act(role)
		os.Exit(0)
	}
	if name := os.Getenv(programVariable); name != "" {
		os.Unsetenv(programVariable)
		programs[name]()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// act is what a child does: the first word of its name says what, the others with what.
func act(role Role) {
	words := strings.Fields(role.Name)
	if words[0] == "chain" {
		_, err := openHouse(1)
		fmt.Println(err)
		return
	}
	role.Enter()
	if role.Spare {
		role, err := role.Await()
		if err != nil {
			fmt.Println(err)
			return
		}
		if role.Name != "hesitate" {
			role.Begin()
		}
		act(role)
		return
	}
	number := func(i int) int { n, _ := strconv.Atoi(words[i]); return n }
	switch words[0] {
	case "exit":
		os.Exit(number(1))
	case "start": // as Go's runtime, if it can't
		fmt.Fprintln(os.Stderr, "runtime: failed to create new OS thread (have 2 already; errno=11)\nfatal error: newosproc")
		os.Exit(number(1))
	case "raise":
		syscall.Kill(os.Getpid(), syscall.Signal(number(1)))
		select {}
	case "panic":
		panic("the " + words[1] + " broke")
	case "map":
		m := map[int]int{}
		for range 4 {
			go func() {
				for i := 0; ; i++ {
					m[0] = i // one key, for a map that grows may break before Go sees that two write
				}
			}()
		}
		select {}
	case "fault":
		*(*int)(unsafe.Add(unsafe.Pointer(&role), 1<<46)) = 1
	case "crowd":
		// A crash text of many megabytes.
		for range number(1) {
			go func() { select {} }()
		}
		panic("crowd")
	case "say":
		fmt.Println(strings.Join(words[1:], " "))
	case "environment":
		for _, v := range os.Environ() {
			fmt.Println(v)
		}
	case "surroundings":
		fmt.Println(bornIn, bornNice)
		threads, _ := os.ReadDir("/proc/self/task")
		for _, thread := range threads {
			tid, _ := strconv.Atoi(thread.Name())
			n, _ := unix.Getpriority(unix.PRIO_PROCESS, tid)
			fmt.Println("a thread", 20-n)
		}
		out, err := exec.Command("sh", "-c", "pwd; nice").Output()
		fmt.Println(strings.Fields(string(out)), err)
	case "arguments":
		fmt.Printf("%q\n", os.Args)
	case "identity":
		comm, _ := os.ReadFile("/proc/self/comm")
		fmt.Println(role.Slot, role.Generation, role.Depth, role.Parent == os.Getppid(), unix.Getpgrp() == os.Getpid(), deathSignal, strings.TrimSpace(string(comm)))
	case "table":
		var word [4]byte
		role.Files()[0].ReadAt(word[:], int64(role.Slot)*4)
		fmt.Println(*(*int32)(unsafe.Pointer(&word)) == int32(os.Getpid()))
	case "echo":
		// Two pipes through the poller, so that a blocking mode that was lost would show.
		in, out := role.Files()[0], role.Files()[1]
		for lines := bufio.NewScanner(in); lines.Scan(); {
			fmt.Fprintln(out, lines.Text())
		}
	case "lines":
		for i := range number(1) {
			fmt.Fprintf(os.Stdout, "out %d %s\n", i, strings.Repeat("x", i%300))
			fmt.Fprintf(os.Stderr, "err %d\n", i)
		}
	case "parent":
		fmt.Println(grandchild(words[1:]...))
	case "run":
		cmd := exec.Command(words[1], words[2:]...)
		cmd.Stdout = os.Stdout
		if err := cmd.Run(); err != nil {
			panic(err)
		}
	case "nest":
		h, err := openHouse(1)
		if err != nil {
			fmt.Println(err)
			return
		}
		p, err := h.Start(Spec{Name: "nest", Stdout: func(line []byte) { fmt.Printf("%s\n", line) }})
		if err != nil {
			panic(err)
		}
		p.Exit()
		h.Close()
	case "wait", "hesitate":
		fmt.Println("ready")
		select {}
	case "family":
		fmt.Println(os.Getpid(), grandchild("sleep", "1000"), grandchild("sh", "-c", "trap '' TERM HUP INT; while :; do sleep 1000; done"))
		if len(words) > 1 {
			syscall.Kill(os.Getpid(), syscall.SIGSTOP)
		}
		select {}
	case "hoard":
		// Address space that is taken before the limit and touched after it.
		reserved, err := unix.Mmap(-1, 0, 256<<20, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
		if err != nil {
			panic(err)
		}
		fmt.Println("ready")
		role.Files()[0].Read(make([]byte, 1))
		for i := 0; i < len(reserved); i += 4096 {
			reserved[i] = 1
		}
		select {}
	case "grow":
		fmt.Println("ready")
		role.Files()[0].Read(make([]byte, 1))
		// Untouched, so that the limit of the address space is met and not the other.
		var all [][]byte
		for {
			all = append(all, make([]byte, 1<<20))
			runtime.KeepAlive(all)
		}
	default:
		panic("no act " + role.Name)
	}
}

func grandchild(command ...string) int {
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Stdout = os.Stdout
	if err := cmd.Start(); err != nil {
		panic(err)
	}
	return cmd.Process.Pid
}

// openHouse opens a House over a table of its own.
func openHouse(slots int) (*House, error) {
	groups, err := NewGroups(slots)
	if err != nil {
		return nil, err
	}
	return NewHouse(groups)
}

func newHouse(t testing.TB, slots int) *House {
	t.Helper()
	h, err := openHouse(slots)
	require.NoError(t, err)
	t.Cleanup(h.Close)
	return h
}

// patience bounds each wait for what must come, on a machine that may be busy with other things.
const patience = time.Minute

// lines collects what a process says, and hands it on line by line.
type lines struct {
	mu   sync.Mutex
	all  []string
	each chan string
}

func newLines() *lines { return &lines{each: make(chan string, 1<<16)} }

func (l *lines) take(line []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, string(line))
	l.each <- string(line)
}

func (l *lines) next(t testing.TB) string {
	t.Helper()
	select {
	case line := <-l.each:
		return line
	case <-time.After(patience):
		require.FailNow(t, "no line came")
		return ""
	}
}

// run starts a process in slot 0, waits for its end, and returns that with its standard output.
func run(t *testing.T, h *House, spec Spec) (Exit, []string) {
	t.Helper()
	out := newLines()
	spec.Stdout = out.take
	p, err := h.Start(spec)
	require.NoError(t, err)
	within(t, p.Done())
	return p.Exit(), out.all
}

func within(t testing.TB, done <-chan struct{}) {
	t.Helper()
	select {
	case <-done:
	case <-time.After(patience):
		require.FailNow(t, "did not end")
	}
}

// until polls for what the kernel has no event for.
func until(t testing.TB, what string, met func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !met(); {
		require.True(t, time.Now().Before(deadline), what)
		time.Sleep(time.Millisecond)
	}
}

// survivors returns those of the processes that have not ended after the limit, and the time the
// last end took.
func survivors(t testing.TB, pidfds map[int]int, limit time.Duration) (left []int, took time.Duration) {
	t.Helper()
	begin := time.Now()
	for pid, fd := range pidfds {
		wait := max(0, limit-time.Since(begin))
		events := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		n, err := unix.Poll(events, int(wait.Milliseconds()))
		for err == unix.EINTR {
			n, err = unix.Poll(events, int(wait.Milliseconds()))
		}
		require.NoError(t, err)
		if n == 0 {
			left = append(left, pid)
		}
	}
	return left, time.Since(begin)
}

// hold opens a pidfd for each process, so that its end is seen whatever becomes of the number.
func hold(t testing.TB, pids ...int) map[int]int {
	t.Helper()
	fds := make(map[int]int)
	for _, pid := range pids {
		fd, err := unix.PidfdOpen(pid, 0)
		require.NoError(t, err, "process %d", pid)
		t.Cleanup(func() { unix.Close(fd) })
		fds[pid] = fd
	}
	return fds
}
