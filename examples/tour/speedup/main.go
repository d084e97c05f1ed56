// Command speedup does two tasks one after the other and then both at once, and
// prints how many times as fast that was: about 2 on two processors.
package main

//go:generate go run github.com/mpgen/mpgen/cmd/mpgen generate

import (
	"context"
	"fmt"
	"log"
	"time"

	mp "github.com/mpgen/mpgen/runtime"
)

func primes(ctx context.Context, n int) (int, error) {
	found := 0
candidates:
	for c := 2; c < n; c++ {
		for d := 2; d*d <= c; d++ {
			if c%d == 0 {
				continue candidates
			}
		}
		found++
	}
	return found, nil
}

func main() {
	mp.Main()
	ctx := context.Background()
	run, err := Start(ctx)
	if err != nil {
		log.Fatal(err)
	}
	defer run.Close()

	const below = 1_500_000
	count := func() int {
		n, err := run.Primes.Call(ctx, below)
		if err != nil {
			log.Fatal(err)
		}
		return n
	}
	count() // the first call waits for a worker's start

	start := time.Now()
	fmt.Println(count(), count(), "primes, one task after the other")
	apart := time.Since(start)

	start = time.Now()
	a, b := run.Primes.Go(ctx, below), run.Primes.Go(ctx, below)
	n, err := a.Wait(ctx)
	m, err2 := b.Wait(ctx)
	if err != nil || err2 != nil {
		log.Fatal(err, err2)
	}
	fmt.Println(n, m, "primes, both at once")
	fmt.Printf("%.2f times as fast\n", float64(apart)/float64(time.Since(start)))
}
