// Command pipe is a program of the compiler's tests.
package main

import (
	"context"
	"fmt"
	"log"

	mp "github.com/mpgen/mpgen/runtime"
)

// talk has play answer each line.
func talk(ctx context.Context, p *TalkPorts) error {
	for line, err := range p.Line.All(ctx) {
		if err != nil {
			return err
		}
		if err := p.Board.Send(ctx, Move{From: line, X: len(line)}); err != nil {
			return err
		}
		m, err := p.Board.Receive(ctx)
		if err != nil {
			return err
		}
		turns, err := p.Clock.Receive(ctx)
		if err != nil {
			return err
		}
		if err := p.Line.Send(ctx, fmt.Sprint(m, turns)); err != nil {
			return err
		}
	}
	return nil
}

func play(ctx context.Context, p *PlayPorts) error {
	var turns [2]int64
	for m, err := range p.Board.All(ctx) {
		if err != nil {
			return err
		}
		m.To, m.Y = m.From+"!", 2*m.X
		turns[0]++
		turns[1] += int64(m.X)
		if err := p.Clock.Send(ctx, turns); err != nil {
			return err
		}
		if err := p.Board.Send(ctx, m); err != nil {
			return err
		}
	}
	return nil
}

func main() {
	mp.Main()
	ctx := context.Background()
	run, err := Start(ctx)
	if err != nil {
		log.Fatal(err)
	}
	defer run.Close()
	for _, line := range []string{"e2", "castle"} {
		if err := run.Line.Send(ctx, line); err != nil {
			log.Fatal(err)
		}
		answer, err := run.Line.Receive(ctx)
		fmt.Println(answer, err)
	}
	fmt.Println(run.Wait())
}
