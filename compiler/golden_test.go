package compiler

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"go/format"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mpgen/mpgen/compiler/diag"
	"github.com/mpgen/mpgen/compiler/emit"
	"github.com/mpgen/mpgen/compiler/ir"
)

var update = flag.Bool("update", false, "write the golden files")

// samples are the folders of testdata/golden that have .mp files: the Go code of
// their author, and what the compiler makes, as IR and as Go. Each folder right
// below is a whole program; what those print that have an output.txt stands there.
func samples(t *testing.T) []string {
	files, err := filepath.Glob("testdata/golden/*/*.mp")
	require.NoError(t, err)
	inner, err := filepath.Glob("testdata/golden/*/*/internal/*/*.mp")
	require.NoError(t, err)
	var dirs []string
	for _, f := range append(files, inner...) {
		if dir := filepath.Dir(f); !slices.Contains(dirs, dir) {
			dirs = append(dirs, dir)
		}
	}
	require.GreaterOrEqual(t, len(dirs), 10)
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
			require.False(t, diag.HasErrors(ds), "%+v", ds)
			text, err := json.MarshalIndent(p, "", "\t")
			require.NoError(t, err)
			golden(t, filepath.Join(dir, "ir.json"), append(text, '\n'))

			out, ds := Generate(in)
			require.False(t, diag.HasErrors(ds), "%+v", ds)
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
	if testing.Short() {
		t.Skip("it compiles many programs")
	}
	args := []string{"vet"}
	for _, dir := range samples(t) {
		args = append(args, "./"+dir)
	}
	out, err := exec.Command("go", args...).CombinedOutput()
	require.NoError(t, err, "%s", out)
}

// TestStubsOfSamplesCompile has the samples without the Go code of their authors, as
// packages that are no programs: what is missing is written by the compiler. Only an
// overlay of the go command has them so. Left out are those whose .mp files name what
// is missing then. vet asks of them what a build would, and makes no machine code,
// which takes a hundred times as long.
func TestStubsOfSamplesCompile(t *testing.T) {
	if testing.Short() {
		t.Skip("it compiles many packages")
	}
	temp, replace := t.TempDir(), map[string]string{}
	var dirs []string
	for _, dir := range samples(t) {
		in := sample(t, dir)
		in.Dir = filepath.Join(temp, filepath.Base(dir))
		require.NoError(t, os.Mkdir(in.Dir, 0o755))
		for i, s := range in.Sources {
			in.Sources[i].Text = bytes.Replace(s.Text, []byte("package main"), []byte("package unwritten"), 1)
		}
		out, ds := Generate(in)
		if diag.HasErrors(ds) || out.Stubs == nil {
			continue
		}
		require.Equal(t, stubsName, out.Stubs.File)
		dirs = append(dirs, "./"+dir)
		authors, err := filepath.Glob(filepath.Join(sample(t, dir).Dir, "*.go"))
		require.NoError(t, err)
		for _, file := range authors {
			replace[file] = "" // it is not there
		}
		for name, text := range map[string][]byte{FileName: out.Files[FileName], out.Stubs.File: out.Stubs.Text} {
			formatted, err := format.Source(text)
			require.NoError(t, err)
			require.Equal(t, string(formatted), string(text), "it is not formatted")
			file := filepath.Join(in.Dir, name)
			require.NoError(t, os.WriteFile(file, text, 0o644))
			at, err := filepath.Abs(filepath.Join(dir, name))
			require.NoError(t, err)
			replace[at] = file
		}
	}
	require.GreaterOrEqual(t, len(dirs), 10)
	text, err := json.Marshal(map[string]any{"Replace": replace})
	require.NoError(t, err)
	overlay := filepath.Join(temp, "overlay.json")
	require.NoError(t, os.WriteFile(overlay, text, 0o644))
	compiled, err := exec.Command("go", append([]string{"vet", "-overlay", overlay}, dirs...)...).CombinedOutput()
	require.NoError(t, err, "%s", compiled)
}

// TestSamplesPrintWhatTheyShould builds the samples and runs them. One of them sends
// a value of every form of type from process to process and compares what arrives,
// and one uses every primitive at once; the others are programs with a kind or two of
// what the language has. What they print does not depend on the engine.
func TestSamplesPrintWhatTheyShould(t *testing.T) {
	if testing.Short() || runtime.GOOS != "linux" {
		t.Skip("it builds many programs, whose processes need linux")
	}
	outputs, err := filepath.Glob("testdata/golden/*/output.txt")
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(outputs), 5)
	programs := t.TempDir()
	args := []string{"build", "-o", programs + string(filepath.Separator)}
	for _, o := range outputs {
		args = append(args, "./"+filepath.Dir(o))
	}
	out, err := exec.Command("go", args...).CombinedOutput()
	require.NoError(t, err, "%s", out)
	run := func(o, engine string) {
		name := filepath.Base(filepath.Dir(o))
		t.Run(name+" as "+engine, func(t *testing.T) {
			t.Parallel()
			want, err := os.ReadFile(o)
			require.NoError(t, err)
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute) // many run at once
			defer cancel()
			cmd := exec.CommandContext(ctx, filepath.Join(programs, name))
			cmd.Env = append(os.Environ(), "MP_ENGINE="+engine)
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			out, err := cmd.Output()
			require.NoError(t, err, "%s", &stderr)
			require.Equal(t, string(want), string(out), "%s", &stderr)
		})
	}
	for _, o := range outputs {
		run(o, "processes")
		switch filepath.Base(filepath.Dir(o)) {
		case "pdf", "prefork", "tutorial": // something of them dies, or is killed
		default:
			run(o, "goroutines")
			run(o, "inline")
		}
	}
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
		require.False(t, diag.HasErrors(ds), "%+v", ds)
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
