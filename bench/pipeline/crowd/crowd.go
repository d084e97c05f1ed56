// Package crowd moves flat items of 64 bytes from two processes to two others
// through one queue. Only the bench command calls it.
package crowd

//go:generate go run -C ../../.. ./cmd/mpgen generate bench/pipeline/crowd

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
	half := uint64(n) / 2
	run, err := Start(ctx, Args{
		Produce1To: half, Produce1Together: together,
		Produce2From: half, Produce2To: uint64(n), Produce2Together: together,
		Consume1Together: together, Consume2Together: together,
	})
	if err != nil {
		return 0, err
	}
	defer run.Close()
	if err := run.Wait(); err != nil {
		return 0, err
	}
	return time.Duration(run.Last.Load() - run.First.Load()), peer.CheckSum(n, run.Sum.Load())
}

func produce1(ctx context.Context, p *Produce1Ports, from, to uint64, together bool) error {
	return produce(ctx, p.Ticks, from, to, together)
}

func produce2(ctx context.Context, p *Produce2Ports, from, to uint64, together bool) error {
	return produce(ctx, p.Ticks, from, to, together)
}

func consume1(ctx context.Context, p *Consume1Ports, together bool) error {
	return consume(ctx, p.Ticks, together, p.First, p.Last, p.Sum)
}

func consume2(ctx context.Context, p *Consume2Ports, together bool) error {
	return consume(ctx, p.Ticks, together, p.First, p.Last, p.Sum)
}

func produce(ctx context.Context, ticks *mp.Sender[Tick], from, to uint64, together bool) error {
	if together {
		return ticks.SendAll(ctx, func(yield func(Tick) bool) {
			for i := from; i < to; i++ {
				if !yield(Tick{Number: i}) {
					return
				}
			}
		})
	}
	for i := from; i < to; i++ {
		if err := ticks.Send(ctx, Tick{Number: i}); err != nil {
			return err
		}
	}
	return nil
}

func consume(ctx context.Context, ticks *mp.Receiver[Tick], together bool, first, last *mp.Number[int64], sum *mp.Number[uint64]) error {
	receive := each
	if together {
		receive = all
	}
	s, begun, err := receive(ctx, ticks)
	if err != nil || begun.IsZero() {
		return err
	}
	ended := time.Now().UnixNano()
	move := func(mark *mp.Number[int64], at int64, before func(a, b int64) bool) {
		for was := mark.Load(); was == 0 || before(at, was); was = mark.Load() {
			if mark.CompareAndSwap(was, at) {
				return
			}
		}
	}
	move(first, begun.UnixNano(), func(a, b int64) bool { return a < b })
	move(last, ended, func(a, b int64) bool { return a > b })
	sum.Add(s)
	return nil
}

// all and each return the sum of the numbers, and when the first item was there.

func all(ctx context.Context, ticks *mp.Receiver[Tick]) (sum uint64, start time.Time, err error) {
	for v, err := range ticks.All(ctx) {
		if err != nil {
			return 0, start, err
		}
		if start.IsZero() {
			start = time.Now()
		}
		sum += v.Number
	}
	return sum, start, nil
}

func each(ctx context.Context, ticks *mp.Receiver[Tick]) (sum uint64, start time.Time, err error) {
	v, err := ticks.Receive(ctx)
	if err == nil {
		start = time.Now()
	}
	for err == nil {
		sum += v.Number
		v, err = ticks.Receive(ctx)
	}
	if errors.Is(err, mp.ErrClosed) {
		err = nil
	}
	return sum, start, err
}
