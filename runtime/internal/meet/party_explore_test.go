//go:build explore

package meet

import (
	"context"
	"errors"
	"fmt"
	"unsafe"

	"github.com/mpgen/mpgen/runtime/internal/bell"
	"github.com/mpgen/mpgen/runtime/internal/explore"
	"github.com/mpgen/mpgen/runtime/internal/lock"
	"github.com/mpgen/mpgen/runtime/internal/seam"
)

// party is some processes that meet, so many turns each, and their parent, who sweeps.
// What a process does in a turn is what the handle in package mp does.
type party struct {
	explore.Harness
	memory []uint64
	bells  []bell.Word
	tokens *seam.Uint64 // what a lock guards, where something is
	door   unsafe.Pointer
	at     unsafe.Pointer // behind the door
	n      int
	names  map[int]string
	sweep  func(p int)

	// bugs put in on purpose
	noSweep, noRing, noQuit bool
}

// newParty is n processes, with size bytes behind the tokens and a lock. There is one
// slot more, of a process that does nothing.
func newParty(n, rounds, size, kills, sweepKills int, turn func(h *party, s *explore.Self, i int)) *party {
	h := &party{n: n, names: map[int]string{}}
	slots := n + 1
	total := slots*bell.WordSize + line + lock.Size(slots) + size
	all := make([]uint64, total/8+8)
	skip := -int(uintptr(unsafe.Pointer(&all[0]))) & 63 / 8
	h.memory = all[skip : skip+total/8]
	p := unsafe.Pointer(&h.memory[0])
	h.bells = unsafe.Slice((*bell.Word)(p), slots)
	for i := range slots {
		h.label(unsafe.Pointer(&h.bells[i]), fmt.Sprint("bell", i))
	}
	p = unsafe.Add(p, slots*bell.WordSize)
	h.tokens = (*seam.Uint64)(p)
	h.label(p, "tokens")
	h.door = unsafe.Add(p, line)
	h.label(h.door, "door")
	h.label(unsafe.Add(h.door, line+8), "standing")
	h.at = unsafe.Add(h.door, lock.Size(slots))
	for k := range size / 8 {
		h.label(unsafe.Add(h.at, 8*k), fmt.Sprint("own", k))
	}
	for i := range n {
		h.Processes = append(h.Processes, explore.Process{
			Name: fmt.Sprint("process", i), From: explore.Context{uint64(rounds)}, Dies: true,
			Turn: func(s *explore.Self, c explore.Context) explore.Context {
				if c[0] == 0 { // it died in its last turn
					seam.Point()
					s.End()
					return c
				}
				turn(h, s, i)
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
	h.Processes = append(h.Processes, explore.Process{Name: "parent", Sweeper: true, Turn: h.supervise})
	h.Memory, h.Kills, h.SweepKills = h.memory, kills, sweepKills
	h.Name = func(slot int) string {
		if name := h.names[slot]; name != "" {
			return name
		}
		return fmt.Sprint("word", slot)
	}
	return h
}

func (h *party) label(p unsafe.Pointer, name string) {
	h.names[int(uintptr(p)-uintptr(unsafe.Pointer(&h.memory[0])))/8] = name
}

func (h *party) word(w *explore.World, p unsafe.Pointer) uint64 {
	return w.Word(int(uintptr(p)-uintptr(unsafe.Pointer(&h.memory[0]))) / 8)
}

// supervise is the parent.
func (h *party) supervise(s *explore.Self, c explore.Context) explore.Context {
	if c[0] == 0 {
		return explore.Context{s.AwaitDeath(h.n)}
	}
	p := int(c[0] - 1)
	if !h.noSweep {
		h.sweep(p)
	}
	seam.At(650)
	h.bells[p].Reset()
	for i := range h.bells {
		seam.At(651, uint64(i))
		h.bells[i].Rouse()
	}
	seam.At(652)
	s.Revive(p)
	return explore.Context{}
}

type until struct{ ready func() bool }

func (u until) Ready() bool {
	seam.At(600)
	ok := u.ready()
	if seam.At(601); ok {
		seam.At(602)
	}
	return ok
}

func (h *party) wait(i int, parked *bell.Parked, ready func() bool) {
	b := bell.Open(&h.bells[i], i, 0)
	if err := b.Wait(context.Background(), parked, until{ready}); err != nil {
		panic(err)
	}
}

func (h *party) lock(i int) *lock.Lock {
	l := lock.Open(h.door, i, h.bells, func() int64 { return 0 })
	return &l
}

var errDied = errors.New("the holder died")

// take is mp.Lock's.
func (h *party) take(l *lock.Lock, i int, repair bool) error {
	if l.Try() {
		return nil
	}
	seam.At(620, flag(repair))
	l.Stand()
	for {
		seam.At(621, flag(repair))
		v, _ := l.Take(repair)
		seam.At(622, flag(repair), uint64(v))
		if v != lock.Wait {
			l.Leave()
			seam.At(623, flag(repair), uint64(v))
			if v == lock.Died {
				return errDied
			}
			return nil
		}
		seam.At(625, flag(repair))
		h.wait(i, nil, l.Ready)
	}
}

func (h *party) give(l *lock.Lock) {
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

// ring rings who has the door.
func (h *party) ring(l *lock.Lock) {
	if h.noRing {
		return
	}
	if slot, died, ok := l.Holder(); ok && !died {
		seam.At(631, uint64(slot))
		h.bells[slot].Ring()
	}
}

func flag(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}
