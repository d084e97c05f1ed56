package main

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"sync"
)

// tallies keeps a tally for each task that this process works on at once. A
// worker needs one; as goroutines, all workers take theirs from here.
var tallies = sync.Pool{New: func() any { return newTally() }}

// A tally counts the words of one file after another. It remembers every word
// that it has met, so that a word costs one look-up and no allocation, and the
// next file costs nothing for the words that it shares with those before.
type tally struct {
	ids   map[string]int32
	words []string // by id
	times []int    // by id: how often in this task
	met   []int32  // the ids in this task
	bytes int      // of the words in this task
	buf   []byte
}

// maxKnown bounds what a tally remembers, however many words the files hold.
const maxKnown = 1 << 18

func newTally() *tally {
	return &tally{ids: map[string]int32{}, buf: make([]byte, 64<<10)}
}

// file counts the words of a file, reading piece by piece: a file may be larger
// than memory, though not all its different words together.
func (t *tally) file(ctx context.Context, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	kept := 0 // bytes at the start of buf: a word that the last piece cut
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := f.Read(t.buf[kept:])
		kept = t.text(kept, kept+n)
		if errors.Is(err, io.EOF) {
			t.add(t.buf[:kept])
			return nil
		}
		if err != nil {
			return err
		}
		if kept == len(t.buf) {
			t.buf = append(t.buf, make([]byte, kept)...)
		}
	}
}

// letters gives a letter's small form, and 0 for what is no ASCII letter.
var letters = func() (small [256]byte) {
	for c := byte('a'); c <= 'z'; c++ {
		small[c], small[c-'a'+'A'] = c, c
	}
	return small
}()

// text counts the words in buf[:end], of which buf[:from] is the start of a word
// that was looked at before. It moves the word that end may have cut to the
// front, and returns its length.
func (t *tally) text(from, end int) int {
	word := 0 // where the word at hand starts
	for i := from; i < end; i++ {
		if c := letters[t.buf[i]]; c != 0 {
			t.buf[i] = c
			continue
		}
		t.add(t.buf[word:i])
		word = i + 1
	}
	return copy(t.buf, t.buf[word:end])
}

func (t *tally) add(word []byte) {
	if len(word) == 0 {
		return
	}
	id, known := t.ids[string(word)] // does not allocate
	if !known {
		id = int32(len(t.words))
		w := string(word)
		t.ids[w] = id
		t.words = append(t.words, w)
		t.times = append(t.times, 0)
	}
	if t.times[id]++; t.times[id] == 1 {
		t.met = append(t.met, id)
		t.bytes += len(word) + 1
	}
}

// counts is what the files held.
func (t *tally) counts(files int) Counts {
	var words strings.Builder
	words.Grow(t.bytes)
	times := make([]int, len(t.met))
	for i, id := range t.met {
		words.WriteString(t.words[id])
		words.WriteByte(' ')
		times[i] = t.times[id]
	}
	return Counts{Files: files, Words: words.String(), Times: times}
}

// clear makes the tally ready for the next task.
func (t *tally) clear() {
	for _, id := range t.met {
		t.times[id] = 0
	}
	t.met, t.bytes = t.met[:0], 0
	if len(t.words) > maxKnown {
		clear(t.ids)
		t.words, t.times = t.words[:0], t.times[:0]
	}
}
