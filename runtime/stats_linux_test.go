package mp

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestStatsTellErrorsTimesAndLatency(t *testing.T) {
	r, n := begin(t, plain.pipeline)
	pool := plain.pool.Pool(n)
	for range 3 {
		_, err := pool.Call(limited(t), work{How: "fail"})
		require.Error(t, err)
	}
	_, err := pool.Call(limited(t), work{How: "kill"})
	require.Error(t, err)
	const count = 200
	for range count {
		_, err := pool.Call(limited(t), work{How: "sleep", For: time.Millisecond})
		require.NoError(t, err)
	}
	require.NoError(t, r.Close())
	s := r.Stats()
	p := s.Pools[plain.pool.Name]
	require.GreaterOrEqual(t, p.Worked, count*time.Millisecond)
	require.Positive(t, p.Waited)
	require.EqualValues(t, (4+count)/sampled, p.Latency.Measured)
	require.GreaterOrEqual(t, p.Latency.Median, time.Millisecond)
	require.GreaterOrEqual(t, p.Latency.Longest, time.Millisecond)
	require.LessOrEqual(t, p.Latency.Median, p.Latency.P99)
	counts := map[string]uint64{}
	for _, e := range s.Errors {
		require.Equal(t, plain.pool.Name, e.Name)
		require.WithinDuration(t, time.Now(), e.Last, time.Minute)
		counts[e.Text] = e.Count
	}
	require.Equal(t, map[string]uint64{"number 7: kept by name": 3, "killed by signal 9 (killed)": 1}, counts)
	require.Equal(t, "killed by signal 9 (killed)", s.Errors[0].Text)
}

// Who has a result finds it counted.
func TestStatsCountWhatTheCallerHas(t *testing.T) {
	for _, engine := range columns {
		t.Run(engine, func(t *testing.T) {
			t.Setenv(EngineVariable, engine)
			r, n := begin(t, squares.pipeline)
			pool := squares.pool.Pool(n)
			for i := range 1000 {
				_, err := pool.Call(limited(t), i)
				require.NoError(t, err)
				require.EqualValues(t, i+1, r.Stats().Pools[squares.pool.Name].Done)
			}
		})
	}
}

// clumsy is a stage that drops every item, each with one of two errors.
var clumsy = func() (c struct {
	pipeline *Pipeline
	made     *QueueDecl[int]
	slow     *ProcessDecl
}) {
	c.made = &QueueDecl[int]{Name: "made"}
	p := &PoolDecl[int, int]{Name: "clumsy", Workers: 2, From: c.made, Task: TaskPolicy{Skip: true},
		Func: func(_ context.Context, i int) (int, error) { return 0, fmt.Errorf("it is %t", i%3 == 0) }}
	c.pipeline = &Pipeline{Path: "mp.test/clumsy", Source: "clumsy.mp", Decls: []Decl{c.made, p}, Main: MainDecl{Send: []Decl{c.made}}}
	Register(c.pipeline)
	return c
}()

func TestStatsCountTheErrorsOfAStage(t *testing.T) {
	r, n := begin(t, clumsy.pipeline)
	out := clumsy.made.Sender(n)
	for i := range 3000 {
		require.NoError(t, out.Send(limited(t), i))
	}
	require.NoError(t, r.Wait())
	counts := map[string]uint64{}
	for _, e := range r.Stats().Errors {
		counts[e.Text] = e.Count
	}
	require.Equal(t, map[string]uint64{"it is true": 1000, "it is false": 2000}, counts)
	require.EqualValues(t, 3000, r.Stats().Pools["clumsy"].Failed)
	require.Positive(t, r.Stats().Pools["clumsy"].Worked)
}

func TestStatsTellHowLongProcessesRanAndWaited(t *testing.T) {
	r, n := begin(t, production.pipeline, sourceEnds(""))
	until(t, "items arrive", func() bool { return production.got.In(n).Load() > 1000 })
	s := r.Stats().Processes["source"]
	require.Positive(t, s.Ran)
	until(t, "it ran on", func() bool { return r.Stats().Processes["source"].Ran > s.Ran })
	require.NoError(t, r.Close())
	s = r.Stats().Processes["source"]
	require.Equal(t, s, r.Stats().Processes["source"])
	require.LessOrEqual(t, s.Waited, 2*s.Ran)
}
