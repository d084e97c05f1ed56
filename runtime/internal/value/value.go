// Package value is some bytes in shared memory that nobody ever sees half
// changed, even if who changes them dies.
//
// There are two copies and a version. The copy that counts is that of the
// version's last bit; a writer fills the other one, and then publishes it with one
// store of the next version. So a writer that dies has changed nothing, and
// leaves nothing to repair; the next one fills the same copy anew. Writers must be
// kept apart, by a lock whose sweep sets it free.
//
// A reader waits for nobody: it loads the version, copies, and loads the version
// again. The copy of version v is filled only by the writer of v+2, which begins
// when v+1 has been published; so if the version is still v, what was copied is
// whole. Else the reader tries again. It loads word by word with atomic loads, so
// that no processor may take the second look at the version for the first; and
// it decodes nothing before it knows that the copy is whole.
package value

import (
	"encoding/binary"
	"errors"
	"unsafe"

	"github.com/mpgen/mpgen/runtime/internal/seam"
)

// ErrCorrupt says that the memory holds what no correct process writes.
var ErrCorrupt = errors.New("shared memory is corrupt")

const line = 64

// Size is the number of bytes that a value of up to so many bytes takes.
func Size(bytes int) int { return line + 2*copySize(bytes) }

// copySize is the room of one copy: its length, a word, and the bytes.
func copySize(bytes int) int { return (8 + bytes + line - 1) &^ (line - 1) }

// Value is one process's view of a value. Any number of goroutines may read; one
// process at a time, and one goroutine of it, may write.
type Value struct {
	version *seam.Uint64
	copies  [2]unsafe.Pointer
	max     int
}

// Open is the view of the value of up to max bytes at p.
func Open(p unsafe.Pointer, max int) Value {
	first := unsafe.Add(p, line)
	return Value{(*seam.Uint64)(p), [2]unsafe.Pointer{first, unsafe.Add(first, copySize(max))}, max}
}

func word(p unsafe.Pointer, i int) *seam.Uint64 { return (*seam.Uint64)(unsafe.Add(p, 8*i)) }

// Read copies the value to dst, which has room for the largest, and returns the
// number of its bytes, or -1 if there was never one. ok is false if a writer came
// in between: then there is nothing in dst that counts.
func (v *Value) Read(dst []byte) (n int, ok bool, err error) {
	version := v.version.Load()
	if version == 0 {
		return -1, true, nil
	}
	c := v.copies[version&1]
	size := word(c, 0).Load()
	if size <= uint64(min(v.max, len(dst))) {
		n = int(size)
		i := 1
		for ; 8*i <= n; i++ {
			binary.NativeEndian.PutUint64(dst[8*i-8:], word(c, i).Load())
		}
		if rest := dst[8*i-8 : n]; len(rest) > 0 {
			var last [8]byte
			binary.NativeEndian.PutUint64(last[:], word(c, i).Load())
			copy(rest, last[:])
		}
	} else {
		err = ErrCorrupt
	}
	if v.version.Load() != version {
		return 0, false, nil
	}
	return n, true, err
}

// Write makes src, which is not larger than the largest, the value.
func (v *Value) Write(src []byte) {
	version := v.version.Load()
	c := v.copies[(version+1)&1]
	put(c, 0, uint64(len(src)))
	i := 1
	for ; 8*i <= len(src); i++ {
		put(c, i, binary.NativeEndian.Uint64(src[8*i-8:]))
	}
	if rest := src[8*i-8:]; len(rest) > 0 {
		var last [8]byte
		copy(last[:], rest)
		put(c, i, binary.NativeEndian.Uint64(last[:]))
	}
	v.version.Store(version + 1)
}

// put writes a word of a copy that does not count. The store of the version makes
// it seen, and the lock of the writers keeps it behind the version before; so it
// needs no order of its own. The explorer sees it as a step, and the race detector
// as what it is to readers, who may look at it and throw it away.
func put(c unsafe.Pointer, i int, w uint64) {
	if seam.Exploring || racing {
		word(c, i).Store(w)
		return
	}
	*(*uint64)(unsafe.Add(c, 8*i)) = w
}

// Version counts what was written.
func (v *Value) Version() uint64 { return v.version.Load() }
