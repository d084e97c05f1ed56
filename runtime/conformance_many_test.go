package mp

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
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
		Worker: Worker{Grace: 500 * time.Millisecond}, Many: attendAll}
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
	case "hold", "hold then fail", "obey", "stuck":
		if err := os.WriteFile(o.file+".begun", nil, 0o600); err != nil {
			return err
		}
	}
	for strings.HasPrefix(o.how, "hold") {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if _, err := os.Stat(o.file); err == nil {
			return map[string]error{"hold then fail": errActed}[o.how]
		}
		time.Sleep(100 * time.Microsecond)
	}
	return perform(ctx, o.how)
}

// holding lets a worker of a pool stand still, so that what is called meanwhile waits.
// let lets it go on.
func holding(t testing.TB, pool *Pool[order, string]) (let func()) {
	file := t.TempDir() + "/go on"
	detained := pool.Go(limited(t), order{"hold", file})
	until(t, "it is held", func() bool { _, err := os.Stat(file + ".begun"); return err == nil })
	return func() {
		require.NoError(t, os.WriteFile(file, nil, 0o600))
		_, err := detained.Wait(limited(t))
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
	until(t, "its worker is replaced", func() bool { return r.Stats().Pools["couriers"].Restarts == 2 })
	s := r.Stats().Pools["couriers"]
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

// waiters do four orders at once, in one worker.
var waiters = func() (s struct {
	pipeline *Pipeline
	serve    *PoolDecl[order, string]
}) {
	s.serve = &PoolDecl[order, string]{Name: "waiters", Workers: 1, Concurrent: 4, In: office.serve.In, Out: String, Task: TaskPolicy{Retries: 1, Backoff: time.Millisecond},
		Worker: Worker{Grace: 500 * time.Millisecond}, Func: func(ctx context.Context, o order) (string, error) { return o.how, obstruct(ctx, o) }}
	s.pipeline = &Pipeline{Path: "mp.test/conform/waiters", Source: "waiters.mp", Decls: []Decl{s.serve}}
	Register(s.pipeline)
	return s
}()

// detained is a task that waits in its worker until it is let.
type detained struct {
	*Task[string]
	file string
}

func (h detained) begun() bool { _, err := os.Stat(h.file + ".begun"); return err == nil }

func (h detained) let(t testing.TB) { require.NoError(t, os.WriteFile(h.file, nil, 0o600)) }

// hold calls for tasks that wait.
func (t *trial) hold(pool *Pool[order, string], how string, n int) (tasks []detained) {
	folder := t.TempDir()
	for i := range n {
		file := fmt.Sprint(folder, "/", i)
		tasks = append(tasks, detained{pool.Go(limited(t), order{how, file}), file})
	}
	return tasks
}

func allBegun(tasks []detained) func() bool {
	return func() bool {
		for _, h := range tasks {
			if !h.begun() {
				return false
			}
		}
		return true
	}
}

func (t *trial) concurrent() {
	r, n := t.start(waiters.pipeline)
	pool := waiters.serve.Pool(n)
	tasks := t.hold(pool, "hold", 5)
	until(t, "four are in work", allBegun(tasks[:4]))
	require.False(t, tasks[4].begun())
	require.Equal(t, 1, r.Stats().Pools["waiters"].Busy)
	for _, i := range []int{2, 4, 1, 3, 0} { // answers come as the tasks end
		until(t, "it is in work", tasks[i].begun)
		tasks[i].let(t)
		require.Equal(t, []string{"hold"}, t.ends([]*Task[string]{tasks[i].Task}))
	}
	i := 0
	for out, err := range pool.Map(limited(t), func(yield func(order) bool) {
		for i := range 500 {
			if !yield(order{how: []string{"return", "fail"}[i%2]}) {
				return
			}
		}
	}) {
		if i%2 == 1 {
			require.ErrorIs(t, err, errActed)
		} else {
			require.NoError(t, err)
			require.Equal(t, "return", out)
		}
		i++
	}
	require.Equal(t, 500, i)
	s := r.Stats().Pools["waiters"]
	require.EqualValues(t, 505, s.Done)
	require.EqualValues(t, 250, s.Failed)
	require.Zero(t, s.Restarts)
}

func (t *trial) concurrentCancelled() {
	r, n := t.start(waiters.pipeline)
	pool := waiters.serve.Pool(n)
	tasks := append(t.hold(pool, "obey", 1), t.hold(pool, "hold", 2)...)
	until(t, "all are in work", allBegun(tasks))
	tasks[0].Cancel()
	require.Equal(t, []string{"context canceled"}, t.ends([]*Task[string]{tasks[0].Task}))
	ctx, cancel := context.WithTimeout(limited(t), 20*time.Millisecond)
	defer cancel()
	_, err := pool.Call(ctx, order{"obey", t.TempDir() + "/late"})
	require.ErrorIs(t, err, context.DeadlineExceeded)
	for _, h := range tasks[1:] {
		h.let(t)
		require.Equal(t, []string{"hold"}, t.ends([]*Task[string]{h.Task}))
	}
	require.Zero(t, r.Stats().Pools["waiters"].Restarts)
}

func (t *trial) crewPoison() {
	r, n := t.start(waiters.pipeline)
	pool := waiters.serve.Pool(n)
	tasks := t.hold(pool, "hold", 3)
	until(t, "three are in work", allBegun(tasks))
	poison := t.all(pool, "panic")
	until(t, "the worker has died", func() bool { return r.Stats().Pools["waiters"].Restarts >= 1 })
	for _, h := range tasks { // which are tried one by one
		h.let(t)
	}
	for _, h := range tasks {
		require.Equal(t, []string{"hold"}, t.ends([]*Task[string]{h.Task}))
	}
	require.Equal(t, []string{"died at attempt 2"}, t.ends(poison))
	until(t, "its worker is replaced", func() bool { return r.Stats().Pools["waiters"].Restarts == 2 })
	s := r.Stats().Pools["waiters"]
	require.EqualValues(t, 4, s.Retried)
	require.EqualValues(t, 1, s.Failed)
	require.Equal(t, times(4, "return"), t.ends(t.all(pool, times(4, "return")...)))
}

func (t *trial) crewStuck() {
	r, n := t.start(waiters.pipeline)
	pool := waiters.serve.Pool(n)
	tasks := t.hold(pool, "hold", 2)
	stuck := t.hold(pool, "stuck", 1)
	until(t, "three are in work", allBegun(append(tasks, stuck...)))
	stuck[0].Cancel()
	require.Equal(t, []string{"context canceled"}, t.ends([]*Task[string]{stuck[0].Task}))
	until(t, "the worker is replaced", func() bool { return r.Stats().Pools["waiters"].Restarts == 1 })
	for _, h := range tasks {
		h.let(t)
		require.Equal(t, []string{"hold"}, t.ends([]*Task[string]{h.Task}))
	}
	s := r.Stats()
	require.EqualValues(t, 2, s.Pools["waiters"].Retried)
	require.EqualValues(t, 1, s.Pools["waiters"].Failed)
	left := map[bool]uint64{true: 0, false: 3}[t.holds == "it is killed"]
	require.Equal(t, left, s.Abandoned)
}
