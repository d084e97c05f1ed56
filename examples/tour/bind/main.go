// Command bind calls functions that know nothing of processes: without a context,
// with an error or without, from packages that are not this one.
package main

//go:generate go run github.com/mpgen/mpgen/cmd/mpgen generate

import (
	"context"
	"fmt"
	"log"
	"slices"

	mp "github.com/mpgen/mpgen/runtime"
)

func main() {
	mp.Main()
	ctx := context.Background()
	run, err := Start(ctx, mp.Workers(2))
	if err != nil {
		log.Fatal(err)
	}
	defer run.Close()

	// Python's Pool.map(math.sqrt, …)
	for x, err := range run.Root.Map(ctx, slices.Values([]float64{4, 9, 2})) {
		fmt.Println(x, err)
	}

	// several parameters are a struct
	fmt.Println(run.Join.Call(ctx, JoinTask{Parts: []string{"a", "b", "c"}, By: "-"}))

	sum, err := run.Sum.Call(ctx, []byte("abc"))
	fmt.Printf("%x %v\n", sum[:4], err)

	// an error comes back as one of the function, with its text
	link, err := run.Link.Call(ctx, "https://example.com/a?b=c")
	fmt.Println(link.Host, err)
	_, err = run.Link.Call(ctx, "%")
	fmt.Println(err)
}
