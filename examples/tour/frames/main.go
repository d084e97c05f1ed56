// Command frames hands pictures from process to process, and copies none.
package main

import (
	"context"
	"fmt"
	"log"
	"maps"
	"slices"

	mp "github.com/mpgen/mpgen/runtime"
)

//go:generate go tool mpgen generate

const megapixel = 1 << 20

// grab fills each picture in place. Send gives it away: grab touches it no more.
func grab(ctx context.Context, p *GrabPorts, count int) error {
	for i := range count {
		b, err := p.Frames.New(ctx, megapixel)
		if err != nil {
			return err
		}
		for k := range b.Bytes() {
			b.Bytes()[k] = byte(i * 10)
		}
		if err := p.Raw.Send(ctx, Frame{Number: i, Pixels: b}); err != nil {
			return err
		}
	}
	return nil
}

// shade has the picture until it returns, and sends the same on.
func shade(ctx context.Context, frame Frame) (Frame, error) {
	pixels := frame.Pixels.Bytes()
	for k := range pixels {
		pixels[k] /= 2
	}
	return frame, nil
}

func main() {
	mp.Main()
	ctx := context.Background()
	run, err := Start(ctx, Args{GrabCount: 20})
	if err != nil {
		log.Fatal(err)
	}
	defer run.Close()

	bright := map[int]mp.Block{}
	for frame, err := range run.Shaded.All(ctx) {
		if err != nil {
			log.Fatal(err)
		}
		if pixels := frame.Pixels.Bytes(); pixels[megapixel-1] < 90 {
			continue // the picture is freed when the next one is asked for
		}
		if err := frame.Pixels.Keep(); err != nil { // until Release
			log.Fatal(err)
		}
		bright[frame.Number] = frame.Pixels
	}
	for _, number := range slices.Sorted(maps.Keys(bright)) {
		fmt.Println("frame", number, "is", bright[number].Bytes()[0], "bright")
		bright[number].Release()
	}
	fmt.Println(run.Wait())
}
