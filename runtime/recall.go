package mp

import (
	"time"

	"github.com/mpgen/mpgen/runtime/internal/line"
)

// Tasks travel ahead, by what tasks took lately. When they take longer all at once,
// those that stand behind a slow one would wait for it while another worker has nothing
// to do. So a pool takes back what a worker has not begun, when another is idle and
// nothing else waits, and the worker will not be through with it soon. What is taken
// back waits in front of all else, and counts as never sent: no attempt is charged.
// How the two sides agree on what is begun, place.go of package line tells.
//
// A worker that tasks were taken from gets no further ones until it has answered. One
// that does several tasks at once keeps what it has: little is sent ahead to it.

// slowFor is how long a worker is watched before tasks are taken from it.
const slowFor = time.Millisecond

// recall takes back tasks, and reports whether there are any now. mu is held.
func (p *poolCore) recall() (any bool) {
	if p.pending.len() > 0 || p.plan.concurrent > 0 || p.run.turns != nil {
		return false
	}
	idle, laden := false, false
	for _, w := range p.workers {
		idle = idle || w.mayHave(1)
		laden = laden || w.out.len() > 1
	}
	if !idle || !laden {
		return false
	}
	for _, w := range p.workers {
		if n, k := p.behind(w); k > 0 && line.TakeBack(&w.m.report.Place, n, k) {
			w.slow = true
			p.takeBack(w, n)
		}
	}
	return p.pending.len() > 0
}

// behind is how many units the worker has begun, and how many of those behind these
// are to be taken back now. A worker is watched for a while before that, and keeps what it
// will have begun after another such while, if it goes on as it did. One that is
// between two tasks keeps all: it is about to begin, or was stopped, which
// deadlines see to.
func (p *poolCore) behind(w *poolWorker) (begun uint64, k int) {
	if w.out.len() < 2 || w.rest != nil {
		return 0, 0
	}
	now := time.Now()
	n, ok := line.Begun(&w.m.report.Place)
	if w.seen.at.IsZero() || n < w.seen.place {
		w.seen = sighting{n, now}
	}
	left, did, watched := w.sent-n, n-w.seen.place, now.Sub(w.seen.at)
	if watched >= slowFor && ok && w.works(n) && left > did && left <= line.MaxTaken {
		w.seen = sighting{}
		return n, int(left)
	}
	if did > 0 && watched >= slowFor {
		w.seen, watched = sighting{n, now}, 0
	}
	p.tick(max(slowFor, watched/4)) // one that stands for long is looked at seldom
	return 0, 0
}

// sighting is how far a worker was in its line, and when.
type sighting struct {
	place uint64
	at    time.Time
}

// works reports whether the unit at a place of the worker's line is not answered.
func (w *poolWorker) works(place uint64) bool {
	for i := range w.out.len() {
		if at := (*w.out.at(i)).place; at >= place {
			return at == place
		}
	}
	return false
}

// takeBack puts the tasks behind a place of the worker's line in front of those that
// wait.
func (p *poolCore) takeBack(w *poolWorker, place uint64) {
	for w.out.len() > 0 && (*w.out.at(w.out.len() - 1)).place > place {
		t := w.out.popBack()
		t.worker = nil
		if w.taken--; t.given.IsZero() {
			p.pending.pushFront(t)
		}
	}
}
