// Command sync has processes that wait for each other in four ways.
package main

//go:generate go run github.com/mpgen/mpgen/cmd/mpgen generate

import (
	"context"
	"fmt"
	"log"

	mp "github.com/mpgen/mpgen/runtime"
)

// A clerk waits for the morning, takes two letters, and goes home with the others.
func clerk(ctx context.Context, p *ClerkPorts) error {
	if err := p.Morning.Wait(ctx); err != nil {
		return err
	}
	for range 2 {
		if err := take(ctx, p); err != nil {
			return err
		}
	}
	index, err := p.Evening.Wait(ctx)
	if err != nil {
		return err
	}
	if index == 0 { // one of them
		fmt.Println("all have done their letters")
	}
	_, err = p.Evening.Wait(ctx)
	return err
}

// take answers a letter at a desk, of which there are two.
func take(ctx context.Context, p *ClerkPorts) error {
	if err := p.Letters.Lock(ctx); err != nil {
		return err
	}
	if err := p.Letters.WaitFor(ctx, func() bool { return p.Waiting.Load() > 0 }); err != nil {
		return err // the lock is not held
	}
	p.Waiting.Add(-1)
	p.Letters.Unlock()

	if err := p.Desks.Acquire(ctx); err != nil {
		return err
	}
	defer p.Desks.Release()
	if p.Busy.Add(1) > 2 {
		p.Crowded.Add(1)
	}
	p.Taken.Add(1)
	p.Busy.Add(-1)
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
	fmt.Println("the office opens")
	run.Morning.Set()
	for range 8 { // letters come one by one
		if err := run.Letters.Lock(ctx); err != nil {
			log.Fatal(err)
		}
		run.Waiting.Add(1)
		run.Letters.Notify(1)
		run.Letters.Unlock()
	}
	// The program is the fifth party, so all have to wait for it.
	index, err := run.Evening.Wait(ctx)
	if err != nil {
		log.Fatal(err)
	}
	if index == 0 {
		fmt.Println("all have done their letters")
	}
	if _, err := run.Evening.Wait(ctx); err != nil {
		log.Fatal(err)
	}
	if err := run.Wait(); err != nil {
		log.Fatal(err)
	}
	fmt.Println(run.Taken.Load(), "letters,", run.Crowded.Load(), "times a clerk too many")
}
