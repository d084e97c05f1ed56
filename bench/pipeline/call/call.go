// Package call calls functions in worker processes, one call after another and
// many at once. Only the bench command calls it.
package call

//go:generate go run -C ../../.. ./cmd/mpgen generate bench/pipeline/call

import (
	"context"
	"fmt"
	"time"
)

// Echo makes n calls one after another, 64 bytes there and back.
func Echo(ctx context.Context, n int) (time.Duration, error) {
	run, err := Start(ctx)
	if err != nil {
		return 0, err
	}
	defer run.Close()
	var message Message
	call := func(i int) error {
		message.Bytes[0] = byte(i)
		back, err := run.Echo.Call(ctx, message)
		if err == nil && back != message {
			err = fmt.Errorf("call %d had %v back, want %v", i, back, message)
		}
		return err
	}
	if err := call(0); err != nil { // its return says that the worker runs
		return 0, err
	}
	start := time.Now()
	for i := range n {
		if err := call(i); err != nil {
			return 0, err
		}
	}
	return time.Since(start), run.Close()
}

// Double maps a trivial function over n numbers.
func Double(ctx context.Context, n int) (time.Duration, error) {
	run, err := Start(ctx)
	if err != nil {
		return 0, err
	}
	defer run.Close()
	if _, err := run.Double.Call(ctx, 1); err != nil { // its return says that a worker runs
		return 0, err
	}
	sum, start := 0, time.Now()
	numbers := func(yield func(int) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
	for v, err := range run.Double.Map(ctx, numbers) {
		if err != nil {
			return 0, err
		}
		sum += v
	}
	took := time.Since(start)
	if want := n * (n - 1); sum != want {
		return 0, fmt.Errorf("the answers add up to %d, want %d", sum, want)
	}
	return took, run.Close()
}

func echo(_ context.Context, message Message) (Message, error) { return message, nil }

func double(_ context.Context, number int) (int, error) { return 2 * number, nil }
