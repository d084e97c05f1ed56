// Dicts, lists and sets of flat types and others.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	mp "github.com/mpgen/mpgen/runtime"
)

func work(ctx context.Context, p *WorkPorts) error {
	for row := range int8(4) {
		if err := p.Sums.Update(ctx, "rows", func(n int, _ bool) (int, error) { return n + int(row), nil }); err != nil {
			return err
		}
		at := Spot{Row: row}
		_, loaded, err := p.Cache.LoadOrStore(ctx, at, Page{Title: fmt.Sprint("page ", row), Seen: time.Unix(int64(row), 0)})
		if err != nil {
			return err
		}
		if loaded {
			continue
		}
		if err := p.Spots.Append(ctx, at); err != nil {
			return err
		}
	}
	if _, err := p.Names.Add(ctx, fmt.Sprint("work ", p.Instance)); err != nil {
		return err
	}
	if _, err := p.Kinds.Add(ctx, Kind(p.Instance)); err != nil && !errors.Is(err, mp.ErrFull) {
		return err
	}
	return p.Todo.Append(ctx, [2]string{"from", fmt.Sprint(p.Instance)})
}

func look(ctx context.Context, p *LookPorts, at Spot) (string, error) {
	page, ok, err := p.Cache.Load(ctx, at)
	if err != nil {
		return "", err
	}
	return fmt.Sprint(page.Title, " of second ", page.Seen.Unix(), " ", ok), nil
}

func main() {
	mp.Main()
	ctx := context.Background()
	run, err := Start(ctx)
	if err != nil {
		log.Fatal(err)
	}
	defer run.Close()
	if err := run.Wait(); err != nil {
		log.Fatal(err)
	}
	sum, _, err := run.Sums.Load(ctx, "rows")
	fmt.Println(sum, err)
	fmt.Println(run.Look.Call(ctx, Spot{Row: 2}))
	fmt.Println(run.Look.Call(ctx, Spot{Row: 9}))
	for _, length := range []func(context.Context) (int, error){run.Cache.Len, run.Todo.Len, run.Spots.Len, run.Names.Len, run.Kinds.Len} {
		fmt.Println(length(ctx))
	}
	_, err = run.Todo.Load(ctx, 3)
	fmt.Println(err)
}
