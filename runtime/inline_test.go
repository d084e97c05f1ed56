package mp

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// grip is two processes that lock two locks, each in an order of its own, and one
// that sends to a queue which only main reads.
var grip = func() (s struct {
	pipeline *Pipeline
	pages    *QueueDecl[int]
	writer   *ProcessDecl
}) {
	first, second := &LockDecl{Name: "first"}, &LockDecl{Name: "second"}
	met := &NumberDecl[int]{Name: "met"}
	s.pages = &QueueDecl[int]{Name: "pages", Capacity: 1}
	locks := []Decl{first, second, met}
	hold := func(name string, one, other *LockDecl) *ProcessDecl {
		return &ProcessDecl{Name: name, Uses: locks, Main: func(ctx context.Context, n *Node, _ *Decoder) error {
			if err := one.In(n).Lock(ctx); err != nil {
				return err
			}
			defer one.In(n).Unlock()
			for met.In(n).Add(1); met.In(n).Load() < 2; {
				time.Sleep(time.Millisecond)
			}
			if err := other.In(n).Lock(ctx); err != nil {
				return err
			}
			other.In(n).Unlock()
			return nil
		}}
	}
	s.writer = &ProcessDecl{Name: "write", Send: []Decl{s.pages}, Main: func(ctx context.Context, n *Node, d *Decoder) error {
		for i := range Get[int](d) {
			if err := s.pages.Sender(n).Send(ctx, i); err != nil {
				return err
			}
		}
		return nil
	}}
	s.pipeline = &Pipeline{Path: "mp.test/grip", Source: "grip.mp", Main: MainDecl{Receive: []Decl{s.pages}},
		Decls: []Decl{first, second, met, s.pages, hold("left", first, second), hold("right", second, first), s.writer}}
	Register(s.pipeline)
	return s
}()

func TestDeadlockNamesLocksAndTheirHolders(t *testing.T) {
	t.Setenv(EngineVariable, "inline")
	r, _ := begin(t, grip.pipeline, grip.writer.With(func(e *Encoder) { Put(e, 0) }))
	err := r.Wait()
	var d *Deadlock
	require.ErrorAs(t, err, &d)
	require.EqualError(t, d, "deadlock: main waits for the end of the run, kept up by left and right; "+
		"left waits for lock second, held by right; right waits for lock first, held by left")
	var e *Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, "left", e.Name)
}

func TestProgramThatReadsNothingIsTold(t *testing.T) {
	t.Setenv(EngineVariable, "inline")
	r, _ := begin(t, grip.pipeline, grip.writer.With(func(e *Encoder) { Put(e, 3) }))
	var d *Deadlock
	require.ErrorAs(t, r.Processes()[2].Wait(context.Background()), &d)
	require.Contains(t, d.Waits, Waiting{"write", "room in queue pages, emptied by main"})
}

func TestReadingWithADeadlineIsNoDeadlock(t *testing.T) {
	t.Setenv(EngineVariable, "inline")
	r, _ := begin(t, tokens.pipeline, begins(false))
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, r.Processes()[0].Wait(ctx), context.DeadlineExceeded)
	require.NoError(t, r.Close())
}
