//go:build linux && amd64 && !explore

package ring

import (
	"bytes"
	"encoding/binary"
	"errors"
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

	"github.com/mpgen/mpgen/runtime/internal/bell"
)

// A child does one operation on a ring in shared memory, one instruction at a
// time, and is killed after each. SIGKILL leaves shared memory just as it is, so
// what a death after k instructions leaves is a copy of the memory at that
// moment: the test takes one at each instruction and sweeps and checks the copy.
// Where an instruction has changed the memory, a second child is really killed
// there.

const stepEnv = "RING_STEP"

func init() {
	if os.Getenv(stepEnv) != "" {
		runtime.LockOSThread() // the traced thread is the main one
	}
}

func TestMain(m *testing.M) {
	if name := os.Getenv(stepEnv); name != "" {
		stepped(name)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// The processes: dead is the child; others put and take around it.
const (
	putter Owner = 1
	victim Owner = 2
	reader Owner = 3
)

// bench is a memory with what all operations need: bells, what the child has
// got done, two Bounded rings and an SPSC.
type bench struct {
	bells   []bell.Word
	reached *uint64 // by the child: 1 it knows that its item is in, or has one; 2 it knows that it is done
	in, out *Bounded
	spsc    *SPSC
	item    int // bytes of a large item, 0: numbers

	// Made before the child's operation, which must not allocate: its runtime may
	// need a thread that is frozen.
	data map[uint64][]byte
	buf  []byte
	seat *Seat
}

const benchSize = 1 << 17

func openBench(p unsafe.Pointer, blocks int) *bench {
	b := &bench{bells: unsafe.Slice((*bell.Word)(p), 4), reached: (*uint64)(unsafe.Add(p, 256))}
	g := Geometry{Capacity: 4, Payload: MinPayload, Blocks: blocks, Slots: 4, Seats: 2}
	p = unsafe.Add(p, 4096)
	b.in = OpenBounded(p, g, b.bells)
	p = unsafe.Add(p, (BoundedSize(g)+4095)&^4095)
	b.out = OpenBounded(p, g, b.bells)
	p = unsafe.Add(p, (BoundedSize(g)+4095)&^4095)
	b.spsc = OpenSPSC(p, g, b.bells)
	b.in.SetOwner(0, victim)
	b.in.SetOwner(1, reader)
	b.out.SetOwner(0, putter)
	b.out.SetOwner(1, reader)
	if blocks > 0 {
		b.item = BlockSize + 100
	}
	b.data, b.buf, b.seat = map[uint64][]byte{}, make([]byte, 0, 2*BlockSize), b.in.Seat(0)
	return b
}

func (b *bench) large(v uint64) []byte {
	data := b.data[v]
	if data == nil {
		data = bytes.Repeat([]byte{byte(v)}, b.item)
		binary.NativeEndian.PutUint64(data, v)
		b.data[v] = data
	}
	return data
}

// fill makes payload p the item v of owner o, whose place is t.
func (b *bench) fill(a *Arena, o Owner, t uint64, p []byte, v uint64, d Descriptor) {
	if a == nil {
		binary.NativeEndian.PutUint64(p, v)
		return
	}
	a.Place(o, t)
	PutDescriptor(p, d)
}

func (b *bench) build(a *Arena, o Owner, v uint64) Descriptor {
	if a == nil {
		return Descriptor{}
	}
	d, ok := a.Build(o, b.large(v))
	if !ok {
		panic("the arena is full")
	}
	return d
}

func (b *bench) value(a *Arena, p []byte) uint64 {
	if a == nil {
		return binary.NativeEndian.Uint64(p)
	}
	data, err := a.Item(p, b.buf)
	if err != nil {
		panic(err)
	}
	v := binary.NativeEndian.Uint64(data)
	if !bytes.Equal(data, b.large(v)) {
		panic("the item is torn")
	}
	return v
}

func (b *bench) put(r *Bounded, o Owner, v uint64) bool {
	d := b.build(r.Arena, o, v)
	t, ok := r.Claim(o)
	if !ok {
		return false
	}
	b.fill(r.Arena, o, uint64(t), r.Payload(t), v, d)
	if err := r.Publish(t, o); err != nil {
		panic(err)
	}
	if r.Arena != nil {
		r.Arena.Built(o)
	}
	*b.reached = 1
	r.Wake(o)
	return true
}

func (b *bench) putSPSC(o Owner, v uint64) {
	p := b.spsc.OpenProducer()
	d := b.build(p.Arena, o, v)
	if !p.HasRoom() {
		panic("the ring is full")
	}
	b.fill(p.Arena, o, p.Next, p.Payload(p.Next), v, d)
	p.Next++
	p.Publish()
	if p.Arena != nil {
		p.Arena.Built(o)
	}
	*b.reached = 1
	p.Wake()
}

func (b *bench) take(s *Seat) (uint64, bool) {
	ok, err := s.Take()
	if err != nil {
		panic(err)
	}
	if !ok {
		return 0, false
	}
	return b.value(s.r.Arena, s.Payload()), true
}

func (b *bench) takeAll(s *Seat) (vs []uint64) {
	for {
		v, ok := b.take(s)
		if !ok {
			return vs
		}
		s.Free()
		vs = append(vs, v)
	}
}

// give is what a worker does: a task of v gives the result 10*v.
func (b *bench) give(s *Seat, o Owner) bool {
	v, ok := b.take(s)
	if !ok {
		return false
	}
	s.Results(1)
	r := b.out
	d := b.build(r.Arena, o, 10*v)
	t, ok := r.Claim(o)
	if !ok {
		panic("the output is full")
	}
	s.Note(0, r, t)
	b.fill(r.Arena, o, uint64(t), r.Payload(t), 10*v, d)
	if err := r.Publish(t, o); err != nil {
		panic(err)
	}
	if r.Arena != nil {
		r.Arena.Built(o)
	}
	*b.reached = 1
	r.Wake(o)
	s.Advance()
	*b.reached = 2
	return true
}

// step is an operation: what the ring holds before, what the child does, and
// what the others must find after its death.
type step struct {
	name    string
	prepare func(b *bench)
	act     func(b *bench)
	// after takes everything out, after the sweep, and says what must have been
	// there: must, and may.
	after func(b *bench) (found, must, may []uint64)
}

var steps = []step{
	{"put", func(b *bench) { b.put(b.in, putter, 7) },
		func(b *bench) { b.put(b.in, victim, 42) },
		func(b *bench) ([]uint64, []uint64, []uint64) {
			reached := *b.reached
			mustBe(b.put(b.in, putter, 9))
			return unacked(b.takeAll(b.in.Seat(1)), reached, 7, 42, 9)
		}},
	{"take", func(b *bench) { b.put(b.in, putter, 7); b.put(b.in, putter, 8) },
		func(b *bench) {
			s := b.seat
			_, ok := b.take(s)
			mustBe(ok)
			*b.reached = 1
			s.Free()
			*b.reached = 2
		},
		func(b *bench) ([]uint64, []uint64, []uint64) {
			reached := *b.reached
			mustBe(b.put(b.in, putter, 9))
			return undone(b.takeAll(b.in.Seat(1)), reached, 7, 8, 9)
		}},
	{"stage", func(b *bench) { b.put(b.in, putter, 7); b.put(b.in, putter, 8) },
		func(b *bench) { mustBe(b.give(b.seat, victim)) },
		func(b *bench) ([]uint64, []uint64, []uint64) {
			for b.give(b.in.Seat(1), reader) {
			}
			return b.takeAll(b.out.Seat(0)), []uint64{70, 80}, nil
		}},
	{"put to SPSC", func(b *bench) { b.putSPSC(victim, 7) },
		func(b *bench) { b.putSPSC(victim, 42) },
		func(b *bench) ([]uint64, []uint64, []uint64) {
			reached := *b.reached
			b.putSPSC(victim, 9)
			return unacked(b.takeAllSPSC(), reached, 7, 42, 9)
		}},
	{"take from SPSC", func(b *bench) { b.putSPSC(putter, 7); b.putSPSC(putter, 8) },
		func(b *bench) {
			c := b.spsc.OpenConsumer()
			mustBe(c.HasItem())
			b.value(c.Arena, c.Payload(c.Next))
			*b.reached = 1
			c.SetDone(c.Next + 1)
			*b.reached = 2
		},
		func(b *bench) ([]uint64, []uint64, []uint64) {
			reached := *b.reached
			b.putSPSC(putter, 9)
			return undone(b.takeAllSPSC(), reached, 7, 8, 9)
		}},
}

func mustBe(ok bool) {
	if !ok {
		panic("the operation could not be done")
	}
}

// unacked: the item in the middle must be there once its put has returned.
func unacked(found []uint64, reached, before, item, after uint64) (f, must, may []uint64) {
	if reached > 0 {
		return found, []uint64{before, item, after}, nil
	}
	return found, []uint64{before, after}, []uint64{item}
}

// undone: the first item must come again until its reader has begun to work on
// it, and must not once the reader knows that it is done.
func undone(found []uint64, reached, item, second, after uint64) (f, must, may []uint64) {
	switch reached {
	case 0:
		return found, []uint64{item, second, after}, nil
	case 2:
		return found, []uint64{second, after}, nil
	}
	return found, []uint64{second, after}, []uint64{item}
}

func (b *bench) takeAllSPSC() (vs []uint64) {
	c := b.spsc.OpenConsumer()
	for c.HasItem() {
		vs = append(vs, b.value(c.Arena, c.Payload(c.Next)))
		c.Next++
		c.SetDone(c.Next)
	}
	c.Tell()
	return vs
}

// sweep is what the parent does when the victim has died.
func (b *bench) sweep(spscEnd string) {
	b.in.Settle(victim, []*Bounded{b.out})
	b.in.SweepOutput(victim)
	b.out.SweepOutput(victim)
	b.in.SweepInput(victim, nil)
	b.in.Unpark(victim)
	b.out.Unpark(victim)
	switch spscEnd {
	case "put to SPSC":
		b.spsc.SweepProducer(victim)
	case "take from SPSC":
		b.spsc.SweepConsumer(victim)
	}
	b.in.WakeAll()
	b.out.WakeAll()
	b.spsc.WakeAll()
}

// check sweeps the memory at p, and says what is wrong with it.
func (s *step) check(p unsafe.Pointer, blocks int) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	b := openBench(p, blocks)
	b.sweep(s.name)
	found, must, may := s.after(b)
	count := map[uint64]int{}
	for _, v := range found {
		if count[v]++; count[v] > 1 {
			return fmt.Errorf("item %d comes twice", v)
		}
	}
	for _, v := range must {
		if count[v] == 0 {
			return fmt.Errorf("item %d is lost; found %v", v, found)
		}
		delete(count, v)
	}
	for _, v := range may {
		delete(count, v)
	}
	if len(count) > 0 {
		return fmt.Errorf("items come that should not: found %v, want %v", found, must)
	}
	for _, r := range []*Bounded{b.in, b.out} {
		if !r.Quiet(0) {
			return errors.New("something is left in a ring")
		}
	}
	for _, a := range []*Arena{b.in.Arena, b.out.Arena, b.spsc.Arena} {
		if a != nil && !a.HasRoom(a.Max()) {
			return errors.New("blocks are left that nobody frees")
		}
	}
	return nil
}

// stepped is the child: its operation lies between two stops.
func stepped(name string) {
	mem, err := unix.Mmap(3, 0, benchSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		panic(err)
	}
	blocks := 0
	if os.Getenv(stepEnv+"_LARGE") != "" {
		blocks = 8
	}
	b := openBench(unsafe.Pointer(&mem[0]), blocks)
	if blocks > 0 {
		for _, v := range []uint64{7, 42, 70} {
			b.large(v)
		}
	}
	for _, s := range steps {
		if s.name == name {
			pid, tid := os.Getpid(), unix.Gettid()
			stop := func() { syscall.RawSyscall(syscall.SYS_TGKILL, uintptr(pid), uintptr(tid), uintptr(syscall.SIGSTOP)) }
			stop()
			s.act(b)
			stop()
			return
		}
	}
	panic("no such step")
}

// traced is a child that stands at the beginning of its operation.
type traced struct {
	cmd    *exec.Cmd
	frozen []int // its other threads
}

func trace(name string, blocks, fd int) (*traced, error) {
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), stepEnv+"="+name, "GODEBUG=asyncpreemptoff=1", "GOGC=off", "GOMAXPROCS=1")
	if blocks > 0 {
		cmd.Env = append(cmd.Env, stepEnv+"_LARGE=1")
	}
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
		if _, err := syscall.Wait4(tid, nil, syscall.WALL, nil); err != nil {
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

func TestDeathAfterEachInstruction(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs ptrace")
	}
	runtime.LockOSThread() // ptrace answers to the thread that started the child
	defer runtime.UnlockOSThread()
	begin := time.Now()
	total, kills := 0, 0
	for _, blocks := range []int{0, 8} {
		for i := range steps {
			s := &steps[i]
			name := s.name
			if blocks > 0 {
				name += ", large"
			}
			n, images, killed := s.run(t, blocks)
			t.Logf("%-22s %5d instructions, %3d of them change the memory, %d children killed there", name, n, images, killed)
			total, kills = total+n, kills+killed
		}
	}
	t.Logf("%d deaths, %d of them by SIGKILL, in %v", total, kills, time.Since(begin).Round(time.Millisecond))
}

func (s *step) run(t *testing.T, blocks int) (instructions, images, kills int) {
	fd, err := unix.MemfdCreate("ring", unix.MFD_CLOEXEC)
	require.NoError(t, err)
	defer unix.Close(fd)
	require.NoError(t, unix.Ftruncate(fd, benchSize))
	shared, err := unix.Mmap(fd, 0, benchSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	require.NoError(t, err)
	defer unix.Munmap(shared)
	scratch, err := unix.Mmap(-1, 0, benchSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	require.NoError(t, err)
	defer unix.Munmap(scratch)

	b := openBench(unsafe.Pointer(&shared[0]), blocks)
	s.prepare(b)
	*b.reached = 0
	before := bytes.Clone(shared)

	// The copies.
	c, err := trace(s.name, blocks, fd)
	require.NoError(t, err)
	last := bytes.Clone(shared)
	var changes []int
	for over := false; !over; instructions++ {
		if instructions == 0 || !bytes.Equal(shared, last) {
			copy(last, shared)
			changes = append(changes, instructions)
			copy(scratch, shared)
			if err := s.check(unsafe.Pointer(&scratch[0]), blocks); err != nil {
				c.kill()
				require.NoError(t, err, "%s, %d blocks, death after %d instructions", s.name, blocks, instructions)
			}
		}
		over, err = c.step()
		require.NoError(t, err)
		require.Less(t, instructions, 1_000_000)
	}
	c.kill()

	// The kills, everywhere where there is something to see.
	every := 1 + len(changes)/16
	if testing.Short() {
		every = 1 + len(changes)/4
	}
	for k := 0; k < len(changes); k += every {
		copy(shared, before)
		c, err := trace(s.name, blocks, fd)
		require.NoError(t, err)
		for range changes[k] {
			over, err := c.step()
			require.NoError(t, err)
			if over {
				break
			}
		}
		c.kill()
		kills++
		require.NoError(t, s.check(unsafe.Pointer(&shared[0]), blocks), "%s, %d blocks, killed after %d instructions", s.name, blocks, changes[k])
	}
	return instructions, len(changes), kills
}
