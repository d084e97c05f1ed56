package compiler

import (
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the golden files")

// samples are the folders of testdata/golden, each a whole program: its .mp files,
// the Go code of its author, and what the compiler makes, as IR and as Go.
func samples(t *testing.T) []string {
	dirs, err := filepath.Glob("testdata/golden/*")
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(dirs), 5)
	return dirs
}

func sample(t testing.TB, dir string) Input {
	abs, err := filepath.Abs(dir)
	require.NoError(t, err)
	in := Input{Dir: abs, ImportPath: "github.com/mpgen/mpgen/compiler/" + filepath.ToSlash(dir), Version: "v0.0.0"}
	files, err := filepath.Glob(filepath.Join(dir, "*.mp"))
	require.NoError(t, err)
	for _, f := range files {
		text, err := os.ReadFile(f)
		require.NoError(t, err)
		in.Sources = append(in.Sources, Source{Name: f, Text: text})
	}
	return in
}

func TestSamplesLowerAndEmitAsGolden(t *testing.T) {
	for _, dir := range samples(t) {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			in := sample(t, dir)
			p, ds := Lower(in)
			require.Empty(t, ds)
			text, err := json.MarshalIndent(p, "", "\t")
			require.NoError(t, err)
			golden(t, filepath.Join(dir, "ir.json"), append(text, '\n'))

			out, ds := Generate(in)
			require.Empty(t, ds)
			require.Len(t, out.Files, 1)
			golden(t, filepath.Join(dir, FileName), out.Files[FileName])
		})
	}
}

func golden(t *testing.T, path string, got []byte) {
	if *update {
		require.NoError(t, os.WriteFile(path, got, 0o644))
		return
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err, "go test ./compiler -update writes it")
	require.Equal(t, string(want), string(got))
}

// TestSamplesPassVet compiles the samples against the runtime: what is checked in
// is what the compiler makes, by the test above.
func TestSamplesPassVet(t *testing.T) {
	args := []string{"vet"}
	for _, dir := range samples(t) {
		args = append(args, "./"+dir)
	}
	out, err := exec.Command("go", args...).CombinedOutput()
	require.NoError(t, err, "%s", out)
}

func TestSamplesAreFormatted(t *testing.T) {
	out, err := exec.Command("gofmt", "-l", "testdata/golden").CombinedOutput()
	require.NoError(t, err)
	require.Empty(t, string(out))
}

// TestSameInputGivesSameBytes renders often, since the order of a map is another
// one each time, and with the sources in another order.
func TestSameInputGivesSameBytes(t *testing.T) {
	for _, dir := range samples(t) {
		in := sample(t, dir)
		first, ds := Generate(in)
		require.Empty(t, ds)
		for range 20 {
			if n := len(in.Sources); n > 1 {
				in.Sources[0], in.Sources[n-1] = in.Sources[n-1], in.Sources[0]
			}
			again, _ := Generate(in)
			require.Equal(t, string(first.Files[FileName]), string(again.Files[FileName]))
		}
	}
}

func TestUsualFolderCompilesInFiftyMilliseconds(t *testing.T) {
	in := sample(t, "testdata/golden/mosaic")
	best := time.Hour
	for range 5 {
		start := time.Now()
		_, ds := Generate(in)
		require.Empty(t, ds)
		best = min(best, time.Since(start))
	}
	t.Logf("best of five: %v", best)
	require.Less(t, best, 50*time.Millisecond)
}
