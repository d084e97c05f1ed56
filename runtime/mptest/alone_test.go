package mptest

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	mp "github.com/mpgen/mpgen/runtime"
)

func TestStageAloneGivesWhatBecameOfEachInput(t *testing.T) {
	onEngines(t, func(t *testing.T) {
		pool, run := Pool(t, &measure, []mp.Arg{from(40)})
		v, err := pool.Call(Context(t), "add")
		require.NoError(t, err)
		require.Equal(t, 43, v, "what it uses is there")
		v, err = pool.Call(Context(t), "tell")
		require.NoError(t, err)
		require.Equal(t, 4, v)
		word, err := told.Receiver(Node(run)).Receive(Context(t))
		require.NoError(t, err)
		require.Equal(t, "tell", word, "what it sends comes to the test")
		require.NotContains(t, run.Stats().Processes, "idler", "the rest of the pipeline is not there")
		require.NotContains(t, run.Stats().Queues, "words")
	})
}

func TestServiceAlone(t *testing.T) {
	onEngines(t, func(t *testing.T) {
		client, _ := Service(t, &adder, []mp.Arg{from(1)})
		v := 0
		require.NoError(t, client.Call(Context(t), 1, func(e *mp.Encoder) { e.String("seven77") }, nil), "a method that is a stage")
		require.NoError(t, client.Call(Context(t), 0, func(e *mp.Encoder) { mp.Put(e, 2) }, func(d *mp.Decoder) { v = mp.Get[int](d) }))
		require.Equal(t, 10, v)
	})
}

var (
	lines  = mp.QueueDecl[string]{Name: "lines", Elem: mp.String}
	fields = mp.QueueDecl[string]{Name: "fields", Elem: mp.String}
	split  = mp.PoolDecl[string, []string]{Name: "split", Workers: 2, From: &lines, To: mp.Each(&fields), Task: mp.TaskPolicy{Skip: true}}
	watch1 = mp.PoolDecl[string, func()]{Name: "watch", From: &fields} // nothing that could travel, and goes nowhere
	texts  = mp.Pipeline{Path: "mptest.test/texts", Source: "texts.mp", Decls: []mp.Decl{&lines, &fields, &split, &watch1}, Main: mp.MainDecl{Send: []mp.Decl{&lines}}}
)

func init() {
	split.Func = splitLine
	watch1.Func = look
	mp.Register(&texts)
}

func splitLine(_ context.Context, line string) ([]string, error) {
	if line == "?" {
		return nil, errors.New("no text")
	}
	return strings.Fields(line), nil
}

func look(ctx context.Context, line string) (func(), error) {
	_, err := splitLine(ctx, line)
	return func() {}, err
}

func TestStage(t *testing.T) {
	onEngines(t, func(t *testing.T) {
		got := Stage(t, &split, []string{"one two", "", "?", "three"})
		require.Len(t, got, 4)
		for i, r := range got {
			require.Equal(t, i, r.Index)
		}
		require.Equal(t, []string{"one", "two"}, got[0].Out)
		require.Empty(t, got[1].Out)
		var failed *mp.Error
		require.ErrorAs(t, got[2].Err, &failed)
		require.Equal(t, "split", failed.Name)
		require.ErrorContains(t, failed.Err, "no text")
		require.Equal(t, "?", got[2].In)
		require.Equal(t, []string{"three"}, got[3].Out)

		seen := Stage(t, &watch1, []string{"x", "?"})
		require.NoError(t, seen[0].Err)
		require.ErrorContains(t, seen[1].Err, "no text")
	})
	t.Run("by option", func(t *testing.T) {
		require.Equal(t, []string{"a", "b"}, Stage(t, &split, []string{"a b"}, mp.Goroutines())[0].Out)
	})
}

func TestARowOfNoPipelineIsRefused(t *testing.T) {
	other := split
	a := try(t, func(a *attempt) { Stage(a, &other, []string{"a"}) })
	require.Equal(t, "mptest: \"split\" is in no pipeline of this program: is it the row itself, and no copy of it?\n", a.log.String())
}
