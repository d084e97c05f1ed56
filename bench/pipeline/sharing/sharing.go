// Package sharing uses shared objects from one process, and from two at once. Only
// the bench command calls it.
package sharing

//go:generate go run -C ../../.. ./cmd/mpgen generate bench/pipeline/sharing

import (
	"context"
	"fmt"
	"time"

	"github.com/mpgen/mpgen/bench/peer"
)

// Add adds n times to a number, with nobody else at it.
func Add(ctx context.Context, n int) (time.Duration, error) { return measure(ctx, WorkAdd, n, 1) }

// AddTwo has two processes add n times together.
func AddTwo(ctx context.Context, n int) (time.Duration, error) { return measure(ctx, WorkAdd, n, 2) }

// Lock locks and unlocks n times, with nobody else at the lock.
func Lock(ctx context.Context, n int) (time.Duration, error) { return measure(ctx, WorkTurn, n, 1) }

// LockTwo has two processes lock and unlock n times together.
func LockTwo(ctx context.Context, n int) (time.Duration, error) {
	return measure(ctx, WorkTurn, n, 2)
}

// Store stores 64 bytes n times.
func Store(ctx context.Context, n int) (time.Duration, error) { return measure(ctx, WorkPut, n, 1) }

// Enter stores n numbers in a dict, one after another, under a hundred keys.
func Enter(ctx context.Context, n int) (time.Duration, error) {
	return measure(ctx, WorkEnter, n, 1)
}

// measure has some processes do n operations together, and returns the mean of
// their times.
func measure(ctx context.Context, work Work, n, processes int) (time.Duration, error) {
	run, err := Start(ctx)
	if err != nil {
		return 0, err
	}
	defer run.Close()
	each := n / processes
	for range processes {
		if _, err := run.Do(ctx, work, each, processes); err != nil {
			return 0, err
		}
	}
	if err := run.Wait(); err != nil {
		return 0, err
	}
	done := each * processes
	switch work {
	case WorkAdd:
		err = same("number", run.Total.Load(), done)
	case WorkTurn:
		err = same("number under the lock", run.Turns.Load(), done)
	case WorkEnter:
		var last int64
		if last, _, err = run.Kept.Load(ctx, fmt.Sprint("key", (done-1)%100)); err == nil {
			err = same("last number", last, done)
		}
	case WorkPut:
		var s State
		if s, err = run.State.Load(ctx); err == nil {
			err = same("state", int64(s.Words[0]), done)
		}
	}
	return time.Duration(run.Took.Load()) / time.Duration(processes), err
}

func same(what string, got int64, want int) error {
	if got != int64(want) {
		return fmt.Errorf("the %s is %d, want %d", what, got, want)
	}
	return nil
}

func do(ctx context.Context, p *DoPorts, work Work, times, together int) error {
	for p.Ready.Add(1); p.Ready.Load() < int64(together); {
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	var err error
	start := time.Now()
	switch work {
	case WorkAdd:
		for range times {
			p.Total.Add(1)
		}
	case WorkTurn:
		err = turn(ctx, p, times)
	case WorkPut:
		for i := range uint64(times) {
			if err = p.State.Store(ctx, State{Words: [8]uint64{i + 1}}); err != nil {
				break
			}
		}
	case WorkEnter:
		for i := range times {
			if err = p.Kept.Store(ctx, fmt.Sprint("key", i%100), int64(i+1)); err != nil {
				break
			}
		}
	case WorkIdle:
		<-ctx.Done()
	}
	p.Took.Add(int64(time.Since(start)))
	return err
}

func turn(ctx context.Context, p *DoPorts, times int) error {
	for range times {
		if err := p.Door.Lock(ctx); err != nil {
			return err
		}
		p.Turns.Store(p.Turns.Load() + 1)
		p.Door.Unlock()
	}
	return nil
}

// Idle returns the memory of its own that a waiting process holds, in bytes.
func Idle(ctx context.Context, _ int) (time.Duration, error) {
	run, err := Start(ctx)
	if err != nil {
		return 0, err
	}
	defer run.Close()
	p, err := run.Do(ctx, WorkIdle, 0, 1)
	if err != nil {
		return 0, err
	}
	for run.Ready.Load() == 0 {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		time.Sleep(time.Millisecond)
	}
	size, err := peer.Anonymous(p.PID())
	p.Kill()
	return time.Duration(size), err
}
