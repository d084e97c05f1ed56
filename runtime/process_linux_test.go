package mp

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var errKeptByName = errors.New("kept by name")

func init() { KeepErrors(errKeptByName) }

// acting is one process that ends as its argument says, in a pipeline where the
// program may receive what it sends.
var acting = func() (a struct {
	pipeline *Pipeline
	process  *ProcessDecl
	out      *QueueDecl[int]
	starts   *NumberDecl[int]
}) {
	a.out = &QueueDecl[int]{Name: "out"}
	a.starts = &NumberDecl[int]{Name: "starts"}
	a.process = &ProcessDecl{Name: "act", Send: []Decl{a.out}, Uses: []Decl{a.starts}, Worker: Worker{Grace: 50 * time.Millisecond}}
	a.process.Main = func(ctx context.Context, n *Node, d *Decoder) error {
		a.starts.In(n).Add(1)
		out := a.out.Sender(n)
		for i := range Get[int](d) {
			if err := out.Send(ctx, i); err != nil {
				return err
			}
		}
		return act(ctx, d.String())
	}
	a.pipeline = &Pipeline{Path: "mp.test/acting", Source: "acting.mp", Decls: []Decl{a.out, a.starts, a.process}, Main: MainDecl{Receive: []Decl{a.out}}}
	Register(a.pipeline)
	return a
}()

// act ends, or does not end, as how says.
func act(ctx context.Context, how string) error {
	switch how {
	case "return":
		return nil
	case "fail":
		return fmt.Errorf("number %d: %w", 7, errKeptByName)
	case "panic":
		panic("no more paper")
	case "exit":
		fmt.Fprintln(os.Stderr, "its last words")
		os.Exit(3)
	case "exit well":
		os.Exit(0)
	case "goexit":
		runtime.Goexit()
	case "fault":
		debug.SetPanicOnFault(false)
		syscall.Kill(os.Getpid(), syscall.SIGSEGV)
		select {}
	case "kill":
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	case "obey":
		<-ctx.Done()
		return ctx.Err()
	case "stuck":
		for {
			time.Sleep(time.Hour) // as C code that never returns
		}
	}
	return errors.New("no such way to end: " + how)
}

func (s actingArgs) arg() Arg {
	return acting.process.With(func(e *Encoder) { Put(e, s.items); e.String(s.how) })
}

type actingArgs struct {
	items int
	how   string
}

func TestEndOfAProcessReachesWaitAndItsReaders(t *testing.T) {
	for _, test := range []struct {
		how   string
		check func(t *testing.T, err error)
	}{
		{"fail", func(t *testing.T, err error) {
			var r *Remote
			require.ErrorAs(t, err, &r)
			require.Equal(t, "number 7: kept by name", r.Text)
			require.ErrorIs(t, err, errKeptByName)
		}},
		{"panic", func(t *testing.T, err error) {
			d := died(t, err)
			require.Contains(t, d.Panic, "no more paper")
			require.Contains(t, d.Panic, "goroutine 1 [running]")
			require.Contains(t, err.Error(), "no more paper")
			require.Equal(t, 2, d.Exit)
		}},
		{"exit", func(t *testing.T, err error) {
			d := died(t, err)
			require.Equal(t, 3, d.Exit)
			require.Contains(t, d.Stderr, "its last words")
			require.Empty(t, d.Panic)
		}},
		{"exit well", func(t *testing.T, err error) {
			require.Zero(t, died(t, err).Exit) // it did not return, so what it sent may not be all
		}},
		{"goexit", func(t *testing.T, err error) {
			d := died(t, err)
			require.Contains(t, d.Panic, "runtime.Goexit in the function of a process")
			require.Contains(t, d.Panic, "runtime.act(") // where it was called
			require.Equal(t, 2, d.Exit)
		}},
		{"fault", func(t *testing.T, err error) {
			d := died(t, err)
			require.True(t, d.Signal == syscall.SIGSEGV || strings.Contains(d.Panic, "SIGSEGV"), d)
		}},
		{"kill", func(t *testing.T, err error) {
			d := died(t, err)
			require.Equal(t, syscall.SIGKILL, d.Signal)
			require.Equal(t, -1, d.Exit)
			require.False(t, d.OOM)
		}},
	} {
		t.Run(test.how, func(t *testing.T) {
			r, n := begin(t, acting.pipeline, actingArgs{5, test.how}.arg())
			all := acting.out.Receiver(n).All(limited(t))
			var got []int
			var last error
			for v, err := range all {
				require.NoError(t, last, "something came behind the error")
				if last = err; err == nil {
					got = append(got, v)
				}
			}
			require.IsIncreasing(t, append(got, 5))
			err := r.Wait()
			var e *Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, "act", e.Name)
			require.Positive(t, e.PID)
			test.check(t, err)
			test.check(t, last)
			require.Equal(t, err, r.Close())
			require.Equal(t, ProcessStats{Started: 1, Failed: 1}, r.Stats().Processes["act"].counts())
		})
	}
}

func died(t *testing.T, err error) *Died {
	t.Helper()
	var d *Died
	require.ErrorAs(t, err, &d)
	return d
}

func TestFailureOfTheOnlyProcessReachesWait(t *testing.T) {
	r, n := begin(t, acting.pipeline, actingArgs{0, "fail"}.arg())
	_, err := acting.out.Receiver(n).Receive(limited(t))
	require.ErrorIs(t, err, errKeptByName)
	require.NotErrorIs(t, err, ErrEmpty)
	require.ErrorIs(t, r.Wait(), errKeptByName)
}

// stubborn is a process that is started again, and a reader of what it sends.
var stubborn = func() (s struct {
	pipeline *Pipeline
	process  *ProcessDecl
	out      *QueueDecl[int]
	starts   *NumberDecl[int]
}) {
	s.out = &QueueDecl[int]{Name: "out"}
	s.starts = &NumberDecl[int]{Name: "starts"}
	s.process = &ProcessDecl{Name: "retry", Restarts: 2, Send: []Decl{s.out}}
	s.process.Main = func(ctx context.Context, n *Node, d *Decoder) error {
		good := Get[int](d)
		start := s.starts.In(n).Add(1)
		if err := s.out.Sender(n).Send(ctx, start); err != nil {
			return err
		}
		if start < good {
			panic(fmt.Sprint("start ", start))
		}
		return nil
	}
	s.pipeline = &Pipeline{Path: "mp.test/stubborn", Source: "stubborn.mp", Decls: []Decl{s.out, s.starts, s.process}, Main: MainDecl{Receive: []Decl{s.out}}}
	Register(s.pipeline)
	return s
}()

func TestRestarts(t *testing.T) {
	for _, test := range []struct {
		good, starts, failed int
		fails                bool
	}{{1, 1, 0, false}, {3, 3, 2, false}, {4, 3, 3, true}} {
		t.Run(fmt.Sprint("good from start ", test.good), func(t *testing.T) {
			began := time.Now()
			r, n := begin(t, stubborn.pipeline, stubborn.process.With(func(e *Encoder) { Put(e, test.good) }))
			got := 0
			for v, err := range stubborn.out.Receiver(n).All(limited(t)) {
				if err != nil {
					require.True(t, test.fails, err)
					continue
				}
				got++
				require.Equal(t, got, v) // the queue stays open over restarts
			}
			require.Equal(t, test.starts, got)
			err := r.Wait()
			if test.fails {
				var e *Error
				require.ErrorAs(t, err, &e)
				require.Equal(t, 3, e.Attempts)
				require.Contains(t, died(t, err).Panic, "start 3")
			} else {
				require.NoError(t, err)
			}
			if test.starts == 3 { // at least half of 100 ms, then of 200 ms
				require.GreaterOrEqual(t, time.Since(began), 150*time.Millisecond)
			}
			require.Equal(t, ProcessStats{Started: test.starts, Restarts: test.starts - 1, Failed: test.failed}, r.Stats().Processes["retry"].counts())
		})
	}
}

// again: a receiver that is killed while it works on item 5, once.
func newAgain(name string, receivers int, way int) (a struct {
	pipeline *Pipeline
	in, out  *QueueDecl[int]
	killed   *NumberDecl[int]
}) {
	a.in, a.out = &QueueDecl[int]{Name: "in", Capacity: 16}, &QueueDecl[int]{Name: "out", Capacity: 16}
	a.killed = &NumberDecl[int]{Name: "killed"}
	a.pipeline = &Pipeline{Path: "mp.test/again/" + name, Source: name + ".mp", Decls: []Decl{a.in, a.out, a.killed},
		Main: MainDecl{Send: []Decl{a.in}, Receive: []Decl{a.out}}}
	for i := range receivers {
		p := &ProcessDecl{Name: fmt.Sprintf("work%d", i), Restarts: 1, Receive: []Decl{a.in}, Send: []Decl{a.out}}
		p.Main = func(ctx context.Context, n *Node, _ *Decoder) error {
			killed, out := a.killed.In(n), a.out.Sender(n)
			return consume(ctx, a.in.Receiver(n), way, func(v int) error {
				if v == 5 && killed.CompareAndSwap(0, 1) {
					return act(ctx, "kill")
				}
				return out.Send(ctx, v)
			})
		}
		a.pipeline.Decls = append(a.pipeline.Decls, p)
	}
	Register(a.pipeline)
	return a
}

var (
	againCalls   = newAgain("calls", 1, oneByOne)
	againLoop    = newAgain("loop", 1, asLoop)
	againTwo     = newAgain("two", 2, asLoop)
	againTwoFour = newAgain("twofour", 2, loopByFour)
)

func TestItemOfADeadReceiverComesAgain(t *testing.T) {
	for _, test := range []struct {
		name    string
		p       *Pipeline
		in, out *QueueDecl[int]
		many    bool // items that were not done may be more than one
	}{
		{"one receiver with calls", againCalls.pipeline, againCalls.in, againCalls.out, false},
		{"one receiver in a loop", againLoop.pipeline, againLoop.in, againLoop.out, false},
		{"two receivers", againTwo.pipeline, againTwo.in, againTwo.out, false},
		{"two receivers in four loops", againTwoFour.pipeline, againTwoFour.in, againTwoFour.out, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			r, n := begin(t, test.p)
			in, ctx := test.in.Sender(n), limited(t)
			const count = 200
			go func() {
				for i := range count {
					if in.Send(ctx, i) != nil {
						return
					}
				}
				in.Close()
			}()
			times := map[int]int{}
			for v, err := range test.out.Receiver(n).All(ctx) {
				require.NoError(t, err)
				times[v]++
			}
			require.NoError(t, r.Wait())
			require.Len(t, times, count)
			for v, n := range times {
				if test.many {
					require.LessOrEqual(t, n, 2, "item %d", v)
				} else {
					require.Equal(t, 1, n, "item %d: it had been done", v)
				}
			}
			restarts := 0
			for _, p := range r.Stats().Processes {
				restarts += p.Restarts
			}
			require.Equal(t, 1, restarts)
		})
	}
}

func TestSendFailsWhenAllReceiversAreGone(t *testing.T) {
	r, n := begin(t, deaf.pipeline)
	in, ctx := deaf.in.Sender(n), limited(t)
	for err := error(nil); err == nil; {
		if err = in.Send(ctx, 1); err != nil {
			require.ErrorIs(t, err, ErrClosed)
			require.ErrorIs(t, err, errKeptByName)
		}
	}
	require.ErrorIs(t, r.Wait(), errKeptByName)
	q := r.Stats().Queues["in"]
	require.Zero(t, q.Len)
	require.Equal(t, q.Sent, q.Received+q.Lost)
	require.Positive(t, q.Lost)
}

// deaf is a receiver that takes one item and fails.
var deaf = func() (d struct {
	pipeline *Pipeline
	in       *QueueDecl[int]
}) {
	d.in = &QueueDecl[int]{Name: "in", Capacity: 4}
	p := &ProcessDecl{Name: "deaf", Receive: []Decl{d.in}}
	p.Main = func(ctx context.Context, n *Node, _ *Decoder) error {
		in := d.in.Receiver(n)
		for in.Len() < 4 {
			runtime.Gosched()
		}
		in.Receive(ctx)
		return errKeptByName
	}
	d.pipeline = &Pipeline{Path: "mp.test/deaf", Source: "deaf.mp", Decls: []Decl{d.in, p}, Main: MainDecl{Send: []Decl{d.in}}}
	Register(d.pipeline)
	return d
}()

func TestArgumentsReachTheirProcess(t *testing.T) {
	r, n := begin(t, acting.pipeline, actingArgs{2000, "return"}.arg())
	sum := 0
	for v, err := range acting.out.Receiver(n).All(limited(t)) {
		require.NoError(t, err)
		sum += v
	}
	require.Equal(t, 2000*1999/2, sum)
	require.NoError(t, r.Wait())
	require.Equal(t, 1, acting.starts.In(n).Load())
}

func TestArgumentsOfNoProcessAreRefused(t *testing.T) {
	noLeaks(t)
	_, _, err := Start(t.Context(), echo.pipeline, nil, actingArgs{}.arg())
	require.ErrorContains(t, err, `arguments for "act"`)
	_, _, err = Start(t.Context(), acting.pipeline, nil, actingArgs{0, strings.Repeat("x", 1<<20)}.arg())
	require.ErrorIs(t, err, ErrTooBig)
}
