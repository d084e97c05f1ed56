package mp

// Where a worker has several tasks in hand, at its posts or in a batch, any of them may
// be what it died of. So each is tried again with a worker for itself, and one that kills
// its worker costs the others one attempt at the most.
//
// These retries wait in a list of their own, so that new tasks need not wait behind them.
// Neither side starves the other:
//
//   - While new tasks wait, one worker at a time is there for the retries; when none do,
//     all but one are, for those that come next.
//   - If there is no worker without a task, the one that has the fewest gets no further
//     ones until it has none.
//   - After a retry was sent, tasks that wait come first, once. That matters where all
//     other workers are busy for long, or there is only one: then it does, in turns, one
//     retry and as many new tasks as it takes at once.

// isolates reports whether a task is to have a worker for itself.
func (p *poolCore) isolates(t *task) bool {
	return t.alone && (p.plan.concurrent > 0 || p.plan.batch > 1)
}

// listOf is where a task waits for a worker.
func (p *poolCore) listOf(t *task) *waitlist {
	if p.isolates(t) {
		return &p.isolated
	}
	return &p.pending
}

// isolate gives tasks that are to be alone to workers that have none. The worker it
// returns is to have none soon, and is given no further ones; nil: there is no such.
func (p *poolCore) isolate() (cleared *poolWorker) {
	for p.isolated.first() != nil {
		most, alone := -1, 0 // one is left for new tasks
		var w *poolWorker
		for _, other := range p.workers {
			if !other.ready || other.retiring {
				continue
			}
			most++
			if p.isIsolated(other) {
				alone++
			} else if w == nil || other.out.len() < w.out.len() {
				w = other
			}
		}
		if p.pending.first() != nil {
			most = 1
		}
		if w == nil || alone >= max(most, 1) {
			return nil
		}
		if w.out.len() > 0 || !p.sendAlone(w) {
			return w
		}
		p.owed = true
	}
	return nil
}

// isIsolated reports whether a worker has a task that is to be alone.
func (p *poolCore) isIsolated(w *poolWorker) bool {
	return w.out.len() > 0 && p.isolates(*w.out.at(0))
}

// sendAlone sends the first task of those that are to be alone, and reports false if
// there is no room for it.
func (p *poolCore) sendAlone(w *poolWorker) bool {
	if p.plan.batch > 1 {
		return p.sendBatch(w, func() []*task { return []*task{p.isolated.popFront()} })
	}
	n := p.send(&p.isolated, w, 1)
	if n > 0 {
		p.isolated.popFront()
	}
	return n > 0
}
