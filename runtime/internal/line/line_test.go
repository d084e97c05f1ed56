package line

import (
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/mpgen/mpgen/runtime/internal/bell"
)

// TestMessagesComeAsTheyWent writes and reads in turns of any length; a message
// may be larger than the ring.
func TestMessagesComeAsTheyWent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const capacity = 4096
		memory := make([]uint64, Size(capacity, 2)/8+16)
		p := unsafe.Add(unsafe.Pointer(&memory[0]), -int(uintptr(unsafe.Pointer(&memory[0])))&63)
		bells := make([]bell.Word, 2)
		w, r := OpenWriter(p, capacity, bells), OpenReader(p, capacity, bells, 1<<20)
		var sent, got [][]byte
		for i := range rapid.IntRange(1, 60).Draw(t, "messages") {
			msg := make([]byte, rapid.OneOf(rapid.IntRange(0, 200), rapid.IntRange(900, 9000)).Draw(t, "size"))
			for k := range msg {
				msg[k] = byte(i + k)
			}
			sent = append(sent, msg)
			if b := w.Lend(min(len(msg), w.MaxPart())); len(msg) <= w.MaxPart() && b != nil {
				w.Put(7, uint64(i), copy(b, msg))
				w.Publish()
				continue
			}
			for left, done := msg, false; !done; {
				left, done = w.PutPart(7, uint64(i), left)
				w.Publish()
				got = drain(t, r, got)
			}
		}
		got = drain(t, r, got)
		require.Len(t, got, len(sent))
		for i := range sent {
			require.Equal(t, string(sent[i]), string(got[i]))
		}
		require.True(t, w.Drained())
	})
}

func drain(t *rapid.T, r *Reader, got [][]byte) [][]byte {
	for {
		f, ok, err := r.Next()
		require.NoError(t, err)
		if !ok {
			r.Tell()
			return got
		}
		require.Equal(t, uint16(7), f.Kind)
		require.Equal(t, uint64(len(got)), f.ID)
		got = append(got, append([]byte(nil), f.Data...))
	}
}

func FuzzReaderOfNonsense(f *testing.F) {
	f.Add(uint64(64), []byte{3, 0, 0, 0, 7, 0, 1, 0, 1})
	f.Fuzz(func(t *testing.T, tail uint64, frames []byte) {
		const capacity = 4096
		memory := make([]uint64, Size(capacity, 2)/8+16)
		p := unsafe.Add(unsafe.Pointer(&memory[0]), -int(uintptr(unsafe.Pointer(&memory[0])))&63)
		r := OpenReader(p, capacity, make([]bell.Word, 2), 1<<16)
		copy(r.data, frames)
		r.h.tail.Store(tail)
		for range capacity {
			if _, ok, err := r.Next(); !ok || err != nil {
				return
			}
		}
	})
}
