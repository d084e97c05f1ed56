package peer

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"
)

// AsleepPause comes before each round trip of those where the other side sleeps;
// it is longer than anyone spins.
const AsleepPause = 100 * time.Microsecond

// FutexPair makes n round trips between two processes that wait in a futex each
// time, and returns the time of the round trips alone.
func FutexPair(ctx context.Context, n int) (time.Duration, error) {
	mem, err := newShared()
	if err != nil {
		return 0, err
	}
	defer mem.close()
	echo, err := startHalf("futex-echo", mem)
	if err != nil {
		return 0, err
	}
	defer echo.stop()

	there, back := futexes(mem)
	var took time.Duration
	for i := range uint32(n + 1) { // the first says that the other half runs, and is not timed
		Pause(AsleepPause)
		start := time.Now()
		there.Store(i + 1)
		wake(there)
		for back.Load() != i+1 {
			wait(back, i)
		}
		if i > 0 {
			took += time.Since(start)
		}
	}
	if got := there.Load(); got != uint32(n+1) {
		return 0, fmt.Errorf("the word holds %d after %d round trips, want %d", got, n, n+1)
	}
	return took, nil
}

func futexes(mem *shared) (there, back *atomic.Uint32) {
	return (*atomic.Uint32)(mem.at(0)), (*atomic.Uint32)(mem.at(128))
}

// futexEcho is the other half of [FutexPair].
func futexEcho() error {
	mem, err := inheritShared()
	if err != nil {
		return err
	}
	there, back := futexes(mem)
	for i := uint32(0); ; i++ {
		for there.Load() == i {
			wait(there, i)
		}
		back.Store(i + 1)
		wake(back)
	}
}
