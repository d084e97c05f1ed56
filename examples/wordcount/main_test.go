package main

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	mp "github.com/mpgen/mpgen/runtime"
)

// asProgram makes the test binary the program itself.
const asProgram = "WORDCOUNT_AS_PROGRAM"

func TestMain(m *testing.M) {
	mp.Main()
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// program runs wordcount on a folder and returns what it prints.
func program(t *testing.T, folder string) (out, complaints string, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0], folder)
	cmd.Env = append(os.Environ(), asProgram+"=1")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err = cmd.Run()
	return stdout.String(), stderr.String(), err
}

// expected counts in the simplest other way: whole files, a regular expression,
// one map, one pass.
func expected(t *testing.T, folder string) string {
	t.Helper()
	word := regexp.MustCompile(`[A-Za-z]+`)
	times, files, words := map[string]int{}, 0, 0
	require.NoError(t, filepath.Walk(folder, func(path string, info fs.FileInfo, err error) error {
		if err != nil || !info.Mode().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		files++
		for _, w := range word.FindAll(text, -1) {
			times[strings.ToLower(string(w))]++
			words++
		}
		return err
	}))
	var lines []string
	for w, n := range times {
		lines = append(lines, fmt.Sprintf("%012d %s", 1e11-n, w)) // sorts by count falling, then by word
	}
	sort.Strings(lines)
	var out strings.Builder
	for _, line := range lines[:min(10, len(lines))] {
		w := line[13:]
		fmt.Fprintf(&out, "%d %s\n", times[w], w)
	}
	fmt.Fprintf(&out, "files %d words %d\n", files, words)
	return out.String()
}

// write makes the files of a tree, given by path.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
	return root
}

func TestOutputIsThatOfASequentialCount(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	binary := make([]byte, 300_000)
	for i := range binary {
		binary[i] = byte(random.Uint32())
	}
	var big strings.Builder
	for big.Len() < 3<<20 {
		fmt.Fprintf(&big, "w%s ", strings.Repeat(string(rune('a'+random.IntN(26))), random.IntN(40)))
	}
	files := map[string]string{
		"empty":                "",
		"one letter":           "a",
		"no words":             "0123 -- \n\n",
		"no newline at end":    "the end",
		"binary":               string(binary),
		"unicode.txt":          "naïve Straße ΑΒΓ ſ K İ café\xff\xfe the\u00a0end",
		"case":                 "The THE tHe the",
		"big":                  big.String(),
		"one long word":        strings.Repeat("Long", 60_000),
		"cut/at the boundary":  strings.Repeat(" ", 64<<10-3) + "boundary",
		"cut/just before":      strings.Repeat(" ", 64<<10-8) + "boundary",
		"cut/just behind":      strings.Repeat(" ", 64<<10) + "boundary",
		"deep/er/and/deep/est": "deep water",
		"ties":                 "zz yy xx zz yy xx",
	}
	for i := range 300 {
		files[fmt.Sprintf("many/%d/file", i)] = fmt.Sprintf("file many file the %s", strings.Repeat("q", i%7))
	}
	root := write(t, files)
	outside := write(t, map[string]string{"secret": "outside outside"})
	require.NoError(t, os.Symlink(filepath.Join(root, "case"), filepath.Join(root, "link to a file")))
	require.NoError(t, os.Symlink(outside, filepath.Join(root, "link to a folder")))
	require.NoError(t, os.Symlink("nowhere", filepath.Join(root, "link to nothing")))
	require.NoError(t, os.Symlink(".", filepath.Join(root, "deep", "link to itself")))

	out, complaints, err := program(t, root)
	require.NoError(t, err, complaints)
	require.Equal(t, expected(t, root), out)
	require.Contains(t, out, fmt.Sprintf("files %d words", len(files)), "links are not followed")
}

func TestAnEmptyFolderHasNoWords(t *testing.T) {
	out, complaints, err := program(t, t.TempDir())
	require.NoError(t, err, complaints)
	require.Equal(t, "files 0 words 0\n", out)
}

func TestAFolderThatIsNotThereEndsTheProgram(t *testing.T) {
	out, complaints, err := program(t, filepath.Join(t.TempDir(), "nowhere"))
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit)
	require.Equal(t, 1, exit.ExitCode())
	require.Contains(t, complaints, "nowhere")
	require.Empty(t, out, "no count that would look like a whole one")
}
