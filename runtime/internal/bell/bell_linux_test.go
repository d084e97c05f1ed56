package bell

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// tokens is a thing to wait for: a count that who waits takes from.
type tokens struct{ n atomic.Int64 }

func (t *tokens) Ready() bool { return t.n.Load() > 0 }

func (t *tokens) take() bool {
	for {
		n := t.n.Load()
		if n == 0 {
			return false
		}
		if t.n.CompareAndSwap(n, n-1) {
			return true
		}
	}
}

// place is memory for a Parked of n slots.
func place(bells []Word) *Parked {
	p := OpenParked(unsafe.Pointer(&make([]uint64, ParkedSize(len(bells))/8)[0]), bells)
	return &p
}

// A long backstop makes a lost wake-up a test that hangs, not one that is slow.
const long = time.Hour

func TestEachThingWakesOneWhoWaitsForIt(t *testing.T) {
	const processes, things, each = 3, 5, 300
	bells := make([]Word, processes)
	var open []*Bell
	for i := range processes {
		b := Open(&bells[i], i, long)
		b.Start()
		open = append(open, b)
	}
	var all sync.WaitGroup
	for range things {
		thing, parked := new(tokens), place(bells)
		for _, b := range open { // one goroutine of each process waits on one Parked
			all.Go(func() {
				for range each {
					for !thing.take() {
						require.NoError(t, b.Wait(context.Background(), parked, thing))
					}
					if thing.Ready() { // the baton
						parked.WakeOne()
					}
				}
			})
		}
		all.Go(func() {
			for range processes * each {
				thing.n.Add(1)
				parked.WakeOne()
			}
		})
	}
	all.Wait()
	for _, b := range open {
		b.Stop()
		require.Zero(t, b.Rescued())
	}
}

func TestWakeUpOfOneWhoGivesUpGoesOn(t *testing.T) {
	bells := make([]Word, 2)
	quitter, stayer := Open(&bells[0], 0, long), Open(&bells[1], 1, long)
	quitter.Start()
	stayer.Start()
	thing, parked := new(tokens), place(bells)
	for range 500 {
		ctx, cancel := context.WithCancel(context.Background())
		var all sync.WaitGroup
		all.Go(func() {
			if quitter.Wait(ctx, parked, thing) == nil {
				if thing.take() {
					thing.n.Add(1) // it is for the other: hand it on
				}
				parked.WakeOne()
			}
		})
		all.Go(func() {
			for !thing.take() {
				require.NoError(t, stayer.Wait(context.Background(), parked, thing))
			}
		})
		all.Go(func() {
			if rand.IntN(2) == 0 {
				cancel()
			}
			thing.n.Add(1)
			parked.WakeOne()
			cancel()
		})
		all.Wait()
	}
	quitter.Stop()
	stayer.Stop()
}

func TestServiceRunsThoughNobodyWaits(t *testing.T) {
	bells := make([]Word, 1)
	b := Open(&bells[0], 0, long)
	ran := make(chan struct{}, 1)
	b.Serve(func() {
		select {
		case ran <- struct{}{}:
		default:
		}
	})
	b.Start()
	for range 100 {
		bells[0].Ring()
		<-ran
	}
	b.Stop()
}

func TestContextEndsAWaitThatLeadsAndOneThatFollows(t *testing.T) {
	bells := make([]Word, 1)
	b := Open(&bells[0], 0, long)
	b.Start()
	for range 100 {
		ctx, cancel := context.WithCancel(context.Background())
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() { require.ErrorIs(t, b.Wait(ctx, nil, new(tokens)), context.Canceled) })
		}
		cancel()
		all.Wait()
	}
	b.Stop()
}

func TestParkedOfManySlotsFindsEverySleeper(t *testing.T) {
	bells := make([]Word, 1000)
	parked := place(bells)
	for i := 0; i < len(bells); i += 7 {
		parked.Set(i)
	}
	for parked.Any() {
		parked.WakeOne()
	}
	for i := range bells {
		require.Equal(t, i%7 == 0, bells[i].state.Load() == rung, "slot %d", i)
	}
}
