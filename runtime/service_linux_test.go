package mp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// counter is the object of a service.
type counter struct {
	step, n int
	busy    bool
	folder  string // where it leaves a file when it is closed
}

func (c *counter) enter() func() {
	if c.busy {
		panic("two methods at once")
	}
	c.busy = true
	return func() { c.busy = false }
}

func (c *counter) add(ctx context.Context, times int) (int, error) {
	defer c.enter()()
	if times < 0 {
		return 0, act(ctx, map[int]string{-1: "fail", -2: "kill", -3: "stuck", -4: "panic", -5: "obey"}[times])
	}
	c.n += times * c.step
	return c.n, nil
}

// label is a stage: it tells the item, and which process had it.
func (c *counter) label(ctx context.Context, n int) (answer, error) {
	defer c.enter()()
	switch n {
	case 13:
		return answer{}, errKeptByName
	case 14:
		return answer{}, act(ctx, "kill")
	}
	return answer{PID: os.Getpid(), N: n * c.step}, nil
}

func (c *counter) Close() error {
	if c.folder == "" {
		return nil
	}
	return os.WriteFile(filepath.Join(c.folder, fmt.Sprint("closed", os.Getpid())), nil, 0o600)
}

// countService is a service of counters with a method that is called and one that is
// a stage, too.
type countService struct {
	pipeline *Pipeline
	service  *ServiceDecl[*counter]
	in       *QueueDecl[int]
	out      *QueueDecl[answer]
	dead     *QueueDecl[Failed[int]]
}

func newCountService(name string, workers int, task TaskPolicy, worker Worker) (c countService) {
	if worker.Grace == 0 {
		worker.Grace = heedful
	}
	c.in, c.out = &QueueDecl[int]{Name: "in"}, &QueueDecl[answer]{Name: "out", Elem: answerCodec}
	c.dead = &QueueDecl[Failed[int]]{Name: "dead", Elem: FailedOf(Codec[int]{})}
	c.service = &ServiceDecl[*counter]{Name: name, Workers: workers, Task: task, Worker: worker, Methods: []Method[*counter]{
		{Name: "add", Call: func(ctx context.Context, c *counter, d *Decoder, e *Encoder) error {
			v, err := c.add(ctx, Get[int](d))
			Put(e, v)
			return err
		}},
		Staged("label", c.in, To(c.out), c.dead, func(c *counter, ctx context.Context, n int) (answer, error) { return c.label(ctx, n) }),
	}}
	c.service.Open = func(ctx context.Context, _ *Node, d *Decoder) (*counter, error) {
		o := &counter{step: Get[int](d), folder: d.String()}
		switch o.step {
		case -1:
			return nil, errKeptByName
		case -2:
			panic("the library is missing")
		}
		return o, nil
	}
	c.pipeline = &Pipeline{Path: "mp.test/service/" + name, Source: name + ".mp", Decls: []Decl{c.in, c.out, c.dead, c.service},
		Main: MainDecl{Send: []Decl{c.in}, Receive: []Decl{c.out, c.dead}}}
	Register(c.pipeline)
	return c
}

func (c countService) arg(step int, folder string) Arg {
	return c.service.With(func(e *Encoder) { Put(e, step); e.String(folder) })
}

func (c countService) add(ctx context.Context, to *Client, times int) (n int, err error) {
	err = to.Call(ctx, 0, func(e *Encoder) { Put(e, times) }, func(d *Decoder) { n = Get[int](d) })
	return n, err
}

func (c countService) label(ctx context.Context, to *Client, n int) (a answer, err error) {
	err = to.Call(ctx, 1, func(e *Encoder) { Put(e, n) }, func(d *Decoder) { a = answerCodec.get(d) })
	return a, err
}

var (
	oneCounter = newCountService("one", 1, TaskPolicy{}, Worker{})
	counters   = newCountService("counters", 3, TaskPolicy{Retries: 2, Backoff: time.Millisecond}, Worker{})
	mortal     = newCountService("mortal", 2, TaskPolicy{}, Worker{Tasks: 100})
	pair       = newCountService("pair", 2, TaskPolicy{}, Worker{})
	hasty      = newCountService("hasty", 1, TaskPolicy{Timeout: 50 * time.Millisecond}, Worker{})
)

func TestServiceKeepsItsObjectBetweenCalls(t *testing.T) {
	folder := t.TempDir()
	r, n := begin(t, oneCounter.pipeline, oneCounter.arg(5, folder))
	c := oneCounter.service.Client(n)
	for i := range 3 {
		v, err := oneCounter.add(limited(t), c, 2)
		require.NoError(t, err)
		require.Equal(t, 10*(i+1), v)
	}
	_, err := oneCounter.add(limited(t), c, -1)
	require.ErrorIs(t, err, errKeptByName)
	var e *Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, "one", e.Name)
	a, err := oneCounter.label(limited(t), c, 3) // a stage can be called, too
	require.NoError(t, err)
	require.Equal(t, 15, a.N)
	require.ErrorContains(t, c.Call(limited(t), 0, func(e *Encoder) { Put(e, 1); Put(e, 1) }, nil), "behind the end")
	require.NoError(t, r.Close())
	require.Len(t, entries(folder), 1, "the object was closed")
	pools := r.Stats().Pools
	require.Equal(t, PoolStats{Workers: 1, Done: 6, Failed: 2}, pools["one"].counts())
	require.Equal(t, PoolStats{Done: 5, Failed: 2}, pools["one.add"].counts())
	require.Equal(t, PoolStats{Done: 1}, pools["one.label"].counts())
}

func TestServiceWorkerThatDiesIsOpenedAgain(t *testing.T) {
	var logs safeBuffer
	r, n, err := Start(context.Background(), oneCounter.pipeline, []Option{Logger(slog.New(slog.NewTextHandler(&logs, nil)))}, oneCounter.arg(1, ""))
	require.NoError(t, err)
	defer r.Close()
	c := oneCounter.service.Client(n)
	for _, how := range []int{-2, -4} {
		_, err := oneCounter.add(limited(t), c, 7)
		require.NoError(t, err)
		_, err = oneCounter.add(limited(t), c, how)
		died(t, err)
		v, err := oneCounter.add(limited(t), c, 1)
		require.NoError(t, err)
		require.Equal(t, 1, v, "a new object")
	}
	require.NoError(t, r.Close())
	s := r.Stats().Pools
	require.EqualValues(t, 2, s["one"].Failed)
	require.EqualValues(t, 2, s["one.add"].Failed)
	require.EqualValues(t, 2, s["one"].Restarts)
	require.Equal(t, 2, strings.Count(logs.String(), `object="opened anew, its state is lost"`))
}

func TestServiceCallsHaveTimeouts(t *testing.T) {
	_, n := begin(t, hasty.pipeline, hasty.arg(1, ""))
	c := hasty.service.Client(n)
	_, err := hasty.add(limited(t), c, -3)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Equal(t, syscall.SIGKILL, died(t, err).Signal)
	ctx, cancel := context.WithCancel(limited(t))
	cancel()
	_, err = hasty.add(ctx, c, 1)
	require.ErrorIs(t, err, context.Canceled)
	v, err := hasty.add(limited(t), c, 1)
	require.NoError(t, err)
	require.Equal(t, 1, v)
}

func TestServiceThatCannotBeOpenedEndsTheRun(t *testing.T) {
	for step, check := range map[int]func(error){
		-1: func(err error) { require.ErrorIs(t, err, errKeptByName) },
		-2: func(err error) { require.Contains(t, died(t, err).Panic, "the library is missing") },
	} {
		noLeaks(t)
		r, n, err := Start(t.Context(), oneCounter.pipeline, []Option{NoSignals()}, oneCounter.arg(step, ""))
		require.NoError(t, err)
		_, err = oneCounter.add(limited(t), oneCounter.service.Client(n), 1)
		require.ErrorIs(t, err, ErrClosed)
		err = r.Close()
		check(err)
		require.ErrorContains(t, err, "5 times in a row: it can't be opened")
		require.Equal(t, 1, strings.Count(err.Error(), "can't be opened"), "%v", err)
	}
}

// absent is a service whose function returns no object.
var absent = func() (s struct {
	pipeline *Pipeline
	service  *ServiceDecl[fmt.Stringer]
}) {
	s.service = &ServiceDecl[fmt.Stringer]{Name: "absent", Methods: []Method[fmt.Stringer]{{Name: "string",
		Call: func(_ context.Context, o fmt.Stringer, _ *Decoder, e *Encoder) error {
			e.String(o.String())
			return nil
		}}}}
	s.service.Open = func(context.Context, *Node, *Decoder) (fmt.Stringer, error) { return nil, nil }
	s.pipeline = &Pipeline{Path: "mp.test/absent", Source: "absent.mp", Decls: []Decl{s.service}}
	Register(s.pipeline)
	return s
}()

func TestServiceWithoutAnObjectCannotBeOpened(t *testing.T) {
	t.Setenv(EngineVariable, "goroutines")
	r, n, err := Start(t.Context(), absent.pipeline, []Option{NoSignals()})
	require.NoError(t, err)
	err = absent.service.Client(n).Call(limited(t), 0, func(*Encoder) {}, func(*Decoder) {})
	require.ErrorIs(t, err, ErrClosed)
	require.ErrorContains(t, r.Close(), "it can't be opened: the function that opens it returns neither an object nor an error")
}

// A worker serves calls and its queue by turns, one at a time, and nothing is lost
// or doubled.
func TestServiceServesCallsAndAQueue(t *testing.T) {
	for _, c := range []countService{oneCounter, counters, mortal} {
		t.Run(c.service.Name, func(t *testing.T) {
			folder := t.TempDir()
			r, n := begin(t, c.pipeline, c.arg(2, folder))
			const items, calls = 2000, 500
			client := c.service.Client(n)
			var wg sync.WaitGroup
			wg.Go(func() {
				in := c.in.Sender(n)
				defer in.Close()
				for i := range items {
					if err := in.Send(context.Background(), 20+i); err != nil {
						t.Error(err)
					}
				}
			})
			for range 2 {
				wg.Go(func() {
					for range calls {
						if _, err := c.add(context.Background(), client, 1); err != nil {
							t.Error(err)
						}
					}
				})
			}
			got := map[int]bool{}
			for a, err := range c.out.Receiver(n).All(limited(t)) {
				require.NoError(t, err)
				require.False(t, got[a.N], "twice")
				got[a.N] = true
			}
			wg.Wait()
			require.Len(t, got, items)
			v, err := c.add(limited(t), client, 0) // calls go on after the end of the queue
			require.NoError(t, err)
			require.Zero(t, v%2)
			require.NoError(t, r.Wait())
			require.NoError(t, r.Close())
			s := r.Stats().Pools
			require.EqualValues(t, items, s[c.service.Name+".label"].Done)
			require.EqualValues(t, 2*calls+1, s[c.service.Name+".add"].Done)
			require.EqualValues(t, items+2*calls+1, s[c.service.Name].Done)
			if c.service.Name == "mortal" {
				require.Greater(t, s["mortal"].Restarts, uint64(20))
				require.Greater(t, len(entries(folder)), 20, "each object was closed")
			}
		})
	}
}

func TestFailedItemsOfAService(t *testing.T) {
	r, n := begin(t, counters.pipeline, counters.arg(1, ""))
	in, ctx := counters.in.Sender(n), limited(t)
	for _, i := range []int{12, 13, 14, 15} {
		require.NoError(t, in.Send(ctx, i))
	}
	in.Close()
	failed := map[int]error{}
	for f, err := range counters.dead.Receiver(n).All(ctx) {
		require.NoError(t, err)
		failed[f.Item] = f.Err
	}
	require.Len(t, failed, 2)
	require.ErrorIs(t, failed[13], errKeptByName)
	require.Equal(t, syscall.SIGKILL, died(t, failed[14]).Signal)
	got := map[int]bool{}
	for a, err := range counters.out.Receiver(n).All(ctx) {
		require.NoError(t, err)
		got[a.N] = true
	}
	require.Equal(t, map[int]bool{12: true, 15: true}, got)
	require.NoError(t, r.Wait())
	require.NoError(t, r.Close())
	require.EqualValues(t, 2, r.Stats().Pools["counters.label"].Failed)
}

func TestServiceSurvivesTheDeathsOfItsWorkers(t *testing.T) {
	r, n := begin(t, counters.pipeline, counters.arg(1, ""))
	stop := harass(t, r, 10*time.Millisecond)
	client, ctx := counters.service.Client(n), limited(t)
	const items = 20_000
	var wg sync.WaitGroup
	wg.Go(func() {
		in := counters.in.Sender(n)
		defer in.Close()
		for i := range items {
			if err := in.Send(ctx, 20+i); err != nil {
				t.Error(err)
				return
			}
		}
	})
	calls, over := 0, make(chan struct{})
	wg.Go(func() {
		for {
			select {
			case <-over:
				return
			default:
			}
			if _, err := counters.add(ctx, client, 1); err != nil {
				var d *Died
				if !errors.As(err, &d) {
					t.Error(err)
				}
			}
			calls++
		}
	})
	got := map[int]bool{}
	wg.Go(func() {
		for f, err := range counters.dead.Receiver(n).All(ctx) { // begun and killed three times
			if err != nil {
				t.Error(err)
			}
			got[f.Item] = true
		}
	})
	var done []int
	for a, err := range counters.out.Receiver(n).All(ctx) {
		require.NoError(t, err)
		done = append(done, a.N)
	}
	kills := stop()
	close(over)
	wg.Wait()
	for _, v := range done {
		require.False(t, got[v], "item %d twice", v)
		got[v] = true
	}
	require.Len(t, got, items)
	require.NoError(t, r.Wait())
	t.Log(kills, "kills", calls, "calls")
}

// An item whose wake-up went to a worker that has taken a call instead goes to the
// other one.
func TestItemIsNotHeldUpByACall(t *testing.T) {
	_, n := begin(t, pair.pipeline, pair.arg(1, ""))
	client, in, out := pair.service.Client(n), pair.in.Sender(n), pair.out.Receiver(n)
	for i := range 200 {
		ctx, cancel := context.WithCancel(limited(t))
		over := make(chan error, 1)
		go func() {
			_, err := pair.add(ctx, client, -5) // as long as we like
			over <- err
		}()
		require.NoError(t, in.Send(limited(t), 20+i))
		a, err := out.Receive(limited(t))
		require.NoError(t, err)
		require.Equal(t, 20+i, a.N)
		cancel()
		require.ErrorIs(t, <-over, context.Canceled)
	}
}

func TestCloseOfAServiceInTheMiddle(t *testing.T) {
	folder := t.TempDir()
	r, n := begin(t, counters.pipeline, counters.arg(1, folder))
	_, err := counters.add(limited(t), counters.service.Client(n), 1)
	require.NoError(t, err)
	require.NoError(t, counters.in.Sender(n).Send(limited(t), 1))
	require.NoError(t, r.Close())
	until(t, "the objects are closed", func() bool { return len(entries(folder)) >= 1 })
	_, err = counters.add(limited(t), counters.service.Client(n), 1)
	require.ErrorIs(t, err, ErrClosed)
}
