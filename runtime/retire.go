package mp

import (
	"time"

	"github.com/mpgen/mpgen/runtime/internal/control"
)

// A worker is replaced after a number of tasks and at an age. One that is only
// called has its tasks counted by its pool's books, which send it no more than
// that; one that takes from queues counts for itself, in its loop. Age is the
// parent's timer. Either way the order is to retire: to end with nothing in hand.

// taskLimit is the number of tasks after which the generation-th process of a
// worker's slot is replaced, 0: never. It differs from worker to worker, so that
// those of a pool do not all go at once.
func (pl *plan) taskLimit(slot, generation int) int {
	n := pl.pools[pl.slots[slot].pool].worker.Tasks
	return n - int(jitter(slot, generation)%uint64(n/10+1))
}

// ageLimit is the same for the age of a worker.
func (pl *plan) ageLimit(slot, generation int) time.Duration {
	d := pl.pools[pl.slots[slot].pool].worker.Age
	return d - time.Duration(jitter(slot, generation)%uint64(d/10+1))
}

// jitter scatters slots and generations.
func jitter(slot, generation int) uint64 {
	x := uint64(slot)<<32 | uint64(uint32(generation))
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// mayRetire reports whether the process is a worker that ends after a number of
// tasks or at an age.
func (m *member) mayRetire() bool {
	if m.slot.pool < 0 {
		return false
	}
	w := &m.run.plan.pools[m.slot.pool].worker
	return w.Tasks > 0 || w.Age > 0
}

// retireAt lets the process of a worker go when it is old; stop says that it is
// not needed any more.
func (m *member) retireAt() (stop func()) {
	if m.slot.pool < 0 || m.run.plan.pools[m.slot.pool].worker.Age <= 0 {
		return func() {}
	}
	t := time.AfterFunc(m.run.plan.ageLimit(m.index, m.generation), func() {
		if m.core != nil {
			m.core.retire(m)
		} else {
			m.run.retire(m)
		}
	})
	return func() { t.Stop() }
}

// retire tells a worker to end when it has nothing in hand, unless it has another
// order.
func (r *Run) retire(m *member) {
	r.node.control.Slots[m.index].Order.CompareAndSwap(control.Work, control.Retire)
	r.node.bells[m.index].Ring()
}

// retire lets a worker go when it has done what it was sent.
func (p *poolCore) retire(m *member) {
	p.mu.Lock()
	defer p.mu.Unlock()
	w := p.of(m)
	if w.retiring = true; w.out.len() == 0 {
		p.run.retire(m)
	}
}
