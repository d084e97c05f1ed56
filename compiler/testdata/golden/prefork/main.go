// Package main is a sample for the tests of the compiler.
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	mp "github.com/mpgen/mpgen/runtime"
)

// serve dies twice on its way. The request that it had comes again.
func serve(ctx context.Context, p *ServePorts) error {
	for n, err := range p.Requests.All(ctx) {
		if err != nil {
			return err
		}
		if (n == 20 || n == 40) && p.Crashed.Add(1) <= 2 {
			os.Exit(3)
		}
		if err := p.Answers.Send(ctx, fmt.Sprint(n*n)); err != nil {
			return err
		}
		p.Served.Add(1)
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
	go func() {
		defer run.Requests.Close()
		for i := range 60 {
			if run.Requests.Send(ctx, i) != nil {
				return // the run ended, Wait says why
			}
		}
	}()
	answers := map[string]bool{}
	for a, err := range run.Answers.All(ctx) {
		if err != nil {
			break
		}
		answers[a] = true
	}
	if err := run.Wait(); err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(answers), run.Crashed.Load() >= 2, run.Served.Load() >= 58)
}
