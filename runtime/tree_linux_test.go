package mp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// orchard is processes that start others, for what only processes of the system do.
var orchard = func() (s struct {
	pipeline *Pipeline
	keeper   *ProcessDecl // starts trees as it is told to
	tree     *ProcessDecl
	pool     *PoolDecl[string, int]
	stranger *ProcessDecl
	told     *QueueDecl[string]
	seen     *EventDecl // the keeper knows the number of the tree, which may end then
}) {
	s.seen = &EventDecl{Name: "seen"}
	s.told = &QueueDecl[string]{Name: "told", Elem: String, Capacity: 64}
	s.tree = &ProcessDecl{Name: "tree", OnDemand: true, Max: 8, Restart: OnFailure, Restarts: 1,
		Worker: Worker{Grace: 50 * time.Millisecond}, Send: []Decl{s.told}, Uses: []Decl{s.seen}}
	s.tree.Main = func(ctx context.Context, n *Node, d *Decoder) error {
		how := d.String()
		if how == "kill" {
			time.Sleep(time.Millisecond)
		}
		if err := s.told.Sender(n).Send(ctx, fmt.Sprint("tree ", os.Getpid())); err != nil {
			return err
		}
		if how == "exit" {
			if err := s.seen.In(n).Wait(ctx); err != nil {
				return err
			}
		}
		if how == "fail at length" {
			return errors.New(strings.Repeat("x", 1<<20))
		}
		return act(ctx, how)
	}
	s.keeper = &ProcessDecl{Name: "keeper", OnDemand: true, Max: 8, Send: []Decl{s.told}, Uses: []Decl{s.seen}, Starts: []*ProcessDecl{s.tree}}
	s.keeper.Main = func(ctx context.Context, n *Node, d *Decoder) error {
		say := func(words ...any) error { return s.told.Sender(n).Send(ctx, fmt.Sprint(words...)) }
		switch how := d.String(); how {
		case "nonsense":
			far := n.child.far
			far.mu.Lock()
			far.calls.put(frameStart, 1, []byte{0xff, 0xff, 0xff})
			far.calls.push()
			far.mu.Unlock()
			<-ctx.Done()
			return ctx.Err()
		case "wrongly":
			_, err := s.stranger.SpawnFrom(ctx, n, nil)
			_, err2 := s.tree.SpawnFrom(ctx, n, func(e *Encoder) { e.File(os.Stderr) })
			_, err3 := s.tree.SpawnFrom(ctx, n, func(e *Encoder) { e.String(string(make([]byte, 1<<20))) })
			gone, cancel := context.WithCancelCause(ctx)
			cancel(errKeptByName)
			_, err4 := s.tree.SpawnFrom(gone, n, treeThat("return"))
			return errors.Join(err, err2, err3, err4)
		case "busily":
			var wg sync.WaitGroup
			for i := range 4 {
				wg.Go(func() {
					for k := range 15 {
						p, err := s.tree.SpawnFrom(ctx, n, treeThat([]string{"return", "kill", "obey"}[(i+k)%3]))
						if errors.Is(err, ErrFull) {
							time.Sleep(time.Millisecond)
							continue
						}
						if err != nil {
							return
						}
						p.Stop(ctx)
						<-p.Done()
					}
				})
			}
			wg.Wait()
			return nil
		default:
			p, err := s.tree.SpawnFrom(ctx, n, treeThat(how))
			if err != nil {
				return err
			}
			first := p.PID()
			s.seen.In(n).Set()
			if how == "stuck" {
				<-ctx.Done()
				return ctx.Err()
			}
			err = p.Wait(ctx)
			if err2 := say("ended ", first, " ", p.PID(), " ", p.Err() == err); err2 != nil {
				return err2
			}
			return err
		}
	}
	s.pool = &PoolDecl[string, int]{Name: "hire", In: String, Workers: 1, Task: TaskPolicy{Retries: 1}, Starts: []*ProcessDecl{s.tree}}
	s.pool.Open = func(n *Node) func(context.Context, string) (int, error) {
		return func(ctx context.Context, how string) (int, error) {
			p, err := s.tree.SpawnFrom(ctx, n, treeThat(how))
			if err != nil {
				return 0, err
			}
			return p.PID(), p.Wait(ctx)
		}
	}
	s.stranger = &ProcessDecl{Name: "stranger", OnDemand: true, Main: func(context.Context, *Node, *Decoder) error { return nil }}
	s.pipeline = &Pipeline{Path: "mp.test/orchard", Source: "orchard.mp", Decls: []Decl{s.told, s.seen, s.tree, s.keeper, s.pool, s.stranger},
		Main: MainDecl{Receive: []Decl{s.told}}}
	Register(s.pipeline)
	return s
}()

func treeThat(how string) func(*Encoder) { return func(e *Encoder) { e.String(how) } }

func keep(t *testing.T, r *Run, how string) *Process {
	t.Helper()
	p, err := orchard.keeper.Spawn(limited(t), r, treeThat(how))
	require.NoError(t, err)
	return p
}

// hear receives what a process tells, and the number in it.
func hear(t *testing.T, n *Node, format string) (pid int) {
	t.Helper()
	text, err := orchard.told.Receiver(n).Receive(limited(t))
	require.NoError(t, err)
	_, err = fmt.Sscanf(text, format, &pid)
	require.NoError(t, err, text)
	return pid
}

func TestDeathOfAStarterStopsWhatItHasStarted(t *testing.T) {
	r, n := begin(t, orchard.pipeline)
	p := keep(t, r, "stuck")
	pid := hear(t, n, "tree %d")
	require.True(t, alive(pid))
	require.NoError(t, syscall.Kill(p.PID(), syscall.SIGKILL))
	began := time.Now()
	died(t, p.Wait(limited(t)))
	until(t, "what it has started is gone", func() bool { return !alive(pid) })
	require.Less(t, time.Since(began), soon)
	until(t, "and its place is free", func() bool { return len(r.Processes()) == 0 })
	require.Zero(t, r.Stats().Processes["tree"].Failed, "it was told to stop")

	// A worker of a pool that dies: its task is tried again, and starts another.
	task := orchard.pool.Pool(n).Go(limited(t), "stuck")
	pid = hear(t, n, "tree %d")
	require.NoError(t, syscall.Kill(pidOf(t, r.memberOf("hire", 0)), syscall.SIGKILL))
	again := hear(t, n, "tree %d")
	until(t, "the first is gone", func() bool { return !alive(pid) })
	require.True(t, alive(again))
	task.Cancel() // its context ends, and that of what it has started
	until(t, "the second is gone", func() bool { return !alive(again) })
}

func TestHandleFromAfarSeesRestarts(t *testing.T) {
	r, n := begin(t, orchard.pipeline)
	p := keep(t, r, "exit")
	first, second := hear(t, n, "tree %d"), hear(t, n, "tree %d")
	require.NotEqual(t, first, second)
	text, err := orchard.told.Receiver(n).Receive(limited(t))
	require.NoError(t, err)
	require.Equal(t, fmt.Sprint("ended ", first, " 0 true"), text)
	err = p.Wait(limited(t))
	require.Equal(t, 3, died(t, err).Exit)
	var e *Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, "keeper", e.Name)
	require.ErrorAs(t, e.Err, &e)
	require.Equal(t, Error{Name: "tree", Index: 1, PID: second, Attempts: 2, Err: e.Err}, *e)
	require.Equal(t, ProcessStats{Started: 2, Failed: 2, Restarts: 1}, r.Stats().Processes["tree"].counts())
}

func TestStartsThatCanNotBe(t *testing.T) {
	r, _ := begin(t, orchard.pipeline)
	err := keep(t, r, "wrongly").Wait(limited(t))
	require.ErrorContains(t, err, `process "stranger": it can't be started from here`)
	require.ErrorContains(t, err, `process "tree": an open file goes from the program to a process only`)
	require.ErrorIs(t, err, ErrTooBig)
	require.ErrorIs(t, err, errKeptByName)
	require.ErrorIs(t, keep(t, r, "nonsense").Wait(limited(t)), ErrCorruptPeer)
	require.Zero(t, r.Stats().Processes["tree"].Started)
}

// Of a long error as much arrives as of any other.
func TestLongErrorOfWhatWasStartedArrives(t *testing.T) {
	r, _ := begin(t, orchard.pipeline)
	var e *Error
	require.ErrorAs(t, keep(t, r, "fail at length").Wait(limited(t)), &e)
	require.Equal(t, "keeper", e.Name)
	require.Contains(t, e.Error(), strings.Repeat("x", 1<<15))
}

// Those that wait for the end of what they have started are told of, too.
func TestWaitForWhatWasStartedIsToldOf(t *testing.T) {
	r, n := begin(t, orchard.pipeline)
	keep(t, r, "obey")
	hear(t, n, "tree %d")
	until(t, "it waits", func() bool {
		dump := new(bytes.Buffer)
		require.NoError(t, r.Dump(limited(t), dump))
		return strings.Contains(dump.String(), " for the end of tree-1, kept up by tree-1\n")
	})
}

func TestStartsUnderDeaths(t *testing.T) {
	r, _ := begin(t, orchard.pipeline)
	waited := make(chan error)
	for range 3 {
		keep(t, r, "busily")
	}
	victim := keep(t, r, "busily")
	until(t, "it works", func() bool { return r.Stats().Processes["tree"].Started > 20 })
	victim.Kill()
	go func() { waited <- r.Shutdown(limited(t)) }()
	_ = victim.Wait(limited(t))
	require.NoError(t, <-waited)
	for _, m := range r.members {
		if m.desk != nil {
			require.Empty(t, m.desk.started, m.title())
		}
	}
	require.NoError(t, r.Close())
	require.Empty(t, children(os.Getpid()))
}

func TestNothingIsStartedWhenTheRunEnds(t *testing.T) {
	r, n := begin(t, orchard.pipeline)
	p := keep(t, r, "stuck")
	pid := hear(t, n, "tree %d")
	began := time.Now()
	require.NoError(t, r.Close())
	require.Less(t, time.Since(began), soon)
	require.False(t, alive(pid))
	require.ErrorIs(t, p.Err(), context.Canceled)
}
