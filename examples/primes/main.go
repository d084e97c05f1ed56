// Command primes prints the smallest prime factor of some numbers, one of which
// its function can't stand.
//
// least is the naive one: for 1 it looks for ever. A goroutine that does so
// can't be stopped. Here it costs its worker process, the caller gets an error
// in the place of the answer, and the other numbers get theirs.
package main

//go:generate go run github.com/mpgen/mpgen/cmd/mpgen generate

import (
	"context"
	"errors"
	"fmt"
	"log"
	"slices"

	mp "github.com/mpgen/mpgen/runtime"
)

func least(ctx context.Context, n int) (int, error) {
	if n == 0 {
		return 0, errors.New("every number divides 0")
	}
	p := 2
	for n%p != 0 { // for ever, if n is 1
		p++
	}
	return p, nil
}

func main() {
	mp.Main()
	ctx := context.Background()
	run, err := Start(ctx)
	if err != nil {
		log.Fatal(err)
	}
	defer run.Close()

	numbers, i := []int{91, 97, 1, 0, 1001}, 0
	for p, err := range run.Least.Map(ctx, slices.Values(numbers)) {
		fmt.Println(numbers[i], p, err)
		i++
	}
}
