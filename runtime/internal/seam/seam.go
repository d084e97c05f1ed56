//go:build !explore

// Package seam is the only way by which the protocols of shared memory touch a
// shared word. In a normal build it is sync/atomic and two system calls, at no
// cost. With the build tag explore each operation is a step that a scheduler
// orders, and at which it may kill the process that is about to take it: so the
// explorer runs the protocol's own code, not a model of it.
//
// What goes through it: every atomic operation on a shared word, every futex
// call, and, by Point, the places where plain memory is copied and a death
// would leave it half written. At declares the whole local state of a loop at
// its head, which lets the explorer see that two histories meet.
package seam

import "sync/atomic"

// Uint64 and Uint32 are words of shared memory.
type (
	Uint64 = atomic.Uint64
	Uint32 = atomic.Uint32
)

// Point is a place between two steps where a death matters though no shared
// word is touched: before and within a copy of plain memory.
func Point() {}

// At says that the caller stands at place, a number unique in its package, and
// that nothing but place and the given values decides what it does next.
func At(place int, local ...uint64) {}
