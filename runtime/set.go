package mp

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"unsafe"
)

// SetDecl is a row for a set.
type SetDecl[T comparable] struct {
	managedDecl
	Name  string
	Elem  Codec[T]
	Limit int // values; 0: any number
}

// In is the set, for a process that declares to use it.
func (d *SetDecl[T]) In(n *Node) *Set[T] {
	return opened(n, d, func(_ *sharedPlan, at unsafe.Pointer) *Set[T] {
		return &Set[T]{m: newManaged(n, d, at, "set"), elem: d.Elem, put: putKey(d.Elem)}
	})
}

func (d *SetDecl[T]) name() string { return d.Name }

func (d *SetDecl[T]) check() error {
	if err := d.Elem.check(); err != nil {
		return fmt.Errorf("set %q: %w", d.Name, err)
	}
	return nil
}

func (d *SetDecl[T]) shelf() *shelf { return &shelf{limit: d.Limit, index: map[string]int{}} }

func (d *SetDecl[T]) state(n *Node, _ unsafe.Pointer) string { return shelfState(n, d) }

// Set is a set that the program keeps for all processes, under the rules of [Dict]: each
// method one step, nothing changed after an error.
type Set[T comparable] struct {
	m    managed
	elem Codec[T]
	put  func(*Encoder, T)
}

func (s *Set[T]) at(v T) func(*Encoder) {
	return func(e *Encoder) { putPart(e, func(e *Encoder) { s.put(e, v) }) }
}

// Add adds v and reports whether it is new: of several processes that add the same
// value at once, one sees true. A new one in a set that has its limit gives [ErrFull].
func (s *Set[T]) Add(ctx context.Context, v T) (added bool, err error) {
	return s.m.store(ctx, storeAbsent, 0, s.at(v), func(*Encoder) {}, func(d *Decoder) { Get[uint64](d) })
}

// Has reports whether v is there.
func (s *Set[T]) Has(ctx context.Context, v T) (has bool, err error) {
	err = s.m.call(ctx, opLoad, s.at(v), func(d *Decoder) { has = found(d, func(*Decoder) {}) })
	return has, err
}

// Delete removes v and reports whether it was there: of several processes that delete
// the same value at once, one sees true.
func (s *Set[T]) Delete(ctx context.Context, v T) (deleted bool, err error) {
	return s.m.delete(ctx, s.at(v), func(*Decoder) {})
}

// Len is the number of values.
func (s *Set[T]) Len(ctx context.Context) (int, error) { return s.m.len(ctx) }

// Clear removes all values.
func (s *Set[T]) Clear(ctx context.Context) error { return s.m.clear(ctx) }

// All returns all values, as they are at one moment, in the order in which they were
// added. It copies them; what changes later does not show.
func (s *Set[T]) All(ctx context.Context) (iter.Seq[T], error) {
	var all []T
	if err := s.m.all(ctx, func(d *Decoder) { all = append(all, s.elem.get(d)) }); err != nil {
		return nil, err
	}
	return slices.Values(all), nil
}
