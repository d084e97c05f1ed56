package mp

import (
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A process that is a goroutine goes through a Map yet when it has been killed. The loop
// uses calls again as soon as they have ended, so nothing of them may be touched then.
func TestMapOfAKilledProcessComesToItsEnd(t *testing.T) {
	t.Setenv(EngineVariable, "goroutines")
	begun, ended := make(chan struct{}), make(chan struct{})
	stay := &PoolDecl[int, int]{Name: "stay", Workers: 1, Func: func(ctx context.Context, _ int) (int, error) {
		<-ctx.Done()
		return 0, ctx.Err()
	}}
	goOn := &ProcessDecl{Name: "goon", Uses: []Decl{stay}, Main: func(ctx context.Context, n *Node, _ *Decoder) error {
		defer close(ended)
		inputs := func(yield func(int) bool) {
			if !yield(0) {
				return
			}
			close(begun)
			for ctx.Err() == nil {
				runtime.Gosched()
			}
			for i := range 28 { // fewer than are sent at once
				if !yield(i) {
					return
				}
				time.Sleep(100 * time.Microsecond)
			}
		}
		for _, err := range stay.Pool(n).Ahead(64).Map(context.Background(), inputs) {
			require.ErrorIs(t, err, ErrClosed)
		}
		return nil
	}}
	r, _ := begin(t, &Pipeline{Path: "mp.test/goon", Source: "goon.mp", Decls: []Decl{stay, goOn}})
	<-begun
	r.Processes()[0].Kill()
	<-ended
}
