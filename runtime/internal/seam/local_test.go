//go:build !explore

package seam

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestLocalWaitKnowsItsWordItsValueAndItsMask(t *testing.T) {
	var words [2]Uint32
	require.True(t, LocalWait(&words[0], 1, 1, time.Hour), "the word has another value")
	require.False(t, LocalWait(&words[0], 0, 1, time.Millisecond), "nobody wakes")
	woke := make(chan bool)
	go func() { woke <- LocalWait(&words[0], 0, 2, time.Hour) }()
	for lotsInUse.Load() == 0 {
		time.Sleep(time.Microsecond)
	}
	require.False(t, wakeLocal(&words[1], 3), "another word")
	require.False(t, wakeLocal(&words[0], 1), "another mask")
	words[0].Store(1)
	for !wakeLocal(&words[0], 2) {
		if lotsInUse.Load() == 0 { // it saw the value before it slept
			break
		}
	}
	require.True(t, <-woke)
	require.Zero(t, lotsInUse.Load())
}

// Two goroutines pass a word to and fro; each sleeps until it is its turn. A
// wake-up that gets lost costs an hour.
func TestLocalWakeUpsAreNotLost(t *testing.T) {
	var word Uint32
	var both sync.WaitGroup
	for me := range uint32(2) {
		both.Go(func() {
			for range 20_000 {
				for word.Load() != me {
					LocalWait(&word, 1-me, 1, time.Hour)
				}
				word.Store(1 - me)
				FutexWake(&word, 1)
			}
		})
	}
	done := make(chan struct{})
	go func() { both.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(2 * time.Minute):
		t.Fatal("somebody sleeps for ever")
	}
}
