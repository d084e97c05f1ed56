package mp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// doBeside is doWork for tasks that run beside each other.
func doBeside(ctx context.Context, w work) (answer, error) {
	a := answer{PID: os.Getpid(), N: w.N}
	switch w.How {
	case "":
		return a, nil
	case "load":
		a.Load = make([]byte, w.N)
		return a, nil
	case "sleep", "log":
		if w.How == "log" {
			slog.InfoContext(ctx, "asleep", "n", w.N)
		}
		select {
		case <-ctx.Done():
			return a, ctx.Err()
		case <-time.After(w.For):
			return a, nil
		}
	}
	return a, act(ctx, w.How)
}

func newConcurrent(name string, concurrent, workers int, task TaskPolicy, worker Worker) poolOf[work, answer] {
	worker.Grace = heedful
	return newPool(PoolDecl[work, answer]{Name: name, Workers: workers, In: workCodec, Out: answerCodec, Task: task, Worker: worker, Bytes: mib,
		Concurrent: concurrent, Func: doBeside})
}

var (
	sideBySide  = newConcurrent("sidebyside", 8, 2, TaskPolicy{Retries: 5, Backoff: time.Millisecond}, Worker{})
	besideOnce  = newConcurrent("besideonce", 8, 1, TaskPolicy{}, Worker{})
	besideForty = newConcurrent("besideforty", 8, 2, TaskPolicy{}, Worker{Tasks: 40})
	besideTimed = newConcurrent("besidetimed", 4, 1, TaskPolicy{Timeout: 200 * time.Millisecond, Retries: 1, Backoff: time.Millisecond}, Worker{})
)

func TestDeathsBesideOtherTasks(t *testing.T) {
	mapAmongDeaths(t, sideBySide, time.Millisecond, 0)
	mapAmongDeaths(t, besideForty, time.Millisecond, 8)
}

// started waits until a pool's only worker is seen to have so many tasks at once.
func started(t *testing.T, r *Run, n int) {
	until(t, fmt.Sprint(n, " tasks are in work"), func() bool { return len(r.members[0].atWork()) == n })
}

func TestDeathCostsWhatRunsBesideAtMostOnce(t *testing.T) {
	for _, test := range []struct {
		how   string
		cause func(t *testing.T, err error) // of the guilty one
	}{
		{"kill", func(t *testing.T, err error) { require.Equal(t, syscall.SIGKILL, died(t, err).Signal) }},
		{"exit", func(t *testing.T, err error) { require.Equal(t, 3, died(t, err).Exit) }},
		{"goexit", func(t *testing.T, err error) { require.Contains(t, died(t, err).Panic, goexit) }},
		{"stuck", func(t *testing.T, err error) { require.ErrorIs(t, err, context.Canceled) }},
	} {
		t.Run(test.how, func(t *testing.T) {
			r, pool := besideOnce.begin(t)
			beside := pool.Go(limited(t), work{How: "sleep", For: time.Hour})
			started(t, r, 1)
			guilty := pool.Go(limited(t), work{How: test.how})
			if test.how == "stuck" {
				started(t, r, 2)
				guilty.Cancel()
			}
			_, err := guilty.Wait(limited(t))
			test.cause(t, err)
			_, err = beside.Wait(limited(t))
			died(t, err)
			require.NotErrorIs(t, err, context.Canceled)
			var e *Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, 1, e.Attempts)
			require.NotZero(t, e.PID)
			_, err = pool.Call(limited(t), work{})
			require.NoError(t, err)
		})
	}
}

// TestWorkerEndedForOneTaskChargesNoOther lets the one that runs beside fail at its
// second attempt, which its error calls the first.
func TestWorkerEndedForOneTaskChargesNoOther(t *testing.T) {
	r, n := begin(t, waiters.pipeline)
	pool := waiters.serve.Pool(n)
	file := filepath.Join(t.TempDir(), "file")
	beside := pool.Go(limited(t), order{"hold then fail", file})
	stuck := pool.Go(limited(t), order{"stuck", file + ".stuck"})
	until(t, "both are in work", func() bool { return len(r.members[0].atWork()) == 2 })
	stuck.Cancel()
	until(t, "the worker is replaced", func() bool { return r.Stats().Pools["waiters"].Restarts == 1 })
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err := beside.Wait(limited(t))
	require.ErrorIs(t, err, errActed)
	var e *Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, 1, e.Attempts)
}

func TestTaskBesideOthersPastItsTimeout(t *testing.T) {
	for how, restarts := range map[string]uint64{"sleep": 0, "stuck": 2} {
		t.Run(how, func(t *testing.T) {
			r, pool := besideTimed.begin(t)
			var quick []*Task[answer]
			late := pool.Go(limited(t), work{How: how, For: time.Hour})
			for i := range 50 {
				quick = append(quick, pool.Go(limited(t), work{N: i}))
			}
			_, err := late.Wait(limited(t))
			require.ErrorIs(t, err, context.DeadlineExceeded)
			var e *Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, 2, e.Attempts)
			for i, task := range quick {
				a, err := task.Wait(limited(t))
				require.NoError(t, err)
				require.Equal(t, i, a.N)
			}
			until(t, "as many workers were replaced", func() bool { return r.Stats().Pools["besidetimed"].Restarts == restarts })
		})
	}
}

func TestStoppedWorkerOfSeveralTasksIsReplaced(t *testing.T) {
	r, pool := besideOnce.begin(t)
	_, err := pool.Call(limited(t), work{})
	require.NoError(t, err)
	halt(t, workersOf(r)[0])
	ctx, cancel := context.WithTimeout(limited(t), 10*time.Millisecond)
	defer cancel()
	_, err = pool.Call(ctx, work{})
	require.ErrorIs(t, err, context.DeadlineExceeded)
	until(t, "it is replaced", func() bool { return r.Stats().Pools["besideonce"].Restarts == 1 })
	_, err = pool.Call(limited(t), work{})
	require.NoError(t, err)
}

func TestTasksBesideEachOtherAreSeenApart(t *testing.T) {
	var logs safeBuffer
	r, n, err := Start(context.Background(), besideOnce.pipeline, []Option{Logger(slog.New(slog.NewTextHandler(&logs, nil)))})
	require.NoError(t, err)
	defer r.Close()
	pool := besideOnce.pool.Pool(n)
	var tasks []*Task[answer]
	for i := range 3 {
		tasks = append(tasks, pool.Go(limited(t), work{How: "log", N: i, For: time.Hour}))
		started(t, r, i+1)
	}
	for i := range 3 {
		rx := regexp.MustCompile(fmt.Sprintf(`task=%d n=%d\n`, i+1, i))
		until(t, rx.String(), func() bool { return rx.MatchString(logs.String()) })
	}
	untilDumped(t, r, `besideonce\[0\], pid \d+: running, task( [1-3],?){3}`)
	for _, task := range tasks {
		task.Cancel()
	}
}

// safeBuffer is text that one goroutine writes and another reads.
type safeBuffer struct {
	mu   sync.Mutex
	text []byte
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.text = append(b.text, p...)
	return len(p), nil
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return string(b.text)
}

// bank is the object of a service that is safe for several calls at once.
type bank struct {
	sum, calls, most atomic.Int64
	folder           string
}

func (b *bank) add(ctx context.Context, n int64) (int64, error) {
	now := b.calls.Add(1)
	defer b.calls.Add(-1)
	for old := b.most.Load(); now > old && !b.most.CompareAndSwap(old, now); old = b.most.Load() {
	}
	if n == 0 {
		<-ctx.Done()
		time.Sleep(5 * time.Millisecond)
		return 0, ctx.Err()
	}
	if n < 0 { // until there are as many calls
		for b.most.Load() < -n {
			time.Sleep(100 * time.Microsecond)
		}
	}
	return b.sum.Add(n), nil
}

func (b *bank) Close() error {
	if b.calls.Load() != 0 {
		return errors.New("closed within a call")
	}
	return os.WriteFile(filepath.Join(b.folder, "closed"), nil, 0o600)
}

var banking = func() (s struct {
	pipeline *Pipeline
	service  *ServiceDecl[*bank]
}) {
	s.service = &ServiceDecl[*bank]{Name: "bank", Concurrent: 8, Methods: []Method[*bank]{
		{Name: "add", Call: func(ctx context.Context, b *bank, d *Decoder, e *Encoder) error {
			v, err := b.add(ctx, Get[int64](d))
			Put(e, v)
			return err
		}},
		{Name: "most", Call: func(_ context.Context, b *bank, d *Decoder, e *Encoder) error {
			Get[int64](d)
			Put(e, b.most.Load())
			return nil
		}},
	}}
	s.service.Open = func(_ context.Context, _ *Node, d *Decoder) (*bank, error) { return &bank{folder: d.String()}, nil }
	s.pipeline = &Pipeline{Path: "mp.test/crew/bank", Source: "bank.mp", Decls: []Decl{s.service}}
	Register(s.pipeline)
	return s
}()

func TestServiceServesSeveralCallsAtOnce(t *testing.T) {
	folder := t.TempDir()
	r, n := begin(t, banking.pipeline, banking.service.With(func(e *Encoder) { e.String(folder) }))
	client := banking.service.Client(n)
	call := func(ctx context.Context, method int, arg int64) (v int64, err error) {
		err = client.Call(ctx, method, func(e *Encoder) { Put(e, arg) }, func(d *Decoder) { v = Get[int64](d) })
		return v, err
	}
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			for range 50 {
				if _, err := call(limited(t), 0, 1); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	for range 8 { // which wait for each other
		wg.Go(func() {
			if _, err := call(limited(t), 0, -8); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	sum, err := call(limited(t), 0, 1)
	require.NoError(t, err)
	require.EqualValues(t, 1000-8*8+1, sum)
	most, err := call(limited(t), 1, 0)
	require.NoError(t, err)
	require.EqualValues(t, 8, most)
	require.EqualValues(t, 1009, r.Stats().Pools["bank.add"].Done)

	for range 3 { // Close ends the calls first, and then the object
		wg.Go(func() { _, _ = call(limited(t), 0, 0) })
	}
	until(t, "three are in work", func() bool { return len(r.members[0].atWork()) == 3 })
	require.NoError(t, r.Close())
	wg.Wait()
	require.FileExists(t, filepath.Join(folder, "closed"))
}
