package compiler

import (
	"fmt"
	"image"
	"image/color"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// TestSizesAreThoseOfGo compares structs with the same ones in Go, padding and all.
func TestSizesAreThoseOfGo(t *testing.T) {
	p, ds := Lower(Input{ImportPath: "example.com/sizes", Version: "v0.0.0", Sources: []Source{{"sizes.mp", []byte(`package main

import "image"
import "image/color"
import "time"

enum Level { low; high }
struct Inner { a bool; b int64; c bool }
struct Mixed { a byte; b Inner; c [3]int16; d complex64; e Level; f rune }
struct Last  { a int32; b [0]int64 }
struct Zero  { a [0]byte }
struct Go    { a image.Rectangle; b color.RGBA; c time.Duration; d [2]image.Point; e time.Month }

array a [1]Mixed
array b [1]Last
array c [1]Zero
array d [1]Go
array e [1]complex128
array f [1]bool

process main { use a, b, c, d, e, f }
`)}}})
	require.NotNil(t, p, "%+v", ds)
	type inner struct {
		_ bool
		_ int64
		_ bool
	}
	want := map[string]uintptr{
		"a": unsafe.Sizeof(struct {
			a byte
			b inner
			c [3]int16
			d complex64
			e uint8
			f rune
		}{}),
		"b": unsafe.Sizeof(struct {
			a int32
			b [0]int64
		}{}),
		"c": 0,
		"d": unsafe.Sizeof(struct {
			a image.Rectangle
			b color.RGBA
			c time.Duration
			d [2]image.Point
			e time.Month
		}{}),
		"e": 16,
		"f": 1,
	}
	for _, d := range p.Decls {
		if d.Array != nil {
			require.Equal(t, int64(want[d.Name]), d.Array.Elem.Size, d.Name)
			delete(want, d.Name)
		}
	}
	require.Empty(t, want)
}

// TestDoubledStructsAreLookedAtOnce has structs that hold two of the one before, of no size,
// so that nothing bounds them: who looked at each of their values would not come to an end.
func TestDoubledStructsAreLookedAtOnce(t *testing.T) {
	for _, leaf := range []string{"byte", "string"} {
		var text strings.Builder
		fmt.Fprintf(&text, "package main\n\nstruct S0 { a [0]%s }\n", leaf)
		for i := range 60 {
			fmt.Fprintf(&text, "struct S%d { a S%d; b S%d }\n", i+1, i, i)
		}
		text.WriteString("queue q S60\nvalue v S60\nvalue m map[S60]int\nset s S60\npool p(s S60) S60 { task { timeout 1s } }\nprocess main { send q; receive q; use v, m, s }\n")
		in := Input{ImportPath: "example.com/doubled", Version: "v0.0.0", Sources: []Source{{"doubled.mp", []byte(text.String())}}}
		out, ds := Generate(in)
		require.Empty(t, ds)
		require.NotEmpty(t, out.Files)
		require.Empty(t, Vet(in))
	}
}
