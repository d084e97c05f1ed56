package mptest

import (
	"slices"
	"testing"

	mp "github.com/mpgen/mpgen/runtime"
	"github.com/mpgen/mpgen/runtime/internal/probe"
)

// Stage runs one pool without the rest of its pipeline: it gives it the inputs and
// returns what became of each, in the order of the inputs. The row is the generated
// variable: mpResize of pool resize. Workers, retries, timeouts and limits are those
// that it declares; what a stage would send on is returned, and a task that it would
// send to its failed queue, or stop the run for, has its error here. The engine is
// that of the options, or of the environment; on the default, workers are processes.
func Stage[In, Out any](t testing.TB, row *mp.PoolDecl[In, Out], inputs []In, opts ...mp.Option) []mp.Result[In, Out] {
	t.Helper()
	pool, _ := Pool(t, row, nil, opts...)
	results := make([]mp.Result[In, Out], 0, len(inputs))
	for out, err := range pool.Map(Context(t), slices.Values(inputs)) {
		i := len(results)
		if i == len(inputs) { // the context has ended
			t.Fatalf("mptest: %v", err)
		}
		results = append(results, mp.Result[In, Out]{Index: i, In: inputs[i], Out: out, Err: err})
	}
	return results
}

// Pool starts one pool without the rest of its pipeline, for tests that want more
// than [Stage]: to call it by hand, or to do something to its workers. What the pool
// may use is there too, fresh; queues that it may send to are received from by the
// test: see [Node]. args are for rows that Start has arguments for, as in the
// generated Start: services with parameters, arrays without a length. The run is
// watched like one that is started under [Context].
func Pool[In, Out any](t testing.TB, row *mp.PoolDecl[In, Out], args []mp.Arg, opts ...mp.Option) (*mp.Pool[In, Out], *mp.Run) {
	t.Helper()
	run, n := start(t, row, args, opts)
	return row.Pool(n), run
}

// Service is Pool for a service. The generated client takes what it returns:
// mpModelClient{client} of service model.
func Service[S any](t testing.TB, row *mp.ServiceDecl[S], args []mp.Arg, opts ...mp.Option) (*mp.Client, *mp.Run) {
	t.Helper()
	run, n := start(t, row, args, opts)
	return row.Client(n), run
}

func start(t testing.TB, row any, args []mp.Arg, opts []mp.Option) (*mp.Run, *mp.Node) {
	t.Helper()
	p, err := probe.Alone(row)
	if err != nil {
		t.Fatalf("mptest: %v", err)
	}
	run, n, err := mp.Start(Context(t), p.(*mp.Pipeline), opts, args...)
	if err != nil {
		t.Fatalf("mptest: %v", err)
	}
	return run, n
}

// Node is the program's own place in a run, for what generated code does with it:
// mpRead.In(node) is a shared number, mpErrors.Receiver(node) the receiving end of a
// queue to which a pool sends that runs alone.
func Node(run *mp.Run) *mp.Node { return probe.Of(run).Node().(*mp.Node) }
