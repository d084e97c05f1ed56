package mp

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mpgen/mpgen/runtime/internal/probe"
)

func init() {
	probe.Of = func(run any) probe.Run { return probed{run.(*Run)} }
	probe.Alone = func(row any) (any, error) { return aloneOf(row) }
}

// probed is a run as package mptest sees it.
type probed struct{ run *Run }

func (p probed) Node() any { return p.run.node }

func (p probed) Cause() (bool, error) { return p.run.answered.Load(), p.run.cause() }

// find is the member that has a name and an index, nil if there is none now.
func (p probed) find(name string, index int) (*member, error) {
	r := p.run
	r.mu.Lock()
	defer r.mu.Unlock()
	var known []string
	for _, m := range r.members {
		s := m.slot
		onDemand := s.process != nil && s.process.OnDemand
		if !slices.Contains(known, s.name) {
			known = append(known, s.name)
		}
		switch {
		case s.name != name:
		case onDemand:
			if m.handle != nil && m.handle.number == index {
				return m, nil
			}
		case s.index == index:
			return m, nil
		}
		if s.name == name && s.index+1 == r.plan.parties[s.party].n {
			if onDemand && index > r.book(m).number {
				return nil, nil
			}
			if onDemand {
				return nil, fmt.Errorf("%s-%d has ended, or has never been", name, index)
			}
			return nil, fmt.Errorf("%q has %d, counted from 0, and none is number %d", name, s.index+1, index)
		}
	}
	return nil, fmt.Errorf("the pipeline has no %q, but %s", name, strings.Join(known, ", "))
}

func (p probed) Life(name string, index int) (probe.Life, error) {
	m, err := p.find(name, index)
	if m == nil || err != nil {
		return nil, err
	}
	m.upMu.Lock()
	begun := m.life.ready && (m.slot.process != nil || m.life.opened)
	m.upMu.Unlock()
	p.run.mu.Lock()
	defer p.run.mu.Unlock()
	if m.finished {
		if m.err != nil {
			return nil, fmt.Errorf("it has ended: %w", m.err)
		}
		return nil, fmt.Errorf("%q has ended", m.title())
	}
	if m.proc == nil || !begun {
		return nil, nil
	}
	select {
	case <-m.proc.Dead():
		return nil, nil
	default:
		return m.proc, nil
	}
}

func (p probed) Busy(name string) (int, error) {
	if _, err := p.find(name, 0); err != nil {
		return -1, err
	}
	r := p.run
	for i := range r.plan.pools {
		if pp := &r.plan.pools[i]; pp.row.name() == name {
			for _, m := range r.workers(pp) {
				if life, err := p.Life(name, m.slot.index); life != nil && p.holds(m) {
					return m.slot.index, nil
				} else if err != nil {
					return -1, err
				}
			}
			return -1, nil
		}
	}
	return -1, fmt.Errorf("%q is a process, and only workers of pools and services have tasks", name)
}

// holds reports whether a worker has a task or an item in hand.
func (p probed) holds(m *member) bool {
	r := p.run
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.over {
		return false
	}
	if len(m.atWork()) > 0 {
		return true
	}
	for _, in := range r.plan.pools[m.slot.pool].inputs {
		q := &r.plan.queues[in.from]
		for _, b := range r.bounded[q.first:][:q.n] {
			if b.Busy(m.index, 1) > 0 {
				return true
			}
		}
	}
	return false
}
