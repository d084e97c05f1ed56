//go:build !explore && !linux

package seam

import "time"

// FutexWait is LocalWait: this system has no process engine, so no word is known
// to another process.
func FutexWait(w *Uint32, val, mask uint32, d time.Duration) bool { return LocalWait(w, val, mask, d) }

// FutexWake wakes all that sleep on w with a mask that meets this one.
func FutexWake(w *Uint32, mask uint32) { wakeLocal(w, mask) }
