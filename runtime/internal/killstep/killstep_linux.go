//go:build linux && amd64 && !explore

// Package killstep finds out what a death at any instruction leaves. It is for
// tests.
//
// A child does one operation on shared memory, one machine instruction at a time,
// and is killed after each. SIGKILL leaves shared memory just as it is, so what a
// death after k instructions leaves is a copy of the memory at that moment: the
// test takes one at each instruction, and repairs and checks the copy. Where an
// instruction has changed the memory, a further child is really killed there.
//
// The child is the test binary, which [Main] runs before any test.
package killstep

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

const variable = "MPGEN_KILLSTEP"

func init() {
	if os.Getenv(variable) != "" {
		runtime.LockOSThread() // the traced thread is the main one
	}
}

// Operation is what is killed at each of its instructions.
type Operation struct {
	Name string
	Size int // bytes of zeroed memory
	// Prepare is what others have done in the memory before.
	Prepare func(p unsafe.Pointer)
	// Open makes in the child what the operation needs, and returns the operation,
	// which must neither allocate nor wait: the child's other threads are frozen.
	Open func(p unsafe.Pointer) (act func())
	// Check repairs what a death has left in the memory, goes on with it, and says
	// what is wrong.
	Check func(p unsafe.Pointer) error
}

// Figures are what a run was.
type Figures struct{ Instructions, Changes, Kills int }

// Main is a TestMain. operations are all that the tests run.
func Main(m *testing.M, operations []Operation) {
	if name := os.Getenv(variable); name != "" {
		stepped(name, operations)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// stepped is the child: its operation lies between two stops.
func stepped(name string, operations []Operation) {
	for _, o := range operations {
		if o.Name != name {
			continue
		}
		mem, err := unix.Mmap(3, 0, o.Size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
		if err != nil {
			panic(err)
		}
		act := o.Open(unsafe.Pointer(&mem[0]))
		pid, tid := os.Getpid(), unix.Gettid()
		stop := func() { syscall.RawSyscall(syscall.SYS_TGKILL, uintptr(pid), uintptr(tid), uintptr(syscall.SIGSTOP)) }
		stop()
		act()
		stop()
		return
	}
	panic("no such operation")
}

// Run runs all operations, and logs what they were.
func Run(t testing.TB, operations []Operation) {
	t.Helper()
	runtime.LockOSThread() // ptrace answers to the thread that started the child
	defer runtime.UnlockOSThread()
	begin := time.Now()
	var all Figures
	for i := range operations {
		o := &operations[i]
		f := o.run(t)
		t.Logf("%-28s %5d instructions, %3d of them change the memory, %d children killed there", o.Name, f.Instructions, f.Changes, f.Kills)
		all.Instructions += f.Instructions
		all.Kills += f.Kills
	}
	t.Logf("%d deaths, %d of them by SIGKILL, in %v", all.Instructions, all.Kills, time.Since(begin).Round(time.Millisecond))
}

func (o *Operation) run(t testing.TB) (f Figures) {
	fd, err := unix.MemfdCreate("killstep", unix.MFD_CLOEXEC)
	require.NoError(t, err)
	defer unix.Close(fd)
	require.NoError(t, unix.Ftruncate(fd, int64(o.Size)))
	shared, err := unix.Mmap(fd, 0, o.Size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	require.NoError(t, err)
	defer unix.Munmap(shared)
	scratch, err := unix.Mmap(-1, 0, o.Size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	require.NoError(t, err)
	defer unix.Munmap(scratch)

	o.Prepare(unsafe.Pointer(&shared[0]))
	before := bytes.Clone(shared)

	// The copies.
	c, err := trace(o.Name, fd)
	require.NoError(t, err)
	last := bytes.Clone(shared)
	var changes []int
	for over := false; !over; f.Instructions++ {
		if f.Instructions == 0 || !bytes.Equal(shared, last) {
			copy(last, shared)
			changes = append(changes, f.Instructions)
			copy(scratch, shared)
			if err := o.check(unsafe.Pointer(&scratch[0])); err != nil {
				c.kill()
				require.NoError(t, err, "%s, death after %d instructions", o.Name, f.Instructions)
			}
		}
		over, err = c.step()
		require.NoError(t, err)
		require.Less(t, f.Instructions, 1_000_000)
	}
	c.kill()

	// The kills, everywhere where there is something to see.
	f.Changes = len(changes)
	every := 1 + len(changes)/16
	if testing.Short() {
		every = 1 + len(changes)/4
	}
	for k := 0; k < len(changes); k += every {
		copy(shared, before)
		c, err := trace(o.Name, fd)
		require.NoError(t, err)
		for range changes[k] {
			over, err := c.step()
			require.NoError(t, err)
			if over {
				break
			}
		}
		c.kill()
		f.Kills++
		require.NoError(t, o.check(unsafe.Pointer(&shared[0])), "%s, killed after %d instructions", o.Name, changes[k])
	}
	return f
}

func (o *Operation) check(p unsafe.Pointer) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	return o.Check(p)
}

// traced is a child that stands at the beginning of its operation.
type traced struct {
	cmd    *exec.Cmd
	frozen []int // its other threads
}

func trace(name string, fd int) (*traced, error) {
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), variable+"="+name, "GODEBUG=asyncpreemptoff=1", "GOGC=off", "GOMAXPROCS=1")
	cmd.Stderr = os.Stderr
	own, err := unix.Dup(fd)
	if err != nil {
		return nil, err
	}
	memory := os.NewFile(uintptr(own), "memory")
	defer memory.Close()
	cmd.ExtraFiles = []*os.File{memory}
	cmd.SysProcAttr = &syscall.SysProcAttr{Ptrace: true}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	c := &traced{cmd: cmd}
	for {
		sig, err := c.wait()
		if err != nil {
			return nil, err
		}
		if sig == syscall.SIGSTOP {
			return c, c.freeze()
		}
		if sig == syscall.SIGTRAP { // the exec
			sig = 0
		}
		if err := syscall.PtraceCont(c.cmd.Process.Pid, int(sig)); err != nil {
			return nil, err
		}
	}
}

// freeze stops the child's other threads, since its runtime would take the slow
// goroutine for one that hangs and interrupt it; and takes back a wish to
// interrupt it that is there already: a stack bound in its g (r14, behind the two
// bounds of the stack) that no stack pointer is above.
func (c *traced) freeze() error {
	pid := c.cmd.Process.Pid
	threads, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	if err != nil {
		return err
	}
	for _, d := range threads {
		tid, err := strconv.Atoi(d.Name())
		if err != nil || tid == pid {
			continue
		}
		if err := syscall.PtraceAttach(tid); err != nil {
			return err
		}
		_, err = syscall.Wait4(tid, nil, syscall.WALL, nil)
		for err == syscall.EINTR {
			_, err = syscall.Wait4(tid, nil, syscall.WALL, nil)
		}
		if err != nil {
			return err
		}
		c.frozen = append(c.frozen, tid)
	}
	var regs syscall.PtraceRegs
	if err := syscall.PtraceGetRegs(pid, &regs); err != nil {
		return err
	}
	var g [24]byte // stack.lo, stack.hi, stackguard0
	if _, err := syscall.PtracePeekData(pid, uintptr(regs.R14), g[:]); err != nil {
		return err
	}
	lo, hi := binary.NativeEndian.Uint64(g[:]), binary.NativeEndian.Uint64(g[8:])
	if regs.Rsp < lo || regs.Rsp > hi {
		return fmt.Errorf("r14 is not the g: stack %#x is not in [%#x, %#x]", regs.Rsp, lo, hi)
	}
	if binary.NativeEndian.Uint64(g[16:]) > hi {
		binary.NativeEndian.PutUint64(g[16:], lo+1024)
		_, err = syscall.PtracePokeData(pid, uintptr(regs.R14)+16, g[16:])
	}
	return err
}

func (c *traced) wait() (syscall.Signal, error) {
	var ws syscall.WaitStatus
	for {
		_, err := syscall.Wait4(c.cmd.Process.Pid, &ws, syscall.WALL, nil)
		if err == syscall.EINTR {
			continue
		}
		if err != nil {
			return 0, err
		}
		if !ws.Stopped() {
			return 0, fmt.Errorf("the child ended: exit %d, signal %v", ws.ExitStatus(), ws.Signal())
		}
		return ws.StopSignal(), nil
	}
}

// step does one instruction, and reports whether the operation is over.
func (c *traced) step() (over bool, err error) {
	if err := syscall.PtraceSingleStep(c.cmd.Process.Pid); err != nil {
		return false, err
	}
	sig, err := c.wait()
	return sig == syscall.SIGSTOP, err
}

// kill kills the child and waits until nothing is left of it: its other threads,
// which are traced too, come first.
func (c *traced) kill() {
	_ = c.cmd.Process.Kill()
	for _, tid := range append(c.frozen, c.cmd.Process.Pid) {
		var ws syscall.WaitStatus
		for {
			_, err := syscall.Wait4(tid, &ws, syscall.WALL, nil)
			if err != syscall.EINTR && (err != nil || ws.Signaled() || ws.Exited()) {
				break
			}
		}
	}
	_ = c.cmd.Process.Release()
}
