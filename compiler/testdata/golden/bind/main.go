//go:generate go run github.com/mpgen/mpgen/cmd/mpgen generate
package main

import (
	"context"
	"errors"
	"fmt"
	"image"
	"log"

	"github.com/mpgen/mpgen/compiler/testdata/golden/bind/imaging"
	mp "github.com/mpgen/mpgen/runtime"
)

func double(n int) int { return 2 * n }

func walk(p *StepPorts, n int) (int, error) { return p.Moves.Add(n), nil }

func shout(ctx context.Context, p *AnnouncePorts, what string) { p.Moves.Add(len(what)) }

func silent() {}

func main() {
	mp.Main()
	ctx := context.Background()
	run, err := Start(ctx, Args{AnnounceWhat: "three", AlbumTitle: "Holidays"})
	if err != nil {
		log.Fatal(err)
	}
	defer run.Close()

	if err := run.Jobs.Send(ctx, imaging.Job{Path: "a.png", Size: image.Pt(3, 2)}); err != nil {
		log.Fatal(err)
	}
	thumb, err := run.Thumbs.Receive(ctx)
	fmt.Println(thumb.Path, len(thumb.Pix), err)

	show := func(v any, err error) { fmt.Println(v, err) }
	pix, err := run.Blur.Call(ctx, BlurTask{Pix: []byte{1}, Radius: 2})
	show(pix, err)
	_, err = run.Blur.Call(ctx, BlurTask{Radius: -1})
	var remote *mp.Remote
	show("an error of its own:", fmt.Errorf("%t", errors.As(err, &remote)))
	root, err := run.Root.Call(ctx, 9)
	show(root, err)
	joined, err := run.Join.Call(ctx, JoinTask{Parts: []string{"a", "b"}, By: "-"})
	show(joined, err)
	total, err := run.Total.Call(ctx, TotalTask{Start: 1, More: []int{2, 3}})
	show(total, err)
	_, err = run.Forget.Call(ctx, "x")
	show("forgotten", err)
	twice, err := run.Twice.Call(ctx, 21)
	show(twice, err)
	n, err := run.Album.Add(ctx, thumb)
	show(n, err)
	title, err := run.Album.Title(ctx)
	show(title, err)
	if _, err := run.Step.Call(ctx, 10); err != nil {
		log.Fatal(err)
	}
	run.Jobs.Close()
	if err := run.Wait(); err != nil {
		log.Fatal(err)
	}
	fmt.Println(run.Moves.Load())
}
