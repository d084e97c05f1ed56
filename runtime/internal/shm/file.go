// Package shm makes and maps the memory files that the processes of a run share:
// files without a name in any file system, sealed against resizing, passed by
// descriptor, gone with the last process. Addresses in them are offsets; a
// mapping's place differs from process to process.
package shm

import (
	"fmt"
	"os"
	"unsafe"
)

// File is a memory file, mapped. The memory is zero at first.
type File struct {
	fd    *os.File // nil: the memory is this process's alone
	data  []byte
	views []view
}

// view is a further mapping of a part.
type view struct {
	p         unsafe.Pointer
	offset, n int
}

// page is the alignment of the memory and a multiple of every processor's cache line.
const page = 4096

// Private makes memory of size bytes that no other process can have: Go's own, so
// that the race detector knows it, and it stays for as long as anything points
// into it.
func Private(size int) *File {
	data := make([]byte, max(size, 1)+page)
	skip := -uintptr(unsafe.Pointer(&data[0])) & (page - 1)
	return &File{data: data[skip : int(skip)+max(size, 1)]}
}

// Size is the number of bytes.
func (f *File) Size() int { return len(f.data) }

// FD is the descriptor, for a child to inherit, nil of private memory.
func (f *File) FD() *os.File { return f.fd }

// At is the address of an offset, which the caller has checked against Size.
func (f *File) At(offset int) unsafe.Pointer {
	if offset < 0 || offset >= len(f.data) {
		panic(fmt.Sprintf("shm: offset %d of a file of %d bytes", offset, len(f.data)))
	}
	return unsafe.Pointer(&f.data[offset])
}

// Bytes is the part of the memory from offset on, n bytes long.
func (f *File) Bytes(offset, n int) []byte { return f.data[offset : offset+n : offset+n] }
