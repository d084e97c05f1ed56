package compiler

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mpgen/mpgen/compiler/emit"
	"github.com/mpgen/mpgen/compiler/ir"
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

// TestSampleCarriesEveryFormOfType runs the sample that sends a value of every
// form from process to process and compares what arrives.
func TestSampleCarriesEveryFormOfType(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("processes need linux")
	}
	program := filepath.Join(t.TempDir(), "parcel")
	out, err := exec.Command("go", "build", "-o", program, "./testdata/golden/parcel").CombinedOutput()
	require.NoError(t, err, "%s", out)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	out, err = exec.CommandContext(ctx, program).CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Equal(t, "all arrived\n", string(out))
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

// TestEmitterNeedsNothingButTheIR emits what the golden JSON says.
func TestEmitterNeedsNothingButTheIR(t *testing.T) {
	for _, dir := range samples(t) {
		text, err := os.ReadFile(filepath.Join(dir, "ir.json"))
		require.NoError(t, err)
		var p ir.Pipeline
		require.NoError(t, json.Unmarshal(text, &p))
		got, err := emit.File(&p)
		require.NoError(t, err)
		want, err := os.ReadFile(filepath.Join(dir, FileName))
		require.NoError(t, err)
		require.Equal(t, string(want), string(got))
	}
}

func BenchmarkUsualFolder(b *testing.B) {
	in := sample(b, "testdata/golden/mosaic")
	for b.Loop() {
		Generate(in)
	}
}

func BenchmarkTenThousandDeclarations(b *testing.B) {
	var text strings.Builder
	text.WriteString("package main\n")
	for i := range 1666 {
		fmt.Fprintf(&text, "struct T%[1]d { a string; b int; c []string }\nqueue q%[1]d T%[1]d { capacity 10 }\nqueue s%[1]d T%[1]d\n"+
			"process p%[1]d(x int) { send q%[1]d; receive s%[2]d }\npool f%[1]d(t T%[1]d) T%[1]d\nflow q%[1]d -> f%[1]d -> s%[1]d\n", i, i-1)
	}
	source := strings.Replace(text.String(), "receive s-1", "restart 1", 1) + "process main { receive s1665 }\n"
	for b.Loop() {
		out, ds := Generate(Input{Sources: []Source{{"x.mp", []byte(source)}}})
		if len(ds) > 0 || len(out.Files) == 0 {
			b.Fatal(ds)
		}
	}
}
