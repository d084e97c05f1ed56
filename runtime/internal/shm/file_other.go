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

// Seal returns an error that wraps errors.ErrUnsupported.
func (f *File) Seal(own bool) error { return errUnsupported }

// Reserve returns an error that wraps errors.ErrUnsupported.
func (f *File) Reserve(offset, n int) error { return errUnsupported }

// Close closes the descriptor.
func (f *File) Close() error { return f.fd.Close() }

// Retire closes the descriptor.
func (f *File) Retire(keep int) error { return f.fd.Close() }

// Protect does nothing.
func (f *File) Protect(offset, n int, read bool) error { return nil }

// View is the same memory: there is none but private memory.
func (f *File) View(offset, n int) (unsafe.Pointer, error) { return f.At(offset), nil }
