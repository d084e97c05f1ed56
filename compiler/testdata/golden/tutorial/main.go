// Package main is a sample for the tests of the compiler.
package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log"
	"os"
	"strings"
	"time"

	mp "github.com/mpgen/mpgen/runtime"
)

func init() { mp.KeepErrors(fs.ErrNotExist) }

func hello(_ context.Context, name string) error {
	if name == "" {
		return errors.New("no name")
	}
	return nil
}

func greet(ctx context.Context, p *GreetPorts, i int, text string, r []string) error {
	if err := p.Screen.Lock(ctx); err != nil {
		return err
	}
	defer p.Screen.Unlock()
	if text != "hello" || len(r) != i {
		return fmt.Errorf("got %d, %q and %q", i, text, r)
	}
	return nil
}

func change(_ context.Context, p *ChangePorts) error {
	p.Num.Store(3.1415927)
	for i := range p.Arr {
		p.Arr[i] = -p.Arr[i]
	}
	return nil
}

func work(_ context.Context, how string) error {
	switch how {
	case "panic":
		panic("boom")
	case "exit":
		os.Exit(3)
	}
	_, err := os.Open(how)
	return err
}

// sleep is deaf to its context: killed after its grace.
func sleep(context.Context) error {
	time.Sleep(time.Hour)
	return nil
}

func show(ctx context.Context, p *ShowPorts) error {
	if err := p.Screen.Lock(ctx); err != nil {
		return err
	}
	p.Screen.Unlock()
	return nil
}

// watch keeps nobody waiting.
func watch(ctx context.Context, p *WatchPorts) error {
	p.Ticks.Add(1)
	<-ctx.Done()
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

	start := func(p *mp.Process, err error) *mp.Process {
		if err != nil {
			log.Fatal(err)
		}
		return p
	}
	ada, nobody := start(run.Hello(ctx, "Ada")), start(run.Hello(ctx, ""))
	fmt.Println(ada.Wait(ctx), nobody.Wait(ctx) != nil)

	var greets []*mp.Process
	for i := range 5 {
		greets = append(greets, start(run.Greet(ctx, i, "hello", make([]string, i))))
	}
	for _, p := range greets {
		if err := p.Wait(ctx); err != nil {
			log.Fatal(err)
		}
	}

	for i := range run.Arr {
		run.Arr[i] = int32(i)
	}
	fmt.Println(start(run.Change(ctx)).Wait(ctx), run.Num.Load(), run.Arr)

	for _, how := range []string{"panic", "exit", "/nowhere"} {
		err := start(run.Work(ctx, how)).Wait(ctx)
		var died *mp.Died
		switch {
		case errors.As(err, &died):
			fmt.Println("died:", died.Exit, strings.HasPrefix(died.Panic, "panic: boom"))
		case errors.Is(err, fs.ErrNotExist):
			fmt.Println("no such file")
		default:
			fmt.Println(err)
		}
	}

	p := start(run.Sleep(ctx))
	pid := p.PID()
	err = p.Stop(ctx)
	<-p.Done()
	var died *mp.Died
	fmt.Println(errors.As(err, &died), pid > 0)
	fmt.Println(run.Wait(), run.Ticks.Load() <= 1)
}
