package mp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// doWorks answers each task with the number of those that came with it as the load.
func doWorks(ctx context.Context, works []work) (done []answer, err error) {
	for _, w := range works {
		a, err := doWork(ctx, w)
		if err != nil {
			return nil, err
		}
		a.Load = make([]byte, len(works))
		done = append(done, a)
	}
	return done, nil
}

func newBatching(name string, batch int, wait time.Duration, task TaskPolicy, worker Worker) poolOf[work, answer] {
	worker.Grace = heedful
	return newPool(PoolDecl[work, answer]{Name: name, Workers: 2, In: workCodec, Out: answerCodec, Task: task, Worker: worker, Bytes: mib,
		Batch: batch, Wait: wait, Many: doWorks})
}

var (
	wholeOnly   = newBatching("wholeonly", 4, time.Hour, TaskPolicy{}, Worker{})
	patient     = newBatching("patient", 4, 20*time.Millisecond, TaskPolicy{}, Worker{Tasks: 6})
	batching    = newBatching("batching", 16, 0, TaskPolicy{Retries: 5, Backoff: time.Millisecond}, Worker{})
	batchOnce   = newBatching("batchonce", 16, 0, TaskPolicy{}, Worker{})
	batchTimed  = newBatching("batchtimed", 4, time.Hour, TaskPolicy{Timeout: 200 * time.Millisecond, Retries: 1, Backoff: time.Millisecond}, Worker{})
	hesitantAll = newPool(PoolDecl[int, int]{Name: "hesitantall", Workers: 1, Batch: 8, Wait: 5 * time.Millisecond, In: hesitant.pool.In,
		Many: func(_ context.Context, all []int) ([]int, error) { return all, nil }})
)

func TestBatchWaitsToBecomeWhole(t *testing.T) {
	_, pool := wholeOnly.begin(t)
	var tasks []*Task[answer]
	for i := range 11 {
		tasks = append(tasks, pool.Go(limited(t), work{N: i}))
	}
	for i, task := range tasks[:8] {
		a, err := task.Wait(limited(t))
		require.NoError(t, err)
		require.Equal(t, i, a.N)
		require.Len(t, a.Load, 4)
	}
	for _, task := range tasks[8:] {
		select {
		case <-task.Done():
			require.Fail(t, "it was begun alone")
		default:
		}
	}
	tasks = append(tasks, pool.Go(limited(t), work{}))
	for _, task := range tasks[8:] {
		a, err := task.Wait(limited(t))
		require.NoError(t, err)
		require.Len(t, a.Load, 4)
	}
}

func TestBatchWaitsNoLongerThanItsTime(t *testing.T) {
	r, pool := patient.begin(t)
	began := time.Now()
	for i := range 8 {
		a, err := pool.Call(limited(t), work{N: i})
		require.NoError(t, err)
		require.Equal(t, i, a.N)
		require.Len(t, a.Load, 1)
	}
	require.GreaterOrEqual(t, time.Since(began), 4*20*time.Millisecond) // the last task of a worker has none to wait for
	i := 0
	for a, err := range pool.Map(limited(t), func(yield func(work) bool) {
		for i := range 50 {
			if !yield(work{N: i}) {
				return
			}
		}
	}) {
		require.NoError(t, err)
		require.Equal(t, i, a.N)
		i++
	}
	require.Equal(t, 50, i)
	// Each worker has done six tasks, and no more of them at once than it had left.
	until(t, "workers were replaced", func() bool { return r.Stats().Pools["patient"].Restarts >= 8 })
}

func TestDeathsInTheMiddleOfBatches(t *testing.T) {
	mapAmongDeaths(t, batching, 100*time.Microsecond, 0)
	mapAmongDeaths(t, batchOnce, 100*time.Microsecond, 16)
}

// mapAmongDeaths maps 1000 tasks of some time while a pool's workers are killed. Each
// death may cost so many of them.
func mapAmongDeaths(t *testing.T, p poolOf[work, answer], each time.Duration, cost int) {
	t.Helper()
	r, pool := p.begin(t)
	stop := harass(t, r, 5*time.Millisecond)
	i, failed := 0, 0
	for a, err := range pool.Map(limited(t), func(yield func(work) bool) {
		for i := range 1000 {
			if !yield(work{"sleep", i, each}) {
				return
			}
		}
	}) {
		if err != nil {
			require.Equal(t, syscall.SIGKILL, died(t, err).Signal)
			failed++
		} else {
			require.Equal(t, i, a.N)
		}
		i++
	}
	deaths := stop()
	require.Equal(t, 1000, i)
	require.Positive(t, deaths)
	require.LessOrEqual(t, failed, cost*deaths)
	require.NoError(t, r.Close())
}

func TestBatchPastItsTimeout(t *testing.T) {
	for _, how := range []string{"sleep", "stuck"} {
		r, pool := batchTimed.begin(t)
		tasks := []*Task[answer]{pool.Go(limited(t), work{N: 1}), pool.Go(limited(t), work{How: how, For: time.Hour}),
			pool.Go(limited(t), work{N: 2}), pool.Go(limited(t), work{N: 3})}
		for i, task := range tasks {
			a, err := task.Wait(limited(t))
			if i == 1 {
				require.ErrorIs(t, err, context.DeadlineExceeded)
				var e *Error
				require.ErrorAs(t, err, &e)
				require.Equal(t, 2, e.Attempts)
				continue
			}
			require.NoError(t, err)
			require.Len(t, a.Load, 1) // it was broken up
		}
		require.NoError(t, r.Close())
		s := r.Stats().Pools["batchtimed"]
		require.EqualValues(t, 4, s.Retried)
		require.EqualValues(t, map[string]int{"sleep": 0, "stuck": 2}[how], s.Restarts)
	}
}

func TestBatchHasTheTimeOfItsLatestTask(t *testing.T) {
	_, pool := wholeOnly.begin(t)
	for _, task := range []*Task[answer]{pool.Go(limited(t), work{}), pool.Go(limited(t), work{}), pool.Go(limited(t), work{}), pool.Go(limited(t), work{})} {
		_, err := task.Wait(limited(t)) // so that a worker is there
		require.NoError(t, err)
	}
	short, cancel := context.WithTimeout(limited(t), 300*time.Millisecond)
	defer cancel()
	longer, cancel := context.WithTimeout(limited(t), time.Hour)
	defer cancel()
	hasty := pool.Go(short, work{How: "sleep", For: 10 * time.Millisecond})
	slow := []*Task[answer]{pool.Go(longer, work{How: "sleep", For: 400 * time.Millisecond}), pool.Go(longer, work{N: 1}), pool.Go(longer, work{N: 2})}
	_, err := hasty.Wait(limited(t))
	require.ErrorIs(t, err, context.DeadlineExceeded)
	for _, task := range slow {
		a, err := task.Wait(limited(t))
		require.NoError(t, err)
		require.Len(t, a.Load, 4)
	}
}

func TestBatchTakesNoMoreBytesThanATaskMay(t *testing.T) {
	_, pool := wholeOnly.begin(t)
	how := string(bytes.Repeat([]byte{' '}, 300<<10))
	var tasks []*Task[answer]
	for range 4 {
		tasks = append(tasks, pool.Go(limited(t), work{How: how}))
	}
	for _, task := range tasks[:3] { // the fourth waits for others
		_, err := task.Wait(limited(t))
		require.ErrorContains(t, err, "no such way to end:   ")
	}
	_, pool = batching.begin(t)
	_, err := pool.Call(limited(t), work{How: string(make([]byte, 2*mib))})
	require.ErrorIs(t, err, ErrTooBig)
}

// TestTooManyBytesNameTheSetting has arguments and results that are a little more than a
// call may have, in pools whose workers take them each in its own way.
func TestTooManyBytesNameTheSetting(t *testing.T) {
	const beside = 4 + 8 + 8 // of work and answer
	for _, p := range []poolOf[work, answer]{single, batching, sideBySide} {
		r, pool := p.begin(t)
		bytes, name := r.plan.pools[0].bytes, p.pool.Name
		_, err := pool.Call(limited(t), work{How: string(make([]byte, bytes-beside))})
		require.ErrorContains(t, err, "no such way to end")
		_, err = pool.Call(limited(t), work{How: string(make([]byte, bytes-beside+1))})
		require.ErrorIs(t, err, ErrTooBig)
		require.ErrorContains(t, err, fmt.Sprintf(
			"item too big: the arguments of a call take more than %d bytes; the setting bytes of %q says how many they may be", bytes, name))
		if p.pool.Batch > 1 { // its loads are small
			continue
		}
		_, err = pool.Call(limited(t), work{How: "load", N: bytes})
		require.ErrorIs(t, err, ErrTooBig)
		require.ErrorContains(t, err, fmt.Sprintf(
			"item too big: a result takes more than %d bytes; the setting bytes of %q says how many they may be", bytes, name))
	}
}

func TestTaskThatCannotTravelIsLeftOutOfItsBatch(t *testing.T) {
	_, pool := hesitantAll.begin(t)
	for range 3 {
		var tasks []*Task[int]
		for i := range 40 {
			tasks = append(tasks, pool.Go(limited(t), i))
		}
		for i, task := range tasks {
			out, err := task.Wait(limited(t))
			if i%2 == 1 {
				require.ErrorContains(t, err, fmt.Sprintf("%d is odd", i))
				continue
			}
			require.NoError(t, err)
			require.Equal(t, i, out)
		}
	}
}

// farther is a process that calls for tasks which come in batches.
var farther = func() (s struct {
	pipeline *Pipeline
	pool     *PoolDecl[int, int]
}) {
	s.pool = &PoolDecl[int, int]{Name: "halve", Workers: 2, Batch: 10, Wait: 5 * time.Second, Many: func(_ context.Context, all []int) ([]int, error) {
		if len(all) != 10 {
			return nil, errors.New("this batch is not whole")
		}
		halves := make([]int, len(all))
		for i := range all {
			halves[i] = all[i] / 2
		}
		return halves, nil
	}}
	call := &ProcessDecl{Name: "call", Uses: []Decl{s.pool}}
	call.Main = func(ctx context.Context, n *Node, _ *Decoder) error {
		i := 0
		for half, err := range s.pool.Pool(n).Map(ctx, slices.Values(slices.Collect(upTo(500)))) {
			if err != nil || half != i/2 {
				return fmt.Errorf("task %d gave %d: %w", i, half, err)
			}
			i++
		}
		if i != 500 {
			return fmt.Errorf("%d results", i)
		}
		return nil
	}
	s.pipeline = &Pipeline{Path: "mp.test/gather/farther", Source: "farther.mp", Decls: []Decl{s.pool, call}}
	Register(s.pipeline)
	return s
}()

func TestProcessesCallForTasksOfBatches(t *testing.T) {
	r, _ := begin(t, farther.pipeline)
	require.NoError(t, r.Wait())
}
