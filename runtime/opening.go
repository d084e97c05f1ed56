package mp

import (
	"cmp"
	"context"
	"fmt"
	"time"
)

// How long a worker may take to open what runs its tasks. A task's timeout is the
// worker's and the task's; but before any worker has a task there is only what makes
// a service's object, and if that hangs those who call would wait for ever. So it has
// a bound: when it is over, the worker cancels the context of what it runs and calls
// that a failure, and the parent, for whom it counts from the worker's first word on,
// kills it when its grace is over, too. Another worker then tries, as after a death.

// defaultOpening is the bound of a row that gives none.
const defaultOpening = time.Minute

func (pl *plan) opening(slot int) time.Duration {
	return cmp.Or(pl.settings(slot).Open, defaultOpening)
}

// tooLate is what an opening ends with whose time is up.
func (pl *plan) tooLate(slot int) error {
	return fmt.Errorf("it took longer than %v: %w", pl.opening(slot), context.DeadlineExceeded)
}

// openWorks opens what runs the tasks, in time.
func (w *worker) openWorks(args *Decoder) (works, error) {
	// No deadline of the context: the object may keep it.
	ctx, cancel := context.WithCancelCause(w.ctx)
	timer := time.AfterFunc(w.node.plan.opening(w.node.slot), func() { cancel(context.DeadlineExceeded) })
	works, err := w.pool.row.open(ctx, w.node, args)
	if timer.Stop() {
		return works, err
	}
	if err == nil {
		err = works.close()
	}
	late := w.node.plan.tooLate(w.node.slot)
	if err != nil {
		late = fmt.Errorf("%w: %w", late, err)
	}
	return nil, late
}

// boundOpening lets the worker p, which stands, be killed if it does not open.
func (m *member) boundOpening(p instance) {
	pl := m.run.plan
	if m.slot.pool < 0 {
		return
	}
	m.upMu.Lock()
	defer m.upMu.Unlock()
	if m.life.dead || m.life.opened {
		return
	}
	m.life.opening = time.AfterFunc(pl.opening(m.index)+pl.grace(m.index), func() {
		m.drain() // the program itself may have slept
		m.upMu.Lock()
		late := !m.life.opened && !m.life.returned && !m.life.dead
		m.upMu.Unlock()
		if late {
			m.killLife(p, pl.tooLate(m.index))
		}
	})
}
