// Command parallel runs loops whose bodies are tasks of two workers: into a slice,
// as results come in order, and as they come at all, with progress on standard error.
package main

//go:generate go run github.com/mpgen/mpgen/cmd/mpgen generate

import (
	"context"
	"fmt"
	"log"
	"slices"

	mp "github.com/mpgen/mpgen/runtime"
)

func cube(ctx context.Context, n int) (int, error) { return n * n * n, nil }

func main() {
	mp.Main()
	ctx := context.Background()
	run, err := Start(ctx) // with mp.Inline() one task after the other, here: n_jobs=1
	if err != nil {
		log.Fatal(err)
	}
	defer run.Close()
	numbers := []int{1, 2, 3, 4, 5}

	// Parallel(n_jobs=2)(...): a list, or the first error
	cubes, err := mp.Collect(run.Cube.Map(ctx, slices.Values(numbers)))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(cubes)

	// return_as="generator", pre_dispatch=3
	for n, err := range run.Cube.Ahead(3).Map(ctx, slices.Values(numbers)) {
		if err != nil {
			log.Fatal(err)
		}
		if n > 50 {
			break // what still runs is cancelled
		}
		fmt.Println(n)
	}

	// return_as="generator_unordered", verbose=10, or tqdm around it
	sum := 0
	for r := range mp.ProgressUnordered(run.Cube.MapUnordered(ctx, slices.Values(numbers)), "cubes", len(numbers)) {
		if r.Err != nil {
			log.Fatal(r.Err)
		}
		sum += r.Out
	}
	fmt.Println("the sum is", sum)
}
