//go:build explore

package ring

import (
	"context"
	"encoding/binary"
	"fmt"
	"unsafe"

	"github.com/mpgen/mpgen/runtime/internal/bell"
	"github.com/mpgen/mpgen/runtime/internal/explore"
	"github.com/mpgen/mpgen/runtime/internal/seam"
)

// What the processes tell the checks.
const (
	acked   = iota // message is in the ring
	got            // message is being worked on
	done           // message will not come again
	result         // of message is out
	joining        // from here on a process waits until all is done
	joined         // all is done
	sawEnd         // a consumer has seen the end
)

// chain is a pipeline of simulated processes: producers, a ring, and consumers; or
// between them workers and a second ring. Process i has slot i; the last is the
// parent, which sweeps and closes.
type chain struct {
	explore.Harness
	memory []uint64
	bells  []bell.Word
	closed [2]*seam.Uint64
	ring   [2]*Bounded
	spsc   *SPSC
	names  map[int]string

	producers, workers, consumers, joiners []int // process numbers
	parent                                 int

	// bugs put in on purpose
	noRecheck, noWake, noWakeAll, onlyParked, notRoused, skipFirst, returnFirst bool

	// told says that who waits is told by the explorer the moment that it need not
	// wait any more: for the rings alone, without bells.
	told bool
	// open says that the ring is not closed: its consumers end by themselves.
	open bool
}

// layout is the memory of a chain: bells, two words that say closed, then rings.
func layout(slots, size int) ([]uint64, []bell.Word, unsafe.Pointer) {
	memory, _ := memory(size+slots*bell.WordSize+128, slots)
	words := unsafe.Slice((*uint64)(memory), (size+slots*bell.WordSize+128)/8)
	return words, unsafe.Slice((*bell.Word)(memory), slots), unsafe.Add(memory, slots*bell.WordSize)
}

func (l *chain) label(p unsafe.Pointer, name string) {
	l.names[int(uintptr(p)-uintptr(unsafe.Pointer(&l.memory[0])))/8] = name
}

func (l *chain) labelRing(r *Bounded, name string) {
	l.label(unsafe.Pointer(&r.h.tail), name+".tail")
	l.label(unsafe.Pointer(&r.h.head), name+".head")
	l.label(unsafe.Pointer(&r.h.third), name+".hint")
	l.label(unsafe.Add(unsafe.Pointer(r.h), headerSize+8), name+".items")
	l.label(unsafe.Add(unsafe.Pointer(r.h), headerSize+bell.ParkedSize(len(r.bells))+8), name+".room")
	l.label(unsafe.Add(unsafe.Pointer(r.h), headerSize+2*bell.ParkedSize(len(r.bells))+8), name+".joins")
	for i := range r.n {
		l.label(unsafe.Pointer(r.state(i)), fmt.Sprintf("%s.slot%d", name, i))
	}
	for i := range r.seats.n {
		l.label(unsafe.Pointer(r.seats.record(i)), fmt.Sprintf("%s.w%d", name, i))
		l.label(unsafe.Pointer(r.seats.cell(i, r.payload)), fmt.Sprintf("%s.cell%d", name, i))
	}
}

// newChain is a chain of producers that put so many messages each, workers, and
// consumers, over rings of a capacity.
func newChain(capacity int, messages []int, workers, consumers int) *chain {
	return newJoinedChain(capacity, messages, workers, consumers, 0)
}

// newJoinedChain is newChain with processes that wait once until all is done.
func newJoinedChain(capacity int, messages []int, workers, consumers, joiners int) *chain {
	l := &chain{names: map[int]string{}}
	slots := len(messages) + workers + consumers + joiners
	l.parent = slots
	seats := consumers
	if workers > 0 {
		seats = max(workers, consumers)
	}
	g := Geometry{Capacity: capacity, Payload: 8, Slots: slots, Seats: seats}
	size := (BoundedSize(g) + 63) &^ 63
	var p unsafe.Pointer
	l.memory, l.bells, p = layout(slots, 2*size)
	for i := range l.bells {
		l.label(unsafe.Pointer(&l.bells[i]), fmt.Sprintf("bell%d", i))
	}
	for i := range l.closed {
		l.closed[i] = (*seam.Uint64)(unsafe.Add(p, 8*i))
		l.label(unsafe.Add(p, 8*i), fmt.Sprintf("closed%d", i))
	}
	p = unsafe.Add(p, 64)
	l.ring[0] = OpenBounded(p, g, l.bells)
	l.labelRing(l.ring[0], "ring")
	if workers > 0 {
		l.ring[1] = OpenBounded(unsafe.Add(p, size), g, l.bells)
		l.labelRing(l.ring[1], "out")
	}
	number := uint64(0)
	add := func(name string, list *[]int, from explore.Context, turn func(*explore.Self, explore.Context, int) explore.Context) {
		i := len(l.Processes)
		*list = append(*list, i)
		l.Processes = append(l.Processes, explore.Process{
			Name: fmt.Sprintf("%s%d", name, i), From: from, Dies: true,
			Turn: func(s *explore.Self, c explore.Context) explore.Context { return turn(s, c, i) },
		})
	}
	for _, n := range messages {
		add("producer", &l.producers, explore.Context{number, number + uint64(n)}, l.produce)
		l.Processes[len(l.Processes)-1].After = func(c explore.Context) explore.Context {
			c[0] = min(c[0]+1, c[1]) // nobody knows whether the message went out
			return c
		}
		number += uint64(n)
	}
	for i := range workers {
		l.ring[0].SetOwner(i, Owner(len(l.Processes)))
		add("worker", &l.workers, explore.Context{uint64(i)}, l.work)
	}
	last := l.ring[0]
	if workers > 0 {
		last = l.ring[1]
	}
	for i := range consumers {
		last.SetOwner(i, Owner(len(l.Processes)))
		add("consumer", &l.consumers, explore.Context{uint64(i)}, l.consume)
	}
	for range joiners {
		add("joiner", &l.joiners, explore.Context{}, l.join)
	}
	l.finish()
	return l
}

func (l *chain) onlyWorkersDie() {
	for _, list := range [][]int{l.producers, l.consumers} {
		for _, i := range list {
			l.Processes[i].Dies = false
		}
	}
}

func (l *chain) finish() {
	l.Processes = append(l.Processes, explore.Process{Name: "parent", Sweeper: true, Turn: l.supervise})
	l.Memory = l.memory
	l.Name = func(slot int) string {
		if n := l.names[slot]; n != "" {
			return n
		}
		return fmt.Sprintf("word%d", slot)
	}
	l.Event, l.Died, l.AtRest = l.event, l.died, l.atRest
}

// A condition says for its end that nothing but its answer is known after it.
type condition struct {
	ready  func() bool
	asleep *bool // the bug: looks only after it has slept
}

func (c *condition) Ready() bool {
	seam.At(200)
	ok := c.ready()
	seam.At(201, flag(ok))
	return ok
}

// forgetful sleeps without a look after it has set its bit.
func forgetful(w *bell.Word, slot int, parked *bell.Parked, ready func() bool) {
	state := (*seam.Uint32)(unsafe.Pointer(w))
	for {
		seam.At(210)
		parked.Set(slot)
		if state.CompareAndSwap(0, 2) {
			seam.FutexWait(state, 2, 1, 0)
		}
		state.Swap(0)
		seam.At(211)
		if ready() {
			parked.Clear(slot)
			return
		}
	}
}

func (l *chain) wait(b *bell.Bell, parked *bell.Parked, ready func() bool) {
	if l.noRecheck {
		if !ready() {
			forgetful(&l.bells[b.Slot()], b.Slot(), parked, ready)
		}
		return
	}
	if err := b.Wait(context.Background(), parked, &condition{ready: ready}); err != nil {
		panic(err)
	}
}

func (l *chain) claim(s *explore.Self, r *Bounded, b *bell.Bell, i int) Ticket {
	for {
		if t, ok := r.Claim(Owner(i)); ok {
			seam.At(220, uint64(t))
			return t
		}
		if l.told {
			s.Await(func(w *explore.World) (uint64, bool) { return 0, l.hasRoom(w, r) })
			continue
		}
		l.wait(b, r.Room(), r.HasRoom)
	}
}

// produce puts one message.
func (l *chain) produce(s *explore.Self, c explore.Context, i int) explore.Context {
	r := l.ring[0]
	b := bell.Open(&l.bells[i], i, 0)
	if c[0] == c[1] { // only a successor finds nothing to do
		seam.Point()
		s.End()
		return c
	}
	t := l.claim(s, r, b, i)
	seam.Point()
	binary.NativeEndian.PutUint64(r.Payload(t), c[0])
	seam.At(230, uint64(t))
	if err := r.Publish(t, Owner(i)); err != nil {
		panic(err)
	}
	s.Event(acked, c[0])
	seam.At(231)
	if !l.noWake && !l.told {
		r.Wake(Owner(i))
	}
	if c[0]++; c[0] == c[1] {
		s.End()
	}
	return c
}

// take is a message, or the end of the ring.
func (l *chain) take(s *explore.Self, k int, r *Bounded, seat *Seat, i int) bool {
	b := bell.Open(&l.bells[i], i, 0)
	over := func() bool { return l.closed[k].Load() == 1 && r.Quiet(Owner(i)) }
	for {
		ok, err := seat.Take()
		if err != nil {
			panic(err)
		}
		if ok {
			seam.At(240)
			return true
		}
		seam.At(241)
		if over() {
			s.Event(sawEnd, 0)
			l.wakeAll(r.Items()) // the others wait for what this one held
			s.End()
			return false
		}
		if l.told {
			s.Await(func(w *explore.World) (uint64, bool) { return 0, l.hasItem(w, seat) || l.over(w, k, i) })
			continue
		}
		l.wait(b, r.Items(), func() bool { return seat.HasItem() || over() })
	}
}

func (l *chain) consume(s *explore.Self, c explore.Context, i int) explore.Context {
	k := 0
	if l.ring[1] != nil {
		k = 1
	}
	seat := l.ring[k].Seat(int(c[0]))
	if !l.take(s, k, l.ring[k], seat, i) {
		return c
	}
	seam.Point()
	m := binary.NativeEndian.Uint64(seat.Payload())
	s.Event(got, m)
	seam.At(250, m)
	seat.Free()
	s.Event(done, m)
	if c[1] > 0 { // has enough after so many
		if c[1]--; c[1] == 0 {
			s.End()
		}
	}
	return c
}

func (l *chain) work(s *explore.Self, c explore.Context, i int) explore.Context {
	seat := l.ring[0].Seat(int(c[0]))
	if !l.take(s, 0, l.ring[0], seat, i) {
		return c
	}
	seam.Point()
	m := binary.NativeEndian.Uint64(seat.Payload())
	seat.Results(1)
	s.Know(m)
	seam.At(260)
	b := bell.Open(&l.bells[i], i, 0)
	o := l.ring[1]
	t := l.claim(s, o, b, i)
	seam.At(261, uint64(t))
	seat.Note(0, o, t)
	seam.At(262, uint64(t))
	seam.Point()
	binary.NativeEndian.PutUint64(o.Payload(t), m)
	seam.At(263, uint64(t))
	if err := o.Publish(t, Owner(i)); err != nil {
		panic(err)
	}
	s.Event(result, m)
	s.Know()
	seam.At(264)
	if !l.told {
		o.Wake(Owner(i))
	}
	seam.At(265)
	seat.Advance()
	return c
}

// join waits until what is in the ring now is done.
func (l *chain) join(s *explore.Self, c explore.Context, i int) explore.Context {
	b := bell.Open(&l.bells[i], i, 0)
	r := l.ring[0]
	j := r.Join()
	s.Event(joining, 0)
	know := func() {
		v := []uint64{j.end, j.slot, flag(j.begun), j.hint}
		for _, w := range j.seats {
			v = append(v, uint64(w))
		}
		s.Know(v...)
	}
	know()
	seam.At(270)
	l.wait(b, r.Joins(), func() bool {
		ok := j.Done()
		know()
		return ok
	})
	s.Event(joined, 0)
	s.End()
	return c
}

const (
	idle = iota
	sweep
	shut
	leave
)

// supervise is the parent: it waits for a death, or for the end of all that put
// into a ring which is still open.
func (l *chain) supervise(s *explore.Self, c explore.Context) explore.Context {
	switch c[0] {
	case idle:
		v := s.Await(func(w *explore.World) (uint64, bool) { return l.duty(w, c[2]) })
		if v>>8 == leave {
			s.End()
		}
		return explore.Context{v >> 8, v & 0xff, c[2]}
	case sweep:
		p := int(c[1])
		if l.spsc != nil {
			l.sweepSPSC(p)
		} else {
			l.sweep(Owner(p))
		}
		seam.At(300)
		l.bells[p].Reset()
		if !l.noWakeAll && !l.told {
			for k, r := range l.ring {
				if r != nil {
					seam.At(301, uint64(k))
					r.WakeAll()
				}
			}
			if l.spsc != nil {
				l.spsc.WakeAll()
			}
			switch {
			case l.onlyParked:
			case l.notRoused:
				for i := range l.bells {
					seam.At(305, uint64(i))
					l.bells[i].Ring()
				}
			default:
				l.rouseAll()
			}
		}
		seam.At(303)
		s.Revive(p)
	case shut:
		c[2] |= 1 << c[1]
		l.closed[c[1]].Store(1)
		seam.At(304)
		if l.told {
			break
		}
		if l.spsc != nil {
			l.spsc.Items().WakeAll()
		} else {
			l.ring[c[1]].Items().WakeAll()
		}
		l.rouseAll() // the one before may have died with a bit in its hand
	}
	return explore.Context{2: c[2]}
}

func (l *chain) wakeAll(p *bell.Parked) {
	if !l.told {
		p.WakeAll()
	}
}

func (l *chain) rouseAll() {
	for i := range l.bells {
		seam.At(302, uint64(i))
		l.bells[i].Rouse()
	}
}

// duty is what the parent has to do; shut says which rings it has closed.
func (l *chain) duty(w *explore.World, closed uint64) (uint64, bool) {
	over := func(list []int) bool {
		for _, i := range list {
			if !w.Ended(i) {
				return false
			}
		}
		return true
	}
	for i := range l.parent {
		if w.Dead(i) {
			return sweep<<8 | uint64(i), true
		}
	}
	if over(l.producers) && !l.open && closed&1 == 0 {
		return shut << 8, true
	}
	if len(l.workers) > 0 && over(l.workers) && closed&2 == 0 {
		return shut<<8 | 1, true
	}
	if over(l.consumers) && over(l.producers) && over(l.workers) && over(l.joiners) {
		return leave << 8, true
	}
	return 0, false
}

// sweep is the parent's, in the order of the protocol.
func (l *chain) sweep(p Owner) {
	outs := []*Bounded{l.ring[1]}
	settle := func() {
		for k, r := range l.ring {
			if r != nil {
				seam.At(310, uint64(k))
				r.Settle(p, outs)
			}
		}
	}
	output := func() {
		for k, r := range l.ring {
			if r != nil {
				seam.At(311, uint64(k))
				r.SweepOutput(p)
			}
		}
	}
	if l.skipFirst {
		output()
		settle()
	} else {
		settle()
		output()
	}
	for k, r := range l.ring {
		if r != nil {
			seam.At(312, uint64(k))
			if l.returnFirst {
				sweepReturnFirst(r, p)
			}
			r.SweepInput(p, nil)
		}
	}
	for k, r := range l.ring {
		if r != nil {
			seam.At(313, uint64(k))
			r.Unpark(p)
		}
	}
}

// sweepReturnFirst is S4 before S3, which the protocol's order forbids.
func sweepReturnFirst(r *Bounded, p Owner) {
	for i := range r.seats.n {
		if r.seats.owner[i] != p {
			continue
		}
		rec := r.seats.record(i)
		if control(rec.w.Load()).phase() != held || !r.sourceMine(rec, p) {
			continue
		}
		for k := range r.n {
			w := r.state(k)
			if s := state(w.Load()); s.kind() == reading && s.owner() == p {
				w.CompareAndSwap(uint64(s), uint64(pack(s.lap(), returned, 0)))
			}
		}
		rec.w.Store(uint64(free))
	}
}
