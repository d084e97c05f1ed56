package mp

import (
	"context"
	"os"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// ports is a pool whose workers send to a queue while they are called, and count
// in a number.
var ports = func() (s struct {
	pipeline *Pipeline
	pool     *PoolDecl[work, int]
	out      *QueueDecl[int]
	begun    *NumberDecl[int]
	starter  *ProcessDecl
}) {
	s.out, s.begun = &QueueDecl[int]{Name: "out", Capacity: 4}, &NumberDecl[int]{Name: "begun"}
	s.pool = &PoolDecl[work, int]{Name: "tell", Workers: 2, In: workCodec, Task: TaskPolicy{Retries: 1, Backoff: time.Millisecond},
		Worker: Worker{Grace: 50 * time.Millisecond}, Send: []Decl{s.out}, Uses: []Decl{s.begun}}
	s.pool.Open = func(n *Node) func(context.Context, work) (int, error) {
		out, begun, opened := s.out.Sender(n), s.begun.In(n), os.Getpid()
		return func(ctx context.Context, w work) (int, error) {
			first := begun.Add(1) == 1
			for i := range w.N {
				if err := out.Send(ctx, i); err != nil {
					return 0, err
				}
			}
			if w.How == "die once" && first {
				return 0, act(ctx, "kill")
			}
			return opened, nil
		}
	}
	s.starter = &ProcessDecl{Name: "starter", Uses: []Decl{s.pool}, Main: func(ctx context.Context, n *Node, d *Decoder) error {
		pool := s.pool.Pool(n)
		for range Get[int](d) {
			if _, err := pool.Call(ctx, work{N: 3}); err != nil {
				return err
			}
		}
		return nil
	}}
	s.pipeline = &Pipeline{Path: "mp.test/ports", Source: "ports.mp", Decls: []Decl{s.out, s.begun, s.pool, s.starter}, Main: MainDecl{Receive: []Decl{s.out}}}
	Register(s.pipeline)
	return s
}()

func beginPorts(t *testing.T, calls int) (*Run, *Node) {
	return begin(t, ports.pipeline, ports.starter.With(func(e *Encoder) { Put(e, calls) }))
}

// starterEnded waits for the end of the process, which need not have begun.
func starterEnded(t *testing.T, r *Run) {
	t.Helper()
	until(t, "the process has ended", func() bool {
		s := r.Stats().Processes["starter"]
		return s.Started == 1 && s.Running == 0
	})
}

// The queue ends when nobody can call the pool any more: main waits, the process
// has ended, and what main has begun is done.
func TestQueueOfACalledPoolEndsWithItsCallers(t *testing.T) {
	for _, calls := range []int{0, 20} {
		r, n := beginPorts(t, calls)
		if calls == 0 { // then the end of the task below is the last that happens
			starterEnded(t, r)
		}
		pool := ports.pool.Pool(n)
		task := pool.Go(limited(t), work{N: 40}) // more than the queue holds
		waited := make(chan error, 1)
		count := 0
		for _, err := range ports.out.Receiver(n).All(limited(t)) {
			require.NoError(t, err)
			if count++; count == 1 {
				go func() { waited <- r.Wait() }()
				until(t, "main is done", func() bool {
					r.mu.Lock()
					defer r.mu.Unlock()
					return r.mainEnded()
				})
			}
		}
		require.Equal(t, calls*3+40, count)
		require.NoError(t, <-waited)
		_, err := task.Wait(limited(t))
		require.NoError(t, err)
		_, err = pool.Call(limited(t), work{}) // Wait said that there would be none
		require.ErrorIs(t, err, ErrClosed)
		require.NoError(t, r.Close())
		require.EqualValues(t, count, r.Stats().Queues["out"].Received)
	}
}

func TestQueueOfACalledPoolIsOpenUntilWait(t *testing.T) {
	t.Run("an error of Wait", func(t *testing.T) {
		r, n := beginPorts(t, 1)
		ports.out.Receiver(n)
		starterEnded(t, r) // what it sent lies in the queue
		require.ErrorContains(t, r.Wait(), "call Wait in another goroutine, beside a loop over the queue, which stays open until then as the program may call tell")
	})
	t.Run("a deadlock", func(t *testing.T) {
		t.Setenv(EngineVariable, "inline")
		_, n := beginPorts(t, 1)
		var last error
		for _, last = range ports.out.Receiver(n).All(context.Background()) {
		}
		var d *Deadlock
		require.ErrorAs(t, last, &d)
		require.Equal(t, []Waiting{{"main", "an item of queue out, which stays open until run.Wait() is called, in another goroutine: the program may still call tell"}}, d.Waits)
	})
}

func TestItemsSentBeforeADeathMayComeAgain(t *testing.T) {
	r, n := beginPorts(t, 0)
	task := ports.pool.Pool(n).Go(limited(t), work{How: "die once", N: 3})
	out := ports.out.Receiver(n)
	for i := range 6 {
		v, err := out.Receive(limited(t))
		require.NoError(t, err)
		require.Equal(t, i%3, v)
	}
	_, err := task.Wait(limited(t))
	require.NoError(t, err)
	require.Equal(t, 2, ports.begun.In(n).Load())
	require.NoError(t, r.Close())
	require.EqualValues(t, 1, r.Stats().Pools["tell"].Retried)
}

// A worker that dies while it waits in Send leaves the queue whole.
func TestPoolWorkerThatDiesInSend(t *testing.T) {
	r, n := beginPorts(t, 0)
	pool := ports.pool.Pool(n)
	task := pool.Go(limited(t), work{N: 1000})
	until(t, "the queue is full", func() bool { return r.Stats().Queues["out"].Len == 4 })
	for range 2 {
		begun := ports.begun.In(n).Load()
		for _, pid := range workersOf(r) {
			syscall.Kill(pid, syscall.SIGKILL)
		}
		until(t, "it is begun again, or given up", func() bool { return ports.begun.In(n).Load() > begun || task.done.Load() })
	}
	_, err := task.Wait(limited(t))
	died(t, err)
	go r.Wait()
	got := 0
	for _, err := range ports.out.Receiver(n).All(limited(t)) {
		require.NoError(t, err)
		got++
	}
	require.GreaterOrEqual(t, got, 4)
}

var (
	aging    = newWorking("aging", 2, TaskPolicy{}, Worker{Age: oldAge})
	oneCPU   = newWorking("oneCPU", 1, TaskPolicy{}, Worker{CPUs: 1})
	agingTo  = newWorkFlow("agingto", TaskPolicy{}, Worker{Age: oldAge}, false)
	hundreds = newWorking("hundreds", 8, TaskPolicy{}, Worker{Tasks: 100})
)

// oldAge is longer than a start takes: who is old by then does nothing.
const oldAge = 200 * time.Millisecond

func TestWorkersAreReplacedAtTheirAge(t *testing.T) {
	r, pool := aging.begin(t)
	pids := map[int]bool{}
	for deadline := time.Now().Add(patience); len(pids) < 6; {
		a, err := pool.Call(limited(t), work{How: "sleep", For: time.Millisecond})
		require.NoError(t, err)
		pids[a.PID] = true
		require.True(t, time.Now().Before(deadline), "the workers grow old")
	}
	require.NoError(t, r.Close())
	require.GreaterOrEqual(t, r.Stats().Pools["aging"].Restarts, uint64(4))
	require.Zero(t, r.Stats().Pools["aging"].Failed)
}

func TestStagesAreReplacedAtTheirAge(t *testing.T) {
	r, n := begin(t, agingTo.pipeline)
	in, out := agingTo.in.Sender(n), agingTo.out.Receiver(n)
	until(t, "idle workers grow old, too", func() bool { return r.Stats().Pools["agingto"].Restarts >= 4 })
	go func() {
		defer in.Close()
		for i := range 200 { // which takes four workers twice their age
			in.Send(context.Background(), work{How: "sleep", For: 8 * time.Millisecond, N: i})
		}
	}()
	got, pids := map[int]bool{}, map[int]bool{}
	for a, err := range out.All(limited(t)) {
		require.NoError(t, err)
		require.False(t, got[a.N])
		got[a.N], pids[a.PID] = true, true
	}
	require.Len(t, got, 200)
	require.Greater(t, len(pids), 4)
	require.NoError(t, r.Wait())
}

func TestLimitsDifferFromWorkerToWorker(t *testing.T) {
	pl, err := newPlan(hundreds.pipeline, told{})
	require.NoError(t, err)
	limits := map[int]bool{}
	for slot := 1; slot <= 8; slot++ {
		for generation := 1; generation < 50; generation++ {
			n := pl.taskLimit(slot, generation)
			require.LessOrEqual(t, n, 100)
			require.GreaterOrEqual(t, n, 90)
			limits[n] = true
		}
	}
	require.Len(t, limits, 11)
	pl, err = newPlan(aging.pipeline, told{})
	require.NoError(t, err)
	require.Zero(t, pl.taskLimit(1, 1))
	for generation := range 50 {
		d := pl.ageLimit(1, generation)
		require.LessOrEqual(t, d, oldAge)
		require.GreaterOrEqual(t, d, oldAge*9/10)
	}
}

func TestWorkerHasTheProcessorsItIsGiven(t *testing.T) {
	if runtime.NumCPU() == 1 {
		t.Skip("there is one processor only")
	}
	_, pool := oneCPU.begin(t)
	a, err := pool.Call(limited(t), work{How: "processors"})
	require.NoError(t, err)
	require.Equal(t, 1, a.N)
}
