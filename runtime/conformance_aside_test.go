package mp

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// What is tried again after a death, each task alone, and what is called meanwhile.

// aside has pools whose workers have several tasks in hand.
var aside = func() (s struct {
	pipeline             *Pipeline
	crews, single, mates *PoolDecl[order, string]
}) {
	pool := func(p PoolDecl[order, string]) *PoolDecl[order, string] {
		p.In, p.Out, p.Task = office.serve.In, String, TaskPolicy{Retries: 1, Backoff: time.Millisecond}
		if p.Worker.Grace = 50 * time.Millisecond; p.Batch == 0 {
			p.Func = waiters.serve.Func
		} else {
			p.Many = attendAll
		}
		return &p
	}
	s.crews = pool(PoolDecl[order, string]{Name: "crews", Workers: 2, Concurrent: 8})
	s.single = pool(PoolDecl[order, string]{Name: "single", Workers: 1, Concurrent: 8})
	s.mates = pool(PoolDecl[order, string]{Name: "mates", Workers: 2, Batch: 8})
	s.pipeline = &Pipeline{Path: "mp.test/conform/aside", Source: "aside.mp", Decls: []Decl{s.crews, s.single, s.mates}}
	Register(s.pipeline)
	return s
}()

// begun is how many of tasks have begun.
func begun(tasks []detained) (n int) {
	for _, h := range tasks {
		if h.begun() {
			n++
		}
	}
	return n
}

// forget lets begun tell who begins again.
func forget(t testing.TB, tasks []detained) {
	for _, h := range tasks {
		require.NoError(t, os.Remove(h.file+".begun"))
	}
}

// throng lets tasks go while others always wait, until they have ended.
func (t *trial) throng(pool *Pool[order, string], tasks []detained) {
	for _, h := range tasks {
		h.let(t)
	}
	over := limited(t)
	for waiting := t.all(pool, times(64, "return")...); ; {
		more := t.all(pool, times(64, "return")...)
		t.ends(waiting)
		waiting = more
		open := false
		for _, h := range tasks {
			open = open || !h.done.Load()
		}
		if !open {
			break
		}
		require.NoError(t, over.Err(), "they had no turn")
	}
	for _, h := range tasks {
		_, err := h.Wait(limited(t))
		require.NoError(t, err)
	}
}

func (t *trial) deathAside() {
	r, n := t.start(aside.pipeline)
	died := func(name string) func() bool {
		return func() bool { return r.Stats().Pools[name].Restarts > 0 }
	}

	// One worker has what is tried again, the other what is new.
	pool := aside.crews.Pool(n)
	tasks := t.hold(pool, "hold", 9) // more than one worker has
	until(t, "both workers are there", allBegun(tasks))
	for _, h := range tasks {
		h.let(t)
		require.Equal(t, []string{"hold"}, t.ends([]*Task[string]{h.Task}))
	}
	tasks = t.hold(pool, "hold", 8)
	until(t, "all are in work", allBegun(tasks))
	forget(t, tasks)
	poison := t.all(pool, "panic")
	until(t, "one is tried again", func() bool { return begun(tasks) > 0 })
	require.Equal(t, times(200, "return"), t.ends(t.all(pool, times(200, "return")...)))
	require.Equal(t, 1, begun(tasks))
	t.throng(pool, tasks)
	require.Equal(t, []string{"died at attempt 2"}, t.ends(poison))

	// The only one does both in turns.
	pool = aside.single.Pool(n)
	tasks = t.hold(pool, "hold", 7)
	until(t, "all are in work", allBegun(tasks))
	forget(t, tasks)
	poison = t.all(pool, "panic")
	until(t, "the worker has died", died("single"))
	until(t, "one is tried again", func() bool { return begun(tasks) == 1 })
	calls := t.all(pool, times(50, "return")...)
	for i := range tasks {
		if tasks[i].begun() {
			tasks[i].let(t)
		}
	}
	require.Equal(t, times(1, "return"), t.ends(calls[:1]))
	require.LessOrEqual(t, begun(tasks), 2)
	t.throng(pool, tasks)
	require.Equal(t, times(50, "return"), t.ends(calls))
	require.Equal(t, []string{"died at attempt 2"}, t.ends(poison))

	// A batch that died holds up no other.
	batched := aside.mates.Pool(n)
	lets := []func(){holding(t, batched), holding(t, batched)}
	poison = t.all(batched, "panic")
	tasks = t.hold(batched, "hold", 5)
	for _, let := range lets {
		let()
	}
	until(t, "one is tried again", func() bool { return begun(tasks) > 0 })
	ends := t.ends(t.all(batched, times(200, "return")...))
	require.Len(t, ends, 200)
	for _, end := range ends {
		require.Regexp(t, `^return, one of [1-8]$`, end)
	}
	t.throng(batched, tasks)
	require.Equal(t, []string{"died at attempt 2"}, t.ends(poison))
}
