package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	mp "github.com/mpgen/mpgen/runtime"
)

// asProgram makes the test binary the program itself.
const asProgram = "DIGEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	mp.Main()
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

func TestEveryFileHasItsSumOrItsReason(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs processes")
	}
	root := t.TempDir()
	var want []string
	size := 0
	for i := range 700 {
		text := strings.Repeat("x", i*37%5000)
		path := filepath.Join(root, fmt.Sprint(i%9), fmt.Sprint(i))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
		want = append(want, fmt.Sprintf("%s %x", path, sha256.Sum256([]byte(text))))
		size += len(text)
	}
	slices.Sort(want)
	lost := filepath.Join(root, "lost")
	require.NoError(t, os.Symlink("nowhere", lost))

	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0], root)
	cmd.Env = append(os.Environ(), asProgram+"=1")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	require.NoError(t, cmd.Run(), &stderr)

	lines := strings.Split(strings.TrimSuffix(stdout.String(), "\n"), "\n")
	var got []string
	for _, line := range lines[:len(lines)-1] {
		sum, path, _ := strings.Cut(line, " ")
		got = append(got, path+" "+sum)
	}
	require.Equal(t, want, got)
	require.Equal(t, fmt.Sprintf("%d bytes, 1 files failed", size), lines[len(lines)-1])
	require.Regexp(t, `^\Q`+lost+`\E: digest\[[01]\]: open \Q`+lost+`\E: no such file or directory\n$`, stderr.String())
}
