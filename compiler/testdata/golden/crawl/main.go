// Package main is a sample for the tests of the compiler.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"strings"

	mp "github.com/mpgen/mpgen/runtime"
)

// fetch finds pages at every address but those that end in x.
func fetch(_ context.Context, link Link) (Page, error) {
	if strings.HasSuffix(link.URL, "x") {
		return Page{}, errors.New("not found")
	}
	page := Page{Link: link, Title: strings.ToUpper(link.URL)}
	for _, next := range "abcx" {
		page.Links = append(page.Links, link.URL+string(next), string(next))
	}
	return page, nil
}

func frontier(ctx context.Context, p *FrontierPorts, seeds []string, depth int) error {
	known, levels := map[string]bool{}, make([]int, depth+1)
	add := func(urls []string, depth int) error {
		for _, url := range urls {
			if known[url] {
				continue
			}
			known[url] = true
			if err := p.Links.Send(ctx, Link{url, depth}); err != nil {
				return err
			}
		}
		return nil
	}
	if err := add(seeds, 0); err != nil {
		return err
	}
	for page, err := range p.Pages.All(ctx) {
		if err != nil {
			return err
		}
		levels[page.Link.Depth]++
		if page.Link.Depth < depth {
			if err := add(page.Links, page.Link.Depth+1); err != nil {
				return err
			}
		}
	}
	fmt.Println("pages at each depth:", levels)
	return nil
}

func main() {
	mp.Main()
	run, err := Start(context.Background(), Args{FrontierSeeds: []string{"a", "b", "c", "x"}, FrontierDepth: 4})
	if err != nil {
		log.Fatal(err)
	}
	defer run.Close()
	if err := run.Wait(); err != nil {
		log.Fatal(err)
	}
	s := run.Stats().Pools["fetch"]
	fmt.Println(s.Done, "done,", s.Failed, "failed")
}
