// Package stream moves flat items of 64 bytes from one process to another through
// a queue. Only the bench command calls it.
package stream

//go:generate go run -C ../../.. ./cmd/mpgen generate bench/pipeline/stream

import (
	"context"
	"errors"
	"time"

	mp "github.com/mpgen/mpgen/runtime"

	"github.com/mpgen/mpgen/bench/peer"
)

// Together moves n items with SendAll and All.
func Together(ctx context.Context, n int) (time.Duration, error) { return move(ctx, n, true) }

// Each moves n items with Send and Receive, one by one.
func Each(ctx context.Context, n int) (time.Duration, error) { return move(ctx, n, false) }

func move(ctx context.Context, n int, together bool) (time.Duration, error) {
	run, err := Start(ctx, Args{ProduceItems: n, ProduceTogether: together, ConsumeTogether: together})
	if err != nil {
		return 0, err
	}
	defer run.Close()
	if err := run.Wait(); err != nil {
		return 0, err
	}
	return time.Duration(run.Took.Load()), peer.CheckSum(n, run.Sum.Load())
}

func produce(ctx context.Context, p *ProducePorts, items int, together bool) error {
	if together {
		return p.Ticks.SendAll(ctx, func(yield func(Tick) bool) {
			for i := range uint64(items) {
				if !yield(Tick{Number: i}) {
					return
				}
			}
		})
	}
	for i := range uint64(items) {
		if err := p.Ticks.Send(ctx, Tick{Number: i}); err != nil {
			return err
		}
	}
	return nil
}

func consume(ctx context.Context, p *ConsumePorts, together bool) error {
	receive := each
	if together {
		receive = all
	}
	sum, start, err := receive(ctx, p.Ticks)
	if err != nil {
		return err
	}
	p.Took.Store(int64(time.Since(start)))
	p.Sum.Store(sum)
	return nil
}

// all and each return the sum of the numbers, and when the first item was there.

func all(ctx context.Context, ticks *mp.Receiver[Tick]) (sum uint64, start time.Time, err error) {
	first := true
	for v, err := range ticks.All(ctx) {
		if err != nil {
			return 0, start, err
		}
		if first {
			first, start = false, time.Now()
		}
		sum += v.Number
	}
	return sum, start, nil
}

func each(ctx context.Context, ticks *mp.Receiver[Tick]) (sum uint64, start time.Time, err error) {
	v, err := ticks.Receive(ctx)
	start = time.Now()
	for err == nil {
		sum += v.Number
		v, err = ticks.Receive(ctx)
	}
	if errors.Is(err, mp.ErrClosed) {
		err = nil
	}
	return sum, start, err
}
