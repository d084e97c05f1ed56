// Command loop starts five processes, each with its own argument.
package main

//go:generate go run github.com/mpgen/mpgen/cmd/mpgen generate

import (
	"context"
	"fmt"
	"log"

	mp "github.com/mpgen/mpgen/runtime"
)

func greet(ctx context.Context, i int, name string) error {
	fmt.Println("hello", name, i)
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
	for i := range 5 {
		if _, err := run.Greet(ctx, i+1, "world"); err != nil {
			log.Fatal(err)
		}
	}
	if err := run.Wait(); err != nil { // for all of them, which ran side by side
		log.Fatal(err)
	}
}
