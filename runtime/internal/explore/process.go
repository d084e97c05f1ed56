//go:build explore

package explore

import (
	"fmt"
	"iter"
	"runtime"
	"strings"
	"sync"
	"unsafe"

	"github.com/mpgen/mpgen/runtime/internal/seam"
)

// Context is all that a process carries from one turn to the next.
type Context [4]uint64

// Process is a simulated process. Its turns follow one another, each a call of
// Turn with what the one before returned.
type Process struct {
	Name string
	From Context
	Turn func(*Self, Context) Context
	// Dies says that the process may be killed while the budget lasts. It is then
	// dead until another calls [Self.Revive].
	Dies bool
	// Sweeper says that the process may be killed by the budget for sweepers, and
	// begins its turn again at once.
	Sweeper bool
	// After is the context of the successor of one who died at a turn, nil: the same.
	After func(Context) Context
}

// further kinds of operations, beside those of seam
const (
	point seam.Kind = 100 + iota
	await
	revive
)

// operation is what a process is about to do.
type operation struct {
	kind  seam.Kind
	slot  int
	a, b  uint64
	guard func(*World) (uint64, bool)
	fault bool // the operation is left out, and returns a
}

// event is what a process tells the checks.
type event struct {
	kind int
	arg  uint64
}

// Self is a process while its code runs.
type Self struct {
	m       *machine
	i       int
	context Context

	yield    func(struct{}) bool
	next     func() (struct{}, bool)
	stop     func()
	stopping bool

	pending operation
	result  uint64
	ended   bool
	over    bool // the turn has returned
	then    Context
	err     error

	known []uint64 // by Know

	// since the last operation:
	events []event
	key    uint64 // by At, 0: none
}

// Event tells the checks that something happened, together with the operation
// before it.
func (s *Self) Event(kind int, arg uint64) {
	s.events = append(s.events, event{kind, arg})
}

// Know replaces what every later At of this turn adds to its values: what the
// caller of the code there has to remember.
func (s *Self) Know(v ...uint64) { s.known = v }

// End says, before a turn returns, that it was the last.
func (s *Self) End() { s.ended = true }

// Await waits until guard, which looks at nothing but the world, gives a value.
func (s *Self) Await(guard func(*World) (uint64, bool)) uint64 {
	return s.do(operation{kind: await, guard: guard})
}

// AwaitDeath is a turn of the parent of processes 0 to n-1: it waits until one of them is
// dead, and returns its number plus 1. It returns 0, and the turn is the last, when all
// have ended.
func (s *Self) AwaitDeath(n int) uint64 {
	p := s.Await(func(w *World) (uint64, bool) {
		all := true
		for i := range n {
			if w.Dead(i) {
				return uint64(i + 1), true
			}
			all = all && w.Ended(i)
		}
		return 0, all
	})
	if p == 0 {
		s.End()
	}
	return p
}

// Revive starts the successor of the dead process i.
func (s *Self) Revive(i int) { s.do(operation{kind: revive, a: uint64(i)}) }

type stopped struct{}

func (s *Self) do(op operation) uint64 {
	if s.stopping {
		return 0
	}
	s.pending = op
	if !s.yield(struct{}{}) {
		s.stopping = true
		panic(stopped{})
	}
	return s.result
}

// start begins a turn; nothing runs before the first resume.
func (m *machine) start(i int, c Context) *Self {
	s := &Self{m: m, i: i, context: c}
	s.next, s.stop = iter.Pull(func(yield func(struct{}) bool) {
		defer func() {
			switch r := recover().(type) {
			case nil, stopped:
			default:
				buf := make([]byte, 4096)
				s.err = fmt.Errorf("%s panics: %v\n%s", m.processes[i].Name, r, buf[:runtime.Stack(buf, false)])
			}
		}()
		s.yield = yield
		s.then = m.processes[i].Turn(s, c)
		s.over = true
	})
	return s
}

// running guards the one place where simulated code runs: seam has one scheduler.
var running sync.Mutex

// resume runs the process with the result of its pending operation up to the
// next one. plain is the memory that it sees, nil: none that it may touch. It
// returns what the process wrote there.
func (s *Self) resume(result uint64, plain []uint64) ([]write, error) {
	const rubbish = 0xa5a5a5a5a5a5a5a5
	m := s.m
	running.Lock()
	defer running.Unlock()
	for k := range m.memory {
		if plain != nil {
			m.memory[k] = plain[k]
		} else {
			m.memory[k] = rubbish
		}
	}
	s.result, s.events, s.key = result, nil, 0
	m.self = s
	seam.Use(m)
	s.next()
	seam.Use(nil)
	if s.err != nil {
		return nil, s.err
	}
	var ws []write
	for k, v := range m.memory {
		switch {
		case plain == nil && v != rubbish:
			return nil, fmt.Errorf("%s writes to plain memory (%s) without a Point before: %s",
				m.processes[s.i].Name, m.name(k), m.describe(s.pending))
		case plain != nil && v != plain[k]:
			ws = append(ws, write{k, v})
		}
	}
	return ws, nil
}

// discard ends a coroutine that is not needed.
func (s *Self) discard() {
	running.Lock()
	defer running.Unlock()
	s.m.self = s
	seam.Use(s.m)
	s.stopping = true
	s.stop()
	seam.Use(nil)
}

// Owns is for seam.
func (m *machine) Owns(p unsafe.Pointer) bool {
	return uintptr(p) >= m.base && uintptr(p) < m.base+uintptr(len(m.memory))*8
}

// Do is for seam.
func (m *machine) Do(k seam.Kind, p unsafe.Pointer, a, b uint64) uint64 {
	s := m.self
	op := operation{kind: k, slot: int((uintptr(p) - m.base) / 8), a: a, b: b}
	if m.fault != nil && !s.stopping {
		if r, ok := m.fault(Step{Process: m.processes[s.i].Name, Kind: k, Word: m.name(op.slot), A: a, B: b, Last: s.result}); ok {
			op = operation{kind: k, slot: op.slot, a: r, fault: true}
		}
	}
	return s.do(op)
}

// Point is for seam.
func (m *machine) Point() { m.self.do(operation{kind: point}) }

// At is for seam.
func (m *machine) At(place int, local []uint64) {
	s := m.self
	if s.stopping {
		return
	}
	k := mix(uint64(s.i)+1, uint64(place)+77)
	for _, c := range s.context {
		k = mix(k, c)
	}
	var pcs [32]uintptr
	for _, pc := range pcs[:runtime.Callers(3, pcs[:])] {
		k = mix(k, uint64(pc))
	}
	for _, v := range s.known {
		k = mix(k, v)
	}
	for _, v := range local {
		k = mix(k, v)
	}
	s.key = k
}

// Step is an operation as a fault sees it.
type Step struct {
	Process string
	Kind    seam.Kind
	Word    string // its name
	A, B    uint64
	Last    uint64 // what the process's operation before returned
}

// In reports whether the operation is being done in a function whose name ends
// in name.
func (Step) In(name string) bool {
	var pcs [32]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs[:])])
	for {
		f, more := frames.Next()
		if strings.HasSuffix(f.Function, name) {
			return true
		}
		if !more {
			return false
		}
	}
}
