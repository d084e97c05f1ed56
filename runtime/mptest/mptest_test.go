package mptest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	mp "github.com/mpgen/mpgen/runtime"
	"github.com/mpgen/mpgen/runtime/internal/probe"
)

// leaving makes TestThatLeavesARun do so.
const leaving = "MPTEST_LEAVING"

func TestMain(m *testing.M) {
	if os.Getenv(leaving) != "" {
		patience = 100 * time.Millisecond
	}
	Main(m)
}

func TestThatLeavesARun(t *testing.T) {
	if os.Getenv(leaving) == "" {
		t.Skip("for the next test")
	}
	_, _, err := mp.Start(context.Background(), &pipeline, nil, from(0))
	require.NoError(t, err)
}

func TestMainTellsWhenRunsAreLeft(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs processes")
	}
	cmd := exec.CommandContext(Context(t), os.Args[0], "-test.run=^TestThatLeavesARun$")
	cmd.Env = append(os.Environ(), leaving+"=1")
	out, err := cmd.CombinedOutput()
	require.Error(t, err, string(out))
	require.Equal(t, 1, cmd.ProcessState.ExitCode())
	require.Regexp(t, `(?s)PASS\nmptest: left behind by tests that don't close what they start:\nprocess \d+ .*memory files`, string(out))
}

// attempt is a test that is itself under test: it notes what is said and may fail.
type attempt struct {
	testing.TB
	failed   bool
	time     time.Time // when its time is up, 0: never
	log      strings.Builder
	cleanups []func()
}

// try runs a test with its cleanups.
func try(t *testing.T, test func(*attempt)) *attempt {
	a := &attempt{TB: t}
	own := func(f func()) {
		done := make(chan struct{})
		go func() {
			defer close(done)
			f()
		}()
		<-done
	}
	own(func() { test(a) })
	for len(a.cleanups) > 0 {
		last := a.cleanups[len(a.cleanups)-1]
		a.cleanups = a.cleanups[:len(a.cleanups)-1]
		own(last)
	}
	return a
}

func (a *attempt) Helper()          {}
func (a *attempt) Cleanup(f func()) { a.cleanups = append(a.cleanups, f) }
func (a *attempt) Failed() bool     { return a.failed }
func (a *attempt) FailNow()         { a.failed = true; runtime.Goexit() }

func (a *attempt) Deadline() (time.Time, bool) { return a.time, !a.time.IsZero() }

func (a *attempt) Logf(format string, args ...any) { fmt.Fprintf(&a.log, format+"\n", args...) }

func (a *attempt) Errorf(format string, args ...any) {
	a.failed = true
	a.Logf(format, args...)
}

func (a *attempt) Fatalf(format string, args ...any) {
	a.Errorf(format, args...)
	runtime.Goexit()
}

// quickly makes waits in vain short.
func quickly(t *testing.T) {
	old := patience
	patience = 100 * time.Millisecond
	t.Cleanup(func() { patience = old })
}

// onEngines runs a test on each engine that this system has.
func onEngines(t *testing.T, test func(*testing.T)) {
	for _, engine := range []string{"processes", "goroutines", "inline"} {
		t.Run(engine, func(t *testing.T) {
			if engine == "processes" && runtime.GOOS != "linux" {
				t.Skip("needs linux")
			}
			t.Setenv(mp.EngineVariable, engine)
			test(t)
		})
	}
}

// The pipeline of the tests: main sends words to a stage, whose worker
// looks into a number, tells on a queue what it did, and asks a service.
var (
	words  = mp.QueueDecl[string]{Name: "words", Elem: mp.String}
	sizes  = mp.QueueDecl[int]{Name: "sizes"}
	broken = mp.QueueDecl[mp.Failed[string]]{Name: "broken", Elem: mp.FailedOf(mp.String)}
	told   = mp.QueueDecl[string]{Name: "told", Elem: mp.String}
	gate   = mp.NumberDecl[int]{Name: "gate"}
	adder  = mp.ServiceDecl[*sum]{Name: "adder", Methods: []mp.Method[*sum]{
		{Name: "add", Call: func(_ context.Context, s *sum, d *mp.Decoder, e *mp.Encoder) error {
			s.n += mp.Get[int](d)
			mp.Put(e, s.n)
			return nil
		}},
		mp.Staged("count", &told, mp.Sink[struct{}]{}, nil, func(s *sum, _ context.Context, word string) (struct{}, error) {
			s.n += len(word)
			return struct{}{}, nil
		}),
	}}
	measure = mp.PoolDecl[string, int]{
		Name: "measure", Workers: 1, Task: mp.TaskPolicy{Retries: 1, Backoff: time.Millisecond}, Worker: mp.Worker{Grace: 50 * time.Millisecond},
		From: &words, To: mp.To(&sizes), Dead: &broken, Send: []mp.Decl{&told}, Uses: []mp.Decl{&gate, &adder},
	}
	idler = mp.ProcessDecl{Name: "idler", Restart: mp.Always}

	pipeline = mp.Pipeline{
		Path: "mptest.test/words", Source: "words.mp",
		Decls: []mp.Decl{&words, &sizes, &broken, &told, &gate, &adder, &measure, &idler},
		Main:  mp.MainDecl{Send: []mp.Decl{&words}, Receive: []mp.Decl{&sizes, &broken}},
	}
)

type sum struct{ n int }

func init() {
	adder.Open = func(_ context.Context, _ *mp.Node, d *mp.Decoder) (*sum, error) { return &sum{mp.Get[int](d)}, nil }
	measure.Open = func(n *mp.Node) func(context.Context, string) (int, error) {
		told, gate, adder := told.Sender(n), gate.In(n), adder.Client(n)
		return func(ctx context.Context, word string) (int, error) {
			switch word {
			case "bad":
				return 0, errors.New("bad word")
			case "wait": // until the test opens the gate
				for gate.Load() == 0 && ctx.Err() == nil {
					time.Sleep(time.Millisecond)
				}
				return len(word), ctx.Err()
			case "tell":
				return len(word), told.Send(ctx, word)
			case "add":
				v := 0
				err := adder.Call(ctx, 0, func(e *mp.Encoder) { mp.Put(e, len(word)) }, func(d *mp.Decoder) { v = mp.Get[int](d) })
				return v, err
			}
			return len(word), nil
		}
	}
	idler.Main = func(ctx context.Context, _ *mp.Node, _ *mp.Decoder) error {
		<-ctx.Done()
		return nil
	}
	mp.Register(&pipeline)
}

// from gives the service what it begins with.
func from(n int) mp.Arg { return adder.With(func(e *mp.Encoder) { mp.Put(e, n) }) }

// begin starts the whole pipeline.
func begin(t testing.TB) (*mp.Run, *mp.Node) {
	t.Helper()
	run, n, err := mp.Start(Context(t), &pipeline, nil, from(0))
	if err != nil {
		t.Fatalf("%v", err)
	}
	return run, n
}

func TestARunIsClosedAndNothingIsLeft(t *testing.T) {
	onEngines(t, func(t *testing.T) {
		var run *mp.Run
		a := try(t, func(a *attempt) {
			var n *mp.Node
			run, n = begin(a)
			require.Equal(t, Context(a), Context(a))
			require.NoError(t, words.Sender(n).Send(Context(a), "four"))
			size, err := sizes.Receiver(n).Receive(Context(a))
			require.NoError(t, err)
			require.Equal(t, 4, size)
		})
		require.False(t, a.failed, a.log.String())
		require.NoError(t, run.Wait())
		require.Zero(t, run.Stats().Processes["idler"].Running)
	})
}

func TestAnErrorThatTheTestDoesNotSeeFailsIt(t *testing.T) {
	onEngines(t, func(t *testing.T) {
		fail := func(a *attempt) *mp.Run {
			run, _, err := mp.Start(Context(a), &failing, nil)
			require.NoError(t, err)
			Eventually(t, "the end", func() bool {
				_, err := probe.Of(run).Cause()
				return err != nil
			})
			return run
		}
		a := try(t, func(a *attempt) { fail(a) })
		require.True(t, a.failed)
		require.Contains(t, a.log.String(), "neither Wait nor Shutdown has returned: fails[0]: as always")

		a = try(t, func(a *attempt) { require.ErrorContains(t, fail(a).Wait(), "as always") })
		require.False(t, a.failed, a.log.String())
		a = try(t, func(a *attempt) { require.ErrorContains(t, fail(a).Shutdown(Context(a)), "as always") })
		require.False(t, a.failed, a.log.String())

		a = try(t, func(a *attempt) {
			ctx, cancel := context.WithCancel(Context(a))
			_, _, err := mp.Start(ctx, &pipeline, nil, from(0))
			require.NoError(t, err)
			cancel()
		})
		require.False(t, a.failed, a.log.String())
	})
}

var (
	fails   = mp.ProcessDecl{Name: "fails", Main: func(context.Context, *mp.Node, *mp.Decoder) error { return errors.New("as always") }}
	failing = mp.Pipeline{Path: "mptest.test/failing", Source: "failing.mp", Decls: []mp.Decl{&fails}}
)

func init() { mp.Register(&failing) }

func TestWhatIsLeftFailsTheTest(t *testing.T) {
	quickly(t)
	t.Run("goroutine", func(t *testing.T) {
		stop := make(chan struct{})
		a := try(t, func(a *attempt) {
			NoneLeft(a)
			go func() { <-stop }()
		})
		close(stop)
		require.True(t, a.failed)
		require.Contains(t, a.log.String(), "left behind:\ngoroutine ")
		require.Contains(t, a.log.String(), "mptest.TestWhatIsLeftFailsTheTest")
	})
	t.Run("run", func(t *testing.T) {
		if runtime.GOOS != "linux" {
			t.Skip("needs processes")
		}
		var run *mp.Run
		a := try(t, func(a *attempt) {
			NoneLeft(a)
			var err error
			run, _, err = mp.Start(context.Background(), &pipeline, nil, from(0))
			require.NoError(t, err)
		})
		run.Close()
		require.True(t, a.failed)
		for _, what := range []string{"process ", "memory files that are mapped", "descriptor ", "goroutine "} {
			require.Contains(t, a.log.String(), what)
		}
	})
	t.Run("a test that has failed", func(t *testing.T) {
		stop := make(chan struct{})
		a := try(t, func(a *attempt) {
			NoneLeft(a)
			go func() { <-stop }()
			a.Errorf("of its own")
		})
		close(stop)
		require.Equal(t, "of its own\n", a.log.String())
	})
}

func TestATestThatHangsFailsInTime(t *testing.T) {
	onEngines(t, func(t *testing.T) {
		hang := func(enough time.Duration) *attempt {
			return try(t, func(a *attempt) {
				a.time = time.Now().Add(enough)
				run, n := begin(a)
				_, err := sizes.Receiver(n).Receive(Context(a)) // nobody sends anything
				require.Error(t, err, "of the context, or of the run that ends with it")
				require.ErrorIs(t, run.Wait(), errTime)
			})
		}
		const told = "mptest: the run when the time was nearly up:\n"
		enough := time.Second
		a := hang(enough)
		for enough < 20*time.Second && !strings.Contains(a.log.String(), told) { // a busy machine had no time to start
			enough *= 2
			a = hang(enough)
		}
		require.Contains(t, a.log.String(), told)
		require.Contains(t, a.log.String(), "idler")
		require.False(t, a.failed, "Wait has returned the error")
	})
}

func TestAFailedTestTellsWhatTheRunDid(t *testing.T) {
	onEngines(t, func(t *testing.T) {
		a := try(t, func(a *attempt) {
			begin(a)
			a.FailNow()
		})
		require.Contains(t, a.log.String(), "mptest: the run of the test that has failed:\n")
		require.Contains(t, a.log.String(), "idler")
	})
}

func TestEventuallyGivesUp(t *testing.T) {
	calls := 0
	Eventually(t, "three calls", func() bool { calls++; return calls == 3 })
	require.Equal(t, 3, calls)
	quickly(t)
	a := try(t, func(a *attempt) { Eventually(a, "the end of time", func() bool { return false }) })
	require.Equal(t, "mptest: waited in vain for: the end of time\n", a.log.String())
}
