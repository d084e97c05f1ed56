package mp

import (
	"context"
	"strings"

	"github.com/mpgen/mpgen/runtime/internal/bell"
)

// The inline engine is that of goroutines, with turns: see [bell.Turns]. What
// stands here is what a run has to add: waits for channels that take turns, too,
// and what a wait says of itself when all wait for each other.

// await waits until done is closed, or ctx ends.
func (r *Run) await(ctx context.Context, done <-chan struct{}) error {
	if r.turns != nil {
		err := r.node.bell.Wait(ctx, nil, closing{r, done})
		return ended(ctx, err)
	}
	select {
	case <-done:
		return nil
	default:
	}
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// closing is the condition of who waits for the end of a run or process.
type closing struct {
	run  *Run
	done <-chan struct{}
}

func (c closing) Ready() bool {
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

func (c closing) waitsFor() want {
	w := want{what: "the end of the run", how: "kept up", all: true, idle: true}
	for _, m := range c.run.alive() {
		if m.slot.process != nil || !c.run.plan.pools[m.slot.pool].called {
			w.from = append(w.from, m.index)
		}
	}
	return w
}

// deadlocked is told that all wait.
func (r *Run) deadlocked(waits []bell.Blocked) (told []int, why error) {
	r.mu.Lock()
	stopping := r.stopping
	r.mu.Unlock()
	if stopping {
		return nil, nil
	}
	for _, p := range r.pools {
		if p != nil && p.expects() {
			return nil, nil
		}
	}
	d := &Deadlock{}
	var patient []int
	for i, b := range waits {
		c, ok := b.Cond.(waiting)
		if !ok {
			continue
		}
		w := c.waitsFor()
		_, end := c.(closing)
		if w.idle && !end {
			continue
		}
		r.mu.Lock()
		w = r.givers(b.Slot, w)
		r.mu.Unlock()
		d.Waits = append(d.Waits, Waiting{Process: r.plan.title(b.Slot), For: w.phrase(r.plan.title)})
		switch c.(type) {
		case closing:
			patient = append(patient, i) // the end comes with the others'
		case *worker, *frames, *upRoom, *watch: // the user's code does not wait
		default:
			told = append(told, i)
		}
	}
	if len(told) == 0 {
		told = patient
	}
	return told, d
}

// expects reports whether the pool's timer is to bring something about.
func (p *poolCore) expects() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return !p.due.IsZero()
}

// Waiting is a process that waits.
type Waiting struct {
	Process string // "main", "scan", "life[3]"
	For     string // what, and who could give it: "an item of queue jobs, filled by scan"
}

// Deadlock is the error of who waits when, on the inline engine, all wait for each
// other: each of them gets it, and what it waits for is not done.
type Deadlock struct{ Waits []Waiting }

// Error names everybody who waits.
func (d *Deadlock) Error() string {
	parts := make([]string, len(d.Waits))
	for i, w := range d.Waits {
		parts[i] = w.Process + " waits for " + w.For
	}
	return "deadlock: " + strings.Join(parts, "; ")
}

// never is the condition of who waits for the end of its context.
type never struct{}

func (never) Ready() bool { return false }

func (never) waitsFor() want { return want{what: "the order to stop", idle: true} }
