package mp

import (
	"context"
	"errors"
	"fmt"
)

// letter is an item of an input that was begun for the last time.
type letter struct {
	input  int
	item   []byte
	blocks []Block // that it carries, which the program keeps until it has sent them
}

// deadLetters deals with items of a stage that were begun for the last time by a
// worker that died: they follow the pool's policy in the dead worker's place.
func (r *Run) deadLetters(pool int, letters []letter, cause *Error) {
	pp := &r.plan.pools[pool]
	for _, l := range letters {
		in, b := &pp.inputs[l.input], &r.stages[pool][l.input]
		r.mu.Lock()
		if !r.stopping { // else they were cut short
			b.gaveUp++
		}
		r.mu.Unlock()
		switch {
		case in.dead >= 0:
			r.mu.Lock()
			b.sending++
			r.mu.Unlock()
			r.watching.Go(func() {
				key, encode, err := pp.row.letter(l.input, r.node, l.item, cause)
				if err == nil {
					err = r.node.outletsAt(in.dead).of(key).put(context.Background(), encode, nil)
				}
				for _, x := range l.blocks {
					if err != nil {
						x.Release()
					}
				}
				r.mu.Lock()
				b.sending--
				if err != nil && !errors.Is(err, ErrClosed) {
					r.mu.Unlock()
					r.fail(fmt.Errorf("queue %q: %w", r.plan.queues[in.dead].row.name(), err))
					r.mu.Lock()
				}
				r.settle()
				r.mu.Unlock()
			})
		case !pp.task.Skip:
			r.fail(cause)
		}
	}
}
