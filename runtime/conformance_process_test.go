package mp

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"

	"github.com/stretchr/testify/require"
)

func (t *trial) panics() {
	r, n := t.start(office.pipeline)
	_, err := office.serve.Pool(n).Call(limited(t), order{how: "panic"})
	var e *Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, "serve", e.Name)
	require.Equal(t, 2, e.Attempts)
	var died *Died
	require.ErrorAs(t, err, &died)
	require.Equal(t, 2, died.Exit)
	require.Regexp(t, `^panic: as told\n\ngoroutine \d+ \[running\]:\n`, died.Panic)
	require.Contains(t, died.Panic, "runtime.perform(")
	require.Contains(t, died.Error(), "panic: as told")
	require.EqualValues(t, 1, r.Stats().Pools["serve"].Failed)
	answer, err := office.serve.Pool(n).Call(limited(t), order{how: "return"})
	require.NoError(t, err)
	require.Equal(t, "served return", answer)
}

func (t *trial) restart() {
	r, n := t.start(speech.pipeline, speak(1, "panic", 3))
	for _, err := range speech.said.Receiver(n).All(limited(t)) {
		require.NoError(t, err)
	}
	require.NoError(t, r.Wait())
	require.Equal(t, ProcessStats{Started: 3, Failed: 2, Restarts: 2}, r.Stats().Processes["speak"].counts())

	r, _ = t.start(speech.pipeline, speak(0, "panic", 4))
	var died *Died
	require.ErrorAs(t, r.Wait(), &died)
	require.Equal(t, 3, r.Stats().Processes["speak"].Started)
}

func (t *trial) variables() {
	before := spoken
	r, n := t.start(speech.pipeline, speak(1, "return", 0))
	_, err := speech.said.Receiver(n).Receive(limited(t))
	require.NoError(t, err)
	require.NoError(t, r.Wait())
	require.Equal(t, t.holds == yes, spoken == before)
}

func init() {
	programs["exiting"] = func() {
		r, n, err := Start(context.Background(), office.pipeline, nil)
		if err != nil {
			panic(err)
		}
		_, err = office.serve.Pool(n).Call(context.Background(), order{how: "exit"})
		fmt.Println(err)
		r.Close()
	}
	programs["without main"] = func() {
		mainCalled.Store(false)
		r, _, err := Start(context.Background(), office.pipeline, nil)
		if err == nil {
			r.Close()
		}
		fmt.Println(errors.Is(err, ErrNoMain))
	}
}

// runs runs the test binary as another program on the trial's engine.
func (t *trial) runs(program string) (output string, status int) {
	cmd := exec.CommandContext(limited(t), os.Args[0])
	cmd.Env = append(os.Environ(), programVariable+"="+program, EngineVariable+"="+t.engine)
	out, _ := cmd.Output()
	return string(out), cmd.ProcessState.ExitCode()
}

func (t *trial) exit() {
	out, status := t.runs("exiting")
	if t.holds == yes {
		require.Equal(t, 0, status)
		require.Contains(t, out, "exit status 3")
		return
	}
	require.Equal(t, 3, status)
	require.Empty(t, out)
}

func (t *trial) main() {
	out, status := t.runs("without main")
	require.Equal(t, 0, status)
	require.Equal(t, fmt.Sprintln(t.holds == yes), out)
}

func (t *trial) memory() {
	_, n := t.start(office.pipeline)
	_, err := office.serve.Pool(n).Call(limited(t), order{how: "hoard"})
	if t.holds != yes {
		require.NoError(t, err)
		return
	}
	var died *Died
	require.ErrorAs(t, err, &died)
	require.True(t, died.OOM)
}

// ready is how many spares stand.
func (s Stats) ready() int { return s.Processes["errand"].Spares + s.Pools["answer"].Spares }

func (t *trial) warm() {
	r, n := t.start(alert.pipeline)
	pool := alert.pool.Pool(n)
	for i := range 4 { // as soon as they can be, and when spares stand
		if i == 2 && t.engine == "processes" {
			until(t, "spares stand", func() bool { return r.Stats().ready() == 2 })
		}
		p, err := alert.errand.Spawn(limited(t), r, func(e *Encoder) { e.String("return") })
		require.NoError(t, err)
		require.NoError(t, p.Wait(limited(t)))
		_, err = pool.Call(limited(t), "panic")
		require.ErrorAs(t, err, new(*Died))
		answer, err := pool.Call(limited(t), "return")
		require.NoError(t, err)
		require.Equal(t, 42, answer)
	}
	require.Equal(t, 4, alert.begun.In(n).Load())
	require.Equal(t, 4, r.Stats().Processes["errand"].Started)
	require.NoError(t, r.Close())
}

func (t *trial) spares() {
	r, _ := t.start(alert.pipeline)
	if t.holds == yes {
		until(t, "spares stand", func() bool { return r.Stats().ready() == 2 })
		require.Empty(t, r.Processes())
	}
	require.NoError(t, r.Close())
	require.Zero(t, r.Stats().ready())
}
