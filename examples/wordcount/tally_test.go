package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestATallyStartsEachTaskFromNothing(t *testing.T) {
	folder := t.TempDir()
	tally := newTally()
	for _, c := range []struct {
		text  string
		words string
		times []int
	}{
		{"One two one", "one two ", []int{2, 1}},
		{"two Two three", "two three ", []int{2, 1}},
		{"", "", []int{}},
		{"one", "one ", []int{1}},
	} {
		path := filepath.Join(folder, "file")
		require.NoError(t, os.WriteFile(path, []byte(c.text), 0o644))
		require.Equal(t, Counts{Files: 1, Words: c.words, Times: c.times}, task(t, tally, path))
	}
}

func TestATaskTellsTheWordsOfItsFilesOnce(t *testing.T) {
	folder := t.TempDir()
	a, b := filepath.Join(folder, "a"), filepath.Join(folder, "b")
	require.NoError(t, os.WriteFile(a, []byte("one two one"), 0o644))
	require.NoError(t, os.WriteFile(b, []byte("two three one"), 0o644))
	require.Equal(t, Counts{Files: 2, Words: "one two three ", Times: []int{3, 2, 1}}, task(t, newTally(), a, b))
}

// task counts some files as a worker does.
func task(t *testing.T, tally *tally, files ...string) Counts {
	t.Helper()
	defer tally.clear()
	for _, file := range files {
		require.NoError(t, tally.file(t.Context(), file))
	}
	return tally.counts(len(files))
}

func TestATallyForgetsWhenItKnowsTooMuch(t *testing.T) {
	tally := newTally()
	var text strings.Builder
	word := []byte("aaaaa")
	for range maxKnown + 1 {
		text.Write(word)
		text.WriteByte(' ')
		for i := range word { // count in letters
			if word[i]++; word[i] <= 'z' {
				break
			}
			word[i] = 'a'
		}
	}
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, []byte(text.String()), 0o644))
	got := task(t, tally, path)
	require.Len(t, got.Times, maxKnown+1)
	require.Empty(t, tally.ids)
	require.Empty(t, tally.words)

	require.Equal(t, got, task(t, tally, path))
}
