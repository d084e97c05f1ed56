package mp

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// tally is a pool whose workers count how often they begin each task.
var tally = func() (s struct {
	pipeline *Pipeline
	grind    *PoolDecl[work, int]
	begun    *ArrayDecl[uint32]
	open     *NumberDecl[int64] // tasks that wait may go on
}) {
	s.begun = &ArrayDecl[uint32]{Name: "begun", Len: 30_000}
	s.open = &NumberDecl[int64]{Name: "open"}
	s.grind = &PoolDecl[work, int]{Name: "grind", Workers: 3, In: workCodec, Task: TaskPolicy{Retries: 1000}, Uses: []Decl{s.begun, s.open}}
	s.grind.Open = func(n *Node) func(context.Context, work) (int, error) {
		return func(ctx context.Context, w work) (int, error) {
			atomic.AddUint32(&s.begun.In(n)[w.N], 1)
			for w.How == "wait" && s.open.In(n).Load() == 0 {
				time.Sleep(time.Millisecond)
			}
			time.Sleep(w.For)
			return w.N, ctx.Err()
		}
	}
	s.pipeline = &Pipeline{Path: "mp.test/pool/tally", Source: "tally.mp", Decls: []Decl{s.begun, s.open, s.grind}}
	Register(s.pipeline)
	return s
}()

// quicken has the pool do quick tasks until many travel ahead.
func quicken(t *testing.T, pool *Pool[work, int]) {
	for range 20 {
		for _, err := range pool.Map(limited(t), func(yield func(work) bool) {
			for range 3000 {
				if !yield(work{}) {
					return
				}
			}
		}) {
			require.NoError(t, err)
		}
		if pool.core.share() > 30 {
			return
		}
	}
	t.Skip("on this machine tasks that do nothing are slow")
}

func TestTasksBehindASlowOneGoToWhoIsIdle(t *testing.T) {
	for _, engine := range columns[:2] {
		t.Run(engine, func(t *testing.T) {
			t.Setenv(EngineVariable, engine)
			_, n := begin(t, tally.pipeline)
			pool := tally.grind.Pool(n)
			quicken(t, pool)
			const count = 500
			input := func(yield func(work) bool) {
				for i := range count {
					w := work{N: i}
					if i < 2 { // and one worker is left
						w.How = "wait"
					}
					if !yield(w) {
						return
					}
				}
			}
			done := 0
			for r := range pool.Ahead(count).MapUnordered(limited(t), input) {
				require.NoError(t, r.Err)
				if done++; done == count-2 {
					tally.open.In(n).Store(1)
				}
			}
			require.Equal(t, count, done)
			for i, begun := range tally.begun.In(n)[1:count] {
				require.EqualValues(t, 1, begun, "task %d", i+1)
			}
		})
	}
}

// TestEachTaskIsDoneOnceThoughManyAreTakenBack has tasks of all sorts of length, and
// then workers that are killed.
func TestEachTaskIsDoneOnceThoughManyAreTakenBack(t *testing.T) {
	r, n := begin(t, tally.pipeline)
	pool, begun := tally.grind.Pool(n), tally.begun.In(n)
	quicken(t, pool)
	clear(begun)
	const count = 20_000
	mixed := func(yield func(work) bool) {
		for i := range count {
			w := work{N: i}
			if rand.IntN(500) == 0 {
				w.For = time.Duration(rand.IntN(8)) * time.Millisecond
			}
			if !yield(w) {
				return
			}
		}
	}
	for round, kills := range []int{0, 15} {
		stop := make(chan struct{})
		var killer sync.WaitGroup
		killer.Go(func() {
			var done [3]uint64
			for left := kills; left > 0; {
				select {
				case <-stop:
					return
				case <-time.After(time.Duration(rand.IntN(30)) * time.Millisecond):
				}
				i := rand.IntN(3) // one that has got to work since the last time
				m := r.memberOf("grind", i)
				if now := m.report.Done.Load(); now > done[i] {
					done[i] = now
					m.kill(nil)
					left--
				}
			}
		})
		got := make([]int, count)
		for res := range pool.MapUnordered(limited(t), mixed) {
			require.NoError(t, res.Err)
			require.Equal(t, res.In.N, res.Out)
			got[res.Out]++
		}
		close(stop)
		killer.Wait()
		again := uint32(0)
		for i := range got {
			require.Equal(t, 1, got[i], "results of task %d", i)
			require.GreaterOrEqual(t, begun[i], uint32(round+1))
			again += begun[i] - uint32(round+1)
		}
		require.LessOrEqual(t, again, uint32(kills), "a task is begun again for each death at the most")
	}
}
