// Package main is a sample for the tests of the compiler.
package main

import (
	"context"
	"fmt"
	"log"

	mp "github.com/mpgen/mpgen/runtime"

	"github.com/mpgen/mpgen/compiler/testdata/golden/two/pdf"
)

func index(ctx context.Context, p *IndexPorts) error {
	for doc, err := range p.Docs.All(ctx) {
		if err != nil {
			return err
		}
		p.Found.Add(int64(len(doc)))
	}
	return nil
}

func main() {
	mp.Main() // serves both pipelines
	ctx := context.Background()
	reader, err := pdf.Open(ctx)
	if err != nil {
		log.Fatal(err)
	}
	defer reader.Close()
	run, err := Start(ctx)
	if err != nil {
		log.Fatal(err)
	}
	defer run.Close()
	for _, doc := range []string{"one", "three"} {
		text, err := reader.Text(ctx, doc)
		if err != nil {
			log.Fatal(err)
		}
		if err := run.Docs.Send(ctx, text); err != nil {
			log.Fatal(err)
		}
	}
	if err := run.Wait(); err != nil {
		log.Fatal(err)
	}
	fmt.Println(run.Found.Load())
}
