package mp

import (
	"encoding"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"time"
	"unsafe"
)

// maxDepth bounds slices in maps behind pointers in slices, and so the stack
// that an item takes to write and to read.
const maxDepth = 10_000

// maxItem is the largest encoding of an item: its lengths have 4 bytes.
const maxItem = math.MaxUint32 - 1

// keepSpill is the largest private buffer that an Encoder keeps for the next item.
const keepSpill = 1 << 20

var errDeep = errors.New("item nested too deep: a pointer that leads back to itself can't be sent")

// Encoder writes one item. It begins in memory that its owner lends, a slot of a
// ring, and moves to a private buffer when the item does not fit there, so that
// each item is encoded once whatever its size. The first error stays; what is
// put behind it is dropped.
//
// One goroutine uses an Encoder at a time.
type Encoder struct {
	buf   []byte
	n     int         // bytes written
	max   int         // bytes of the largest item
	heap  bool        // buf is not the lent memory any more
	depth int         // values that are being written around this one
	spill []byte      // private buffer of earlier items
	files *[]*os.File // duplicates of those that are put, nil: none may be
	err   error

	lender *Node   // whose blocks may be put, nil: none may
	lent   []Block // that were put, each once
}

// reset begins an item in buf that may grow to max bytes.
func (e *Encoder) reset(buf []byte, max int) {
	max = int(min(uint64(max), maxItem))
	buf = buf[:min(len(buf), max)]
	e.buf, e.n, e.max, e.heap, e.depth, e.err = buf, 0, max, false, 0, nil
	if len(e.lent) > 0 {
		e.lent = e.lent[:0]
	}
}

// bytes is the item so far: the lent memory up to its length, or, if heap is
// set, memory of the Encoder that the next reset takes back.
func (e *Encoder) bytes() []byte { return e.buf[:e.n] }

// fail keeps the first error. Without a buffer every later put comes to grow,
// which refuses.
func (e *Encoder) fail(err error) {
	if e.err == nil {
		e.err = err
	}
	e.buf, e.n = nil, 0
}

// grow makes room for size more bytes, or fails. It is the slow path of all that
// is put, and the only place that allocates.
//
//go:noinline
func (e *Encoder) grow(size int) bool {
	if e.err != nil {
		return false
	}
	if size > e.max-e.n {
		e.fail(fmt.Errorf("%w: it takes more than the %d bytes that one item may have", ErrTooBig, e.max))
		return false
	}
	want := min(max(e.n+size, 2*len(e.buf), 1<<10), e.max)
	var next []byte
	if !e.heap && want <= cap(e.spill) {
		next = e.spill[:cap(e.spill)]
		if len(next) > e.max {
			next = next[:e.max]
		}
	} else {
		next = make([]byte, want)
	}
	copy(next, e.buf[:e.n])
	if want <= keepSpill {
		e.spill = next
	}
	e.buf, e.heap = next, true
	return true
}

func (e *Encoder) enter() bool {
	if e.depth++; e.depth > maxDepth {
		e.fail(errDeep)
	}
	return e.err == nil
}

func (e *Encoder) leave() { e.depth-- }

// count writes the number of elements of what is not nil.
func (e *Encoder) count(n int) {
	if uint64(n) > maxItem {
		e.fail(fmt.Errorf("%w: a slice or map of %d elements", ErrTooBig, n))
		return
	}
	Put(e, uint32(n)+1)
}

// String writes a string.
func (e *Encoder) String(s string) {
	if 4+len(s) > len(e.buf)-e.n && !e.grow(4+len(s)) {
		return
	}
	b := e.buf[e.n:]
	binary.LittleEndian.PutUint32(b, uint32(len(s)))
	copy(b[4:], s)
	e.n += 4 + len(s)
}

// Bytes writes a slice of bytes. Nil stays nil.
func (e *Encoder) Bytes(s []byte) {
	if 4+len(s) > len(e.buf)-e.n && !e.grow(4+len(s)) {
		return
	}
	b := e.buf[e.n:]
	if s == nil {
		binary.LittleEndian.PutUint32(b, 0)
	} else {
		binary.LittleEndian.PutUint32(b, uint32(len(s))+1)
	}
	copy(b[4:], s)
	e.n += 4 + len(s)
}

// Put writes a flat value.
func Put[T any](e *Encoder, v T) {
	if int(unsafe.Sizeof(v)) > len(e.buf)-e.n && !e.grow(int(unsafe.Sizeof(v))) {
		return
	}
	*(*T)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(e.buf)), e.n)) = v
	e.n += int(unsafe.Sizeof(v))
}

// PutSlice writes a slice, each element with put. Nil stays nil.
func PutSlice[T any](e *Encoder, s []T, put func(*Encoder, T)) {
	if s == nil {
		Put(e, uint32(0))
		return
	}
	e.count(len(s))
	// Elements of no size have no bytes, so the reader could not tell a true
	// number of them from a wrong one by what is left.
	if unsafe.Sizeof(*new(T)) == 0 || !e.enter() {
		return
	}
	for _, v := range s {
		if put(e, v); e.err != nil {
			return
		}
	}
	e.leave()
}

// PutFlatSlice is PutSlice of flat elements, in one copy.
func PutFlatSlice[T any](e *Encoder, s []T) {
	if s == nil {
		Put(e, uint32(0))
		return
	}
	e.count(len(s))
	if size := len(s) * int(unsafe.Sizeof(*new(T))); size > 0 {
		e.raw(unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(s))), size))
	}
}

func (e *Encoder) raw(b []byte) {
	if len(b) > len(e.buf)-e.n && !e.grow(len(b)) {
		return
	}
	e.n += copy(e.buf[e.n:], b)
}

// PutMap writes a map, each entry with key and val. Nil stays nil.
func PutMap[K comparable, V any](e *Encoder, m map[K]V, key func(*Encoder, K), val func(*Encoder, V)) {
	if m == nil {
		Put(e, uint32(0))
		return
	}
	e.count(len(m))
	if !e.enter() {
		return
	}
	for k, v := range m {
		key(e, k)
		if val(e, v); e.err != nil {
			return
		}
	}
	e.leave()
}

// PutPointer writes what p points to, with put. Nil stays nil.
func PutPointer[T any](e *Encoder, p *T, put func(*Encoder, T)) {
	if p == nil {
		Put(e, uint8(0))
		return
	}
	Put(e, uint8(1))
	if e.enter() {
		put(e, *p)
		e.leave()
	}
}

// PutBinary writes what v marshals itself to. An error of v becomes the item's.
func PutBinary[T encoding.BinaryMarshaler](e *Encoder, v T) {
	// The commonest of all is kept from the heap, where an interface would put it.
	if t, ok := any(v).(time.Time); ok {
		b, err := t.AppendBinary(e.free())
		e.appended(b, err, "time.Time")
		return
	}
	if a, ok := any(v).(encoding.BinaryAppender); ok {
		b, err := a.AppendBinary(e.free())
		e.appended(b, err, a)
		return
	}
	b, err := v.MarshalBinary()
	e.marshaled(b, err, v)
}

// PutText is PutBinary for types that marshal themselves to text only.
func PutText[T encoding.TextMarshaler](e *Encoder, v T) {
	if a, ok := any(v).(encoding.TextAppender); ok {
		b, err := a.AppendText(e.free())
		e.appended(b, err, a)
		return
	}
	b, err := v.MarshalText()
	e.marshaled(b, err, v)
}

// free is the room behind the next length, for a marshaler that appends.
func (e *Encoder) free() []byte {
	if len(e.buf)-e.n < 4 {
		return nil
	}
	return e.buf[e.n+4 : e.n+4 : len(e.buf)]
}

// appended takes what a marshaler appended to free: it lies there already, or
// somewhere else if there was not room enough.
func (e *Encoder) appended(b []byte, err error, v any) {
	free := e.free()
	if err != nil || len(b) > cap(free) || len(b) == 0 || unsafe.SliceData(b) != unsafe.SliceData(free) {
		e.marshaled(b, err, v)
		return
	}
	binary.LittleEndian.PutUint32(e.buf[e.n:], uint32(len(b))+1)
	e.n += 4 + len(b)
}

func (e *Encoder) marshaled(b []byte, err error, v any) {
	if err != nil {
		name, ok := v.(string)
		if !ok {
			name = fmt.Sprintf("%T", v)
		}
		e.fail(fmt.Errorf("encode %s: %w", name, err))
		return
	}
	if b == nil {
		b = []byte{}
	}
	e.Bytes(b)
}
