//go:build !linux

package peer

import (
	"fmt"
	"os"
	"runtime"
	"sync/atomic"
	"unsafe"
)

// shared is memory that two processes see: only Linux has it without a name.
type shared struct{ file *os.File }

func newShared() (*shared, error) {
	return nil, fmt.Errorf("shared memory and futexes on %s: %w", runtime.GOOS, ErrAbsent)
}

func mapShared(f *os.File) (*shared, error) { return newShared() }

func (s *shared) close() {}

func (s *shared) at(offset uintptr) unsafe.Pointer { return nil }

func wait(word *atomic.Uint32, old uint32) {}

func wake(word *atomic.Uint32) {}

func yield() { runtime.Gosched() }
