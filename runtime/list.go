package mp

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"unsafe"
)

// ListDecl is a row for a list.
type ListDecl[T any] struct {
	managedDecl
	Name  string
	Elem  Codec[T]
	Limit int // elements; 0: any number
}

// In is the list, for a process that declares to use it.
func (d *ListDecl[T]) In(n *Node) *List[T] {
	return opened(n, d, func(_ *sharedPlan, at unsafe.Pointer) *List[T] {
		return &List[T]{m: newManaged(n, d, at, "list"), elem: d.Elem}
	})
}

func (d *ListDecl[T]) name() string { return d.Name }

func (d *ListDecl[T]) check() error {
	if err := d.Elem.check(); err != nil {
		return fmt.Errorf("list %q: %w", d.Name, err)
	}
	return nil
}

func (d *ListDecl[T]) shelf() *shelf { return &shelf{limit: d.Limit} }

func (d *ListDecl[T]) state(n *Node, _ unsafe.Pointer) string { return shelfState(n, d) }

// List is a slice that the program keeps for all processes, under the rules of [Dict]:
// copies, each method one step, nothing changed after an error. An index that the list
// does not have, now, gives [ErrRange].
type List[T any] struct {
	m    managed
	elem Codec[T]
}

func index(i int) func(*Encoder) { return func(e *Encoder) { Put(e, int64(i)) } }

// Append adds values at the end, next to each other: all of them, or none if the list
// would go over its limit ([ErrFull]).
func (l *List[T]) Append(ctx context.Context, v ...T) error { return l.insert(ctx, atEnd, v) }

// Insert adds values before the element i, or at the end if i is the length.
func (l *List[T]) Insert(ctx context.Context, i int, v ...T) error {
	if i < 0 {
		return l.m.failed(ErrRange)
	}
	return l.insert(ctx, i, v)
}

func (l *List[T]) insert(ctx context.Context, i int, v []T) error {
	return l.m.call(ctx, opInsert, func(e *Encoder) {
		Put(e, int64(i))
		Put(e, uint32(len(v)))
		for i := range v {
			putPart(e, func(e *Encoder) { l.elem.put(e, v[i]) })
		}
	}, nil)
}

// Load returns the element i.
func (l *List[T]) Load(ctx context.Context, i int) (v T, err error) {
	err = l.m.call(ctx, opLoad, index(i), func(d *Decoder) {
		found(d, func(d *Decoder) { v = l.elem.get(d) })
	})
	v, _, err = own(v, true, err)
	return v, err
}

// Store sets the element i.
func (l *List[T]) Store(ctx context.Context, i int, v T) error {
	_, err := l.m.store(ctx, storeAny, 0, index(i), func(e *Encoder) { l.elem.put(e, v) }, nil)
	return err
}

// Update replaces the element i by what f makes of it, under the rules of [Dict.Update].
func (l *List[T]) Update(ctx context.Context, i int, f func(T) (T, error)) error {
	return update(ctx, &l.m, l.elem, index(i), func(v T, _ bool) (T, error) { return f(v) })
}

// Remove takes the element i out and returns it; those behind it move up. One that can't
// be decoded is out, too, and the error says so.
func (l *List[T]) Remove(ctx context.Context, i int) (v T, err error) {
	_, err = l.m.delete(ctx, index(i), func(d *Decoder) { v = l.elem.get(d) })
	v, _, err = own(v, true, err)
	return v, err
}

// Pop takes the last element out and returns it, if there is one: of several processes
// that do it at once, each gets another. One that can't be decoded is out, too, and the
// error says so.
func (l *List[T]) Pop(ctx context.Context) (v T, ok bool, err error) {
	err = l.m.call(ctx, opPop, nil, func(d *Decoder) {
		ok = found(d, func(d *Decoder) { v = l.elem.get(d) })
	})
	return own(v, ok, err)
}

// Len is the number of elements.
func (l *List[T]) Len(ctx context.Context) (int, error) { return l.m.len(ctx) }

// Clear removes all elements.
func (l *List[T]) Clear(ctx context.Context) error { return l.m.clear(ctx) }

// All returns the list as it is at one moment: a copy, in which later changes do not show.
func (l *List[T]) All(ctx context.Context) (iter.Seq2[int, T], error) {
	var all []T
	if err := l.m.all(ctx, func(d *Decoder) { all = append(all, l.elem.get(d)) }); err != nil {
		return nil, err
	}
	return slices.All(all), nil
}
