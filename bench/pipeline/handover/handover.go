// Package handover hands a block of memory, filled and mapped, to another process
// and has it back. Only the bench command calls it.
package handover

//go:generate go run -C ../../.. ./cmd/mpgen generate bench/pipeline/handover

import (
	"context"
	"fmt"
	"time"
)

// Small makes n hand-overs of a block of 64 KiB, there and back by turns.
func Small(ctx context.Context, n int) (time.Duration, error) { return hand(ctx, n, 64<<10) }

// Large is [Small] with 64 MiB.
func Large(ctx context.Context, n int) (time.Duration, error) { return hand(ctx, n, 64<<20) }

func hand(ctx context.Context, n, size int) (time.Duration, error) {
	run, err := Start(ctx)
	if err != nil {
		return 0, err
	}
	defer run.Close()
	block, err := run.Memory.New(ctx, size)
	if err != nil {
		return 0, err
	}
	clear(block.Bytes())
	trip := func(number byte) error {
		block.Bytes()[size-1] = number
		if err := block.Keep(); err != nil {
			return err
		}
		if err := run.There.Send(ctx, block); err != nil {
			return err
		}
		same, err := run.Back.Receive(ctx)
		if err == nil && same.Bytes()[0] != number {
			err = fmt.Errorf("the block came back with %d, want %d", same.Bytes()[0], number)
		}
		return err
	}
	if err := trip(1); err != nil { // its return says that the other process runs, and has all of it mapped
		return 0, err
	}
	start := time.Now()
	for i := range (n + 1) / 2 {
		if err := trip(byte(i)); err != nil {
			return 0, err
		}
	}
	took := time.Since(start)
	run.There.Close()
	return took, run.Wait()
}

// answer writes the last byte to the first one. At first it touches every page.
func answer(ctx context.Context, p *AnswerPorts) error {
	var sum byte
	first := true
	for block, err := range p.There.All(ctx) {
		if err != nil {
			return err
		}
		b := block.Bytes()
		for i := 0; first && i < len(b); i += 4096 {
			sum += b[i]
		}
		first = false
		b[0] = b[len(b)-1]
		if err := p.Back.Send(ctx, block); err != nil {
			return err
		}
	}
	if sum != 0 {
		return fmt.Errorf("what was cleared adds up to %d", sum)
	}
	return nil
}
