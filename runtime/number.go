package mp

import (
	"math"
	"sync/atomic"
	"unsafe"

	"github.com/mpgen/mpgen/runtime/internal/control"
	"github.com/mpgen/mpgen/runtime/internal/ring"
)

// NumberDecl is a row for a value of a number type.
type NumberDecl[T Numeric] struct{ Name string }

func (v *NumberDecl[T]) name() string { return v.Name }

// In is the number itself.
func (v *NumberDecl[T]) In(n *Node) *Number[T] {
	_, at := n.shared(v)
	return numberAt[T](at)
}

// Numeric are the types of a shared number. They have the size of what the
// processor can change in one step.
type Numeric interface {
	~int | ~int32 | ~int64 | ~uint | ~uint32 | ~uint64 | ~float32 | ~float64
}

// Number is a shared number. Its operations are atomic, never wait, and are seen
// in one order by all goroutines of all processes. Sums of integers wrap around.
//
// A Number lies where its value lies, so a handle is the address of the shared
// word. A Number that the program declares itself, in a test for example, works
// too and starts at 0.
type Number[T Numeric] struct {
	_ [0]T

	// word carries 8-byte types whole and 4-byte types in its first half. The
	// other half of it is never read.
	word atomic.Uint64
}

// numberAt is the number at p, which is aligned to 8 bytes and stays mapped for
// as long as anybody holds the handle.
func numberAt[T Numeric](p unsafe.Pointer) *Number[T] { return (*Number[T])(p) }

// narrow and fractional are constants of each instantiation, so the compiler
// keeps only the one branch of a method that its T needs. A type switch could
// not tell a named type from others.
func narrow[T Numeric]() bool     { return unsafe.Sizeof(T(0)) == 4 }
func fractional[T Numeric]() bool { return T(1)/T(2) != 0 }

func (n *Number[T]) half() *uint32 { return (*uint32)(unsafe.Pointer(&n.word)) }

func (n *Number[T]) load() (v T) {
	if narrow[T]() {
		bits := atomic.LoadUint32(n.half())
		return *(*T)(unsafe.Pointer(&bits))
	}
	bits := n.word.Load()
	return *(*T)(unsafe.Pointer(&bits))
}

func (n *Number[T]) swap(old, new T) bool {
	if narrow[T]() {
		return atomic.CompareAndSwapUint32(n.half(), *(*uint32)(unsafe.Pointer(&old)), *(*uint32)(unsafe.Pointer(&new)))
	}
	return n.word.CompareAndSwap(*(*uint64)(unsafe.Pointer(&old)), *(*uint64)(unsafe.Pointer(&new)))
}

// Load returns the number.
func (n *Number[T]) Load() T { return n.load() }

// Store sets the number.
func (n *Number[T]) Store(v T) {
	if narrow[T]() {
		atomic.StoreUint32(n.half(), *(*uint32)(unsafe.Pointer(&v)))
		return
	}
	n.word.Store(*(*uint64)(unsafe.Pointer(&v)))
}

// Add adds d and returns the sum.
func (n *Number[T]) Add(d T) T {
	if fractional[T]() {
		return n.addFloat(d)
	}
	if narrow[T]() {
		return T(atomic.AddUint32(n.half(), uint32(d)))
	}
	return T(n.word.Add(uint64(d)))
}

func (n *Number[T]) addFloat(d T) T {
	for {
		old := n.load()
		if sum := old + d; n.swap(old, sum) {
			return sum
		}
	}
}

// CompareAndSwap sets the number to new if it is old, and says whether it did.
// Of floats, -0 is 0, and a NaN is the same NaN: the usual loop over Load and
// CompareAndSwap ends.
func (n *Number[T]) CompareAndSwap(old, new T) bool {
	if n.swap(old, new) {
		return true
	}
	if !fractional[T]() || old != 0 {
		return false
	}
	return n.swap(T(math.Copysign(0, -1)), new) || n.swap(0, new)
}

func (v *NumberDecl[T]) check() error { return nil }

func (v *NumberDecl[T]) place(int, int) sharedPlace {
	return sharedPlace{kind: control.KindNumber, size: 8}
}

// repair has nothing to do: each operation is one instruction.
func (v *NumberDecl[T]) repair(*Node, unsafe.Pointer, ring.Owner, bool) {}
