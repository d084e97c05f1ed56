// Command failure shows how what goes wrong in a process reaches the program: an
// error that its function returns, a panic, and a call of os.Exit.
package main

//go:generate go run github.com/mpgen/mpgen/cmd/mpgen generate

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log"
	"os"
	"strings"

	mp "github.com/mpgen/mpgen/runtime"
)

func work(ctx context.Context, how string) error {
	switch how {
	case "panic":
		panic("boom")
	case "exit":
		os.Exit(3)
	}
	_, err := os.Open(how)
	return err
}

func main() {
	mp.Main()
	ctx := context.Background()
	run, err := Start(ctx)
	if err != nil {
		log.Fatal(err)
	}
	defer run.Close()
	for _, how := range []string{"/nowhere", "panic", "exit"} {
		p, err := run.Work(ctx, how)
		if err != nil {
			log.Fatal(err)
		}
		err = p.Wait(ctx)
		var died *mp.Died
		switch {
		case errors.Is(err, fs.ErrNotExist): // it is the same error on both sides
			fmt.Println("no such file:", err)
		case errors.As(err, &died) && died.Panic != "":
			text, _, _ := strings.Cut(died.Panic, "\n") // and the stack behind it
			fmt.Println("it panicked:", text)
		case errors.As(err, &died):
			fmt.Println("it exited with", died.Exit)
		}
	}
}
