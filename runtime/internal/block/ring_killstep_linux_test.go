//go:build linux && amd64 && !explore

package block

import (
	"encoding/binary"
	"fmt"
	"slices"
	"unsafe"

	"github.com/mpgen/mpgen/runtime/internal/bell"
	"github.com/mpgen/mpgen/runtime/internal/killstep"
	"github.com/mpgen/mpgen/runtime/internal/ring"
)

// relay is two rings whose items carry blocks, and their arena. The item is {entry,
// generation} of a block, in which the number of the item stands.
type relay struct {
	reached *uint64
	blocks  [slots]*Table
	rings   [2]*ring.Bounded
	seats   [2][slots]*ring.Seat
	buf     []byte
}

const relayed = page + 1<<15 // bytes before the arena

func openRelay(p unsafe.Pointer) *relay {
	bells := unsafe.Slice((*bell.Word)(p), slots)
	r := &relay{reached: (*uint64)(unsafe.Add(p, 2048)), buf: make([]byte, 64)}
	for i := range slots {
		r.blocks[i] = Open(unsafe.Add(p, relayed), shape, i, bells, false)
	}
	for k := range r.rings {
		g := ring.Geometry{Capacity: 4, Payload: ring.MinPayload, Blocks: 2, Slots: slots, Seats: slots, Lends: k + 1}
		if ring.BoundedSize(g) > 1<<14 {
			panic("the rings don't fit")
		}
		b := ring.OpenBounded(unsafe.Add(p, page+k<<14), g, bells)
		for i := range slots {
			b.SetOwner(i, ring.Owner(i))
			r.seats[k][i] = b.Seat(i)
		}
		b.Arena.Return = func(message uint64, lent []uint64) {
			if lent == nil {
				r.blocks[victim].ReturnAll(k, message)
			}
			for _, entry := range lent {
				r.blocks[victim].Return(int(entry), k, message)
			}
		}
		r.rings[k] = b
	}
	return r
}

// send makes a block with v in it and puts it into ring k, as the result of the task on
// seat if that is not nil.
func (r *relay) send(k, p int, v uint64, seat *ring.Seat) {
	x, ok := r.blocks[p].New(64)
	must(ok)
	binary.NativeEndian.PutUint64(r.blocks[p].Bytes(x), v)
	r.put(k, p, x, seat)
	r.blocks[p].Drop(x)
}

func (r *relay) put(k, p int, x Block, seat *ring.Seat) {
	b, o := r.rings[k], ring.Owner(p)
	binary.NativeEndian.PutUint32(r.buf, uint32(x.Entry))
	binary.NativeEndian.PutUint32(r.buf[4:], x.Generation)
	d, ok := b.Arena.Build(o, r.buf[:8])
	must(ok && r.blocks[p].Lend(x, k, d.Message()) == Lent)
	t, ok := b.Claim(o)
	must(ok)
	b.Arena.Place(o, uint64(t))
	if seat != nil {
		seat.Note(0, b, t)
	}
	ring.PutDescriptor(b.Payload(t), d)
	if b.Publish(t, o) != nil {
		panic("evicted")
	}
	b.Arena.Built(o)
	if seat != nil {
		seat.Advance()
	}
	*r.reached++
}

// take takes an item of ring k, and returns its block and the number in that.
func (r *relay) take(k, p int) (x Block, v uint64, ok bool) {
	seat := r.seats[k][p]
	ok, err := seat.Take()
	must(err == nil)
	if !ok {
		return x, 0, false
	}
	data, err := r.rings[k].Arena.Item(seat.Payload(), r.buf[8:])
	must(err == nil && len(data) == 8)
	x, ok = r.blocks[p].Find(int(binary.NativeEndian.Uint32(data)), binary.NativeEndian.Uint32(data[4:]))
	if !ok {
		panic("the block of an item is gone")
	}
	return x, binary.NativeEndian.Uint64(r.blocks[p].Bytes(x)), true
}

func (r *relay) sweep() {
	for _, b := range r.rings {
		b.Settle(victim, []*ring.Bounded{r.rings[1]})
	}
	for _, b := range r.rings {
		b.SweepOutput(victim)
	}
	for _, b := range r.rings {
		b.SweepInput(victim, nil)
	}
	r.blocks[0].Sweep(victim)
}

func (r *relay) takeAll(k int) (vs []uint64) {
	for {
		_, v, ok := r.take(k, other)
		if !ok {
			return vs
		}
		r.seats[k][other].Free()
		vs = append(vs, v)
	}
}

// relaying is an operation: all that comes out of ring k in the end is ok.
func relaying(name string, k int, before, act func(r *relay), after func(r *relay), ok func(reached uint64, found []uint64) bool) killstep.Operation {
	return killstep.Operation{
		Name: name, Size: relayed + Size(shape),
		Prepare: func(p unsafe.Pointer) {
			r := openRelay(p)
			before(r)
			*r.reached = 0
		},
		Open: func(p unsafe.Pointer) func() {
			r := openRelay(p)
			for k := range r.seats {
				r.seats[k][victim].Lent = make([]uint64, 0, 1)
			}
			return func() { act(r) }
		},
		Check: func(p unsafe.Pointer) error {
			r := openRelay(p)
			reached := *r.reached
			r.sweep()
			r.sweep() // as if it had been killed
			after(r)
			if found := r.takeAll(k); !ok(reached, found) {
				return fmt.Errorf("after %d steps, found %v", reached, found)
			}
			for _, b := range r.rings {
				if !b.Quiet(0) || !b.Arena.HasRoom(b.Arena.Max()) {
					return fmt.Errorf("something is left in a ring")
				}
			}
			return (&bench{mine: r.blocks[other]}).whole()
		},
	}
}

func init() {
	idle := func(*relay) {}
	passOn := func(r *relay) {
		for {
			x, _, ok := r.take(0, other)
			if !ok {
				return
			}
			r.seats[0][other].Results(1)
			r.put(1, other, x, r.seats[0][other])
		}
	}
	filled := func(r *relay) { r.send(0, other, 7, nil) }
	operations = append(operations,
		relaying("send", 0, idle, func(r *relay) { r.send(0, victim, 7, nil) }, idle,
			func(reached uint64, found []uint64) bool {
				return len(found) == 0 && reached == 0 || len(found) == 1 && found[0] == 7
			}),
		relaying("receive, and keep", 0, filled, func(r *relay) {
			x, _, ok := r.take(0, victim)
			must(ok && r.blocks[victim].Keep(x))
			seat := r.seats[0][victim]
			seat.Lent = append(r.seats[1][victim].Lent[:0], uint64(x.Entry))
			*r.reached = 1
			seat.Free()
			*r.reached = 2
			r.blocks[victim].Drop(x)
		}, idle, func(reached uint64, found []uint64) bool {
			return len(found) == 0 && reached > 0 || len(found) == 1 && found[0] == 7 && reached < 2
		}),
		relaying("pass a new one on", 1, filled, func(r *relay) {
			_, v, ok := r.take(0, victim)
			must(ok)
			seat := r.seats[0][victim]
			seat.Results(1)
			r.send(1, victim, v+1, seat)
		}, func(r *relay) {
			for {
				_, v, ok := r.take(0, other)
				if !ok {
					return
				}
				r.seats[0][other].Results(1)
				r.send(1, other, v+1, r.seats[0][other])
			}
		}, func(_ uint64, found []uint64) bool { return len(found) == 1 && found[0] == 8 }),
		relaying("pass the same on", 1, filled, func(r *relay) {
			x, _, ok := r.take(0, victim)
			must(ok)
			seat := r.seats[0][victim]
			seat.Results(1)
			r.put(1, victim, x, seat)
		}, passOn, func(_ uint64, found []uint64) bool { return len(found) == 1 && found[0] == 7 }),
		relaying("pass the first of two on", 1, func(r *relay) {
			x, ok := r.blocks[other].New(64)
			must(ok)
			binary.NativeEndian.PutUint64(r.blocks[other].Bytes(x), 7)
			r.put(0, other, x, nil)
			r.put(0, other, x, nil)
			must(!r.blocks[other].CanLend(x, 0))
			r.blocks[other].Drop(x)
		}, func(r *relay) {
			x, _, ok := r.take(0, victim)
			must(ok)
			seat := r.seats[0][victim]
			seat.Results(1)
			r.put(1, victim, x, seat)
		}, passOn, func(_ uint64, found []uint64) bool { return slices.Equal(found, []uint64{7, 7}) }),
	)
}
