package ring

import (
	"encoding/binary"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/mpgen/mpgen/runtime/internal/bell"
)

// memory is a zeroed region, 64-byte aligned, and the bells of n slots.
func memory(size, slots int) (unsafe.Pointer, []bell.Word) {
	words := make([]uint64, size/8+16)
	p := unsafe.Pointer(&words[0])
	return unsafe.Add(p, -int(uintptr(p))&63), make([]bell.Word, slots)
}

func put(t *testing.T, r *Bounded, p Owner, v uint64) bool {
	t.Helper()
	at, ok := r.Claim(p)
	if !ok {
		return false
	}
	binary.NativeEndian.PutUint64(r.Payload(at), v)
	require.NoError(t, r.Publish(at, p))
	return true
}

func take(t *testing.T, s *Seat) (uint64, bool) {
	t.Helper()
	ok, err := s.Take()
	require.NoError(t, err)
	if !ok {
		return 0, false
	}
	return binary.NativeEndian.Uint64(s.Payload()), true
}

func small(t *testing.T, capacity int) *Bounded {
	g := Geometry{Capacity: capacity, Payload: 8, Slots: 4, Seats: 2}
	p, bells := memory(BoundedSize(g), g.Slots)
	r := OpenBounded(p, g, bells)
	r.SetOwner(0, 2)
	r.SetOwner(1, 3)
	return r
}

func TestItemsComeInOrderAndTheRingFills(t *testing.T) {
	r := small(t, 4)
	s := r.Seat(0)
	for lap := range uint64(10) {
		for i := range uint64(4) {
			require.True(t, put(t, r, 1, lap*4+i))
		}
		require.False(t, put(t, r, 1, 99), "the ring is full")
		for i := range uint64(4) {
			v, ok := take(t, s)
			require.True(t, ok)
			require.Equal(t, lap*4+i, v)
			s.Free()
		}
		_, ok := take(t, s)
		require.False(t, ok, "the ring is empty")
	}
	require.True(t, r.Quiet(0))
}

func TestItemOfADeadReaderComesAgainToAPeer(t *testing.T) {
	r := small(t, 4)
	a, b := r.Seat(0), r.Seat(1)
	require.True(t, put(t, r, 1, 7))
	v, ok := take(t, a)
	require.True(t, ok)
	require.Equal(t, uint64(7), v)
	require.False(t, r.Quiet(3), "a works on the item")

	require.Equal(t, 1, r.SweepInput(2, nil))
	v, ok = take(t, b)
	require.True(t, ok)
	require.Equal(t, uint64(7), v)
	require.Equal(t, 1, b.Attempt())
	b.Free()
	require.True(t, r.Quiet(0))
}

func TestPlaceOfADeadProducerIsSkipped(t *testing.T) {
	r := small(t, 2)
	_, ok := r.Claim(0)
	require.True(t, ok)
	require.True(t, put(t, r, 1, 5))
	s := r.Seat(0)
	_, ok = take(t, s)
	require.False(t, ok, "the first place is not filled yet")
	r.SweepOutput(0)
	v, ok := take(t, s)
	require.True(t, ok)
	require.Equal(t, uint64(5), v)
}

func TestResultThatIsOutIsNotGivenTwice(t *testing.T) {
	in, out := small(t, 4), small(t, 4)
	s := in.Seat(0)
	require.True(t, put(t, in, 1, 7))
	_, ok := take(t, s)
	require.True(t, ok)
	s.Results(2)
	at, ok := out.Claim(2)
	require.True(t, ok)
	s.Note(0, out, at)
	require.NoError(t, out.Publish(at, 2))
	// dies before Advance: the first result is out, the second is not

	in.Settle(2, []*Bounded{out})
	out.SweepOutput(2)
	require.Equal(t, 1, in.SweepInput(2, nil))
	peer := in.Seat(1)
	_, ok = take(t, peer)
	require.True(t, ok)
	require.Equal(t, 1, peer.Given())
}

func TestExhaustedItemIsTakenAway(t *testing.T) {
	r := small(t, 4)
	s := r.Seat(0)
	require.True(t, put(t, r, 1, 7))
	_, ok := take(t, s)
	require.True(t, ok)
	var got uint64
	require.Zero(t, r.SweepInput(2, func(p []byte, attempt int) bool {
		require.Equal(t, 1, attempt)
		got = binary.NativeEndian.Uint64(p)
		return true
	}))
	require.Equal(t, uint64(7), got)
	_, ok = take(t, r.Seat(1))
	require.False(t, ok)
	require.True(t, r.Quiet(0))
}

func TestLargeItemSurvivesItsReaderAndFreesItsBlocks(t *testing.T) {
	g := Geometry{Capacity: 4, Payload: 64, Blocks: 8, Slots: 4, Seats: 2}
	p, bells := memory(BoundedSize(g), g.Slots)
	r := OpenBounded(p, g, bells)
	r.SetOwner(0, 2)
	r.SetOwner(1, 3)
	data := make([]byte, 5*BlockSize+17)
	for i := range data {
		data[i] = byte(i * 7)
	}
	for range 5 {
		d, ok := r.Arena.Build(1, data)
		require.True(t, ok)
		at, ok := r.Claim(1)
		require.True(t, ok)
		r.Arena.Place(1, uint64(at))
		PutDescriptor(r.Payload(at), d)
		require.NoError(t, r.Publish(at, 1))
		r.Arena.Built(1)
		_, ok = r.Arena.Build(0, data)
		require.False(t, ok, "the arena is full")

		ok, err := r.Seat(0).Take()
		require.True(t, ok)
		require.NoError(t, err)
		r.SweepInput(2, nil)
		s := r.Seat(1)
		ok, err = s.Take()
		require.True(t, ok)
		require.NoError(t, err)
		got, err := r.Arena.Item(s.Payload(), nil)
		require.NoError(t, err)
		require.Equal(t, data, got)
		s.Free()
		require.True(t, r.Arena.HasRoom(r.Arena.Max()))
	}
	// A producer that dies while it builds leaves nothing.
	_, ok := r.Arena.Build(1, data)
	require.True(t, ok)
	r.SweepOutput(1)
	require.True(t, r.Arena.HasRoom(r.Arena.Max()))
}
