//go:build linux && amd64 && !explore

package block

import (
	"fmt"
	"testing"
	"unsafe"

	"github.com/mpgen/mpgen/runtime/internal/bell"
	"github.com/mpgen/mpgen/runtime/internal/killstep"
)

func TestMain(m *testing.M) { killstep.Main(m, operations) }

func TestDeathAfterEachInstruction(t *testing.T) { killstep.Run(t, operations) }

// The processes: one goes on after the death, one is the child.
const (
	other  = 1
	victim = 2
	slots  = 3

	message = 77
)

var shape = Geometry{Memory: 1024, Count: 3, Messages: []int{2, 2}, Slots: slots}

// bench is a memory: bells, how far the child knows to be, and an arena.
type bench struct {
	reached   *uint64
	mine, its *Table // of other and victim
}

func openBench(p unsafe.Pointer, poison bool) *bench {
	bells, at := unsafe.Slice((*bell.Word)(p), slots), unsafe.Add(p, page)
	return &bench{(*uint64)(unsafe.Add(p, 2048)), Open(at, shape, other, bells, poison), Open(at, shape, victim, bells, poison)}
}

func must(ok bool) {
	if !ok {
		panic("the operation could not be done")
	}
}

const (
	begun = iota
	has
	gone
)

// shared makes a block that the other, the child and a message hold.
func (b *bench) shared() Block {
	x, ok := b.mine.New(200)
	must(ok && b.its.Keep(x) && b.mine.Lend(x, 0, message) == Lent)
	return x
}

func operation(name string, poison bool, before func(b *bench), act func(b *bench) func(), check func(b *bench) error) killstep.Operation {
	return killstep.Operation{
		Name: name, Size: page + Size(shape),
		Prepare: func(p unsafe.Pointer) { before(openBench(p, poison)) },
		Open:    func(p unsafe.Pointer) func() { return act(openBench(p, poison)) },
		Check: func(p unsafe.Pointer) error {
			b := openBench(p, poison)
			b.mine.Sweep(victim)
			b.mine.Sweep(victim) // as if it had been killed
			if err := check(b); err != nil {
				return err
			}
			return b.whole()
		},
	}
}

// whole checks that nobody has anything, and that a block of all memory can be made.
func (b *bench) whole() error {
	if blocks, bytes := b.mine.Taken(); blocks > 0 {
		return fmt.Errorf("%d blocks of %d bytes are left", blocks, bytes)
	}
	for i := range shape.Count {
		for k, p := range b.mine.holds(i) {
			if w := p.Load(); w != 0 {
				return fmt.Errorf("hold %d of entry %d is left as %#x", k, i, w)
			}
		}
	}
	x, ok := b.mine.New(shape.Memory)
	if !ok || x.At != 0 {
		return fmt.Errorf("a block of all memory can't be made: %v", x)
	}
	b.mine.Drop(x)
	return nil
}

// there checks that a block of the message, and perhaps the other's, is as it was, and
// takes it from them.
func (b *bench) there(held bool) error {
	has := b.mine.Holding(0, message)
	if len(has) == 0 {
		if held {
			return fmt.Errorf("the message has no block")
		}
		return nil
	}
	x := has[0]
	if !b.mine.Keep(x) {
		return fmt.Errorf("the block of a message is gone")
	}
	b.mine.ReturnAll(0, message)
	if _, ok := b.mine.Find(x.Entry, x.Generation); !ok {
		return fmt.Errorf("the other's block is gone")
	}
	b.mine.Drop(x)
	return nil
}

func nothing(*bench)       {}
func noCheck(*bench) error { return nil }

var operations = []killstep.Operation{
	operation("new", false, nothing, func(b *bench) func() {
		return func() {
			_, ok := b.its.New(200)
			must(ok)
		}
	}, noCheck),
	operation("new, and drop", false, nothing, func(b *bench) func() {
		return func() {
			x, ok := b.its.New(200)
			must(ok)
			b.its.Drop(x)
		}
	}, noCheck),
	operation("drop, with poison", true, func(b *bench) {
		_, ok := b.its.New(64)
		must(ok)
	}, func(b *bench) func() {
		x, ok := b.its.Find(0, 0)
		must(ok)
		return func() { b.its.Drop(x) }
	}, noCheck),
	operation("keep, and drop", false, func(b *bench) {
		x, ok := b.mine.New(200)
		must(ok && b.mine.Lend(x, 0, message) == Lent)
		b.mine.Drop(x)
	}, func(b *bench) func() {
		x, ok := b.its.Find(0, 0)
		must(ok)
		return func() {
			must(b.its.Keep(x))
			b.its.Drop(x)
		}
	}, func(b *bench) error { return b.there(true) }),
	operation("lend, and drop", false, func(b *bench) {
		_, ok := b.its.New(200)
		must(ok)
	}, func(b *bench) func() {
		x, ok := b.its.Find(0, 0)
		must(ok)
		return func() {
			must(b.its.Lend(x, 0, message) == Lent)
			*b.reached = has
			b.its.Drop(x)
		}
	}, func(b *bench) error { return b.there(*b.reached == has) }),
	operation("return, when others hold it", false, func(b *bench) { b.shared() }, func(b *bench) func() {
		return func() {
			b.its.Return(0, 0, message)
			*b.reached = gone
		}
	}, func(b *bench) error {
		if *b.reached == gone && len(b.mine.Holding(0, message)) > 0 {
			return fmt.Errorf("the message still has the block")
		}
		b.mine.ReturnAll(0, message) // the rings do it again
		x, ok := b.mine.Find(0, 0)
		if !ok {
			return fmt.Errorf("the other's block is gone")
		}
		b.mine.Drop(x)
		return nil
	}),
	operation("keep of what is gone", false, func(b *bench) {
		x, ok := b.mine.New(200)
		must(ok)
		b.mine.Drop(x)
	}, func(b *bench) func() {
		return func() { must(!b.its.Keep(Block{Entry: 0, Generation: 0, Size: 200})) }
	}, noCheck),
}
