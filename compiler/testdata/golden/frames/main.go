// Command frames is a program of the compiler's tests.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log"
	"slices"

	mp "github.com/mpgen/mpgen/runtime"
)

func grab(ctx context.Context, p *GrabPorts, count int) error {
	frame := func(fill byte, size int) mp.Block {
		b, err := p.Frames.New(ctx, size)
		if err != nil {
			panic(err)
		}
		for i := range b.Bytes() {
			b.Bytes()[i] = fill
		}
		return b
	}
	mask := func(size int) mp.Block {
		b, err := p.Masks.New(ctx, size)
		if err != nil {
			panic(err)
		}
		return b
	}
	for i := range count {
		last := frame(4, 100)
		f := Frame{Number: i, Pixels: frame(1, 1000*(i+1)), Tiles: []mp.Block{frame(2, 10), frame(3, 10)},
			Edges: [2]mp.Block{mask(1), mask(2)}, Last: &last, Names: map[string]mp.Block{"a": mask(i)}}
		if err := p.Raw.Send(ctx, f); err != nil {
			return err
		}
		if err := p.Alone.Send(ctx, mask(i)); err != nil {
			return err
		}
	}
	return nil
}

var errOdd = errors.New("the third one")

func init() { mp.KeepErrors(errOdd) }

func sum(ctx context.Context, f Frame) (Sum, error) {
	if f.Number == 2 {
		return Sum{}, errOdd
	}
	n := 0
	for _, b := range append(f.Tiles, f.Pixels, *f.Last) {
		for _, v := range b.Bytes() {
			n += int(v)
		}
	}
	return Sum{f.Number, n, f.Names["a"]}, nil
}

type edges struct{}

func openEdge(ctx context.Context) (Edge, error) { return edges{}, nil }

func (edges) Find(ctx context.Context, mask mp.Block) (Sum, error) {
	return Sum{Size: len(mask.Bytes()), Mask: mask}, nil
}

func (edges) Clear(ctx context.Context, f Frame) error {
	clear(f.Pixels.Bytes())
	return nil
}

func invert(ctx context.Context, pixels mp.Block, by int) (int, error) {
	b := pixels.Bytes()
	for i := range b {
		b[i] ^= byte(by)
	}
	return len(b), nil
}

func main() {
	mp.Main()
	ctx := context.Background()
	run, err := Start(ctx, Args{GrabCount: 4})
	if err != nil {
		log.Fatal(err)
	}
	defer run.Close()
	show := func(in *mp.Receiver[Sum]) {
		var all []Sum
		for s, err := range in.All(ctx) {
			if err != nil {
				log.Fatal(err)
			}
			if len(s.Mask.Bytes()) != s.Number && len(s.Mask.Bytes()) != s.Size {
				log.Fatal("the mask is another's")
			}
			all = append(all, s)
		}
		slices.SortFunc(all, func(a, b Sum) int { return cmp.Or(cmp.Compare(a.Number, b.Number), cmp.Compare(a.Size, b.Size)) })
		for _, s := range all {
			fmt.Println(s.Number, s.Size)
		}
	}
	show(run.Sums)
	show(run.Found)
	for f, err := range run.Broken.All(ctx) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(f.Item.Number, errors.Is(f.Err, errOdd), len(f.Item.Pixels.Bytes()), f.Item.Tiles[1].Bytes()[9])
	}
	b, err := run.Frames.New(ctx, 5)
	if err != nil {
		log.Fatal(err)
	}
	clear(b.Bytes())
	n, err := run.Invert.Call(ctx, InvertTask{Pixels: b, By: 7})
	fmt.Println(n, err, b.Bytes())
	fmt.Println(run.Edge.Clear(ctx, Frame{Pixels: b}), b.Copy())
	b.Release()
	fmt.Println(run.Wait())
}
