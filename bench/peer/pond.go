package peer

import (
	"context"
	"fmt"
	"time"

	"github.com/alitto/pond/v2"
)

// PondMap gives n tasks of a trivial function to a pool of two goroutines, in one
// group that keeps the order of the results.
func PondMap(ctx context.Context, n int) (time.Duration, error) {
	pool := pond.NewResultPool[int](2, pond.WithContext(ctx))
	defer pool.StopAndWait()
	start := time.Now()
	group := pool.NewGroup()
	for i := range n {
		group.Submit(func() int { return 2 * i })
	}
	doubled, err := group.Wait()
	if err != nil {
		return 0, err
	}
	sum := 0
	for _, v := range doubled {
		sum += v
	}
	took := time.Since(start)
	if want := n * (n - 1); sum != want {
		return 0, fmt.Errorf("the answers add up to %d, want %d", sum, want)
	}
	return took, nil
}
