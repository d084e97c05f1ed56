// Command daemon has a process that watches another for as long as that runs.
package main

//go:generate go run github.com/mpgen/mpgen/cmd/mpgen generate

import (
	"context"
	"fmt"
	"log"
	"time"

	mp "github.com/mpgen/mpgen/runtime"
)

func work(ctx context.Context, p *WorkPorts) error {
	for range 10 {
		time.Sleep(20 * time.Millisecond)
		p.Done.Add(1)
	}
	return nil
}

func watch(ctx context.Context, p *WatchPorts) error {
	for {
		select {
		case <-time.After(50 * time.Millisecond):
			fmt.Println("watch: there is progress:", p.Done.Load() > 0)
		case <-ctx.Done():
			return nil
		}
	}
}

func main() {
	mp.Main()
	run, err := Start(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	defer run.Close()
	if err := run.Wait(); err != nil { // for work, not for watch
		log.Fatal(err)
	}
	fmt.Println("done:", run.Done.Load())
}
