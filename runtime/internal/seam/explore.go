//go:build explore

// Package seam, with the build tag explore: each operation on a shared word goes
// to a scheduler, if one is set and the word lies in its memory; else it is what
// sync/atomic does. The normal build is in the other files.
package seam

import (
	"sync/atomic"
	"time"
	"unsafe"
)

// Exploring says whether the explorer schedules.
const Exploring = true

// Kind is the kind of an operation.
type Kind uint8

// The operations. Wait is called with the value and the mask, Wake with the mask.
const (
	Load Kind = iota
	Store
	Swap
	CompareAndSwap
	Add
	And
	Or
	Wait
	Wake
)

// Scheduler orders the operations of simulated processes, which run one at a
// time. Its methods are called by the process that is about to act and return
// when the process may go on.
type Scheduler interface {
	// Owns reports whether the word at p is scheduled.
	Owns(p unsafe.Pointer) bool
	// Do acts on the word at p and returns what sync/atomic would, a bool as 0 or 1.
	Do(k Kind, p unsafe.Pointer, a, b uint64) uint64
	Point()
	At(place int, local []uint64)
}

var scheduler atomic.Pointer[Scheduler]

// Use sets the scheduler; nil takes it away. While one is set, no goroutine but
// the simulated processes and their scheduler may call this package.
func Use(s Scheduler) {
	if s == nil {
		scheduler.Store(nil)
		return
	}
	scheduler.Store(&s)
}

func scheduled(p unsafe.Pointer) Scheduler {
	if s := scheduler.Load(); s != nil && (*s).Owns(p) {
		return *s
	}
	return nil
}

// Point is a step of its own: what follows it, up to the next operation, touches
// plain memory.
func Point() {
	if s := scheduler.Load(); s != nil {
		(*s).Point()
	}
}

// At makes place and local all that is known of what the process read before.
func At(place int, local ...uint64) {
	if s := scheduler.Load(); s != nil {
		(*s).At(place, local)
	}
}

// Uint64 is a word of shared memory.
type Uint64 struct{ v uint64 }

// Uint32 is a word of shared memory.
type Uint32 struct{ v uint32 }

func (w *Uint64) do(k Kind, a, b uint64) (uint64, bool) {
	if s := scheduled(unsafe.Pointer(w)); s != nil {
		return s.Do(k, unsafe.Pointer(w), a, b), true
	}
	return 0, false
}

// Load is as in sync/atomic, and so are the other methods.
func (w *Uint64) Load() uint64 {
	if r, ok := w.do(Load, 0, 0); ok {
		return r
	}
	return atomic.LoadUint64(&w.v)
}

// Store stores v.
func (w *Uint64) Store(v uint64) {
	if _, ok := w.do(Store, v, 0); !ok {
		atomic.StoreUint64(&w.v, v)
	}
}

// Swap stores v and returns what was there.
func (w *Uint64) Swap(v uint64) uint64 {
	if r, ok := w.do(Swap, v, 0); ok {
		return r
	}
	return atomic.SwapUint64(&w.v, v)
}

// CompareAndSwap stores v if old is there.
func (w *Uint64) CompareAndSwap(old, v uint64) bool {
	if r, ok := w.do(CompareAndSwap, old, v); ok {
		return r == 1
	}
	return atomic.CompareAndSwapUint64(&w.v, old, v)
}

// Add adds d and returns the sum.
func (w *Uint64) Add(d uint64) uint64 {
	if r, ok := w.do(Add, d, 0); ok {
		return r
	}
	return atomic.AddUint64(&w.v, d)
}

// And keeps the bits of mask and returns what was there.
func (w *Uint64) And(mask uint64) uint64 {
	if r, ok := w.do(And, mask, 0); ok {
		return r
	}
	return atomic.AndUint64(&w.v, mask)
}

// Or sets the bits of mask and returns what was there.
func (w *Uint64) Or(mask uint64) uint64 {
	if r, ok := w.do(Or, mask, 0); ok {
		return r
	}
	return atomic.OrUint64(&w.v, mask)
}

func (w *Uint32) do(k Kind, a, b uint32) (uint32, bool) {
	if s := scheduled(unsafe.Pointer(w)); s != nil {
		return uint32(s.Do(k, unsafe.Pointer(w), uint64(a), uint64(b))), true
	}
	return 0, false
}

// Load is as in sync/atomic, and so are the other methods.
func (w *Uint32) Load() uint32 {
	if r, ok := w.do(Load, 0, 0); ok {
		return r
	}
	return atomic.LoadUint32(&w.v)
}

// Store stores v.
func (w *Uint32) Store(v uint32) {
	if _, ok := w.do(Store, v, 0); !ok {
		atomic.StoreUint32(&w.v, v)
	}
}

// Swap stores v and returns what was there.
func (w *Uint32) Swap(v uint32) uint32 {
	if r, ok := w.do(Swap, v, 0); ok {
		return r
	}
	return atomic.SwapUint32(&w.v, v)
}

// CompareAndSwap stores v if old is there.
func (w *Uint32) CompareAndSwap(old, v uint32) bool {
	if r, ok := w.do(CompareAndSwap, old, v); ok {
		return r == 1
	}
	return atomic.CompareAndSwapUint32(&w.v, old, v)
}

// Add adds d and returns the sum.
func (w *Uint32) Add(d uint32) uint32 {
	if r, ok := w.do(Add, d, 0); ok {
		return r
	}
	return atomic.AddUint32(&w.v, d)
}

// And keeps the bits of mask and returns what was there.
func (w *Uint32) And(mask uint32) uint32 {
	if r, ok := w.do(And, mask, 0); ok {
		return r
	}
	return atomic.AndUint32(&w.v, mask)
}

// Or sets the bits of mask and returns what was there.
func (w *Uint32) Or(mask uint32) uint32 {
	if r, ok := w.do(Or, mask, 0); ok {
		return r
	}
	return atomic.OrUint32(&w.v, mask)
}

// FutexWait sleeps as the kernel's futex would, without a time limit when it is
// scheduled: a sleeper that only its backstop would wake shows as stuck.
func FutexWait(w *Uint32, val, mask uint32, d time.Duration) bool {
	if s := scheduled(unsafe.Pointer(w)); s != nil {
		return s.Do(Wait, unsafe.Pointer(w), uint64(val), uint64(mask)) == 1
	}
	end := time.Now().Add(d)
	for atomic.LoadUint32(&w.v) == val {
		if time.Now().After(end) {
			return false
		}
		time.Sleep(20 * time.Microsecond)
	}
	return true
}

// LocalWait is FutexWait.
func LocalWait(w *Uint32, val, mask uint32, d time.Duration) bool { return FutexWait(w, val, mask, d) }

// FutexWake wakes all that sleep on w with a mask that meets this one.
func FutexWake(w *Uint32, mask uint32) {
	w.do(Wake, mask, 0)
}
