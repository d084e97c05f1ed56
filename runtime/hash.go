package mp

import (
	"encoding/binary"
	"math"
	"math/bits"
	"unsafe"
)

// HashString is the hash that picks the reader of a keyed item. It is the same
// in all processes of a run, which Go's own hash is not, and may change from
// version to version.
func HashString(s string) uint64 {
	return hashBytes(hashSeed, unsafe.Slice(unsafe.StringData(s), len(s)))
}

// Hash is HashString for flat keys. Keys that are equal have the same hash:
// padding does not count, and 0 and -0 are one key. For a type that is not flat
// it is 0.
func Hash[T comparable](v T) uint64 {
	l := layoutOf[T]()
	h, p := uint64(hashSeed), unsafe.Pointer(&v)
	for _, f := range l.fields {
		if f.float {
			h = mix(h, floatBits(unsafe.Add(p, f.at), f.size))
			continue
		}
		h = hashBytes(h, unsafe.Slice((*byte)(unsafe.Add(p, f.at)), f.size))
	}
	return h
}

func floatBits(p unsafe.Pointer, size uintptr) uint64 {
	v := float64(0)
	if size == 4 {
		v = float64(*(*float32)(p))
	} else {
		v = *(*float64)(p)
	}
	return math.Float64bits(v + 0) // -0 + 0 is 0
}

// The hash multiplies 8 bytes at a time into 128 bits and folds the halves, as
// wyhash does. The constants are odd numbers with as many ones as zeros.
const (
	hashSeed = 0x9e3779b97f4a7c15
	hashMul  = 0xa0761d6478bd642f
)

func mix(h, x uint64) uint64 {
	hi, lo := bits.Mul64(h^x, hashMul)
	return hi ^ lo ^ hashSeed
}

func hashBytes(h uint64, b []byte) uint64 {
	n := uint64(len(b))
	for ; len(b) >= 8; b = b[8:] {
		h = mix(h, binary.LittleEndian.Uint64(b))
	}
	tail := uint64(0)
	for i, c := range b {
		tail |= uint64(c) << (8 * i)
	}
	return mix(mix(h, tail), n)
}
