// Command manager has three processes that change a dict, a list and a set.
package main

//go:generate go run github.com/mpgen/mpgen/cmd/mpgen generate

import (
	"context"
	"fmt"
	"log"
	"strings"

	mp "github.com/mpgen/mpgen/runtime"
)

func count(ctx context.Context, p *CountPorts, words []string) error {
	for _, word := range words {
		if err := p.Counts.Update(ctx, word, func(n int, _ bool) (int, error) { return n + 1, nil }); err != nil {
			return err
		}
		added, err := p.Seen.Add(ctx, word) // true for one of them
		if err != nil {
			return err
		}
		if added {
			p.First.Add(1)
		}
		if added && len(word) > 5 {
			if err := p.Long.Append(ctx, word); err != nil {
				return err
			}
		}
	}
	return nil
}

func main() {
	mp.Main()
	ctx := context.Background()
	run, err := Start(ctx, Args{CountWords: strings.Fields("we shared what we had and had what we shared")})
	if err != nil {
		log.Fatal(err)
	}
	defer run.Close()
	if err := run.Wait(); err != nil {
		log.Fatal(err)
	}
	counts, err := run.Counts.All(ctx)
	if err != nil {
		log.Fatal(err)
	}
	for word, n := range counts { // in the order in which they came
		fmt.Println(word, n)
	}
	long, _, err := run.Long.Pop(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("long:", long)
	fmt.Println("different:", run.First.Load())
}
