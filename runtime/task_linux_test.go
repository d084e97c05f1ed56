package mp

import (
	"bytes"
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestGoRunsThousandsOfTasksWithoutGoroutines(t *testing.T) {
	r, pool := squares.begin(t)
	before := runtime.NumGoroutine()
	tasks := make([]*Task[int], 5000)
	for i := range tasks {
		tasks[i] = pool.Go(limited(t), i)
	}
	require.Less(t, runtime.NumGoroutine(), before+20)
	for i, task := range tasks {
		v, err := task.Wait(limited(t))
		require.NoError(t, err)
		require.Equal(t, i*i, v)
	}
	require.NoError(t, r.Close())
	require.Equal(t, PoolStats{Workers: 3, Done: 5000}, r.Stats().Pools["squares"].counts())
	v, err := tasks[7].Wait(context.Background()) // the result stays
	require.NoError(t, err)
	require.Equal(t, 49, v)
}

func TestDoneClosesWithoutAnybodyWaiting(t *testing.T) {
	_, pool := plain.begin(t)
	early, late := pool.Go(limited(t), work{N: 1}), pool.Go(limited(t), work{N: 2})
	done := early.Done()
	within(t, done)
	require.Equal(t, done, early.Done())
	until(t, "the other is done, too", late.done.Load)
	within(t, late.Done()) // asked for only now
	var wg sync.WaitGroup
	for range 8 { // many may wait for one
		wg.Go(func() {
			a, err := late.Wait(context.Background())
			if err != nil || a.N != 2 {
				t.Error(a, err)
			}
		})
	}
	wg.Wait()
	failing := pool.Go(limited(t), work{How: "panic"})
	within(t, failing.Done())
	_, err := failing.Wait(limited(t))
	died(t, err)
}

func TestContextOfWaitEndsOnlyTheWait(t *testing.T) {
	r, pool := single.begin(t)
	task := pool.Go(context.Background(), work{How: "sleep", For: 300 * time.Millisecond, N: 4})
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	_, err := task.Wait(ctx)
	require.Equal(t, context.DeadlineExceeded, err) // not an *Error: that would be the task's
	a, err := task.Wait(limited(t))
	require.NoError(t, err)
	require.Equal(t, 4, a.N)
	require.Zero(t, r.Stats().Pools["single"].Restarts)
}

func TestCancelStopsARunningTask(t *testing.T) {
	for _, test := range []struct {
		how      string
		restarts uint64
	}{{"sleep", 0}, {"stuck", 1}} {
		t.Run(test.how, func(t *testing.T) {
			r, pool := single.begin(t)
			running := pool.Go(limited(t), work{How: test.how, For: time.Hour})
			never, last := pool.Go(limited(t), work{How: "panic"}), pool.Go(limited(t), work{N: 3})
			until(t, "it runs", func() bool { return r.Stats().Pools["single"].Busy == 1 })
			waiting := make(chan error, 1)
			go func() {
				_, err := never.Wait(limited(t))
				waiting <- err
			}()
			until(t, "somebody waits", func() bool {
				stacks := make([]byte, mib)
				return bytes.Contains(stacks[:runtime.Stack(stacks, true)], []byte("bell.(*Bell).lead"))
			})
			never.Cancel()
			require.ErrorIs(t, <-waiting, context.Canceled)
			running.Cancel()
			running.Cancel() // again does nothing
			for _, task := range []*Task[answer]{running, never} {
				within(t, task.Done())
				_, err := task.Wait(limited(t))
				require.ErrorIs(t, err, context.Canceled)
				var e *Error
				require.ErrorAs(t, err, &e)
				require.Equal(t, "single", e.Name)
			}
			a, err := last.Wait(limited(t)) // the worker is free, or another stands
			require.NoError(t, err)
			require.Equal(t, 3, a.N)
			last.Cancel() // too late
			_, err = last.Wait(limited(t))
			require.NoError(t, err)
			require.Equal(t, test.restarts, r.Stats().Pools["single"].Restarts)
		})
	}
}

func TestContextOfGoIsTheTasks(t *testing.T) {
	r, pool := single.begin(t)
	why := errors.New("enough")
	ctx, cancel := context.WithCancelCause(context.Background())
	tasks := []*Task[answer]{pool.Go(ctx, work{How: "sleep", For: time.Hour}), pool.Go(ctx, work{How: "sleep", For: time.Hour})}
	until(t, "it runs", func() bool { return r.Stats().Pools["single"].Busy == 1 })
	cancel(why)
	for _, task := range append(tasks, pool.Go(ctx, work{})) {
		_, err := task.Wait(limited(t))
		require.ErrorIs(t, err, why)
	}
	ctx, stop := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer stop()
	_, err := pool.Go(ctx, work{How: "sleep", For: time.Hour}).Wait(limited(t))
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Zero(t, r.Stats().Pools["single"].Restarts)
}

func TestCloseWithManyQueuedTasksReturnsWithinItsGrace(t *testing.T) {
	r, pool := plain.begin(t)
	tasks := make([]*Task[answer], 10_000)
	for i := range tasks {
		tasks[i] = pool.Go(context.Background(), work{How: "sleep", For: time.Hour})
	}
	until(t, "both work", func() bool { return r.Stats().Pools["plain"].Busy == 2 })
	began := time.Now()
	require.NoError(t, r.Close())
	require.Less(t, time.Since(began), soon)
	for _, task := range append(tasks, pool.Go(context.Background(), work{})) {
		_, err := task.Wait(context.Background())
		require.ErrorIs(t, err, ErrClosed)
	}
}

func TestCancelledTasksAreNotKept(t *testing.T) {
	r, pool := single.begin(t)
	first := pool.Go(limited(t), work{How: "sleep", For: time.Hour})
	for range 10_000 {
		pool.Go(limited(t), work{}).Cancel()
	}
	core := r.pools[0]
	core.mu.Lock()
	kept := core.pending.len()
	core.mu.Unlock()
	require.Less(t, kept, 200)
	first.Cancel()
	_, err := pool.Call(limited(t), work{})
	require.NoError(t, err)
}
