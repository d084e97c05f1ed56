package mp

import (
	"fmt"
	"math"
	"slices"
	"unsafe"

	"github.com/mpgen/mpgen/runtime/internal/control"
	"github.com/mpgen/mpgen/runtime/internal/ring"
)

// ArrayDecl is a row for an array: elements of a flat type in pages of their own.
type ArrayDecl[T any] struct {
	Name  string
	Len   int  // elements; 0: given to Start
	Guard Decl // the object that keeps its users apart, nil: none; for viewers
}

// In is the shared memory itself, for a process that declares to use the array.
// What one process writes the others see, as goroutines do that share a slice: two
// that change it need a lock, or the functions of sync/atomic. The slice stays
// good after Close, with what was in it, and is the program's own then.
func (a *ArrayDecl[T]) In(n *Node) []T {
	s, at := n.shared(a)
	return unsafe.Slice((*T)(at), s.length)
}

// ReadIn is the same memory, for a process that declares to read the array: a
// write to the slice is a fault that ends the process.
func (a *ArrayDecl[T]) ReadIn(n *Node) []T {
	s, at := n.shared(a)
	if n.slot == 0 || n.plan.uses(n.slot, a) { // else nothing here can write to it
		at = opened(n, a, func(s *sharedPlan, _ unsafe.Pointer) unsafe.Pointer {
			p, err := n.commons.View(s.offset, alignUp(s.place.size, pageSize))
			if err != nil {
				panic(fmt.Sprintf("mp: array %q: %v", a.Name, err))
			}
			return p
		})
	}
	return unsafe.Slice((*T)(at), s.length)
}

// WithLen gives an array that declares no length one of n elements.
func (a *ArrayDecl[T]) WithLen(n int) Arg { return Arg{to: a, length: n, isLength: true} }

func (a *ArrayDecl[T]) name() string { return a.Name }

func (a *ArrayDecl[T]) check() error {
	if err := flat[T](); err != nil {
		return fmt.Errorf("array %q: %w", a.Name, err)
	}
	return nil
}

func (a *ArrayDecl[T]) declaredLength() int { return a.Len }

func (a *ArrayDecl[T]) lengthFits(n int) bool {
	size := int(unsafe.Sizeof(*new(T)))
	return n > 0 && n <= (math.MaxInt-pageSize)/max(size, 1)
}

func (a *ArrayDecl[T]) place(_, length int) sharedPlace {
	size := int(unsafe.Sizeof(*new(T)))
	return sharedPlace{kind: control.KindArray, size: max(size*length, 1), stride: size, pages: true, guard: a.Guard}
}

// repair has nothing to do: whether an element may be half written is for the guard
// to say.
func (a *ArrayDecl[T]) repair(*Node, unsafe.Pointer, ring.Owner, bool) {}

// lengthRow is a row that may ask Start for a length.
type lengthRow interface {
	sharedRow
	declaredLength() int // 0: given to Start
	lengthFits(n int) bool
}

// guardArrays takes from the process of a slot the power to write to arrays that it
// does not declare to use, and from who does not read them either, to look.
func (n *Node) guardArrays() error {
	p := &n.plan.parties[n.plan.slots[n.slot].party]
	for i := range n.plan.shared {
		s := &n.plan.shared[i]
		if !s.place.pages || slices.Contains(p.uses, i) {
			continue
		}
		if err := n.commons.Protect(s.offset, alignUp(s.place.size, pageSize), slices.Contains(p.reads, i)); err != nil {
			return fmt.Errorf("array %q: %w", s.row.name(), err)
		}
	}
	return nil
}
