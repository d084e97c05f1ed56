package mp

import "slices"

// When a cycle of queues ends. Those that send to a queue of a cycle are fed by it, so
// none of them ends first, and the rule of settle finds no end. The work is over all
// the same when its queues are empty, nobody works on an item of them, and all have
// ended who send to them from outside; for what comes then would come from nothing.
//
// That can't be seen at once: each word of a ring and each bit of a sleeper is
// looked at by itself, while everybody goes on. The parent looks in this order:
//
//  1. it reads the tails, which count what was put into each ring;
//  2. nobody outside may send any more: they have ended, and what feeds those within
//     from outside is closed and empty;
//  3. each ring is quiet: nothing waits in it, comes again, or is worked on, as an
//     item stays on its reader's seat until it is done;
//  4. each process within waits for items at every ring of the cycle from which it
//     takes: its bit is set there, which it is from before a sleeper's last look
//     until it leaves its wait. Who was not started yet, or is started again,
//     waits nowhere; who has not asked yet, as it sends what the work begins with, neither;
//  5. the tails are the same.
//
// Nothing was put between 1 and 5, else a tail had moved: a place is claimed by moving
// it, and who has claimed one does not sleep until it is filled. So a ring that was
// quiet at 3 stayed so, who slept at 4 found nothing to wake up for, and at 5 all of
// it holds at the same time, and for good.
//
// Deaths change nothing of it. An item that a dead process had is on its seat until
// the sweep has moved it, and moving it changes the hint that Quiet looks at twice;
// the bits of the dead are taken in the sweep, and a successor sets its own when it
// waits.
//
// There is no time at which to look: who goes to sleep for an item of a cycle rings
// the program's bell (inlet.asked), and each end that settle hears of leads here too.
//
// Pipes between processes are no part of it either, whether they lead within or out:
// who talks to another about an item is at work on it. By a pipe from the program work
// comes from outside.
//
// A start leads from who starts to who is started: so a process that receives what those
// send that it has started is in a cycle with them, and its queue ends when it waits for
// an item and none of them is left. Who may start another and waits does not start one.
//
// The program itself is no part of a cycle: what it does between two of its calls is
// its own affair. While it may send, or start, the cycle goes on. And a cycle in which no
// queue spills is none here, unless it leads over a start: it may be stuck, and that is no
// end.

// cyclePlan is queues that feed each other, and who is between them.
type cyclePlan struct {
	queues []int
	inside []bool // of each party
}

// findCycles finds the cycles with a queue that spills, or a start. Queues and parties
// are in one if each leads to all others.
func (pl *plan) findCycles() {
	party := func(i int) int { return len(pl.queues) + i } // as a number beside those of queues
	onward := make([][]int, len(pl.queues)+len(pl.parties))
	back := make([][]int, len(onward))
	lead := func(from, to int) { onward[from], back[to] = append(onward[from], to), append(back[to], from) }
	for i, p := range pl.parties[1:] {
		for _, started := range p.starts {
			lead(party(1+i), party(started))
		}
		for _, q := range p.takes {
			if pl.queues[q].feeds() {
				lead(q, party(1+i))
			}
		}
		for _, q := range p.puts {
			lead(party(1+i), q)
		}
	}
	reach := func(from int, next [][]int) []bool {
		found := make([]bool, len(next))
		for todo := []int{from}; len(todo) > 0; todo = todo[1:] {
			for _, n := range next[todo[0]] {
				if !found[n] {
					found[n] = true
					todo = append(todo, n)
				}
			}
		}
		return found
	}
	starts := slices.ContainsFunc(pl.parties, func(p partyPlan) bool { return len(p.starts) > 0 })
	for i := range pl.queues {
		if !pl.queues[i].spills && !starts || pl.queues[i].cyclic {
			continue
		}
		from, to := reach(i, onward), reach(i, back)
		if !from[i] {
			continue
		}
		within := func(node int) bool { return from[node] && to[node] }
		spills, start := false, false
		for k := range pl.queues {
			spills = spills || within(k) && pl.queues[k].spills
		}
		for k := range pl.parties {
			start = start || within(party(k)) && slices.ContainsFunc(pl.parties[k].starts, func(p int) bool { return within(party(p)) })
		}
		if !spills && !start {
			continue
		}
		c := cyclePlan{inside: make([]bool, len(pl.parties))}
		for k := range pl.queues {
			if within(k) {
				c.queues = append(c.queues, k)
				pl.queues[k].cyclic = true
			}
		}
		for k := range pl.parties {
			c.inside[k] = within(party(k))
		}
		pl.cycles = append(pl.cycles, c)
	}
}

// lookAtCycles settles if a cycle may be finished. It runs at each look of the
// program's bell.
func (r *Run) lookAtCycles() {
	for i := range r.plan.cycles {
		if parts := r.partsOf(&r.plan.cycles[i]); slices.ContainsFunc(parts, r.isOpen) && !slices.ContainsFunc(parts, r.holdsItems) {
			r.settleAgain()
			return
		}
	}
}

func (r *Run) isOpen(part int) bool { return r.node.control.Queues[part].Closed.Load() == 0 }

func (r *Run) partsOf(c *cyclePlan) (parts []int) {
	for _, i := range c.queues {
		q := &r.plan.queues[i]
		for k := q.first; k < q.first+q.n; k++ {
			parts = append(parts, k)
		}
	}
	return parts
}

// holdsItems reports at little cost whether items wait in a part for a reader.
func (r *Run) holdsItems(part int) bool {
	return r.rings[part].Len() > 0 && r.node.control.Queues[part].Gone.Load() == 0
}

// endCycles closes the queues of the cycles that are finished, and reports whether
// there were any. mu is held.
func (r *Run) endCycles() (news bool) {
	if r.stopping { // then each ends for itself
		return false
	}
	for i := range r.plan.cycles {
		c := &r.plan.cycles[i]
		open := func(q int) bool { return !r.shut[q] }
		if !slices.ContainsFunc(c.queues, open) || !r.finished(c) {
			continue
		}
		for _, q := range c.queues {
			if open(q) {
				r.shutQueue(q, r.causeWithin(q))
			}
		}
		news = true
	}
	return news
}

// finished reports whether a cycle is, by the five looks.
func (r *Run) finished(c *cyclePlan) bool {
	parts := r.partsOf(c)
	tails := make([]uint64, len(parts))
	for i, part := range parts {
		tails[i] = r.rings[part].Sent()
	}
	if r.fedFromOutside(c) || !r.quietWithin(parts) || !r.allWait(c) {
		return false
	}
	for i, part := range parts {
		if r.rings[part].Sent() != tails[i] {
			return false
		}
	}
	return true
}

// fedFromOutside reports whether anybody who is not within may still send to a cycle,
// or feed those within.
func (r *Run) fedFromOutside(c *cyclePlan) bool {
	for _, q := range c.queues {
		for _, slot := range r.plan.queues[q].closers {
			if !c.inside[r.plan.slots[slot].party] && r.maySend(slot, q) {
				return true
			}
		}
		for _, f := range r.plan.queues[q].feeders {
			if c.inside[r.plan.slots[r.plan.pools[f.pool].first].party] {
				if f.input >= 0 && r.stages[f.pool][f.input].sending > 0 {
					return true
				}
			} else if ended, _ := r.feederEnded(f); !ended {
				return true
			}
		}
	}
	for i := range r.plan.parties {
		if !c.inside[i] {
			continue
		}
		p := &r.plan.parties[i]
		for _, q := range p.takes {
			if !slices.Contains(c.queues, q) && r.plan.queues[q].feeds() && !(r.shut[q] && r.quietQueue(q)) {
				return true
			}
		}
		// The result of a call goes to its caller; only what the function sends comes here.
		if s := &r.plan.slots[p.first]; s.pool >= 0 {
			if pp := &r.plan.pools[s.pool]; pp.called && pp.sends && !r.uncalled(pp) {
				return true
			}
		}
	}
	return false
}

// quietQueue reports whether a queue is empty, and nobody but the program works on an
// item of it.
func (r *Run) quietQueue(queue int) bool {
	q := &r.plan.queues[queue]
	for k := q.first; k < q.first+q.n; k++ {
		if !r.quietPart(k) {
			return false
		}
	}
	return true
}

func (r *Run) quietPart(part int) bool {
	if b := r.bounded[part]; b != nil {
		return b.Len() == 0 && b.Quiet(0)
	}
	return r.rings[part].Len() == 0
}

// quietWithin is quietPart for all parts of a cycle. What lies in one that has no
// reader any more leads to nothing.
func (r *Run) quietWithin(parts []int) bool {
	return !slices.ContainsFunc(parts, func(part int) bool { return !r.gone[part] && !r.quietPart(part) })
}

// allWait reports whether all within a cycle wait for its items, or have ended.
func (r *Run) allWait(c *cyclePlan) bool {
	for i, inside := range c.inside {
		if !inside {
			continue
		}
		p := &r.plan.parties[i]
		for slot := p.first; slot < p.first+p.n; slot++ {
			if !r.members[slot-1].finished && !r.waits(c, slot) {
				return false
			}
		}
		if d := r.plan.slots[p.first].process; d != nil && d.OnDemand && r.startable(i, c.inside) {
			return false
		}
	}
	return true
}

// waits reports whether a process waits at each ring of a cycle from which it takes,
// and which is not closed.
func (r *Run) waits(c *cyclePlan, slot int) bool {
	some := false
	for _, q := range r.plan.parties[r.plan.slots[slot].party].takes {
		if !slices.Contains(c.queues, q) || r.shut[q] {
			continue
		}
		part := r.plan.partOf(q, slot)
		parked := r.rings[part].Items()
		if !parked.Has(slot) {
			return false
		}
		some = true
	}
	return some
}

// causeWithin is why a queue of a cycle that is finished ends: the error of one who
// sent to it and failed.
func (r *Run) causeWithin(queue int) error {
	q := &r.plan.queues[queue]
	cause := r.causeOf(q.closers)
	for _, f := range q.feeders {
		if cause == nil {
			_, cause = r.feederEnded(f)
		}
	}
	return cause
}

// asked tells the program that a reader has nothing to do, when it is about to sleep
// for an item of a cycle: the cycle may be finished by that. Where processes take
// turns, the program looks whenever all of them wait.
func (in *inlet) asked() {
	n := in.node
	if in.q.cyclic && n.slot != 0 && !n.bell.TakesTurns() && in.parked().Has(n.slot) {
		n.bells[0].Ring()
	}
}
