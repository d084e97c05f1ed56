// Package docs checks that what the manual shows is true.
package docs

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mpgen/mpgen/compiler"
	"github.com/mpgen/mpgen/compiler/diag"
	_ "github.com/mpgen/mpgen/runtime" // the examples are built with it, so the test is to run again when it changes
)

var update = flag.Bool("update", false, "write into the pages what they are made of: settings, rules, analyzers")

var pages = []string{"../README.md", "../CONTRIBUTING.md", "../CHANGELOG.md", "language.md", "command.md", "runtime.md", "testing.md", "vet.md", "internals.md", "from-python.md"}

// block is a fenced block of a page.
type block struct {
	page string
	line int
	info []string // the words behind the fence
	text string
}

func (b block) String() string { return fmt.Sprintf("%s:%d", b.page, b.line) }

func blocks(t *testing.T, page string) (all []block) {
	t.Helper()
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	var in *block
	for i, line := range strings.SplitAfter(string(text), "\n") {
		fence, is := strings.CutPrefix(line, "```")
		switch {
		case is && in == nil:
			in = &block{page: page, line: i + 1, info: strings.Fields(fence)}
		case is:
			all, in = append(all, *in), nil
		case in != nil:
			in.text += line
		}
	}
	require.Nil(t, in, "%s has a block that does not end", page)
	return all
}

// inExamples reports whether a text stands in a file of examples as it is.
func inExamples(t *testing.T, text, pattern string) bool {
	t.Helper()
	files, err := filepath.Glob("../examples/*/" + pattern)
	require.NoError(t, err)
	deeper, err := filepath.Glob("../examples/*/*/" + pattern)
	require.NoError(t, err)
	files = append(files, deeper...)
	require.NotEmpty(t, files)
	for _, f := range files {
		whole, err := os.ReadFile(f)
		require.NoError(t, err)
		if bytes.Contains(whole, []byte(text)) {
			return true
		}
	}
	return false
}

// A file with the name of a system counts under its name without that.
func TestTheMapOfTheRuntimeIsComplete(t *testing.T) {
	page, err := os.ReadFile("internals.md")
	require.NoError(t, err)
	_, table, ok := strings.Cut(string(page), "| in `runtime/` | |")
	require.True(t, ok)
	table, _, _ = strings.Cut(table, "\n\n")
	var onMap []string
	for _, m := range regexp.MustCompile("`([a-z]+\\.go)`").FindAllStringSubmatch(table, -1) {
		onMap = append(onMap, m[1])
	}
	files, err := filepath.Glob("../runtime/*.go")
	require.NoError(t, err)
	var there []string
	for _, f := range files {
		name := regexp.MustCompile(`_(linux|unix|other)\.go$`).ReplaceAllString(filepath.Base(f), ".go")
		if !strings.HasSuffix(name, "_test.go") && !slices.Contains(there, name) {
			there = append(there, name)
		}
	}
	require.ElementsMatch(t, there, onMap)
}

func TestGoSnippetsStandInExamples(t *testing.T) {
	n := 0
	for _, page := range pages {
		for _, b := range blocks(t, page) {
			if len(b.info) == 0 || b.info[0] != "go" {
				continue
			}
			n++
			require.True(t, inExamples(t, b.text, "*.go"), "the Go of %s stands in no file of examples", b)
		}
	}
	require.GreaterOrEqual(t, n, 7)
}

func TestPipelinesThatAreShownToRunStandInExamples(t *testing.T) {
	for _, page := range []string{"../README.md", "from-python.md"} {
		for _, b := range blocks(t, page) {
			if len(b.info) == 1 && b.info[0] == "mp" {
				require.True(t, inExamples(t, b.text, "*.mp"), "the pipeline of %s stands in no file of examples", b)
			}
		}
	}
}

// TestPipelinesCompileOrAreRefused holds for every block of .mp. One that is marked
// "refused CODE" has just that finding; if text follows, that is how it reads.
func TestPipelinesCompileOrAreRefused(t *testing.T) {
	n := 0
	for _, page := range pages {
		all := blocks(t, page)
		for i, b := range all {
			if len(b.info) == 0 || b.info[0] != "mp" {
				continue
			}
			n++
			text := b.text
			if !strings.Contains("\n"+text, "\npackage ") {
				text = "package main\n\n" + text
			}
			name := "pipeline.mp"
			var shown string
			if i+1 < len(all) && len(b.info) > 1 && strings.Join(all[i+1].info, "") == "text" {
				shown = all[i+1].text
				name, _, _ = strings.Cut(shown, ":")
			}
			in := compiler.Input{ImportPath: "example.com/manual", Sources: []compiler.Source{{Name: name, Text: []byte(text)}}}
			_, found := compiler.Generate(in)
			var told bytes.Buffer
			require.NoError(t, diag.Text(&told, found, diag.Style{Source: func(string) []byte { return []byte(text) }}))
			if len(b.info) == 1 {
				require.Empty(t, found, "%s: %s", b, &told)
				continue
			}
			require.Equal(t, "refused", b.info[1], b)
			require.Len(t, found, 1, "%s: %s", b, &told)
			require.Equal(t, b.info[2], string(found[0].Code), "%s: %s", b, &told)
			if shown != "" {
				require.Equal(t, shown, told.String(), b)
			}
		}
	}
	require.GreaterOrEqual(t, n, 15)
}

// TestThePrintedTourIsWhatThePrimesPrint compares all but which worker had which number.
func TestThePrintedTourIsWhatThePrimesPrint(t *testing.T) {
	if testing.Short() || runtime.GOOS != "linux" {
		t.Skip("builds and runs an example, which needs processes")
	}
	var shown string
	for _, b := range blocks(t, "../README.md") {
		if len(b.info) == 1 && b.info[0] == "text" && strings.Contains(b.text, "least[") {
			shown = b.text
		}
	}
	require.NotEmpty(t, shown)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute) // it may have to build everything
	defer cancel()
	cmd := exec.CommandContext(ctx, "go", "run", "./examples/primes")
	cmd.Dir = ".."
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, &stderr)
	worker := regexp.MustCompile(`least\[[01]\]`)
	require.Equal(t, worker.ReplaceAllString(shown, "least[]"), worker.ReplaceAllString(string(out), "least[]"))
}

// TestLinksLeadSomewhere follows the links between pages, with their anchors.
func TestLinksLeadSomewhere(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading := regexp.MustCompile(`(?m)^#+ (.*)$`)
	for _, page := range pages {
		text, err := os.ReadFile(page)
		require.NoError(t, err)
		for _, m := range link.FindAllStringSubmatch(string(text), -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			file, anchor, _ := strings.Cut(m[1], "#")
			target := page
			if file != "" {
				target = filepath.Join(filepath.Dir(page), file)
			}
			info, err := os.Stat(target)
			require.NoError(t, err, "%s links to %s", page, m[1])
			if anchor == "" {
				continue
			}
			require.False(t, info.IsDir(), "%s links to %s", page, m[1])
			whole, err := os.ReadFile(target)
			require.NoError(t, err)
			var anchors []string
			for _, h := range heading.FindAllStringSubmatch(string(whole), -1) {
				name := strings.ReplaceAll(strings.ToLower(h[1]), " ", "-")
				anchors = append(anchors, regexp.MustCompile(`[^a-z0-9-]`).ReplaceAllString(name, ""))
			}
			require.Contains(t, anchors, anchor, "%s links to %s", page, m[1])
		}
	}
}

// TestTheFirstStepsAreTheSameOnAllPages compares the commands that make a first program.
func TestTheFirstStepsAreTheSameOnAllPages(t *testing.T) {
	var steps []string
	for _, page := range pages {
		for _, b := range blocks(t, page) {
			if strings.HasPrefix(b.text, "go mod init ") {
				steps = append(steps, b.text)
			}
		}
		text, err := os.ReadFile(page)
		require.NoError(t, err)
		require.NotRegexp(t, `(?m)^    go mod init `, string(text), "%s has them as text", page)
	}
	require.Len(t, steps, 2)
	require.Equal(t, steps[0], steps[1])
}
