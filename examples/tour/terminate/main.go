// Command terminate waits for a process that does not end, and then ends it.
package main

//go:generate go run github.com/mpgen/mpgen/cmd/mpgen generate

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	mp "github.com/mpgen/mpgen/runtime"
)

func sleep(ctx context.Context) error {
	time.Sleep(time.Hour) //mpgen:ignore mpcontext deaf to ctx, so that it is killed
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
	p, err := run.Sleep(ctx)
	if err != nil {
		log.Fatal(err)
	}

	soon, cancel := context.WithTimeout(ctx, 200*time.Millisecond) // join(timeout=0.2)
	defer cancel()
	fmt.Println("after a while:", p.Wait(soon))

	err = p.Stop(ctx) // cancels its context, and kills it after its grace
	var died *mp.Died
	fmt.Println("killed:", errors.As(err, &died) && died.Signal != 0)
}
