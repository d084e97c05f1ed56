package peer

import (
	"os"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// sharedSize is enough for the largest peer: two rings.
const sharedSize = 1 << 20

// shared is memory that two processes see.
type shared struct {
	file *os.File
	mem  []byte
}

// newShared makes memory with no name in any file system.
func newShared() (*shared, error) {
	fd, err := unix.MemfdCreate("bench", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("memfd_create", err)
	}
	f := os.NewFile(uintptr(fd), "bench")
	if err := f.Truncate(sharedSize); err != nil {
		f.Close()
		return nil, err
	}
	return mapShared(f)
}

// mapShared maps f whole, with its pages already there, and takes it over.
func mapShared(f *os.File) (*shared, error) {
	mem, err := unix.Mmap(int(f.Fd()), 0, sharedSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_POPULATE)
	if err != nil {
		f.Close()
		return nil, os.NewSyscallError("mmap", err)
	}
	return &shared{f, mem}, nil
}

func (s *shared) close() {
	unix.Munmap(s.mem)
	s.file.Close()
}

// at is the address of an offset, which is a multiple of 128.
func (s *shared) at(offset uintptr) unsafe.Pointer { return unsafe.Pointer(&s.mem[offset]) }

// wait sleeps until word is woken, unless it is not old any more. It may also
// return for no reason.
func wait(word *atomic.Uint32, old uint32) {
	unix.Syscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(word)), 0 /* FUTEX_WAIT */, uintptr(old), 0, 0, 0)
}

// wake wakes one process that waits for word.
func wake(word *atomic.Uint32) {
	unix.RawSyscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(word)), 1 /* FUTEX_WAKE */, 1, 0, 0, 0)
}

// yield lets another process have the processor.
func yield() { unix.RawSyscall(unix.SYS_SCHED_YIELD, 0, 0, 0) }
