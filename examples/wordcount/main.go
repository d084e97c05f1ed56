// Command wordcount counts the words of all files below a folder in worker
// processes.
//
//	wordcount [folder]
//
// It prints the ten most frequent words as COUNT WORD, and then how many files
// and words there were: files N words M. A word is a run of ASCII letters, told
// in small ones; symbolic links are not followed, and a file that can't be read
// ends the program.
//
// words.mp says which processes there are and what flows between them; the
// functions here have their names. Each runs in a process of its own, count in
// four, and knows nothing of that: scan's end closes the queue of files, the
// last file counted closes the queue of counts, and so collect's loop ends.
package main

//go:generate go run github.com/mpgen/mpgen/cmd/mpgen generate

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"

	mp "github.com/mpgen/mpgen/runtime"
)

// batchFiles is the most files of one task. The words of a batch are told once,
// and cost the collector one look-up each.
const batchFiles = 64

func scan(ctx context.Context, p *ScanPorts, root string) error {
	seen := 0
	var batch []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		seen++
		// The first batches are of one file, so that a small folder gives work to
		// all workers; they grow with what there turns out to be.
		if batch = append(batch, path); len(batch) < min(1+seen/64, batchFiles) {
			return nil
		}
		defer func() { batch = batch[:0] }()
		return p.Files.Send(ctx, batch)
	})
	if err != nil || len(batch) == 0 {
		return err
	}
	return p.Files.Send(ctx, batch)
}

func count(ctx context.Context, files []string) (Counts, error) {
	t := tallies.Get().(*tally)
	defer tallies.Put(t)
	defer t.clear()
	for _, file := range files {
		if err := t.file(ctx, file); err != nil {
			return Counts{}, err
		}
	}
	return t.counts(len(files)), nil
}

func collect(ctx context.Context, p *CollectPorts) error {
	t := total{times: map[string]*int{}}
	for c, err := range p.Counted.All(ctx) {
		if err != nil {
			return err
		}
		if err := t.add(c); err != nil {
			return err
		}
	}
	return t.print(os.Stdout)
}

func main() {
	mp.Main()
	root := "."
	if len(os.Args) > 1 {
		root = os.Args[1]
	}
	if err := wordcount(root); err != nil {
		fmt.Fprintln(os.Stderr, "wordcount:", err)
		os.Exit(1)
	}
}

// wordcount counts below root; its own process only starts the others and waits.
func wordcount(root string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	run, err := Start(ctx, Args{ScanRoot: root})
	if err != nil {
		return err
	}
	defer run.Close()
	return run.Wait()
}
