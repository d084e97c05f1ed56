// Package number adds to a shared number in another process. Only the bench
// command calls it.
package number

//go:generate go run -C ../../.. ./cmd/mpgen generate bench/pipeline/number

import (
	"context"
	"fmt"
	"time"
)

// Add adds n times, with nobody else at the number.
func Add(ctx context.Context, n int) (time.Duration, error) {
	run, err := Start(ctx, Args{AddTimes: n})
	if err != nil {
		return 0, err
	}
	defer run.Close()
	if err := run.Wait(); err != nil {
		return 0, err
	}
	if total := run.Total.Load(); total != int64(n) {
		return 0, fmt.Errorf("the number is %d, want %d", total, n)
	}
	return time.Duration(run.Took.Load()), nil
}

func add(_ context.Context, p *AddPorts, times int) error {
	start := time.Now()
	for range times {
		p.Total.Add(1)
	}
	p.Took.Store(int64(time.Since(start)))
	return nil
}
