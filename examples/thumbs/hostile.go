package main

import (
	"image"
	"io"
	"unsafe"
)

// Three decoders with the bugs that real ones have had. A picture that begins with
// CRASH, SPIN or HOARD gets to them.
func init() {
	image.RegisterFormat("crash", "CRASH", crash, nil)
	image.RegisterFormat("spin", "SPIN", spin, nil)
	image.RegisterFormat("hoard", "HOARD", hoard, nil)
}

// crash reads memory that is not there, as a C library does with a length that
// it has not checked. No recover catches that.
func crash(io.Reader) (image.Image, error) {
	wild := uintptr(0x5eed_0000_0000)
	return image.NewGray(image.Rect(0, 0, 1, *(*int)(*(*unsafe.Pointer)(unsafe.Pointer(&wild))))), nil
}

// spin loops for ever, and knows no context.
func spin(io.Reader) (image.Image, error) {
	for n := uint(0); ; n += 2 {
		if n == 1 {
			return nil, io.ErrUnexpectedEOF
		}
	}
}

// hoard allocates without end, as for a picture that says it has 2^31 pixels a side.
func hoard(io.Reader) (image.Image, error) {
	for {
		hoarded = append(hoarded, make([]byte, 16<<20))
	}
}

var hoarded [][]byte
