package mp

import (
	"fmt"
	"slices"
	"unsafe"

	"github.com/mpgen/mpgen/runtime/internal/control"
	"github.com/mpgen/mpgen/runtime/internal/ring"
)

// A shared object is all that lies in the commons and is no queue: numbers,
// values, arrays, and what processes wait on. Every kind stands on the same
// things: a place in the commons, zeroed at first; words there that name their
// owner if somebody owns them; and a repair that frees them when the owner is
// dead. So a kind is a row, a file with its handle, and a test.
//
// A process opens an object once and all its handles share that. The place stays
// readable in the program after Close.

// sharedRow is what the plan, the sweep and the table for viewers need of a row.
type sharedRow interface {
	Decl
	// check says why the row can't be used, or nil.
	check() error
	// place says what it takes in the commons of a pipeline of so many slots.
	// length is what Start was told, for rows that ask for it.
	place(slots, length int) sharedPlace
	// repair frees what the dead process p owned of the object at at; well says
	// that p ended as it should. It runs in the parent, and again from the top if the
	// parent is stopped meanwhile; after it all are roused who use the object.
	repair(n *Node, at unsafe.Pointer, p ring.Owner, well bool)
}

// statedRow is a row whose object's state a dump tells.
type statedRow interface {
	sharedRow
	// state is how the object at at stands, "" if there is nothing to say.
	state(n *Node, at unsafe.Pointer) string
}

// sharedPlace is what an object takes in the commons.
type sharedPlace struct {
	kind   uint16 // in the table for viewers
	size   int    // bytes
	stride int    // of elements, 0: it has none
	pages  bool   // it lies in pages of its own
	late   int    // bytes at its end that take memory when they are used, and are gone after the run; it has pages
	guard  Decl   // what keeps its users apart, nil: nothing
}

// sharedPlan is one shared object.
type sharedPlan struct {
	row    sharedRow
	place  sharedPlace
	length int   // elements of an array
	places []int // of blocks, of each part whose items carry some: items that hold one at once
	offset int
}

// addShared adds d, which takes the next of the lengths if it declares none.
func (pl *plan) addShared(d sharedRow, lengths *[]int) error {
	if err := d.check(); err != nil {
		return err
	}
	s := sharedPlan{row: d}
	if a, ok := d.(lengthRow); ok {
		if s.length = a.declaredLength(); s.length == 0 && len(*lengths) > 0 {
			s.length, *lengths = (*lengths)[0], (*lengths)[1:]
		}
		if !a.lengthFits(s.length) {
			return fmt.Errorf("array %q can't have %d elements", d.name(), s.length)
		}
	}
	s.place = d.place(len(pl.slots), s.length)
	pl.index[d] = len(pl.shared)
	pl.shared = append(pl.shared, s)
	return nil
}

// uses reports whether the process of a slot declares to use d.
func (pl *plan) uses(slot int, d Decl) bool {
	return slices.Contains(pl.parties[pl.slots[slot].party].uses, pl.index[d])
}

// managed are the objects that a slot uses and the program keeps.
func (pl *plan) managed(slot int) (objects []int) {
	for _, i := range pl.parties[pl.slots[slot].party].uses {
		if _, ok := pl.shared[i].row.(managedRow); ok {
			objects = append(objects, i)
		}
	}
	return objects
}

// users are the slots of the processes that declare to use d, but one.
func (pl *plan) users(d Decl, except int) (slots []int) {
	for slot := 1; slot < len(pl.slots); slot++ {
		if slot != except && pl.uses(slot, d) {
			slots = append(slots, slot)
		}
	}
	return slots
}

// others are the slots of all processes that have d but one, the program too.
func (pl *plan) others(d Decl, one int) []int {
	slots := pl.users(d, one)
	if one != 0 {
		slots = append([]int{0}, slots...)
	}
	return slots
}

// layShared gives each object its place, from the start of the commons: a line
// at least, as two of them must not slow each other down; first those that need no
// page of their own, and last those that do not stay after the run.
func (pl *plan) layShared() {
	at := 0
	lay := func(align int, these func(*sharedPlace) bool) {
		for i := range pl.shared {
			if s := &pl.shared[i]; these(&s.place) {
				at = alignUp(at, align)
				s.offset = at
				at += alignUp(s.place.size, align)
			}
		}
		at = alignUp(at, pageSize)
	}
	lay(64, func(p *sharedPlace) bool { return !p.pages })
	lay(pageSize, func(p *sharedPlace) bool { return p.pages && p.late == 0 })
	pl.keptSize = at
	lay(pageSize, func(p *sharedPlace) bool { return p.late > 0 })
	pl.sharedSize = at
}

// declareShared notes what a party uses and reads. The program itself has all.
func (pl *plan) declareShared(party int, uses, reads []Decl) error {
	p := &pl.parties[party]
	for k, list := range [][]Decl{uses, reads} {
		for _, d := range list {
			if pipe, is := d.(pipeRow); is {
				if err := pl.attach(party, pipe); err != nil {
					return err
				}
				continue
			}
			i, ok := pl.index[d]
			if !ok {
				return fmt.Errorf("%q is not of this pipeline: generate its code again", d.name())
			}
			if pool, is := d.(poolRow); is {
				if pl.pools[i].called {
					p.calls = append(p.calls, i)
					continue
				}
				return fmt.Errorf("pool %q is fed by a flow and can't be called: generate its code again", pool.name())
			}
			if _, is := d.(sharedRow); !is {
				return fmt.Errorf("%q can't be used, only sent to or received from: generate its code again", d.name())
			}
			if k == 0 {
				p.uses = append(p.uses, i)
			} else {
				p.reads = append(p.reads, i)
			}
		}
	}
	return nil
}

// sweepShared repairs the objects that a dead process has declared to use; well says
// that it ended as it should.
func (r *Run) sweepShared(p ring.Owner, well bool) {
	for _, i := range r.plan.parties[r.plan.slots[p].party].uses {
		s := &r.plan.shared[i]
		s.row.repair(r.node, r.node.commons.At(s.offset), p, well)
	}
}

// describeShared is the rows of the table for viewers.
func (pl *plan) describeShared(add func(control.Row, string)) {
	for i := range pl.shared {
		s := &pl.shared[i]
		guard := uint32(0)
		if k, ok := pl.index[s.place.guard]; ok && s.place.guard != nil {
			guard = uint32(pl.rows() - len(pl.shared) + k + 1)
		}
		add(control.Row{Kind: s.place.kind, Guard: guard, File: fileCommons, Owner: control.NoOwner,
			Offset: uint64(s.offset), Size: uint64(s.place.size), Stride: uint64(s.place.stride)}, s.row.name())
	}
}

// shared is the plan and the place of an object.
func (n *Node) shared(d sharedRow) (*sharedPlan, unsafe.Pointer) {
	i, ok := n.plan.index[d]
	if !ok {
		panic(fmt.Sprintf("mp: %q is not of this pipeline", d.name()))
	}
	s := &n.plan.shared[i]
	return s, n.commons.At(s.offset)
}

// opened is this process's one view of an object, which open makes at first.
func opened[T any](n *Node, d sharedRow, open func(*sharedPlan, unsafe.Pointer) T) T {
	s, at := n.shared(d)
	n.mu.Lock()
	defer n.mu.Unlock()
	if v, ok := n.objects[d]; ok {
		return v.(T)
	}
	v := open(s, at)
	n.objects[d] = v
	return v
}
