package emit

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/dave/jennifer/jen"
	"github.com/stretchr/testify/require"

	"github.com/mpgen/mpgen/compiler/ir"
)

func text(t *testing.T, c jen.Code) string {
	f := jen.NewFile("x")
	f.ImportName("time", "time")
	var b strings.Builder
	require.NoError(t, jen.Add(c).RenderWithFile(&b, f))
	return b.String()
}

func TestDurationsAreInTheLargestWholeUnit(t *testing.T) {
	for d, want := range map[time.Duration]string{
		time.Hour: "time.Hour", 90 * time.Second: "90 * time.Second", 2 * time.Minute: "2 * time.Minute",
		1500 * time.Millisecond: "1500 * time.Millisecond", 7: "7 * time.Nanosecond",
	} {
		require.Equal(t, want, text(t, duration(int64(d))))
	}
}

func TestSizesAreShiftedWhereTheyAreWhole(t *testing.T) {
	for n, want := range map[int64]string{
		256 << 20: "256 << 20", 3 << 29: "1536 << 20", 1 << 40: "1 << 40", 64000: "64000", 1 << 10: "1 << 10", 1000: "1000",
	} {
		require.Equal(t, want, text(t, size(n)))
	}
}

func TestLocalsHideNeitherImportsNorTheFunctionCalled(t *testing.T) {
	f := &file{taken: map[string]bool{"d": true, "d_": true}}
	require.Equal(t, "d__", f.local("d"))
	require.Equal(t, "n", f.local("n"))
	require.Equal(t, "n_", f.calling(ir.Func{Name: "n"}, nil).local("n"))
	require.Equal(t, "n", f.calling(ir.Func{Name: "n", Path: "example.com/n"}, nil).local("n"))
	require.Equal(t, "d___", f.calling(ir.Func{Name: "d__"}, nil).local("d"))
	s := f.calling(ir.Func{Name: "scan"}, []ir.Param{{Name: "scan"}, {Name: "ctx"}})
	require.Equal(t, []string{"scan_", "ctx"}, s.params[:2])
	require.Equal(t, "ctx_", s.local("ctx"))
}

func TestCommentsStayOnTheirLineAndGiveNoOrders(t *testing.T) {
	for line, want := range map[string]string{
		"": "//", "go:embed x": "// go:embed x", "\tcode": "//\tcode", "a\nb": "// a b", "x\x00\uFEFFy": "// xy", "\xff": "// \uFFFD",
	} {
		require.Equal(t, want, comment(line))
	}
}

func TestImportsStandInTwoGroups(t *testing.T) {
	src := "package x\n\nimport (\n\t\"context\"\n\tb \"example.com/b\"\n\t\"time\"\n)\n\nvar _ = 1\n"
	imports := []ir.Import{{Path: "context", Std: true}, {Path: "example.com/b"}, {Path: "time", Std: true}}
	require.Equal(t,
		"package x\n\nimport (\n\t\"context\"\n\t\"time\"\n\n\tb \"example.com/b\"\n)\n\nvar _ = 1\n",
		string(group([]byte(src), imports)))
}

// TestMistakeOfTheEmitterShowsThePlace keeps the error short: Jennifer's own has
// the whole file in it.
func TestMistakeOfTheEmitterShowsThePlace(t *testing.T) {
	lines := strings.Repeat("ok\n", 50) + "here\n" + strings.Repeat("ok\n", 50)
	err := internal(errors.New("Error 51:3: expected x while formatting source:\n" + lines))
	require.ErrorContains(t, err, "51:3: expected x")
	require.ErrorContains(t, err, "here")
	require.Less(t, strings.Count(err.Error(), "\n"), 10)

	_, err = File(&ir.Pipeline{Package: "not a name"})
	require.ErrorContains(t, err, "does not parse")
}

// TestParametersHideNothingThatABodyNeeds names parameters of a user, who may call them as he likes.
func TestParametersHideNothingThatABodyNeeds(t *testing.T) {
	f := &file{taken: map[string]bool{"mp": true, "time": true}}
	var params []ir.Param
	for _, name := range []string{"e", "time", "mp", "mpJobs", "mpeg", "string", "string_", "ctx"} {
		params = append(params, ir.Param{Name: name})
	}
	s := f.scope(params)
	require.Equal(t, []string{"e", "time_", "mp_", "_mpJobs", "mpeg", "string_", "string__", "ctx"}, s.params)
	require.Equal(t, "e_", s.local("e"))
	require.Equal(t, "time__", s.local("time"))
	require.Equal(t, "ctx_", s.local("ctx"))
	require.Equal(t, "d", s.local("d"))
}
