// Package main is a sample for the tests of the compiler.
package main

import (
	"context"
	"fmt"
	"log"
	"strings"

	mp "github.com/mpgen/mpgen/runtime"
)

func split(_ context.Context, text string) ([]Count, error) {
	n := map[string]int{}
	for word := range strings.FieldsSeq(text) {
		n[word]++
	}
	counts := make([]Count, 0, len(n))
	for word, n := range n {
		counts = append(counts, Count{word, n})
	}
	return counts, nil
}

// reduce has all counts of its words, as no other instance gets one of them.
func reduce(ctx context.Context, p *ReducePorts) error {
	total := map[string]int{}
	for c, err := range p.Counts.All(ctx) {
		if err != nil {
			return err
		}
		total[c.Word] += c.N
	}
	for word, n := range total {
		if err := p.Totals.Send(ctx, Count{word, n}); err != nil {
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
	go func() {
		defer run.Texts.Close()
		for range 50 {
			if run.Texts.Send(ctx, "to be or not to be that is the question") != nil {
				return // the run ended, Wait says why
			}
		}
	}()
	words, twice := map[string]int{}, 0
	for c, err := range run.Totals.All(ctx) {
		if err != nil {
			break
		}
		if words[c.Word] > 0 {
			twice++
		}
		words[c.Word] += c.N
	}
	if err := run.Wait(); err != nil {
		log.Fatal(err)
	}
	fmt.Println(words, twice)
}
