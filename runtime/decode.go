package mp

import (
	"encoding"
	"encoding/binary"
	"fmt"
	"os"
	"time"
	"unsafe"
)

// shareMax is the largest item whose strings and bytes share one allocation, and
// chunkSize the allocation that items of up to an eighth of it share with others:
// allocating is most of what a small item costs its reader. Who keeps one of them
// keeps the memory of all, so both are small.
const (
	shareMax  = 2 << 10
	chunkSize = 4 << 10
)

// Decoder reads what an Encoder wrote, and trusts nothing of it: the writer may
// be a process gone mad. Each length is read once and held against what is left
// before anything is allocated for it. The first error stays, and every later
// read gives the zero value.
//
// One goroutine uses a Decoder at a time.
type Decoder struct {
	buf   []byte
	n     int // bytes read
	depth int
	own   []byte // private copy of buf[base:], cut into strings and slices
	base  int
	mine  bool       // buf is private memory that nobody else keeps
	chunk []byte     // where small items lie, full up to its length; no two share a byte
	files []*os.File // open ones that come along, by the number that they have in the item
	lease *lease     // of the blocks in it, nil: none may be
	text  []byte     // what an unmarshaler reads; shared memory could change under it
	err   error
}

// reset begins an item. b may lie in shared memory: each byte of it is read once.
func (d *Decoder) reset(b []byte) {
	d.buf, d.n, d.depth, d.own, d.base, d.mine, d.err = b, 0, 0, nil, 0, false, nil
}

// resetOwn is reset for memory that the item may keep.
func (d *Decoder) resetOwn(b []byte) {
	d.reset(b)
	if d.mine = true; len(b) <= shareMax {
		d.own = b
	}
}

// Err says why what was read is not to be used: it could not be decoded, or more follows, so that it was something else.
// Generated code asks once it has read all.
func (d *Decoder) Err() error {
	if d.err == nil && d.n != len(d.buf) {
		d.corrupt("%d bytes behind the end of an item", len(d.buf)-d.n)
	}
	return d.err
}

func (d *Decoder) left() int { return len(d.buf) - d.n }

// fail keeps the first error. Without a buffer every later read is short.
func (d *Decoder) fail(err error) {
	if d.err == nil {
		d.err = err
	}
	d.buf, d.n = nil, 0
}

func (d *Decoder) corrupt(format string, args ...any) {
	if d.err == nil {
		d.fail(fmt.Errorf("%w: %s", ErrCorruptPeer, fmt.Sprintf(format, args...)))
	}
}

//go:noinline
func (d *Decoder) short(size int) {
	d.corrupt("a value of %d bytes where %d are left", size, d.left())
}

func (d *Decoder) enter() bool {
	if d.depth++; d.depth > maxDepth {
		d.corrupt("values nested deeper than %d", maxDepth)
	}
	return d.err == nil
}

func (d *Decoder) leave() { d.depth-- }

// length reads a length in bytes and holds it against what is left.
func (d *Decoder) length() int {
	if d.left() < 4 {
		d.short(4)
		return 0
	}
	n := binary.LittleEndian.Uint32(d.buf[d.n:])
	d.n += 4
	if uint64(n) > uint64(d.left()) {
		d.corrupt("a string of %d bytes where %d are left", n, d.left())
		return 0
	}
	return int(n)
}

// count reads a number of elements that take at least size bytes each; size is 0
// or 1. It is -1 for nil.
func (d *Decoder) count(size int) int {
	if d.left() < 4 {
		d.short(4)
		return -1
	}
	n := binary.LittleEndian.Uint32(d.buf[d.n:])
	d.n += 4
	if n == 0 {
		return -1
	}
	if uint64(n-1)*uint64(size) > uint64(d.left()) {
		d.corrupt("%d elements where %d bytes are left", n-1, d.left())
		return -1
	}
	return int(n - 1)
}

// cut is a private copy of the next n bytes. A small item is copied whole, so
// that all its strings cost one allocation. No two cuts overlap.
func (d *Decoder) cut(n int) []byte {
	at := d.n
	d.n += n
	if d.own == nil {
		if d.mine && n > len(d.buf)/2 {
			return d.buf[at : at+n : at+n]
		}
		if len(d.buf)-at > shareMax {
			return append([]byte(nil), d.buf[at:at+n]...)[:n:n]
		}
		d.own, d.base = d.keep(d.buf[at:]), at
	}
	at -= d.base
	return d.own[at : at+n : at+n]
}

// keep copies b to private memory.
func (d *Decoder) keep(b []byte) []byte {
	n := len(b)
	if n > chunkSize/8 {
		return append([]byte(nil), b...)
	}
	if n > cap(d.chunk)-len(d.chunk) {
		d.chunk = make([]byte, 0, chunkSize)
	}
	at := len(d.chunk)
	d.chunk = append(d.chunk, b...)
	return d.chunk[at : at+n : at+n]
}

// String reads a string.
func (d *Decoder) String() string {
	if n := d.length(); n > 0 {
		return unsafe.String(unsafe.SliceData(d.cut(n)), n) // nobody else can write to a cut
	}
	return ""
}

// Bytes reads a slice of bytes, which belongs to the caller.
func (d *Decoder) Bytes() []byte {
	n := d.count(1)
	switch {
	case n < 0:
		return nil
	case n == 0:
		return []byte{}
	}
	return d.cut(n)
}

// Get reads a flat value.
func Get[T any](d *Decoder) (v T) {
	if int(unsafe.Sizeof(v)) > len(d.buf)-d.n {
		d.short(int(unsafe.Sizeof(v)))
		return v
	}
	v = *(*T)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(d.buf)), d.n))
	d.n += int(unsafe.Sizeof(v))
	if word := typeWord[T](); noBools[layoutSlot(word)].Load() != word && !sound(&v) {
		d.corrupt("a bool that is neither false nor true")
		return *new(T)
	}
	return v
}

// GetSlice reads a slice, each element with get.
func GetSlice[T any](d *Decoder, get func(*Decoder) T) []T {
	size := int(unsafe.Sizeof(*new(T)))
	n := d.count(min(size, 1))
	if n < 0 {
		return nil
	}
	if size == 0 {
		return make([]T, n)
	}
	if !d.enter() {
		return nil
	}
	// An honest element may take 8 times its encoding, a nil pointer does; a false
	// number of elements must not take more before it is found out.
	s := make([]T, 0, min(n, 8*d.left()/size+8))
	for range n {
		v := get(d)
		if d.err != nil {
			return nil
		}
		s = append(s, v)
	}
	d.leave()
	return s
}

// GetFlatSlice is GetSlice of flat elements, in one copy.
func GetFlatSlice[T any](d *Decoder) []T {
	size := int(unsafe.Sizeof(*new(T)))
	n := d.count(min(size, 1))
	if n < 0 {
		return nil
	}
	if uint64(n)*uint64(size) > uint64(d.left()) {
		d.corrupt("%d elements of %d bytes where %d are left", n, size, d.left())
		return nil
	}
	s := make([]T, n)
	if n == 0 || size == 0 {
		return s
	}
	d.n += copy(unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(s))), n*size), d.buf[d.n:])
	if l := layoutOf[T](); l.bools != nil {
		for i := range s {
			if !l.sound(unsafe.Pointer(&s[i])) {
				d.corrupt("a bool that is neither false nor true")
				return nil
			}
		}
	}
	return s
}

// GetMap reads a map, each entry with key and val.
func GetMap[K comparable, V any](d *Decoder, key func(*Decoder) K, val func(*Decoder) V) map[K]V {
	n := d.count(0)
	if n < 0 || !d.enter() {
		return nil
	}
	m := make(map[K]V, min(n, d.left()/(int(unsafe.Sizeof(*new(K))+unsafe.Sizeof(*new(V)))+1)+1))
	for i := range n {
		k := key(d)
		v := val(d)
		if d.err != nil {
			return nil
		}
		// No honest writer has a key twice. This also ends a map whose entries
		// take no bytes.
		if m[k] = v; len(m) != i+1 {
			d.corrupt("a map has a key twice")
			return nil
		}
	}
	d.leave()
	return m
}

// GetPointer reads a pointer to a new value, with get.
func GetPointer[T any](d *Decoder, get func(*Decoder) T) *T {
	switch tag := Get[uint8](d); {
	case tag > 1:
		d.corrupt("a pointer is marked %d and not 0 or 1", tag)
		return nil
	case tag == 0 || !d.enter():
		return nil
	}
	v := get(d)
	if d.err != nil {
		return nil
	}
	d.leave()
	return &v
}

// GetBinary reads a value that unmarshals itself. Bytes that it refuses are
// those of a corrupt peer.
func GetBinary[T any, P interface {
	*T
	encoding.BinaryUnmarshaler
}](d *Decoder) (v T) {
	b := d.marshaled()
	if d.err != nil {
		return v
	}
	// The commonest of all is kept from the heap, where an interface would put it.
	if t, ok := any(&v).(*time.Time); ok {
		d.refused(t.UnmarshalBinary(b), "time.Time")
		return v
	}
	p := new(T)
	d.refused(P(p).UnmarshalBinary(b), p)
	return *p
}

// GetText is GetBinary for types that unmarshal themselves from text only.
func GetText[T any, P interface {
	*T
	encoding.TextUnmarshaler
}](d *Decoder) (v T) {
	b := d.marshaled()
	if d.err != nil {
		return v
	}
	p := new(T)
	d.refused(P(p).UnmarshalText(b), p)
	return *p
}

// marshaled is a copy of the bytes of a marshaler that the next one overwrites;
// an unmarshaler keeps nothing of what it is given.
func (d *Decoder) marshaled() []byte {
	n := d.count(1)
	if n < 0 {
		d.corrupt("a marshaled value without bytes")
		return nil
	}
	d.text = append(d.text[:0], d.buf[d.n:d.n+n]...)
	d.n += n
	return d.text
}

func (d *Decoder) refused(err error, v any) {
	if err == nil {
		return
	}
	name, ok := v.(string)
	if !ok {
		name = fmt.Sprintf("%T", v)[1:]
	}
	d.fail(fmt.Errorf("%w: decode %s: %w", ErrCorruptPeer, name, err))
}
