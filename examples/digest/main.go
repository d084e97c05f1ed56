// Command digest prints the SHA-256 of every file below a folder.
//
//	digest [folder]
//
// It prints one line for each file, HASH PATH, in the order of the paths, and how
// many bytes that were. A file that can't be read costs a line on standard error
// and nothing else. digest.mp says which processes there are and what flows
// between them; the functions here have their names.
package main

//go:generate go run github.com/mpgen/mpgen/cmd/mpgen generate

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"log"
	"os"
	"path/filepath"
	"slices"

	mp "github.com/mpgen/mpgen/runtime"
)

func scan(ctx context.Context, p *ScanPorts, root string) error {
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		return p.Paths.Send(ctx, path)
	})
}

func digest(ctx context.Context, path string) (Sum, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return Sum{}, err
	}
	return Sum{Path: path, Size: int64(len(text)), Sha: sha256.Sum256(text)}, nil
}

func list(ctx context.Context, p *ListPorts) error {
	var sums []Sum
	for s, err := range p.Sums.All(ctx) {
		if err != nil {
			return err
		}
		sums = append(sums, s)
		p.Read.Add(s.Size)
	}
	slices.SortFunc(sums, func(a, b Sum) int { return cmp.Compare(a.Path, b.Path) })
	for _, s := range sums {
		fmt.Printf("%x %s\n", s.Sha, s.Path)
	}
	return nil
}

func complain(ctx context.Context, p *ComplainPorts) error {
	for f, err := range p.Broken.All(ctx) {
		if err != nil {
			return err
		}
		fmt.Fprintf(os.Stderr, "%s: %v\n", f.Item, f.Err)
	}
	return nil
}

func main() {
	mp.Main()
	root := "."
	if len(os.Args) > 1 {
		root = os.Args[1]
	}
	if err := sums(root); err != nil {
		log.Fatal(err)
	}
}

// sums prints those of all files below root.
func sums(root string) error {
	run, err := Start(context.Background(), Args{ScanRoot: root})
	if err != nil {
		return err
	}
	defer run.Close()
	if err := run.Wait(); err != nil {
		return err
	}
	fmt.Println(run.Read.Load(), "bytes,", run.Stats().Pools["digest"].Failed, "files failed")
	return nil
}
