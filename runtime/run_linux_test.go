package mp

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// production is a source that obeys its context, a stage, a sink that counts, and a
// pool that is called.
var production = func() (s struct {
	pipeline  *Pipeline
	made      *QueueDecl[int]
	finished  *QueueDecl[int]
	sent, got *NumberDecl[int]
	cancelled *NumberDecl[int32]
	pool      *PoolDecl[work, answer]
	source    *ProcessDecl
}) {
	s.made, s.finished = &QueueDecl[int]{Name: "made", Capacity: 64}, &QueueDecl[int]{Name: "finished", Capacity: 64}
	s.sent, s.got = &NumberDecl[int]{Name: "sent"}, &NumberDecl[int]{Name: "got"}
	s.cancelled = &NumberDecl[int32]{Name: "cancelled"}
	s.source = &ProcessDecl{Name: "source", Send: []Decl{s.made}, Worker: Worker{Grace: heedful}}
	s.source.Main = func(ctx context.Context, n *Node, d *Decoder) error {
		out, sent, how := s.made.Sender(n), s.sent.In(n), d.String()
		for i := 0; ; i++ {
			err := out.Send(ctx, i)
			if err == nil && sent.Add(1) == 1000 && how != "" {
				return act(ctx, how)
			}
			if errors.Is(err, ErrClosed) { // who reads was stopped first
				<-ctx.Done()
			}
			if ctx.Err() != nil {
				s.cancelled.In(n).Add(1)
				err = ctx.Err()
			}
			if err != nil {
				return err
			}
		}
	}
	stage := &PoolDecl[int, int]{Name: "stage", Workers: 2, From: s.made, To: To(s.finished), Func: square}
	sink := &ProcessDecl{Name: "sink", Receive: []Decl{s.finished}}
	sink.Main = func(ctx context.Context, n *Node, _ *Decoder) error {
		got := s.got.In(n)
		for _, err := range s.finished.Receiver(n).All(ctx) {
			if err != nil {
				return err
			}
			got.Add(1)
		}
		return nil
	}
	s.pool = &PoolDecl[work, answer]{Name: "called", Workers: 1, In: workCodec, Out: answerCodec, Func: doWork, Worker: Worker{Grace: 50 * time.Millisecond}}
	s.pipeline = &Pipeline{Path: "mp.test/production", Source: "production.mp",
		Decls: []Decl{s.made, s.finished, s.sent, s.got, s.cancelled, s.source, stage, sink, s.pool}}
	Register(s.pipeline)
	return s
}()

func sourceEnds(how string) Arg {
	return production.source.With(func(e *Encoder) { e.String(how) })
}

func TestWaitReturnsWhenAllHasBeenWorkedOff(t *testing.T) {
	r, n := begin(t, production.pipeline, sourceEnds("return"))
	require.NoError(t, r.Wait())
	require.Equal(t, 1000, production.got.In(n).Load())
	require.NoError(t, r.Wait())
	pool := production.pool.Pool(n)
	a, err := pool.Call(limited(t), work{N: 3}) // pools go on until Close
	require.NoError(t, err)
	require.Equal(t, 3, a.N)
	require.NoError(t, r.Close())
	_, err = pool.Call(limited(t), work{N: 3})
	require.ErrorIs(t, err, ErrClosed)
}

func TestWaitGivesAGoroutineTimeToBeginItsLoop(t *testing.T) {
	for range 5 {
		r, n := begin(t, counted.pipeline)
		all, got := counted.out.Receiver(n).All(limited(t)), make(chan error, 1)
		go func() {
			sum := 0
			for v, err := range all {
				if err != nil {
					got <- err
					return
				}
				sum += v
			}
			if sum != 45 {
				got <- fmt.Errorf("sum %d", sum)
			}
			close(got)
		}()
		require.NoError(t, r.Wait())
		require.NoError(t, <-got)
		require.NoError(t, r.Close())
	}
}

// counted is a process that sends a few numbers to the program.
var counted = func() (c struct {
	pipeline *Pipeline
	out      *QueueDecl[int]
}) {
	c.out = &QueueDecl[int]{Name: "out"}
	p := &ProcessDecl{Name: "count", Send: []Decl{c.out}}
	p.Main = func(ctx context.Context, n *Node, _ *Decoder) error {
		return c.out.Sender(n).SendAll(ctx, upTo(10))
	}
	c.pipeline = &Pipeline{Path: "mp.test/counted", Source: "counted.mp", Decls: []Decl{c.out, p}, Main: MainDecl{Receive: []Decl{c.out}}}
	Register(c.pipeline)
	return c
}()

func TestShutdownEndsTheSourcesAndDrains(t *testing.T) {
	r, n := begin(t, production.pipeline, sourceEnds(""))
	until(t, "items arrive", func() bool { return production.got.In(n).Load() > 100 })
	require.NoError(t, r.Shutdown(limited(t)))
	require.Equal(t, production.sent.In(n).Load(), production.got.In(n).Load())
	for name, q := range r.Stats().Queues {
		require.Equal(t, QueueStats{Cap: 64, Sent: q.Sent, Received: q.Sent}, q, name)
	}
	require.NoError(t, r.Wait())
	require.NoError(t, r.Close())
}

func TestShutdownCancelsWhenItsContextEnds(t *testing.T) {
	r, n := begin(t, production.pipeline, sourceEnds("stuck"))
	until(t, "the source is stuck", func() bool { return production.got.In(n).Load() == 1000 })
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, r.Shutdown(ctx), context.DeadlineExceeded)
	require.NoError(t, r.Close())
}

func TestCloseCancelsAndKillsAfterTheGrace(t *testing.T) {
	for _, how := range []string{"", "obey", "stuck"} {
		t.Run("source "+how, func(t *testing.T) {
			r, n := begin(t, production.pipeline, sourceEnds(how))
			got := production.got.In(n)
			until(t, "items arrive", func() bool { return got.Load() >= 1000 })
			began := time.Now()
			var wg sync.WaitGroup
			for range 3 {
				wg.Go(func() {
					if err := r.Close(); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			took := time.Since(began)
			if how == "stuck" {
				require.GreaterOrEqual(t, took, production.source.Worker.Grace)
			}
			require.Less(t, took, 10*time.Second)
			require.Empty(t, children(os.Getpid()))
			require.NoError(t, r.Close())
			require.NoError(t, r.Wait())
			require.NoError(t, r.Shutdown(limited(t)))
			// What the numbers were stays.
			require.GreaterOrEqual(t, got.Load(), 1000)
			got.Store(5)
			require.Equal(t, 5, got.Load())
		})
	}
}

func TestCloseAtOnce(t *testing.T) {
	for range 5 {
		r, _ := begin(t, production.pipeline, sourceEnds("stuck"))
		require.NoError(t, r.Close())
	}
}

func TestHandlesAfterClose(t *testing.T) {
	r, n := begin(t, echo.pipeline)
	in, out, ctx := echo.in.Sender(n), echo.out.Receiver(n), limited(t)
	require.NoError(t, in.Send(ctx, parcel{}))
	_, err := out.Receive(ctx)
	require.NoError(t, err)
	require.NoError(t, r.Close())
	require.ErrorIs(t, in.Send(ctx, parcel{}), ErrClosed)
	require.ErrorIs(t, in.TrySend(parcel{}), ErrClosed)
	require.ErrorIs(t, in.SendAll(ctx, slices.Values([]parcel{{}})), ErrClosed)
	_, err = out.Receive(ctx)
	require.ErrorIs(t, err, ErrClosed)
	_, err = out.TryReceive()
	require.ErrorIs(t, err, ErrClosed)
	count := 0
	for _, err := range out.All(ctx) {
		require.ErrorIs(t, err, ErrClosed)
		count++
	}
	require.Equal(t, 1, count)
	require.Zero(t, in.Len()+out.Len())
	in.Close()
}

func TestHandlesInUseWhileTheRunCloses(t *testing.T) {
	noLeaks(t)
	for range 10 {
		r, n, err := Start(t.Context(), echo.pipeline, nil)
		require.NoError(t, err)
		in, out := echo.in.Sender(n), echo.out.Receiver(n)
		r2, n2, err := Start(t.Context(), plain.pipeline, nil)
		require.NoError(t, err)
		pool := plain.pool.Pool(n2)
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				for in.Send(context.Background(), parcel{}) == nil {
					in.Len()
				}
			})
			wg.Go(func() {
				for _, err := range out.All(context.Background()) {
					if err != nil {
						return
					}
					out.Len()
				}
			})
			wg.Go(func() {
				for {
					if _, err := pool.Call(context.Background(), work{}); err != nil {
						return
					}
				}
			})
			wg.Go(func() {
				for _, err := range pool.Map(context.Background(), func(yield func(work) bool) {
					for yield(work{}) {
					}
				}) {
					if err != nil {
						return
					}
				}
			})
		}
		_, err = pool.Call(context.Background(), work{})
		require.NoError(t, err)
		r.Close()
		r2.Close()
		done := make(chan struct{})
		go func() { wg.Wait(); close(done) }()
		within(t, done)
	}
}

func TestContextOfStart(t *testing.T) {
	noLeaks(t)
	done, cancel := context.WithCancel(context.Background())
	cancel()
	_, _, err := Start(done, production.pipeline, nil, sourceEnds(""))
	require.ErrorIs(t, err, context.Canceled)

	why := fmt.Errorf("the reason")
	ctx, stop := context.WithCancelCause(context.Background())
	r, n, err := Start(ctx, production.pipeline, []Option{NoSignals()}, sourceEnds(""))
	require.NoError(t, err)
	until(t, "items arrive", func() bool { return production.got.In(n).Load() > 0 })
	waited := make(chan error)
	go func() { waited <- r.Wait() }()
	stop(why)
	require.Equal(t, why, <-waited)
	_, err = production.pool.Pool(n).Call(limited(t), work{})
	require.ErrorIs(t, err, ErrClosed)
	require.ErrorIs(t, err, why)
	require.Equal(t, why, r.Close())
}

func TestContextOfARunOfPools(t *testing.T) {
	noLeaks(t)
	ctx, stop := context.WithCancel(context.Background())
	r, n, err := Start(ctx, plain.pipeline, []Option{NoSignals()})
	require.NoError(t, err)
	failed := make(chan error)
	go func() {
		_, err := plain.pool.Pool(n).Call(context.Background(), work{How: "stuck"})
		failed <- err
	}()
	until(t, "it is at work", func() bool { return r.Stats().Pools["plain"].Busy == 1 })
	stop()
	err = <-failed
	require.ErrorIs(t, err, ErrClosed)
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, r.Close(), context.Canceled)
}

// counting are four processes that add to numbers.
var counting = func() (c struct {
	pipeline *Pipeline
	whole    *NumberDecl[int64]
	small    *NumberDecl[uint32]
	part     *NumberDecl[float64]
}) {
	c.whole, c.small, c.part = &NumberDecl[int64]{Name: "whole"}, &NumberDecl[uint32]{Name: "small"}, &NumberDecl[float64]{Name: "part"}
	c.pipeline = &Pipeline{Path: "mp.test/counting", Source: "counting.mp", Decls: []Decl{c.whole, c.small, c.part}}
	for i := range 4 {
		p := &ProcessDecl{Name: fmt.Sprint("count", i)}
		p.Main = func(_ context.Context, n *Node, _ *Decoder) error {
			for range additions {
				c.whole.In(n).Add(3)
				c.small.In(n).Add(1)
				c.part.In(n).Add(0.5)
			}
			return nil
		}
		c.pipeline.Decls = append(c.pipeline.Decls, p)
	}
	Register(c.pipeline)
	return c
}()

const additions = 20_000

func TestProcessesAddToNumbers(t *testing.T) {
	r, n := begin(t, counting.pipeline)
	whole, small, part := counting.whole.In(n), counting.small.In(n), counting.part.In(n)
	require.NoError(t, r.Wait())
	for range 2 { // before and after Close
		require.EqualValues(t, 4*3*additions, whole.Load())
		require.EqualValues(t, 4*additions, small.Load())
		require.EqualValues(t, 2*additions, part.Load())
		require.NoError(t, r.Close())
	}
}

func TestManyRunsOneAfterAnother(t *testing.T) {
	noLeaks(t)
	for i := range 20 {
		r, n, err := Start(t.Context(), squares.pipeline, nil)
		require.NoError(t, err)
		v, err := squares.pool.Pool(n).Call(limited(t), i)
		require.NoError(t, err)
		require.Equal(t, i*i, v)
		require.NoError(t, r.Close())
	}
}

// Results that nobody receives are an error of Wait, and of who looks for them then:
// those that lie in the queue, and those that it did not take any more.
func TestWaitTellsOfResultsThatNobodyReceived(t *testing.T) {
	for name, n := range map[string]int{"few": 1, "more than the queue holds": 60} {
		t.Run(name, func(t *testing.T) {
			r, node := begin(t, quick.pipeline)
			in, out, ctx := quick.in.Sender(node), quick.out.Receiver(node), limited(t)
			for i := range n {
				require.NoError(t, in.Send(ctx, work{N: i}))
			}
			err := r.Wait()
			require.ErrorIs(t, err, errWaited)
			require.ErrorContains(t, err, fmt.Sprintf(`queue "out", of %d items: Wait was called and nobody in the program received: range over the queue before Wait, or`, n))
			_, err = out.Receive(ctx)
			require.ErrorIs(t, err, errWaited)
			for _, err := range out.All(ctx) {
				require.ErrorIs(t, err, errWaited)
			}
			s := r.Stats()
			require.EqualValues(t, n, s.Queues["out"].Lost+s.Pools["quick"].Lost)
			require.ErrorIs(t, r.Close(), errWaited)
		})
	}
}
