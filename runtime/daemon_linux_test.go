package mp

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// attended is a process that works, and a daemon beside it; both send.
var attended = func() (s struct {
	pipeline  *Pipeline
	work      *ProcessDecl
	watch     *ProcessDecl
	out       *QueueDecl[string]
	begun     *NumberDecl[int]
	cancelled *NumberDecl[int]
}) {
	s.out = &QueueDecl[string]{Name: "out", Elem: String}
	s.begun, s.cancelled = &NumberDecl[int]{Name: "begun"}, &NumberDecl[int]{Name: "cancelled"}
	s.work = &ProcessDecl{Name: "work", Send: []Decl{s.out}, Uses: []Decl{s.begun}}
	s.work.Main = func(ctx context.Context, n *Node, d *Decoder) error {
		for s.begun.In(n).Load() == 0 { // the daemon is there
			time.Sleep(time.Millisecond)
		}
		if err := s.out.Sender(n).Send(ctx, "work"); err != nil {
			return err
		}
		return act(ctx, d.String())
	}
	s.watch = &ProcessDecl{Name: "watch", Daemon: true, Send: []Decl{s.out}, Uses: []Decl{s.begun, s.cancelled}}
	s.watch.Main = func(ctx context.Context, n *Node, d *Decoder) error {
		defer func() {
			if ctx.Err() != nil {
				s.cancelled.In(n).Add(1)
			}
		}()
		if err := s.out.Sender(n).Send(ctx, "watch"); err != nil {
			return err
		}
		s.begun.In(n).Add(1)
		return act(ctx, d.String())
	}
	s.pipeline = &Pipeline{Path: "mp.test/attended", Source: "attended.mp", Decls: []Decl{s.out, s.begun, s.cancelled, s.work, s.watch},
		Main: MainDecl{Receive: []Decl{s.out}}}
	Register(s.pipeline)
	return s
}()

func accompany(t testing.TB, work, watch string) (*Run, *Node) {
	return begin(t, attended.pipeline, attended.work.With(ending(work)), attended.watch.With(ending(watch)))
}

func TestDaemonKeepsNobodyWaiting(t *testing.T) {
	for how, cancelled := range map[string]int{"obey": 1, "stuck": 0, "return": 0} {
		t.Run(how, func(t *testing.T) {
			if how == "stuck" {
				impatient(t, attended.watch)
			}
			r, n := accompany(t, "return", how)
			// Its queue ends with the others who send to it.
			got := map[string]bool{}
			for v, err := range attended.out.Receiver(n).All(limited(t)) {
				require.NoError(t, err)
				got[v] = true
			}
			require.Equal(t, map[string]bool{"work": true, "watch": true}, got)
			if how != "return" {
				require.Equal(t, 1, r.Stats().Processes["watch"].Running, "nobody has said that the program needs it no more")
			}
			require.NoError(t, r.Wait())
			require.Equal(t, cancelled, attended.cancelled.In(n).Load())
			require.Equal(t, ProcessStats{Started: 1}, r.Stats().Processes["watch"].counts())
			require.Empty(t, r.Processes())
		})
	}
}

func TestFailureOfADaemonIsAFailure(t *testing.T) {
	r, _ := accompany(t, "obey", "fail")
	require.ErrorIs(t, r.Wait(), errKeptByName)
}

func TestShutdownEndsDaemons(t *testing.T) {
	r, n := accompany(t, "obey", "obey")
	until(t, "both have sent", func() bool { return r.Stats().Queues["out"].Len == 2 })
	require.NoError(t, r.Shutdown(limited(t)))
	require.Equal(t, 1, attended.cancelled.In(n).Load())
}

// served is a daemon that answers the program, and nothing else.
var served = func() (s struct {
	pipeline *Pipeline
	in, out  *QueueDecl[int]
}) {
	s.in, s.out = &QueueDecl[int]{Name: "in"}, &QueueDecl[int]{Name: "out"}
	p := &ProcessDecl{Name: "serve", Daemon: true, Receive: []Decl{s.in}, Send: []Decl{s.out}}
	p.Main = func(ctx context.Context, n *Node, _ *Decoder) error {
		for v, err := range s.in.Receiver(n).All(ctx) {
			if err != nil {
				return err
			}
			if err := s.out.Sender(n).Send(ctx, v*v); err != nil {
				return err
			}
		}
		return nil
	}
	s.pipeline = &Pipeline{Path: "mp.test/served", Source: "served.mp", Decls: []Decl{s.in, s.out, p}, Main: MainDecl{Send: []Decl{s.in}, Receive: []Decl{s.out}}}
	Register(s.pipeline)
	return s
}()

func TestDaemonServesTheProgramUntilWait(t *testing.T) {
	r, n := begin(t, served.pipeline)
	in, out, ctx := served.in.Sender(n), served.out.Receiver(n), limited(t)
	for i := range 5 {
		require.NoError(t, in.Send(ctx, i))
		v, err := out.Receive(ctx) // only a daemon sends there, so it keeps the queue open
		require.NoError(t, err)
		require.Equal(t, i*i, v)
	}
	require.NoError(t, r.Wait())
}
