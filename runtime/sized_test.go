package mp

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mpgen/mpgen/internal/footprint"
)

// TestRowsOfASizeMakeTheSamePlan lays out one pipeline by its types and by its sizes.
func TestRowsOfASizeMakeTheSamePlan(t *testing.T) {
	type point struct{ X, Y int32 }
	type big struct{ B [5000]byte }
	var (
		points = &QueueDecl[point]{Name: "points", Capacity: 100, Key: func(point) uint64 { return 0 }}
		texts  = &QueueDecl[string]{Name: "texts", Elem: String, Slot: 1000, Bytes: 1 << 20}
		bigs   = &QueueDecl[big]{Name: "bigs", Capacity: 3}
		failed = &QueueDecl[Failed[point]]{Name: "failed", Elem: FailedOf(Codec[point]{})}
		done   = &NumberDecl[int32]{Name: "done"}
		last   = &ValueDecl[big]{Name: "last"}
		name   = &ValueDecl[string]{Name: "name", Elem: String}
		disk   = &LockDecl{Name: "disk"}
		grid   = &ArrayDecl[point]{Name: "grid", Len: 1001, Guard: disk}
		area   = &PoolDecl[point, string]{Name: "area", Workers: 3, Bytes: 1 << 16, Warm: 70, From: points, To: To(texts), Dead: failed,
			Worker: Worker{Memory: 1 << 28}, Func: func(context.Context, point) (string, error) { return "", nil }}
		ask = &PoolDecl[string, int]{Name: "ask", In: String, Uses: []Decl{done, last},
			Func: func(context.Context, string) (int, error) { return 0, nil }}
		scan = &ProcessDecl{Name: "scan", Instances: 2, Send: []Decl{points, bigs}, Uses: []Decl{ask, grid, disk, name}}
		show = &ProcessDecl{Name: "show", OnDemand: true, Max: 5, Warm: 2, Receive: []Decl{texts, bigs}, Reads: []Decl{grid}}
	)
	typed, err := newPlan(&Pipeline{Decls: []Decl{points, texts, bigs, failed, done, last, name, disk, grid, area, ask, scan, show},
		Main: MainDecl{Receive: []Decl{failed}}}, told{4})
	require.NoError(t, err)
	f, err := footprint.Of(footprint.Pipeline{
		Receive: []string{"failed"},
		Rows: []footprint.Row{
			{Name: "points", Kind: footprint.Queue, Item: 8, Capacity: 100, Keyed: true},
			{Name: "texts", Kind: footprint.Queue, Item: -1, Slot: 1000, Bytes: 1 << 20},
			{Name: "bigs", Kind: footprint.Queue, Item: 5000, Capacity: 3},
			{Name: "failed", Kind: footprint.Queue, Item: -1},
			{Name: "done", Kind: "NumberDecl", Item: 4},
			{Name: "last", Kind: "ValueDecl", Item: 5000},
			{Name: "name", Kind: "ValueDecl", Item: -1},
			{Name: "disk", Kind: "LockDecl", Item: -1},
			{Name: "grid", Kind: footprint.Array, Item: 8, Len: 1001},
			{Name: "area", Kind: footprint.Pool, Workers: 3, Bytes: 1 << 16, Warm: 70, Memory: 1 << 28,
				Stages: []footprint.Stage{{From: "points", To: "texts", Dead: "failed"}}},
			{Name: "ask", Kind: footprint.Pool, Uses: []string{"done", "last"}},
			{Name: "scan", Kind: footprint.Process, Instances: 2, Send: []string{"points", "bigs"}, Uses: []string{"ask", "grid", "disk", "name"}},
			{Name: "show", Kind: footprint.Process, OnDemand: true, Max: 5, Warm: 2, Receive: []string{"texts", "bigs"}, Reads: []string{"grid"}},
		},
	}, 4)
	require.NoError(t, err)
	require.Equal(t, typed.footprint, f.Shared)
	require.Equal(t, int64(typed.commonsSize), f.Commons)
	require.Equal(t, 3+4+2+5, f.Processes)
	require.Equal(t, 70+2, f.Spares)
	require.Equal(t, 70, f.Rows[9].Spares)
	require.Equal(t, int64(typed.fileSizes()[fileControl]), f.Control)
	require.Equal(t, f.Shared, f.Control+f.Bells+f.Commons+f.Pairs)
	for i := range typed.parts {
		require.Positive(t, f.Rows[typed.parts[i].queue].Commons)
	}
}

func TestStartRefusesMoreThanIsDeclared(t *testing.T) {
	p := &Pipeline{Source: "large.mp", Footprint: 1 << 20, Decls: []Decl{&ArrayDecl[int64]{Name: "sums", Len: 1 << 20}}}
	_, _, err := Start(context.Background(), p, []Option{Goroutines()})
	var no *NoMemory
	require.True(t, errors.As(err, &no), "%v", err)
	require.Equal(t, int64(1<<20), no.Have)
	require.Greater(t, no.Need, int64(8<<20))
}
