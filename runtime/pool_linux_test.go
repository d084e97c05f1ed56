package mp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"runtime"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// poolOf is a pipeline of one pool.
type poolOf[In, Out any] struct {
	pipeline *Pipeline
	pool     *PoolDecl[In, Out]
}

func newPool[In, Out any](p PoolDecl[In, Out]) poolOf[In, Out] {
	l := poolOf[In, Out]{pool: &p}
	l.pipeline = &Pipeline{Path: "mp.test/pool/" + p.Name, Source: p.Name + ".mp", Decls: []Decl{l.pool}}
	Register(l.pipeline)
	return l
}

func (l poolOf[In, Out]) begin(t *testing.T) (*Run, *Pool[In, Out]) {
	r, n := begin(t, l.pipeline)
	return r, l.pool.Pool(n)
}

func square(_ context.Context, n int) (int, error) { return n * n, nil }

var squares = newPool(PoolDecl[int, int]{Name: "squares", Workers: 3, Func: square})

func upTo(n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
}

func TestCallReturnsWhatTheFunctionReturns(t *testing.T) {
	r, pool := squares.begin(t)
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 100 {
				v, err := pool.Call(context.Background(), g*1000+i)
				if err != nil || v != (g*1000+i)*(g*1000+i) {
					t.Errorf("task %d gave %d, %v", g*1000+i, v, err)
				}
			}
		})
	}
	wg.Wait()
	require.NoError(t, r.Close())
	require.Equal(t, PoolStats{Workers: 3, Done: 800}, r.Stats().Pools["squares"].counts())
}

func TestMapGivesResultsInOrder(t *testing.T) {
	r, pool := squares.begin(t)
	for _, count := range []int{0, 1, 1000, 100_000} {
		i := 0
		for v, err := range pool.Map(limited(t), upTo(count)) {
			require.NoError(t, err)
			if v != i*i {
				require.Equal(t, i*i, v)
			}
			i++
		}
		require.Equal(t, count, i)
	}
	require.NoError(t, r.Close())
	require.EqualValues(t, 101_001, r.Stats().Pools["squares"].Done)
}

func TestMapUnorderedGivesEachResultOnce(t *testing.T) {
	_, pool := squares.begin(t)
	for _, count := range []int{0, 1, 1000, 100_000} {
		got := make([]bool, count)
		for res := range pool.MapUnordered(limited(t), upTo(count)) {
			if res.Err != nil || res.Index != res.In || res.Out != res.In*res.In || got[res.Index] {
				require.Fail(t, "a wrong result", "%+v", res)
			}
			got[res.Index] = true
		}
		require.NotContains(t, got, false)
	}
}

// working is a pool whose tasks say what to do.
type work struct {
	How string
	N   int
	For time.Duration
}

var workCodec = Coded(
	func(e *Encoder, w work) { e.String(w.How); Put(e, w.N); Put(e, w.For) },
	func(d *Decoder) work { return work{d.String(), Get[int](d), Get[time.Duration](d)} },
)

// answer is what a worker says: its process, its task, and a load.
type answer struct {
	PID, N int
	Load   []byte
}

var answerCodec = Coded(
	func(e *Encoder, a answer) {
		if a.N == cannotTravel {
			e.fail(errors.New("it can't travel"))
		}
		Put(e, a.PID)
		Put(e, a.N)
		e.Bytes(a.Load)
	},
	func(d *Decoder) answer { return answer{Get[int](d), Get[int](d), d.Bytes()} },
)

const cannotTravel = -13

// tasksBegun counts in the worker: the first task of a process is 1.
var tasksBegun int

var hog [][]byte

func doWork(ctx context.Context, w work) (answer, error) {
	tasksBegun++
	a := answer{PID: os.Getpid(), N: w.N}
	switch w.How {
	case "":
		return a, nil
	case "sleep": // and mind the context
		select {
		case <-ctx.Done():
			return a, ctx.Err()
		case <-time.After(w.For):
			return a, nil
		}
	case "load":
		a.Load = bytes.Repeat([]byte{7}, w.N)
		return a, nil
	case "first": // of its process
		a.N = tasksBegun
		return a, nil
	case "die once":
		if tasksBegun == 1 {
			return a, act(ctx, "kill")
		}
		return a, nil
	case "hog":
		for range w.N {
			b := make([]byte, mib)
			for i := 0; i < len(b); i += 4096 {
				b[i] = 1
			}
			hog = append(hog, b)
		}
		return a, nil
	case "processors":
		a.N = runtime.GOMAXPROCS(0)
		return a, nil
	}
	return a, act(ctx, w.How)
}

// heedful is a grace in which who heeds its context ends, on a busy machine too.
const heedful = 400 * time.Millisecond

func newWorking(name string, workers int, task TaskPolicy, worker Worker) poolOf[work, answer] {
	if worker.Grace == 0 {
		worker.Grace = heedful
	}
	return newPool(PoolDecl[work, answer]{Name: name, Workers: workers, In: workCodec, Out: answerCodec, Task: task, Worker: worker, Bytes: 20 * mib, Func: doWork})
}

var (
	plain     = newWorking("plain", 2, TaskPolicy{}, Worker{})
	single    = newWorking("single", 1, TaskPolicy{}, Worker{})
	retrying  = newWorking("retrying", 2, TaskPolicy{Retries: 3, Backoff: time.Millisecond}, Worker{})
	timed     = newWorking("timed", 2, TaskPolicy{Timeout: 50 * time.Millisecond}, Worker{})
	timedTry  = newWorking("timedtry", 1, TaskPolicy{Timeout: 30 * time.Millisecond, Retries: 2, Backoff: time.Millisecond}, Worker{})
	three     = newWorking("three", 2, TaskPolicy{}, Worker{Tasks: 3})
	limitedTo = newWorking("bounded", 1, TaskPolicy{}, Worker{Memory: 64 * mib})
)

func TestFailuresOfTasks(t *testing.T) {
	for _, test := range []struct {
		how   string
		check func(t *testing.T, err error)
		dies  bool
	}{
		{"fail", func(t *testing.T, err error) {
			require.ErrorIs(t, err, errKeptByName)
			var r *Remote
			require.ErrorAs(t, err, &r)
			require.Equal(t, "number 7: kept by name", r.Text)
		}, false},
		{"panic", func(t *testing.T, err error) {
			require.Contains(t, died(t, err).Panic, "no more paper")
			require.Contains(t, died(t, err).Panic, "runtime.doWork")
		}, true},
		{"exit", func(t *testing.T, err error) { require.Equal(t, 3, died(t, err).Exit) }, true},
		{"exit well", func(t *testing.T, err error) { require.Zero(t, died(t, err).Exit) }, true},
		{"kill", func(t *testing.T, err error) { require.Equal(t, syscall.SIGKILL, died(t, err).Signal) }, true},
	} {
		t.Run(test.how, func(t *testing.T) {
			r, pool := single.begin(t)
			ctx := limited(t)
			first, err := pool.Call(ctx, work{})
			require.NoError(t, err)
			_, err = pool.Call(ctx, work{How: test.how})
			test.check(t, err)
			var e *Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, Error{Name: "single", PID: first.PID, Task: 2, Attempts: 1, Err: e.Err}, *e)
			second, err := pool.Call(ctx, work{N: 5})
			require.NoError(t, err)
			require.Equal(t, 5, second.N)
			require.Equal(t, test.dies, first.PID != second.PID)
			require.NoError(t, r.Close())
		})
	}
}

func TestMapGivesErrorsInTheirPlace(t *testing.T) {
	_, pool := plain.begin(t)
	in := make([]work, 100)
	for i := range in {
		in[i].N = i
	}
	in[10].How, in[50].How, in[51].N, in[70].How = "fail", "panic", cannotTravel, "kill"
	i := 0
	for a, err := range pool.Map(limited(t), slices.Values(in)) {
		switch i {
		case 10:
			require.ErrorIs(t, err, errKeptByName)
		case 50, 70:
			died(t, err)
		case 51:
			require.ErrorContains(t, err, "it can't travel")
		default:
			require.NoError(t, err, "item %d", i)
			require.Equal(t, i, a.N)
		}
		i++
	}
	require.Equal(t, 100, i)
}

func TestMapOverEndlessInputEndsWithItsLoop(t *testing.T) {
	_, pool := plain.begin(t)
	asked, i := 0, 0
	endless := func(yield func(work) bool) {
		for ; yield(work{N: asked}); asked++ {
		}
	}
	for a, err := range pool.Map(limited(t), endless) {
		require.NoError(t, err)
		require.Equal(t, i, a.N)
		if i++; i == 3000 {
			break
		}
	}
	require.Less(t, asked, 3000+10_000) // no further than the window
	a, err := pool.Call(limited(t), work{N: 1})
	require.NoError(t, err)
	require.Equal(t, 1, a.N)
}

func TestLeavingMapCancelsWhatStillRuns(t *testing.T) {
	_, pool := plain.begin(t)
	began := time.Now()
	in := slices.Values([]work{{}, {How: "sleep", For: time.Hour}, {How: "sleep", For: time.Hour}, {}})
	for _, err := range pool.Map(limited(t), in) {
		require.NoError(t, err)
		break
	}
	for range 4 { // both workers are free again, and alive
		_, err := pool.Call(limited(t), work{})
		require.NoError(t, err)
	}
	require.Less(t, time.Since(began), patience)
	for range pool.MapUnordered(limited(t), in) {
		break
	}
	_, err := pool.Call(limited(t), work{})
	require.NoError(t, err)
}

// What still runs when the run ends is taken from its Map, which goes on with the
// same memory while the worker is being killed.
func TestCloseDuringAMapFailsWhatIsLeft(t *testing.T) {
	r, pool := plain.begin(t)
	closed := make(chan error, 1)
	input := func(yield func(work) bool) {
		for range 4 {
			require.True(t, yield(work{How: "stuck"}))
		}
		go func() {
			for r.Stats().Pools["plain"].Busy < 2 {
				runtime.Gosched()
			}
			closed <- r.Close()
		}()
	}
	n := 0
	for _, err := range pool.Map(limited(t), input) {
		require.ErrorIs(t, err, ErrClosed)
		n++
	}
	require.Equal(t, 4, n)
	require.NoError(t, <-closed)
}

func TestContextOfAMapEndsIt(t *testing.T) {
	_, pool := plain.begin(t)
	ctx, cancel := context.WithCancel(limited(t))
	defer cancel()
	var last error
	got := 0
	in := []work{{}, {}, {How: "sleep", For: time.Hour}, {}, {}}
	for _, err := range pool.Map(ctx, slices.Values(in)) {
		if last = err; err == nil {
			if got++; got == 2 {
				time.AfterFunc(10*time.Millisecond, cancel)
			}
		}
	}
	require.Equal(t, 2, got)
	require.ErrorIs(t, last, context.Canceled)
	ctx, cancel = context.WithCancel(limited(t))
	defer cancel()
	var end Result[work, answer]
	for end = range pool.MapUnordered(ctx, slices.Values(in)) {
		cancel()
	}
	require.Equal(t, -1, end.Index)
	require.ErrorIs(t, end.Err, context.Canceled)
}

func TestCancelledCallDoesNotTouchTheOthers(t *testing.T) {
	for _, how := range []string{"sleep", "stuck"} {
		t.Run(how, func(t *testing.T) {
			r, pool := plain.begin(t)
			ctx, cancel := context.WithCancel(limited(t))
			defer cancel()
			other := make(chan answer, 1)
			go func() {
				a, err := pool.Call(limited(t), work{How: "sleep", For: 300 * time.Millisecond, N: 1})
				if err != nil {
					t.Error(err)
				}
				other <- a
			}()
			failed := make(chan error, 1)
			go func() {
				_, err := pool.Call(ctx, work{How: how, For: time.Hour})
				failed <- err
			}()
			until(t, "both are at work", func() bool { return r.Stats().Pools["plain"].Busy == 2 })
			cancel()
			select {
			case err := <-failed:
				require.ErrorIs(t, err, context.Canceled)
			case <-time.After(patience):
				require.Fail(t, "the call does not return")
			}
			restarts := uint64(0)
			if how == "stuck" {
				restarts = 1
				until(t, "the worker is killed", func() bool { return r.Stats().Pools["plain"].Restarts == 1 })
			}
			a := <-other
			require.Equal(t, 1, a.N)
			for range 4 {
				_, err := pool.Call(limited(t), work{})
				require.NoError(t, err)
			}
			require.Equal(t, restarts, r.Stats().Pools["plain"].Restarts)
		})
	}
}

func TestTaskPastItsTimeout(t *testing.T) {
	for _, how := range []string{"sleep", "stuck"} {
		t.Run(how, func(t *testing.T) {
			r, pool := timed.begin(t)
			began := time.Now()
			_, err := pool.Call(limited(t), work{How: how, For: time.Hour})
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.GreaterOrEqual(t, time.Since(began), 50*time.Millisecond)
			var e *Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, 1, e.Attempts)
			if how == "stuck" { // then it was the parent who ended it
				require.Equal(t, syscall.SIGKILL, died(t, err).Signal)
				require.GreaterOrEqual(t, time.Since(began), 50*time.Millisecond+heedful)
			}
			_, err = pool.Call(limited(t), work{})
			require.NoError(t, err)
			require.NoError(t, r.Close())
			restarts := uint64(0)
			if how == "stuck" {
				restarts = 1
			}
			require.Equal(t, restarts, r.Stats().Pools["timed"].Restarts)
		})
	}
}

func TestTimeoutsAreTriedAgain(t *testing.T) {
	for _, how := range []string{"sleep", "stuck"} {
		r, pool := timedTry.begin(t)
		_, err := pool.Call(limited(t), work{How: how, For: time.Hour})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		var e *Error
		require.ErrorAs(t, err, &e)
		require.Equal(t, 3, e.Attempts)
		require.NoError(t, r.Close())
		require.EqualValues(t, 2, r.Stats().Pools["timedtry"].Retried)
	}
}

func TestDeadlineOfTheCallerTravels(t *testing.T) {
	r, pool := plain.begin(t)
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Millisecond)
	defer cancel()
	_, err := pool.Call(ctx, work{How: "sleep", For: time.Hour})
	require.ErrorIs(t, err, context.DeadlineExceeded)
	until(t, "the worker is free", func() bool { return r.Stats().Pools["plain"].Busy == 0 })
	require.Zero(t, r.Stats().Pools["plain"].Restarts)
	done, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = pool.Call(done, work{})
	require.ErrorIs(t, err, context.Canceled)
}

func TestWorkersAreReplacedAfterTheirTasks(t *testing.T) {
	r, pool := three.begin(t)
	tasks := map[int]int{}
	for a, err := range pool.Map(limited(t), func(yield func(work) bool) {
		for range 60 {
			if !yield(work{How: "first"}) {
				return
			}
		}
	}) {
		require.NoError(t, err)
		tasks[a.PID]++
		require.LessOrEqual(t, a.N, 3)
	}
	require.GreaterOrEqual(t, len(tasks), 20)
	require.NoError(t, r.Close())
	require.GreaterOrEqual(t, r.Stats().Pools["three"].Restarts, uint64(18))
}

func TestWorkerOverItsMemoryIsKilled(t *testing.T) {
	_, pool := limitedTo.begin(t)
	began := time.Now()
	_, err := pool.Call(limited(t), work{How: "hog", N: 1000})
	require.True(t, died(t, err).OOM, err)
	require.Contains(t, err.Error(), "out of memory")
	require.Less(t, time.Since(began), patience)
	_, err = pool.Call(limited(t), work{How: "hog", N: 16})
	require.NoError(t, err)
}

func TestLargeTasksAndResults(t *testing.T) {
	_, pool := plain.begin(t)
	for _, n := range []int{1, 5000, mib, 16 * mib} {
		a, err := pool.Call(limited(t), work{How: "load", N: n})
		require.NoError(t, err)
		require.Equal(t, n, len(a.Load))
		require.Equal(t, n, bytes.Count(a.Load, []byte{7}))
	}
	_, err := pool.Call(limited(t), work{How: "load", N: 21 * mib})
	require.ErrorIs(t, err, ErrTooBig)

	in := func(yield func(work) bool) {
		for i := range 12 {
			if !yield(work{How: string(bytes.Repeat([]byte{' '}, mib)), N: i}) {
				return
			}
		}
	}
	i := 0
	for _, err := range pool.Map(limited(t), in) {
		require.ErrorContains(t, err, "no such way to end:   ") // it got there
		i++
	}
	require.Equal(t, 12, i)
	_, err = pool.Call(limited(t), work{How: string(make([]byte, 16*mib))})
	require.ErrorContains(t, err, "no such way to end")
	_, err = pool.Call(limited(t), work{How: string(make([]byte, 21*mib))})
	require.ErrorIs(t, err, ErrTooBig)
	_, err = pool.Call(limited(t), work{})
	require.NoError(t, err)
}

func TestTaskThatCannotTravelFailsAlone(t *testing.T) {
	_, pool := hesitant.begin(t)
	var wg sync.WaitGroup
	for i := range 8 { // so that one's task is sent by another's hand
		wg.Go(func() {
			for n := range 50 {
				_, err := pool.Call(context.Background(), n*8+i)
				if odd := i%2 == 1; odd != (err != nil) {
					t.Errorf("task %d: %v", n*8+i, err)
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	within(t, done)
}

var hesitant = newPool(PoolDecl[int, int]{
	Name: "hesitant", Workers: 1, Func: square,
	In: Coded(func(e *Encoder, n int) {
		if n%2 == 1 {
			e.fail(fmt.Errorf("%d is odd", n))
		}
		Put(e, n)
	}, func(d *Decoder) int { return Get[int](d) }),
})

func TestQuickResultIsNotHeldBackByASlowTask(t *testing.T) {
	_, pool := single.begin(t)
	for range 200 { // the worker is known as quick, so tasks go ahead
		_, err := pool.Call(limited(t), work{})
		require.NoError(t, err)
	}
	in := []work{{}, {How: "sleep", For: 2 * time.Millisecond}, {}, {}, {How: "sleep", For: time.Hour}}
	began, i := time.Now(), 0
	for _, err := range pool.Map(limited(t), slices.Values(in)) {
		require.NoError(t, err)
		if i++; i == 4 {
			require.Less(t, time.Since(began), soon)
			break
		}
	}
}
