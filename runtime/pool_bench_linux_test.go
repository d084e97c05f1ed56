package mp

import (
	"context"
	"testing"
	"time"
)

// This benchmark tells what a call costs whose function does nothing: one alone, and one
// of many.

type recorded struct {
	Name string
	At   time.Time
	Tags []string
}

var recordedCodec = Plain(
	func(e *Encoder, r recorded) {
		e.String(r.Name)
		PutBinary(e, r.At)
		PutSlice(e, r.Tags, (*Encoder).String)
	},
	func(d *Decoder) recorded {
		return recorded{d.String(), GetBinary[time.Time](d), GetSlice(d, (*Decoder).String)}
	})

func parrots[T any](name string, c Codec[T]) poolOf[T, T] {
	return newPool(PoolDecl[T, T]{Name: name, Workers: 2, In: c, Out: c, Func: func(_ context.Context, v T) (T, error) { return v, nil }})
}

var (
	parrotInts    = parrots("parrotints", Codec[int]{})
	parrotWords   = parrots("parrotwords", String)
	parrotRecords = parrots("parrotrecords", recordedCodec)
	parrotCoded   = parrots("parrotcoded", Coded(recordedCodec.Encode, recordedCodec.Decode)) // as if it had marshalers
	parrotBytes   = parrots("parrotbytes", Bytes)
	parrotFloats  = parrots("parrotfloats", SliceOf(Codec[float64]{}))
)

func BenchmarkPool(b *testing.B) {
	benchmarkPool(b, "int", parrotInts, 7)
	benchmarkPool(b, "string", parrotWords, "sixteen letters.")
	benchmarkPool(b, "struct", parrotRecords, recorded{"a name of some length", time.Unix(1700000000, 5), []string{"red", "green", "blue"}})
	benchmarkPool(b, "marshaler", parrotCoded, recorded{"a name of some length", time.Unix(1700000000, 5), []string{"red", "green", "blue"}})
	benchmarkPool(b, "1KiB", parrotBytes, make([]byte, 1<<10))
	benchmarkPool(b, "1MiB", parrotBytes, make([]byte, 1<<20))
	benchmarkPool(b, "floats", parrotFloats, make([]float64, 1<<17))
}

func benchmarkPool[T any](b *testing.B, name string, p poolOf[T, T], v T) {
	b.Run(name, func(b *testing.B) {
		r, n, err := Start(context.Background(), p.pipeline, nil)
		if err != nil {
			b.Fatal(err)
		}
		defer r.Close()
		pool, ctx := p.pool.Pool(n), context.Background()
		b.Run("Call", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := pool.Call(ctx, v); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("Map", func(b *testing.B) {
			b.ReportAllocs()
			for _, err := range pool.Map(ctx, func(yield func(T) bool) {
				for b.Loop() {
					if !yield(v) {
						return
					}
				}
			}) {
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	})
}
