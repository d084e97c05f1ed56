package mp

import (
	"errors"
	"image"
	"maps"
	"math"
	"net/netip"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

const testMax = 1 << 20

// encoded is v as it lies in a slot of the given size, or outside of it.
func encoded[T any](t require.TestingT, slot int, c Codec[T], v T) []byte {
	var e Encoder
	e.reset(make([]byte, slot), testMax)
	c.put(&e, v)
	require.NoError(t, e.err)
	require.Equal(t, len(e.bytes()) > slot, e.heap, "an item is outside of its slot exactly if it does not fit")
	return slices.Clone(e.bytes())
}

func decoded[T any](c Codec[T], b []byte) (T, error) {
	var d Decoder
	d.reset(b)
	v := c.get(&d)
	return v, d.Err()
}

type color uint8

type point struct {
	X, Y int32
	Seen bool
	At   [2]float64
}

type leaf struct {
	Name  string
	Raw   []byte
	Where point
	Kind  color
}

func putLeaf(e *Encoder, v leaf) {
	e.String(v.Name)
	e.Bytes(v.Raw)
	Put(e, v.Where)
	Put(e, v.Kind)
}

func getLeaf(d *Decoder) (v leaf) {
	v.Name = d.String()
	v.Raw = d.Bytes()
	v.Where = Get[point](d)
	v.Kind = Get[color](d)
	return v
}

type tree struct {
	Leaf  leaf
	Kids  []tree
	Next  *tree
	Words map[string][]string
	Nums  []int16
}

func putTree(e *Encoder, v tree) {
	putLeaf(e, v.Leaf)
	PutSlice(e, v.Kids, putTree)
	PutPointer(e, v.Next, putTree)
	PutMap(e, v.Words, (*Encoder).String, func(e *Encoder, v []string) { PutSlice(e, v, (*Encoder).String) })
	PutFlatSlice(e, v.Nums)
}

func getTree(d *Decoder) (v tree) {
	v.Leaf = getLeaf(d)
	v.Kids = GetSlice(d, getTree)
	v.Next = GetPointer(d, getTree)
	v.Words = GetMap(d, (*Decoder).String, func(d *Decoder) []string { return GetSlice(d, (*Decoder).String) })
	v.Nums = GetFlatSlice[int16](d)
	return v
}

var treeCodec = Coded(putTree, getTree)

func orNil[T any](g *rapid.Generator[T]) *rapid.Generator[T] {
	return rapid.OneOf(rapid.Just(*new(T)), g)
}

var leaves = rapid.Custom(func(t *rapid.T) leaf {
	return leaf{
		Name: rapid.String().Draw(t, "name"),
		Raw:  orNil(rapid.SliceOfN(rapid.Byte(), 0, 300)).Draw(t, "raw"),
		Where: point{
			X: rapid.Int32().Draw(t, "x"), Y: rapid.Int32().Draw(t, "y"),
			Seen: rapid.Bool().Draw(t, "seen"),
			At:   [2]float64{rapid.Float64().Draw(t, "lat"), rapid.Float64().Draw(t, "lon")},
		},
		Kind: color(rapid.Byte().Draw(t, "kind")),
	}
})

func trees(depth int) *rapid.Generator[tree] {
	return rapid.Custom(func(t *rapid.T) tree {
		v := tree{
			Leaf:  leaves.Draw(t, "leaf"),
			Words: orNil(rapid.MapOfN(rapid.String(), orNil(rapid.SliceOfN(rapid.String(), 0, 3)), 0, 3)).Draw(t, "words"),
			Nums:  orNil(rapid.SliceOfN(rapid.Int16(), 0, 5)).Draw(t, "nums"),
		}
		if depth > 0 {
			v.Kids = orNil(rapid.SliceOfN(trees(depth-1), 0, 2)).Draw(t, "kids")
			if rapid.Bool().Draw(t, "next") {
				next := trees(depth-1).Draw(t, "next")
				v.Next = &next
			}
		}
		return v
	})
}

func TestDecodeGivesWhatWasEncoded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := trees(2).Draw(t, "tree")
		b := encoded(t, rapid.IntRange(0, 600).Draw(t, "slot"), treeCodec, v)
		got, err := decoded(treeCodec, b)
		require.NoError(t, err)
		require.Equal(t, v, got)
	})
}

// An item cut anywhere is refused: none of its beginnings is an item itself.
func TestDecodeRefusesItemsThatAreCutOrTooLong(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := encoded(t, 600, treeCodec, trees(1).Draw(t, "tree"))
		for n := range b {
			_, err := decoded(treeCodec, b[:n:n])
			require.ErrorIs(t, err, ErrCorruptPeer, "%d of %d bytes", n, len(b))
		}
		_, err := decoded(treeCodec, append(b, 0))
		require.ErrorIs(t, err, ErrCorruptPeer)
	})
}

// A writer gone mad gets an error or another value, and nobody a panic.
func TestDecodeOfChangedBytesNeverPanics(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := encoded(t, 600, treeCodec, trees(1).Draw(t, "tree"))
		for range rapid.IntRange(1, 4).Draw(t, "changes") {
			b[rapid.IntRange(0, len(b)-1).Draw(t, "at")] = rapid.Byte().Draw(t, "to")
		}
		if v, err := decoded(treeCodec, b); err == nil {
			require.Len(t, encoded(t, 600, treeCodec, v), len(b), "another item of the same length")
		} else {
			require.ErrorIs(t, err, ErrCorruptPeer)
		}
	})
}

func law[T any](t *testing.T, name string, c Codec[T], values ...T) {
	t.Run(name, func(t *testing.T) {
		require.NoError(t, c.check())
		for _, v := range values {
			b := encoded(t, 24, c, v)
			if c.size() >= 0 {
				require.Len(t, b, c.size())
			}
			got, err := decoded(c, b)
			require.NoError(t, err)
			require.Equal(t, v, got)
			for n := range b {
				_, err := decoded(c, b[:n:n])
				require.ErrorIs(t, err, ErrCorruptPeer)
			}
		}
	})
}

func TestCodecs(t *testing.T) {
	word := "word"
	law(t, "int", Codec[int]{}, 0, -1, math.MaxInt)
	law(t, "bool", Codec[bool]{}, false, true)
	law(t, "float", Codec[float64]{}, 0, math.Inf(-1), math.MaxFloat64)
	law(t, "point of the standard library", Codec[image.Point]{}, image.Pt(3, -4))
	law(t, "struct with padding", Codec[point]{}, point{1, 2, true, [2]float64{3, 4}})
	law(t, "nothing", Codec[struct{}]{}, struct{}{})
	law(t, "array", Codec[[3]color]{}, [3]color{1, 2, 3})
	law(t, "string", String, "", "a", strings.Repeat("long ", 2000))
	law(t, "bytes", Bytes, nil, []byte{}, []byte("bytes"), make([]byte, 3<<10))
	law(t, "slice of flat", SliceOf(Codec[int32]{}), nil, []int32{}, []int32{1, -2, 3})
	law(t, "slice of strings", SliceOf(String), nil, []string{}, []string{"", "b"})
	law(t, "slice of nothing", SliceOf(Codec[struct{}]{}), nil, []struct{}{}, make([]struct{}, 1000))
	law(t, "slice of slices", SliceOf(SliceOf(String)), [][]string{nil, {}, {"x"}})
	law(t, "map", MapOf(String, SliceOf(Codec[int]{})), nil, map[string][]int{}, map[string][]int{"": nil, "a": {1}})
	law(t, "set of nothing", MapOf(Codec[struct{}]{}, Codec[struct{}]{}), map[struct{}]struct{}{}, map[struct{}]struct{}{{}: {}})
	law(t, "pointer", PointerOf(String), nil, &word)
	law(t, "duration", Codec[time.Duration]{}, time.Second)
	law(t, "time", Coded(PutBinary[time.Time], GetBinary[time.Time]), time.Time{}, time.Date(2026, 2, 3, 4, 5, 6, 7, time.UTC))
	law(t, "address", Coded(PutText[netip.Addr], GetText[netip.Addr]), netip.Addr{}, netip.MustParseAddr("fe80::1"))
	law(t, "address in binary", Coded(PutBinary[netip.Addr], GetBinary[netip.Addr]), netip.Addr{}, netip.MustParseAddr("10.0.0.1"))
}

func TestFailedCarriesTheItemAndItsError(t *testing.T) {
	c := FailedOf(String)
	died := &Error{Name: "resize", Index: 3, PID: 77, Task: 9, Attempts: 2, Err: &Died{Exit: -1, Signal: 9}}
	got, err := decoded(c, encoded(t, 64, c, Failed[string]{"a.png", died}))
	require.NoError(t, err)
	require.Equal(t, Failed[string]{"a.png", died}, got)
}

func TestFlatSliceAndSliceAreTheSameBytes(t *testing.T) {
	s := []point{{X: 1}, {Y: 2, Seen: true}}
	one := encoded(t, 16, Coded(PutFlatSlice[point], GetFlatSlice[point]), s)
	each := encoded(t, 16, Coded(func(e *Encoder, s []point) { PutSlice(e, s, Put[point]) }, nil), s)
	require.Equal(t, len(one), len(each))
	got, err := decoded(SliceOf(Codec[point]{}), each)
	require.NoError(t, err)
	require.Equal(t, s, got)
}

func TestCheckRefusesTypesThatAreNotFlat(t *testing.T) {
	type inner struct{ Names []string }
	type outer struct {
		N     int
		Inner [2]inner
	}
	for name, err := range map[string]error{
		`"string" can't be copied from process to process: it is a string; it needs a codec`:                         Codec[string]{}.check(),
		`"*int" can't be copied from process to process: it is a ptr; it needs a codec`:                              Codec[*int]{}.check(),
		`"mp.outer" can't be copied from process to process: its field "Inner.0.Names" is a slice; it needs a codec`: Codec[outer]{}.check(),
		`"error" can't be copied from process to process: it is a interface; it needs a codec`:                       Codec[error]{}.check(),
		`the codec of "int" has Encode and no Decode: it needs both, or neither for a flat type`:                     Codec[int]{Encode: Put[int]}.check(),
		`the codec of "int" has Decode and no Encode: it needs both, or neither for a flat type`:                     Codec[int]{Decode: Get[int]}.check(),
	} {
		require.EqualError(t, err, name)
	}
	require.NoError(t, Codec[uintptr]{}.check())
	require.Equal(t, -1, String.size())
}

func TestEncoderMovesOnceAndKeepsWhatWasWritten(t *testing.T) {
	var e Encoder
	slot := make([]byte, 16)
	e.reset(slot, testMax)
	Put(&e, uint64(0x1122334455667788))
	e.String("longer than the slot")
	require.True(t, e.heap)
	var d Decoder
	d.reset(e.bytes())
	require.Equal(t, uint64(0x1122334455667788), Get[uint64](&d))
	require.Equal(t, "longer than the slot", d.String())
	require.NoError(t, d.Err())

	// The private buffer serves the next item that needs one.
	require.Zero(t, testing.AllocsPerRun(10, func() {
		e.reset(slot, testMax)
		e.String("longer than the slot, again")
	}))
	require.True(t, e.heap)
}

func TestItemsOverTheLimitAreTooBig(t *testing.T) {
	for _, slot := range []int{0, 8, 64} {
		var e Encoder
		e.reset(make([]byte, slot), 40)
		e.String(strings.Repeat("x", 36))
		require.NoError(t, e.err)
		require.Len(t, e.bytes(), 40)

		Put(&e, color(1))
		require.ErrorIs(t, e.err, ErrTooBig)
		require.Empty(t, e.bytes())

		// The first error stays, whatever follows.
		first := e.err
		e.String("x")
		PutSlice(&e, []string{"x"}, (*Encoder).String)
		PutBinary(&e, time.Time{})
		require.Equal(t, first, e.err)

		e.reset(make([]byte, slot), 40)
		Put(&e, 1)
		require.NoError(t, e.err)
	}
}

func TestAnItemThatLeadsBackToItselfIsAnError(t *testing.T) {
	ring := &tree{}
	ring.Next = ring
	var e Encoder
	e.reset(nil, 1<<30)
	putTree(&e, *ring)
	require.ErrorIs(t, e.err, errDeep)
}

func TestDeepBytesAreCorrupt(t *testing.T) {
	type chain struct{ Next *chain }
	var get func(d *Decoder) chain
	get = func(d *Decoder) chain { return chain{GetPointer(d, get)} }
	b := make([]byte, maxDepth+2)
	for i := range b {
		b[i] = 1
	}
	var d Decoder
	d.reset(b)
	get(&d)
	require.ErrorIs(t, d.err, ErrCorruptPeer)
	require.ErrorContains(t, d.err, "nested deeper")
}

func TestFalseCountsAllocateNoMoreThanTrueOnes(t *testing.T) {
	count := []byte{0xff, 0xff, 0xff, 0x7f, 1, 2, 3}
	type wide struct{ _ [512]int64 }
	for name, read := range map[string]func(*Decoder){
		"string":     func(d *Decoder) { _ = d.String() },
		"bytes":      func(d *Decoder) { d.Bytes() },
		"slice":      func(d *Decoder) { GetSlice(d, (*Decoder).String) },
		"flat slice": func(d *Decoder) { GetFlatSlice[int64](d) },
		"wide slice": func(d *Decoder) { GetSlice(d, Get[wide]) },
		"map":        func(d *Decoder) { GetMap(d, (*Decoder).String, (*Decoder).String) },
		"empty map":  func(d *Decoder) { GetMap(d, Get[struct{}], Get[struct{}]) },
	} {
		t.Run(name, func(t *testing.T) {
			var d Decoder
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			d.reset(count)
			read(&d)
			runtime.ReadMemStats(&after)
			require.ErrorIs(t, d.err, ErrCorruptPeer)
			require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(64<<10))
		})
	}
}

func TestABoolIsZeroOrOne(t *testing.T) {
	type flags struct {
		N    int
		Each [3]struct {
			On bool
			N  int16
		}
	}
	_, err := decoded(Codec[bool]{}, []byte{2})
	require.ErrorIs(t, err, ErrCorruptPeer)

	good := encoded(t, 64, Codec[flags]{}, flags{})
	for i := range good {
		b := slices.Clone(good)
		b[i] = 7
		v, err := decoded(Codec[flags]{}, b)
		if i == 8 || i == 12 || i == 16 {
			require.ErrorIs(t, err, ErrCorruptPeer, "byte %d", i)
			require.Zero(t, v)
		} else {
			require.NoError(t, err, "byte %d", i)
		}
	}
	_, err = decoded(SliceOf(Codec[bool]{}), []byte{3, 0, 0, 0, 1, 3})
	require.ErrorIs(t, err, ErrCorruptPeer)

	require.True(t, holdsBools[flags]())
	require.False(t, holdsBools[image.Point]())
	require.True(t, sound(&flags{}))
}

func TestStringsAndBytesOfAnItemAreNobodyElses(t *testing.T) {
	b := encoded(t, 600, Coded(putLeaf, getLeaf), leaf{Name: "name", Raw: []byte("raw")})
	v, err := decoded(Coded(putLeaf, getLeaf), b)
	require.NoError(t, err)
	clear(b) // the slot is used again
	v.Raw[0] = 'R'
	v.Raw = append(v.Raw, "more"...)
	require.Equal(t, "name", v.Name)
	require.Equal(t, "Rawmore", string(v.Raw))
	require.Equal(t, 3, cap(getBytes(t, "raw")), "append must not reach what lies behind")
}

// The Go runtime shares strings of one byte, so a copy made as a string would
// let this write change constants all over the program.
func TestASingleByteIsTheReceiversToo(t *testing.T) {
	first := Coded(
		func(e *Encoder, b []byte) { e.Bytes(b[:1]); PutFlatSlice(e, b) },
		func(d *Decoder) []byte { b := d.Bytes(); GetFlatSlice[byte](d); return b })
	for _, test := range []struct {
		codec Codec[[]byte]
		size  int
	}{{Bytes, 1}, {first, 1}, {first, shareMax + 1}} {
		b, err := decoded(test.codec, encoded(t, 64, test.codec, make([]byte, test.size)))
		require.NoError(t, err)
		b[0] = 'x'
		require.NotEqual(t, "x", string(make([]byte, 1)))
	}
}

func getBytes(t *testing.T, s string) []byte {
	type pair struct{ a, b []byte }
	c := Coded(
		func(e *Encoder, p pair) { e.Bytes(p.a); e.Bytes(p.b) },
		func(d *Decoder) pair { return pair{d.Bytes(), d.Bytes()} })
	p, err := decoded(c, encoded(t, 64, c, pair{[]byte(s), []byte(s)}))
	require.NoError(t, err)
	return p.a
}

type refuses struct{ N int }

var errRefuses = errors.New("not today")

func (refuses) MarshalBinary() ([]byte, error) { return nil, errRefuses }
func (*refuses) UnmarshalBinary([]byte) error  { return errRefuses }
func (refuses) MarshalText() ([]byte, error)   { return nil, errRefuses }
func (*refuses) UnmarshalText([]byte) error    { return errRefuses }

func TestMarshalersThatFailNameTheirType(t *testing.T) {
	var e Encoder
	for _, put := range []func(*Encoder, refuses){PutBinary[refuses], PutText[refuses]} {
		e.reset(make([]byte, 64), testMax)
		put(&e, refuses{})
		require.ErrorIs(t, e.err, errRefuses)
		require.EqualError(t, e.err, "encode mp.refuses: not today")
	}
	e.reset(make([]byte, 64), testMax)
	PutBinary(&e, time.Date(12345678, 1, 1, 0, 0, 0, 0, time.FixedZone("far", 1<<30)))
	require.ErrorContains(t, e.err, "encode time.Time: ")

	b := encoded(t, 64, Bytes, []byte("x"))
	for _, get := range []func(*Decoder) refuses{GetBinary[refuses], GetText[refuses]} {
		var d Decoder
		d.reset(b)
		get(&d)
		require.ErrorIs(t, d.err, ErrCorruptPeer)
		require.ErrorIs(t, d.err, errRefuses)
		require.ErrorContains(t, d.err, "decode mp.refuses")
	}
}

func TestMarshalersThatAppendFitOrMove(t *testing.T) {
	c := Coded(PutBinary[time.Time], GetBinary[time.Time])
	v := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for slot := range 24 {
		got, err := decoded(c, encoded(t, slot, c, v))
		require.NoError(t, err)
		require.Equal(t, v, got)
	}
}

func TestMapWithAKeyTwiceIsCorrupt(t *testing.T) {
	b := []byte{3, 0, 0, 0, 5, 0, 5, 1} // two entries of the key 5
	_, err := decoded(MapOf(Codec[uint8]{}, Codec[uint8]{}), b)
	require.ErrorIs(t, err, ErrCorruptPeer)
	b[6] = 6
	m, err := decoded(MapOf(Codec[uint8]{}, Codec[uint8]{}), b)
	require.NoError(t, err)
	require.True(t, maps.Equal(map[uint8]uint8{5: 0, 6: 1}, m))
}
