// Command queue sends numbers from one process to another.
package main

//go:generate go run github.com/mpgen/mpgen/cmd/mpgen generate

import (
	"context"
	"fmt"
	"log"

	mp "github.com/mpgen/mpgen/runtime"
)

func produce(ctx context.Context, p *ProducePorts) error {
	for i := range 100 {
		if err := p.Numbers.Send(ctx, i); err != nil { // waits while the queue is full
			return err
		}
	}
	return nil // the last producer's end closes the queue: nobody sends a sentinel
}

func consume(ctx context.Context, p *ConsumePorts) error {
	sum := 0
	for n, err := range p.Numbers.All(ctx) {
		if err != nil {
			return err
		}
		sum += n
	}
	fmt.Println("the sum is", sum)
	return nil
}

func main() {
	mp.Main()
	run, err := Start(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	defer run.Close()
	if err := run.Wait(); err != nil {
		log.Fatal(err)
	}
}
