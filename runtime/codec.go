package mp

import (
	"fmt"
	"reflect"
	"unsafe"
)

// Codec carries a T from process to process. The zero Codec copies the memory of
// T, which may then hold no pointer of any kind; the program refuses to start
// otherwise.
//
// A Codec is two functions and not an interface: an item costs one predictable
// branch if it is flat and one call if it is not, and no allocation, since T
// travels by value and stays on the stack.
//
// # The form of an item
//
// An item is the encodings of its parts, one behind the other, with nothing in
// between: no alignment, no names, no types. Both sides are the same binary, so
// both know what comes next. It takes less room than parts aligned to 8 bytes,
// and makes a slice of flat elements the same bytes whether it is written in one
// piece or one by one.
//
//	flat value   its memory
//	string       4 bytes of length, the bytes
//	slice        4 bytes: 0 for nil, else the number of elements and 1; the elements
//	map          the same, each key before its value, in no order
//	pointer      1 byte: 0 for nil, 1 in front of the value
//	marshaler    as a slice of the bytes it gives
//
// Lengths have a fixed size: a variable one would save a few bytes of a short
// string and cost a loop at each. All numbers are little-endian, as on every
// platform that runs processes.
type Codec[T any] struct {
	Encode func(*Encoder, T)
	Decode func(*Decoder) T

	plain bool // they run no code of the user's; so does a codec without them
}

// Coded is the codec of two functions. What encode writes, decode must read to
// the last byte. The encoding of a T that has a size in memory has at least one byte.
func Coded[T any](encode func(*Encoder, T), decode func(*Decoder) T) Codec[T] {
	return Codec[T]{Encode: encode, Decode: decode}
}

// Plain is Coded of functions that run no code of the user's, such as a marshaler: nothing
// that could hang or panic. A call then has its arguments written and its answer read in
// place, where others wait meanwhile. Generated code says it of types in which nothing
// marshals itself, but for [time.Time].
func Plain[T any](encode func(*Encoder, T), decode func(*Decoder) T) Codec[T] {
	return plainly(true, encode, decode)
}

// plainly is Plain if what is inside is so, else Coded.
func plainly[T any](inside bool, encode func(*Encoder, T), decode func(*Decoder) T) Codec[T] {
	return Codec[T]{encode, decode, inside}
}

// isPlain reports whether the codec runs no code of the user's.
func (c Codec[T]) isPlain() bool { return c.plain || c.Encode == nil }

// The codecs of the types that are neither flat nor declared.
var (
	String = plainly(true, (*Encoder).String, (*Decoder).String)
	Bytes  = plainly(true, (*Encoder).Bytes, (*Decoder).Bytes)
)

// SliceOf is the codec of a slice whose elements c carries. Nil stays nil.
func SliceOf[T any](c Codec[T]) Codec[[]T] {
	if c.Encode == nil {
		return plainly(true, PutFlatSlice[T], GetFlatSlice[T])
	}
	return plainly(c.isPlain(),
		func(e *Encoder, s []T) { PutSlice(e, s, c.Encode) },
		func(d *Decoder) []T { return GetSlice(d, c.Decode) })
}

// MapOf is the codec of a map. Nil stays nil.
func MapOf[K comparable, V any](k Codec[K], v Codec[V]) Codec[map[K]V] {
	return plainly(k.isPlain() && v.isPlain(),
		func(e *Encoder, m map[K]V) { PutMap(e, m, k.put, v.put) },
		func(d *Decoder) map[K]V { return GetMap(d, k.get, v.get) })
}

// PointerOf is the codec of a pointer. The receiver gets a pointer to a copy of
// its own, so two pointers to one value become pointers to two.
func PointerOf[T any](c Codec[T]) Codec[*T] {
	return plainly(c.isPlain(),
		func(e *Encoder, p *T) { PutPointer(e, p, c.put) },
		func(d *Decoder) *T { return GetPointer(d, c.get) })
}

// FailedOf is the codec of an item that a stage gave up on, with its error.
func FailedOf[T any](c Codec[T]) Codec[Failed[T]] {
	return Coded(
		func(e *Encoder, f Failed[T]) {
			c.put(e, f.Item)
			putError(e, f.Err)
		},
		func(d *Decoder) (f Failed[T]) {
			f.Item = c.get(d)
			f.Err = getError(d)
			return f
		})
}

// check says why the codec can't carry a T, or nil. It is asked once, when a row
// of the table opens, so that put and get need not ask.
func (c Codec[T]) check() error {
	switch {
	case c.Encode == nil && c.Decode == nil:
		return flat[T]()
	case c.Encode == nil:
		return fmt.Errorf("the codec of %q has Decode and no Encode: it needs both, or neither for a flat type", reflect.TypeFor[T]())
	case c.Decode == nil:
		return fmt.Errorf("the codec of %q has Encode and no Decode: it needs both, or neither for a flat type", reflect.TypeFor[T]())
	}
	return nil
}

// put writes v. An error is left in e.
func (c Codec[T]) put(e *Encoder, v T) {
	if c.Encode == nil {
		Put(e, v)
		return
	}
	c.Encode(e, v)
}

// get reads a T. An error is left in d, and what get returned is then to be
// thrown away.
func (c Codec[T]) get(d *Decoder) T {
	if c.Encode == nil {
		return Get[T](d)
	}
	return c.Decode(d)
}

// size is the number of bytes of each item if all have the same, else -1.
func (c Codec[T]) size() int {
	if c.Encode != nil {
		return -1
	}
	var v T
	return int(unsafe.Sizeof(v))
}
