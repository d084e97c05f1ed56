package mp

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The relays of these tests have the program itself as a consumer, or processes
// that receive by select.

// selecting receives what comes by Ready and TryReceive, through a channel that
// is asked for once, or each time anew.
func selecting[T any](ctx context.Context, from *Receiver[T], anew bool, take func(T) error) (empty int, err error) {
	ready := from.Ready()
	for {
		if anew {
			ready = from.Ready()
		}
		select {
		case <-ready:
		case <-ctx.Done():
			return empty, ctx.Err()
		}
		v, err := from.TryReceive()
		switch {
		case err == ErrEmpty:
			empty++
			continue
		case err == nil:
			err = take(v)
		case err == ErrClosed:
			return empty, nil
		}
		if err != nil {
			return empty, err
		}
	}
}

func TestReadyGivesATokenForEachItemAndTheEnd(t *testing.T) {
	for name, anew := range map[string]bool{"asked for once": false, "asked for each time": true} {
		t.Run(name, func(t *testing.T) {
			r, n := begin(t, echo.pipeline)
			in, ctx := echo.in.Sender(n), limited(t)
			const count = 3000
			go func() {
				for i := range count {
					if in.Send(ctx, buildParcel(0, i)) != nil {
						return
					}
					if i%100 == 0 {
						time.Sleep(time.Millisecond) // so that some come one by one
					}
				}
				in.Close()
			}()
			seq := 0
			empty, err := selecting(ctx, echo.out.Receiver(n), anew, func(v parcel) error {
				require.Equal(t, buildParcel(0, seq), v)
				seq++
				return nil
			})
			require.NoError(t, err)
			require.Equal(t, count, seq)
			require.Less(t, empty, count/10, "tokens that nothing stood for")
			<-echo.out.Receiver(n).Ready() // it is closed for good
			<-echo.out.Receiver(n).Ready()
			require.NoError(t, r.Wait())
		})
	}
}

func TestReadyTakesNothingAndWaitsWithoutATurn(t *testing.T) {
	_, n := begin(t, echo.pipeline)
	in, out, ctx := echo.in.Sender(n), echo.out.Receiver(n), limited(t)
	ready := out.Ready()
	require.NoError(t, in.Send(ctx, buildParcel(0, 1)))
	within(t, ready)
	select {
	case <-ready: // it rests until somebody looks again
		require.Fail(t, "a second token for one item")
	case <-time.After(20 * time.Millisecond):
	}
	within(t, out.Ready()) // the item is still there
	v, err := out.TryReceive()
	require.NoError(t, err)
	require.Equal(t, 1, v.Seq)
	select {
	case <-out.Ready():
		require.Fail(t, "a token for no item")
	default:
	}
	_, err = out.TryReceive()
	require.Equal(t, ErrEmpty, err)
	require.NoError(t, in.Send(ctx, buildParcel(0, 2)))
	within(t, ready)
	v, err = out.Receive(ctx)
	require.NoError(t, err)
	require.Equal(t, 2, v.Seq)
}

func TestReadyOfSeveralQueuesAndTheEndOfTheRun(t *testing.T) {
	r, n := begin(t, echo.pipeline)
	in, out := echo.in.Sender(n), echo.out.Receiver(n)
	r2, n2, err := Start(context.Background(), echo.pipeline, []Option{NoSignals()})
	require.NoError(t, err)
	in2, out2, ctx := echo.in.Sender(n2), echo.out.Receiver(n2), limited(t)
	var got [2]int
	for i := range 200 {
		require.NoError(t, []*Sender[parcel]{in, in2}[i%2].Send(ctx, buildParcel(0, i)))
		select {
		case <-out.Ready():
			v, err := out.TryReceive()
			require.NoError(t, err)
			require.Equal(t, i, v.Seq)
			got[0]++
		case <-out2.Ready():
			v, err := out2.TryReceive()
			require.NoError(t, err)
			require.Equal(t, i, v.Seq)
			got[1]++
		case <-ctx.Done():
			require.NoError(t, ctx.Err())
		}
	}
	require.Equal(t, [2]int{100, 100}, got)
	require.NoError(t, r.Close()) // with an empty queue, and
	within(t, out.Ready())
	_, err = out.TryReceive()
	require.ErrorIs(t, err, ErrClosed)
	require.NoError(t, in2.Send(ctx, buildParcel(0, 0)))
	within(t, out2.Ready()) // with a token that was not answered
	require.NoError(t, r2.Close())
	within(t, out2.Ready())
	_, err = out2.TryReceive()
	require.ErrorIs(t, err, ErrClosed)
}

// A process that only looks must not keep a wake-up from those that would take.
func TestWatchHandsItsWakeUpOn(t *testing.T) {
	r, n := begin(t, shared.pipeline)
	in, out, ctx := shared.in.Sender(n), shared.out.Receiver(n), limited(t)
	for i := range 300 {
		// The program watches, and takes nothing.
		select {
		case <-shared.in.Receiver(n).Ready():
		default:
		}
		require.NoError(t, in.Send(ctx, i))
		v, err := out.Receive(ctx)
		require.NoError(t, err)
		require.Equal(t, i, v)
	}
	in.Close()
	require.NoError(t, r.Wait())
}

// shared: the program and two processes receive from one queue; the processes
// send on.
var shared = func() (s struct {
	pipeline *Pipeline
	in, out  *QueueDecl[int]
}) {
	s.in, s.out = &QueueDecl[int]{Name: "in"}, &QueueDecl[int]{Name: "out"}
	s.pipeline = &Pipeline{Path: "mp.test/shared", Source: "shared.mp", Decls: []Decl{s.in, s.out},
		Main: MainDecl{Send: []Decl{s.in}, Receive: []Decl{s.in, s.out}}}
	for i := range 2 {
		p := &ProcessDecl{Name: []string{"one", "two"}[i], Receive: []Decl{s.in}, Send: []Decl{s.out}}
		p.Main = func(ctx context.Context, n *Node, _ *Decoder) error {
			out := s.out.Sender(n)
			if i == 0 {
				return consume(ctx, s.in.Receiver(n), asLoop, func(v int) error { return out.Send(ctx, v) })
			}
			_, err := selecting(ctx, s.in.Receiver(n), true, func(v int) error { return out.Send(ctx, v) })
			return err
		}
		s.pipeline.Decls = append(s.pipeline.Decls, p)
	}
	Register(s.pipeline)
	return s
}()

// A queue of one place has none while its item is not done.
func TestReadySaysThatTheItemBeforeIsDone(t *testing.T) {
	r, n := begin(t, oneWide.pipeline, oneWide.producers[0].With(func(e *Encoder) { Put(e, 200) }))
	seq := 0
	_, err := selecting(limited(t), oneWide.out.Receiver(n), true, func(v seen) error {
		require.Equal(t, seq, v.Seq)
		seq++
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, 200, seq)
	require.NoError(t, r.Wait())
}

// oneWide: a process sends to the program through one place.
var oneWide = func() *relay {
	l := &relay{out: &QueueDecl[seen]{Name: "out", Capacity: 1}}
	p := &ProcessDecl{Name: "send", Send: []Decl{l.out}}
	p.Main = func(ctx context.Context, n *Node, d *Decoder) error {
		return produce(ctx, l.out.Sender(n), oneByOne, Get[int](d), func(seq int) seen { return seen{Seq: seq} })
	}
	l.producers = []*ProcessDecl{p}
	l.pipeline = &Pipeline{Path: "mp.test/onewide", Source: "oneWide.mp", Decls: []Decl{l.out, p}, Main: MainDecl{Receive: []Decl{l.out}}}
	Register(l.pipeline)
	return l
}()

// Goroutines of one process that select on one queue, and others in loops.
func TestSeveralGoroutinesSelect(t *testing.T) {
	_, n := begin(t, echo.pipeline)
	in, out, ctx := echo.in.Sender(n), echo.out.Receiver(n), limited(t)
	const count = 2000
	go func() {
		for i := range count {
			if in.Send(ctx, buildParcel(0, i)) != nil {
				return
			}
		}
		in.Close()
	}()
	var mu sync.Mutex
	got := map[int]int{}
	note := func(v parcel) error {
		mu.Lock()
		defer mu.Unlock()
		got[v.Seq]++
		return nil
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			_, err := selecting(ctx, out, true, note)
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Go(func() {
		if err := consume(ctx, out, asLoop, note); err != nil {
			t.Error(err)
		}
	})
	wg.Wait()
	require.Len(t, got, count)
	for seq, times := range got {
		require.Equal(t, 1, times, "item %d", seq)
	}
}
