//go:build !linux

package shm

import (
	"errors"
	"fmt"
	"os"
	"unsafe"
)

var errUnsupported = fmt.Errorf("processes that share memory need linux: %w", errors.ErrUnsupported)

// Create returns an error that wraps errors.ErrUnsupported.
func Create(name string, size int) (*File, error) { return nil, errUnsupported }

// Open returns an error that wraps errors.ErrUnsupported.
func Open(fd *os.File, write bool) (*File, error) { return nil, errUnsupported }

// Seal does nothing: here all memory is private.
func (f *File) Seal(own bool) error { return nil }

// Reserve does nothing.
func (f *File) Reserve(offset, n int) error { return nil }

// Close lets go of the memory.
func (f *File) Close() error {
	f.data = nil
	return nil
}

// Retire is Close: what points into private memory keeps it.
func (f *File) Retire(keep, hollow int) error { return f.Close() }

// Protect does nothing.
func (f *File) Protect(offset, n int, read bool) error { return nil }

// View is the same memory: there is none but private memory.
func (f *File) View(offset, n int) (unsafe.Pointer, error) { return f.At(offset), nil }
