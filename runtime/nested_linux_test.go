package mp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// nested is a pipeline in which everybody calls: a process calls pool outer and a
// service, outer's workers call pool inner, and so does the service's object.
type nested struct {
	pipeline *Pipeline
	errand   *ProcessDecl
	outer    *PoolDecl[work, answer]
	inner    *PoolDecl[work, answer]
	front    *ServiceDecl[*frontDesk]
	out      *QueueDecl[answer]
}

type frontDesk struct{ inner *Pool[work, answer] }

func newNested(name string, retries int, errand func(ctx context.Context, s nested, n *Node, how string, out *Sender[answer]) error) (s nested) {
	worker, task := Worker{Grace: 50 * time.Millisecond}, TaskPolicy{Retries: retries, Backoff: time.Millisecond}
	s.out = &QueueDecl[answer]{Name: "out", Elem: answerCodec}
	s.inner = &PoolDecl[work, answer]{Name: "inner", Workers: 2, In: workCodec, Out: answerCodec, Worker: worker, Task: task, Bytes: 8 * mib, Func: doWork}
	s.outer = &PoolDecl[work, answer]{Name: "outer", Workers: 2, In: workCodec, Out: answerCodec, Worker: worker, Task: task, Bytes: 8 * mib, Uses: []Decl{s.inner}}
	s.outer.Open = func(n *Node) func(context.Context, work) (answer, error) {
		inner := s.inner.Pool(n)
		return func(ctx context.Context, w work) (answer, error) {
			if w.How == "here: kill" {
				return answer{}, act(ctx, "kill")
			}
			return inner.Call(ctx, w)
		}
	}
	s.front = &ServiceDecl[*frontDesk]{Name: "front", Worker: worker, Uses: []Decl{s.inner}, Methods: []Method[*frontDesk]{
		{Name: "ask", Call: func(ctx context.Context, f *frontDesk, d *Decoder, e *Encoder) error {
			a, err := f.inner.Call(ctx, workCodec.get(d))
			answerCodec.put(e, a)
			return err
		}},
	}}
	s.front.Open = func(_ context.Context, n *Node, _ *Decoder) (*frontDesk, error) {
		return &frontDesk{s.inner.Pool(n)}, nil
	}
	s.errand = &ProcessDecl{Name: "errand", Worker: worker, Send: []Decl{s.out}, Uses: []Decl{s.outer, s.inner, s.front}}
	s.errand.Main = func(ctx context.Context, n *Node, d *Decoder) error {
		return errand(ctx, s, n, d.String(), s.out.Sender(n))
	}
	s.pipeline = &Pipeline{Path: "mp.test/nested/" + name, Source: name + ".mp", Decls: []Decl{s.out, s.inner, s.outer, s.front, s.errand}, Main: MainDecl{Receive: []Decl{s.out}}}
	Register(s.pipeline)
	return s
}

func (s nested) begin(t *testing.T, how string) (*Run, *Node) {
	return begin(t, s.pipeline, s.errand.With(func(e *Encoder) { e.String(how) }))
}

// callers is a process that calls pools in the ways that the program itself can.
var callers = newNested("callers", 0, func(ctx context.Context, s nested, n *Node, how string, out *Sender[answer]) error {
	outer, inner, front := s.outer.Pool(n), s.inner.Pool(n), s.front.Client(n)
	switch how {
	case "calls":
		for i := range 200 {
			a, err := outer.Call(ctx, work{N: i})
			if err != nil {
				return err
			}
			var b answer
			err = front.Call(ctx, 0, func(e *Encoder) { workCodec.put(e, work{N: a.N + 1}) }, func(d *Decoder) { b = answerCodec.get(d) })
			if err == nil {
				err = out.Send(ctx, answer{N: b.N})
			}
			if err != nil {
				return err
			}
		}
		return nil
	case "map":
		i := 0
		for a, err := range inner.Map(ctx, func(yield func(work) bool) {
			for i := range 20_000 {
				if !yield(work{N: i}) {
					return
				}
			}
		}) {
			if err != nil || a.N != i {
				return fmt.Errorf("number %d is %d, %w", i, a.N, err)
			}
			i++
		}
		seen := 0
		for r := range inner.MapUnordered(ctx, slices.Values(make([]work, 500))) {
			if r.Err != nil {
				return r.Err
			}
			seen++
		}
		return out.Send(ctx, answer{N: i + seen})
	case "go":
		tasks := make([]*Task[answer], 5000)
		for i := range tasks {
			tasks[i] = inner.Go(ctx, work{N: i})
		}
		for i, task := range tasks {
			if i%3 == 0 {
				task.Cancel()
			}
		}
		for i, task := range tasks {
			<-task.Done()
			a, err := task.Wait(ctx)
			if canceled := errors.Is(err, context.Canceled); !canceled && (err != nil || a.N != i) || canceled && i%3 != 0 {
				return fmt.Errorf("task %d gave %d, %w", i, a.N, err)
			}
		}
		return out.Send(ctx, answer{N: len(tasks)})
	case "many":
		var wg sync.WaitGroup
		errs := make(chan error, 64)
		for g := range 64 {
			wg.Go(func() {
				for i := range 50 {
					pool := []*Pool[work, answer]{inner, outer}[i%2]
					if a, err := pool.Call(ctx, work{N: g*100 + i}); err != nil || a.N != g*100+i {
						errs <- fmt.Errorf("%d: %w", a.N, err)
						return
					}
				}
			})
		}
		wg.Wait()
		close(errs)
		return <-errs
	case "load":
		for _, n := range []int{1, 5000, 100_000, mib, 7 * mib} {
			a, err := outer.Call(ctx, work{How: "load", N: n})
			if err != nil || bytes.Count(a.Load, []byte{7}) != n {
				return fmt.Errorf("a load of %d: %w", n, err)
			}
			_, err = inner.Call(ctx, work{How: string(bytes.Repeat([]byte{' '}, n))})
			if err == nil || !bytes.Contains([]byte(err.Error()), []byte("no such way to end")) {
				return fmt.Errorf("a task of %d: %w", n, err)
			}
		}
		if _, err := inner.Call(ctx, work{How: string(make([]byte, 9*mib))}); !errors.Is(err, ErrTooBig) {
			return fmt.Errorf("want too big: %w", err)
		}
		if _, err := inner.Call(ctx, work{How: "load", N: 9 * mib}); !errors.Is(err, ErrTooBig) {
			return fmt.Errorf("want too big: %w", err)
		}
		return out.Send(ctx, answer{N: 1})
	case "cancel":
		slow := work{How: "stuck"}
		short, cancel := context.WithTimeout(ctx, 30*time.Millisecond)
		defer cancel()
		if _, err := outer.Call(short, slow); !errors.Is(err, context.DeadlineExceeded) {
			return fmt.Errorf("want a deadline: %w", err)
		}
		task := inner.Go(ctx, slow)
		time.AfterFunc(30*time.Millisecond, task.Cancel)
		if _, err := task.Wait(ctx); !errors.Is(err, context.Canceled) {
			return fmt.Errorf("want a cancel: %w", err)
		}
		for range inner.Map(ctx, slices.Values([]work{{}, slow, slow, {}})) {
			break
		}
		a, err := outer.Call(ctx, work{N: 6}) // everybody is free again
		if err == nil {
			err = out.Send(ctx, a)
		}
		return err
	case "hold":
		for range 3 {
			inner.Go(ctx, work{How: "stuck"})
		}
		if err := out.Send(ctx, answer{}); err != nil {
			return err
		}
		<-ctx.Done()
		return ctx.Err()
	case "end":
		_, err := inner.Call(context.Background(), work{How: "stuck"})
		return err
	}
	a, err := outer.Call(ctx, work{How: how})
	if err == nil {
		err = out.Send(ctx, a)
	}
	return err
})

func TestPoolsAreCalledFromProcessesAndWorkers(t *testing.T) {
	r, n := callers.begin(t, "calls")
	i := 0
	for a, err := range callers.out.Receiver(n).All(limited(t)) {
		require.NoError(t, err)
		require.Equal(t, i+1, a.N)
		i++
	}
	require.Equal(t, 200, i)
	require.NoError(t, r.Wait())
	require.NoError(t, r.Close())
	s := r.Stats().Pools
	require.Equal(t, PoolStats{Workers: 2, Done: 400}, s["inner"].counts())
	require.Equal(t, PoolStats{Workers: 2, Done: 200}, s["outer"].counts())
	require.Equal(t, PoolStats{Done: 200}, s["front.ask"].counts())
}

func TestCallsOfAProcess(t *testing.T) {
	for how, want := range map[string]int{"map": 20_500, "go": 5000, "load": 1, "cancel": 6, "many": -1} {
		t.Run(how, func(t *testing.T) {
			r, n := callers.begin(t, how)
			for a, err := range callers.out.Receiver(n).All(limited(t)) {
				require.NoError(t, err)
				require.Equal(t, want, a.N)
			}
			require.NoError(t, r.Wait())
			until(t, "every task has ended", func() bool { return r.Stats().Pools["inner"].Busy == 0 })
		})
	}
}

// What goes wrong far away arrives as it does in the program itself, wrapped once
// for each function on the way.
func TestFailuresArriveInAProcess(t *testing.T) {
	for _, test := range []struct {
		how, pool string
		check     func(err error)
	}{
		{"fail", "inner", func(err error) { require.ErrorIs(t, err, errKeptByName) }},
		{"panic", "inner", func(err error) { require.Contains(t, died(t, err).Panic, "no more paper") }},
		{"kill", "inner", func(err error) { require.Equal(t, syscall.SIGKILL, died(t, err).Signal) }},
		{"here: kill", "outer", func(err error) { require.Equal(t, syscall.SIGKILL, died(t, err).Signal) }},
	} {
		t.Run(test.how, func(t *testing.T) {
			r, _ := callers.begin(t, test.how)
			err := r.Wait()
			test.check(err)
			name := ""
			for next := err; next != nil; { // the innermost says where
				var e *Error
				if !errors.As(next, &e) {
					break
				}
				name, next = e.Name, e.Err
			}
			require.Equal(t, test.pool, name)
		})
	}
}

func TestDeadCallerLeavesNothing(t *testing.T) {
	r, n := callers.begin(t, "hold")
	_, err := callers.out.Receiver(n).Receive(limited(t))
	require.NoError(t, err)
	inner := callers.inner.Pool(n)
	until(t, "its tasks run", func() bool { return r.Stats().Pools["inner"].Busy == 2 })
	var caller *member
	for _, m := range r.members {
		if m.slot.process != nil {
			caller = m
		}
	}
	syscall.Kill(pidOf(t, caller), syscall.SIGKILL)
	require.Equal(t, syscall.SIGKILL, died(t, r.Wait()).Signal) // it stops the run
	_, err = inner.Call(limited(t), work{})
	require.ErrorIs(t, err, ErrClosed)
	require.NotNil(t, r.Close())
	core := r.pools[0]
	require.Zero(t, core.busy())
	require.Zero(t, core.pending.len())
	require.Empty(t, caller.desk.open)
}

// The tasks of a worker that dies are cancelled, and then its callers' task is
// tried again.
func TestTasksOfADeadWorkerAreGivenUp(t *testing.T) {
	r, n := callers.begin(t, "hold")
	out := callers.out.Receiver(n)
	_, err := out.Receive(limited(t))
	require.NoError(t, err)
	until(t, "both workers have a task of errand", func() bool { return r.Stats().Pools["inner"].Busy == 2 })
	task := callers.outer.Pool(n).Go(limited(t), work{How: "sleep", For: time.Hour, N: 1})
	until(t, "it is at inner", func() bool {
		core := r.pools[0]
		core.mu.Lock()
		defer core.mu.Unlock()
		return core.pending.len() == 2 // behind those of errand
	})
	for _, m := range r.members {
		if m.slot.name == "outer" {
			if pid := m.pid.Load(); pid != 0 {
				syscall.Kill(int(pid), syscall.SIGKILL)
			}
		}
	}
	_, err = task.Wait(limited(t))
	died(t, err)
	until(t, "its call is dropped", func() bool {
		core := r.pools[0]
		core.mu.Lock()
		defer core.mu.Unlock()
		core.pending.sift()
		return core.pending.len() == 1
	})
	require.NoError(t, r.Close())
}

func TestCloseEndsTheCallsOfProcesses(t *testing.T) {
	r, _ := callers.begin(t, "end")
	until(t, "it calls", func() bool { return r.Stats().Pools["inner"].Busy == 1 })
	began := time.Now()
	require.NoError(t, r.Close())
	require.Less(t, time.Since(began), soon)
}

// fragile is calls all the way down while workers of all pools are killed.
var fragile = newNested("fragile", 1000, func(ctx context.Context, s nested, n *Node, _ string, out *Sender[answer]) error {
	in := func(yield func(work) bool) {
		for i := range 3000 {
			if !yield(work{How: "sleep", For: 50 * time.Microsecond, N: i}) {
				return
			}
		}
	}
	for a, err := range s.outer.Pool(n).Map(ctx, in) {
		if err != nil {
			// What outer's function returns is final, also the death of inner's worker
			// that could not be mended.
			return err
		}
		if err := out.Send(ctx, answer{N: a.N}); err != nil {
			return err
		}
	}
	return nil
})

func TestNestedCallsSurviveDeaths(t *testing.T) {
	r, n := fragile.begin(t, "")
	stop := harass(t, r, 10*time.Millisecond)
	i := 0
	for a, err := range fragile.out.Receiver(n).All(limited(t)) {
		require.NoError(t, err)
		require.Equal(t, i, a.N)
		i++
	}
	kills := stop()
	require.Equal(t, 3000, i)
	require.NoError(t, r.Wait())
	require.NoError(t, r.Close())
	t.Log(kills, "kills", r.Stats().Pools)
}

// A process that does not take its answers keeps nobody waiting, and its parent
// holds no more of them than its pool's share.
func TestStoppedCallerStopsNobody(t *testing.T) {
	r, n := flood.begin(t, "")
	inner := flood.inner.Pool(n)
	_, err := flood.out.Receiver(n).Receive(limited(t))
	require.NoError(t, err)
	var caller *member
	for _, m := range r.members {
		if m.slot.process != nil {
			caller = m
		}
	}
	pid := pidOf(t, caller)
	halt(t, pid)
	defer syscall.Kill(pid, syscall.SIGCONT)
	for i := range 50 {
		a, err := inner.Call(limited(t), work{How: "load", N: mib / 2})
		require.NoError(t, err, "call %d", i)
		require.Len(t, a.Load, mib/2)
	}
	until(t, "nothing moves any more", func() bool { return r.Stats().Pools["inner"].Busy == 0 })
	caller.desk.mu.Lock()
	held := 0
	for i := range caller.desk.answers.queue.len() {
		held += len(caller.desk.answers.queue.at(i).data)
	}
	caller.desk.mu.Unlock()
	require.Less(t, held, 40*mib)
	require.NoError(t, syscall.Kill(pid, syscall.SIGCONT))
	require.NoError(t, r.Wait())
}

var flood = newNested("flood", 0, func(ctx context.Context, s nested, n *Node, _ string, out *Sender[answer]) error {
	tasks := make([]*Task[answer], 300)
	for i := range tasks {
		tasks[i] = s.inner.Pool(n).Go(ctx, work{How: "load", N: mib / 2})
	}
	if err := out.Send(ctx, answer{}); err != nil {
		return err
	}
	for _, task := range tasks {
		if a, err := task.Wait(ctx); err != nil || len(a.Load) != mib/2 {
			return fmt.Errorf("%d bytes: %w", len(a.Load), err)
		}
	}
	return nil
})
