// Command stream sends words through two workers.
package main

//go:generate go run github.com/mpgen/mpgen/cmd/mpgen generate

import (
	"context"
	"fmt"
	"log"
	"strings"

	mp "github.com/mpgen/mpgen/runtime"
)

func shout(ctx context.Context, word string) (string, error) { return strings.ToUpper(word), nil }

func main() {
	mp.Main()
	ctx := context.Background()
	run, err := Start(ctx)
	if err != nil {
		log.Fatal(err)
	}
	defer run.Close()

	// Sending and receiving at once: with both queues full, who sends everything
	// first would wait for ever.
	go func() {
		defer run.Words.Close() // ends words, and then shouted
		for _, word := range strings.Fields("many hands make light work") {
			if err := run.Words.Send(ctx, word); err != nil {
				log.Print(err)
				return
			}
		}
	}()
	letters := 0
	for word, err := range run.Shouted.All(ctx) {
		if err != nil {
			log.Fatal(err)
		}
		if word != strings.ToUpper(word) {
			log.Fatal(word)
		}
		letters += len(word)
	}
	if err := run.Wait(); err != nil {
		log.Fatal(err)
	}
	fmt.Println(letters, "letters")
}
