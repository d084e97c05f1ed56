package ring

import (
	"unsafe"

	"github.com/mpgen/mpgen/runtime/internal/bell"
)

// SPSC is one process's view of a ring of one producer and one consumer process.
type SPSC struct {
	h       *header
	items   bell.Parked
	room    bell.Parked
	joins   bell.Parked
	data    unsafe.Pointer
	payload uintptr
	n       uint64
	Arena   *Arena
}

// SPSCSize is the number of bytes of an SPSC ring.
func SPSCSize(g Geometry) int {
	g = g.Round()
	return headerSize + 3*bell.ParkedSize(g.Slots) + g.Capacity*g.Payload + ArenaSize(g)
}

// OpenSPSC is the view of the ring at p, which has SPSCSize bytes, all zero at
// first, and is 64-byte aligned.
func OpenSPSC(p unsafe.Pointer, g Geometry, bells []bell.Word) *SPSC {
	g = g.Round()
	r := &SPSC{h: (*header)(p), payload: uintptr(g.Payload), n: uint64(g.Capacity)}
	p = unsafe.Add(p, headerSize)
	r.items = bell.OpenParked(p, bells[:g.Slots])
	p = unsafe.Add(p, bell.ParkedSize(g.Slots))
	r.room = bell.OpenParked(p, bells[:g.Slots])
	p = unsafe.Add(p, bell.ParkedSize(g.Slots))
	r.joins = bell.OpenParked(p, bells[:g.Slots])
	p = unsafe.Add(p, bell.ParkedSize(g.Slots))
	r.data = p
	r.Arena = openArena(unsafe.Add(p, g.Capacity*g.Payload), g)
	return r
}

// Cap is the number of slots.
func (r *SPSC) Cap() int { return int(r.n) }

// Len is about the number of items that are not done.
func (r *SPSC) Len() int {
	n := int64(r.h.tail.Load() - r.h.third.Load())
	return int(min(max(n, 0), int64(r.n)))
}

// Sent and Done count the items since the start.
func (r *SPSC) Sent() uint64 { return r.h.tail.Load() }

// Done counts the items that are done.
func (r *SPSC) Done() uint64 { return r.h.third.Load() }

// Items is where the consumer parks, Room where the producer does.
func (r *SPSC) Items() *bell.Parked { return &r.items }

// Room is where the producer parks.
func (r *SPSC) Room() *bell.Parked { return &r.room }

// Joins is where the producer parks until all is done.
func (r *SPSC) Joins() *bell.Parked { return &r.joins }

// At is the memory of item i.
func (r *SPSC) At(i uint64) unsafe.Pointer {
	return unsafe.Add(r.data, uintptr(i&(r.n-1))*r.payload)
}

// Payload is the memory of item i as bytes.
func (r *SPSC) Payload(i uint64) []byte { return unsafe.Slice((*byte)(r.At(i)), r.payload) }

// Producer is the putting end: its own index and how far it may go, both
// private to its process.
type Producer struct {
	*SPSC
	Next  uint64 // the next item to fill
	Limit uint64 // the first that may not be filled yet
}

// OpenProducer goes on where the ring's producer stopped.
func (r *SPSC) OpenProducer() Producer {
	t := r.h.tail.Load()
	return Producer{SPSC: r, Next: t, Limit: t}
}

// HasRoom reports whether Next may be filled, and looks at the other side only
// when its own knowledge is used up.
func (p *Producer) HasRoom() bool {
	if p.Next != p.Limit {
		return true
	}
	head := p.h.head.Load()
	if p.Next-head > p.n { // nonsense, or items beyond the ring: no room
		return false
	}
	p.Limit = head + p.n
	return p.Next != p.Limit
}

// CanFill is HasRoom for another goroutine than the one that fills: it changes
// nothing.
func (p *Producer) CanFill() bool { return p.Next-p.h.head.Load() < p.n }

// Publish is the commit of all items before Next.
func (p *Producer) Publish() { p.h.tail.Store(p.Next) }

// Wake wakes the consumer if it sleeps.
func (p *Producer) Wake() { p.items.WakeOne() }

// Consumer is the taking end. Its indices are private to its process.
type Consumer struct {
	*SPSC
	Next  uint64 // the next item to read
	Limit uint64 // the first that is not there yet
	told  uint64 // what the producer knows
}

// OpenConsumer goes on with the first item that is not done.
func (r *SPSC) OpenConsumer() Consumer {
	d, told := r.h.third.Load(), r.h.head.Load()
	if d-told > r.n { // nonsense, which telling would count through
		told = d
	}
	return Consumer{SPSC: r, Next: d, Limit: d, told: told}
}

// HasItem reports whether Next may be read.
func (c *Consumer) HasItem() bool { return c.Next != c.Limit || c.refresh() }

func (c *Consumer) refresh() bool {
	t := c.h.tail.Load()
	if t-c.Next > c.n { // nonsense: nothing there
		return false
	}
	c.Limit = t
	return c.Next != t
}

// SetDone says that all items before i are done: none of them comes again. It
// tells the producer about the room now and then; Tell does it at once.
func (c *Consumer) SetDone(i uint64) {
	c.MarkDone(i)
	if i-c.told >= c.n/4 || c.room.Any() {
		c.tell(i)
	}
}

// MarkDone is SetDone that tells the producer nothing.
func (c *Consumer) MarkDone(i uint64) {
	c.h.third.Store(i)
	c.joins.WakeEach()
}

// Tell tells the producer about all the room there is. A consumer does it before
// it sleeps.
func (c *Consumer) Tell() {
	if d := c.h.third.Load(); d != c.told {
		c.tell(d)
	}
}

func (c *Consumer) tell(i uint64) {
	if c.Arena != nil {
		for k := c.told; k != i; k++ {
			c.freeItem(k)
		}
	}
	c.told = i
	c.h.head.Store(i)
	c.room.WakeOne()
}

// freeItem frees the blocks of item k if it is large. A block that was freed
// before has another stamp, so that doing it again does no harm.
func (r *SPSC) freeItem(k uint64) {
	if p := r.Payload(k); messageOf(p) != 0 {
		r.Arena.freeChain(descriptorOf(p))
	}
}

// SweepProducer is the sweep of the ring's dead producer p.
func (r *SPSC) SweepProducer(p Owner) {
	if r.Arena != nil {
		r.Arena.settle(p, func(t uint64) bool { return r.h.tail.Load() > t })
		r.Arena.sweep(p)
	}
	r.room.Clear(int(p))
	r.joins.Clear(int(p))
}

// SweepConsumer is the sweep of the dead consumer p: what is done is told to the
// producer, the rest comes again.
func (r *SPSC) SweepConsumer(p Owner) {
	done, head := r.h.third.Load(), r.h.head.Load()
	if n := done - head; n <= r.n {
		if r.Arena != nil {
			for k := head; k != done; k++ {
				r.dropItem(k)
			}
		}
		r.h.head.Store(done)
	}
	r.items.Clear(int(p))
}

// dropItem is freeItem for a chain that may be half free already.
func (r *SPSC) dropItem(k uint64) { r.Arena.drop(messageOf(r.Payload(k))) }

// WakeAll wakes both sides.
func (r *SPSC) WakeAll() {
	r.items.WakeAll()
	r.room.WakeAll()
	r.joins.WakeAll()
}
