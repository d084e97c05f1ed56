//go:build !explore

package seam

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"
)

// A lot is where goroutines sleep that wait for a word which only this process
// knows: a futex without the kernel, so a sleeper costs no thread. A word's
// sleepers stand in the lot that its address falls to.
type lot struct {
	mu       sync.Mutex
	sleepers []*sleeper
}

type sleeper struct {
	word *Uint32
	mask uint32
	woke chan struct{}
	late *time.Timer
}

var (
	lots      [64]lot
	lotsInUse atomic.Int32 // sleepers in all lots
	beds      = sync.Pool{New: func() any {
		late := time.NewTimer(time.Hour)
		late.Stop()
		return &sleeper{woke: make(chan struct{}, 1), late: late}
	}}
)

func lotOf(w *Uint32) *lot { return &lots[uintptr(unsafe.Pointer(w))/64%uintptr(len(lots))] }

// LocalWait is FutexWait for a word that no other process knows.
func LocalWait(w *Uint32, val, mask uint32, d time.Duration) (inTime bool) {
	l := lotOf(w)
	l.mu.Lock()
	lotsInUse.Add(1) // before the look: a waker changes the word first and looks here then
	defer lotsInUse.Add(-1)
	if w.Load() != val {
		l.mu.Unlock()
		return true
	}
	s := beds.Get().(*sleeper)
	s.word, s.mask = w, mask
	l.sleepers = append(l.sleepers, s)
	l.mu.Unlock()

	s.late.Reset(d)
	select {
	case <-s.woke:
		inTime = true
		s.late.Stop()
	case <-s.late.C:
		l.mu.Lock()
		if i := slices.Index(l.sleepers, s); i >= 0 {
			l.sleepers = slices.Delete(l.sleepers, i, i+1)
		} else {
			<-s.woke // it was woken meanwhile
			inTime = true
		}
		l.mu.Unlock()
	}
	s.word = nil
	beds.Put(s)
	return inTime
}

// wakeLocal wakes all in the lot that sleep on w with a mask that meets this one,
// and reports whether there were any. A word has sleepers here or in the kernel.
func wakeLocal(w *Uint32, mask uint32) (any bool) {
	if lotsInUse.Load() == 0 {
		return false
	}
	l := lotOf(w)
	l.mu.Lock()
	l.sleepers = slices.DeleteFunc(l.sleepers, func(s *sleeper) bool {
		if s.word != w || s.mask&mask == 0 {
			return false
		}
		s.woke <- struct{}{}
		any = true
		return true
	})
	l.mu.Unlock()
	return any
}
