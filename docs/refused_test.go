package docs

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mpgen/mpgen/compiler/diag"
)

// TestTheListOfWhatIsRefusedIsComplete makes the list of language.md from the codes that
// the compiler has; go test ./docs -update writes it.
func TestTheListOfWhatIsRefusedIsComplete(t *testing.T) {
	const page, begin, end = "language.md", "<!-- codes -->\n", "<!-- end of codes -->\n"
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	head, rest, ok := strings.Cut(string(text), begin)
	require.True(t, ok)
	_, tail, ok := strings.Cut(rest, end)
	require.True(t, ok)
	var list strings.Builder
	list.WriteString("\n| code | what is wrong |\n|---|---|\n")
	for _, info := range diag.Codes() {
		if info.Code < "MP0600" { // what follows is about advice, files and the command
			fmt.Fprintf(&list, "| %s | %s |\n", info.Code, info.Title)
		}
	}
	list.WriteByte('\n')
	want := head + begin + list.String() + end + tail
	if *update {
		require.NoError(t, os.WriteFile(page, []byte(want), 0o644))
		return
	}
	require.Equal(t, want, string(text), "go test ./docs -update writes it")
}
