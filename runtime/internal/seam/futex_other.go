//go:build !explore && !linux

package seam

import "time"

// FutexWait and FutexWake are there for what needs no processes: this system
// has no process engine, so nothing ever calls them.
func FutexWait(w *Uint32, val, mask uint32, d time.Duration) bool {
	panic("seam: no futex on this system")
}

// FutexWake is the other half of FutexWait.
func FutexWake(w *Uint32, mask uint32) {
	panic("seam: no futex on this system")
}
