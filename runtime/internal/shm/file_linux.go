package shm

import (
	"errors"
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Create makes a memory file of size bytes, rounded up to whole pages, and maps
// it. name shows in /proc only.
func Create(name string, size int) (*File, error) {
	page := os.Getpagesize()
	size = (max(size, 1) + page - 1) &^ (page - 1)
	fd, err := unix.MemfdCreate(name, unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING|unix.MFD_NOEXEC_SEAL)
	if err == unix.EINVAL { // before Linux 6.3
		fd, err = unix.MemfdCreate(name, unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	}
	if err != nil {
		return nil, fmt.Errorf("create the memory file %q: %w", name, err)
	}
	f := &File{fd: os.NewFile(uintptr(fd), name)}
	if err := unix.Ftruncate(fd, int64(size)); err != nil {
		f.Close()
		return nil, fmt.Errorf("size the memory file %q to %d bytes: %w", name, size, err)
	}
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, unix.F_SEAL_SHRINK|unix.F_SEAL_GROW); err != nil {
		f.Close()
		return nil, fmt.Errorf("seal the memory file %q: %w", name, err)
	}
	if err := f.mmap(size, unix.PROT_READ|unix.PROT_WRITE); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// Seal ends the sealing; with own set, only the mapping that exists now can
// write from here on. An open descriptor alone is no protection: a file opened
// read-only can be opened again for writing.
func (f *File) Seal(own bool) error {
	if f.fd == nil {
		return nil
	}
	seals := unix.F_SEAL_SEAL
	if own {
		seals |= unix.F_SEAL_FUTURE_WRITE
	}
	if _, err := unix.FcntlInt(f.fd.Fd(), unix.F_ADD_SEALS, seals); err != nil {
		return fmt.Errorf("seal the memory file %q: %w", f.fd.Name(), err)
	}
	return nil
}

// Reserve backs the bytes from offset on with memory now, so that there is an
// error and no later fault if there is none.
func (f *File) Reserve(offset, n int) error {
	if f.fd == nil {
		return nil
	}
	if err := unix.Fallocate(int(f.fd.Fd()), 0, int64(offset), int64(n)); err != nil {
		return fmt.Errorf("reserve %d bytes of the memory file %q: %w", n, f.fd.Name(), err)
	}
	return nil
}

// Open maps a file that another process made. It refuses one that could still
// be shortened, as touching the missing part would end this process.
func Open(fd *os.File, write bool) (*File, error) {
	f := &File{fd: fd}
	seals, err := unix.FcntlInt(fd.Fd(), unix.F_GET_SEALS, 0)
	if err != nil || seals&unix.F_SEAL_SHRINK == 0 {
		return nil, fmt.Errorf("the file %q is no sealed memory file", fd.Name())
	}
	var st unix.Stat_t
	if err := unix.Fstat(int(fd.Fd()), &st); err != nil {
		return nil, fmt.Errorf("ask the size of %q: %w", fd.Name(), err)
	}
	prot := unix.PROT_READ
	if write {
		prot |= unix.PROT_WRITE
	}
	if err := f.mmap(int(st.Size), prot); err != nil {
		return nil, err
	}
	return f, nil
}

func (f *File) mmap(size, prot int) error {
	p, err := unix.MmapPtr(int(f.fd.Fd()), 0, nil, uintptr(size), prot, unix.MAP_SHARED)
	if err != nil {
		return fmt.Errorf("map %d bytes of the memory file %q: %w", size, f.fd.Name(), err)
	}
	f.data = unsafe.Slice((*byte)(p), size)
	return nil
}

// Close unmaps and closes the file. Nothing of it may be in use.
func (f *File) Close() error {
	if f.fd == nil {
		f.data = nil
		return nil
	}
	if f.data != nil {
		unix.MunmapPtr(unsafe.Pointer(&f.data[0]), uintptr(len(f.data)))
		f.data = nil
	}
	for _, v := range f.views {
		unix.MunmapPtr(v.p, uintptr(v.n))
	}
	f.views = nil
	return f.fd.Close()
}

// Retire closes the file, of which nothing but the first hollow bytes may be in
// use, and the views into the first keep of them: these stay where they are, with what
// is in them now, as this process's own, and nothing is copied before somebody writes.
// The others up to hollow, if it is more, may be touched: they are zero, and take no
// memory.
func (f *File) Retire(keep, hollow int) error {
	if f.fd == nil {
		return f.Close()
	}
	page := os.Getpagesize()
	keep, hollow = (keep+page-1)&^(page-1), (hollow+page-1)&^(page-1)
	if hollow = max(keep, hollow); hollow == 0 || hollow > len(f.data) {
		return f.Close()
	}
	fd := int(f.fd.Fd())
	own := func(p unsafe.Pointer, offset, n, prot int) error {
		_, err := unix.MmapPtr(fd, int64(offset), p, uintptr(n), prot, unix.MAP_PRIVATE|unix.MAP_FIXED)
		return err
	}
	p := unsafe.Pointer(&f.data[0])
	var err error
	if keep > 0 {
		err = own(p, 0, keep, unix.PROT_READ|unix.PROT_WRITE)
	}
	if hollow > keep {
		_, none := unix.MmapPtr(-1, 0, unsafe.Add(p, keep), uintptr(hollow-keep), unix.PROT_READ|unix.PROT_WRITE,
			unix.MAP_PRIVATE|unix.MAP_ANONYMOUS|unix.MAP_NORESERVE|unix.MAP_FIXED)
		err = errors.Join(err, none)
	}
	for _, v := range f.views {
		err = errors.Join(err, own(v.p, v.offset, v.n, unix.PROT_READ))
	}
	if err != nil {
		return fmt.Errorf("keep %d bytes of the memory file %q: %w", keep, f.fd.Name(), err)
	}
	if rest := len(f.data) - hollow; rest > 0 {
		unix.MunmapPtr(unsafe.Add(p, hollow), uintptr(rest))
	}
	if rest := len(f.data) - keep; rest > 0 {
		_ = unix.Fallocate(fd, unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, int64(keep), int64(rest))
	}
	f.data, f.views = nil, nil
	return f.fd.Close()
}

// Protect takes from this process the power to write to n bytes from offset on,
// and, without read, to look at them. Both are whole pages.
func (f *File) Protect(offset, n int, read bool) error {
	if f.fd == nil { // private memory
		return nil
	}
	prot := unix.PROT_NONE
	if read {
		prot = unix.PROT_READ
	}
	if err := unix.Mprotect(f.Bytes(offset, n), prot); err != nil {
		return fmt.Errorf("protect %d bytes of the memory file %q: %w", n, f.fd.Name(), err)
	}
	return nil
}

// View maps n bytes from offset on once more, for looking only. Both are whole
// pages. It needs no descriptor: to move none of a shared mapping is to map it
// again.
func (f *File) View(offset, n int) (unsafe.Pointer, error) {
	if f.fd == nil { // private memory
		return f.At(offset), nil
	}
	p, err := unix.MremapPtr(f.At(offset), 0, nil, uintptr(n), unix.MREMAP_MAYMOVE)
	if err == nil {
		err = unix.Mprotect(unsafe.Slice((*byte)(p), n), unix.PROT_READ)
	}
	if err != nil {
		return nil, fmt.Errorf("map %d bytes of the memory file %q again: %w", n, f.fd.Name(), err)
	}
	f.views = append(f.views, view{p, offset, n})
	return p, nil
}
