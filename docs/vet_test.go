package docs

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/aymanbagabas/go-udiff"
	"github.com/stretchr/testify/require"

	"github.com/mpgen/mpgen/analyzers"
	"github.com/mpgen/mpgen/compiler"
)

// TestTheRulesOfVetAreTheCompilers makes the list of vet.md from the one that mpgen vet itself
// uses, whose examples the compiler's tests hold; go test ./docs -update writes it.
func TestTheRulesOfVetAreTheCompilers(t *testing.T) {
	madeOf(t, "vet.md", "rules", rulesText())
}

// TestTheAnalyzersOfVetAreThoseOfTheTool does the like for the analyzers of Go functions.
func TestTheAnalyzersOfVetAreThoseOfTheTool(t *testing.T) {
	madeOf(t, "vet.md", "analyzers", analyzersText())
}

// madeOf compares a part of a page between two comments with what it is made of, or writes it.
func madeOf(t *testing.T, page, part, made string) {
	begin, end := "<!-- "+part+" -->\n", "<!-- end of "+part+" -->\n"
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	head, rest, ok := strings.Cut(string(text), begin)
	require.True(t, ok)
	_, tail, ok := strings.Cut(rest, end)
	require.True(t, ok)
	want := head + begin + made + end + tail
	if *update {
		require.NoError(t, os.WriteFile(page, []byte(want), 0o644))
		return
	}
	require.Empty(t, udiff.Unified(page, "made of the code", string(text), want), "go test ./docs -update writes it")
}

func analyzersText() string {
	var b strings.Builder
	b.WriteByte('\n')
	for _, a := range analyzers.All {
		title, text, _ := strings.Cut(a.Doc, "\n\n")
		text = strings.ReplaceAll(strings.ReplaceAll(text, "\n\n", "\f"), "\n", " ")
		fmt.Fprintf(&b, "### %s\n\nFinds %s. %s\n\n", a.Name, strings.TrimPrefix(title, "find "), strings.ReplaceAll(text, "\f", "\n\n"))
	}
	return b.String()
}

func rulesText() string {
	var b strings.Builder
	b.WriteString("\n| rule | finds |\n|---|---|\n")
	for _, r := range compiler.Rules() {
		fmt.Fprintf(&b, "| [`%s`](#%s) | %s |\n", r.Name, r.Name, r.Title)
	}
	for _, r := range compiler.Rules() {
		fmt.Fprintf(&b, "\n### %s\n\n%s%s. ", r.Name, strings.ToUpper(r.Title[:1]), r.Title[1:])
		fmt.Fprintf(&b, "%s\n\n```mp\n%s```\n\nRather:\n\n```mp\n%s```\n", r.Text, r.Wrong, r.Right)
	}
	b.WriteByte('\n')
	return strings.ReplaceAll(b.String(), ". \n", ".\n")
}
