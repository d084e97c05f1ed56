// Command tree adds up a list in processes that start processes.
package main

//go:generate go run github.com/mpgen/mpgen/cmd/mpgen generate

import (
	"context"
	"errors"
	"fmt"
	"log"

	mp "github.com/mpgen/mpgen/runtime"
)

func add(ctx context.Context, p *AddPorts, list []int) error {
	if half := len(list) / 2; half > 10 {
		child, err := p.Add(ctx, list[:half])
		switch {
		case err == nil: // it works beside this one
			return errors.Join(add(ctx, p, list[half:]), child.Wait(ctx))
		case !errors.Is(err, mp.ErrFull): // else this one does all of it
			return err
		}
	}
	sum := 0
	for _, n := range list {
		sum += n
	}
	return p.Sums.Send(ctx, sum)
}

func main() {
	mp.Main()
	ctx := context.Background()
	run, err := Start(ctx)
	if err != nil {
		log.Fatal(err)
	}
	defer run.Close()

	list := make([]int, 100)
	for i := range list {
		list[i] = i
	}
	root, err := run.Add(ctx, list)
	if err != nil {
		log.Fatal(err)
	}
	ended := make(chan error)
	go func() { ended <- run.Wait() }() // the program starts no more
	total, parts := 0, 0
	for sum, err := range run.Sums.All(ctx) { // it ends with the last of the tree
		if err != nil {
			log.Fatal(err)
		}
		total += sum
		parts++
	}
	fmt.Println("the sum is", total, "of", parts, "parts")
	fmt.Println(root.Name(), root.Err(), <-ended)
}
