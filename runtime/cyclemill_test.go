package mp

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mpgen/mpgen/runtime/internal/proc"
)

// mill is a cycle of all that can be in one: a service whose one method grinds grain
// and whose other mends what that failed with, a process that sorts, in several
// instances, and processes on demand and the program, which feed it from outside.
// Grain of size n makes two of n-1, and of size 0 a grain of flour, which leaves it.
var mill = func() (s struct {
	pipeline      *Pipeline
	grain, ground *QueueDecl[grain]
	stones        *QueueDecl[Failed[grain]]
	flour         *QueueDecl[int]
	farmer        *ProcessDecl
}) {
	s.grain = &QueueDecl[grain]{Name: "grain", Capacity: 4, Spill: 1 << 20}
	s.ground = &QueueDecl[grain]{Name: "ground", Capacity: 4}
	s.stones = &QueueDecl[Failed[grain]]{Name: "stones", Elem: FailedOf(Codec[grain]{}), Capacity: 4}
	s.flour = &QueueDecl[int]{Name: "flour", Capacity: 1 << 12}
	works := &ServiceDecl[miller]{Name: "miller", Workers: 2, Task: TaskPolicy{Retries: 1000, Backoff: time.Millisecond}, Worker: Worker{Grace: 20 * time.Millisecond},
		Methods: []Method[miller]{
			Staged("grind", s.grain, Each(s.ground), s.stones, miller.grind),
			Staged("mend", s.stones, To(s.grain), nil, miller.mend),
		}}
	works.Open = func(context.Context, *Node, *Decoder) (miller, error) { return miller{}, nil }
	sort := &ProcessDecl{Name: "sort", Instances: 2, Receive: []Decl{s.ground}, Send: []Decl{s.grain, s.flour}}
	sort.Main = func(ctx context.Context, n *Node, _ *Decoder) error {
		back, flour, failed := s.grain.Sender(n), s.flour.Sender(n), error(nil)
		coarse := func(yield func(grain) bool) {
			for g, err := range s.ground.Receiver(n).All(ctx) {
				if err == nil && g.Size == 0 {
					err = flour.Send(ctx, 1)
				}
				if err != nil {
					failed = err
					return
				}
				if g.Size > 0 && !yield(g) {
					return
				}
			}
		}
		return errors.Join(back.SendAll(ctx, coarse), failed)
	}
	s.farmer = &ProcessDecl{Name: "farmer", OnDemand: true, Max: 2, Send: []Decl{s.grain}}
	s.farmer.Main = func(ctx context.Context, n *Node, d *Decoder) error {
		return s.grain.Sender(n).Send(ctx, grain{Size: Get[int](d)})
	}
	s.pipeline = &Pipeline{Path: "mp.test/mill", Source: "mill.mp", Decls: []Decl{s.grain, s.ground, s.stones, s.flour, works, sort, s.farmer},
		Main: MainDecl{Send: []Decl{s.grain}, Receive: []Decl{s.flour}}}
	Register(s.pipeline)
	return s
}()

type grain struct {
	Size   int
	Mended bool
}

type miller struct{}

var errStone = errors.New("a stone is in it")

func (miller) grind(_ context.Context, g grain) ([]grain, error) {
	switch {
	case g.Size%3 == 2 && !g.Mended:
		return nil, errStone
	case g.Size == 0:
		return []grain{g}, nil
	}
	return []grain{{Size: g.Size - 1}, {Size: g.Size - 1}}, nil
}

func (miller) mend(_ context.Context, f Failed[grain]) (grain, error) {
	return grain{f.Item.Size, true}, nil
}

func TestCycleWithAllThatCanBeInOne(t *testing.T) {
	for _, engine := range columns {
		t.Run(engine, func(t *testing.T) {
			if engine == "processes" && !proc.Supported {
				t.Skip("this system has no process engine")
			}
			t.Setenv(EngineVariable, engine)
			noLeaks(t)
			runs := map[string]int{"processes": 2, "goroutines": 30, "inline": 5}[engine]
			if os.Getenv("MP_CYCLES") != "" {
				runs *= 50
			}
			kills := 0
			for range runs {
				r, n, err := Start(context.Background(), mill.pipeline, []Option{NoSignals()})
				require.NoError(t, err)
				calm := func() int { return 0 }
				if engine != "inline" {
					calm = storm(r, map[string]time.Duration{"processes": 4 * time.Millisecond, "goroutines": 400 * time.Microsecond}[engine], isWorker)
				}
				want, out := 0, mill.grain.Sender(n)
				for range rand.IntN(4) {
					size := rand.IntN(6)
					want += 1 << size
					require.NoError(t, out.Send(limited(t), grain{Size: size}))
				}
				for range rand.IntN(3) {
					size := rand.IntN(6)
					want += 1 << size
					_, err := mill.farmer.Spawn(limited(t), r, func(e *Encoder) { Put(e, size) })
					require.NoError(t, err)
				}
				got := make(chan int)
				go func() {
					sum := 0
					for v, err := range mill.flour.Receiver(n).All(context.Background()) {
						if err != nil {
							t.Error(err)
						}
						sum += v
					}
					got <- sum
				}()
				until(t, "the loop has begun", func() bool {
					in := n.inlet(mill.flour)
					in.mu.Lock()
					defer in.mu.Unlock()
					return in.loops > 0
				})
				late := time.AfterFunc(patience, func() { r.Dump(context.Background(), os.Stderr); r.fail(fmt.Errorf("it goes on for ever")) })
				require.NoError(t, r.Wait())
				late.Stop()
				require.Equal(t, want, <-got)
				kills += calm()
				require.NoError(t, r.Close())
				require.Zero(t, r.Stats().Rescued, "wake-ups that got lost")
			}
			t.Log(runs, "cycles,", kills, "kills")
		})
	}
}

// A cycle waits for the program, which may send until it says that it does no more.
func TestCycleGoesOnWhileTheProgramMaySend(t *testing.T) {
	t.Setenv(EngineVariable, "goroutines")
	r, n := begin(t, mill.pipeline)
	out, in := mill.grain.Sender(n), mill.flour.Receiver(n)
	for range 3 {
		require.NoError(t, out.Send(limited(t), grain{}))
		_, err := in.Receive(limited(t))
		require.NoError(t, err)
		until(t, "all wait", func() bool {
			r.mu.Lock()
			defer r.mu.Unlock()
			return r.allWait(&r.plan.cycles[0])
		})
		r.settleAgain()
		require.Zero(t, r.node.control.Queues[0].Closed.Load())
	}
	require.NoError(t, r.Shutdown(limited(t)))
	require.ErrorIs(t, out.Send(limited(t), grain{}), ErrClosed)
}

// selfFed is a process that sends to itself, and readers in the program that compete with it.
var selfFed = func() (s struct {
	pipeline *Pipeline
	items    *QueueDecl[int]
	taken    *NumberDecl[int]
}) {
	s.items, s.taken = &QueueDecl[int]{Name: "items", Capacity: 2, Spill: 1 << 16}, &NumberDecl[int]{Name: "taken"}
	self := &ProcessDecl{Name: "self", Send: []Decl{s.items}, Receive: []Decl{s.items}, Uses: []Decl{s.taken}}
	self.Main = func(ctx context.Context, n *Node, _ *Decoder) error {
		for i := range selfFedItems {
			if err := s.items.Sender(n).Send(ctx, i); err != nil {
				return err
			}
		}
		for _, err := range s.items.Receiver(n).All(ctx) {
			if err != nil {
				return err
			}
			s.taken.In(n).Add(1)
		}
		return nil
	}
	s.pipeline = &Pipeline{Path: "mp.test/selffed", Source: "own.mp", Decls: []Decl{s.items, s.taken, self}, Main: MainDecl{Receive: []Decl{s.items}}}
	Register(s.pipeline)
	return s
}()

const selfFedItems = 50

func TestProgramReadsFromACycle(t *testing.T) {
	for _, engine := range columns {
		t.Run(engine, func(t *testing.T) {
			if engine == "processes" && !proc.Supported {
				t.Skip("this system has no process engine")
			}
			t.Setenv(EngineVariable, engine)
			noLeaks(t)
			for range 10 {
				r, n, err := Start(context.Background(), selfFed.pipeline, []Option{NoSignals()})
				require.NoError(t, err)
				in, taken, counts := selfFed.items.Receiver(n), selfFed.taken.In(n), make(chan error)
				ctx := limited(t)
				for range 2 {
					go func() {
						for _, err := range in.All(ctx) {
							if err != nil {
								counts <- err
								return
							}
							taken.Add(1)
						}
						counts <- nil
					}()
				}
				for range 2 {
					require.NoError(t, <-counts)
				}
				require.Equal(t, selfFedItems, taken.Load())
				require.NoError(t, r.Wait())
				require.NoError(t, r.Close())
			}
		})
	}
}

// wheel is a cycle of a method of a service and a process, which a process outside feeds.
// Nobody calls the service, though the program might.
var wheel = func() (s struct {
	pipeline *Pipeline
	out      *QueueDecl[int]
}) {
	todo, done := &QueueDecl[int]{Name: "todo", Spill: 1 << 20}, &QueueDecl[int]{Name: "done"}
	s.out = &QueueDecl[int]{Name: "out"}
	works := &ServiceDecl[miller]{Name: "works", Methods: []Method[miller]{
		Staged("step", todo, To(done), nil, func(_ miller, _ context.Context, n int) (int, error) { return n - 1, nil })}}
	works.Open = func(context.Context, *Node, *Decoder) (miller, error) { return miller{}, nil }
	seed := &ProcessDecl{Name: "seed", Send: []Decl{todo}}
	seed.Main = func(ctx context.Context, n *Node, _ *Decoder) error { return todo.Sender(n).Send(ctx, 3) }
	turn := &ProcessDecl{Name: "turn", Receive: []Decl{done}, Send: []Decl{todo, s.out}}
	turn.Main = func(ctx context.Context, n *Node, _ *Decoder) error {
		for v, err := range done.Receiver(n).All(ctx) {
			to := todo
			if v == 0 {
				to = s.out
			}
			if err == nil {
				err = to.Sender(n).Send(ctx, v)
			}
			if err != nil {
				return err
			}
		}
		return nil
	}
	s.pipeline = &Pipeline{Path: "mp.test/wheel", Source: "wheel.mp", Decls: []Decl{todo, done, s.out, works, seed, turn}, Main: MainDecl{Receive: []Decl{s.out}}}
	Register(s.pipeline)
	return s
}()

func TestCycleOfAServiceEndsBeforeTheProgramWaits(t *testing.T) {
	for _, engine := range columns {
		t.Run(engine, func(t *testing.T) {
			if engine == "processes" && !proc.Supported {
				t.Skip("this system has no process engine")
			}
			t.Setenv(EngineVariable, engine)
			r, n := begin(t, wheel.pipeline)
			var got []int
			for v, err := range wheel.out.Receiver(n).All(limited(t)) {
				require.NoError(t, err)
				got = append(got, v)
			}
			require.Equal(t, []int{0}, got)
			require.NoError(t, r.Wait())
		})
	}
}

func TestWhatTheProgramHasReceivedIsDoneWhenItWaits(t *testing.T) {
	t.Setenv(EngineVariable, "goroutines")
	r, n := begin(t, wheel.pipeline)
	_, err := wheel.out.Receiver(n).Receive(limited(t))
	require.NoError(t, err)
	until(t, "the queue has ended", func() bool {
		in := n.inlet(wheel.out)
		in.mu.Lock()
		defer in.mu.Unlock()
		return in.ended()
	})
	require.NoError(t, r.Wait())
	q := r.Stats().Queues["out"]
	require.EqualValues(t, 1, q.Received)
	require.Zero(t, q.Len)
	require.NoError(t, r.Close())
	require.Zero(t, r.Stats().Queues["out"].Lost)
}
