package main

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
)

// A total adds up the counts of many files.
type total struct {
	files int
	times map[string]*int
}

func (t *total) add(c Counts) error {
	if words := strings.Count(c.Words, " "); words != len(c.Times) {
		return fmt.Errorf("a file has %d words and %d counts, want as many", words, len(c.Times))
	}
	t.files += c.Files
	rest := c.Words
	for _, n := range c.Times {
		var word string
		word, rest, _ = strings.Cut(rest, " ")
		if sum := t.times[word]; sum != nil {
			*sum += n
			continue
		}
		first := n
		t.times[strings.Clone(word)] = &first // the clone keeps no whole task's words
	}
	return nil
}

// A ranked word is one of the most frequent.
type ranked struct {
	word  string
	times int
}

// top returns the n most frequent words, those of one count by their letters. It
// keeps the best so far in order; few words get that far, so it is far cheaper
// than sorting them all.
func (t *total) top(n int) []ranked {
	best := make([]ranked, 0, n+1)
	for word, times := range t.times {
		r := ranked{word, *times}
		if len(best) == n && better(best[n-1], r) < 0 {
			continue
		}
		at, _ := slices.BinarySearchFunc(best, r, better)
		best = slices.Insert(best, at, r)
		best = best[:min(n, len(best))]
	}
	return best
}

// better is negative if a comes before b.
func better(a, b ranked) int {
	return cmp.Or(cmp.Compare(b.times, a.times), strings.Compare(a.word, b.word))
}

// print writes the ten most frequent words, and then how much was counted.
func (t *total) print(out io.Writer) error {
	w := bufio.NewWriter(out)
	for _, r := range t.top(10) {
		fmt.Fprintln(w, r.times, r.word)
	}
	all := 0
	for _, n := range t.times {
		all += *n
	}
	fmt.Fprintln(w, "files", t.files, "words", all)
	return w.Flush()
}
