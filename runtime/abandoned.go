package mp

import "github.com/mpgen/mpgen/runtime/internal/ring"

// keepAbandoned is called before the dead process p is swept. If code of it runs on, as
// it does on the engines of goroutines until it returns, what it has of blocks must not
// become another's meanwhile: the program keeps them for so long.
func (m *member) keepAbandoned(p instance) {
	g, is := p.(*routine)
	if !is {
		return
	}
	var kept []Block
	all := make(chan struct{})
	if g.whenLeft(func() {
		<-all
		for _, x := range kept {
			x.Release()
		}
	}) {
		kept = m.blocks()
	}
	close(all)
}

// blocks are the blocks that a dead process holds, itself or by the items that it works
// on. The program is a holder of each when it returns, once more if it was one.
func (m *member) blocks() (kept []Block) {
	r, slot := m.run, m.index
	var messages []uint64
	for _, i := range r.plan.partsTaken(slot) {
		if b := r.bounded[i]; b != nil && r.plan.parts[i].lends != 0 {
			messages = append(messages, b.InHand(ring.Owner(slot))...)
		}
	}
	for _, i := range r.plan.parties[m.slot.party].uses {
		b := r.node.blocks[i]
		if b == nil {
			continue
		}
		all := b.table.Held(slot)
		for _, message := range messages {
			all = append(all, b.table.Holding(message)...)
		}
		for _, at := range all {
			if x := (Block{b, at}); x.Keep() == nil {
				kept = append(kept, x)
			}
		}
	}
	return kept
}
