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

func scan(ctx context.Context, p *ScanPorts, root string) error {
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		return p.Files.Send(ctx, path)
	})
}

func count(ctx context.Context, file string) (Counts, error) {
	t := tallies.Get().(*tally)
	defer tallies.Put(t)
	return t.file(ctx, file)
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
