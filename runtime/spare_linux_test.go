package mp

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mpgen/mpgen/runtime/internal/proc"
)

// readies are rows that start warm, and what they did.
var readies = func() (s struct {
	pipeline *Pipeline
	errand   *ProcessDecl
	pool     *PoolDecl[work, answer]
	desk     *ServiceDecl[*readyDesk]
	begun    *NumberDecl[int] // errands
	opened   *NumberDecl[int] // desks
}) {
	s.begun, s.opened = &NumberDecl[int]{Name: "begun"}, &NumberDecl[int]{Name: "opened"}
	s.errand = &ProcessDecl{Name: "errand", OnDemand: true, Max: 8, Warm: 2, Uses: []Decl{s.begun}, Worker: Worker{Grace: time.Second, Memory: 256 * mib}}
	s.errand.Main = func(ctx context.Context, n *Node, d *Decoder) error {
		how, f := d.String(), d.File()
		if err := d.Err(); err != nil {
			return err
		}
		s.begun.In(n).Add(1)
		if f != nil {
			fmt.Fprintln(f, os.Getpid(), n.Instance())
			f.Close()
		}
		return act(ctx, how)
	}
	s.pool = &PoolDecl[work, answer]{Name: "ready", Workers: 2, In: workCodec, Out: answerCodec, Warm: 1, Func: doWork,
		Worker: Worker{Tasks: 40, Memory: 256 * mib, CPUs: 3}}
	s.desk = &ServiceDecl[*readyDesk]{Name: "desk", Warm: 1, Uses: []Decl{s.opened}, Methods: []Method[*readyDesk]{
		{Name: "who", Call: func(_ context.Context, desk *readyDesk, _ *Decoder, e *Encoder) error {
			Put(e, desk.pid)
			return nil
		}},
	}}
	s.desk.Open = func(_ context.Context, n *Node, _ *Decoder) (*readyDesk, error) {
		s.opened.In(n).Add(1)
		return &readyDesk{os.Getpid()}, nil
	}
	s.pipeline = &Pipeline{Path: "mp.test/readies", Source: "readies.mp", Decls: []Decl{s.begun, s.opened, s.errand, s.pool, s.desk}}
	Register(s.pipeline)
	return s
}()

type readyDesk struct{ pid int }

func runErrand(t testing.TB, r *Run, how string, f *os.File) *Process {
	t.Helper()
	p, err := readies.errand.Spawn(context.Background(), r, func(e *Encoder) { e.String(how); e.File(f) })
	require.NoError(t, err)
	return p
}

// standBy waits until the spares of all rows stand, and returns their pids.
func standBy(t testing.TB, r *Run) (pids []int) {
	t.Helper()
	until(t, "the spares stand", func() bool {
		s := r.Stats()
		return s.Processes["errand"].Spares == 2 && s.Pools["ready"].Spares == 1 && s.Pools["desk"].Spares == 1
	})
	return sparesOf(r)
}

// sparesOf are the groups that stand in the places of spares.
func sparesOf(r *Run) (pids []int) {
	for i := range r.node.control.Spares {
		if pid := int(r.node.control.Spares[i].Group.Load()); pid != 0 {
			pids = append(pids, pid)
		}
	}
	return pids
}

func TestWorkerIsReplacedByASpare(t *testing.T) {
	r, n := begin(t, readies.pipeline)
	pool, ctx := readies.pool.Pool(n), limited(t)
	for _, how := range []string{"kill", "panic"} {
		stand := standBy(t, r)
		require.NotSubset(t, stand, workersOf(r))
		other := pool.Go(ctx, work{How: "obey"}) // occupies the other worker
		until(t, "it has begun", func() bool { return r.Stats().Pools["ready"].Busy == 1 })
		_, err := pool.Call(ctx, work{How: how})
		died(t, err)
		var e *Error
		require.ErrorAs(t, err, &e)
		a, err := pool.Call(ctx, work{How: "processors"}) // with what its row says
		require.NoError(t, err)
		require.Equal(t, 3, a.N)
		require.Contains(t, stand, a.PID, "it was there before")
		require.Equal(t, a.PID, pidOf(t, r.memberOf("ready", e.Index)))
		name, _ := processStat(a.PID)
		require.Equal(t, fmt.Sprintf("ready[%d]", e.Index), name)
		limits, err := os.ReadFile(fmt.Sprintf("/proc/%d/limits", a.PID))
		require.NoError(t, err)
		require.NotRegexp(t, `Max address space +unlimited`, string(limits))
		other.Cancel()
		_, err = other.Wait(ctx)
		require.ErrorIs(t, err, context.Canceled)
	}

	// As soon as a worker retires, its place is taken too.
	stand := standBy(t, r)
	until(t, "a worker retires", func() bool {
		a, err := pool.Call(ctx, work{})
		require.NoError(t, err)
		return slices.Contains(stand, a.PID)
	})
	s := r.Stats().Pools["ready"]
	require.Equal(t, 2, s.Workers)
	require.EqualValues(t, 4, s.Failed)
}

func TestServiceIsOpenedByWhoTakesOver(t *testing.T) {
	r, n := begin(t, readies.pipeline)
	desk := readies.desk.Client(n)
	who := func() (pid int) {
		require.NoError(t, desk.Call(limited(t), 0, func(*Encoder) {}, func(d *Decoder) { pid = Get[int](d) }))
		return pid
	}
	first, stand := who(), standBy(t, r)
	opened := readies.opened.In(n)
	require.Equal(t, 1, opened.Load())
	syscall.Kill(first, syscall.SIGKILL)
	until(t, "it is replaced", func() bool { return opened.Load() == 2 })
	require.Contains(t, stand, who())
	standBy(t, r)
	require.Equal(t, 2, opened.Load())
}

func TestProcessOnDemandWasASpare(t *testing.T) {
	r, n := begin(t, readies.pipeline)
	for i := range 3 {
		stand := standBy(t, r)
		require.Empty(t, r.Processes(), "a spare is no process of the run")
		require.Zero(t, r.Stats().Processes["errand"].Running)
		f, err := os.Create(filepath.Join(t.TempDir(), "report"))
		require.NoError(t, err)
		p := runErrand(t, r, "obey", f)
		require.Contains(t, stand, p.PID())
		require.Equal(t, fmt.Sprint("errand-", i+1), p.Name())
		until(t, "it runs", func() bool { return readies.begun.In(n).Load() == i+1 })
		name, _ := processStat(p.PID())
		require.Equal(t, p.Name(), name)
		require.NoError(t, p.Stop(limited(t)))
		text, err := os.ReadFile(f.Name())
		require.NoError(t, err)
		var pid, instance int
		_, err = fmt.Sscan(string(text), &pid, &instance)
		require.NoError(t, err)
		require.Contains(t, stand, pid)
		require.Less(t, instance, 8)
		f.Close()
	}

	// More at once than there are spares: the others are started as ever.
	stand := standBy(t, r)
	var all []*Process
	warm := 0
	for range 6 {
		p := runErrand(t, r, "obey", nil)
		if all = append(all, p); slices.Contains(stand, p.PID()) {
			warm++
		}
	}
	require.Equal(t, 2, warm)
	for _, p := range all {
		require.NoError(t, p.Stop(limited(t)))
	}
	require.Equal(t, 9, r.Stats().Processes["errand"].Started)
	require.ErrorIs(t, runErrand(t, r, "fail", nil).Wait(limited(t)), errKeptByName)
	for range 10 { // it may be gone before anybody has heard that it is there
		standBy(t, r)
		err := runErrand(t, r, "exit", nil).Wait(limited(t))
		require.Equal(t, 3, died(t, err).Exit)
		require.NotContains(t, err.Error(), "bounded")
	}
}

func TestSparesThatDieAreReplacedAndNoStartIsLost(t *testing.T) {
	r, n := begin(t, readies.pipeline)
	for range 2 {
		stand := standBy(t, r)
		for _, pid := range stand {
			require.NoError(t, syscall.Kill(pid, syscall.SIGKILL))
		}
		require.NoError(t, runErrand(t, r, "return", nil).Wait(limited(t)))
		until(t, "they are gone", func() bool { return !slices.ContainsFunc(stand, alive) })
	}
	standBy(t, r)
	require.Equal(t, 2, readies.begun.In(n).Load())
	var told []string
	for _, e := range r.Stats().Errors {
		told = append(told, e.Name+": "+e.Text)
	}
	require.Contains(t, told, "errand: a spare process: killed by signal 9 (killed)")
}

// A spare that is stopped does not know that it has a slot; it must neither be
// waited for nor do its part later.
func TestSpareThatStandsStillIsPassedOver(t *testing.T) {
	r, n := begin(t, readies.pipeline)
	stand := standBy(t, r)
	for _, pid := range stand {
		halt(t, pid)
	}
	began := time.Now()
	p := runErrand(t, r, "obey", nil)
	require.NotContains(t, stand, p.PID())
	until(t, "it runs", func() bool { return readies.begun.In(n).Load() == 1 })
	require.Less(t, time.Since(began), 2*time.Second+busyMachine)

	worker := workersOf(r)[0]
	syscall.Kill(worker, syscall.SIGKILL)
	until(t, "the worker is replaced", func() bool { return len(workersOf(r)) == 3 && !slices.Contains(workersOf(r), worker) })
	require.Empty(t, slices.DeleteFunc(workersOf(r), func(pid int) bool { return !slices.Contains(stand, pid) }))
	for _, pid := range stand {
		syscall.Kill(pid, syscall.SIGCONT)
	}
	require.NoError(t, p.Stop(limited(t)))
	require.Equal(t, 1, readies.begun.In(n).Load())
	require.Equal(t, 1, r.Stats().Processes["errand"].Started)
}

func TestManyWarmStartsAmongKills(t *testing.T) {
	r, n := begin(t, readies.pipeline)
	over := make(chan struct{})
	var wg, starters sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case <-over:
				return
			case <-time.After(time.Duration(rand.IntN(3000)) * time.Microsecond):
			}
			if pids := sparesOf(r); len(pids) > 0 {
				syscall.Kill(pids[rand.IntN(len(pids))], syscall.SIGKILL)
			}
		}
	})
	const starts = 120
	for range 2 {
		starters.Go(func() {
			for i := range starts / 2 {
				p, err := readies.errand.Spawn(limited(t), r, func(e *Encoder) { e.String("return"); e.File(nil) })
				if err != nil {
					t.Error(err)
					return
				}
				if i%10 == 0 { // it may have ended well before
					p.Kill()
				}
				var d *Died
				if err := p.Wait(limited(t)); err != nil && (!errors.As(err, &d) || i%10 != 0 && d.Signal != syscall.SIGKILL) {
					t.Error(err)
					if d != nil {
						t.Errorf("exit %d, signal %d, stderr:\n%s", d.Exit, d.Signal, d.Stderr)
					}
				}
			}
		})
	}
	starters.Wait()
	close(over)
	wg.Wait()
	s := r.Stats().Processes["errand"]
	require.Equal(t, starts, s.Started)
	require.Zero(t, s.Running)
	require.LessOrEqual(t, readies.begun.In(n).Load(), starts)
	require.GreaterOrEqual(t, readies.begun.In(n).Load(), starts-s.Failed)
	standBy(t, r)
}

func TestCloseWhileSparesStart(t *testing.T) {
	noLeaks(t)
	for i := range 12 {
		r, _, err := Start(context.Background(), readies.pipeline, []Option{NoSignals()})
		require.NoError(t, err)
		time.Sleep(time.Duration(i) * 500 * time.Microsecond)
		began := time.Now()
		require.NoError(t, r.Close())
		require.Less(t, time.Since(began), time.Second+busyMachine)
		require.Zero(t, r.Stats().Pools["ready"].Spares)
	}
}

// Spares stay no longer than somebody may be started, and keep nobody waiting.
func TestSparesGoWhenNothingIsStartedAnyMore(t *testing.T) {
	r, _ := begin(t, readies.pipeline)
	stand := standBy(t, r)
	p := runErrand(t, r, "return", nil)
	require.NoError(t, p.Wait(limited(t)))
	standBy(t, r)
	require.NoError(t, r.Wait()) // starts no more on demand; pools answer until Close
	until(t, "those of errand are gone", func() bool { return len(sparesOf(r)) == 2 })
	require.Equal(t, 1, r.Stats().Pools["ready"].Spares)
	require.NoError(t, r.Close())
	require.False(t, slices.ContainsFunc(stand, alive))
}

func TestIdleSpareTakesLittle(t *testing.T) {
	r, _ := begin(t, readies.pipeline)
	stand := standBy(t, r)
	memory, threads := 2<<10, 6+6      // Go starts more where a start is held up
	for _, pid := range workersOf(r) { // what this large binary takes, and the race detector
		memory, threads = max(memory, statusOf(t, pid, "RssAnon")+512), max(threads, statusOf(t, pid, "Threads"))
	}
	for _, pid := range stand {
		t.Log(statusOf(t, pid, "RssAnon"), "KiB,", statusOf(t, pid, "Threads"), "threads")
		require.LessOrEqual(t, statusOf(t, pid, "RssAnon"), memory, "KiB")
		require.LessOrEqual(t, statusOf(t, pid, "Threads"), threads)
	}
}

func statusOf(t testing.TB, pid int, key string) int {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	require.NoError(t, err)
	_, rest, found := strings.Cut(string(text), "\n"+key+":")
	require.True(t, found, key)
	n, err := strconv.Atoi(strings.Fields(rest)[0])
	require.NoError(t, err)
	return n
}

func init() {
	programs["readies"] = func() {
		r, _, err := Start(context.Background(), readies.pipeline, nil)
		if err != nil {
			panic(err)
		}
		for len(sparesOf(r)) < 4 {
			time.Sleep(time.Millisecond)
		}
		for _, pid := range sparesOf(r) {
			fmt.Println(pid)
		}
		select {}
	}
}

func TestNoSpareOutlivesAKilledProgram(t *testing.T) {
	noLeaks(t)
	cmd := program(t, "readies")
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	var pids []int
	for lines := bufio.NewScanner(out); len(pids) < 4 && lines.Scan(); {
		pid, err := strconv.Atoi(lines.Text())
		require.NoError(t, err)
		pids = append(pids, pid)
	}
	require.Len(t, pids, 4)
	began := time.Now()
	require.NoError(t, cmd.Process.Kill())
	until(t, "all are gone", func() bool { return !slices.ContainsFunc(pids, alive) })
	require.Less(t, time.Since(began), 100*time.Millisecond+busyMachine)
	cmd.Wait()
}

func init() {
	if role, _ := proc.Current(); role.Spare && os.Getenv("MP_TEST_NO_SPARES") != "" {
		os.Exit(9)
	}
}

func TestStartOfASpareThatFailsIsToldAndTriedAgain(t *testing.T) {
	t.Setenv("MP_TEST_NO_SPARES", "1")
	r, n := begin(t, readies.pipeline)
	until(t, "it is told", func() bool {
		return slices.ContainsFunc(r.Stats().Errors, func(e ErrorStats) bool { return e.Name == "desk" && e.Count >= 2 })
	})
	require.NoError(t, runErrand(t, r, "return", nil).Wait(limited(t)))
	_, err := readies.pool.Pool(n).Call(limited(t), work{})
	require.NoError(t, err)
}
