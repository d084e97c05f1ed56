// Command thumbs makes a thumbnail of every picture below a folder.
//
//	thumbs [-size pixels] folder destination
//
// Pictures are PNG, JPEG and GIF files, told by the ending of their names; their
// thumbnails are JPEG files of the same names below the destination, with .jpg
// behind. It prints each picture of which there is none, with the cause, and how
// many there are. Standard error has what crashed workers said last.
//
// A decoder is a lot of code for input that anybody may have made. Here it runs in
// workers with a time and a memory of their own, so that a picture which crashes
// it, keeps it busy for ever, or makes it take all memory costs its own thumbnail
// and nothing else. hostile.go has decoders that do just that.
package main

//go:generate go run github.com/mpgen/mpgen/cmd/mpgen generate

import (
	"bytes"
	"cmp"
	"context"
	"flag"
	"fmt"
	"image"
	_ "image/gif"
	"image/jpeg"
	_ "image/png"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"

	mp "github.com/mpgen/mpgen/runtime"
)

// endings are those of the names of pictures.
var endings = []string{".png", ".jpg", ".jpeg", ".gif"}

func scan(ctx context.Context, p *ScanPorts, root string, size image.Point) error {
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || !slices.Contains(endings, strings.ToLower(filepath.Ext(path))) {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		return p.Jobs.Send(ctx, Job{Root: root, Name: name, Size: size})
	})
}

func resize(ctx context.Context, job Job) (Thumb, error) {
	data, err := os.ReadFile(filepath.Join(job.Root, job.Name))
	if err != nil {
		return Thumb{}, err
	}
	picture, _, err := image.Decode(bytes.NewReader(data)) // may crash, may never end
	if err != nil {
		return Thumb{}, err
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, shrink(picture, job.Size), nil); err != nil {
		return Thumb{}, err
	}
	return Thumb{Name: job.Name + ".jpg", Jpeg: out.Bytes()}, nil
}

func save(ctx context.Context, p *SavePorts, dir string) error {
	for t, err := range p.Thumbs.All(ctx) {
		if err != nil {
			return err
		}
		path := filepath.Join(dir, t.Name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			return err
		}
		if err := os.WriteFile(path, t.Jpeg, 0o666); err != nil {
			return err
		}
		p.Made.Add(1)
	}
	return nil
}

func report(ctx context.Context, p *ReportPorts) error {
	var broken []mp.Failed[Job]
	for f, err := range p.Broken.All(ctx) {
		if err != nil {
			return err
		}
		p.Failed.Add(1)
		broken = append(broken, f)
	}
	slices.SortFunc(broken, func(a, b mp.Failed[Job]) int { return cmp.Compare(a.Item.Name, b.Item.Name) })
	for _, f := range broken {
		fmt.Printf("%s: %v\n", f.Item.Name, f.Err)
	}
	return nil
}

func main() {
	size := flag.Int("size", 128, "most `pixels` of a side of a thumbnail")
	flag.Parse() // before Main: flags are parsed in each process, and alike
	mp.Main()
	if flag.NArg() != 2 || *size < 1 {
		fmt.Fprintln(os.Stderr, "usage: thumbs [-size pixels] folder destination")
		os.Exit(2)
	}
	if err := thumbs(flag.Arg(0), flag.Arg(1), *size); err != nil {
		fmt.Fprintln(os.Stderr, "thumbs:", err)
		os.Exit(1)
	}
}

func thumbs(folder, destination string, size int) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	run, err := Start(ctx, Args{ScanRoot: folder, ScanSize: image.Pt(size, size), SaveDir: destination})
	if err != nil {
		return err
	}
	defer run.Close()
	if err := run.Wait(); err != nil {
		return err
	}
	fmt.Printf("%d thumbnails, %d pictures failed\n", run.Made.Load(), run.Failed.Load())
	return nil
}
