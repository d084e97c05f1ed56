package docs

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mpgen/mpgen/compiler"
)

// TestTheRulesOfVetAreTheCompilers makes the list of vet.md from the one that mpgen vet itself
// uses, whose examples the compiler's tests hold; go test ./docs -update writes it.
func TestTheRulesOfVetAreTheCompilers(t *testing.T) {
	const page, begin, end = "vet.md", "<!-- rules -->\n", "<!-- end of rules -->\n"
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	head, rest, ok := strings.Cut(string(text), begin)
	require.True(t, ok)
	_, tail, ok := strings.Cut(rest, end)
	require.True(t, ok)
	want := head + begin + rulesText() + end + tail
	if *update {
		require.NoError(t, os.WriteFile(page, []byte(want), 0o644))
		return
	}
	require.Equal(t, want, string(text), "go test ./docs -update writes it")
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
