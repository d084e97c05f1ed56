package mptest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	mp "github.com/mpgen/mpgen/runtime"
)

// holding starts the pool alone and has its worker work on a task that waits for
// the gate.
func holding(t *testing.T) (*mp.Run, *mp.Task[int]) {
	t.Helper()
	pool, run := Pool(t, &measure, []mp.Arg{from(0)})
	t.Cleanup(func() { open(run) })
	task := pool.Go(Context(t), "wait")
	require.Zero(t, Busy(t, run, "measure"))
	return run, task
}

// open opens the gate.
func open(run *mp.Run) { gate.In(Node(run)).Store(1) }

func TestKilledWorkerIsReplaced(t *testing.T) {
	onEngines(t, func(t *testing.T) {
		run, task := holding(t)
		Kill(t, run, "measure", 0)
		require.Zero(t, Busy(t, run, "measure")) // of the second attempt
		open(run)
		v, err := task.Wait(Context(t))
		require.NoError(t, err)
		require.Equal(t, 4, v)
		require.EqualValues(t, 1, run.Stats().Pools["measure"].Restarts)
		require.EqualValues(t, 1, run.Stats().Pools["measure"].Retried)
	})
}

func TestExhaustedWorkerSaysSo(t *testing.T) {
	onEngines(t, func(t *testing.T) {
		run, task := holding(t)
		Exhaust(t, run, "measure", 0)
		require.Zero(t, Busy(t, run, "measure"))
		Exhaust(t, run, "measure", 0)
		open(run) // for what is abandoned
		_, err := task.Wait(Context(t))
		var died *mp.Died
		require.ErrorAs(t, err, &died)
		require.True(t, died.OOM, err)
	})
}

func TestHungWorkerAnswersWhenItGoesOn(t *testing.T) {
	onEngines(t, func(t *testing.T) {
		run, task := holding(t)
		Hang(t, run, "measure", 0)
		open(run)
		select {
		case <-task.Done():
			require.Fail(t, "it does not hang")
		case <-time.After(50 * time.Millisecond): // no event says that nothing happens
		}
		Resume(t, run, "measure", 0)
		v, err := task.Wait(Context(t))
		require.NoError(t, err)
		require.Equal(t, 4, v)
		require.Zero(t, run.Stats().Pools["measure"].Restarts)
	})
}

func TestHungWorkerIsEndedWhenItsCallerGivesUp(t *testing.T) {
	onEngines(t, func(t *testing.T) {
		pool, run := Pool(t, &measure, []mp.Arg{from(0)})
		t.Cleanup(func() { open(run) })
		ctx, cancel := context.WithCancel(Context(t))
		task := pool.Go(ctx, "wait")
		require.Zero(t, Busy(t, run, "measure"))
		Hang(t, run, "measure", 0)
		cancel()
		_, err := task.Wait(Context(t))
		require.ErrorIs(t, err, context.Canceled)
		v, err := pool.Call(Context(t), "three")
		require.NoError(t, err)
		require.Equal(t, 5, v)
		require.EqualValues(t, 1, run.Stats().Pools["measure"].Restarts)
	})
}

func TestStageIsHarmedInTheWholePipeline(t *testing.T) {
	onEngines(t, func(t *testing.T) {
		run, n := begin(t)
		require.NoError(t, words.Sender(n).Send(Context(t), "wait"))
		for range 2 {
			require.Zero(t, Busy(t, run, "measure"))
			Kill(t, run, "measure", 0)
		}
		open(run)
		f, err := broken.Receiver(n).Receive(Context(t))
		require.NoError(t, err)
		require.Equal(t, "wait", f.Item)
		var died *mp.Died
		require.ErrorAs(t, f.Err, &died)
		require.False(t, died.OOM)

		Kill(t, run, "idler", 0)
		Running(t, run, "idler", 0)
		require.Equal(t, 1, run.Stats().Processes["idler"].Restarts)
	})
}

func TestWhatIsNotThereIsTold(t *testing.T) {
	busy := func(t testing.TB, run *mp.Run, name string, _ int) { Busy(t, run, name) }
	for _, test := range []struct {
		does func(testing.TB, *mp.Run, string, int)
		name string
		i    int
		want string
	}{
		{Kill, "mesure", 0, `the pipeline has no "mesure", but adder, measure, idler`},
		{Hang, "measure", 1, `"measure" has 1, counted from 0, and none is number 1`},
		{Exhaust, "measure", -1, `"measure" has 1, counted from 0, and none is number -1`},
		{busy, "idler", 0, `"idler" is a process, and only workers of pools and services have tasks`},
		{busy, "measure", 0, `waited in vain for: a task of measure`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Setenv(mp.EngineVariable, "goroutines")
			a := try(t, func(a *attempt) {
				run, _ := begin(a)
				Running(t, run, "idler", 0)
				quickly(t)
				test.does(a, run, test.name, test.i)
			})
			require.Contains(t, a.log.String(), "mptest: "+test.want+"\n")
		})
	}
	t.Run("ended", func(t *testing.T) {
		t.Setenv(mp.EngineVariable, "goroutines")
		run, _, err := mp.Start(Context(t), &failing, nil)
		require.NoError(t, err)
		require.Error(t, run.Wait())
		a := try(t, func(a *attempt) { Kill(a, run, "fails", 0) })
		require.Equal(t, "mptest: it has ended: fails[0]: as always\n", a.log.String())
	})
}
