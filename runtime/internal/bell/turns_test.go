//go:build !explore

package bell

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// table is a run of processes that take turns; slot 0 is the test.
type table struct {
	turns *Turns
	bells []*Bell
	all   sync.WaitGroup

	mu   sync.Mutex
	told []string
}

var errStuck = errors.New("stuck")

// sit starts n processes, each of which does what f does.
func sit(t *testing.T, n int, f func(tab *table, b *Bell)) *table {
	words := make([]Word, n+1)
	tab := &table{}
	tab.turns = NewTurns(n+1, func(waits []Blocked) (told []int, why error) {
		for i, w := range waits {
			if w.Slot > 0 {
				told = append(told, i)
			}
		}
		return told, errStuck
	})
	for i := range words {
		b := Open(&words[i], i, time.Minute)
		b.InTurn(tab.turns)
		b.Start()
		tab.bells = append(tab.bells, b)
		if i > 0 {
			turn := b.Enlist()
			tab.all.Go(func() {
				if turn() == nil {
					f(tab, b)
				}
				b.Stop()
			})
		}
	}
	t.Cleanup(func() {
		tab.bells[0].GiveWay()
		tab.all.Wait()
		tab.bells[0].Stop()
	})
	return tab
}

func (tab *table) tell(what string, args ...any) {
	tab.mu.Lock()
	tab.told = append(tab.told, fmt.Sprintf(what, args...))
	tab.mu.Unlock()
}

type when func() bool

func (w when) Ready() bool { return w() }

// pass lets all others go on that can.
func pass(b *Bell) error {
	passed := false
	return b.Wait(context.Background(), nil, when(func() bool { // not at once
		was := passed
		passed = true
		return was
	}))
}

func (tab *table) wait(t *testing.T, cond when) error {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	return tab.bells[0].Wait(ctx, nil, cond)
}

func TestTurnsGoInTheOrderOfTheSlots(t *testing.T) {
	var ended atomic.Int32
	tab := sit(t, 3, func(tab *table, b *Bell) {
		for i := range 3 {
			tab.tell("%d%c", b.Slot(), 'a'+i)
			if pass(b) != nil {
				return
			}
		}
		ended.Add(1)
	})
	require.Empty(t, tab.told, "the first turn is the program's")
	require.NoError(t, tab.wait(t, func() bool { return ended.Load() == 3 }))
	require.Equal(t, []string{"1a", "2a", "3a", "1b", "2b", "3b", "1c", "2c", "3c"}, tab.told)
}

func TestSupervisorAtWorkStopsTheTurns(t *testing.T) {
	var ran atomic.Bool
	tab := sit(t, 1, func(*table, *Bell) { ran.Store(true) })
	tab.turns.Hold()
	done := make(chan error)
	go func() { done <- tab.wait(t, ran.Load) }()
	select {
	case <-done:
		require.Fail(t, "somebody was chosen")
	case <-time.After(30 * time.Millisecond):
	}
	require.False(t, ran.Load())
	tab.turns.Release()
	require.NoError(t, <-done)
}

func TestWhoIsEnlistedTooLateGetsNoTurn(t *testing.T) {
	tab := sit(t, 1, func(*table, *Bell) {})
	tab.bells[0].GiveWay()
	tab.all.Wait()
	done := make(chan error)
	go func() { done <- tab.bells[1].Enlist()() }()
	select {
	case err := <-done:
		require.Equal(t, ErrStopped, err)
	case <-time.After(time.Minute):
		require.FailNow(t, "it waits for a turn")
	}
}

func TestSupervisorRestsUntilNobodyCanGoOn(t *testing.T) {
	var steps atomic.Int32
	tab := sit(t, 1, func(_ *table, b *Bell) {
		for range 100 {
			steps.Add(1)
			if pass(b) != nil {
				return
			}
		}
	})
	rested := int32(0)
	tab.turns.Hold()
	go func() {
		tab.turns.Rest()
		rested = steps.Load()
		steps.Store(1000)
		tab.turns.Release()
	}()
	require.NoError(t, tab.wait(t, func() bool { return steps.Load() >= 1000 }))
	require.EqualValues(t, 100, rested)
}

func TestWhoSleepsElsewhereDoesNotStopTheOthers(t *testing.T) {
	var woken atomic.Bool
	awake := make(chan struct{})
	tab := sit(t, 2, func(_ *table, b *Bell) {
		if b.Slot() == 1 {
			<-awake
			woken.Store(true)
			return
		}
		close(awake)
	})
	require.NoError(t, tab.wait(t, woken.Load))
}

func TestWhoSpinsKeepsOnlyThoseWhoseContextsGoOn(t *testing.T) {
	var enough, never atomic.Bool
	tab := sit(t, 1, func(*table, *Bell) {
		for !enough.Load() {
		}
	})
	defer enough.Store(true)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, tab.bells[0].Wait(ctx, nil, when(never.Load)), context.DeadlineExceeded)
}

func TestThoseWhoWaitForEachOtherAreTold(t *testing.T) {
	var never atomic.Bool
	var told atomic.Int32
	tab := sit(t, 2, func(_ *table, b *Bell) {
		if errors.Is(b.Wait(context.Background(), nil, when(never.Load)), errStuck) {
			told.Add(1)
		}
	})
	require.NoError(t, tab.bells[0].Wait(context.Background(), nil, when(func() bool { return told.Load() == 2 })))
}

func TestWaitWithADeadlineIsNoDeadlock(t *testing.T) {
	var never atomic.Bool
	errs := make(chan error, 2)
	tab := sit(t, 2, func(_ *table, b *Bell) {
		ctx, cancel := context.Background(), context.CancelFunc(func() {})
		if b.Slot() == 1 {
			ctx, cancel = context.WithTimeout(ctx, 3*quietTime)
		}
		defer cancel()
		errs <- b.Wait(ctx, nil, when(never.Load))
	})
	require.NoError(t, tab.bells[0].Wait(context.Background(), nil, when(func() bool { return len(errs) == 2 })))
	require.ErrorIs(t, <-errs, context.DeadlineExceeded)
	require.ErrorIs(t, <-errs, errStuck, "and then it is")
}

func TestRingFromOutsideHasThoseWhoWaitLookAgain(t *testing.T) {
	var word atomic.Bool
	tab := sit(t, 1, func(_ *table, b *Bell) {
		_ = b.Wait(context.Background(), nil, when(word.Load))
	})
	go func() {
		for tab.turns.poke() { // until all wait
		}
		word.Store(true)
		tab.bells[1].Ring()
	}()
	require.NoError(t, tab.wait(t, word.Load))
}
