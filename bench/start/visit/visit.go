// Package visit times a process on demand that starts warm, from the call that
// starts it to the first line of its function, when a spare stands by.
package visit

//go:generate go run -C ../../.. ./cmd/mpgen generate bench/start/visit

import (
	"context"
	"time"
)

func call(ctx context.Context, p *CallPorts) error {
	p.Began.Store(time.Now().UnixNano())
	return nil
}

// settled is how long a machine may take to come to rest after a spare has come up.
const settled = 2 * time.Millisecond

// Each is what n processes took, one after the other.
func Each(ctx context.Context, n int) (took time.Duration, err error) {
	run, err := Start(ctx)
	if err != nil {
		return 0, err
	}
	defer run.Close()
	for range n {
		for run.Stats().Processes["call"].Spares == 0 {
			if err := ctx.Err(); err != nil {
				return 0, err
			}
			time.Sleep(settled / 10)
		}
		time.Sleep(settled)
		start := time.Now()
		p, err := run.Call(ctx)
		if err != nil {
			return 0, err
		}
		if err := p.Wait(ctx); err != nil {
			return 0, err
		}
		took += time.Duration(run.Began.Load() - start.UnixNano())
	}
	return took, run.Close()
}
