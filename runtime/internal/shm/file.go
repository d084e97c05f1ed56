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
	fd    *os.File
	data  []byte
	views []view
}

// view is a further mapping of a part.
type view struct {
	p         unsafe.Pointer
	offset, n int
}

// Size is the number of bytes.
func (f *File) Size() int { return len(f.data) }

// FD is the descriptor, for a child to inherit.
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
