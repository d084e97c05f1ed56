// Command crawl follows the links of the pages in a folder.
//
//	crawl [-depth n] [folder]
//
// It begins with index.html, reads what can be reached from there by n links at most,
// and prints a line for each page, DEPTH PATH TITLE, in the order of the paths, and
// then how many pages there were and how many links led nowhere.
//
// Each page may lead to more, so the queues form a cycle: nobody in it knows when it
// is over. The loop in frontier ends when no link and no page is left, and nobody works
// on one.
package main

//go:generate go run github.com/mpgen/mpgen/cmd/mpgen generate

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"log"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	mp "github.com/mpgen/mpgen/runtime"
)

var (
	titles = regexp.MustCompile(`(?is)<title[^>]*>(.*?)</title>`)
	hrefs  = regexp.MustCompile(`(?is)<a\s[^>]*?href\s*=\s*["']([^"']*)["']`)
)

// fetch runs in a worker, whose working folder is the program's: the one with the pages.
func fetch(ctx context.Context, link Link) (Page, error) {
	text, err := os.ReadFile(filepath.FromSlash(link.Path))
	if err != nil {
		return Page{}, err
	}
	page := Page{Link: link, Title: "-"}
	if title := titles.FindSubmatch(text); title != nil {
		page.Title = strings.Join(strings.Fields(string(title[1])), " ")
	}
	for _, href := range hrefs.FindAllSubmatch(text, -1) {
		if to, ok := local(link.Path, string(href[1])); ok {
			page.Links = append(page.Links, to)
		}
	}
	return page, nil
}

// local is where a link on a page leads, if that is below the folder.
func local(from, href string) (string, bool) {
	u, err := url.Parse(href)
	if err != nil || u.Scheme != "" || u.Host != "" || u.Path == "" {
		return "", false
	}
	to := path.Join(path.Dir(from), u.Path)
	if strings.HasPrefix(u.Path, "/") {
		to = path.Clean(u.Path)[1:]
	}
	return to, filepath.IsLocal(filepath.FromSlash(to))
}

func frontier(ctx context.Context, p *FrontierPorts, depth int) error {
	known := map[string]bool{}
	add := func(path string, depth int) error {
		if known[path] {
			return nil
		}
		known[path] = true
		return p.Links.Send(ctx, Link{Path: path, Depth: depth})
	}
	if err := add("index.html", 0); err != nil {
		return err
	}
	var lines []Page
	for page, err := range p.Pages.All(ctx) {
		if err != nil {
			return err
		}
		p.Found.Add(1)
		for _, to := range page.Links {
			if page.Link.Depth == depth {
				break
			}
			if err := add(to, page.Link.Depth+1); err != nil {
				return err
			}
		}
		page.Links = nil
		lines = append(lines, page)
	}
	slices.SortFunc(lines, func(a, b Page) int { return cmp.Compare(a.Link.Path, b.Link.Path) })
	for _, l := range lines {
		fmt.Println(l.Link.Depth, l.Link.Path, l.Title)
	}
	return nil
}

func main() {
	mp.Main()
	depth := flag.Int("depth", 1000, "links from index.html")
	flag.Parse()
	if flag.NArg() > 0 {
		if err := os.Chdir(flag.Arg(0)); err != nil {
			log.Fatal(err)
		}
	}
	if err := crawl(*depth); err != nil {
		log.Fatal(err)
	}
}

// crawl reads the pages of the working folder.
func crawl(depth int) error {
	run, err := Start(context.Background(), Args{FrontierDepth: depth})
	if err != nil {
		return err
	}
	defer run.Close()
	if err := run.Wait(); err != nil {
		return err
	}
	fmt.Println(run.Found.Load(), "pages,", run.Stats().Pools["fetch"].Failed, "links to nowhere")
	return nil
}
