package mp

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// flow is a pipeline in which the program feeds a stage and takes its results,
// and, if it keeps them, its failures.
type flow[In, Out any] struct {
	pipeline *Pipeline
	in       *QueueDecl[In]
	out      *QueueDecl[Out]
	dead     *QueueDecl[Failed[In]]
	stage    string
}

func newFlow[In, Out, Res any](p PoolDecl[In, Res], out Codec[Out], to func(*QueueDecl[Out]) Sink[Res], keep bool) flow[In, Out] {
	f := flow[In, Out]{stage: p.Name}
	f.in = &QueueDecl[In]{Name: "in", Elem: p.In, Capacity: 64}
	f.out = &QueueDecl[Out]{Name: "out", Elem: out, Capacity: 16}
	p.From, p.To = f.in, to(f.out)
	f.pipeline = &Pipeline{Path: "mp.test/flow/" + p.Name, Source: p.Name + ".mp", Decls: []Decl{f.in, f.out}, Main: MainDecl{Send: []Decl{f.in}, Receive: []Decl{f.out}}}
	if keep {
		f.dead = &QueueDecl[Failed[In]]{Name: "dead", Elem: FailedOf(p.In), Capacity: 4}
		p.Dead = f.dead
		f.pipeline.Decls = append(f.pipeline.Decls, f.dead)
		f.pipeline.Main.Receive = append(f.pipeline.Main.Receive, f.dead)
	}
	f.pipeline.Decls = append(f.pipeline.Decls, &p)
	Register(f.pipeline)
	return f
}

// pump sends items, closes the queue, and gives what comes out of both ends.
func (f flow[In, Out]) pump(t *testing.T, n *Node, count int, item func(int) In) (results []Out, failures []Failed[In], last error) {
	t.Helper()
	in, out, ctx := f.in.Sender(n), f.out.Receiver(n), limited(t)
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := range count {
			if in.Send(ctx, item(i)) != nil {
				break
			}
		}
		in.Close()
	})
	if f.dead != nil {
		dead := f.dead.Receiver(n)
		wg.Go(func() {
			for v, err := range dead.All(ctx) {
				if err != nil {
					break
				}
				failures = append(failures, v)
			}
		})
	}
	for v, err := range out.All(ctx) {
		if err != nil {
			last = err
			break
		}
		results = append(results, v)
	}
	wg.Wait()
	require.NoError(t, ctx.Err())
	return results, failures, last
}

func newWorkFlow(name string, task TaskPolicy, worker Worker, keep bool) flow[work, answer] {
	if worker.Grace == 0 {
		worker.Grace = heedful
	}
	return newFlow(PoolDecl[work, answer]{Name: name, Workers: 4, In: workCodec, Task: task, Worker: worker, Func: doWork}, answerCodec, To[answer], keep)
}

var (
	quick     = newWorkFlow("quick", TaskPolicy{Retries: 1000, Backoff: time.Millisecond}, Worker{}, false)
	stopping  = newWorkFlow("stopping", TaskPolicy{Retries: 2, Backoff: time.Millisecond}, Worker{}, false)
	skipping  = newWorkFlow("skipping", TaskPolicy{Retries: 2, Backoff: time.Millisecond, Skip: true}, Worker{}, false)
	keeping   = newWorkFlow("keeping", TaskPolicy{Retries: 2, Backoff: time.Millisecond}, Worker{}, true)
	strict    = newWorkFlow("strict", TaskPolicy{}, Worker{}, true)
	timely    = newWorkFlow("timely", TaskPolicy{Timeout: 100 * time.Millisecond, Retries: 1, Backoff: time.Millisecond}, Worker{}, true)
	shortLife = newWorkFlow("shortlife", TaskPolicy{}, Worker{Tasks: 5}, false)
)

func each(w work) func(int) work {
	return func(i int) work { return work{w.How, i, w.For} }
}

// exactlyOnce checks the numbers of the answers.
func exactlyOnce(t *testing.T, count int, results []answer) {
	t.Helper()
	times := make([]int, count)
	for _, a := range results {
		times[a.N]++
	}
	for i, n := range times {
		if n != 1 {
			require.Equal(t, 1, n, "results of item %d", i)
		}
	}
}

func TestStageGivesEachResultOnceWhileItsWorkersDie(t *testing.T) {
	for _, test := range []struct {
		name  string
		work  work
		count int
		pause time.Duration
	}{
		{"nobody dies", work{}, 5000, time.Hour},
		{"between quick tasks", work{}, 20_000, 10 * time.Millisecond},
		{"in the middle of tasks", work{How: "sleep", For: 300 * time.Microsecond}, 2000, 15 * time.Millisecond},
	} {
		t.Run(test.name, func(t *testing.T) {
			r, n := begin(t, quick.pipeline)
			stop := harass(t, r, test.pause)
			results, _, err := quick.pump(t, n, test.count, each(test.work))
			kills := stop()
			require.NoError(t, err)
			exactlyOnce(t, test.count, results)
			require.NoError(t, r.Wait())
			require.NoError(t, r.Close())
			s := r.Stats()
			t.Log(kills, "kills,", s.Pools)
			require.EqualValues(t, test.count, s.Queues["in"].Sent)
			require.Equal(t, s.Queues["in"].Sent, s.Queues["in"].Received)
			require.Zero(t, s.Queues["out"].Len+int(s.Queues["out"].Lost))
			require.Zero(t, s.Pools["quick"].Failed)
			if test.work.How != "" {
				require.Positive(t, s.Pools["quick"].Retried)
			}
			require.LessOrEqual(t, s.Pools["quick"].Retried, s.Pools["quick"].Restarts)
		})
	}
}

func TestWaitingWorkersOfAStageMayDie(t *testing.T) {
	r, n := begin(t, quick.pipeline)
	in, out, ctx := quick.in.Sender(n), quick.out.Receiver(n), limited(t)
	for i := range 3 {
		until(t, "all stand", func() bool { return len(workersOf(r)) == 4 })
		before := r.Stats().Pools["quick"].Restarts
		for _, pid := range workersOf(r) {
			syscall.Kill(pid, syscall.SIGKILL)
		}
		require.NoError(t, in.Send(ctx, work{N: i}))
		a, err := out.Receive(ctx)
		require.NoError(t, err)
		require.Equal(t, i, a.N)
		until(t, "all are replaced", func() bool { return r.Stats().Pools["quick"].Restarts == before+4 })
	}
	in.Close()
	_, err := out.Receive(ctx)
	require.Equal(t, ErrClosed, err)
	require.NoError(t, r.Wait())
}

func TestStageStopsTheRun(t *testing.T) {
	for _, how := range []string{"fail", "panic", "kill"} {
		t.Run(how, func(t *testing.T) {
			r, n := begin(t, stopping.pipeline)
			_, _, last := stopping.pump(t, n, 1000, func(i int) work {
				if i == 20 {
					return work{How: how}
				}
				return work{N: i}
			})
			require.ErrorIs(t, last, ErrClosed)
			err := r.Wait()
			var e *Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, "stopping", e.Name)
			require.Positive(t, e.PID)
			if how == "fail" {
				require.ErrorIs(t, err, errKeptByName)
				require.Equal(t, 1, e.Attempts)
			} else {
				died(t, err)
				require.Equal(t, 3, e.Attempts)
			}
		})
	}
}

func TestStageSkipsWhatFails(t *testing.T) {
	r, n := begin(t, skipping.pipeline)
	results, _, err := skipping.pump(t, n, 300, func(i int) work {
		return work{N: i, How: map[int]string{1: "fail", 3: "kill"}[i%100]}
	})
	require.NoError(t, err)
	require.Len(t, results, 300-6) // items 1 and 3 of each hundred
	require.NoError(t, r.Wait())
	require.EqualValues(t, 6, r.Stats().Pools["skipping"].Failed)
}

func TestStageKeepsWhatFails(t *testing.T) {
	r, n := begin(t, keeping.pipeline)
	results, failures, err := keeping.pump(t, n, 300, func(i int) work {
		return work{N: i, How: map[int]string{1: "fail", 2: "panic", 3: "kill", 4: "exit"}[i%100]}
	})
	require.NoError(t, err)
	require.Len(t, results, 300-12)
	require.Len(t, failures, 12)
	for _, f := range failures {
		var e *Error
		require.ErrorAs(t, f.Err, &e)
		require.Equal(t, "keeping", e.Name)
		require.Positive(t, e.PID)
		switch f.Item.How {
		case "fail":
			require.ErrorIs(t, f.Err, errKeptByName)
			require.Equal(t, 1, e.Attempts)
			continue
		case "panic":
			require.Contains(t, died(t, f.Err).Panic, "no more paper")
		case "kill":
			require.Equal(t, syscall.SIGKILL, died(t, f.Err).Signal)
		case "exit":
			require.Equal(t, 3, died(t, f.Err).Exit)
		}
		require.Equal(t, 3, e.Attempts)
	}
	require.NoError(t, r.Wait())
}

func TestStageWithoutRetriesLosesOneTaskADeath(t *testing.T) {
	r, n := begin(t, strict.pipeline)
	stop := harass(t, r, 15*time.Millisecond)
	const count = 2000
	results, failures, err := strict.pump(t, n, count, each(work{How: "sleep", For: 300 * time.Microsecond}))
	kills := stop()
	require.NoError(t, err)
	for _, f := range failures {
		require.Equal(t, syscall.SIGKILL, died(t, f.Err).Signal)
		results = append(results, answer{N: f.Item.N})
	}
	exactlyOnce(t, count, results) // a result or a failure
	require.LessOrEqual(t, len(failures), kills)
	require.NotEmpty(t, failures)
	require.NoError(t, r.Wait())
}

func TestTimeoutsInAStage(t *testing.T) {
	r, n := begin(t, timely.pipeline)
	results, failures, err := timely.pump(t, n, 100, func(i int) work {
		switch i {
		case 10:
			return work{N: i, How: "sleep", For: time.Hour}
		case 20:
			return work{N: i, How: "stuck"}
		}
		return work{N: i}
	})
	require.NoError(t, err)
	require.Len(t, results, 98)
	require.Len(t, failures, 2)
	for _, f := range failures {
		require.ErrorIs(t, f.Err, context.DeadlineExceeded, f.Item.How)
		var e *Error
		require.ErrorAs(t, f.Err, &e)
		require.Equal(t, 2, e.Attempts, f.Item.How)
		if f.Item.How == "stuck" {
			require.Equal(t, syscall.SIGKILL, died(t, f.Err).Signal)
		}
	}
	require.NoError(t, r.Wait())
	require.EqualValues(t, 2, r.Stats().Pools["timely"].Restarts)
}

func TestWorkersOfAStageAreReplacedAfterTheirTasks(t *testing.T) {
	r, n := begin(t, shortLife.pipeline)
	results, _, err := shortLife.pump(t, n, 200, each(work{}))
	require.NoError(t, err)
	exactlyOnce(t, 200, results)
	tasks := map[int]int{}
	for _, a := range results {
		tasks[a.PID]++
		require.LessOrEqual(t, tasks[a.PID], 5)
	}
	require.NoError(t, r.Wait())
	require.GreaterOrEqual(t, r.Stats().Pools["shortlife"].Restarts, uint64(36))
}

// repeat gives each number as often as it says.
var repeat = newFlow(PoolDecl[int, []int]{
	Name: "repeat", Workers: 4, Task: TaskPolicy{Retries: 1000, Backoff: time.Millisecond},
	Func: func(_ context.Context, n int) ([]int, error) {
		var all []int
		for i := range n % 7 {
			all = append(all, n<<8|i)
		}
		return all, nil
	},
}, Codec[int]{}, Each[int], false)

func TestStageGivesManyResultsOrNoneForEachTask(t *testing.T) {
	for _, pause := range []time.Duration{time.Hour, 10 * time.Millisecond} {
		t.Run(fmt.Sprint("a death each ", pause), func(t *testing.T) {
			r, n := begin(t, repeat.pipeline)
			stop := harass(t, r, pause)
			const count = 5000
			results, _, err := repeat.pump(t, n, count, func(i int) int { return i })
			kills := stop()
			require.NoError(t, err)
			times, want := map[int]int{}, 0
			for _, v := range results {
				times[v]++
			}
			for i := range count {
				for k := range i % 7 {
					want++
					if times[i<<8|k] != 1 {
						require.Equal(t, 1, times[i<<8|k], "result %d of item %d", k, i)
					}
				}
			}
			require.Len(t, times, want)
			require.NoError(t, r.Wait())
			t.Log(kills, "kills")
		})
	}
}

// halfway gives a result that its queue can't hold between two that it can.
var halfway = func() flow[string, string] {
	f := newFlow(PoolDecl[string, []string]{
		Name: "halfway", Workers: 1, In: String,
		Func: func(_ context.Context, s string) ([]string, error) {
			big := strings.Repeat("x", 100<<10)
			return []string{"a", big, "b", big}, nil
		},
	}, String, Each[string], true)
	f.out.Bytes = 64 << 10
	return f
}()

func TestTaskOfWhichAResultCanNotBeGivenIsOver(t *testing.T) {
	for _, size := range []int{4, 3000} { // in the slot, and beside it
		r, n := begin(t, halfway.pipeline)
		results, failures, err := halfway.pump(t, n, 20, func(int) string { return strings.Repeat("i", size) })
		require.NoError(t, err)
		require.Equal(t, slices.Repeat([]string{"a"}, 20), results)
		require.Len(t, failures, 20)
		for _, f := range failures {
			require.Len(t, f.Item, size)
			require.ErrorIs(t, f.Err, ErrTooBig)
		}
		require.NoError(t, r.Wait())
		require.EqualValues(t, 20, r.Stats().Pools["halfway"].Failed)
	}
}

// fainting is a stage whose first worker is stopped while it gives out its first result.
var fainting = newFlow(PoolDecl[string, string]{
	Name: "fainting", Workers: 1, In: String, Task: TaskPolicy{Timeout: 50 * time.Millisecond, Retries: 1, Backoff: time.Millisecond}, Worker: Worker{Grace: heedful},
	Func: func(_ context.Context, mark string) (string, error) { return mark, nil },
}, Coded(func(e *Encoder, mark string) {
	if once(mark) {
		haltSelf()
	}
	e.String(mark)
}, (*Decoder).String), To[string], false)

func TestWorkerOfAStageThatIsStoppedOutsideOfItsFunctionIsKilled(t *testing.T) {
	r, n := begin(t, fainting.pipeline)
	mark := filepath.Join(t.TempDir(), "mark")
	results, _, err := fainting.pump(t, n, 3, func(int) string { return mark })
	require.NoError(t, err)
	require.Equal(t, []string{mark, mark, mark}, results)
	require.NoError(t, r.Wait())
	require.EqualValues(t, 1, r.Stats().Pools["fainting"].Restarts)
}

// twoStages passes items through two stages of two workers each.
var twoStages = func() (s struct {
	pipeline *Pipeline
	in, mid  *QueueDecl[[]byte]
	out      *QueueDecl[int]
}) {
	s.in = &QueueDecl[[]byte]{Name: "in", Elem: Bytes, Capacity: 8, Bytes: 4 * mib}
	s.mid = &QueueDecl[[]byte]{Name: "mid", Elem: Bytes, Capacity: 8, Bytes: 4 * mib}
	s.out = &QueueDecl[int]{Name: "out", Capacity: 8}
	retry := TaskPolicy{Retries: 1000, Backoff: time.Millisecond}
	one := &PoolDecl[[]byte, []byte]{Name: "one", Workers: 2, Task: retry, From: s.in, To: To(s.mid), Func: func(_ context.Context, b []byte) ([]byte, error) {
		for i := range b[2:] {
			b[i+2]++
		}
		return b, nil
	}}
	two := &PoolDecl[[]byte, int]{Name: "two", Workers: 2, Task: retry, From: s.mid, To: To(s.out), Func: func(_ context.Context, b []byte) (int, error) {
		for _, v := range b[2:] {
			if v != b[0]+1 {
				return 0, errors.New("a byte is wrong")
			}
		}
		return int(b[0]) | int(b[1])<<8, nil
	}}
	s.pipeline = &Pipeline{Path: "mp.test/two", Source: "two.mp", Decls: []Decl{s.in, s.mid, s.out, one, two}, Main: MainDecl{Send: []Decl{s.in}, Receive: []Decl{s.out}}}
	Register(s.pipeline)
	return s
}()

func TestLargeItemsPassStagesWhoseWorkersDie(t *testing.T) {
	r, n := begin(t, twoStages.pipeline)
	in, out, ctx := twoStages.in.Sender(n), twoStages.out.Receiver(n), limited(t)
	stop := harass(t, r, 10*time.Millisecond)
	const count = 600
	go func() {
		defer in.Close()
		for i := range count {
			b := make([]byte, 100+i%20*20_000)
			for k := range b {
				b[k] = byte(i)
			}
			b[1] = byte(i >> 8)
			if in.Send(ctx, b) != nil {
				return
			}
		}
	}()
	got := map[int]int{}
	for v, err := range out.All(ctx) {
		require.NoError(t, err)
		got[v]++
	}
	kills := stop()
	require.Len(t, got, count)
	for i := range count {
		require.Equal(t, 1, got[i], "item %d", i)
	}
	require.NoError(t, r.Wait())
	t.Log(kills, "kills")
	// All memory for large items is free again.
	for _, b := range r.bounded[:2] {
		require.True(t, b.Arena.HasRoom(b.Arena.Max()), "blocks of the arena are lost")
	}
}

func TestItemThatWasReceivedIsDoneWhenItsProcessReturns(t *testing.T) {
	r, n := begin(t, takers.pipeline)
	in, out, ctx := takers.in.Sender(n), takers.out.Receiver(n), limited(t)
	for i := range 2 {
		require.NoError(t, in.Send(ctx, i))
	}
	times := map[int]int{}
	for range 2 {
		v, err := out.Receive(ctx)
		require.NoError(t, err)
		times[v]++
	}
	require.Equal(t, map[int]int{0: 1, 1: 1}, times)
	in.Close()
	_, err := out.Receive(ctx)
	require.Equal(t, ErrClosed, err)
	require.NoError(t, r.Wait())
	require.Zero(t, r.Stats().Queues["in"].Lost)
}

// takers each take one item with Receive; the first returns with it in hand, the
// second goes on.
var takers = func() (s struct {
	pipeline *Pipeline
	in, out  *QueueDecl[int]
}) {
	s.in, s.out = &QueueDecl[int]{Name: "in"}, &QueueDecl[int]{Name: "out"}
	s.pipeline = &Pipeline{Path: "mp.test/takers", Source: "takers.mp", Decls: []Decl{s.in, s.out}, Main: MainDecl{Send: []Decl{s.in}, Receive: []Decl{s.out}}}
	for i := range 2 {
		p := &ProcessDecl{Name: fmt.Sprint("take", i), Receive: []Decl{s.in}, Send: []Decl{s.out}}
		p.Main = func(ctx context.Context, n *Node, _ *Decoder) error {
			in, out := s.in.Receiver(n), s.out.Sender(n)
			for {
				v, err := in.Receive(ctx)
				if err == ErrClosed {
					return nil
				}
				if err == nil {
					err = out.Send(ctx, v)
				}
				if err != nil || i == 0 {
					return err
				}
			}
		}
		s.pipeline.Decls = append(s.pipeline.Decls, p)
	}
	Register(s.pipeline)
	return s
}()
