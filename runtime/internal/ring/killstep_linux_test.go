//go:build linux && amd64 && !explore

package ring

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"testing"
	"unsafe"

	"github.com/mpgen/mpgen/runtime/internal/bell"
	"github.com/mpgen/mpgen/runtime/internal/killstep"
)

func TestMain(m *testing.M) { killstep.Main(m, operations()) }

func TestDeathAfterEachInstruction(t *testing.T) { killstep.Run(t, operations()) }

// operations are the steps, with small items and with large ones.
func operations() (all []killstep.Operation) {
	for _, blocks := range []int{0, 8} {
		for i := range steps {
			s := &steps[i]
			name := s.name
			if blocks > 0 {
				name += ", large"
			}
			all = append(all, killstep.Operation{
				Name: name, Size: benchSize,
				Prepare: func(p unsafe.Pointer) {
					b := openBench(p, blocks)
					s.prepare(b)
					*b.reached = 0
				},
				Open: func(p unsafe.Pointer) func() {
					b := openBench(p, blocks)
					if blocks > 0 {
						for _, v := range []uint64{7, 42, 70} {
							b.large(v)
						}
					}
					return func() { s.act(b) }
				},
				Check: func(p unsafe.Pointer) error { return s.check(p, blocks) },
			})
		}
	}
	return all
}

// The processes: dead is the child; others put and take around it.
const (
	putter Owner = 1
	victim Owner = 2
	reader Owner = 3
)

// bench is a memory with what all operations need: bells, what the child has
// got done, two Bounded rings and an SPSC.
type bench struct {
	bells   []bell.Word
	reached *uint64 // by the child: 1 it knows that its item is in, or has one; 2 it knows that it is done
	in, out *Bounded
	spsc    *SPSC
	item    int // bytes of a large item, 0: numbers

	// Made before the child's operation, which must not allocate: its runtime may
	// need a thread that is frozen.
	data map[uint64][]byte
	buf  []byte
	seat *Seat
}

const benchSize = 1 << 17

func openBench(p unsafe.Pointer, blocks int) *bench {
	b := &bench{bells: unsafe.Slice((*bell.Word)(p), 4), reached: (*uint64)(unsafe.Add(p, 256))}
	g := Geometry{Capacity: 4, Payload: MinPayload, Blocks: blocks, Slots: 4, Seats: 2}
	p = unsafe.Add(p, 4096)
	b.in = OpenBounded(p, g, b.bells)
	p = unsafe.Add(p, (BoundedSize(g)+4095)&^4095)
	b.out = OpenBounded(p, g, b.bells)
	p = unsafe.Add(p, (BoundedSize(g)+4095)&^4095)
	b.spsc = OpenSPSC(p, g, b.bells)
	b.in.SetOwner(0, victim)
	b.in.SetOwner(1, reader)
	b.out.SetOwner(0, putter)
	b.out.SetOwner(1, reader)
	if blocks > 0 {
		b.item = BlockSize + 100
	}
	b.data, b.buf, b.seat = map[uint64][]byte{}, make([]byte, 0, 2*BlockSize), b.in.Seat(0)
	return b
}

func (b *bench) large(v uint64) []byte {
	data := b.data[v]
	if data == nil {
		data = bytes.Repeat([]byte{byte(v)}, b.item)
		binary.NativeEndian.PutUint64(data, v)
		b.data[v] = data
	}
	return data
}

// fill makes payload p the item v of owner o, whose place is t.
func (b *bench) fill(a *Arena, o Owner, t uint64, p []byte, v uint64, d Descriptor) {
	if a == nil {
		binary.NativeEndian.PutUint64(p, v)
		return
	}
	a.Place(o, t)
	PutDescriptor(p, d)
}

func (b *bench) build(a *Arena, o Owner, v uint64) Descriptor {
	if a == nil {
		return Descriptor{}
	}
	d, ok := a.Build(o, b.large(v))
	if !ok {
		panic("the arena is full")
	}
	return d
}

func (b *bench) value(a *Arena, p []byte) uint64 {
	if a == nil {
		return binary.NativeEndian.Uint64(p)
	}
	data, err := a.Item(p, b.buf)
	if err != nil {
		panic(err)
	}
	v := binary.NativeEndian.Uint64(data)
	if !bytes.Equal(data, b.large(v)) {
		panic("the item is torn")
	}
	return v
}

func (b *bench) put(r *Bounded, o Owner, v uint64) bool {
	d := b.build(r.Arena, o, v)
	t, ok := r.Claim(o)
	if !ok {
		return false
	}
	b.fill(r.Arena, o, uint64(t), r.Payload(t), v, d)
	if err := r.Publish(t, o); err != nil {
		panic(err)
	}
	if r.Arena != nil {
		r.Arena.Built(o)
	}
	*b.reached = 1
	r.Wake(o)
	return true
}

func (b *bench) putSPSC(o Owner, v uint64) {
	p := b.spsc.OpenProducer()
	d := b.build(p.Arena, o, v)
	if !p.HasRoom() {
		panic("the ring is full")
	}
	b.fill(p.Arena, o, p.Next, p.Payload(p.Next), v, d)
	p.Next++
	p.Publish()
	if p.Arena != nil {
		p.Arena.Built(o)
	}
	*b.reached = 1
	p.Wake()
}

func (b *bench) take(s *Seat) (uint64, bool) {
	ok, err := s.Take()
	if err != nil {
		panic(err)
	}
	if !ok {
		return 0, false
	}
	return b.value(s.r.Arena, s.Payload()), true
}

func (b *bench) takeAll(s *Seat) (vs []uint64) {
	for {
		v, ok := b.take(s)
		if !ok {
			return vs
		}
		s.Free()
		vs = append(vs, v)
	}
}

// give is what a worker does: a task of v gives the result 10*v.
func (b *bench) give(s *Seat, o Owner) bool {
	v, ok := b.take(s)
	if !ok {
		return false
	}
	s.Results(1)
	r := b.out
	d := b.build(r.Arena, o, 10*v)
	t, ok := r.Claim(o)
	if !ok {
		panic("the output is full")
	}
	s.Note(0, r, t)
	b.fill(r.Arena, o, uint64(t), r.Payload(t), 10*v, d)
	if err := r.Publish(t, o); err != nil {
		panic(err)
	}
	if r.Arena != nil {
		r.Arena.Built(o)
	}
	*b.reached = 1
	r.Wake(o)
	s.Advance()
	*b.reached = 2
	return true
}

// step is an operation: what the ring holds before, what the child does, and
// what the others must find after its death.
type step struct {
	name    string
	prepare func(b *bench)
	act     func(b *bench)
	// after takes everything out, after the sweep, and says what must have been
	// there: must, and may.
	after func(b *bench) (found, must, may []uint64)
}

var steps = []step{
	{"put", func(b *bench) { b.put(b.in, putter, 7) },
		func(b *bench) { b.put(b.in, victim, 42) },
		func(b *bench) ([]uint64, []uint64, []uint64) {
			reached := *b.reached
			mustBe(b.put(b.in, putter, 9))
			return unacked(b.takeAll(b.in.Seat(1)), reached, 7, 42, 9)
		}},
	{"take", func(b *bench) { b.put(b.in, putter, 7); b.put(b.in, putter, 8) },
		func(b *bench) {
			s := b.seat
			_, ok := b.take(s)
			mustBe(ok)
			*b.reached = 1
			s.Free()
			*b.reached = 2
		},
		func(b *bench) ([]uint64, []uint64, []uint64) {
			reached := *b.reached
			mustBe(b.put(b.in, putter, 9))
			return undone(b.takeAll(b.in.Seat(1)), reached, 7, 8, 9)
		}},
	{"stage", func(b *bench) { b.put(b.in, putter, 7); b.put(b.in, putter, 8) },
		func(b *bench) { mustBe(b.give(b.seat, victim)) },
		func(b *bench) ([]uint64, []uint64, []uint64) {
			for b.give(b.in.Seat(1), reader) {
			}
			return b.takeAll(b.out.Seat(0)), []uint64{70, 80}, nil
		}},
	{"put to SPSC", func(b *bench) { b.putSPSC(victim, 7) },
		func(b *bench) { b.putSPSC(victim, 42) },
		func(b *bench) ([]uint64, []uint64, []uint64) {
			reached := *b.reached
			b.putSPSC(victim, 9)
			return unacked(b.takeAllSPSC(), reached, 7, 42, 9)
		}},
	{"take from SPSC", func(b *bench) { b.putSPSC(putter, 7); b.putSPSC(putter, 8) },
		func(b *bench) {
			c := b.spsc.OpenConsumer()
			mustBe(c.HasItem())
			b.value(c.Arena, c.Payload(c.Next))
			*b.reached = 1
			c.SetDone(c.Next + 1)
			*b.reached = 2
		},
		func(b *bench) ([]uint64, []uint64, []uint64) {
			reached := *b.reached
			b.putSPSC(putter, 9)
			return undone(b.takeAllSPSC(), reached, 7, 8, 9)
		}},
}

func mustBe(ok bool) {
	if !ok {
		panic("the operation could not be done")
	}
}

// unacked: the item in the middle must be there once its put has returned.
func unacked(found []uint64, reached, before, item, after uint64) (f, must, may []uint64) {
	if reached > 0 {
		return found, []uint64{before, item, after}, nil
	}
	return found, []uint64{before, after}, []uint64{item}
}

// undone: the first item must come again until its reader has begun to work on
// it, and must not once the reader knows that it is done.
func undone(found []uint64, reached, item, second, after uint64) (f, must, may []uint64) {
	switch reached {
	case 0:
		return found, []uint64{item, second, after}, nil
	case 2:
		return found, []uint64{second, after}, nil
	}
	return found, []uint64{second, after}, []uint64{item}
}

func (b *bench) takeAllSPSC() (vs []uint64) {
	c := b.spsc.OpenConsumer()
	for c.HasItem() {
		vs = append(vs, b.value(c.Arena, c.Payload(c.Next)))
		c.Next++
		c.SetDone(c.Next)
	}
	c.Tell()
	return vs
}

// sweep is what the parent does when the victim has died.
func (b *bench) sweep(spscEnd string) {
	b.in.Settle(victim, []*Bounded{b.out})
	b.in.SweepOutput(victim)
	b.out.SweepOutput(victim)
	b.in.SweepInput(victim, nil)
	b.in.Unpark(victim)
	b.out.Unpark(victim)
	switch spscEnd {
	case "put to SPSC":
		b.spsc.SweepProducer(victim)
	case "take from SPSC":
		b.spsc.SweepConsumer(victim)
	}
	b.in.WakeAll()
	b.out.WakeAll()
	b.spsc.WakeAll()
}

// check sweeps the memory at p, and says what is wrong with it.
func (s *step) check(p unsafe.Pointer, blocks int) error {
	b := openBench(p, blocks)
	b.sweep(s.name)
	found, must, may := s.after(b)
	count := map[uint64]int{}
	for _, v := range found {
		if count[v]++; count[v] > 1 {
			return fmt.Errorf("item %d comes twice", v)
		}
	}
	for _, v := range must {
		if count[v] == 0 {
			return fmt.Errorf("item %d is lost; found %v", v, found)
		}
		delete(count, v)
	}
	for _, v := range may {
		delete(count, v)
	}
	if len(count) > 0 {
		return fmt.Errorf("items come that should not: found %v, want %v", found, must)
	}
	for _, r := range []*Bounded{b.in, b.out} {
		if !r.Quiet(0) {
			return errors.New("something is left in a ring")
		}
	}
	for _, a := range []*Arena{b.in.Arena, b.out.Arena, b.spsc.Arena} {
		if a != nil && !a.HasRoom(a.Max()) {
			return errors.New("blocks are left that nobody frees")
		}
	}
	return nil
}
