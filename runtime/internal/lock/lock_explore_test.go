//go:build explore

package lock

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/mpgen/mpgen/runtime/internal/bell"
	"github.com/mpgen/mpgen/runtime/internal/explore"
	"github.com/mpgen/mpgen/runtime/internal/seam"
)

// What the processes tell the checks.
const (
	entered  = iota // it has the lock
	repaired        // it has the lock, and had been told that a holder died
	left            // it is about to give the lock back
)

// The notes: who is inside, plus 1; whether somebody died with the lock and
// nobody has taken it since.
const (
	inside = iota
	half
)

// party is some processes that take one lock, so many times each, and their
// parent, who sweeps.
type party struct {
	explore.Harness
	memory   []uint64
	bells    []bell.Word
	gaveUp   []*seam.Uint64 // of each process: its context has ended
	at       unsafe.Pointer
	n        int
	patience int64
	names    map[int]string

	// bugs put in on purpose
	noLook, noWake, notRoused, noSweep, noPass bool
}

const (
	never  = 1 << 60 // patience: the lock is never reserved
	always = -1      // it is always reserved for who waits
)

func newParty(n, rounds, kills, sweepKills int, patience int64) *party {
	h := &party{n: n, patience: patience, names: map[int]string{}}
	size := n*bell.WordSize + 64 + Size(n)
	all := make([]uint64, size/8+8)
	skip := -int(uintptr(unsafe.Pointer(&all[0]))) & 63 / 8
	h.memory = all[skip : skip+size/8]
	p := unsafe.Pointer(&h.memory[0])
	h.bells = unsafe.Slice((*bell.Word)(p), n)
	p = unsafe.Add(p, n*bell.WordSize)
	for i := range n {
		h.label(unsafe.Pointer(&h.bells[i]), fmt.Sprint("bell", i))
		h.gaveUp = append(h.gaveUp, (*seam.Uint64)(unsafe.Add(p, 8*i)))
		h.label(unsafe.Add(p, 8*i), fmt.Sprint("gaveUp", i))
	}
	h.at = unsafe.Add(p, 64)
	h.label(h.at, "word")
	h.label(unsafe.Add(h.at, 8), "turn")
	h.label(unsafe.Add(h.at, 16), "last")
	h.label(unsafe.Add(h.at, memorySize+8), "waiting")
	for i := range n {
		h.Processes = append(h.Processes, explore.Process{
			Name: fmt.Sprint("locker", i), From: explore.Context{uint64(rounds)}, Dies: true,
			Turn: func(s *explore.Self, c explore.Context) explore.Context { return h.turn(s, c, i) },
			After: func(c explore.Context) explore.Context {
				c[0]--
				return c
			},
		})
	}
	h.Processes = append(h.Processes, explore.Process{Name: "parent", Sweeper: true, Turn: h.supervise})
	h.Memory, h.Kills, h.SweepKills = h.memory, kills, sweepKills
	h.Name = func(slot int) string {
		if name := h.names[slot]; name != "" {
			return name
		}
		return fmt.Sprint("word", slot)
	}
	h.Event, h.Died, h.AtRest = h.event, h.died, h.atRest
	return h
}

func (h *party) label(p unsafe.Pointer, name string) {
	h.names[int(uintptr(p)-uintptr(unsafe.Pointer(&h.memory[0])))/8] = name
}

// withQuitter adds a process that makes process 0 give up when it likes.
func (h *party) withQuitter() *party {
	h.Processes = append(h.Processes, explore.Process{Name: "quitter", Turn: func(s *explore.Self, c explore.Context) explore.Context {
		h.gaveUp[0].Store(1)
		seam.At(610)
		h.bells[0].Ring()
		s.End()
		return c
	}})
	return h
}

type condition struct{ ready func() bool }

func (c condition) Ready() bool {
	seam.At(600)
	ok := c.ready()
	if seam.At(601); ok {
		seam.At(602)
	}
	return ok
}

func (h *party) open(i int) *Lock {
	l := Open(h.at, i, h.bells, func() int64 { return 0 })
	l.patience = h.patience
	return &l
}

var errDied = errors.New("the holder died")
var errGaveUp = errors.New("gave up")

// lock is what package mp does.
func (h *party) lock(l *Lock, repair bool) error {
	if l.Try() {
		return nil
	}
	seam.At(620, flag(repair))
	if !h.noLook {
		l.Stand()
	}
	b := bell.Open(&h.bells[l.slot], l.slot, 0)
	for {
		seam.At(621, flag(repair))
		v, _ := l.Take(repair)
		seam.At(622, flag(repair), uint64(v))
		switch v {
		case Taken, Died:
			l.Leave()
			seam.At(623, flag(repair), uint64(v))
			if v == Died {
				return errDied
			}
			return nil
		case Corrupt:
			return errors.New("corrupt")
		}
		if h.noLook { // the bug: the look comes before the bit
			l.Stand()
			h.sleep(l.slot)
			continue
		}
		if h.gaveUp[l.slot].Load() == 1 {
			seam.At(624)
			if h.noPass {
				l.waiting.Clear(l.slot)
			} else {
				l.Leave()
			}
			return errGaveUp
		}
		seam.At(625, flag(repair))
		ready := func() bool { return l.Ready() || h.gaveUp[l.slot].Load() == 1 }
		if err := b.Wait(context.Background(), nil, condition{ready}); err != nil {
			return err
		}
	}
}

// sleep waits for a ring without a look at the lock.
func (h *party) sleep(slot int) {
	state := (*seam.Uint32)(unsafe.Pointer(&h.bells[slot]))
	if state.CompareAndSwap(0, 2) {
		seam.FutexWait(state, 2, 1, 0)
	}
	state.Swap(0)
}

func flag(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

func (h *party) unlock(l *Lock) {
	if h.noWake {
		l.m.word.CompareAndSwap(l.mine, free)
		return
	}
	done, wake := l.Release()
	switch {
	case !done:
		if !l.HandOn() {
			panic("it was not ours")
		}
	case wake:
		seam.At(630)
		l.Wake()
	}
}

// turn is the lock taken and given back once.
func (h *party) turn(s *explore.Self, c explore.Context, i int) explore.Context {
	if c[0] == 0 { // it died in its last turn
		seam.Point()
		s.End()
		return c
	}
	l := h.open(i)
	kind := entered
	err := h.lock(l, false)
	if errors.Is(err, errDied) {
		seam.At(640)
		err = h.lock(l, true)
		kind = repaired
	}
	if err == nil {
		s.Event(kind, 0)
		seam.At(641)
		seam.Point() // a step within
		s.Event(left, 0)
		seam.At(642)
		h.unlock(l)
	}
	if c[0]--; c[0] == 0 {
		s.End()
	}
	return c
}

func (h *party) event(w *explore.World, i, kind int, _ uint64) error {
	switch kind {
	case entered, repaired:
		if w.Notes[inside] != 0 {
			return fmt.Errorf("locker%d is in, with locker%d", i, w.Notes[inside]-1)
		}
		if w.Notes[half] == 1 && kind == entered {
			return fmt.Errorf("locker%d is in, and nobody told it of a death", i)
		}
		w.Notes[inside], w.Notes[half] = byte(i+1), 0
	case left:
		w.Notes[inside] = 0
	}
	return nil
}

// holds says what the word says at one moment.
func (h *party) holds(w *explore.World, i int) bool { return h.word(w, h.at) == pack(held, i) }

func (h *party) died(w *explore.World, i int) {
	if h.holds(w, i) {
		w.Notes[half] = 1
	}
	if int(w.Notes[inside]) == i+1 {
		w.Notes[inside] = 0
	}
}

func (h *party) word(w *explore.World, p unsafe.Pointer) uint64 {
	return w.Word(int(uintptr(p)-uintptr(unsafe.Pointer(&h.memory[0]))) / 8)
}

func (h *party) atRest(w *explore.World) error {
	switch word := h.word(w, h.at); {
	case word == free:
	case kindOf(word) == dead && w.Notes[half] == 1: // nobody came after
	default:
		return fmt.Errorf("the word is left as %#x", word)
	}
	if waiting := h.word(w, unsafe.Add(h.at, memorySize+8)); waiting != 0 {
		return fmt.Errorf("somebody still waits: %#x", waiting)
	}
	return nil
}

// supervise is the parent.
func (h *party) supervise(s *explore.Self, c explore.Context) explore.Context {
	if c[0] == 0 {
		return explore.Context{s.AwaitDeath(h.n)}
	}
	p := int(c[0] - 1)
	if !h.noSweep {
		h.open(h.n).Sweep(p, true)
	}
	seam.At(650)
	h.bells[p].Reset()
	for i := range h.bells {
		seam.At(651, uint64(i))
		if h.notRoused {
			h.bells[i].Ring()
		} else {
			h.bells[i].Rouse()
		}
	}
	seam.At(652)
	s.Revive(p)
	return explore.Context{}
}

func TestLockUnderAllInterleavings(t *testing.T) {
	for _, c := range []struct {
		name                         string
		n, rounds, kills, sweepKills int
		patience                     int64
		quitter                      bool
		limit                        int
	}{
		{"2 processes, never reserved", 2, 2, 1, 1, never, false, 0},
		{"2 processes, always reserved", 2, 2, 1, 1, always, false, 0},
		{"2 processes, two deaths", 2, 2, 2, 1, always, false, 0},
		{"2 processes, one gives up", 2, 2, 1, 1, always, true, 0},
		{"2 processes, one gives up, never reserved", 2, 2, 1, 1, never, true, 0},
		{"3 processes, never reserved", 3, 1, 1, 1, never, false, 20_000_000},
		{"3 processes, always reserved", 3, 1, 1, 1, always, false, 20_000_000},
		// Too many states: walks, and a part of the search.
		{"3 processes, one gives up", 3, 1, 1, 0, always, true, 5_000_000},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newParty(c.n, c.rounds, c.kills, c.sweepKills, c.patience)
			if c.quitter {
				h.withQuitter()
			}
			if h.StateLimit = c.limit; c.quitter && c.n > 2 {
				h.Walks = 20_000
			}
			f, err := explore.Run(&h.Harness)
			t.Logf("%s, %d rounds, %d kills, %d of the sweep: %v", c.name, c.rounds, c.kills, c.sweepKills, f)
			require.NoError(t, err)
		})
	}
}

// Each of these bugs is known to be one; a search that does not find it checks
// nothing.
func TestSeededBugsAreFound(t *testing.T) {
	in := func(s explore.Step, function string) bool { return s.In("(*Lock)." + function) }
	for _, c := range []struct {
		name string
		h    *party
		bug  func(h *party)
		find string
	}{
		{"no look after the bit", newParty(2, 1, 0, 0, never), func(h *party) { h.noLook = true }, "stuck"},
		{"no wake", newParty(2, 1, 0, 0, never), func(h *party) { h.noWake = true }, "stuck"},
		{"no look at the waiters after the release", newParty(2, 1, 0, 0, never), func(h *party) {
			h.Fault = func(s explore.Step) (uint64, bool) {
				return 0, s.Kind == seam.Load && s.Word == "waiting" && in(s, "Release") && s.Last == 1
			}
		}, "stuck"},
		{"the sweep frees what should be repaired", newParty(2, 1, 1, 0, never), func(h *party) {
			h.Processes[2].Turn = h.freeing
		}, "nobody told it"},
		{"no sweep", newParty(2, 1, 1, 0, never), func(h *party) { h.noSweep = true }, "is left as"},
		{"after a death bells are rung like any", newParty(2, 1, 1, 0, never), func(h *party) { h.notRoused = true }, "stuck"},
		{"who gives up passes nothing on", newParty(3, 1, 0, 0, never).withQuitter(), func(h *party) { h.noPass = true }, "stuck"},
		{"a reservation is not looked at again", newParty(2, 1, 0, 0, always).withQuitter(), func(h *party) {
			h.Fault = func(s explore.Step) (uint64, bool) {
				return 1, s.Kind == seam.Load && s.Word == "waiting" && in(s, "reserve")
			}
		}, "stuck"},
		{"the sweep leaves reservations", newParty(2, 2, 1, 0, always), func(h *party) {
			h.Fault = func(s explore.Step) (uint64, bool) {
				return 1, s.Kind == seam.CompareAndSwap && kindOf(s.A) == reserved && in(s, "Sweep")
			}
		}, "stuck"},
		{"taken, whether the CAS succeeds or not", newParty(2, 1, 0, 0, never), func(h *party) {
			h.Fault = func(s explore.Step) (uint64, bool) {
				return 1, s.Kind == seam.CompareAndSwap && s.Word == "word" && in(s, "Try")
			}
		}, "is in, with"},
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

// freeing is a parent that sets free whatever the dead held.
func (h *party) freeing(s *explore.Self, c explore.Context) explore.Context {
	if c[0] > 0 {
		h.open(h.n).Sweep(int(c[0]-1), false)
		seam.At(660)
	}
	return h.supervise(s, c)
}
