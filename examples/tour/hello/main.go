// Command hello starts two processes and waits for them.
package main

//go:generate go run github.com/mpgen/mpgen/cmd/mpgen generate

import (
	"context"
	"fmt"
	"log"

	mp "github.com/mpgen/mpgen/runtime"
)

func hello(ctx context.Context, name string) error {
	fmt.Println("hello", name)
	return nil
}

func main() {
	mp.Main() // in a process of the pipeline this never returns
	ctx := context.Background()
	run, err := Start(ctx)
	if err != nil {
		log.Fatal(err)
	}
	defer run.Close()
	ada, err := run.Hello(ctx, "Ada")
	if err != nil {
		log.Fatal(err)
	}
	if err := ada.Wait(ctx); err != nil { // Python's join
		log.Fatal(err)
	}
	bob, err := run.Hello(ctx, "Bob")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("Bob ended with", bob.Wait(ctx))
}
