package mp

import (
	"image"
	"testing"
	"time"
)

// entry is the item that the speed of encoding is judged by: a string and 200
// bytes of it.
type entry struct {
	At   int64
	Text string
}

var entryCodec = Coded(
	func(e *Encoder, v entry) {
		Put(e, v.At)
		e.String(v.Text)
	},
	func(d *Decoder) (v entry) {
		v.At = Get[int64](d)
		v.Text = d.String()
		return v
	})

// page has a string beside its 200 bytes.
type page struct {
	Path string
	Raw  []byte
	N    int
}

var pageCodec = Coded(
	func(e *Encoder, v page) {
		e.String(v.Path)
		e.Bytes(v.Raw)
		Put(e, v.N)
	},
	func(d *Decoder) (v page) {
		v.Path = d.String()
		v.Raw = d.Bytes()
		v.N = Get[int](d)
		return v
	})

func benchEncode[T any](b *testing.B, c Codec[T], v T) {
	slot := make([]byte, 512)
	var e Encoder
	b.ReportAllocs()
	for b.Loop() {
		e.reset(slot, testMax)
		c.put(&e, v)
	}
	if e.err != nil || e.heap {
		b.Fatal("not in the slot", e.err)
	}
}

func benchDecode[T any](b *testing.B, c Codec[T], v T) {
	slot := encoded(b, 512, c, v)
	var d Decoder
	b.ReportAllocs()
	for b.Loop() {
		d.reset(slot)
		c.get(&d)
	}
	if err := d.Err(); err != nil {
		b.Fatal(err)
	}
}

func bench[T any](b *testing.B, name string, c Codec[T], v T) {
	b.Run("Encode/"+name, func(b *testing.B) { benchEncode(b, c, v) })
	b.Run("Decode/"+name, func(b *testing.B) { benchDecode(b, c, v) })
}

func BenchmarkCodec(b *testing.B) {
	text := make([]byte, 200)
	words := make([]string, 20)
	for i := range words {
		words[i] = "words"
	}
	bench(b, "flat", Codec[image.Point]{}, image.Point{})
	bench(b, "flat with a bool", Codec[point]{}, point{})
	bench(b, "entry", entryCodec, entry{Text: string(text)})
	bench(b, "page", pageCodec, page{Path: "pictures/a.png", Raw: text})
	bench(b, "words", SliceOf(String), words)
	bench(b, "ints", SliceOf(Codec[int]{}), make([]int, 20))
	bench(b, "ints one by one", Coded(
		func(e *Encoder, s []int) { PutSlice(e, s, Put[int]) },
		func(d *Decoder) []int { return GetSlice(d, Get[int]) }), make([]int, 20))
	bench(b, "time", Coded(PutBinary[time.Time], GetBinary[time.Time]), time.Unix(1, 2).UTC())
}
