// Package echo sends an item to another process and has it back, one at a time.
// Only the bench command calls it.
package echo

//go:generate go run -C ../../.. ./cmd/mpgen generate bench/pipeline/echo

import (
	"context"
	"time"

	"github.com/mpgen/mpgen/bench/peer"
)

// Awake makes n round trips one right after another.
func Awake(ctx context.Context, n int) (time.Duration, error) { return trips(ctx, n, 0) }

// Asleep makes n round trips, each when the other process has gone to sleep, and
// returns the time of the round trips alone.
func Asleep(ctx context.Context, n int) (time.Duration, error) {
	return trips(ctx, n, peer.AsleepPause)
}

func trips(ctx context.Context, n int, pause time.Duration) (took time.Duration, err error) {
	run, err := Start(ctx)
	if err != nil {
		return 0, err
	}
	defer run.Close()
	var sum uint64
	trip := func(number uint64) error {
		if err := run.There.Send(ctx, Tick{Number: number}); err != nil {
			return err
		}
		v, err := run.Back.Receive(ctx)
		sum += v.Number
		return err
	}
	if err := trip(0); err != nil { // its return says that the other process runs
		return 0, err
	}
	start := time.Now()
	for i := range uint64(n) {
		if pause > 0 {
			peer.Pause(pause)
			start = time.Now()
		}
		if err := trip(i); err != nil {
			return 0, err
		}
		if pause > 0 {
			took += time.Since(start)
		}
	}
	if pause == 0 {
		took = time.Since(start)
	}
	run.There.Close()
	if err := run.Wait(); err != nil {
		return 0, err
	}
	return took, peer.CheckSum(n, sum)
}

func answer(ctx context.Context, p *AnswerPorts) error {
	for v, err := range p.There.All(ctx) {
		if err != nil {
			return err
		}
		if err := p.Back.Send(ctx, v); err != nil {
			return err
		}
	}
	return nil
}
