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

func TestCodecIsPlainWhereNothingMarshalsItself(t *testing.T) {
	declared := func(name string) ir.Type { return ir.Type{Kind: ir.Declared, Name: name, Codec: name} }
	of := func(kind ir.Kind, elem ir.Type) ir.Type { return ir.Type{Kind: kind, Elem: &elem} }
	text, number := ir.Type{Kind: ir.String}, ir.Type{Kind: ir.Basic, Name: "int", Flat: true}
	url := ir.Type{Kind: ir.Imported, Path: "net/url", Name: "URL", Form: ir.Binary, Addr: true}
	moment := ir.Type{Kind: ir.Imported, Path: "time", Name: "Time", Form: ir.Binary}
	codec := func(name string, fields ...ir.Type) ir.Codec {
		c := ir.Codec{Name: name, Type: declared(name)}
		for _, f := range fields {
			c.Fields = append(c.Fields, ir.Field{Type: f})
		}
		return c
	}
	pair := ir.Type{Kind: ir.Array, Len: 2, Elem: &text, Codec: "Pair"}
	link := ir.Type{Kind: ir.Array, Len: 2, Elem: &url, Codec: "Link"}
	bag := ir.Type{Kind: ir.Imported, Path: "x.test/x", Name: "Bag", Codec: "Bag"}
	urls := of(ir.Slice, url)
	f := &file{taken: map[string]bool{}, p: &ir.Pipeline{Codecs: []ir.Codec{
		codec("Leaf", text, number, moment, pair),
		codec("Inner", of(ir.Slice, declared("Leaf")), ir.Type{Kind: ir.Map, Key: &text, Elem: &number}),
		codec("Outer", declared("Inner"), declared("Leaf"), of(ir.Pointer, declared("Outer"))),
		codec("Site", text, url),
		codec("Ring", of(ir.Pointer, declared("Chain"))),
		codec("Chain", of(ir.Pointer, declared("Ring")), of(ir.Slice, declared("Site"))),
		codec("Frame", text, ir.Type{Kind: ir.Block}),
		codec("Log", ir.Type{Kind: ir.File}),
		{Name: "Pair", Type: pair}, {Name: "Link", Type: link}, {Name: "Bag", Type: bag, Under: &urls},
	}}}
	for _, plain := range []ir.Type{moment, pair, declared("Leaf"), declared("Inner"), declared("Outer"), of(ir.Slice, of(ir.Pointer, declared("Outer")))} {
		require.Equal(t, "Plain", f.coded(plain), "%+v", plain)
	}
	for _, other := range []ir.Type{url, link, bag, declared("Site"), declared("Ring"), declared("Chain"), declared("Frame"), declared("Log"),
		of(ir.Failed, text), declared("Unknown"), {Kind: ir.Map, Key: &text, Elem: &link}} {
		require.Equal(t, "Coded", f.coded(other), "%+v", other)
	}
}
