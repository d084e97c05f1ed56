// Command shared lets another process change a value and an array.
package main

//go:generate go run github.com/mpgen/mpgen/cmd/mpgen generate

import (
	"context"
	"fmt"
	"log"

	mp "github.com/mpgen/mpgen/runtime"
)

func change(ctx context.Context, p *ChangePorts) error {
	p.Num.Store(3.1415927)
	for i := range p.Arr { // the shared memory itself
		p.Arr[i] = -p.Arr[i]
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
	for i := range run.Arr {
		run.Arr[i] = int32(i)
	}
	p, err := run.Change(ctx)
	if err != nil {
		log.Fatal(err)
	}
	if err := p.Wait(ctx); err != nil {
		log.Fatal(err)
	}
	fmt.Println(run.Num.Load(), run.Arr)
}
