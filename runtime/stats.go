package mp

import (
	"fmt"
	"strings"
	"time"

	"github.com/mpgen/mpgen/runtime/internal/control"
)

// Stats counts what happened in a run, by the names of the .mp file.
type Stats struct {
	Queues    map[string]QueueStats // each way of a pipe too, as "line to echo"
	Pools     map[string]PoolStats  // services too, and each of their methods as "service.method"
	Processes map[string]ProcessStats
	Locks     map[string]LockStats
	Errors    []ErrorStats // that came last, the last of all first, 16 different ones at most
	Abandoned uint64       // functions that could not be killed and were left to run on; the processes engine leaves none
	Rescued   uint64       // wake-ups that got lost and were made good by the backstop; 0 unless there is a bug
}

// QueueStats counts the items of a queue.
type QueueStats struct {
	Len, Cap int
	Spilled  int    // of Len, beyond Cap: they lie in the spill
	Sent     uint64 // places taken by producers so far
	Received uint64 // Sent less what is in the queue or lost
	Lost     uint64 // left in the queue when its last reader had gone for good
}

// PoolStats counts the tasks of a pool, a service, or one method of a service. Of a method
// there are Done, Failed and Retried only: it has no workers of its own.
type PoolStats struct {
	Workers, Busy int
	Spares        int    // processes that stand by to take the place of workers
	Done          uint64 // tasks that a worker has ended, well or with an error
	Failed        uint64 // tasks that ended with an error, and those whose last attempt was a death
	Lost          uint64 // results of a stage, and tasks that it gave up on, for which nobody was left to receive them
	Retried       uint64 // attempts after the first
	Restarts      uint64 // workers started in the place of others

	Worked  time.Duration // by its workers on tasks, in sum; of short tasks of a stage one in 64 is measured. A task under way does not count yet
	Waited  time.Duration // by its workers' goroutines for tasks, queues, locks and calls, in sum; a wait that lasts does not count yet
	Latency Latency       // of tasks that are called and end well
}

// Latency is how long tasks took from their call to their result; one in 64 is
// measured, beginning with the first.
type Latency struct {
	Measured         uint64
	Median, P90, P99 time.Duration // rounded up to the next of 1, 2, 4, 8 … us
	Longest          time.Duration
}

// ErrorStats is an error that occurred once or several times: of tasks that failed,
// but not of those that were given up, and of deaths.
type ErrorStats struct {
	Name  string // of the process or pool
	Text  string // its first line, 200 bytes at most
	Count uint64
	Last  time.Time // when the program learnt of it
}

// ProcessStats counts the lives of a process, of all its instances, or of all
// that were started on demand.
type ProcessStats struct {
	Running  int // now
	Spares   int // processes that stand by to be started; they do not count as running
	Started  int // so far, restarts too
	Failed   int // ended by dying or with an error, unless they were told to stop
	Restarts int // starts after the first

	Ran    time.Duration // by its processes, in sum, from start to death or until now
	Waited time.Duration // by their goroutines for queues, locks and calls, in sum; a wait that lasts does not count yet
}

// locked reports whether the object has holders to tell of, and begins with its lock.
func (p *sharedPlace) locked() bool {
	return p.kind == control.KindLock || p.kind == control.KindCondition || p.kind == control.KindRWLock
}

// LockStats says how a lock stands, also an rlock, an rwlock with its writers, and the lock
// of a condition.
type LockStats struct {
	Holder  string // the process that has it or died with it, "main" for the program; empty: nobody
	Died    bool   // the holder died, and nobody has repaired yet
	Waiting int    // processes that wait for it
}

// Stats is a snapshot of the counters of a run; reading it costs the processes
// nothing. After Close it is the last one.
func (r *Run) Stats() Stats {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.over {
		return r.last
	}
	return r.stats()
}

func (r *Run) stats() Stats {
	s := Stats{
		Queues: map[string]QueueStats{}, Pools: map[string]PoolStats{}, Processes: map[string]ProcessStats{}, Locks: map[string]LockStats{},
		Abandoned: r.engine.abandoned(),
	}
	for i := range r.plan.queues {
		var q QueueStats
		for k, part := range r.rings[r.plan.queues[i].first:][:r.plan.queues[i].n] {
			capacity := r.plan.parts[r.plan.queues[i].first+k].capacity
			q.Cap, q.Sent = q.Cap+capacity, q.Sent+part.Sent()
			if n := part.Len(); r.gone[r.plan.queues[i].first+k] {
				q.Lost += uint64(n)
			} else {
				q.Len += n
				q.Spilled += max(n-capacity, 0)
			}
		}
		q.Received = q.Sent - min(q.Sent, uint64(q.Len)+q.Lost)
		s.Queues[r.plan.queues[i].name] = q
	}
	for i := range r.plan.pools {
		r.poolStats(i, s.Pools)
	}
	for i, p := range r.plan.parties[1:] {
		if b := &r.parties[1+i]; r.plan.slots[p.first].process != nil {
			q := ProcessStats{Running: b.running, Started: b.started, Failed: b.failed, Restarts: b.restarts, Ran: b.ran, Spares: r.spares[1+i].count()}
			for _, m := range r.members[p.first-1 : p.first-1+p.n] {
				q.Waited += r.node.bells[m.index].Waited()
				if m.proc != nil {
					q.Ran += time.Since(m.began)
				}
			}
			s.Processes[r.plan.slots[p.first].name] = q
		}
	}
	for i := range r.plan.shared {
		if o := &r.plan.shared[i]; o.place.locked() {
			s.Locks[o.row.name()] = r.lockStats(r.node.commons.At(o.offset))
		}
	}
	for i := range r.node.bells {
		s.Rescued += r.node.bells[i].Rescued()
	}
	s.Errors = r.errors.list()
	return s
}

// poolStats adds the counters of a pool; of a service those of each method, too.
func (r *Run) poolStats(pool int, to map[string]PoolStats) {
	pp := &r.plan.pools[pool]
	p, each := PoolStats{Workers: pp.n, Spares: r.spares[r.plan.slots[pp.first].party].count()}, make([]PoolStats, len(pp.methods))
	for _, m := range r.workers(pp) {
		p.Done += m.report.Done.Load()
		p.Worked += time.Duration(m.report.Worked.Load())
		p.Waited += r.node.bells[m.index].Waited()
		p.Failed += m.report.Failed.Load()
		p.Lost += m.report.Lost.Load()
		p.Retried += m.report.Retried.Load() + m.retried
		p.Restarts += uint64(m.restarts)
		counts := r.plan.countsAt(m.index, m.pair.At(0))
		for k := range counts {
			c := &counts[k]
			each[k].Done += c.Done.Load()
			each[k].Failed += c.Failed.Load()
			each[k].Retried += c.Retried.Load()
		}
	}
	for k, in := range pp.inputs {
		p.Failed += r.stages[pool][k].gaveUp
		if len(each) > 0 {
			each[in.method].Failed += r.stages[pool][k].gaveUp
		}
	}
	if core := r.pools[pool]; core != nil {
		core.mu.Lock()
		p.Busy = core.busy()
		p.Latency = core.latency.latency()
		for k, c := range core.counts {
			p.Retried += c.retried
			p.Failed += c.failed
			if len(each) > 0 {
				each[k].Retried += c.retried
				each[k].Failed += c.failed
			}
		}
		core.mu.Unlock()
	}
	for _, in := range pp.inputs {
		q := &r.plan.queues[in.from]
		for _, b := range r.bounded[q.first:][:q.n] {
			p.Busy += b.Busy(pp.first, pp.n)
		}
	}
	to[pp.row.name()] = p
	for k, name := range pp.methods {
		to[pp.row.name()+"."+name] = each[k]
	}
}

// line is the state of a run in the order of its source.
func (s Stats) line(pl *plan) string {
	var parts []string
	for _, d := range pl.pipeline.Decls {
		if part := s.row(pl, d); part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, " | ")
}

// row is the state of a queue, pipe or pool; of other rows it is "".
func (s Stats) row(pl *plan, d Decl) string {
	switch d := d.(type) {
	case queueRow:
		name := pl.queues[pl.index[d]].name
		q := s.Queues[name]
		part := fmt.Sprintf("%s %d/%d", name, q.Len, q.Cap)
		if q.Spilled > 0 {
			part += fmt.Sprintf(", %d spilled", q.Spilled)
		}
		return part
	case pipeRow:
		return s.row(pl, d.way(0)) + ", " + s.row(pl, d.way(1))
	}
	p, ok := s.Pools[d.name()]
	if !ok {
		return ""
	}
	part := fmt.Sprintf("%s %d done, %d of %d busy", d.name(), p.Done, p.Busy, p.Workers)
	if p.Failed > 0 {
		part += fmt.Sprintf(", %d failed", p.Failed)
	}
	return part
}

// row is the state of a lock that somebody has, or waits for.
func (l LockStats) row(name string) string {
	var parts []string
	if l.Holder != "" {
		parts = append(parts, "held by "+l.Holder)
	}
	if l.Died {
		parts = append(parts, "which died")
	}
	if l.Waiting > 0 {
		parts = append(parts, fmt.Sprintf("%d wait", l.Waiting))
	}
	if len(parts) == 0 {
		return ""
	}
	return name + " " + strings.Join(parts, ", ")
}
