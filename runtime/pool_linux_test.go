package mp

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
)

// poolOf declares a pipeline of one pool.
type poolOf[In, Out any] struct {
	pipeline *Pipeline
	pool     *PoolDecl[In, Out]
}

func newPool[In, Out any](p PoolDecl[In, Out], others ...Decl) poolOf[In, Out] {
	l := poolOf[In, Out]{pool: &p}
	l.pipeline = &Pipeline{Path: "mp.test/pool/" + p.Name, Source: p.Name + ".mp", Decls: append([]Decl{l.pool}, others...)}
	Register(l.pipeline)
	return l
}

var squares = newPool(PoolDecl[int, int]{
	Name: "squares", Workers: 3,
	Func: func(_ context.Context, n int) (int, error) { return n * n, nil },
})

func TestCallReturnsWhatTheFunctionReturns(t *testing.T) {
	_, n := begin(t, squares.pipeline)
	pool := squares.pool.Pool(n)
	for i := range 200 {
		v, err := pool.Call(limited(t), i)
		require.NoError(t, err)
		require.Equal(t, i*i, v)
	}
}
