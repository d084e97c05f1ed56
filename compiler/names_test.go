package compiler

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestExportedNamesAreSpeltAsGoSpellsThem(t *testing.T) {
	for name, want := range map[string]string{
		"jobs": "Jobs", "userID": "UserID", "url": "URL", "urlPath": "URLPath", "id": "ID", "idle": "Idle",
		"utf8": "UTF8", "httpServer": "HTTPServer", "sRGB": "SRGB", "x": "X", "a_b": "A_b", "url_path": "URL_path",
		"ärger": "Ärger", "pdf": "Pdf", "Job": "Job",
	} {
		require.Equal(t, want, exported(name), name)
	}
}

func TestLoweredNamesAreAcceptedAgain(t *testing.T) {
	for name, want := range map[string]string{
		"ID": "id", "URLPath": "urlPath", "Jobs": "jobs", "UserID": "userID", "_low": "low", "X": "x", "HTTP2": "http2",
	} {
		require.Equal(t, want, lowered(name), name)
		require.True(t, startsLower(lowered(name)), name)
	}
}

// TestNamesOfRunAreReserved reads what the runtime gives to each Run, so that no
// declaration takes one of its names.
func TestNamesOfRunAreReserved(t *testing.T) {
	files, err := filepath.Glob("../runtime/*.go")
	require.NoError(t, err)
	method := regexp.MustCompile(`(?m)^func \(\w* ?\*?Run\) ([A-Z]\w*)\(`)
	n := 0
	for _, f := range files {
		text, err := os.ReadFile(f)
		require.NoError(t, err)
		for _, m := range method.FindAllStringSubmatch(string(text), -1) {
			n++
			require.True(t, runMembers[m[1]], "Run.%s of %s is not in runMembers", m[1], f)
		}
	}
	require.GreaterOrEqual(t, n, 4)
}
