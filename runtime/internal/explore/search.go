//go:build explore

package explore

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/mpgen/mpgen/runtime/internal/seam"
)

// Harness is what to explore.
type Harness struct {
	Memory    []uint64 // the shared memory, as it is at first
	Processes []Process
	// Event takes an event of process i into the notes, and finds what is wrong.
	Event func(w *World, i, kind int, arg uint64) error
	// Died takes the death of process i into the notes, nil: nothing to do.
	Died func(w *World, i int)
	// AtRest checks a state in which every process has ended.
	AtRest func(w *World) error
	// Name is the name of a word, for traces; nil: its number.
	Name func(slot int) string
	// Fault leaves operations out, for bugs that are put in on purpose: those for
	// which it reports true return the value that it gives and do nothing.
	Fault func(Step) (uint64, bool)

	Kills       int // of processes that die
	SweepKills  int // of sweepers
	StateLimit  int // 0: none
	Walks       int // random walks before the search; 0: 300, below: none
	TraceLength int // steps of a trace that are told, from its end; 0: 25
}

func (h *Harness) name(slot int) string {
	if h.Name == nil {
		return fmt.Sprintf("word %d", slot)
	}
	return h.Name(slot)
}

// Figures are what a search was.
type Figures struct {
	States, Transitions, Nodes, Edges, Depth, Deaths int
	Restarts                                         int // of the search, see the package comment
	Walked                                           int // steps of the random walks
	Sampled                                          int // states that the walks came to, each counted once
	Time                                             time.Duration
	Cut                                              bool // by StateLimit: not exhaustive
}

func (f Figures) String() string {
	cut := ""
	if f.Cut {
		cut = ", CUT"
	}
	return fmt.Sprintf("%d states, %d transitions (%d deaths), depth %d, %d code places, %d edges, %d restarts, %d steps walked over %d states, %v%s",
		f.States, f.Transitions, f.Deaths, f.Depth, f.Nodes, f.Edges, f.Restarts, f.Walked, f.Sampled, f.Time.Round(time.Millisecond), cut)
}

// Violation is what a search found: what is wrong, and how it comes to that.
type Violation struct {
	What  string
	Trace []string
}

func (v *Violation) Error() string {
	return v.What + "\n" + strings.Join(v.Trace, "\n")
}

var errAgain = errors.New("a word is shared after all")

type move struct {
	process int8
	die     bool
}

type frame struct {
	s     state
	hash  uint64
	moves [2 * maxProcesses]move
	n     int
	at    int
}

type search struct {
	h       *Harness
	m       *machine
	from    []uint64
	n       int
	figures Figures
	seen    *table
	stack   []*frame
	// for each word, sets of processes: those that lived while another touched it,
	// or wrote it; and those whose operations on it, or loads, were not interleaved
	touched, written, alone, looked []uint8
	again                           bool
}

// Run searches all states. The error is a [*Violation], or says what is wrong
// with the harness.
func Run(h *Harness) (Figures, error) {
	begin := time.Now()
	x := &search{h: h, m: newMachine(h), n: len(h.Processes)}
	x.from = append([]uint64(nil), h.Memory...)
	x.touched, x.written = make([]uint8, len(x.from)), make([]uint8, len(x.from))
	defer func() {
		x.m.discard()
		copy(h.Memory, x.from)
	}()
	for restarts := 0; ; restarts++ {
		x.figures = Figures{Restarts: restarts, Walked: x.figures.Walked, Sampled: x.figures.Sampled}
		x.alone, x.looked = make([]uint8, len(x.from)), make([]uint8, len(x.from))
		x.again = false
		x.seen = newTable()
		err := x.run()
		if errors.Is(err, errAgain) {
			continue
		}
		x.figures.Time = time.Since(begin)
		x.figures.Nodes, x.figures.Edges = len(x.m.nodes), x.m.edges
		return x.figures, err
	}
}

func (x *search) frame(d int) *frame {
	if d == len(x.stack) {
		f := &frame{}
		f.s.mem = make([]uint64, len(x.from))
		x.stack = append(x.stack, f)
	}
	return x.stack[d]
}

func (x *search) run() error {
	first := x.frame(0)
	mem := first.s.mem
	copy(mem, x.from)
	first.s = state{mem: mem}
	for i, p := range x.h.Processes {
		n, err := x.m.turn(i, p.From)
		if err != nil {
			return err
		}
		first.s.node[i] = n
	}
	first.hash = first.s.hash(x.n)
	x.seen.enter(first.hash)
	if err := x.expand(0); err != nil {
		return err
	}
	if err := x.walk(); err != nil {
		return err
	}
	for d := 0; d >= 0; {
		f := x.stack[d]
		if f.at == f.n {
			x.seen.leave(f.hash)
			d--
			continue
		}
		mv := f.moves[f.at]
		f.at++
		next := x.frame(d + 1)
		_, did, err := x.move(f, &next.s, int(mv.process), mv.die)
		if err != nil {
			return x.wrong(d, err)
		}
		if !did {
			continue // a death without an effect before it
		}
		if x.again {
			return errAgain
		}
		x.figures.Transitions++
		if mv.die {
			x.figures.Deaths++
		}
		next.hash = next.s.hash(x.n)
		switch x.seen.enter(next.hash) {
		case seenBefore:
			continue
		case onStack:
			return x.wrong(d, errors.New("a cycle: processes are busy for ever and achieve nothing"))
		}
		d++
		if d > x.figures.Depth {
			x.figures.Depth = d
		}
		if err := x.expand(d); err != nil {
			return x.wrong(d-1, err)
		}
		if x.h.StateLimit > 0 && x.seen.n >= x.h.StateLimit {
			x.figures.Cut = true
			break
		}
	}
	if x.again {
		return errAgain
	}
	x.figures.States = x.seen.n
	return nil
}

// walk takes random walks before the search: they find words that are shared,
// which later would let it begin again, and most of what is wrong.
func (x *search) walk() error {
	random := rand.New(rand.NewPCG(1, 2))
	walks := x.h.Walks
	if walks == 0 {
		walks = 300
	}
	if x.figures.Restarts > 0 || walks < 0 {
		walks = 0
	}
	sampled := newTable()
	defer func() { x.figures.Sampled += sampled.n }()
	for range walks {
		for d := 0; ; {
			f := x.stack[d]
			if d > 0 {
				if err := x.expand(d); err != nil {
					return x.wrong(d-1, err)
				}
			}
			if f.n == 0 {
				break
			}
			// a death is rarer than a step, so that walks get far
			f.at = random.IntN(f.n)
			if f.moves[f.at].die && random.IntN(8) != 0 {
				continue
			}
			mv := f.moves[f.at]
			f.at++
			next := x.frame(d + 1)
			_, did, err := x.move(f, &next.s, int(mv.process), mv.die)
			if err != nil {
				return x.wrong(d, err)
			}
			if did {
				d++
				x.figures.Walked++
				if h := next.s.hash(x.n); sampled.enter(h) == fresh {
					sampled.leave(h)
				}
			}
			if d > 10_000 {
				return x.wrong(d-1, errors.New("no end after 10,000 steps"))
			}
		}
	}
	x.again = false
	clear(x.alone)
	clear(x.looked)
	return x.expand(0)
}

// expand finds the moves from the state at depth d.
func (x *search) expand(d int) error {
	f := x.stack[d]
	f.n, f.at = 0, 0
	scratch := &x.frame(d + 1).s
	for i := range x.n {
		if f.s.life[i] != alive {
			continue
		}
		op := &x.m.nodes[f.s.node[i]].op
		if !x.quiet(op, i) {
			continue
		}
		e, did, err := x.move(f, scratch, i, false)
		if err != nil { // the search meets it again, and tells the way there
			f.moves[0], f.n = move{process: int8(i)}, 1
			return nil
		}
		if did && len(e.events) == 0 && len(e.writes) == 0 && !e.ended {
			switch {
			case op.fault:
			case op.kind == seam.Load:
				x.looked[op.slot] |= 1 << i
			default:
				x.alone[op.slot] |= 1 << i
			}
			f.moves[0], f.n = move{process: int8(i)}, 1
			if x.mayDie(&f.s, i) {
				f.moves[1], f.n = move{int8(i), true}, 2
			}
			return nil
		}
	}
	for i := range x.n {
		if f.s.life[i] != alive {
			continue
		}
		if op := &x.m.nodes[f.s.node[i]].op; op.kind == await {
			if _, ok := op.guard(&World{&f.s, &f.s.notes}); !ok {
				continue
			}
		}
		f.moves[f.n] = move{process: int8(i)}
		f.n++
		if x.mayDie(&f.s, i) {
			f.moves[f.n] = move{int8(i), true}
			f.n++
		}
	}
	if f.n > 0 {
		return nil
	}
	w := &World{&f.s, &f.s.notes}
	var stuck []string
	for i, p := range x.h.Processes {
		if f.s.life[i] != ended {
			stuck = append(stuck, fmt.Sprintf("%s at %q", p.Name, x.m.describe(x.m.nodes[f.s.node[i]].op)))
		}
	}
	if stuck != nil {
		return fmt.Errorf("at rest, and stuck: %s", strings.Join(stuck, ", "))
	}
	return x.h.AtRest(w)
}

func (x *search) mayDie(s *state, i int) bool {
	p := &x.h.Processes[i]
	return p.Dies && int(s.kills) < x.h.Kills || p.Sweeper && int(s.sweeps) < x.h.SweepKills
}

// quiet reports whether the operation of process i commutes with all that others
// do while i lives.
func (x *search) quiet(op *operation, i int) bool {
	switch {
	case op.kind >= seam.Wait && !op.fault:
		return false
	case op.fault:
		return true
	case op.kind == seam.Load:
		return x.written[op.slot]&(1<<i) == 0
	}
	return x.touched[op.slot]&(1<<i) == 0
}

// note takes down who lived while i touched a word.
func (x *search) note(s *state, op *operation, i int) {
	if op.kind > seam.Wake || op.fault {
		return
	}
	var others uint8
	for k := range x.n {
		if k != i && (s.life[k] == alive || s.life[k] == asleep) {
			others |= 1 << k
		}
	}
	x.touched[op.slot] |= others
	if x.alone[op.slot]&others != 0 {
		x.again = true
	}
	if op.kind != seam.Load {
		x.written[op.slot] |= others
		if x.looked[op.slot]&others != 0 {
			x.again = true
		}
	}
}

// move makes next the state after process i has taken a step, and died after it
// if die is set. It reports false for a death after a step without an effect.
func (x *search) move(f *frame, next *state, i int, die bool) (*edge, bool, error) {
	next.copyFrom(&f.s)
	id := f.s.node[i]
	op := &x.m.nodes[id].op
	x.note(&f.s, op, i)
	result, can, effect, woken := act(op, i, next, x.from, x.n, x.m.nodes)
	if !can {
		return nil, false, nil
	}
	if woken == 1<<7 { // sleeps
		if die {
			return nil, false, nil
		}
		next.life[i] = asleep
		return &edge{}, true, nil
	}
	for k := range x.n {
		if woken&(1<<k) != 0 {
			next.life[k] = alive
			if _, err := x.advance(next, k, 1); err != nil {
				return nil, false, err
			}
		}
	}
	e, err := x.advance(next, i, result)
	if err != nil {
		return nil, false, err
	}
	if !die {
		return e, true, nil
	}
	if !effect && len(e.events) == 0 && len(e.writes) == 0 && !e.turn || e.ended {
		return nil, false, nil
	}
	return e, true, x.kill(next, i)
}

func (x *search) advance(s *state, i int, result uint64) (*edge, error) {
	e, err := x.m.follow(s.node[i], result, s)
	if err != nil {
		return nil, err
	}
	for _, w := range e.writes {
		s.set(x.from, w.slot, w.value, true)
	}
	s.node[i] = e.to
	if e.ended {
		s.life[i] = ended
	}
	for _, ev := range e.events {
		if err := x.h.Event(&World{s, &s.notes}, i, ev.kind, ev.arg); err != nil {
			return nil, err
		}
	}
	return e, nil
}

func (x *search) kill(s *state, i int) error {
	p := &x.h.Processes[i]
	c := x.m.nodes[s.node[i]].context
	if p.Sweeper {
		s.sweeps++
	} else {
		s.kills++
		s.life[i] = dead
		if x.h.Died != nil {
			x.h.Died(&World{s, &s.notes}, i)
		}
		if p.After != nil {
			c = p.After(c)
		}
	}
	n, err := x.m.turn(i, c)
	s.node[i] = n
	return err
}

// wrong makes a violation of err, which the last move at depth d brought about.
func (x *search) wrong(d int, err error) error {
	v := &Violation{What: err.Error()}
	limit := x.h.TraceLength
	if limit == 0 {
		limit = 25
	}
	for k := max(0, d-limit); k <= d; k++ {
		f := x.stack[k]
		mv := f.moves[f.at-1]
		op := &x.m.nodes[f.s.node[mv.process]].op
		line := fmt.Sprintf("%5d %-10s %s", k, x.h.Processes[mv.process].Name, x.m.describe(*op))
		if op.kind <= seam.Wake {
			line += fmt.Sprintf("  [%#x]", f.s.mem[op.slot])
		}
		if mv.die {
			line += "  and is killed"
		}
		v.Trace = append(v.Trace, line)
	}
	return v
}
