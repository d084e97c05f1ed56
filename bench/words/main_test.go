package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWordsAreCountedAcrossFilesAndReads(t *testing.T) {
	root := t.TempDir()
	for name, text := range map[string]string{
		"a":    "The the. THE",
		"b":    "end of the",
		"cut":  strings.Repeat(" ", 64<<10-2) + "ending",
		"long": strings.Repeat("Q", 200_000),
		"none": "12 \xff",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(root, name), []byte(text), 0o644))
	}
	require.NoError(t, os.Symlink("a", filepath.Join(root, "link")))
	var out bytes.Buffer
	require.NoError(t, run(root, &out))
	want := "4 the\n1 end\n1 ending\n1 of\n1 " + strings.Repeat("q", 200_000) + "\nfiles 5 words 8\n"
	require.Equal(t, want, out.String())
}

func TestAFolderThatIsNotThereIsAnError(t *testing.T) {
	var out bytes.Buffer
	require.Error(t, run(filepath.Join(t.TempDir(), "nowhere"), &out))
	require.Empty(t, out.String())
}
