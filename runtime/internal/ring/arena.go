package ring

import (
	"encoding/binary"
	"unsafe"

	"github.com/mpgen/mpgen/runtime/internal/seam"
)

// BlockSize is the number of bytes of a block of an arena.
const BlockSize = 4096

// Arena holds the items of one ring that are larger than a slot, each as a chain
// of blocks. A block's stamp is 0 while it is free, else the number of the message
// that it belongs to; numbers name the process that made them and are never
// used twice. The payload of such an item in a slot, a record or a cell is a
// descriptor.
//
// Building: the note of the process says which message it is about to build; then
// blocks are claimed by CAS, filled and chained; then a place in the ring is
// claimed, and noted too, before it is filled with the descriptor and published.
// When the process dies, a noted place that is still being filled, or none, says
// that the message never went out, and its blocks are freed.
//
// Freeing: a seat remembers the message of its item (record.ref) from when the
// record alone has it until its blocks are free; the sweep goes on where a dead
// reader stopped.
//
// Where items carry what lies outside of the ring, each goes through the arena
// whatever its size, and what it carries is held under the number of its message,
// which no other ring has: from before the item is published until Return, which
// comes wherever the message's blocks are freed.
type Arena struct {
	// Return ends what a message holds outside of the ring, nil: nothing can be. lent is
	// what its reader knows of that, as it has told its Seat, nil: it is to be looked for.
	// It may be called again, and for messages that hold nothing.
	Return func(message uint64, lent []uint64)

	notes  []note // of each process slot
	stamps []seam.Uint64
	next   []uint32
	data   unsafe.Pointer
	number uint64 // of the ring, in the numbers of its messages
	cursor int    // private: where the last free block was found
}

// note is what a producer builds, a cache line.
type note struct {
	message seam.Uint64 // 0: nothing
	place   seam.Uint64 // ticket+1 once claimed, 0 before
	serial  seam.Uint64 // the last number given, kept over deaths
	_       [line - 24]byte
}

const noteSize = int(unsafe.Sizeof(note{}))

// ArenaSize is the number of bytes that an arena takes in a ring.
func ArenaSize(g Geometry) int {
	if g.Blocks == 0 {
		return 0
	}
	return line + g.Slots*noteSize + (g.Blocks*12+7)&^7 + BlockSize + g.Blocks*BlockSize
}

func openArena(p unsafe.Pointer, g Geometry) *Arena {
	if g.Blocks == 0 {
		return nil
	}
	p = unsafe.Add(p, -int(uintptr(p))&(line-1))
	a := &Arena{notes: unsafe.Slice((*note)(p), g.Slots), number: uint64(g.Lends)}
	p = unsafe.Add(p, g.Slots*noteSize)
	a.stamps = unsafe.Slice((*seam.Uint64)(p), g.Blocks)
	p = unsafe.Add(p, g.Blocks*8)
	a.next = unsafe.Slice((*uint32)(p), g.Blocks)
	p = unsafe.Add(p, (g.Blocks*4+7)&^7)
	a.data = unsafe.Add(p, -int(uintptr(p))&(BlockSize-1))
	return a
}

// Max is the size of the largest item that could ever fit.
func (a *Arena) Max() int { return len(a.stamps) * BlockSize }

func (a *Arena) block(i uint32) []byte {
	return unsafe.Slice((*byte)(unsafe.Add(a.data, uintptr(i)*BlockSize)), BlockSize)
}

// The payload of an item that is not flat begins with its size and flags.
const (
	// HeadSize is the number of bytes before the item itself.
	HeadSize  = 8
	largeFlag = 1
	// MinPayload is the least payload of a ring with an arena: a descriptor.
	MinPayload = HeadSize + 24
)

// A message's number is {owner, ring, serial}; in a ring whose items carry nothing the
// serial has the bits of the ring too.
const (
	ownerAt = 52
	ringAt  = 40

	// MaxLending bounds the numbers of rings whose items carry something.
	MaxLending = 1<<(ownerAt-ringAt) - 1
)

// RingOf is the number of the ring that a message is of, which [Geometry] says.
func RingOf(message uint64) int { return int(message >> ringAt & MaxLending) }

// Descriptor is where a large item lies.
type Descriptor struct {
	message uint64
	size    uint64
	first   uint32
}

// Message is the number of the item's message.
func (d Descriptor) Message() uint64 { return d.message }

// MessageOf is the number of the large item in a payload, 0 if it is not large.
func MessageOf(payload []byte) uint64 { return messageOf(payload) }

// payloadSize is the number of bytes of payload p that count, at most len(p).
func payloadSize(p []byte) int {
	n := HeadSize + int(binary.NativeEndian.Uint32(p))
	return min(n, len(p))
}

// PutHead writes the head of an item of n bytes that follows it in the payload.
func PutHead(p []byte, n int) {
	binary.NativeEndian.PutUint32(p, uint32(n))
	binary.NativeEndian.PutUint32(p[4:], 0)
}

// PutDescriptor makes p the payload of the large item d.
func PutDescriptor(p []byte, d Descriptor) {
	binary.NativeEndian.PutUint32(p, 24)
	binary.NativeEndian.PutUint32(p[4:], largeFlag)
	binary.NativeEndian.PutUint64(p[8:], d.message)
	binary.NativeEndian.PutUint64(p[16:], d.size)
	binary.NativeEndian.PutUint32(p[24:], d.first)
}

func descriptorOf(p []byte) Descriptor {
	return Descriptor{
		message: binary.NativeEndian.Uint64(p[8:]),
		size:    binary.NativeEndian.Uint64(p[16:]),
		first:   binary.NativeEndian.Uint32(p[24:]),
	}
}

// messageOf is the number of the large item in payload p, or 0.
func messageOf(p []byte) uint64 {
	if binary.NativeEndian.Uint32(p[4:])&largeFlag == 0 {
		return 0
	}
	return binary.NativeEndian.Uint64(p[8:])
}

// Item returns the bytes of the item in payload p, which is headed: a part of
// the payload, or, if it is large, a copy from the arena appended to buf[:0].
func (a *Arena) Item(p, buf []byte) ([]byte, error) {
	n := payloadSize(p)
	if n != HeadSize+int(binary.NativeEndian.Uint32(p)) {
		return nil, ErrCorrupt
	}
	if messageOf(p) == 0 {
		return p[HeadSize:n], nil
	}
	if n != MinPayload {
		return nil, ErrCorrupt
	}
	d := descriptorOf(p)
	if d.size > uint64(a.Max()) {
		return nil, ErrCorrupt
	}
	buf = buf[:0]
	for i, left := d.first, int(d.size); left > 0; {
		if int(i) >= len(a.stamps) || a.stamps[i].Load() != d.message {
			return nil, ErrCorrupt
		}
		k := min(left, BlockSize)
		buf = append(buf, a.block(i)[:k]...)
		left -= k
		i = a.next[i]
	}
	return buf, nil
}

// Build puts data into blocks for process p, all or nothing, and reports whether
// there was room. The message is p's until PutDescriptor has been published and
// Built called, or Drop.
func (a *Arena) Build(p Owner, data []byte) (Descriptor, bool) {
	nt := &a.notes[p]
	serial := nt.serial.Load() + 1
	nt.serial.Store(serial)
	d := Descriptor{message: uint64(p)<<ownerAt | serial&(1<<ownerAt-1), size: uint64(len(data))}
	if a.number > 0 {
		d.message = uint64(p)<<ownerAt | a.number<<ringAt | serial&(1<<ringAt-1)
	}
	nt.place.Store(0)
	nt.message.Store(d.message)
	var last uint32
	want := (len(data) + BlockSize - 1) / BlockSize
	got := 0
	for k := 0; k < len(a.stamps) && got < want; k++ {
		i := a.cursor
		if a.cursor++; a.cursor == len(a.stamps) {
			a.cursor = 0
		}
		if a.stamps[i].Load() != 0 || !a.stamps[i].CompareAndSwap(0, d.message) {
			continue
		}
		seam.Point()
		copy(a.block(uint32(i)), data[got*BlockSize:])
		if got == 0 {
			d.first = uint32(i)
		} else {
			a.next[last] = uint32(i)
		}
		last = uint32(i)
		got++
	}
	if got < want {
		a.dropChain(d.message)
		nt.message.Store(0)
		return Descriptor{}, false
	}
	return d, true
}

// HasRoom reports whether n bytes would fit now.
func (a *Arena) HasRoom(n int) bool {
	want := (n + BlockSize - 1) / BlockSize
	for i := range a.stamps {
		if want == 0 {
			break
		}
		if a.stamps[i].Load() == 0 {
			want--
		}
	}
	return want == 0
}

// Place notes that the message that p builds goes to ticket t, before t is filled.
func (a *Arena) Place(p Owner, t uint64) { a.notes[p].place.Store(t + 1) }

// Built says that the message that p built has been published.
func (a *Arena) Built(p Owner) { a.notes[p].message.Store(0) }

// Drop frees the message that p built, which does not go out.
func (a *Arena) Drop(p Owner) {
	a.drop(a.notes[p].message.Load())
	a.notes[p].message.Store(0)
}

// freeChain frees the blocks of d, which nobody holds any more.
func (a *Arena) freeChain(d Descriptor) {
	i := d.first
	for range (d.size + BlockSize - 1) / BlockSize {
		if int(i) >= len(a.stamps) {
			return
		}
		next := a.next[i]
		if !a.stamps[i].CompareAndSwap(d.message, 0) {
			return
		}
		i = next
	}
}

// drop frees every block of a message, and what it holds.
func (a *Arena) drop(message uint64) {
	if message == 0 {
		return
	}
	a.dropChain(message)
	if a.Return != nil {
		a.Return(message, nil)
	}
}

func (a *Arena) dropChain(message uint64) {
	for i := range a.stamps {
		if a.stamps[i].Load() == message {
			a.stamps[i].CompareAndSwap(message, 0)
		}
	}
}

// settle decides on what the dead p was building, before the slots that prove it
// are changed: it keeps the message if its place has been published, as
// published says, and else marks it to be dropped.
func (a *Arena) settle(p Owner, published func(ticket uint64) bool) {
	nt := &a.notes[p]
	if nt.message.Load() == 0 {
		return
	}
	if place := nt.place.Load(); place != 0 && published(place-1) {
		nt.message.Store(0)
		return
	}
	nt.place.Store(0)
}

// sweep drops what settle has left.
func (a *Arena) sweep(p Owner) {
	nt := &a.notes[p]
	a.drop(nt.message.Load())
	nt.message.Store(0)
}

// Scatter makes this process look for free blocks from block i on, so that
// several producers don't meet.
func (a *Arena) Scatter(i int) { a.cursor = i % len(a.stamps) }
