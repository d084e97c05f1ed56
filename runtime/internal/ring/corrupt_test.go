package ring

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/mpgen/mpgen/runtime/internal/bell"
)

// Shared memory is what others write. Whatever stands there, the rings' functions
// come back, with an error, with nothing, or with an item that is none; they
// neither panic nor reach beyond their memory.
func TestNonsenseInSharedMemoryDoesNoHarm(t *testing.T) {
	rounds := uint64(20_000)
	if testing.Short() {
		rounds = 2_000
	}
	g := Geometry{Capacity: 4, Payload: MinPayload, Blocks: 4, Slots: 4, Seats: 2}
	for _, blocks := range []int{0, 4} {
		g.Blocks = blocks
		size := (max(BoundedSize(g), SPSCSize(g)) + 4095) &^ 4095
		base, bells := memory(3*size, g.Slots)
		words := unsafe.Slice((*uint64)(base), 3*size/8)
		a := OpenBounded(base, g, bells)
		b := OpenBounded(unsafe.Add(base, size), g, bells)
		s := OpenSPSC(unsafe.Add(base, 2*size), g, bells)
		for _, r := range []*Bounded{a, b} {
			r.SetOwner(0, 2)
			r.SetOwner(1, 3)
		}
		for seed := range rounds {
			random := rand.New(rand.NewPCG(seed, 7))
			clear(words)
			clear(bells)
			use(t, a, b, s, random, nil, blocks)
			spoil(words[:size/8], random)
			spoil(words[size/8:2*size/8], random)
			spoil(words[2*size/8:], random)
			guard(t, fmt.Sprintf("blocks %d, seed %d", blocks, seed), func(doing *string) {
				use(t, a, b, s, random, doing, blocks)
				use(t, a, b, s, random, doing, blocks)
			})
		}
	}
}

// spoil writes nonsense: words that are near to what could be there, bits turned,
// and pure noise; most of it where the control words are.
func spoil(words []uint64, random *rand.Rand) {
	head := min(len(words), 300)
	for range 1 + random.IntN(12) {
		w := &words[random.IntN(head)]
		switch random.IntN(5) {
		case 0:
			*w ^= 1 << random.IntN(64)
		case 1:
			*w = random.Uint64()
		case 2:
			*w = uint64(pack(uint64(random.IntN(3)), kind(random.IntN(8)), Owner(random.IntN(5))))
		case 3:
			*w = uint64(notedControl(uint32(random.IntN(4)), random.IntN(2), random.IntN(8), uint64(random.IntN(4)))&^3) | uint64(random.IntN(4))
		case 4:
			*w += random.Uint64N(9) - 4
		}
	}
}

// guard fails the test if f panics, or has not come back after a minute.
func guard(t *testing.T, what string, f func(doing *string)) {
	var doing string
	watch := time.AfterFunc(time.Minute, func() { panic(what + ": does not come back from " + doing) })
	defer watch.Stop()
	defer func() {
		if r := recover(); r != nil {
			require.Fail(t, "panic", "%s, in %s: %v", what, doing, r)
		}
	}()
	f(&doing)
}

// use calls everything; errors are fine.
func use(t *testing.T, a, b *Bounded, s *SPSC, random *rand.Rand, doing *string, blocks int) {
	say := func(d string) {
		if doing != nil {
			*doing = d
		}
	}
	put := func(r *Bounded, p Owner) {
		say("put")
		var d Descriptor
		if blocks > 0 && random.IntN(2) == 0 {
			var ok bool
			if d, ok = r.Arena.Build(p, make([]byte, random.IntN(2*BlockSize))); !ok {
				return
			}
		}
		at, ok := r.Claim(p)
		if !ok {
			if blocks > 0 {
				r.Arena.Drop(p)
			}
			return
		}
		if d.message != 0 {
			r.Arena.Place(p, uint64(at))
			PutDescriptor(r.Payload(at), d)
		} else {
			PutHead(r.Payload(at), random.IntN(24))
		}
		_ = r.Publish(at, p)
		if d.message != 0 {
			r.Arena.Built(p)
		}
		r.Wake(p)
	}
	take := func(r *Bounded, i int, out *Bounded) {
		say("take")
		seat := r.Seat(i)
		seat.HasItem()
		ok, err := seat.Take()
		if !ok || err != nil {
			return
		}
		if blocks > 0 {
			say("item")
			_, _ = r.Arena.Item(seat.Payload(), nil)
		}
		say("advance")
		seat.Results(1)
		if out != nil {
			if at, ok := out.Claim(seat.p); ok {
				seat.Note(0, out, at)
				PutHead(out.Payload(at), 0)
				_ = out.Publish(at, seat.p)
			}
		}
		seat.Advance()
	}
	for range 3 {
		put(a, 1)
		put(b, 1)
		take(a, 0, b)
		take(b, 1, nil)
	}
	put(a, 2)
	say("look")
	_, _, _ = a.Len(), a.Quiet(0), a.HasRoom()
	a.InFlight(0)
	for _, p := range []Owner{2, 3, 1} {
		say("sweep")
		a.Settle(p, []*Bounded{b})
		b.Settle(p, nil)
		a.SweepOutput(p)
		b.SweepOutput(p)
		a.SweepInput(p, nil)
		b.SweepInput(p, func([]byte, int) bool { return random.IntN(2) == 0 })
		a.Unpark(p)
		a.WakeAll()
	}
	say("use the SPSC ring")
	p := s.OpenProducer()
	for range 3 {
		if p.HasRoom() {
			clear(p.Payload(p.Next))
			binary.NativeEndian.PutUint32(p.Payload(p.Next), uint32(random.IntN(24)))
			p.Next++
			p.Publish()
			p.Wake()
		}
	}
	c := s.OpenConsumer()
	for range 3 {
		if c.HasItem() {
			if blocks > 0 {
				_, _ = s.Arena.Item(c.Payload(c.Next), nil)
			}
			c.Next++
			c.SetDone(c.Next)
		}
	}
	c.Tell()
	s.SweepProducer(1)
	s.SweepConsumer(2)
	s.WakeAll()
	_ = s.Len()
}

var _ = bell.WordSize
