// Command words counts the words below a folder with goroutines: what a Go
// programmer writes by hand for the work of examples/wordcount.
//
//	words [folder]
//
// It prints the ten most frequent words as COUNT WORD, then files N words M.
// A word is a run of ASCII letters, told in small ones; symbolic links are not
// followed. One walker sends paths, four counters count into a map each, and main
// adds the four maps up: goroutines can keep what they know, and need not tell
// anybody about each file.
package main

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

const counters = 4

func main() {
	root := "."
	if len(os.Args) > 1 {
		root = os.Args[1]
	}
	if err := run(root, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "words:", err)
		os.Exit(1)
	}
}

// tally is what one counter has counted, or why it gave up.
type tally struct {
	files int
	words map[string]*int
	err   error
}

func run(root string, out io.Writer) error {
	paths := make(chan string, 1024)
	var walked error
	go func() {
		defer close(paths)
		walked = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.Type().IsRegular() {
				paths <- path
			}
			return err
		})
	}()

	tallies := make(chan tally, counters)
	for range counters {
		go func() {
			t := tally{words: map[string]*int{}}
			buf := make([]byte, 64<<10)
			for path := range paths {
				if t.err != nil {
					continue // lets the walker end
				}
				t.files++
				t.err = t.count(path, buf)
			}
			tallies <- t
		}()
	}

	total := <-tallies
	for range counters - 1 {
		total.add(<-tallies)
	}
	if err := errors.Join(walked, total.err); err != nil {
		return err
	}
	return total.report(out)
}

// count reads a file through buf, which a word that the end of it cuts is moved
// to the front of.
func (t *tally) count(path string, buf []byte) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	held := 0
	for {
		if held == len(buf) {
			buf = append(buf, make([]byte, len(buf))...)
		}
		n, err := f.Read(buf[held:])
		text, start := buf[:held+n], -1
		if held > 0 {
			start = 0
		}
		for i := held; i < len(text); i++ {
			c := text[i] | 0x20
			if 'a' <= c && c <= 'z' {
				text[i] = c
				if start < 0 {
					start = i
				}
			} else if start >= 0 {
				t.word(text[start:i])
				start = -1
			}
		}
		held = 0
		if start >= 0 {
			held = copy(buf, text[start:])
		}
		if errors.Is(err, io.EOF) {
			if held > 0 {
				t.word(buf[:held])
			}
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (t *tally) word(word []byte) {
	if n := t.words[string(word)]; n != nil {
		*n++
		return
	}
	n := 1
	t.words[string(word)] = &n
}

func (t *tally) add(other tally) {
	t.files += other.files
	t.err = errors.Join(t.err, other.err)
	for word, n := range other.words {
		if sum := t.words[word]; sum != nil {
			*sum += *n
		} else {
			t.words[word] = n
		}
	}
}

func (t *tally) report(out io.Writer) error {
	type entry struct {
		word string
		n    int
	}
	var top []entry
	sum := 0
	for word, n := range t.words {
		sum += *n
		if len(top) == 10 && *n < top[9].n {
			continue
		}
		top = append(top, entry{word, *n})
		slices.SortFunc(top, func(a, b entry) int {
			return cmp.Or(cmp.Compare(b.n, a.n), cmp.Compare(a.word, b.word))
		})
		top = top[:min(10, len(top))]
	}
	w := bufio.NewWriter(out)
	for _, e := range top {
		fmt.Fprintln(w, e.n, e.word)
	}
	fmt.Fprintln(w, "files", t.files, "words", sum)
	return w.Flush()
}
