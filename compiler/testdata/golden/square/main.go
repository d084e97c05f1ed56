// Package main is a sample for the tests of the compiler.
package main

import (
	"context"
	"log"

	mp "github.com/mpgen/mpgen/runtime"
)

func square(_ context.Context, n int) (int, error) { return n * n, nil }

func main() {
	mp.Main()
	run, err := Start(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	defer run.Close()
	log.Println(run.Square.Call(context.Background(), 3))
}
