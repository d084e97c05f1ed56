// Command batches has tasks that are called one by one done many at a time, and
// calls that run beside each other in one worker.
package main

//go:generate go run github.com/mpgen/mpgen/cmd/mpgen generate

import (
	"context"
	"fmt"
	"log"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	mp "github.com/mpgen/mpgen/runtime"
)

// embed stands for a model that takes as long for many texts as for one.
func embed(ctx context.Context, texts []string) ([]int, error) {
	time.Sleep(10 * time.Millisecond)
	lengths := make([]int, len(texts))
	for i, text := range texts {
		if text == "poison" {
			os.Exit(3)
		}
		lengths[i] = len(text)
	}
	return lengths, nil
}

func fetch(ctx context.Context, url string) (string, error) {
	select {
	case <-time.After(50 * time.Millisecond): // a server far away
		return "page of " + url, nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// counts is safe for several calls at once, as its service says concurrent.
type counts struct {
	mu   sync.Mutex
	seen map[string]int
}

func openCache(context.Context) (Cache, error) { return &counts{seen: map[string]int{}}, nil }

func (c *counts) Add(ctx context.Context, key string) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen[key]++
	return c.seen[key], nil
}

func main() {
	mp.Main()
	ctx := context.Background()
	run, err := Start(ctx)
	if err != nil {
		log.Fatal(err)
	}
	defer run.Close()

	sum := 0
	for n, err := range run.Embed.Map(ctx, slices.Values(strings.Fields("one two three four five six seven eight nine ten"))) {
		if err != nil {
			log.Fatal(err)
		}
		sum += n
	}
	fmt.Println("letters:", sum)

	// A task that kills its worker costs itself, not its batch.
	one, bad := run.Embed.Go(ctx, "one"), run.Embed.Go(ctx, "poison")
	fmt.Println(one.Wait(ctx))
	_, err = bad.Wait(ctx)
	fmt.Println("poison:", err != nil)

	pages := 0
	for page, err := range run.Fetch.Map(ctx, slices.Values(make([]string, 16))) {
		if err == nil && page != "" {
			pages++
		}
	}
	fmt.Println("pages:", pages)

	var calls sync.WaitGroup
	for range 20 {
		calls.Go(func() {
			if _, err := run.Cache.Add(ctx, "key"); err != nil {
				log.Print(err)
			}
		})
	}
	calls.Wait()
	fmt.Println(run.Cache.Add(ctx, "key"))
}
