// Package main is a sample for the tests of the compiler.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"strings"
	"time"

	mp "github.com/mpgen/mpgen/runtime"
)

func tail(ctx context.Context, p *TailPorts, texts []string) error {
	for _, text := range texts {
		for line := range strings.SplitSeq(text, "\n") {
			if err := p.Lines.Send(ctx, line); err != nil {
				return err
			}
		}
	}
	return nil
}

func parse(_ context.Context, line string) ([]Entry, error) {
	at, rest, ok := strings.Cut(line, " ")
	if !ok {
		return nil, nil
	}
	t, err := time.Parse(time.RFC3339, at)
	return []Entry{{At: t, Level: LevelWarn, Text: rest}}, err
}

// window waits for entries, for its clock, and to be told, at once.
func window(ctx context.Context, p *WindowPorts, every time.Duration) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	count := map[Level]int{}
	flush := func() error {
		err := p.Summaries.Send(ctx, Summary{time.Now(), count})
		count = map[Level]int{}
		return err
	}
	for {
		select {
		case <-p.Entries.Ready():
			e, err := p.Entries.TryReceive()
			switch {
			case err == nil:
				count[e.Level]++
			case errors.Is(err, mp.ErrClosed):
				return flush()
			case !errors.Is(err, mp.ErrEmpty):
				return err
			}
		case <-tick.C:
			if err := flush(); err != nil {
				return err
			}
		case <-p.Flush.Done():
			p.Flush.Clear()
			if err := flush(); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func output(ctx context.Context, p *OutputPorts) error {
	sum := Summary{Count: map[Level]int{}}
	for s, err := range p.Summaries.All(ctx) {
		if err != nil {
			return err
		}
		sum.End = s.End
		for level, n := range s.Count {
			sum.Count[level] += n
		}
	}
	return p.Last.Store(ctx, sum)
}

func main() {
	mp.Main()
	ctx := context.Background()
	const at = "2020-02-02T20:20:20Z "
	run, err := Start(ctx, Args{TailTexts: []string{at + "one\n" + at + "two\nneither\nno entry", at + "three"}, WindowEvery: time.Minute})
	if err != nil {
		log.Fatal(err)
	}
	defer run.Close()
	run.Flush.Set()
	if err := run.Wait(); err != nil {
		log.Fatal(err)
	}
	last, err := run.Last.Load(ctx)
	fmt.Println(last.Count, err)
}
