package mp

import (
	"context"
	"errors"
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

// vigil is four processes that wait for what nobody does.
var vigil = func() *Pipeline {
	ready, slot := &EventDecl{Name: "ready"}, &SemaphoreDecl{Name: "slot", Permits: 1}
	changed, all := &ConditionDecl{Name: "changed"}, &BarrierDecl{Name: "all"}
	decls := []Decl{ready, slot, changed, all}
	process := func(name string, wait func(ctx context.Context, n *Node) error, uses ...Decl) {
		decls = append(decls, &ProcessDecl{Name: name, Uses: uses, Main: func(ctx context.Context, n *Node, _ *Decoder) error { return wait(ctx, n) }})
	}
	process("a", func(ctx context.Context, n *Node) error { return ready.In(n).Wait(ctx) }, ready, all)
	process("b", func(ctx context.Context, n *Node) error {
		if err := errors.Join(slot.In(n).Acquire(ctx), changed.In(n).Lock(ctx)); err != nil {
			return err
		}
		return changed.In(n).Wait(ctx)
	}, slot, changed)
	process("c", func(ctx context.Context, n *Node) error { return slot.In(n).Acquire(ctx) }, slot)
	process("d", func(ctx context.Context, n *Node) error {
		_, err := all.In(n).Wait(ctx)
		return err
	}, all)
	p := &Pipeline{Path: "mp.test/vigil", Source: "vigil.mp", Decls: decls}
	Register(p)
	return p
}()

func TestDeadlockNamesWhatProcessesMeetAt(t *testing.T) {
	t.Setenv(EngineVariable, "inline")
	r, _ := begin(t, vigil)
	var d *Deadlock
	require.ErrorAs(t, r.Wait(), &d)
	require.Equal(t, []Waiting{
		{"main", "the end of the run, kept up by a, b, c and d"},
		{"a", "event ready, set by main"},
		{"b", "condition changed, notified by main"},
		{"c", "semaphore slot, held by b"},
		{"d", "barrier all, not yet come to by a"},
	}, d.Waits)
}

func TestDeadlockNamesWhatWasStarted(t *testing.T) {
	t.Setenv(EngineVariable, "inline")
	r, _ := begin(t, grove.pipeline)
	p, err := grove.branch.Spawn(context.Background(), r, func(e *Encoder) { e.String("wait for a leaf that waits"); e.String("") })
	require.NoError(t, err)
	var d *Deadlock
	require.NoError(t, r.Wait())
	require.ErrorAs(t, p.Err(), &d)
	require.Contains(t, d.Waits, Waiting{"branch[0]", "the end of leaf-1, kept up by leaf[0]"})
}

// A queue to which processes send that the program starts ends only once Wait is called:
// who ranges over it first is told.
func TestDeadlockTellsOfQueueThatIsOpenUntilWait(t *testing.T) {
	t.Setenv(EngineVariable, "inline")
	r, n := begin(t, grove.pipeline)
	_, err := grove.branch.Spawn(context.Background(), r, func(e *Encoder) { e.String("recursion"); e.String("") })
	require.NoError(t, err)
	texts := 0
	for _, err := range grove.said.Receiver(n).All(context.Background()) {
		if err != nil {
			var d *Deadlock
			require.ErrorAs(t, err, &d)
			require.EqualError(t, d, "deadlock: main waits for an item of queue said, which stays open until run.Wait() is called, "+
				"in another goroutine: the program may still start leaf or start branch")
			break
		}
		texts++
	}
	require.Equal(t, 7, texts)
}

func TestWaitTellsWhereItStandsForQueueThatIsOpenUntilThen(t *testing.T) {
	t.Setenv(EngineVariable, "goroutines")
	r, n := begin(t, grove.pipeline)
	grove.said.Receiver(n)
	_, err := grove.branch.Spawn(limited(t), r, func(e *Encoder) { e.String("recursion"); e.String("") })
	require.NoError(t, err)
	until(t, "all is said", func() bool { return r.Stats().Queues["said"].Sent == 7 })
	require.ErrorContains(t, r.Wait(), `queue "said", of 7 items: Wait was called and nobody in the program received: `+
		"call Wait in another goroutine, beside a loop over the queue, which stays open until then as the program may start leaf or start branch")
}

func TestQueuesThatAreOpenUntilWaitNameWhomTheProgramStarts(t *testing.T) {
	fed, through, scanned := &QueueDecl[int]{Name: "fed"}, &QueueDecl[int]{Name: "through"}, &QueueDecl[int]{Name: "scanned"}
	nothing := func(context.Context, int) (int, error) { return 0, nil }
	walk := &ProcessDecl{Name: "walk", OnDemand: true, Send: []Decl{fed}}
	clock := &ProcessDecl{Name: "clock", OnDemand: true, Daemon: true, Send: []Decl{scanned}}
	scan := &ProcessDecl{Name: "scan", Send: []Decl{scanned}}
	stage := &PoolDecl[int, int]{Name: "stage", Workers: 1, From: fed, To: To(through), Send: []Decl{scanned}, Func: nothing}
	tell := &PoolDecl[int, int]{Name: "tell", Workers: 1, Send: []Decl{through}, Func: nothing}
	pl, err := newPlan(&Pipeline{Path: "p", Decls: []Decl{fed, through, scanned, walk, clock, scan, stage, tell},
		Main: MainDecl{Receive: []Decl{through, scanned}}}, told{1})
	require.NoError(t, err)
	whom := func(q Decl) []string { return pl.untilWait(&pl.queues[pl.index[q]]) }
	require.Equal(t, []string{"start walk"}, whom(fed))
	require.ElementsMatch(t, []string{"start walk", "call tell"}, whom(through))
	require.Equal(t, []string{"start walk"}, whom(scanned), "by the stage, and by no daemon")
}
