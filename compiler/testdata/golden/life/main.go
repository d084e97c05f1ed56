// Package main is a sample for the tests of the compiler.
package main

import (
	"context"
	"fmt"
	"log"
	"slices"

	mp "github.com/mpgen/mpgen/runtime"
)

const side = 64

var glider = []int{1, side + 2, 2 * side, 2*side + 1, 2*side + 2}

func life(ctx context.Context, p *LifePorts, turns int) error {
	now, next := p.Even, p.Odd
	from, to := p.Instance*side/p.Instances, (p.Instance+1)*side/p.Instances
	if p.Instance == 0 {
		for _, cell := range glider {
			now[cell] = 1
		}
	}
	for range turns {
		if _, err := p.Turn.Wait(ctx); err != nil {
			return err
		}
		for y := from; y < to; y++ {
			for x := range side {
				next[y*side+x] = rule(now, x, y)
				if next[y*side+x] > now[y*side+x] {
					p.Born.Add(1)
				}
			}
		}
		now, next = next, now
	}
	return nil
}

func rule(b []uint8, x, y int) uint8 {
	n := uint8(0)
	for dy := range 3 {
		for dx := range 3 {
			if dx != 1 || dy != 1 {
				n += b[(y+dy+side-1)%side*side+(x+dx+side-1)%side]
			}
		}
	}
	if n == 3 || n == 2 && b[y*side+x] == 1 {
		return 1
	}
	return 0
}

func main() {
	mp.Main()
	run, err := Start(context.Background(), Args{LifeTurns: 4 * side})
	if err != nil {
		log.Fatal(err)
	}
	defer run.Close()
	if err := run.Wait(); err != nil {
		log.Fatal(err)
	}
	// The glider has gone all around the board, once down and once across.
	var cells []int
	for i, c := range run.Even {
		if c == 1 {
			cells = append(cells, i)
		}
	}
	fmt.Println(slices.Equal(cells, glider), run.Born.Load() > 0)
}
