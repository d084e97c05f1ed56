package mptest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	mp "github.com/mpgen/mpgen/runtime"
	"github.com/mpgen/mpgen/runtime/internal/leak"
	"github.com/mpgen/mpgen/runtime/internal/probe"
)

// Main is what TestMain does in a package whose tests start processes: it calls
// [mp.Main], runs the tests, and exits. If all have passed and processes or shared
// memory of a run are left, it says so and exits with 1.
func Main(m *testing.M) {
	mp.Main()
	before := leak.Take()
	code := m.Run()
	if code == 0 {
		if left := wait(func() []string { return append(before.LeftProcesses(), before.LeftMemory()...) }); left != nil {
			fmt.Fprintf(os.Stderr, "mptest: left behind by tests that don't close what they start:\n%s\n", strings.Join(left, "\n"))
			code = 1
		}
	}
	os.Exit(code)
}

// contexts are those of the tests that run.
var contexts sync.Map

// Context is for the Start functions of pipelines: the runs that are started under
// it, or under a context made of it, are closed at the end of the test, after the
// cleanups that the test has registered since. The test fails
//
//   - if a run was stopped by an error that neither its Wait nor its Shutdown has
//     returned; the end of a context that the test has cancelled is none;
//   - if a wake-up got lost ([mp.Stats]);
//   - if anything is left, see [NoneLeft]: so call Context before what else the test
//     opens for longer than itself.
//
// The context ends a little before the time of the test binary is up, so that a
// test that hangs in a run fails with an error. Then, and when a test has failed,
// its log has what the run does ([mp.Run.Dump]). Each call in one test returns the
// same context.
func Context(t testing.TB) context.Context {
	t.Helper()
	if ctx, ok := contexts.Load(t); ok {
		return ctx.(context.Context)
	}
	NoneLeft(t)
	w := &watch{t: t}
	ctx, cancel := context.WithCancelCause(context.Background())
	if d, ok := t.(interface{ Deadline() (time.Time, bool) }); ok {
		if end, ok := d.Deadline(); ok {
			left := time.Until(end)
			late := time.AfterFunc(left-min(left/10, 10*time.Second), func() {
				w.show("when the time was nearly up")
				cancel(errTime)
			})
			t.Cleanup(func() { late.Stop() })
		}
	}
	ctx = probe.Watch(ctx, w.started)
	contexts.Store(t, ctx)
	t.Cleanup(func() {
		w.end()
		cancel(nil)
		contexts.Delete(t)
	})
	return ctx
}

var errTime = errors.New("the time for the test is nearly up")

// watch is the runs of one test.
type watch struct {
	t    testing.TB
	mu   sync.Mutex
	runs []*mp.Run
}

func (w *watch) started(run any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.runs = append(w.runs, run.(*mp.Run))
}

// show writes what the runs do to the log of the test.
func (w *watch) show(when string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, run := range w.runs {
		var text strings.Builder
		if run.Dump(context.Background(), &text) == nil {
			w.t.Logf("mptest: the run %s:\n%s", when, &text)
		}
	}
}

func (w *watch) end() {
	w.t.Helper()
	if w.t.Failed() {
		w.show("of the test that has failed")
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := len(w.runs) - 1; i >= 0; i-- {
		run := w.runs[i]
		run.Close()
		answered, err := probe.Of(run).Cause()
		if err != nil && !answered && err != context.Canceled {
			w.t.Errorf("mptest: a run was stopped by an error that neither Wait nor Shutdown has returned: %v", err)
		}
		if n := run.Stats().Rescued; n > 0 {
			w.t.Errorf("mptest: %d wake-ups got lost", n)
		}
	}
}

// NoneLeft makes the test fail at its end if there is anything then that was not
// there at the call: child processes, open descriptors, mapped memory of runs,
// goroutines. It waits for what is about to end. A test that has failed already is
// left alone.
//
// On engines of goroutines a function that was abandoned, for it was killed or did
// not heed its context, counts until it returns.
func NoneLeft(t testing.TB) {
	t.Helper()
	before := leak.Take()
	t.Cleanup(func() {
		t.Helper()
		if t.Failed() {
			return
		}
		if left := wait(before.Left); left != nil {
			t.Errorf("mptest: left behind:\n%s", strings.Join(left, "\n"))
		}
	})
}

// patience bounds each wait for what must come.
var patience = 20 * time.Second

// wait waits until nothing is left, and returns what is, after all.
func wait(left func() []string) []string {
	for deadline := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		all := left()
		if len(all) == 0 {
			return nil
		}
		if time.Now().After(deadline) {
			return all
		}
	}
}

// Eventually waits until met reports true, and fails the test at once if that takes
// longer than 20 s; what says what it waits for. It is for what gives no event,
// such as the counters of [mp.Run.Stats].
func Eventually(t testing.TB, what string, met func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !met(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("mptest: waited in vain for: %s", what)
		}
	}
}
