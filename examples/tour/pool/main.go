// Command pool calls a function in four workers: for each of some inputs, and
// without waiting.
package main

//go:generate go run github.com/mpgen/mpgen/cmd/mpgen generate

import (
	"context"
	"fmt"
	"log"
	"slices"
	"time"

	mp "github.com/mpgen/mpgen/runtime"
)

func square(ctx context.Context, n int) (int, error) { return n * n, nil }

func main() {
	mp.Main()
	ctx := context.Background()
	run, err := Start(ctx)
	if err != nil {
		log.Fatal(err)
	}
	defer run.Close()

	// map and imap: in the order of the inputs, as results come
	for n, err := range run.Square.Map(ctx, slices.Values([]int{1, 2, 3, 4})) {
		fmt.Println(n, err)
	}

	// apply_async: begins the task and goes on
	task := run.Square.Go(ctx, 20)
	fmt.Println(task.Wait(ctx))

	// get(timeout=1), which here also stops the task
	soon, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	fmt.Println(run.Square.Call(soon, 7))
}
