//go:build explore

package ring

import (
	"encoding/binary"
	"fmt"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/mpgen/mpgen/runtime/internal/bell"
	"github.com/mpgen/mpgen/runtime/internal/explore"
	"github.com/mpgen/mpgen/runtime/internal/seam"
)

// fresh in a context says that a successor has to open its end of the ring.
const fresh = 1 << 63

// newSPSCChain is a producer, an SPSC ring, and a consumer.
func newSPSCChain(capacity, messages int) *chain {
	l := &chain{names: map[int]string{}, parent: 2, producers: []int{0}, consumers: []int{1}}
	g := Geometry{Capacity: capacity, Payload: 8, Slots: 2}
	var p unsafe.Pointer
	l.memory, l.bells, p = layout(2, SPSCSize(g)+64)
	for i := range l.bells {
		l.label(unsafe.Pointer(&l.bells[i]), fmt.Sprintf("bell%d", i))
	}
	l.closed[0] = (*seam.Uint64)(p)
	l.spsc = OpenSPSC(unsafe.Add(p, 64), g, l.bells)
	h := l.spsc.h
	l.label(p, "closed")
	l.label(unsafe.Pointer(&h.tail), "tail")
	l.label(unsafe.Pointer(&h.head), "head")
	l.label(unsafe.Pointer(&h.third), "done")
	l.label(unsafe.Add(unsafe.Pointer(h), headerSize+8), "items")
	l.label(unsafe.Add(unsafe.Pointer(h), headerSize+bell.ParkedSize(2)+8), "room")
	l.label(unsafe.Add(unsafe.Pointer(h), headerSize+2*bell.ParkedSize(2)+8), "joins")
	l.Processes = []explore.Process{
		{Name: "producer", From: explore.Context{0, uint64(messages), fresh}, Turn: l.produceSPSC, Dies: true,
			After: func(c explore.Context) explore.Context {
				return explore.Context{min(c[0]+1, c[1]), c[1], fresh}
			}},
		{Name: "consumer", From: explore.Context{fresh}, Turn: l.consumeSPSC, Dies: true,
			After: func(explore.Context) explore.Context { return explore.Context{fresh} }},
	}
	l.finish()
	return l
}

func (l *chain) produceSPSC(s *explore.Self, c explore.Context) explore.Context {
	if c[0] == c[1] {
		seam.Point()
		s.End()
		return c
	}
	b := bell.Open(&l.bells[0], 0, 0)
	p := Producer{SPSC: l.spsc, Next: c[2], Limit: c[3]}
	if c[2] == fresh {
		p = l.spsc.OpenProducer()
	}
	if !p.HasRoom() {
		s.Know(p.Next, p.Limit)
		seam.At(400)
		l.waitSPSC(b, p.Room(), p.HasRoom, func() { s.Know(p.Next, p.Limit) })
	}
	s.Know(p.Next, p.Limit)
	seam.At(401)
	seam.Point()
	binary.NativeEndian.PutUint64(p.Payload(p.Next), c[0])
	s.Know(p.Next, p.Limit)
	seam.At(402)
	p.Next++
	p.Publish()
	s.Event(acked, c[0])
	s.Know(p.Next, p.Limit)
	seam.At(403)
	if !l.noWake {
		p.Wake()
	}
	if c[0]++; c[0] == c[1] {
		s.End()
	}
	return explore.Context{c[0], c[1], p.Next, p.Limit}
}

// waitSPSC waits; what the condition finds out of the ring is private to the
// process, and known by know.
func (l *chain) waitSPSC(b *bell.Bell, parked *bell.Parked, ready func() bool, know func()) {
	know()
	l.wait(b, parked, func() bool {
		ok := ready()
		know()
		return ok
	})
}

func (l *chain) consumeSPSC(s *explore.Self, c explore.Context) explore.Context {
	b := bell.Open(&l.bells[1], 1, 0)
	k := Consumer{SPSC: l.spsc, Next: c[0], Limit: c[1], told: c[2]}
	if c[0] == fresh {
		k = l.spsc.OpenConsumer()
	}
	for !k.HasItem() {
		s.Know(k.Next, k.Limit, k.told)
		seam.At(420)
		k.Tell()
		s.Know(k.Next, k.Limit, k.told)
		seam.At(421)
		if l.closed[0].Load() == 1 && !k.HasItem() {
			s.End()
			return c
		}
		s.Know(k.Next, k.Limit, k.told)
		seam.At(422)
		if !k.HasItem() {
			l.waitSPSC(b, k.Items(), func() bool { return k.HasItem() || l.closed[0].Load() == 1 }, func() { s.Know(k.Next, k.Limit, k.told) })
		}
		s.Know(k.Next, k.Limit, k.told)
		seam.At(423)
	}
	s.Know(k.Next, k.Limit, k.told)
	seam.At(424)
	seam.Point()
	m := binary.NativeEndian.Uint64(k.Payload(k.Next))
	s.Event(got, m|k.Next<<8)
	k.Next++
	s.Know(m, k.Next, k.Limit, k.told)
	seam.At(425)
	k.SetDone(k.Next)
	s.Event(done, m)
	return explore.Context{k.Next, k.Limit, k.told}
}

func (l *chain) sweepSPSC(p int) {
	if p == 0 {
		l.spsc.SweepProducer(0)
	} else {
		l.spsc.SweepConsumer(1)
	}
}

func TestSPSCUnderAllInterleavings(t *testing.T) {
	for _, c := range []struct{ capacity, messages, kills, sweepKills int }{
		{1, 3, 2, 1},
		{2, 4, 2, 1},
		{8, 10, 1, 0}, // here the consumer tells about room now and then only
	} {
		l := newSPSCChain(c.capacity, c.messages)
		l.Kills, l.SweepKills = c.kills, c.sweepKills
		f, err := explore.Run(&l.Harness)
		t.Logf("SPSC capacity %d, %d messages, %d kills, %d of the sweep: %v", c.capacity, c.messages, c.kills, c.sweepKills, f)
		require.NoError(t, err)
	}
}
