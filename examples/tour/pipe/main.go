// Command pipe talks to a process, by select beside a timer, and is told of its end.
package main

//go:generate go run github.com/mpgen/mpgen/cmd/mpgen generate

import (
	"context"
	"errors"
	"fmt"
	"log"
	"strings"
	"time"

	mp "github.com/mpgen/mpgen/runtime"
)

// spell answers each line, until somebody asks too much of it.
func spell(ctx context.Context, p *SpellPorts) error {
	for word, err := range p.Line.All(ctx) {
		switch {
		case err != nil:
			return err
		case word == "":
			panic("there is nothing to spell")
		}
		if err := p.Line.Send(ctx, strings.Join(strings.Split(word, ""), "-")); err != nil {
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
	for _, word := range []string{"mpgen", "pipe", ""} {
		if err := run.Line.Send(ctx, word); err != nil {
			log.Fatal(err)
		}
		select {
		case <-run.Line.Ready(): // an answer, or the end; it takes neither
			answer, err := run.Line.TryReceive()
			var died *mp.Died
			if errors.As(err, &died) {
				text, _, _ := strings.Cut(died.Panic, "\n")
				fmt.Println("it died:", text)
				return
			}
			fmt.Println(answer, err)
		case <-time.After(time.Minute):
			fmt.Println("no answer")
		}
	}
}
