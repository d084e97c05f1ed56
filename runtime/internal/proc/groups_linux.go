//go:build amd64 || arm64

package proc

import (
	"fmt"
	"os"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// NewGroups returns a table of n slots, at least 1, in a memory file that nobody but this mapping
// can write, not even through a descriptor of the file.
func NewGroups(n int) (Groups, error) {
	if n < 1 {
		return Groups{}, fmt.Errorf("a table of groups has %d slots, want at least 1", n)
	}
	size := n * 4
	fd, err := memoryFile("mpgen groups", int64(size))
	if err != nil {
		return Groups{}, err
	}
	mapping, err := unix.Mmap(fd, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_POPULATE)
	if err != nil {
		unix.Close(fd)
		return Groups{}, fmt.Errorf("cannot map the table of groups: %w", err)
	}
	const seals = unix.F_SEAL_SHRINK | unix.F_SEAL_GROW | unix.F_SEAL_SEAL | unix.F_SEAL_FUTURE_WRITE
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, seals); err != nil {
		unix.Munmap(mapping)
		unix.Close(fd)
		return Groups{}, fmt.Errorf("cannot seal the table of groups: %w", err)
	}
	words := unsafe.Slice((*int32)(unsafe.Pointer(unsafe.SliceData(mapping))), n)
	file := os.NewFile(uintptr(fd), "groups")
	return Groups{
		File: file,
		Len:  n,
		Set:  func(slot int, pgid int32) { atomic.StoreInt32(&words[slot], pgid) },
		Release: func() {
			unix.Munmap(mapping)
			file.Close()
		},
	}, nil
}

// memoryFile returns a descriptor of a new memory file of the given size in bytes, closed on exec, open
// for sealing, and never to be executed.
func memoryFile(name string, size int64) (int, error) {
	fd, err := unix.MemfdCreate(name, unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING|unix.MFD_NOEXEC_SEAL)
	if err == unix.EINVAL {
		// Linux before 6.3 does not know the last flag.
		fd, err = unix.MemfdCreate(name, unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	}
	if err != nil {
		return -1, fmt.Errorf("cannot make the memory file %q: %w", name, err)
	}
	if err := unix.Ftruncate(fd, size); err != nil {
		unix.Close(fd)
		return -1, fmt.Errorf("cannot size the memory file %q to %d bytes: %w", name, size, err)
	}
	return fd, nil
}
