// Package line is the way of a process to its parent and back: one ring of
// frames in each direction, one writer and one reader each, in memory that only
// these two share. A pool's calls, their results, and what a process tells its
// parent of itself go over it.
//
// A frame is 16 bytes of head, {length, kind, flags, id}, and its data, 16-aligned
// and never split by the end of the ring: a frame of kind pad fills what is left
// there. Data larger than a part of the ring comes in several frames of one kind
// and id, all but the last with the flag more.
//
// The writer owns tail, the reader head. One store of tail publishes all frames
// before it, so nothing is half done when either dies. Each side keeps its index
// in private memory, reads the other's once, and checks it; the reader copies
// data out before anybody decodes it.
package line

import (
	"encoding/binary"
	"errors"
	"unsafe"

	"github.com/mpgen/mpgen/runtime/internal/bell"
	"github.com/mpgen/mpgen/runtime/internal/seam"
)

// ErrCorrupt says that the other side wrote what no correct process writes.
var ErrCorrupt = errors.New("the line to another process is corrupt")

const (
	cacheLine = 64
	headSize  = 16
	pad       = 0
	more      = 1
)

type header struct {
	tail seam.Uint64
	_    [2*cacheLine - 8]byte
	head seam.Uint64
	_    [2*cacheLine - 8]byte
}

const headerSize = int(unsafe.Sizeof(header{}))

// Size is the number of bytes of a line with capacity bytes of frames, a power of
// two of at least 4096, in a run of n slots.
func Size(capacity, n int) int { return headerSize + 2*bell.ParkedSize(n) + capacity }

type ends struct {
	h     *header
	items bell.Parked // the reader sleeps
	room  bell.Parked // the writer sleeps
	data  []byte
}

func open(p unsafe.Pointer, capacity int, bells []bell.Word) ends {
	e := ends{h: (*header)(p)}
	p = unsafe.Add(p, headerSize)
	e.items = bell.OpenParked(p, bells)
	p = unsafe.Add(p, bell.ParkedSize(len(bells)))
	e.room = bell.OpenParked(p, bells)
	p = unsafe.Add(p, bell.ParkedSize(len(bells)))
	e.data = unsafe.Slice((*byte)(p), capacity)
	return e
}

// Items is where the reader parks, Room where the writer does.
func (e *ends) Items() *bell.Parked { return &e.items }

// Room is where the writer parks.
func (e *ends) Room() *bell.Parked { return &e.room }

// Reset empties the line at p, which nobody uses.
func Reset(p unsafe.Pointer) {
	h := (*header)(p)
	h.tail.Store(0)
	h.head.Store(0)
}

// Writer is the writing end, for one goroutine at a time.
type Writer struct {
	ends
	next  uint64
	limit uint64 // how far it may write
}

// OpenWriter opens the writing end of the line at p, empty now.
func OpenWriter(p unsafe.Pointer, capacity int, bells []bell.Word) *Writer {
	return &Writer{ends: open(p, capacity, bells), limit: uint64(capacity)}
}

// MaxPart is the most data that one frame takes.
func (w *Writer) MaxPart() int { return len(w.data)/4 - headSize }

// space makes sure that a frame of at least n bytes of data fits at next without
// a split, and returns how many bytes fit, or -1.
func (w *Writer) space(n int) int {
	size := uint64(len(w.data))
	for {
		at := w.next & (size - 1)
		whole := min(size-at, w.limit-w.next) // contiguous and free
		if whole >= uint64(headSize+n) {
			return int(whole) - headSize
		}
		if size-at < uint64(headSize+n) && w.limit-w.next >= size-at {
			w.head(pad, 0, 0, int(size-at)-headSize)
			w.next += size - at
			continue
		}
		head := w.h.head.Load()
		if limit := head + size; limit != w.limit && w.next-head <= size {
			w.limit = limit
			continue
		}
		return -1
	}
}

func (w *Writer) head(kind uint16, flags uint16, id uint64, n int) {
	b := w.data[w.next&uint64(len(w.data)-1):]
	binary.NativeEndian.PutUint32(b, uint32(n))
	binary.NativeEndian.PutUint16(b[4:], kind)
	binary.NativeEndian.PutUint16(b[6:], flags)
	binary.NativeEndian.PutUint64(b[8:], id)
}

// Lend returns memory for the data of the next frame, at least n bytes of it, n
// being at most MaxPart, or nil if there is no room now. Put makes a frame of it.
func (w *Writer) Lend(n int) []byte {
	got := w.space(n)
	if got < 0 {
		return nil
	}
	at := int(w.next&uint64(len(w.data)-1)) + headSize
	got = min(got, w.MaxPart()) &^ 7
	return w.data[at : at+got : at+got]
}

// Put makes a frame of n bytes that have been written into what Lend gave.
func (w *Writer) Put(kind uint16, id uint64, n int) {
	w.head(kind, 0, id, n)
	w.next += uint64(headSize+n+15) &^ 15
}

// PutPart writes as much of data as there is room for, in frames, and returns
// what is left; nothing is left when the last frame is written.
func (w *Writer) PutPart(kind uint16, id uint64, data []byte) (left []byte, done bool) {
	for {
		n := min(len(data), w.MaxPart())
		if w.space(n) < 0 {
			return data, false
		}
		flags := uint16(0)
		if n < len(data) {
			flags = more
		}
		w.head(kind, flags, id, n)
		copy(w.data[int(w.next&uint64(len(w.data)-1))+headSize:], data[:n])
		w.next += uint64(headSize+n+15) &^ 15
		data = data[n:]
		if flags == 0 {
			return nil, true
		}
	}
}

// HasRoom reports whether a frame of n bytes fits now.
func (w *Writer) HasRoom(n int) bool { return w.space(min(n, w.MaxPart())) >= 0 }

// Publish commits all frames so far.
func (w *Writer) Publish() { w.h.tail.Store(w.next) }

// Wake wakes the reader if it sleeps.
func (w *Writer) Wake() { w.items.WakeOne() }

// Drained reports whether the reader has taken every frame.
func (w *Writer) Drained() bool { return w.h.head.Load() == w.next }

// Frame is one message, whole. Its data is valid until the next call of Next.
type Frame struct {
	Kind uint16
	ID   uint64
	Data []byte
}

// Reader is the reading end, for one goroutine at a time.
type Reader struct {
	ends
	next  uint64
	limit uint64
	told  uint64
	max   int
	buf   []byte // the frame, copied out
	parts bool   // buf holds the first parts of a message
	first Frame
}

// OpenReader opens the reading end of the line at p. A message of more than max
// bytes is refused as corrupt.
func OpenReader(p unsafe.Pointer, capacity int, bells []bell.Word, max int) *Reader {
	return &Reader{ends: open(p, capacity, bells), max: max}
}

// HasFrame reports whether Next is worth a call. It changes nothing, so while the
// reader's goroutine waits any other may ask.
func (r *Reader) HasFrame() bool { return r.next != r.limit || r.next != r.h.tail.Load() }

func (r *Reader) refresh() bool {
	r.limit = r.h.tail.Load()
	return r.next != r.limit
}

// Next takes the next message, and reports false if there is none, or only a
// part of it, yet.
func (r *Reader) Next() (Frame, bool, error) {
	size := uint64(len(r.data))
	for r.next != r.limit || r.refresh() {
		if r.limit-r.next > size || r.next&15 != 0 {
			return Frame{}, false, ErrCorrupt
		}
		at := r.next & (size - 1)
		b := r.data[at:]
		if len(b) < headSize {
			return Frame{}, false, ErrCorrupt
		}
		n := uint64(binary.NativeEndian.Uint32(b))
		kind, flags := binary.NativeEndian.Uint16(b[4:]), binary.NativeEndian.Uint16(b[6:])
		id := binary.NativeEndian.Uint64(b[8:])
		whole := (headSize + n + 15) &^ 15
		if whole > uint64(len(b)) || whole > r.limit-r.next {
			return Frame{}, false, ErrCorrupt
		}
		if kind == pad {
			r.took(whole)
			continue
		}
		if !r.parts {
			r.buf = r.buf[:0]
			r.first = Frame{Kind: kind, ID: id}
		}
		if kind != r.first.Kind || id != r.first.ID || len(r.buf)+int(n) > r.max {
			return Frame{}, false, ErrCorrupt
		}
		r.buf = append(r.buf, b[headSize:headSize+n]...)
		r.took(whole)
		if r.parts = flags&more != 0; r.parts {
			continue
		}
		f := r.first
		f.Data = r.buf
		return f, true, nil
	}
	return Frame{}, false, nil
}

// took moves on, and tells the writer now and then, or when it waits.
func (r *Reader) took(n uint64) {
	r.next += n
	if r.next-r.told >= uint64(len(r.data))/8 || r.room.Any() {
		r.Tell()
	}
}

// Tell tells the writer about all the room there is. A reader does it before it
// sleeps.
func (r *Reader) Tell() {
	if r.told != r.next {
		r.told = r.next
		r.h.head.Store(r.next)
		r.room.WakeOne()
	}
}
