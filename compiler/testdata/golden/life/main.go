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

// evolve returns how many cells of its rows live.
func evolve(ctx context.Context, p *EvolvePorts, from, to, turn int) (int, error) {
	now, next := p.Even, p.Odd
	if turn%2 == 1 {
		now, next = next, now
	}
	alive := 0
	for y := from; y < to; y++ {
		for x := range side {
			next[y*side+x] = rule(now, x, y)
			alive += int(next[y*side+x])
			if next[y*side+x] > now[y*side+x] {
				p.Born.Add(1)
			}
		}
	}
	return alive, nil
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
	ctx := context.Background()
	run, err := Start(ctx)
	if err != nil {
		log.Fatal(err)
	}
	defer run.Close()
	glider := []int{1, side + 2, 2 * side, 2*side + 1, 2*side + 2}
	for _, cell := range glider {
		run.Even[cell] = 1
	}
	const rows = side / 8
	for turn := range 4 * side {
		tasks := func(yield func(EvolveTask) bool) {
			for y := 0; y < side && yield(EvolveTask{From: y, To: y + rows, Turn: turn}); y += rows {
			}
		}
		alive := 0
		for n, err := range run.Evolve.Map(ctx, tasks) {
			if err != nil {
				log.Fatal(err)
			}
			alive += n
		}
		if alive != len(glider) {
			log.Fatal(alive, " cells live in turn ", turn)
		}
	}
	if err := run.Close(); err != nil {
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
