// Package main is a sample for the tests of the compiler.
package main

import (
	"context"
	"fmt"
	"log"

	mp "github.com/mpgen/mpgen/runtime"
)

func work(ctx context.Context, p *WorkPorts) error {
	if _, err := p.Start.Wait(ctx); err != nil {
		return err
	}
	if err := p.Ready.Wait(ctx); err != nil {
		return err
	}
	if err := p.Slots.Acquire(ctx); err != nil {
		return err
	}
	err := p.Config.Update(ctx, func(c *Config) error {
		c.Peers[c.Name] = append(c.Peers[c.Name], len(c.Peers[c.Name]))
		return nil
	})
	p.Slots.Release()
	if err != nil {
		return err
	}
	if err := inTurn(ctx, p); err != nil {
		return err
	}
	return mark(ctx, p, 2)
}

// inTurn adds to turns when those before this instance have.
func inTurn(ctx context.Context, p *WorkPorts) error {
	if err := p.Changed.Lock(ctx); err != nil {
		return err
	}
	if err := p.Changed.WaitFor(ctx, func() bool { return p.Turns.Load() == int64(p.Instance) }); err != nil {
		return err
	}
	p.Turns.Add(1)
	p.Changed.Broadcast()
	p.Changed.Unlock()
	return nil
}

// mark takes the lock again as often as depth says, then writes.
func mark(ctx context.Context, p *WorkPorts, depth int) error {
	ctx, err := p.Tree.Lock(ctx)
	if err != nil {
		return err
	}
	defer p.Tree.Unlock()
	if depth > 0 {
		return mark(ctx, p, depth-1)
	}
	if err := p.Table.Lock(ctx); err != nil {
		return err
	}
	p.Marks[p.Instance]++
	p.Table.Unlock()
	return nil
}

func call(ctx context.Context, p *CallPorts, name string) error {
	_, err := p.Visit.Wait(ctx)
	return err
}

func main() {
	mp.Main()
	ctx := context.Background()
	run, err := Start(ctx)
	check(err)
	defer run.Close()
	check(run.Config.Store(ctx, Config{Name: "x", Peers: map[string][]int{}}))
	_, err = run.Start.Wait(ctx)
	check(err)
	run.Ready.Set()
	for _, name := range []string{"one", "two"} {
		_, err := run.Call(ctx, name)
		check(err)
	}
	check(run.Wait())
	check(run.Table.RLock(ctx))
	fmt.Println(run.Marks, run.Turns.Load(), run.Slots.Value())
	run.Table.RUnlock()
	c, err := run.Config.Load(ctx)
	check(err)
	fmt.Println(c.Peers)
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
