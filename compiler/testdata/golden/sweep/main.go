// Package main is a sample for the tests of the compiler.
package main

import (
	"context"
	"fmt"
	"iter"
	"log"
	"math"

	mp "github.com/mpgen/mpgen/runtime"
)

func score(_ context.Context, p *ScorePorts, params Params) (float64, error) {
	return math.Abs(params.Rate - p.Data[params.Depth]), nil
}

func grid(n int) iter.Seq[Params] {
	return func(yield func(Params) bool) {
		for i := range n {
			if !yield(Params{float64(i) / float64(n), i % 8}) {
				return
			}
		}
	}
}

func main() {
	mp.Main()
	ctx := context.Background()
	run, err := Start(ctx, Args{DataLen: 8})
	if err != nil {
		log.Fatal(err)
	}
	defer run.Close()
	for i := range run.Data {
		run.Data[i] = 2
	}
	run.Data[7] = 0.497

	for r := range run.Score.MapUnordered(ctx, grid(1000)) {
		if r.Err != nil {
			log.Fatal(r.Err)
		}
		if r.Out < 1e-3 || r.In.Depth == 7 && r.Out < 3e-3 {
			fmt.Println(len(run.Data), r.In.Depth, math.Abs(r.In.Rate-0.497) < 3e-3)
			break // cancels what still runs
		}
	}
}
