package mp

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Pools that have several tasks in work at once: what they promise on each engine.

// couriers takes orders in batches of eight.
var couriers = func() (s struct {
	pipeline *Pipeline
	serve    *PoolDecl[order, string]
}) {
	s.serve = &PoolDecl[order, string]{Name: "couriers", Workers: 1, Batch: 8, In: office.serve.In, Out: String, Task: TaskPolicy{Retries: 1, Backoff: time.Millisecond},
		Worker: Worker{Grace: 50 * time.Millisecond}, Many: attendAll}
	s.pipeline = &Pipeline{Path: "mp.test/conform/couriers", Source: "couriers.mp", Decls: []Decl{s.serve}}
	Register(s.pipeline)
	return s
}()

// attendAll says of each order in how large a batch it came. Some orders decide for
// all.
func attendAll(ctx context.Context, orders []order) ([]string, error) {
	var done []string
	for _, o := range orders {
		switch o.how {
		case "short":
			return done, nil
		case "return":
		default:
			if err := obstruct(ctx, o); err != nil {
				return nil, err
			}
		}
		done = append(done, fmt.Sprintf("%s, one of %d", o.how, len(orders)))
	}
	return done, nil
}

// obstruct does what an order says to what else its worker has in work.
func obstruct(ctx context.Context, o order) error {
	switch o.how {
	case "hold", "obey", "stuck":
		if err := os.WriteFile(o.file+".begun", nil, 0o600); err != nil {
			return err
		}
	}
	for o.how == "hold" {
		if _, err := os.Stat(o.file); err == nil {
			return nil
		}
		time.Sleep(100 * time.Microsecond)
	}
	return perform(ctx, o.how)
}

// holding lets a worker of a pool stand still, so that what is called meanwhile waits.
// let lets it go on.
func holding(t testing.TB, pool *Pool[order, string]) (let func()) {
	file := t.TempDir() + "/go on"
	held := pool.Go(limited(t), order{"hold", file})
	until(t, "it is held", func() bool { _, err := os.Stat(file + ".begun"); return err == nil })
	return func() {
		require.NoError(t, os.WriteFile(file, nil, 0o600))
		_, err := held.Wait(limited(t))
		require.NoError(t, err)
	}
}

// all calls for tasks together.
func (t *trial) all(pool *Pool[order, string], hows ...string) (tasks []*Task[string]) {
	for _, how := range hows {
		tasks = append(tasks, pool.Go(limited(t), order{how: how}))
	}
	return tasks
}

// ends is what became of tasks, shortly.
func (t *trial) ends(tasks []*Task[string]) (ends []string) {
	for _, task := range tasks {
		out, err := task.Wait(limited(t))
		var died *Died
		var remote *Remote
		switch {
		case err == nil:
			ends = append(ends, out)
		case errors.As(err, &died):
			ends = append(ends, fmt.Sprint("died at attempt ", err.(*Error).Attempts))
		case errors.As(err, &remote):
			ends = append(ends, remote.Text)
		default:
			ends = append(ends, err.(*Error).Err.Error())
		}
	}
	return ends
}

func times(n int, what string) (list []string) {
	for range n {
		list = append(list, what)
	}
	return list
}

func (t *trial) batch() {
	r, n := t.start(couriers.pipeline)
	pool := couriers.serve.Pool(n)
	let := holding(t, pool)
	tasks := t.all(pool, times(11, "return")...)
	let()
	require.Equal(t, append(times(8, "return, one of 8"), times(3, "return, one of 3")...), t.ends(tasks))

	let = holding(t, pool)
	failing := t.all(pool, append(times(7, "return"), "fail")...)
	short := t.all(pool, append(times(7, "return"), "short")...)
	let()
	require.Equal(t, times(8, "as told: it acted"), t.ends(failing))
	for _, task := range failing {
		_, err := task.Wait(limited(t))
		require.ErrorIs(t, err, errActed)
	}
	require.Equal(t, times(8, "couriers gave 7 results for a batch of 8"), t.ends(short))

	i := 0
	for out, err := range pool.Map(limited(t), func(yield func(order) bool) {
		for range 500 {
			if !yield(order{how: "return"}) {
				return
			}
		}
	}) {
		require.NoError(t, err)
		require.Regexp(t, `^return, one of [1-8]$`, out)
		i++
	}
	require.Equal(t, 500, i)
	s := r.Stats().Pools["couriers"]
	require.EqualValues(t, 11+16+500+2, s.Done)
	require.EqualValues(t, 16, s.Failed)
	require.Zero(t, s.Restarts)
}

func (t *trial) poison() {
	r, n := t.start(couriers.pipeline)
	pool := couriers.serve.Pool(n)
	let := holding(t, pool)
	tasks := t.all(pool, append(times(7, "return"), "panic")...)
	let()
	require.Equal(t, append(times(7, "return, one of 1"), "died at attempt 2"), t.ends(tasks))
	s := r.Stats().Pools["couriers"]
	require.EqualValues(t, 2, s.Restarts)
	require.EqualValues(t, 8, s.Retried)
	require.EqualValues(t, 1, s.Failed)
}

func (t *trial) batchCancelled() {
	r, n := t.start(couriers.pipeline)
	pool := couriers.serve.Pool(n)
	let := holding(t, pool)
	tasks := t.all(pool, times(4, "return")...)
	tasks[1].Cancel()
	let()
	require.Equal(t, []string{"return, one of 3", "context canceled", "return, one of 3", "return, one of 3"}, t.ends(tasks))

	// One that is in work is waited for no more, and the others get their results.
	let = holding(t, pool)
	file := t.TempDir() + "/second"
	tasks = []*Task[string]{pool.Go(limited(t), order{how: "return"}), pool.Go(limited(t), order{"hold", file})}
	let()
	until(t, "both are in work", func() bool { _, err := os.Stat(file + ".begun"); return err == nil })
	tasks[0].Cancel()
	require.Equal(t, []string{"context canceled"}, t.ends(tasks[:1]))
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	require.Equal(t, []string{"hold, one of 2"}, t.ends(tasks[1:]))

	// When nobody waits for any of them, the function is told.
	let = holding(t, pool)
	tasks = []*Task[string]{pool.Go(limited(t), order{"obey", file}), pool.Go(limited(t), order{how: "return"})}
	require.NoError(t, os.Remove(file+".begun"))
	let()
	until(t, "both are in work", func() bool { _, err := os.Stat(file + ".begun"); return err == nil })
	for _, task := range tasks {
		task.Cancel()
	}
	require.Equal(t, times(2, "context canceled"), t.ends(tasks))
	require.Equal(t, times(1, "return, one of 1"), t.ends(t.all(pool, "return")))
	require.Zero(t, r.Stats().Pools["couriers"].Restarts)
}
