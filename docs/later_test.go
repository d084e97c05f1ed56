package docs

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mpgen/mpgen/compiler"
)

// TestWhatTheManualSaysIsNotThereIsRefusedByName takes each thing of the list "Not in this version",
// and each setting that the compiler knows for later.
func TestWhatTheManualSaysIsNotThereIsRefusedByName(t *testing.T) {
	text, err := os.ReadFile("language.md")
	require.NoError(t, err)
	_, list, ok := strings.Cut(string(text), "\n## Not in this version\n")
	require.True(t, ok)
	for _, c := range []struct{ word, program string }{
		{"sandbox", "sandbox tight {}"},
		{"sandbox", "pool square(n int) int { worker { sandbox tight } }"},
	} {
		in := compiler.Input{ImportPath: "example.com/manual", Sources: []compiler.Source{{Name: "p.mp", Text: []byte("package main\n\n" + c.program + "\n")}}}
		found := compiler.Check(in)
		require.Len(t, found, 1, "%s: %v", c.program, found)
		require.Equal(t, "MP0101", string(found[0].Code), "%s: %s", c.program, found[0].Message)
		require.Contains(t, list, c.word)
	}
	now := map[string]bool{}
	for _, s := range compiler.Settings() {
		now[s.Key] = now[s.Key] || !s.Later
	}
	for key, is := range now {
		if !is {
			require.Contains(t, list, "`"+key+"`")
		}
	}
}
