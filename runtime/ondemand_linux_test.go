package mp

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// errands are processes on demand that say their number, and then end as they
// are told.
var errands = func() (s struct {
	pipeline *Pipeline
	process  *ProcessDecl
	out      *QueueDecl[int]
	pool     *PoolDecl[int, int]
}) {
	s.out = &QueueDecl[int]{Name: "out", Capacity: 64}
	s.process = &ProcessDecl{Name: "errand", OnDemand: true, Max: 4, Send: []Decl{s.out}}
	s.process.Main = func(ctx context.Context, n *Node, d *Decoder) error {
		if err := s.out.Sender(n).Send(ctx, Get[int](d)); err != nil {
			return err
		}
		return act(ctx, d.String())
	}
	s.pool = &PoolDecl[int, int]{Name: "beside", Workers: 1, Func: square}
	s.pipeline = &Pipeline{Path: "mp.test/errands", Source: "errands.mp", Decls: []Decl{s.out, s.process, s.pool},
		Main: MainDecl{Receive: []Decl{s.out}}}
	Register(s.pipeline)
	return s
}()

// impatient lets who does not obey be killed soon. Grace is the parent's alone, so
// it may change from run to run.
func impatient(t testing.TB, p *ProcessDecl) {
	p.Worker.Grace = heedful
	t.Cleanup(func() { p.Worker.Grace = 0 })
}

func errand(number int, how string) func(*Encoder) {
	return func(e *Encoder) { Put(e, number); e.String(how) }
}

func spawn(t testing.TB, ctx context.Context, r *Run, number int, how string) *Process {
	t.Helper()
	p, err := errands.process.Spawn(ctx, r, errand(number, how))
	require.NoError(t, err)
	return p
}

func TestProcessesOnDemand(t *testing.T) {
	r, n := begin(t, errands.pipeline)
	out, ctx := errands.out.Receiver(n), limited(t)
	require.Empty(t, r.Processes())
	_, err := out.TryReceive()
	require.ErrorIs(t, err, ErrEmpty) // and not closed: somebody may be started who sends

	for i := 1; i <= 6; i++ { // more than Max, one after the other
		p := spawn(t, ctx, r, i, "obey")
		require.Equal(t, fmt.Sprint("errand-", i), p.Name())
		require.NotZero(t, p.PID())
		require.Equal(t, []*Process{p}, r.Processes())
		v, err := out.Receive(ctx)
		require.NoError(t, err)
		require.Equal(t, i, v)
		require.NoError(t, p.Err())
		name, _ := processStat(p.PID())
		require.Equal(t, p.Name(), name)
		require.NoError(t, p.Stop(ctx))
		within(t, p.Done())
		require.Zero(t, p.PID())
		require.ErrorIs(t, p.Err(), context.Canceled)
	}
	require.Equal(t, ProcessStats{Started: 6}, r.Stats().Processes["errand"].counts())

	last := spawn(t, ctx, r, 7, "return")
	waited := make(chan error)
	go func() { waited <- r.Wait() }()
	for v, err := range out.All(ctx) { // it ends with Wait and the last of them
		require.NoError(t, err)
		require.Equal(t, 7, v)
	}
	require.NoError(t, <-waited)
	require.NoError(t, last.Err())
	_, err = errands.process.Spawn(ctx, r, errand(8, "return"))
	require.ErrorIs(t, err, ErrClosed)
	require.ErrorContains(t, err, `process "errand"`)
	require.NoError(t, last.Wait(ctx))
	require.NoError(t, r.Close())
	require.NoError(t, last.Wait(ctx))
	last.Kill()
	last.Interrupt()
	require.NoError(t, last.Stop(ctx))
}

func TestFailureOnDemandIsTheHandlesAlone(t *testing.T) {
	for how, check := range map[string]func(t *testing.T, err error){
		"fail": func(t *testing.T, err error) {
			var remote *Remote
			require.ErrorAs(t, err, &remote)
			require.ErrorIs(t, err, errKeptByName)
		},
		"panic":     func(t *testing.T, err error) { require.Contains(t, died(t, err).Panic, "no more paper") },
		"exit":      func(t *testing.T, err error) { require.Equal(t, 3, died(t, err).Exit) },
		"exit well": func(t *testing.T, err error) { require.Zero(t, died(t, err).Exit) },
		"kill":      func(t *testing.T, err error) { require.Equal(t, syscall.SIGKILL, died(t, err).Signal) },
	} {
		t.Run(how, func(t *testing.T) {
			r, n := begin(t, errands.pipeline)
			ctx := limited(t)
			good := spawn(t, ctx, r, 1, "obey")
			bad := spawn(t, ctx, r, 2, how)
			pid := bad.PID()
			var wg sync.WaitGroup
			for range 3 {
				wg.Go(func() {
					for range 2 {
						if bad.Wait(ctx) != bad.Err() || bad.Err() == nil {
							t.Error("waiting again gives something else")
						}
					}
				})
			}
			wg.Wait()
			var e *Error
			require.ErrorAs(t, bad.Err(), &e)
			require.Equal(t, Error{Name: "errand", Index: 2, PID: pid, Err: e.Err}, *e)
			check(t, bad.Err())
			require.NoError(t, good.Err()) // goes on
			require.NotZero(t, good.PID())
			require.NoError(t, good.Stop(ctx))
			require.Equal(t, ProcessStats{Started: 2, Failed: 1}, r.Stats().Processes["errand"].counts())
			var last error
			waited := make(chan error)
			go func() { waited <- r.Wait() }()
			for _, err := range errands.out.Receiver(n).All(ctx) {
				last = err
			}
			check(t, last) // a crash never looks like a good end
			require.NoError(t, <-waited)
		})
	}
}

func TestSpawnWaitsForASlot(t *testing.T) {
	r, _ := begin(t, errands.pipeline)
	ctx := limited(t)
	var all []*Process
	for i := range 4 {
		all = append(all, spawn(t, ctx, r, i, "obey"))
	}
	soon, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
	defer cancel()
	_, err := errands.process.Spawn(soon, r, errand(4, "obey"))
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Len(t, r.Processes(), 4)

	fifth := make(chan *Process)
	go func() {
		p, err := errands.process.Spawn(ctx, r, errand(4, "obey"))
		if err != nil {
			t.Error(err)
		}
		fifth <- p
	}()
	all[2].Kill()
	p := <-fifth
	require.NotNil(t, p)
	require.Equal(t, "errand-5", p.Name())

	// Who waits when the program says that it starts no more is told so.
	failed := make(chan error)
	go func() {
		_, err := errands.process.Spawn(ctx, r, errand(4, "obey"))
		failed <- err
	}()
	go r.Wait()
	require.ErrorIs(t, <-failed, ErrClosed)
	require.Len(t, r.Processes(), 4)
	r.Close()
	for _, p := range append(all, p) {
		require.Error(t, p.Wait(ctx))
	}
}

func TestContextOfAProcessOnDemand(t *testing.T) {
	for _, how := range []string{"obey", "stuck"} {
		t.Run(how, func(t *testing.T) {
			if how == "stuck" {
				impatient(t, errands.process)
			}
			r, n := begin(t, errands.pipeline)
			ctx, cancel := context.WithCancel(limited(t))
			p := spawn(t, ctx, r, 1, how)
			_, err := errands.out.Receiver(n).Receive(limited(t))
			require.NoError(t, err)
			cancel()
			err = p.Wait(limited(t))
			require.ErrorIs(t, err, context.Canceled)
			require.Equal(t, how == "stuck", errors.As(err, new(*Died)), err)
			_, err = errands.process.Spawn(ctx, r, errand(1, how))
			require.ErrorIs(t, err, context.Canceled)

			begun := false
			for timeout := 50 * time.Millisecond; !begun; timeout *= 2 { // a busy machine may need longer to begin
				ctx, cancel = context.WithTimeout(limited(t), timeout)
				defer cancel()
				if p, err = errands.process.Spawn(ctx, r, errand(1, how)); err != nil {
					require.ErrorIs(t, err, context.DeadlineExceeded)
					continue
				}
				require.ErrorIs(t, p.Wait(ctx), context.DeadlineExceeded) // the context's own
				err = p.Wait(limited(t))
				require.ErrorIs(t, err, context.DeadlineExceeded)
				_, empty := errands.out.Receiver(n).TryReceive()
				begun = empty == nil
			}
			require.Equal(t, how == "stuck", errors.As(err, new(*Died)), err)
		})
	}
}

func TestStopOfAProcess(t *testing.T) {
	impatient(t, errands.process)
	r, n := begin(t, errands.pipeline)
	out, ctx := errands.out.Receiver(n), limited(t)
	deaf := spawn(t, ctx, r, 1, "stuck")
	_, err := out.Receive(ctx)
	require.NoError(t, err)
	gone, cancel := context.WithCancel(ctx)
	cancel()
	require.ErrorIs(t, deaf.Stop(gone), context.Canceled)
	require.NoError(t, deaf.Err(), "it has its grace")
	err = deaf.Stop(ctx)
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, syscall.SIGKILL, died(t, err).Signal)

	deaf = spawn(t, ctx, r, 1, "stuck")
	_, err = out.Receive(ctx)
	require.NoError(t, err)
	deaf.Interrupt()
	patient, cancel := context.WithTimeout(ctx, 2*errands.process.Worker.Grace)
	defer cancel()
	require.ErrorIs(t, deaf.Wait(patient), context.DeadlineExceeded) // nobody kills it
	deaf.Kill()
	require.Equal(t, syscall.SIGKILL, died(t, deaf.Wait(ctx)).Signal)

	good := spawn(t, ctx, r, 1, "obey")
	_, err = out.Receive(ctx)
	require.NoError(t, err)
	good.Interrupt()
	require.ErrorIs(t, good.Wait(ctx), context.Canceled)
}

func TestArgumentsOnDemandHaveTheirSize(t *testing.T) {
	r, _ := begin(t, errands.pipeline)
	_, err := errands.process.Spawn(t.Context(), r, errand(0, string(make([]byte, 1<<20))))
	require.ErrorIs(t, err, ErrTooBig)
	_, err = crowd.process.Spawn(t.Context(), r, ending(""))
	require.ErrorContains(t, err, "generate its code again")
}

// crowd is processes on demand that reach nothing but a number, many at once.
var crowd = func() (s struct {
	pipeline *Pipeline
	process  *ProcessDecl
	begun    *NumberDecl[int]
}) {
	s.begun = &NumberDecl[int]{Name: "begun"}
	s.process = &ProcessDecl{Name: "one", OnDemand: true, Max: 1000, Uses: []Decl{s.begun}}
	s.process.Main = func(ctx context.Context, n *Node, d *Decoder) error {
		s.begun.In(n).Add(1)
		return act(ctx, d.String())
	}
	s.pipeline = &Pipeline{Path: "mp.test/crowd", Source: "crowd.mp", Decls: []Decl{s.begun, s.process}}
	Register(s.pipeline)
	return s
}()

func ending(how string) func(*Encoder) { return func(e *Encoder) { e.String(how) } }

func TestCloseOfManyOnDemand(t *testing.T) {
	for _, how := range []string{"obey", "stuck"} {
		t.Run(how, func(t *testing.T) {
			r, n := begin(t, crowd.pipeline)
			const many = 60
			var all []*Process
			for range many {
				p, err := crowd.process.Spawn(t.Context(), r, ending(how))
				require.NoError(t, err)
				all = append(all, p)
			}
			until(t, "all have begun", func() bool { return crowd.begun.In(n).Load() == many })
			began := time.Now()
			require.NoError(t, r.Close())
			took := time.Since(began)
			t.Log(took)
			require.Less(t, took, 10*time.Second) // the grace is two, of all at once
			require.Empty(t, children(os.Getpid()))
			for _, p := range all {
				require.Error(t, p.Err())
			}
		})
	}
}

func init() { programs["crowd"] = crowdProgram }

// crowdProgram waits for processes on demand that never end.
func crowdProgram() {
	r, _, err := Start(context.Background(), crowd.pipeline, nil)
	if err != nil {
		panic(err)
	}
	for range 20 {
		p, err := crowd.process.Spawn(context.Background(), r, ending("stuck"))
		if err != nil {
			panic(err)
		}
		fmt.Println(p.PID())
	}
	for _, p := range r.Processes() {
		p.Wait(context.Background())
	}
}

func TestNoneOnDemandOutlivesAKilledProgram(t *testing.T) {
	noLeaks(t)
	cmd := program(t, "crowd")
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	var pids []int
	for lines := bufio.NewScanner(out); len(pids) < 20 && lines.Scan(); {
		pid, err := strconv.Atoi(lines.Text())
		require.NoError(t, err)
		require.True(t, alive(pid))
		pids = append(pids, pid)
	}
	require.Len(t, pids, 20)
	began := time.Now()
	require.NoError(t, cmd.Process.Kill())
	until(t, "all are gone", func() bool { return !slices.ContainsFunc(pids, alive) })
	require.Less(t, time.Since(began), 100*time.Millisecond+busyMachine)
	cmd.Wait()
}

func TestSignalFromElsewhereEndsAProcess(t *testing.T) {
	r, n := begin(t, errands.pipeline)
	p := spawn(t, limited(t), r, 1, "obey")
	_, err := errands.out.Receiver(n).Receive(limited(t))
	require.NoError(t, err)
	require.NoError(t, syscall.Kill(p.PID(), syscall.SIGTERM))
	require.Equal(t, syscall.SIGTERM, died(t, p.Wait(limited(t))).Signal)
}
