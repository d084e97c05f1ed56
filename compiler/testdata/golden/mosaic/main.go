// Package main is a sample for the tests of the compiler.
package main

import (
	"context"
	"image"
	"log"
	"time"

	mp "github.com/mpgen/mpgen/runtime"
)

func scan(ctx context.Context, p *ScanPorts, root string, since time.Time, every time.Duration) error {
	return p.Pictures.Send(ctx, Picture{Path: root, Taken: since, Stored: since.Add(every)})
}

func slice(_ context.Context, picture Picture) ([]Tile, error) {
	return []Tile{{At: picture.bounds(), Mood: MoodLight}}, nil
}

func (p Picture) bounds() image.Rectangle { return image.Rectangle{Max: p.Size} }

func collect(ctx context.Context, p *CollectPorts) error {
	for tile, err := range p.Tiles.All(ctx) {
		if err != nil {
			return err
		}
		if tile.Mood == MoodLight {
			p.Light.Add(1)
		}
		p.Cut.Add(1)
	}
	return nil
}

func report(ctx context.Context, p *ReportPorts) error {
	for f, err := range p.Broken.All(ctx) {
		if err != nil {
			return err
		}
		log.Println(f.Item.Path, f.Err)
	}
	return nil
}

func main() {
	mp.Main()
	run, err := Start(context.Background(), Args{ScanRoot: ".", ScanSince: time.Now(), ScanEvery: time.Second})
	if err != nil {
		log.Fatal(err)
	}
	defer run.Close()
	log.Println(run.Wait(), run.Cut.Load(), run.Light.Load())
}
