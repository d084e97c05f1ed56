//go:build !explore

package seam

import (
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	futexWaitBitset = 9
	futexWakeBitset = 10
)

// FutexWait sleeps while *w == val, until a FutexWake whose mask meets this one,
// or for at most d. It may return without cause; the caller looks again. It
// reports false if d has passed.
func FutexWait(w *Uint32, val, mask uint32, d time.Duration) bool {
	// An absolute time of the monotonic clock, as FUTEX_WAIT_BITSET wants it.
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts); err != nil {
		panic(err)
	}
	ts = unix.NsecToTimespec(ts.Nano() + int64(d))
	_, _, errno := syscall.Syscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(w)), futexWaitBitset,
		uintptr(val), uintptr(unsafe.Pointer(&ts)), 0, uintptr(mask))
	return errno != syscall.ETIMEDOUT
}

// FutexWake wakes all that sleep on w with a mask that meets this one.
func FutexWake(w *Uint32, mask uint32) {
	if wakeLocal(w, mask) {
		return
	}
	syscall.RawSyscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(w)), futexWakeBitset,
		1<<30, 0, 0, uintptr(mask))
}
