package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestATallyStartsEachFileFromNothing(t *testing.T) {
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
		got, err := tally.file(t.Context(), path)
		require.NoError(t, err)
		require.Equal(t, Counts{Words: c.words, Times: c.times}, got)
	}
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
	got, err := tally.file(t.Context(), path)
	require.NoError(t, err)
	require.Len(t, got.Times, maxKnown+1)
	require.Empty(t, tally.ids)
	require.Empty(t, tally.words)

	again, err := tally.file(t.Context(), path)
	require.NoError(t, err)
	require.Equal(t, got, again)
}
