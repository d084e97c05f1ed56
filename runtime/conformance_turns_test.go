package mp

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/stretchr/testify/require"
)

func (t *trial) together() {
	_, n := t.start(office.pipeline)
	serve := office.serve.Pool(n)
	o := order{"meet", t.TempDir() + "/here"}
	first, second := serve.Go(limited(t), o), serve.Go(limited(t), o)
	for _, task := range []*Task[string]{first, second} {
		answer, err := task.Wait(limited(t)) // who sleeps is no hindrance
		require.NoError(t, err)
		require.Equal(t, "met", answer)
	}
	if t.holds != yes {
		most.Store(0)
		first, second = serve.Go(limited(t), order{how: "work"}), serve.Go(limited(t), order{how: "work"})
		for _, task := range []*Task[string]{first, second} {
			_, err := task.Wait(limited(t))
			require.NoError(t, err)
		}
		require.EqualValues(t, 1, most.Load())
	}
}

// atWork counts the tasks that work now, and most is the most there were.
var atWork, most atomic.Int32

func (t *trial) threads() {
	r, n := t.start(throng.pipeline)
	until(t, "all wait", func() bool { return throng.waiting.In(n).Load() == throngSize })
	out := throng.in.Sender(n)
	for i := range throngSize {
		require.NoError(t, out.Send(limited(t), i))
	}
	require.NoError(t, r.Wait())
	require.LessOrEqual(t, throng.threads.In(n).Load(), 20) // a few are the scheduler's own
}

// tokens is two processes that pass tokens to each other, if one begins.
var tokens = func() (s struct {
	pipeline   *Pipeline
	ping, pong *QueueDecl[int]
	lock       *LockDecl
	left       *ProcessDecl
}) {
	s.ping, s.pong = &QueueDecl[int]{Name: "ping", Capacity: 2}, &QueueDecl[int]{Name: "pong", Capacity: 2}
	s.lock = &LockDecl{Name: "lock"}
	side := func(name string, from, to *QueueDecl[int]) *ProcessDecl {
		p := &ProcessDecl{Name: name, Send: []Decl{to}, Receive: []Decl{from}, Uses: []Decl{s.lock}}
		p.Main = func(ctx context.Context, n *Node, d *Decoder) error {
			if name == "left" && Get[bool](d) {
				if err := to.Sender(n).Send(ctx, 0); err != nil {
					return err
				}
			}
			for range 100 {
				v, err := from.Receiver(n).Receive(ctx)
				if errors.Is(err, ErrClosed) {
					return nil
				} else if err != nil {
					return err
				}
				if err := to.Sender(n).Send(ctx, v+1); err != nil && !errors.Is(err, ErrClosed) {
					return err
				}
			}
			return nil
		}
		return p
	}
	s.left = side("left", s.pong, s.ping)
	s.pipeline = &Pipeline{Path: "mp.test/conform/tokens", Source: "tokens.mp", Decls: []Decl{s.ping, s.pong, s.lock, s.left, side("right", s.ping, s.pong)}}
	Register(s.pipeline)
	return s
}()

func begins(yes bool) Arg { return tokens.left.With(func(e *Encoder) { Put(e, yes) }) }

func (t *trial) deadlock() {
	r, _ := t.start(tokens.pipeline, begins(true))
	require.NoError(t, r.Wait())
	r, _ = t.start(tokens.pipeline, begins(false))
	if t.holds == "wait" {
		ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
		defer cancel()
		require.ErrorIs(t, r.Processes()[0].Wait(ctx), context.DeadlineExceeded)
		return
	}
	var d *Deadlock
	require.ErrorAs(t, r.Wait(), &d)
	require.Equal(t, []Waiting{
		{"main", "the end of the run, kept up by left and right"},
		{"left", "an item of queue pong, filled by right"},
		{"right", "an item of queue ping, filled by left"},
	}, d.Waits)
}

// race is four processes that each send who they are to one queue of little room,
// and pass through a lock, and a pool that they call.
var race = func() (s struct {
	pipeline *Pipeline
	order    *QueueDecl[int]
}) {
	s.order = &QueueDecl[int]{Name: "order", Capacity: 4}
	lock := &LockDecl{Name: "turnstile"}
	pool := &PoolDecl[int, int]{Name: "same", Workers: 3, Func: func(_ context.Context, i int) (int, error) { return i, nil }}
	run := &ProcessDecl{Name: "run", Instances: 4, Restart: OnFailure, Send: []Decl{s.order}, Uses: []Decl{lock, pool}}
	run.Main = func(ctx context.Context, n *Node, _ *Decoder) error {
		for i := range 30 {
			if err := lock.In(n).Lock(ctx); err != nil {
				return err
			}
			err := s.order.Sender(n).Send(ctx, 100*n.Instance()+i)
			lock.In(n).Unlock()
			if err != nil {
				return err
			}
			if _, err := pool.Pool(n).Call(ctx, i); err != nil {
				return err
			}
		}
		return nil
	}
	s.pipeline = &Pipeline{Path: "mp.test/conform/race", Source: "race.mp", Decls: []Decl{s.order, lock, pool, run}, Main: MainDecl{Receive: []Decl{s.order}}}
	Register(s.pipeline)
	return s
}()

func (t *trial) repeats() {
	var first []int
	for range 5 {
		r, n := t.start(race.pipeline)
		var got []int
		for v, err := range race.order.Receiver(n).All(limited(t)) {
			require.NoError(t, err)
			got = append(got, v)
		}
		require.NoError(t, r.Wait())
		require.NoError(t, r.Close())
		require.Len(t, got, 120)
		if first == nil {
			first = got
		}
		if t.holds == yes {
			require.Equal(t, first, got)
		}
	}
}
