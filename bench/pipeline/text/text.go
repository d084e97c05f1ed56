// Package text moves items with 200 bytes of text from one process to another
// through a queue. Only the bench command calls it.
package text

//go:generate go run -C ../../.. ./cmd/mpgen generate bench/pipeline/text

import (
	"context"
	"strings"
	"time"

	"github.com/mpgen/mpgen/bench/peer"
)

// Together moves n items with SendAll and All.
func Together(ctx context.Context, n int) (time.Duration, error) {
	run, err := Start(ctx, Args{ProduceItems: n})
	if err != nil {
		return 0, err
	}
	defer run.Close()
	if err := run.Wait(); err != nil {
		return 0, err
	}
	return time.Duration(run.Took.Load()), peer.CheckSum(n, run.Sum.Load())
}

func produce(ctx context.Context, p *ProducePorts, items int) error {
	text := strings.Repeat("x", peer.TextSize)
	return p.Lines.SendAll(ctx, func(yield func(Line) bool) {
		for i := range uint64(items) {
			if !yield(Line{Number: i, Text: text}) {
				return
			}
		}
	})
}

func consume(ctx context.Context, p *ConsumePorts) error {
	var sum uint64
	var start time.Time
	for v, err := range p.Lines.All(ctx) {
		if err != nil {
			return err
		}
		if start.IsZero() {
			start = time.Now()
		}
		sum += v.Number + uint64(len(v.Text)-peer.TextSize)
	}
	p.Took.Store(int64(time.Since(start)))
	p.Sum.Store(sum)
	return nil
}
