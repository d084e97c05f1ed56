//go:build explore

package value

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/mpgen/mpgen/runtime/internal/bell"
	"github.com/mpgen/mpgen/runtime/internal/explore"
	"github.com/mpgen/mpgen/runtime/internal/lock"
	"github.com/mpgen/mpgen/runtime/internal/seam"
)

// What the processes tell the checks.
const (
	published = iota // an update is out
	saw              // a reader has a value
)

// The notes: how many updates are out, and the largest value that was seen.
const (
	out = iota
	seen
)

// board is writers that count a value of two equal words up, readers, and the
// parent, who sweeps.
type board struct {
	explore.Harness
	memory  []uint64
	bells   []bell.Word
	lockAt  unsafe.Pointer
	valueAt unsafe.Pointer
	n       int

	noLock, noVersion, oneCopy bool // bugs put in on purpose
}

const bytes = 16

func newBoard(writers, updates, readers, reads, kills, sweepKills int) *board {
	h := &board{n: writers + readers}
	size := h.n*bell.WordSize + lock.Size(h.n) + Size(bytes)
	all := make([]uint64, size/8+8)
	skip := -int(uintptr(unsafe.Pointer(&all[0]))) & 63 / 8
	h.memory = all[skip : skip+size/8]
	p := unsafe.Pointer(&h.memory[0])
	h.bells = unsafe.Slice((*bell.Word)(p), h.n)
	h.lockAt = unsafe.Add(p, h.n*bell.WordSize)
	h.valueAt = unsafe.Add(h.lockAt, lock.Size(h.n))
	add := func(name string, rounds int, turn func(*explore.Self, int)) {
		i := len(h.Processes)
		h.Processes = append(h.Processes, explore.Process{
			Name: fmt.Sprint(name, i), From: explore.Context{uint64(rounds)}, Dies: true,
			Turn: func(s *explore.Self, c explore.Context) explore.Context {
				if c[0] == 0 {
					seam.Point()
					s.End()
					return c
				}
				turn(s, i)
				if c[0]--; c[0] == 0 {
					s.End()
				}
				return c
			},
			After: func(c explore.Context) explore.Context {
				c[0]--
				return c
			},
		})
	}
	for range writers {
		add("writer", updates, h.update)
	}
	for range readers {
		add("reader", reads, h.read)
	}
	h.Processes = append(h.Processes, explore.Process{Name: "parent", Sweeper: true, Turn: h.supervise})
	h.Memory, h.Kills, h.SweepKills = h.memory, kills, sweepKills
	h.Event, h.AtRest = h.event, h.atRest
	return h
}

type condition struct{ l *lock.Lock }

func (c condition) Ready() bool {
	seam.At(700)
	ok := c.l.Ready()
	if seam.At(701); ok {
		seam.At(702)
	}
	return ok
}

func (h *board) open(i int) (*lock.Lock, *Value) {
	l, v := lock.Open(h.lockAt, i, h.bells, func() int64 { return 0 }), Open(h.valueAt, bytes)
	if h.oneCopy {
		v.copies[1] = v.copies[0]
	}
	return &l, &v
}

func (h *board) acquire(l *lock.Lock, i int) {
	if l.Try() {
		return
	}
	seam.At(710)
	l.Stand()
	b := bell.Open(&h.bells[i], i, 0)
	for {
		seam.At(711)
		v, _ := l.Take(false)
		seam.At(712, uint64(v))
		if v == lock.Taken {
			l.Leave()
			return
		}
		if err := b.Wait(context.Background(), nil, condition{l}); err != nil {
			panic(err)
		}
	}
}

func (h *board) release(l *lock.Lock) {
	done, wake := l.Release()
	switch {
	case !done:
		l.HandOn()
	case wake:
		seam.At(720)
		l.Wake()
	}
}

func (h *board) update(s *explore.Self, i int) {
	l, v := h.open(i)
	if !h.noLock {
		h.acquire(l, i)
	}
	var buf [bytes]byte
	n, ok, err := v.Read(buf[:])
	if err != nil || !ok && !h.noLock {
		panic("a writer reads what another writes")
	}
	x := uint64(0)
	if n > 0 {
		x = binary.NativeEndian.Uint64(buf[:])
	}
	seam.At(730, x)
	binary.NativeEndian.PutUint64(buf[:], x+1)
	binary.NativeEndian.PutUint64(buf[8:], x+1)
	v.Write(buf[:])
	s.Event(published, 0)
	seam.At(731)
	if !h.noLock {
		h.release(l)
	}
}

func (h *board) read(s *explore.Self, i int) {
	_, v := h.open(i)
	for {
		var buf [bytes]byte
		n, ok, err := v.Read(buf[:])
		if err != nil {
			panic(err)
		}
		if n < 0 {
			s.Event(saw, 0)
			return
		}
		if ok || h.noVersion {
			a, b := binary.NativeEndian.Uint64(buf[:]), binary.NativeEndian.Uint64(buf[8:])
			s.Event(saw, a|b<<32)
			return
		}
		seam.At(740)
	}
}

func (h *board) event(w *explore.World, i, kind int, v uint64) error {
	switch kind {
	case published:
		w.Notes[out]++
	case saw:
		if a, b := v&0xffff, v>>32; a != b {
			return fmt.Errorf("a torn value: %d and %d", a, b)
		}
		if byte(v) > w.Notes[out] {
			return errors.New("a value that is not out")
		}
	}
	return nil
}

func (h *board) atRest(w *explore.World) error {
	at := int(uintptr(h.valueAt)-uintptr(unsafe.Pointer(&h.memory[0]))) / 8
	version := w.Word(at)
	if int(version) != int(w.Notes[out]) {
		return fmt.Errorf("version %d after %d updates", version, w.Notes[out])
	}
	if version == 0 {
		return nil
	}
	copyAt := at + 8 + int(version&1)*copySize(bytes)/8
	if v := w.Word(copyAt + 1); v != version || w.Word(copyAt+2) != v || w.Word(copyAt) != bytes {
		return fmt.Errorf("the value is %d after %d updates", v, version)
	}
	return nil
}

func (h *board) supervise(s *explore.Self, c explore.Context) explore.Context {
	if c[0] == 0 {
		return explore.Context{s.AwaitDeath(h.n)}
	}
	p := int(c[0] - 1)
	l, _ := h.open(0)
	l.Sweep(p, false)
	seam.At(750)
	h.bells[p].Reset()
	for i := range h.bells {
		seam.At(751, uint64(i))
		h.bells[i].Rouse()
	}
	seam.At(752)
	s.Revive(p)
	return explore.Context{}
}

func TestValueUnderAllInterleavings(t *testing.T) {
	for _, c := range []struct {
		writers, updates, readers, reads, kills, sweepKills, limit int
	}{
		{1, 3, 1, 2, 1, 1, 0},
		{2, 1, 0, 0, 2, 1, 0},
		{2, 2, 0, 0, 1, 1, 0},
		{2, 1, 1, 2, 1, 0, 0},
		{2, 2, 1, 1, 1, 1, 10_000_000},
	} {
		h := newBoard(c.writers, c.updates, c.readers, c.reads, c.kills, c.sweepKills)
		h.StateLimit = c.limit
		f, err := explore.Run(&h.Harness)
		t.Logf("%d writers of %d updates, %d readers of %d, %d kills, %d of the sweep: %v", c.writers, c.updates, c.readers, c.reads, c.kills, c.sweepKills, f)
		require.NoError(t, err)
	}
}

// Each of these bugs is known to be one; a search that does not find it checks
// nothing.
func TestSeededBugsAreFound(t *testing.T) {
	for _, c := range []struct {
		name string
		h    *board
		bug  func(h *board)
		find string
	}{
		{"no lock between writers", newBoard(2, 1, 0, 0, 0, 0), func(h *board) { h.noLock = true }, "after"},
		{"no second look at the version", newBoard(1, 3, 1, 1, 0, 0), func(h *board) { h.noVersion = true }, "torn"},
		{"one copy only", newBoard(1, 2, 1, 1, 0, 0), func(h *board) { h.oneCopy = true }, "a value that is not out"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.bug(c.h)
			c.h.StateLimit = 3_000_000
			f, err := explore.Run(&c.h.Harness)
			t.Logf("%s: %v", c.name, f)
			require.ErrorContains(t, err, c.find)
			var v *explore.Violation
			require.ErrorAs(t, err, &v)
		})
	}
}
