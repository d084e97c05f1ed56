// Package main is a sample for the tests of the compiler.
package main

import (
	"context"
	"log"
	"net/url"

	"github.com/mpgen/mpgen/compiler/testdata/golden/parcel/geo"
	mp "github.com/mpgen/mpgen/runtime"
)

func make(ctx context.Context, p *MakePorts, rich Rich, urls []url.URL, link url.URL, words [4]string, limit *int, table map[string]int, plain Plain, names []geo.Name) error {
	log.Println(urls, link.String(), words, limit, table, len(names))
	if err := p.Riches.Send(ctx, rich); err != nil {
		return err
	}
	return p.Plains.Send(ctx, plain)
}

func take(ctx context.Context, p *TakePorts) error {
	_, err := p.RichFailures.Receive(ctx)
	return err
}

func turn(context.Context, url.URL) (map[string][]Plain, error) { return nil, nil }

func main() {
	mp.Main()
	run, err := Start(context.Background(), Args{})
	if err != nil {
		log.Fatal(err)
	}
	log.Println(run.Close())
}
