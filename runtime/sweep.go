package mp

import (
	"slices"
	"sync"
	"time"

	"github.com/mpgen/mpgen/runtime/internal/ring"
)

// sweep repairs what the dead process held.
func (m *member) sweep() (left remains) {
	r, p := m.run, ring.Owner(m.index)
	takes, puts := r.plan.partsTaken(m.index), r.plan.partsPut(m.index)
	var outs []*ring.Bounded // as notes number them
	for _, i := range puts {
		outs = append(outs, r.bounded[i])
	}
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
		in, retries := m.input(r.plan.parts[i].queue), 0
		if in >= 0 {
			retries = r.plan.pools[m.slot.pool].task.Retries
		}
		b.SweepInput(p, func(payload []byte, attempt int) bool {
			left.held = true
			if in < 0 || attempt <= retries {
				left.again++
				return false
			}
			if item, ok := r.copyItem(i, payload); ok {
				l := letter{input: in, item: item}
				if r.plan.pools[m.slot.pool].inputs[in].dead >= 0 {
					l.blocks = r.keepAll(i, payload)
				}
				left.exhausted = append(left.exhausted, l)
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
	r.sweepShared(p, m.endedWell())
	r.rouse(m.slot.party)
	return left
}

// endedWell reports whether the dead process had done its part, and has said so.
func (m *member) endedWell() bool {
	m.upMu.Lock()
	life := m.life
	m.upMu.Unlock()
	return life.err == nil && life.gaveUp == nil && !life.corrupt && (life.returned || life.ended || life.ready && m.mayRetire())
}

// input is which input of its pool queue feeds, -1: none.
func (m *member) input(queue int) int {
	if m.slot.pool < 0 {
		return -1
	}
	return slices.IndexFunc(m.run.plan.pools[m.slot.pool].inputs, func(in inputPlan) bool { return in.from == queue })
}

// rousing is what rouses after deaths.
type rousing struct {
	mu      sync.Mutex
	parties []bool // of each party: a process of it has died since the last round
	busy    bool   // a round is under way, or the pause after it
}

// rousePause is what each process that is roused may cost until the next round.
// Without it a crowd that dies would keep those busy that are left.
const rousePause = 20 * time.Microsecond

// rouse rouses who may wait for the dead process of a party: it may have died
// between taking a sleeper's bit and ringing its bell, or between the two steps
// of a ring. One round serves all deaths before it; a death that comes alone is
// served at once.
func (r *Run) rouse(party int) {
	r.node.bells[0].Rouse()
	r.rousing.mu.Lock()
	r.rousing.parties[party] = true
	busy := r.rousing.busy
	r.rousing.busy = true
	r.rousing.mu.Unlock()
	if busy {
		return
	}
	roused := r.rouseRound()
	r.watching.Go(func() {
		for ; roused >= 0; roused = r.rouseRound() {
			time.Sleep(time.Duration(roused) * rousePause)
		}
	})
}

// rouseRound returns how many processes it has roused, -1 if nobody has died.
func (r *Run) rouseRound() (roused int) {
	r.rousing.mu.Lock()
	var dead []int
	for i, d := range r.rousing.parties {
		if d {
			dead = append(dead, i)
			r.rousing.parties[i] = false
		}
	}
	if len(dead) == 0 {
		r.rousing.busy = false
		r.rousing.mu.Unlock()
		return -1
	}
	r.rousing.mu.Unlock()
	for _, m := range r.alive() {
		if slices.ContainsFunc(dead, func(party int) bool { return r.plan.parties[party].peers[m.slot.party] }) {
			r.node.bells[m.index].Rouse()
			roused++
		}
	}
	return roused
}

// copyItem is an item's bytes, out of the payload of a record.
func (r *Run) copyItem(part int, payload []byte) ([]byte, bool) {
	b := r.bounded[part]
	if b.Arena != nil {
		item, err := b.Arena.Item(payload, nil)
		return append([]byte(nil), item...), err == nil
	}
	if flat := r.plan.queues[r.plan.parts[part].queue].row.shape().flat; flat >= 0 {
		payload = payload[:flat]
	}
	return append([]byte(nil), payload...), true
}
