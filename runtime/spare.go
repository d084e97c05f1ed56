package mp

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/mpgen/mpgen/runtime/internal/control"
)

// A row that starts warm has spares: processes that were started ahead. A spare
// has the environment and the limits of the row's processes. It has initialized its
// packages, come to Main, mapped what all processes of the run share and made its
// plan; then it waits at a socket, without a thread, for a slot. What is private to
// a slot, its pair file and the files among its arguments, comes with that. A
// service's object is opened by who has a slot: a spare runs nothing of the user's
// but what initializes packages.
//
// A spare is of no count: it has no slot, no bell and no state, nobody waits for
// it, and of the books only the table of process groups knows it, so that it dies
// with the program. When a process of the row is to start, in place of a dead or an
// old one or on demand, and a spare stands, it gets the slot; else a new process is
// started as ever. So a spare can be lost at any time and costs nothing but its
// head start.
//
// What if it dies, or stands still, while it takes over? The word Birth of its
// report decides, in one step: the spare changes it to Born and only then begins;
// a parent whose patience is at an end changes it to Stillborn, kills the spare, and
// starts a process as ever. So no start is lost, and none happens twice;
// from Born on the process is as any other.

// spare is a process that was made ahead.
type spare interface {
	instance
	// Standing is closed when it has come to Main.
	Standing() <-chan struct{}
	// Begun is closed when it has taken its slot over.
	Begun() <-chan struct{}
	// assign gives it the slot of m. After an error it has none, and is to be killed.
	assign(m *member, generation int) error
}

// spares are those of a row.
type spares struct {
	run   *Run
	party int
	news  []chan struct{} // for the keeper of each place: a process of the row has changed its state
	turn  chan struct{}   // held by the keeper whose spare comes up: one at a time
	over  chan struct{}   // closed when none is needed any more
	done  bool            // of run.mu: over is closed

	mu    sync.Mutex // leaf
	ready []*offer   // those that stand, the longest first
}

// offer is a spare that stands.
type offer struct {
	spare
	taken chan struct{} // closed by who takes it
}

// takeOver is how long a spare that stands may take to begin, on a busy machine too:
// the new process that is started instead comes later.
const takeOver = 500 * time.Millisecond

// briefLife is how long a spare lasts that is no failure.
const briefLife = time.Second

// keepSpares begins to keep the spares of each row that starts warm.
func (r *Run) keepSpares() {
	r.spares = make([]*spares, len(r.plan.parties))
	if r.engine.emulates() {
		return
	}
	for i, p := range r.plan.parties {
		if p.warm == 0 {
			continue
		}
		s := &spares{run: r, party: i, turn: make(chan struct{}, 1), over: make(chan struct{})}
		for k := range p.warm {
			news := make(chan struct{}, 1)
			s.news = append(s.news, news)
			r.watching.Go(func() { s.keep(p.spare+k, news) })
		}
		r.spares[i] = s
	}
}

// tell says that a process of the row has changed its state.
func (s *spares) tell() {
	if s == nil {
		return
	}
	for _, news := range s.news {
		select {
		case news <- struct{}{}:
		default:
		}
	}
}

// count is how many stand by.
func (s *spares) count() int {
	if s == nil {
		return 0
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.ready)
}

// dismiss ends the spares. The run's mu is held.
func (s *spares) dismiss() {
	if s != nil && !s.done {
		s.done = true
		close(s.over)
	}
}

// dismissSpares ends those of rows that start nothing any more. mu is held.
func (r *Run) dismissSpares() {
	for i, s := range r.spares {
		if s != nil && !r.mayLaunch(i) {
			s.dismiss()
		}
	}
}

// mayLaunch reports whether a process of a party may be started yet.
func (r *Run) mayLaunch(party int) bool {
	p := &r.plan.parties[party]
	for _, m := range r.members[p.first-1 : p.first-1+p.n] {
		if !m.finished || r.mayStart(m.index) {
			return true
		}
	}
	return false
}

// keep keeps a spare in a place of the table of process groups.
func (s *spares) keep(place int, news chan struct{}) {
	r, first := s.run, s.run.members[s.run.plan.parties[s.party].first-1]
	for failures := 0; s.await(news); {
		began := time.Now()
		p, err := r.engine.spare(first, place)
		if err == nil {
			taken, why := s.tend(p)
			if taken {
				failures = 0
				continue
			}
			select {
			case <-s.over: // it was killed, and nobody waits for that
				return
			case <-p.Done():
			}
			exit := p.Exit()
			err = &Died{Exit: exit.Code, Signal: exit.Signal, OOM: exit.OOM, Panic: exit.Panic, Stderr: exit.Stderr}
			if why != nil {
				err = fmt.Errorf("%w: %w", why, err)
			}
		} else {
			<-s.turn
		}
		r.errors.note(first.slot.name, fmt.Errorf("a spare process: %w", err), 1)
		if time.Since(began) >= briefLife {
			failures = 0
			continue
		}
		failures++
		pause := time.NewTimer(scattered(backoffOf(0, failures)))
		select {
		case <-pause.C:
		case <-s.over:
			pause.Stop()
			return
		}
	}
}

// await waits until no process of the row is on its way, whose start a spare would
// only slow down, and for the turn. It reports false if no spare is needed any more.
func (s *spares) await(news chan struct{}) bool {
	for s.busy() {
		select {
		case <-news:
		case <-s.over:
			return false
		}
	}
	select {
	case s.turn <- struct{}{}:
		return true
	case <-s.over:
		return false
	}
}

func (s *spares) busy() bool {
	for _, m := range s.run.alive() {
		if m.slot.party != s.party {
			continue
		}
		if state := s.run.node.control.Slots[m.index].State.Load(); state == control.Idle || state == control.Starting {
			return true
		}
	}
	return false
}

// tend has a spare come up and offers it until it is taken, or dead; why is why it
// was killed, if it was.
func (s *spares) tend(p spare) (taken bool, why error) {
	late := time.NewTimer(startTimeout)
	defer late.Stop()
	select {
	case <-p.Standing():
	case <-p.Dead():
	case <-s.over:
	case <-late.C:
		why = errStart
	}
	<-s.turn
	select {
	case <-p.Standing():
	default:
		p.Kill()
		return false, why
	}
	o := &offer{p, make(chan struct{})}
	s.mu.Lock()
	s.ready = append(s.ready, o)
	s.mu.Unlock()
	select {
	case <-o.taken:
	case <-p.Dead():
	case <-s.over:
	}
	if !s.withdraw(o) {
		return true, nil
	}
	p.Kill()
	return false, nil
}

// withdraw takes an offer back, unless it has been taken.
func (s *spares) withdraw(o *offer) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.Index(s.ready, o)
	if i >= 0 {
		s.ready = slices.Delete(s.ready, i, i+1)
	}
	return i >= 0
}

// first takes the offer that has stood for the longest, nil: there is none.
func (s *spares) first() *offer {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.ready) == 0 {
		return nil
	}
	o := s.ready[0]
	s.ready = slices.Delete(s.ready, 0, 1)
	close(o.taken)
	return o
}

// take gives the slot of m, for which everything lies ready, to a spare. It returns
// nil if none stands, or the one that it has tried does not begin: what holds that
// one may hold the others.
func (s *spares) take(m *member, generation int) instance {
	if s == nil {
		return nil
	}
	o := s.first()
	if o == nil {
		return nil
	}
	p := o.spare
	m.report.Birth.Store(control.Unborn)
	if p.assign(m, generation) == nil && s.begins(p, m.report) {
		return p
	}
	p.Kill()
	<-p.Dead() // then the slot is free again
	return nil
}

// begins waits until p begins; false says that it never will.
func (s *spares) begins(p spare, report *control.Report) bool {
	late := time.NewTimer(takeOver)
	defer late.Stop()
	select {
	case <-p.Begun():
	case <-p.Dead():
	case <-s.over:
	case <-late.C:
	}
	return !report.Birth.CompareAndSwap(control.Unborn, control.Stillborn)
}
