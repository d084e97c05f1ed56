package mp

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// cell is an element of several fields.
type cell struct {
	X, Y  int32
	Alive bool
	Name  [7]byte
}

// field is arrays, who writes to them, who looks at them, and who should not.
var field = func() (s struct {
	pipeline *Pipeline
	lock     *LockDecl
	cells    *ArrayDecl[cell]
	sums     *ArrayDecl[uint64] // its length is given to Start
	last     *ArrayDecl[byte]   // so is this
	done     *NumberDecl[int]
	write    *ProcessDecl
	look     *ProcessDecl
	both     *ProcessDecl
}) {
	s.lock = &LockDecl{Name: "turn"}
	s.cells = &ArrayDecl[cell]{Name: "cells", Len: 1000, Guard: s.lock}
	s.sums = &ArrayDecl[uint64]{Name: "sums"}
	s.last = &ArrayDecl[byte]{Name: "last"}
	s.done = &NumberDecl[int]{Name: "done"}
	s.write = &ProcessDecl{Name: "write", Uses: []Decl{s.lock, s.cells, s.sums, s.done}}
	s.write.Main = func(ctx context.Context, n *Node, d *Decoder) error {
		cells, sums := s.cells.In(n), s.sums.In(n)
		for i := range cells {
			cells[i] = cell{X: int32(i), Y: -int32(i), Alive: i%2 == 0}
		}
		for i := range sums {
			atomic.AddUint64(&sums[i], uint64(i))
		}
		s.done.In(n).Add(1)
		if d.String() == "undeclared" {
			s.last.In(n)[0] = 1
		}
		return nil
	}
	s.look = &ProcessDecl{Name: "look", Uses: []Decl{s.done}, Reads: []Decl{s.cells, s.last}}
	s.look.Main = func(ctx context.Context, n *Node, d *Decoder) error {
		cells, done := s.cells.ReadIn(n), s.done.In(n)
		switch how := d.String(); how {
		case "write":
			cells[3].X = 1
		case "write past the handle":
			s.cells.In(n)[3].X = 1
		default:
			for done.Load() < 1 && ctx.Err() == nil {
			}
			for i, c := range cells {
				if c != (cell{X: int32(i), Y: -int32(i), Alive: i%2 == 0}) {
					return fmt.Errorf("cell %d is %v", i, c)
				}
			}
			if n := len(s.last.ReadIn(n)); n != 5 {
				return fmt.Errorf("last has %d elements", n)
			}
		}
		return nil
	}
	s.both = &ProcessDecl{Name: "both", Uses: []Decl{s.sums}, Reads: []Decl{s.sums}}
	s.both.Main = func(ctx context.Context, n *Node, d *Decoder) error {
		mine, seen := s.sums.In(n), s.sums.ReadIn(n)
		if atomic.AddUint64(&mine[0], 1); seen[0] != 1 {
			return errors.New("two mappings, and two memories")
		}
		if d.String() == "write" {
			seen[0] = 2
		}
		return nil
	}
	s.pipeline = &Pipeline{Path: "mp.test/field", Source: "field.mp",
		Decls: []Decl{s.cells, s.lock, s.sums, s.last, s.done, s.write, s.look, s.both}}
	Register(s.pipeline)
	return s
}()

func fieldArgs(sums int, write, look, both string) []Arg {
	how := func(s string) func(*Encoder) { return func(e *Encoder) { e.String(s) } }
	return []Arg{field.look.With(how(look)), field.sums.WithLen(sums), field.write.With(how(write)),
		field.last.WithLen(5), field.both.With(how(both))}
}

func TestArraysAreTheSameMemoryEverywhere(t *testing.T) {
	const many = 100_000
	r, n := begin(t, field.pipeline, fieldArgs(many, "", "", "")...)
	cells, sums, seen := field.cells.In(n), field.sums.In(n), field.sums.ReadIn(n)
	require.NoError(t, r.Wait())
	require.Len(t, cells, 1000)
	require.Len(t, sums, many)
	require.Zero(t, uintptr(unsafe.Pointer(&sums[0]))%uintptr(os.Getpagesize()))
	require.NotSame(t, &sums[0], &seen[0])
	require.Same(t, &seen[0], &field.sums.ReadIn(n)[0], "mapped once")
	check := func() {
		for i := range sums[1:] {
			require.Equal(t, uint64(i+1), sums[i+1])
		}
		require.Equal(t, sums, seen)
		require.Equal(t, cell{X: 999, Y: -999}, cells[999])
	}
	check()
	require.NoError(t, r.Close())
	check() // they stay
	cells[0].X, sums[0] = 7, 8
	require.Equal(t, int32(7), cells[0].X)
	require.Equal(t, int64(many*8), int64(len(sums)*8))
}

func TestWhoDoesNotUseAnArrayCanNotWriteToIt(t *testing.T) {
	for name, args := range map[string][]Arg{
		"through the slice to read":         fieldArgs(10, "", "write", ""),
		"through the commons":               fieldArgs(10, "", "write past the handle", ""),
		"of which nothing is declared":      fieldArgs(10, "undeclared", "", ""),
		"through the slice to read of both": fieldArgs(10, "", "", "write"),
	} {
		t.Run(name, func(t *testing.T) {
			r, _ := begin(t, field.pipeline, args...)
			var died *Died
			require.ErrorAs(t, r.Wait(), &died)
			require.Contains(t, died.Panic, "SIGSEGV")
		})
	}
}

func TestArrayWithoutALengthIsRefused(t *testing.T) {
	args := fieldArgs(0, "", "", "")
	_, _, err := Start(context.Background(), field.pipeline, nil, args...)
	require.EqualError(t, err, `start field.mp: array "sums" can't have 0 elements: give its length, of at least 1, in the arguments of Start`)
	_, _, err = Start(context.Background(), field.pipeline, nil, args[2:]...)
	require.EqualError(t, err, `start field.mp: array "sums" has no length: generate its code again`)
	_, _, err = Start(context.Background(), field.pipeline, nil, fieldArgs(1<<62, "", "", "")...)
	require.ErrorContains(t, err, `array "sums" can't have 4611686018427387904 elements`)
	var no *NoMemory
	_, _, err = Start(context.Background(), field.pipeline, nil, fieldArgs(1<<40, "", "", "")...)
	require.ErrorAs(t, err, &no)
	require.Greater(t, no.Need, int64(8<<40))

	p := &Pipeline{Source: "bad.mp", Decls: []Decl{&ArrayDecl[string]{Name: "words", Len: 3}}}
	_, _, err = Start(context.Background(), p, nil)
	require.ErrorContains(t, err, `array "words": "string" can't be copied from process to process`)
}

func TestViewersFindTheGuardOfAnArray(t *testing.T) {
	r, _ := begin(t, field.pipeline, fieldArgs(10, "", "", "")...)
	rows := r.node.control.Table
	for _, row := range rows {
		if name := string(row.Name[:5]); name == "cells" {
			require.Equal(t, "turn", string(rows[row.Guard-1].Name[:4]))
			require.Equal(t, uint64(unsafe.Sizeof(cell{})), row.Stride)
			return
		}
	}
	require.Fail(t, "no row")
}
