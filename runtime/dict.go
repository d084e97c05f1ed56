package mp

import (
	"context"
	"fmt"
	"iter"
	"unsafe"
)

// DictDecl is a row for a dict.
type DictDecl[K comparable, V any] struct {
	managedDecl
	Name  string
	Key   Codec[K]
	Elem  Codec[V]
	Limit int // entries; 0: any number
}

// In is the dict, for a process that declares to use it.
func (d *DictDecl[K, V]) In(n *Node) *Dict[K, V] {
	return opened(n, d, func(_ *sharedPlan, at unsafe.Pointer) *Dict[K, V] {
		return &Dict[K, V]{m: newManaged(n, d, at, "dict"), key: d.Key, putKey: putKey(d.Key), elem: d.Elem}
	})
}

func (d *DictDecl[K, V]) name() string { return d.Name }

func (d *DictDecl[K, V]) check() error {
	for _, err := range []error{d.Key.check(), d.Elem.check()} {
		if err != nil {
			return fmt.Errorf("dict %q: %w", d.Name, err)
		}
	}
	return nil
}

func (d *DictDecl[K, V]) shelf() *shelf { return &shelf{limit: d.Limit, index: map[string]int{}} }

func (d *DictDecl[K, V]) state(n *Node, _ unsafe.Pointer) string { return shelfState(n, d) }

// Dict is a map that the program keeps for all processes. Keys and values are copies:
// what Load returns is the caller's own. Each method is one step, which others see
// whole or not at all, and after an error nothing is changed: ctx ended, a key with its
// value takes more than 64 MiB ([ErrTooBig]), or the run has ended ([ErrClosed]);
// the program itself can read it for ever. Any goroutine of any process that uses the
// dict may call its methods.
type Dict[K comparable, V any] struct {
	m      managed
	key    Codec[K]
	putKey func(*Encoder, K)
	elem   Codec[V]
}

// at writes the place of a key.
func (d *Dict[K, V]) at(k K) func(*Encoder) {
	return func(e *Encoder) { putPart(e, func(e *Encoder) { d.putKey(e, k) }) }
}

func (d *Dict[K, V]) value(v V) func(*Encoder) {
	return func(e *Encoder) { d.elem.put(e, v) }
}

// Load returns the value of k, and whether there is one.
func (d *Dict[K, V]) Load(ctx context.Context, k K) (v V, ok bool, err error) {
	err = d.m.call(ctx, opLoad, d.at(k), func(dec *Decoder) {
		ok = found(dec, func(dec *Decoder) { v = d.elem.get(dec) })
	})
	return own(v, ok, err)
}

// own leaves out what came with an error.
func own[V any](v V, ok bool, err error) (V, bool, error) {
	if err != nil {
		return *new(V), false, err
	}
	return v, ok, nil
}

// Store sets the value of k. A new key in a dict that has its limit gives [ErrFull].
func (d *Dict[K, V]) Store(ctx context.Context, k K, v V) error {
	_, err := d.m.store(ctx, storeAny, 0, d.at(k), d.value(v), nil)
	return err
}

// LoadOrStore returns the value of k, or stores v if there is none: of several
// processes that do it at once, one sees loaded false, and all the same value.
func (d *Dict[K, V]) LoadOrStore(ctx context.Context, k K, v V) (actual V, loaded bool, err error) {
	stored, err := d.m.store(ctx, storeAbsent, 0, d.at(k), d.value(v), func(dec *Decoder) {
		found(dec, func(dec *Decoder) { actual = d.elem.get(dec) })
	})
	if stored {
		actual = v
	}
	return own(actual, !stored, err)
}

// LoadAndDelete removes k and returns the value that it had, if it had one: of several
// processes that do it at once, one gets it. A value that can't be decoded is removed,
// too, and the error says so.
func (d *Dict[K, V]) LoadAndDelete(ctx context.Context, k K) (v V, ok bool, err error) {
	ok, err = d.m.delete(ctx, d.at(k), func(dec *Decoder) { v = d.elem.get(dec) })
	return own(v, ok, err)
}

// Delete removes k.
func (d *Dict[K, V]) Delete(ctx context.Context, k K) error {
	_, err := d.m.delete(ctx, d.at(k), func(dec *Decoder) { dec.rest() })
	return err
}

// Update replaces the value of k by what f makes of it; ok says whether there is one. f
// runs in the caller. If k has changed meanwhile f is called again, with the new value.
// After a few rounds that is kept from happening by other updates, which then wait, but
// not by Store and Delete. If f returns an error, or the process dies in it, nothing is
// changed. An Update of the same dict within f may wait for itself.
func (d *Dict[K, V]) Update(ctx context.Context, k K, f func(v V, ok bool) (V, error)) error {
	return update(ctx, &d.m, d.elem, d.at(k), f)
}

// Len is the number of keys.
func (d *Dict[K, V]) Len(ctx context.Context) (int, error) { return d.m.len(ctx) }

// Clear removes all keys.
func (d *Dict[K, V]) Clear(ctx context.Context) error { return d.m.clear(ctx) }

// All returns all keys with their values, as they are at one moment, in the order in
// which the keys were first stored. It copies them; what changes later does not show.
func (d *Dict[K, V]) All(ctx context.Context) (iter.Seq2[K, V], error) {
	type pair struct {
		k K
		v V
	}
	var all []pair
	err := d.m.all(ctx, func(dec *Decoder) { all = append(all, pair{d.key.get(dec), d.elem.get(dec)}) })
	if err != nil {
		return nil, err
	}
	return func(yield func(K, V) bool) {
		for _, p := range all {
			if !yield(p.k, p.v) {
				return
			}
		}
	}, nil
}
