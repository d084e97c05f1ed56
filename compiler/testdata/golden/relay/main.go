// Package main is a sample for the tests of the compiler.
package main

import (
	"context"
	"log"

	mp "github.com/mpgen/mpgen/runtime"
)

func stamp(_ context.Context, note Note) (Note, error)         { return note, nil }
func split(_ context.Context, note Note) ([]int, error)        { return []int{len(note.Text)}, nil }
func again(context.Context, mp.Failed[Note]) error             { return nil }
func ring(context.Context, int) error                          { return nil }
func pause(context.Context, float64) error                     { return nil }
func names(context.Context, []string) (map[string]Note, error) { return nil, nil }
func idle(ctx context.Context) error                           { <-ctx.Done(); return nil }

func tee(ctx context.Context, p *TeePorts) error {
	for note, err := range p.Outbox.All(ctx) {
		if err != nil {
			return err
		}
		if err := p.Inbox2.Send(ctx, note); err != nil {
			return err
		}
		if err := p.More.Send(ctx, []byte(note.Text)); err != nil {
			return err
		}
	}
	return nil
}

func drain(ctx context.Context, p *DrainPorts) error {
	for _, err := range p.More.All(ctx) {
		if err != nil {
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
	log.Println(run.Inbox.Send(ctx, Note{Text: "a"}), run.Echo.Send(ctx, "b"), run.Seen.Load())
	log.Println(run.Outbox.Receive(ctx))
	log.Println(run.Pause.Call(ctx, 0.5))
	log.Println(run.Names.Call(ctx, nil))
}
