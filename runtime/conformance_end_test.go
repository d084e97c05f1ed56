package mp

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// dam is a process that does not read what the program sends.
var dam = func() (s struct {
	pipeline *Pipeline
	held     *QueueDecl[int]
}) {
	s.held = &QueueDecl[int]{Name: "held", Capacity: 4}
	dam := &ProcessDecl{Name: "dam", Receive: []Decl{s.held}, Main: func(ctx context.Context, _ *Node, _ *Decoder) error {
		<-ctx.Done()
		return nil
	}}
	s.pipeline = &Pipeline{Path: "mp.test/conform/dam", Source: "dam.mp", Decls: []Decl{s.held, dam}, Main: MainDecl{Send: []Decl{s.held}}}
	Register(s.pipeline)
	return s
}()

// weir is a process that reads one queue to its end before it looks at the other, and
// passes on what comes then.
var weir = func() (s struct {
	pipeline            *Pipeline
	first, second, past *QueueDecl[int]
}) {
	s.first, s.second = &QueueDecl[int]{Name: "first", Capacity: 4}, &QueueDecl[int]{Name: "second", Capacity: 4}
	s.past = &QueueDecl[int]{Name: "past", Capacity: 4}
	weir := &ProcessDecl{Name: "weir", Receive: []Decl{s.first, s.second}, Send: []Decl{s.past}, Main: func(ctx context.Context, n *Node, _ *Decoder) error {
		for _, in := range []*QueueDecl[int]{s.first, s.second} {
			for i, err := range in.Receiver(n).All(ctx) {
				if err == nil {
					err = s.past.Sender(n).Send(ctx, i)
				}
				if err != nil {
					return err
				}
			}
		}
		return nil
	}}
	s.pipeline = &Pipeline{Path: "mp.test/conform/weir", Source: "weir.mp", Decls: []Decl{s.first, s.second, s.past, weir},
		Main: MainDecl{Send: []Decl{s.first, s.second}, Receive: []Decl{s.past}}}
	Register(s.pipeline)
	return s
}()

// waiting is the conformance test of Wait while the program sends.
func (t *trial) waiting() {
	r, n := t.start(weir.pipeline)
	out, ctx := weir.second.Sender(n), limited(t)
	weir.first.Sender(n)
	sent := make(chan error, 1)
	go func() { sent <- sendOn(ctx, out) }()
	until(t, "it waits for room", out.o.gate.waits.Load)
	got := make(chan int, 1)
	go func() {
		count := 0
		for range weir.past.Receiver(n).All(ctx) {
			count++
		}
		got <- count
	}()
	require.NoError(t, r.Wait())
	require.ErrorIs(t, <-sent, ErrClosed)
	require.EqualValues(t, r.Stats().Queues["second"].Sent, <-got)

	// Nobody reads what passes.
	r, n = t.start(weir.pipeline)
	out = weir.first.Sender(n)
	weir.past.Receiver(n)
	go func() { sent <- sendOn(ctx, out) }()
	until(t, "who passes on waits for room, too", func() bool {
		return out.o.gate.waits.Load() && r.Stats().Queues["past"].Len == weir.past.Capacity
	})
	require.ErrorContains(t, r.Wait(), "queue \"past\", of ")
	require.ErrorIs(t, <-sent, ErrClosed)
}

// sending is the conformance test of ends while the program waits for room.
func (t *trial) sending() {
	for _, c := range []struct {
		name string
		end  func(r *Run, out *Sender[int])
	}{
		{"shutdown", func(r *Run, _ *Sender[int]) {
			ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
			defer cancel()
			require.ErrorIs(t, r.Shutdown(ctx), context.DeadlineExceeded)
		}},
		{"wait and close", func(r *Run, _ *Sender[int]) {
			waited := make(chan error, 1)
			go func() { waited <- r.Wait() }()
			require.NoError(t, r.Close())
			<-waited
		}},
		{"the sender's close", func(_ *Run, out *Sender[int]) { out.Close() }},
	} {
		t.Run(c.name, func(tt *testing.T) {
			t := &trial{T: tt, engine: t.engine, holds: t.holds}
			r, n := t.start(dam.pipeline)
			out, ctx := dam.held.Sender(n), limited(t)
			sent := make(chan error, 3)
			go func() { sent <- sendOn(ctx, out) }()
			go func() { sent <- sendOn(ctx, out) }()
			go func() {
				sent <- out.SendAll(ctx, func(yield func(int) bool) {
					for yield(1) {
					}
				})
			}()
			until(t, "one waits for room, and the others for their turns", func() bool { return out.o.gate.queue.Load() >= 2 })
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				c.end(r, out)
			}()
			for range cap(sent) {
				select {
				case err := <-sent:
					require.ErrorIs(t, err, ErrClosed)
				case <-ctx.Done():
					require.FailNow(t, "a Send goes on")
				}
			}
			<-ended
		})
	}

	r, n := t.start(dam.pipeline)
	out, ctx := dam.held.Sender(n), limited(t)
	sent := make(chan error, 1)
	go func() { sent <- sendOn(ctx, out) }()
	until(t, "it waits for room", out.o.gate.waits.Load)
	require.Equal(t, ErrFull, out.TrySend(1))
	require.NoError(t, r.Close())
	require.ErrorIs(t, <-sent, ErrClosed)
}

// sendOn sends until that fails.
func sendOn(ctx context.Context, out *Sender[int]) error {
	for {
		if err := out.Send(ctx, 1); err != nil {
			return err
		}
	}
}

// strike is a source that stops well when it is told to, a reader that wants to see
// the end, and one who fails.
var strike = func() (s struct {
	pipeline *Pipeline
	well     *NumberDecl[int]
	badly    *NumberDecl[int]
}) {
	work := &QueueDecl[int]{Name: "work"}
	s.well, s.badly = &NumberDecl[int]{Name: "well"}, &NumberDecl[int]{Name: "badly"}
	source := &ProcessDecl{Name: "work on", Send: []Decl{work}, Main: func(ctx context.Context, n *Node, _ *Decoder) error {
		for i := 0; ctx.Err() == nil; i++ {
			_ = work.Sender(n).Send(ctx, i)
		}
		return nil
	}}
	reader := &ProcessDecl{Name: "watch", Receive: []Decl{work}, Uses: []Decl{s.well, s.badly}, Main: func(_ context.Context, n *Node, _ *Decoder) error {
		for _, err := range work.Receiver(n).All(context.Background()) {
			if errors.Is(err, errActed) {
				s.badly.In(n).Add(1)
				return nil
			}
		}
		s.well.In(n).Add(1)
		return nil
	}}
	fails := &ProcessDecl{Name: "fail", Main: func(context.Context, *Node, *Decoder) error { return errActed }}
	s.pipeline = &Pipeline{Path: "mp.test/conform/strike", Source: "strike.mp", Decls: []Decl{work, s.well, s.badly, source, reader, fails}}
	Register(s.pipeline)
	return s
}()

func (t *trial) stopped() {
	r, n := t.start(strike.pipeline)
	require.ErrorIs(t, r.Wait(), errActed)
	require.Zero(t, strike.well.In(n).Load())
}

func (t *trial) stuck() {
	r, n := t.start(office.pipeline)
	file := t.TempDir() + "/begun"
	ctx, cancel := context.WithCancel(limited(t))
	task := office.serve.Pool(n).Go(ctx, order{"stuck", file})
	until(t, "it has begun", func() bool { _, err := os.Stat(file); return err == nil })
	cancel()
	_, err := task.Wait(limited(t))
	require.ErrorIs(t, err, context.Canceled)
	until(t, "there is another worker", func() bool { return r.Stats().Pools["serve"].Restarts == 1 })
	for range 2 {
		_, err = office.serve.Pool(n).Call(limited(t), order{how: "return"})
		require.NoError(t, err)
	}
	left := map[bool]uint64{true: 0, false: 1}[t.holds == "it is killed"]
	require.Equal(t, left, r.Stats().Abandoned)
}

func (t *trial) closes() {
	r, n := t.start(speech.pipeline, speak(1, "stuck", 0))
	_, err := speech.said.Receiver(n).Receive(limited(t))
	require.NoError(t, err)
	starts := speech.starts.In(n)
	began := time.Now()
	require.NoError(t, r.Close())
	require.Less(t, time.Since(began), 10*time.Second)
	_, err = speech.said.Receiver(n).Receive(limited(t))
	require.ErrorIs(t, err, ErrClosed)
	require.Equal(t, 1, starts.Load(), "numbers stay readable")
}

func (t *trial) shutdown() {
	r, n := t.start(belt.pipeline, counts(-1))
	in := belt.twice.Receiver(n)
	_, err := in.Receive(limited(t))
	require.NoError(t, err)
	got := make(chan int)
	go func() {
		count := 1
		for range in.All(context.Background()) {
			count++
		}
		got <- count
	}()
	require.NoError(t, r.Shutdown(limited(t)))
	require.Equal(t, belt.sent.In(n).Load(), <-got)
	require.Zero(t, r.Stats().Queues["made"].Len)
}
