package mp

import (
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// bounded runs read and fails if it allocated out of proportion to its input:
// what a false number makes a process allocate is the writer's to choose.
func bounded(t *testing.T, input []byte, read func()) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	read()
	runtime.ReadMemStats(&after)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(1<<20+400*len(input)))
}

func FuzzDecoder(f *testing.F) {
	f.Add(encoded(f, 600, treeCodec, tree{}))
	f.Add(encoded(f, 600, treeCodec, tree{
		Leaf:  leaf{Name: "name", Raw: []byte{1, 2}},
		Kids:  []tree{{Nums: []int16{1}}},
		Next:  &tree{},
		Words: map[string][]string{"a": {"b", ""}, "c": nil},
	}))
	times := MapOf(Coded(PutBinary[time.Time], GetBinary[time.Time]), SliceOf(PointerOf(Codec[bool]{})))
	f.Fuzz(func(t *testing.T, b []byte) {
		bounded(t, b, func() {
			v, err := decoded(treeCodec, b)
			if err != nil {
				require.ErrorIs(t, err, ErrCorruptPeer)
				return
			}
			require.Len(t, encoded(t, 0, treeCodec, v), len(b))
		})
		bounded(t, b, func() {
			if _, err := decoded(times, b); err != nil {
				require.ErrorIs(t, err, ErrCorruptPeer)
			}
		})
	})
}

func FuzzGetError(f *testing.F) {
	for _, err := range []error{nil, ErrClosed, &Died{Panic: "p"}, &Error{Name: "n", Err: remote(ErrFull)}, &NoMemory{1, 2}} {
		var e Encoder
		e.reset(nil, testMax)
		putError(&e, err)
		f.Add(append([]byte(nil), e.bytes()...))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		bounded(t, b, func() {
			var d Decoder
			d.reset(b)
			err := getError(&d)
			if d.err != nil {
				require.ErrorIs(t, err, ErrCorruptPeer)
				return
			}
			if err == nil {
				require.Equal(t, errNil, b[0])
				return
			}
			_ = err.Error()
			across(t, err) // what was read can be handed on
		})
	})
}
