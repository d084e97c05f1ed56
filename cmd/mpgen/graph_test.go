package main

import (
	"bytes"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestThePictureInTheReadmeIsCurrent compares it with what graph draws; -update writes it.
func TestThePictureInTheReadmeIsCurrent(t *testing.T) {
	var stdout, stderr bytes.Buffer
	require.Zero(t, mpgen([]string{"graph", "../../examples/digest"}, &stdout, &stderr), &stderr)
	const file = "../../docs/digest.svg"
	if *update {
		require.NoError(t, writeFile(file, stdout.Bytes()))
	}
	have, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(have), stdout.String(), "go test ./cmd/mpgen -run TestThePictureInTheReadmeIsCurrent -update writes it")
	readme, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	require.Contains(t, string(readme), "](docs/digest.svg)")
}
