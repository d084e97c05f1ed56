package mp

import (
	"github.com/mpgen/mpgen/runtime/internal/block"
	"github.com/mpgen/mpgen/runtime/internal/ring"
)

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
	keep := func(b *Blocks, all []block.Block) {
		for _, at := range all {
			if x := (Block{b, at}); x.Keep() == nil {
				kept = append(kept, x)
			}
		}
	}
	for _, i := range r.plan.partsTaken(slot) {
		for _, h := range r.plan.parts[i].held {
			for _, message := range r.bounded[i].InHand(ring.Owner(slot)) {
				b := r.node.blocks[h.blocks]
				keep(b, b.table.Holding(h.ring, message))
			}
		}
	}
	for _, i := range r.plan.parties[m.slot.party].uses {
		if b := r.node.blocks[i]; b != nil {
			keep(b, b.table.Held(slot))
		}
	}
	return kept
}
