package main

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestColorsAreForTerminalsThatWantThem(t *testing.T) {
	tty, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skip("no terminals here: ", err)
	}
	defer tty.Close()
	file, err := os.Create(t.TempDir() + "/out")
	require.NoError(t, err)
	defer file.Close()

	t.Setenv("TERM", "xterm")
	t.Setenv("NO_COLOR", "")
	require.True(t, wantsColor(tty))
	require.False(t, wantsColor(file))
	t.Setenv("TERM", "dumb")
	require.False(t, wantsColor(tty))
	t.Setenv("TERM", "xterm")
	t.Setenv("NO_COLOR", "1")
	require.False(t, wantsColor(tty))
}
