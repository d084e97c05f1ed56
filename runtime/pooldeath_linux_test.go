package mp

import (
	"context"
	"math/rand/v2"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestDeadTaskIsTriedAgain(t *testing.T) {
	r, pool := retrying.begin(t)
	for range 2 { // so that each worker has done one
		_, err := pool.Call(limited(t), work{How: "kill"})
		var e *Error
		require.ErrorAs(t, err, &e)
		require.Equal(t, 4, e.Attempts)
		require.Equal(t, syscall.SIGKILL, died(t, err).Signal)
	}
	_, err := pool.Call(limited(t), work{How: "fail"}) // what a function returns is final
	var e *Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, 1, e.Attempts)
	require.NoError(t, r.Close())
	require.EqualValues(t, 6, r.Stats().Pools["retrying"].Retried)
}

// workersOf are the process ids of a pool's workers.
func workersOf(r *Run) (pids []int) {
	for _, m := range r.members {
		if pid := m.pid.Load(); pid != 0 && m.slot.pool >= 0 {
			pids = append(pids, int(pid))
		}
	}
	return pids
}

// harass kills a random worker each time that pause gives it leave, and returns
// what stops that and tells how often it did. A worker that has done nothing since
// it was killed last is spared: who dies again and again before it has come to
// anything ends the run.
func harass(t *testing.T, r *Run, pause time.Duration) (stop func() int) {
	over, kills := make(chan struct{}), make(chan int, 1)
	stop = sync.OnceValue(func() int {
		close(over)
		return <-kills
	})
	t.Cleanup(func() { stop() })
	go func() {
		n, last := 0, map[*member]uint64{}
		defer func() { kills <- n }()
		tick := time.NewTicker(pause)
		defer tick.Stop()
		for {
			select {
			case <-over:
				return
			case <-tick.C:
			}
			m := r.members[rand.IntN(len(r.members))]
			done := m.report.Done.Load() + m.report.Failed.Load()
			if pid := m.pid.Load(); pid != 0 && m.slot.pool >= 0 && done > last[m] {
				last[m] = done
				syscall.Kill(int(pid), syscall.SIGKILL)
				n++
			}
		}
	}()
	return stop
}

func TestMapSurvivesTheDeathsOfItsWorkers(t *testing.T) {
	for _, test := range []struct {
		name string
		pool poolOf[work, answer]
		work work
		n    int
	}{
		{"in the middle of tasks", retrying, work{How: "sleep", For: 300 * time.Microsecond}, 1000},
		{"anywhere", retrying, work{}, 150_000},
		{"without retries", plain, work{How: "sleep", For: 300 * time.Microsecond}, 1000},
	} {
		t.Run(test.name, func(t *testing.T) {
			r, pool := test.pool.begin(t)
			stop := harass(t, r, 15*time.Millisecond)
			i, failed := 0, 0
			in := func(yield func(work) bool) {
				for i := range test.n {
					if w := test.work; !yield(work{w.How, i, w.For}) {
						return
					}
				}
			}
			for a, err := range pool.Map(limited(t), in) {
				if err != nil {
					require.Equal(t, syscall.SIGKILL, died(t, err).Signal)
					require.NotErrorIs(t, err, ErrClosed)
					failed++
				} else if a.N != i {
					require.Equal(t, i, a.N)
				}
				i++
			}
			n := stop()
			require.Equal(t, test.n, i)
			require.LessOrEqual(t, failed, n) // one death, one task at most
			if test.pool == retrying {
				require.LessOrEqual(t, failed, n/4)
			}
			require.NoError(t, r.Close())
			t.Log(n, "kills,", failed, "tasks failed,", r.Stats().Pools)
		})
	}
}

func TestDeathOfAWaitingWorkerCostsNothing(t *testing.T) {
	r, pool := plain.begin(t)
	for i := range 3 {
		_, err := pool.Call(limited(t), work{})
		require.NoError(t, err)
		until(t, "both wait", func() bool { return len(workersOf(r)) == 2 })
		before := r.Stats().Pools["plain"].Restarts
		for _, pid := range workersOf(r) {
			syscall.Kill(pid, syscall.SIGKILL)
		}
		until(t, "both are replaced", func() bool { return r.Stats().Pools["plain"].Restarts >= before+2 })
		a, err := pool.Call(limited(t), work{N: i})
		require.NoError(t, err)
		require.Equal(t, i, a.N)
	}
}

func TestDeathsAtTheStart(t *testing.T) {
	r, n := begin(t, plain.pipeline)
	for _, pid := range workersOf(r) { // before they come to Main
		syscall.Kill(pid, syscall.SIGKILL)
	}
	for i := range 10 {
		a, err := plain.pool.Pool(n).Call(limited(t), work{N: i})
		require.NoError(t, err)
		require.Equal(t, i, a.N)
	}
}

// doomed are workers that die before they have done anything.
var doomed = func() poolOf[int, int] {
	p := newPool(PoolDecl[int, int]{Name: "doomed", Workers: 1, Func: square})
	p.pool.In = Coded(func(e *Encoder, n int) { Put(e, n) }, func(d *Decoder) int { return Get[int](d) })
	return p
}()

func TestPoolWhoseWorkersDieAtOnceFails(t *testing.T) {
	noLeaks(t)
	t.Setenv("MP_TEST_DOOMED", "1")
	r, n, err := Start(t.Context(), doomed.pipeline, []Option{NoSignals()})
	require.NoError(t, err)
	defer r.Close()
	_, err = doomed.pool.Pool(n).Call(limited(t), 1)
	require.ErrorIs(t, err, ErrClosed)
	require.Equal(t, 9, died(t, err).Exit)
	require.ErrorContains(t, err, "times in a row")
	require.Equal(t, 9, died(t, r.Close()).Exit)
}

func init() {
	if os.Getenv("MP_TEST_DOOMED") != "" {
		os.Exit(9)
	}
}

// A worker that is stopped while it has nothing to do gets tasks as before, and
// begins none of them.
func TestStoppedIdleWorkerIsReplaced(t *testing.T) {
	for _, test := range []struct {
		name string
		pool poolOf[work, answer]
		call time.Duration // that is given up first
	}{
		{"by a task's timeout", timedTry, 0},
		{"by a task that is given up", single, 50 * time.Millisecond},
	} {
		t.Run(test.name, func(t *testing.T) {
			r, pool := test.pool.begin(t)
			ctx := limited(t)
			first, err := pool.Call(ctx, work{})
			require.NoError(t, err)
			halt(t, first.PID)
			if test.call > 0 {
				short, cancel := context.WithTimeout(ctx, test.call)
				defer cancel()
				_, err := pool.Call(short, work{})
				require.ErrorIs(t, err, context.DeadlineExceeded)
			}
			second, err := pool.Call(ctx, work{N: 5})
			require.NoError(t, err)
			require.Equal(t, 5, second.N)
			require.NotEqual(t, first.PID, second.PID)
			require.NoError(t, r.Close())
		})
	}
}
