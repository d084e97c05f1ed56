package mp

import (
	"slices"

	"github.com/mpgen/mpgen/runtime/internal/ring"
)

// sweep repairs what the dead process held.
func (m *member) sweep() (left remains) {
	r, p := m.run, ring.Owner(m.index)
	var outs [2]*ring.Bounded
	retries := -1
	if m.slot.pool >= 0 {
		pp := &r.plan.pools[m.slot.pool]
		if pp.to >= 0 {
			outs[0] = r.bounded[pp.to]
		}
		if pp.dead >= 0 {
			outs[1] = r.bounded[pp.dead]
		}
		if pp.from >= 0 {
			retries = pp.task.Retries
		}
	}
	party := &r.plan.parties[m.slot.party]
	takes, puts := party.takes, party.puts
	for _, i := range takes {
		if b := r.bounded[i]; b != nil {
			b.Settle(p, outs)
		}
	}
	for _, i := range puts {
		if b := r.bounded[i]; b != nil {
			b.SweepOutput(p)
		} else {
			r.spsc[i].SweepProducer(p)
		}
	}
	for _, i := range takes {
		b := r.bounded[i]
		if b == nil {
			r.spsc[i].SweepConsumer(p)
			continue
		}
		b.SweepInput(p, func(payload []byte, attempt int) bool {
			left.held = true
			if retries < 0 || attempt <= retries {
				left.again++
				return false
			}
			if item, ok := r.copyItem(i, payload); ok {
				left.exhausted = append(left.exhausted, item)
			}
			return true
		})
	}
	for _, i := range slices.Concat(takes, puts) {
		if b := r.bounded[i]; b != nil {
			b.Unpark(p)
		}
		r.rings[i].WakeAll()
	}
	r.sweepShared(p)
	// It may have died between taking a sleeper's bit and ringing its bell, or
	// between the two steps of a ring.
	for i := range r.node.bells {
		r.node.bells[i].Rouse()
	}
	return left
}

// copyItem is an item's bytes, out of the payload of a record.
func (r *Run) copyItem(queue int, payload []byte) ([]byte, bool) {
	b := r.bounded[queue]
	if b.Arena != nil {
		item, err := b.Arena.Item(payload, nil)
		return append([]byte(nil), item...), err == nil
	}
	if _, _, _, flat := r.plan.queues[queue].row.shape(); flat >= 0 {
		payload = payload[:flat]
	}
	return append([]byte(nil), payload...), true
}
