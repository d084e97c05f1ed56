package peer

import (
	"context"
	"sync/atomic"
	"time"
	"unsafe"
)

// A ring is the least that moves items from one process to another: two
// indices, a cache line each, and slots. It knows nothing of deaths, contexts,
// sleeping or closing, and is so the bound that a queue is held against.
//
// The producer alone writes tail, the consumer alone head; each keeps its own
// copy of the other's index and reads the shared one only when that copy says
// full or empty.
type ring struct {
	tail  *atomic.Uint64
	head  *atomic.Uint64
	slots *[Capacity]Item
	mine  uint64 // this side's index
	seen  uint64 // the other side's index when last read
}

// ringSize is what a ring takes of shared memory, a multiple of 128.
const ringSize = 256 + Capacity*unsafe.Sizeof(Item{})

func ringAt(s *shared, offset uintptr) *ring {
	return &ring{
		tail:  (*atomic.Uint64)(s.at(offset)),
		head:  (*atomic.Uint64)(s.at(offset + 128)),
		slots: (*[Capacity]Item)(s.at(offset + 256)),
	}
}

// spins is how often a side looks again before it lets others have the processor.
const spins = 2000

// room waits for free slots and returns how many there are.
func (r *ring) room() uint64 {
	for i := 0; r.mine-r.seen == Capacity; i++ {
		if r.seen = r.head.Load(); i >= spins && r.mine-r.seen == Capacity {
			yield()
		}
	}
	return Capacity - (r.mine - r.seen)
}

// filled waits for items and returns how many there are.
func (r *ring) filled() uint64 {
	for i := 0; r.seen == r.mine; i++ {
		if r.seen = r.tail.Load(); i >= spins && r.seen == r.mine {
			yield()
		}
	}
	return r.seen - r.mine
}

func (r *ring) send(v Item) {
	r.room()
	r.slots[r.mine%Capacity] = v
	r.mine++
	r.tail.Store(r.mine)
}

func (r *ring) receive() Item {
	r.filled()
	v := r.slots[r.mine%Capacity]
	r.mine++
	r.head.Store(r.mine)
	return v
}

// A ring's job lies behind the rings: how many items, and how many of them the
// producer publishes at once.
const jobAt = 2 * ringSize

type job struct {
	items atomic.Uint64
	batch atomic.Uint64
}

// Ring moves n items between two processes, each published by itself.
func Ring(ctx context.Context, n int) (time.Duration, error) { return ringRun(n, 1) }

// RingBatch is [Ring] with 64 items published at once, and as many given back at
// once as there are.
func RingBatch(ctx context.Context, n int) (time.Duration, error) { return ringRun(n, 64) }

func ringRun(n, batch int) (time.Duration, error) {
	mem, err := newShared()
	if err != nil {
		return 0, err
	}
	defer mem.close()
	j := (*job)(mem.at(jobAt))
	j.items.Store(uint64(n))
	j.batch.Store(uint64(batch))
	sender, err := startHalf("ring-send", mem)
	if err != nil {
		return 0, err
	}
	defer sender.stop()

	r := ringAt(mem, 0)
	var sum uint64
	r.filled()
	start := time.Now()
	if batch == 1 {
		for range n {
			v := r.receive()
			sum += v.Number
		}
		return time.Since(start), CheckSum(n, sum)
	}
	for r.mine < uint64(n) {
		for range r.filled() {
			v := r.slots[r.mine%Capacity]
			sum += v.Number
			r.mine++
		}
		r.head.Store(r.mine)
	}
	return time.Since(start), CheckSum(n, sum)
}

// ringSend is the producer of [Ring] and [RingBatch].
func ringSend() error {
	mem, err := inheritShared()
	if err != nil {
		return err
	}
	j := (*job)(mem.at(jobAt))
	n, batch := j.items.Load(), j.batch.Load()
	r := ringAt(mem, 0)
	if batch == 1 {
		for i := range n {
			r.send(Item{Number: i})
		}
	} else {
		for r.mine < n {
			for range min(r.room(), batch, n-r.mine) {
				r.slots[r.mine%Capacity] = Item{Number: r.mine}
				r.mine++
			}
			r.tail.Store(r.mine)
		}
	}
	select {} // what was sent stays readable until the consumer has it all
}

// RingPair sends an item through one ring and has it back through another, n
// times, with both sides awake all the time.
func RingPair(ctx context.Context, n int) (time.Duration, error) {
	mem, err := newShared()
	if err != nil {
		return 0, err
	}
	defer mem.close()
	echo, err := startHalf("ring-echo", mem)
	if err != nil {
		return 0, err
	}
	defer echo.stop()

	there, back := ringAt(mem, 0), ringAt(mem, ringSize)
	there.send(Item{}) // its return says that the other half runs
	back.receive()
	var sum uint64
	start := time.Now()
	for i := range uint64(n) {
		there.send(Item{Number: i})
		sum += back.receive().Number
	}
	return time.Since(start), CheckSum(n, sum)
}

// ringEcho is the other half of [RingPair].
func ringEcho() error {
	mem, err := inheritShared()
	if err != nil {
		return err
	}
	there, back := ringAt(mem, 0), ringAt(mem, ringSize)
	for {
		back.send(there.receive())
	}
}
