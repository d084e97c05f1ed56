//go:build explore

package explore

import (
	"fmt"
	"unsafe"

	"github.com/mpgen/mpgen/runtime/internal/seam"
)

// write is what a process leaves in plain memory.
type write struct {
	slot  int
	value uint64
}

// node is a place in a process's code together with all that it knows.
type node struct {
	process int
	context Context // of the turn
	op      operation
	key     uint64

	// how it was reached first; parent -1 at the start of a turn
	parent int32
	by     uint64
	plain  []uint64 // what the process saw on the way here, nil: nothing

	edges []*edge
	far   map[uint64]*edge // when there are many
}

// edge is what a process does until its next operation.
type edge struct {
	by     uint64 // what the operation returned; of a point: the hash of plain memory
	to     int32
	turn   bool // to is the start of a turn
	ended  bool
	writes []write
	events []event
}

// machine is what is known of the code of all processes.
type machine struct {
	processes []Process
	memory    []uint64
	base      uintptr
	name      func(slot int) string
	fault     func(Step) (uint64, bool)

	self  *Self // that runs
	nodes []node
	byKey map[uint64]int32
	edges int

	live map[int32]*Self // coroutines that stand at a node
	ring []int32         // the nodes of live, oldest first
}

const keepLive = 256

func newMachine(h *Harness) *machine {
	m := &machine{
		processes: h.Processes, memory: h.Memory, base: uintptr(unsafe.Pointer(&h.Memory[0])),
		name: h.name, fault: h.Fault, byKey: map[uint64]int32{}, live: map[int32]*Self{},
	}
	return m
}

func mix(h, v uint64) uint64 {
	h ^= v + 0x9e3779b97f4a7c15 + h<<6 + h>>2
	h *= 0xbf58476d1ce4e5b9
	h ^= h >> 29
	h *= 0x94d049bb133111eb
	return h ^ h>>32
}

// turn is the node at the start of a turn.
func (m *machine) turn(i int, c Context) (int32, error) {
	key := mix(uint64(i)+1, 11)
	for _, v := range c {
		key = mix(key, v)
	}
	if n, ok := m.byKey[key]; ok {
		return n, nil
	}
	s := m.start(i, c)
	if _, err := s.resume(0, nil); err != nil {
		return 0, err
	}
	if s.over || len(s.events) > 0 {
		return 0, fmt.Errorf("%s: a turn must begin with an operation", m.processes[i].Name)
	}
	return m.add(node{process: i, context: c, op: s.pending, key: key, parent: -1}, s), nil
}

func (m *machine) add(n node, s *Self) int32 {
	id := int32(len(m.nodes))
	m.nodes = append(m.nodes, n)
	m.byKey[n.key] = id
	m.keep(id, s)
	return id
}

func (m *machine) keep(id int32, s *Self) {
	if _, ok := m.live[id]; ok {
		s.discard()
		return
	}
	m.live[id] = s
	m.ring = append(m.ring, id)
	if len(m.ring) > keepLive {
		old := m.ring[0]
		m.ring = m.ring[1:]
		if s := m.live[old]; s != nil {
			delete(m.live, old)
			s.discard()
		}
	}
}

func (m *machine) discard() {
	for _, s := range m.live {
		s.discard()
	}
	m.live, m.ring = map[int32]*Self{}, nil
}

// follow is the edge that node id takes by a result, or, of a point, by the plain
// memory of st.
func (m *machine) follow(id int32, result uint64, st *state) (*edge, error) {
	n := &m.nodes[id]
	by := result
	isPoint := n.op.kind == point
	if isPoint {
		by = st.plainHash
	}
	if n.far != nil {
		if e := n.far[by]; e != nil {
			return e, nil
		}
	} else {
		for _, e := range n.edges {
			if e.by == by {
				return e, nil
			}
		}
	}
	s, err := m.stand(id)
	if err != nil {
		return nil, err
	}
	var plain []uint64
	if isPoint {
		plain = append([]uint64(nil), st.mem...)
	}
	ws, err := s.resume(result, plain)
	if err != nil {
		return nil, err
	}
	e := &edge{by: by, writes: ws, events: append([]event(nil), s.events...)}
	switch {
	case s.over && s.ended:
		e.ended, e.to = true, id
	case s.over:
		e.turn = true
		e.to, err = m.turn(s.i, s.then)
		if err != nil {
			return nil, err
		}
	default:
		key := s.key
		if key == 0 {
			key = mix(m.nodes[id].key, by)
		}
		to, ok := m.byKey[key]
		if !ok {
			to = m.add(node{process: s.i, context: s.context, op: s.pending, key: key, parent: id, by: result, plain: plain}, s)
		} else {
			if err := m.same(to, s); err != nil {
				return nil, err
			}
			if err := m.likewise(to, s); err != nil {
				return nil, err
			}
		}
		e.to = to
	}
	n = &m.nodes[id]
	n.edges = append(n.edges, e)
	if len(n.edges) > 8 {
		if n.far == nil {
			n.far = map[uint64]*edge{}
			for _, e := range n.edges {
				n.far[e.by] = e
			}
		}
		n.far[by] = e
	}
	m.edges++
	return e, nil
}

// same is the check that a place was described by At well enough.
func (m *machine) same(id int32, s *Self) error {
	want, got := m.nodes[id].op, s.pending
	if want.kind != got.kind || want.slot != got.slot || want.a != got.a || want.b != got.b {
		return fmt.Errorf("%s is at one place with two things to do: %s, and %s",
			m.processes[s.i].Name, m.describe(want), m.describe(got))
	}
	return nil
}

// likewise goes a step on with s, which came to node id in a way of its own, where
// others have gone before: what At left out shows as another thing to do. It is
// a test by sample, not a proof.
func (m *machine) likewise(id int32, s *Self) error {
	n := &m.nodes[id]
	if n.op.kind == point || len(n.edges) == 0 {
		m.keep(id, s)
		return nil
	}
	defer s.discard()
	e := n.edges[len(n.edges)-1]
	if _, err := s.resume(e.by, nil); err != nil {
		return err
	}
	if len(s.events) != len(e.events) || s.over != (e.turn || e.ended) {
		return fmt.Errorf("%s goes two ways from one place: %s", m.processes[s.i].Name, m.describe(n.op))
	}
	if s.over {
		if e.turn && s.then != m.nodes[e.to].context {
			return fmt.Errorf("%s ends a turn in two ways: %s", m.processes[s.i].Name, m.describe(n.op))
		}
		return nil
	}
	return m.same(e.to, s)
}

// stand is a coroutine that stands at node id. It is the caller's.
func (m *machine) stand(id int32) (*Self, error) {
	if s := m.live[id]; s != nil {
		delete(m.live, id)
		for k, r := range m.ring {
			if r == id {
				m.ring = append(m.ring[:k], m.ring[k+1:]...)
				break
			}
		}
		return s, nil
	}
	var path []int32
	for k := id; k >= 0; k = m.nodes[k].parent {
		path = append(path, k)
	}
	first := &m.nodes[path[len(path)-1]]
	s := m.start(first.process, first.context)
	if _, err := s.resume(0, nil); err != nil {
		return nil, err
	}
	for k := len(path) - 2; k >= 0; k-- {
		n := &m.nodes[path[k]]
		if _, err := s.resume(n.by, n.plain); err != nil {
			return nil, err
		}
		if err := m.same(path[k], s); err != nil {
			return nil, fmt.Errorf("not the same again: %w", err)
		}
	}
	return s, nil
}

func (m *machine) describe(op operation) string {
	w := ""
	if op.kind <= seam.Wake {
		w = m.name(op.slot)
	}
	f := ""
	if op.fault {
		f = " (left out)"
	}
	switch op.kind {
	case seam.Load:
		return "load " + w + f
	case seam.Store:
		return fmt.Sprintf("store %s = %#x%s", w, op.a, f)
	case seam.Swap:
		return fmt.Sprintf("swap %s = %#x%s", w, op.a, f)
	case seam.CompareAndSwap:
		return fmt.Sprintf("cas %s %#x to %#x%s", w, op.a, op.b, f)
	case seam.Add:
		return fmt.Sprintf("add %s %#x%s", w, op.a, f)
	case seam.And:
		return fmt.Sprintf("and %s %#x%s", w, op.a, f)
	case seam.Or:
		return fmt.Sprintf("or %s %#x%s", w, op.a, f)
	case seam.Wait:
		return fmt.Sprintf("futex wait %s while %d%s", w, op.a, f)
	case seam.Wake:
		return fmt.Sprintf("futex wake %s%s", w, f)
	case point:
		return "touch plain memory"
	case await:
		return "await"
	case revive:
		return fmt.Sprintf("revive %d", op.a)
	}
	return "?"
}
