// Package main is a sample for the tests of the compiler.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"

	mp "github.com/mpgen/mpgen/runtime"
)

type count struct{ n int64 }

func openCounter(_ context.Context, start int64) (Counter, error) { return &count{start}, nil }

func (c *count) Add(_ context.Context, n int64) (int64, error) { c.n += n; return c.n, nil }
func (c *count) Total(context.Context) (int64, error)          { return c.n, nil }
func (c *count) Fail(_ context.Context, why string) error      { return errors.New(why) }

func worker(ctx context.Context, p *WorkerPorts, times int) error {
	for range times {
		if _, err := p.Counter.Add(ctx, int64(p.Instance)); err != nil {
			return err
		}
	}
	return nil
}

func main() {
	mp.Main()
	ctx := context.Background()
	run, err := Start(ctx, Args{CounterStart: 1000, WorkerTimes: 100})
	if err != nil {
		log.Fatal(err)
	}
	defer run.Close()
	if err := run.Wait(); err != nil {
		log.Fatal(err)
	}
	n, err := run.Counter.Total(ctx)
	var remote *mp.Remote
	fmt.Println(n, err, errors.As(run.Counter.Fail(ctx, "on purpose"), &remote))
}
