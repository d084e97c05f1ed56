package peer

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// AtomicTwo adds to a number n times, from two goroutines at once.
func AtomicTwo(_ context.Context, n int) (time.Duration, error) {
	var total atomic.Int64
	took := two(func() {
		for range n / 2 {
			total.Add(1)
		}
	})
	return took, counted(total.Load(), n/2*2)
}

// Mutex locks and unlocks n times, with nobody else at the lock.
func Mutex(_ context.Context, n int) (time.Duration, error) {
	var turns guarded
	start := time.Now()
	turns.take(n)
	return time.Since(start), counted(turns.n, n)
}

// MutexTwo locks and unlocks n times, from two goroutines at once.
func MutexTwo(_ context.Context, n int) (time.Duration, error) {
	var turns guarded
	took := two(func() { turns.take(n / 2) })
	return took, counted(turns.n, n/2*2)
}

// guarded is a number under a lock.
type guarded struct {
	mu sync.Mutex
	n  int64
}

func (g *guarded) take(times int) {
	for range times {
		g.mu.Lock()
		g.n++
		g.mu.Unlock()
	}
}

// RWMutexStore stores 64 bytes under a lock that readers could share, n times.
func RWMutexStore(_ context.Context, n int) (time.Duration, error) {
	var mu sync.RWMutex
	state := new(Item)
	start := time.Now()
	for i := range uint64(n) {
		mu.Lock()
		*state = Item{Number: i + 1}
		mu.Unlock()
	}
	return time.Since(start), counted(int64(state.Number), n)
}

// two returns the mean of the times that two goroutines take for f at once.
func two(f func()) time.Duration {
	var ready, took atomic.Int64
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() {
			for ready.Add(1); ready.Load() < 2; {
			}
			start := time.Now()
			f()
			took.Add(int64(time.Since(start)))
		})
	}
	both.Wait()
	return time.Duration(took.Load()) / 2
}

func counted(got int64, want int) error {
	if got != int64(want) {
		return fmt.Errorf("%d of %d operations were counted", got, want)
	}
	return nil
}
