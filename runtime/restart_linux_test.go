package mp

import (
	"context"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// lives are processes that are started again, each in its own way. They take an
// item in each life, which says how that ends.
func newLives(name string, restart Restart, restarts int) (s struct {
	pipeline *Pipeline
	in       *QueueDecl[string]
	count    *NumberDecl[int]
}) {
	s.in = &QueueDecl[string]{Name: "in", Elem: String}
	s.count = &NumberDecl[int]{Name: "count"}
	p := &ProcessDecl{Name: "live", Restart: restart, Restarts: restarts, Receive: []Decl{s.in}, Uses: []Decl{s.count}}
	p.Main = func(ctx context.Context, n *Node, _ *Decoder) error {
		s.count.In(n).Add(1)
		in := s.in.Receiver(n)
		for how, err := range in.All(ctx) {
			if err != nil {
				return err
			}
			if how != "go on" {
				return act(ctx, how)
			}
		}
		return nil
	}
	s.pipeline = &Pipeline{Path: "mp.test/lives/" + name, Source: name + ".mp", Decls: []Decl{s.in, s.count, p}, Main: MainDecl{Send: []Decl{s.in}}}
	Register(s.pipeline)
	return s
}

var (
	livesAlways = newLives("always", Always, 0)
	livesFailed = newLives("failed", OnFailure, 3)
)

func TestRestartAlways(t *testing.T) {
	r, n := begin(t, livesAlways.pipeline)
	in, ctx := livesAlways.in.Sender(n), limited(t)
	// What a function returns is an end, and its item done: it does not come again.
	for _, how := range []string{"return", "fail", "return", "go on", "fail", "return"} {
		require.NoError(t, in.Send(ctx, how))
	}
	in.Close()
	require.NoError(t, r.Wait()) // with its input the process ends for good
	s := r.Stats().Processes["live"]
	require.Equal(t, 2, s.Failed)
	require.Contains(t, []int{5, 6}, s.Started) // 6 if the last ended before the queue
	require.Equal(t, s.Started-1, s.Restarts)
	require.Equal(t, s.Started, livesAlways.count.In(n).Load())
}

func TestRestartOnFailureHasABudget(t *testing.T) {
	r, n := begin(t, livesFailed.pipeline)
	in, ctx := livesFailed.in.Sender(n), limited(t)
	for range 4 {
		require.NoError(t, in.Send(ctx, "fail"))
	}
	err := r.Wait()
	var e *Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, 4, e.Attempts)
	require.ErrorIs(t, err, errKeptByName)
	require.Equal(t, ProcessStats{Started: 4, Restarts: 3, Failed: 4}, r.Stats().Processes["live"].counts())
}

func TestCalmGivesTheBudgetBack(t *testing.T) {
	calm = 0
	t.Cleanup(func() { calm = time.Minute })
	r, n := begin(t, livesFailed.pipeline)
	in, ctx := livesFailed.in.Sender(n), limited(t)
	for range 6 {
		require.NoError(t, in.Send(ctx, "fail"))
	}
	require.NoError(t, in.Send(ctx, "return"))
	require.NoError(t, r.Wait())
	require.Equal(t, ProcessStats{Started: 7, Restarts: 6, Failed: 6}, r.Stats().Processes["live"].counts())
}

func TestPausesBeforeRestarts(t *testing.T) {
	for n, want := range map[int]time.Duration{1: 100 * time.Millisecond, 2: 200 * time.Millisecond, 5: 1600 * time.Millisecond, 8: 12800 * time.Millisecond, 9: 15 * time.Second, 1000: 15 * time.Second} {
		seen := map[time.Duration]bool{}
		for range 50 {
			d := scattered(backoffOf(0, n))
			require.LessOrEqual(t, d, want)
			require.GreaterOrEqual(t, d, want/2)
			seen[d] = true
		}
		require.Greater(t, len(seen), 10)
	}
}

// processNamed is the handle of a process that has not ended.
func processNamed(t testing.TB, r *Run, name string) *Process {
	t.Helper()
	for _, p := range r.Processes() {
		if p.Name() == name {
			return p
		}
	}
	require.FailNow(t, "no process "+name)
	return nil
}

func TestHandlesOfDeclaredProcesses(t *testing.T) {
	r, n := begin(t, squad.pipeline, squad.process.With(func(e *Encoder) { Put(e, -1) }))
	var names []string
	for _, p := range r.Processes() {
		names = append(names, p.Name())
	}
	require.Equal(t, []string{"say[0]", "say[1]", "say[2]", "say[3]", "pass[0]", "pass[1]", "pass[2]"}, names)
	say, pass, ctx := processNamed(t, r, "say[3]"), processNamed(t, r, "pass[0]"), limited(t)
	require.NoError(t, say.Wait(ctx))
	for _, err := range squad.heard.Receiver(n).All(ctx) {
		require.NoError(t, err)
	}
	require.NoError(t, pass.Wait(ctx))
	require.NoError(t, r.Wait())
	require.Empty(t, r.Processes())
}

func TestKillIsACrash(t *testing.T) {
	r, n := begin(t, livesFailed.pipeline)
	count, p := livesFailed.count.In(n), processNamed(t, r, "live")
	until(t, "it lives", func() bool { return count.Load() == 1 })
	first := 0
	until(t, "its number is noted", func() bool { first = p.PID(); return first != 0 })
	p.Kill()
	until(t, "it lives again", func() bool { return count.Load() == 2 })
	require.NotEqual(t, first, p.PID())
	require.NoError(t, p.Err())
	r.Close()

	r, n = begin(t, acting.pipeline, actingArgs{1, "obey"}.arg())
	_, err := acting.out.Receiver(n).Receive(limited(t))
	require.NoError(t, err)
	p = processNamed(t, r, "act")
	until(t, "its number is noted", func() bool { return p.PID() != 0 })
	p.Kill()
	err = r.Wait()
	require.Equal(t, syscall.SIGKILL, died(t, err).Signal)
	require.Equal(t, err, p.Wait(limited(t)))
}

func TestStopEndsAProcessForGood(t *testing.T) {
	r, n := begin(t, livesFailed.pipeline)
	count, p := livesFailed.count.In(n), processNamed(t, r, "live")
	until(t, "it lives", func() bool { return count.Load() == 1 })
	require.NoError(t, p.Stop(limited(t)))
	require.ErrorIs(t, p.Err(), context.Canceled)
	require.NoError(t, r.Wait()) // it was asked for
	require.Equal(t, ProcessStats{Started: 1}, r.Stats().Processes["live"].counts())
}

func TestStopBetweenTwoLives(t *testing.T) {
	r, n := begin(t, livesFailed.pipeline)
	in, ctx, p := livesFailed.in.Sender(n), limited(t), processNamed(t, r, "live")
	for range 3 {
		require.NoError(t, in.Send(ctx, "fail"))
	}
	// It lasts for 200 ms at least.
	until(t, "the third pause", func() bool { s := r.Stats().Processes["live"]; return s.Failed == 3 && s.Running == 0 })
	require.ErrorIs(t, p.Stop(ctx), errKeptByName) // it has failed, and was told not to go on
	require.NoError(t, r.Wait())
	require.Equal(t, ProcessStats{Started: 3, Failed: 3, Restarts: 3}, r.Stats().Processes["live"].counts())
}

func TestStopOfADeafProcessDoesNotStopTheRun(t *testing.T) {
	r, n := begin(t, production.pipeline, sourceEnds("stuck"))
	until(t, "the source is stuck", func() bool { return production.got.In(n).Load() == 1000 })
	err := processNamed(t, r, "source").Stop(limited(t))
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, syscall.SIGKILL, died(t, err).Signal)
	// But who reads learns that its queue was cut off.
	err = r.Wait()
	require.Equal(t, syscall.SIGKILL, died(t, err).Signal)
	var e *Error
	require.ErrorAs(t, err, &e)
	require.Contains(t, []string{"stage", "sink"}, e.Name)
	require.Equal(t, 1000, production.got.In(n).Load())
}
