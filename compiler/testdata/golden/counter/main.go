// Package main is a sample for the tests of the compiler.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"strings"

	mp "github.com/mpgen/mpgen/runtime"
)

type count struct{ n int64 }

func openCounter(_ context.Context, start int64) (Counter, error) { return &count{start}, nil }

func (c *count) Add(_ context.Context, n int64) (int64, error) { c.n += n; return c.n, nil }
func (c *count) Total(context.Context) (int64, error)          { return c.n, nil }
func (c *count) Fail(_ context.Context, why string) error      { return errors.New(why) }

func worker(ctx context.Context, p *WorkerPorts, times int, keys []string) error {
	for range times {
		if _, err := p.Counter.Add(ctx, int64(p.Instance)); err != nil {
			return err
		}
	}
	for _, k := range keys {
		v, loaded, err := p.Cache.LoadOrStore(ctx, k, strings.ToUpper(k))
		if err != nil {
			return err
		}
		if !loaded { // nobody was faster
			if _, err := p.Counter.Add(ctx, int64(len(v))); err != nil {
				return err
			}
		}
	}
	return nil
}

func main() {
	mp.Main()
	ctx := context.Background()
	run, err := Start(ctx, Args{CounterStart: 1000, WorkerTimes: 100, WorkerKeys: strings.Fields("one two three four five")})
	if err != nil {
		log.Fatal(err)
	}
	defer run.Close()
	if err := run.Wait(); err != nil {
		log.Fatal(err)
	}
	three, _, err := run.Cache.Load(ctx, "three")
	if err != nil {
		log.Fatal(err)
	}
	n, err := run.Counter.Total(ctx)
	var remote *mp.Remote
	fmt.Println(three, n, err, errors.As(run.Counter.Fail(ctx, "on purpose"), &remote))
}
