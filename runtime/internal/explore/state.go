//go:build explore

package explore

import "github.com/mpgen/mpgen/runtime/internal/seam"

const (
	maxProcesses = 6
	noteBytes    = 24
)

type life uint8

const (
	alive life = iota
	asleep
	dead
	ended
)

// Notes are what a harness's checks remember; they are part of the state.
type Notes [noteBytes]byte

type state struct {
	mem       []uint64
	node      [maxProcesses]int32
	life      [maxProcesses]life
	notes     Notes
	kills     uint8 // used
	sweeps    uint8 // kills of a sweeper, used
	memHash   uint64
	plainHash uint64
}

func (s *state) copyFrom(o *state) {
	mem := s.mem
	copy(mem, o.mem)
	*s = *o
	s.mem = mem
}

// set writes a word; plain says that it was no operation.
func (s *state) set(from []uint64, slot int, v uint64, plain bool) {
	old := s.mem[slot]
	if old == v {
		return
	}
	d := uint64(0)
	if old != from[slot] {
		d ^= mix(uint64(slot)+5, old)
	}
	if v != from[slot] {
		d ^= mix(uint64(slot)+5, v)
	}
	s.mem[slot] = v
	s.memHash ^= d
	if plain {
		s.plainHash ^= d
	}
}

func (s *state) hash(n int) uint64 {
	h := s.memHash
	for i := range n {
		h = mix(h, uint64(s.node[i])<<8|uint64(s.life[i]))
	}
	for i := 0; i < noteBytes; i += 8 {
		h = mix(h, uint64(s.notes[i])|uint64(s.notes[i+1])<<8|uint64(s.notes[i+2])<<16|uint64(s.notes[i+3])<<24|
			uint64(s.notes[i+4])<<32|uint64(s.notes[i+5])<<40|uint64(s.notes[i+6])<<48|uint64(s.notes[i+7])<<56)
	}
	h = mix(h, uint64(s.kills)<<8|uint64(s.sweeps)) &^ 1
	if h == 0 {
		return 2
	}
	return h
}

// World is a state as guards and checks see it.
type World struct {
	s *state
	// Notes are the harness's.
	Notes *Notes
}

// Dead reports whether process i is dead and not revived.
func (w *World) Dead(i int) bool { return w.s.life[i] == dead }

// Ended reports whether process i has had its last turn.
func (w *World) Ended(i int) bool { return w.s.life[i] == ended }

// Word is the word with number slot of the memory.
func (w *World) Word(slot int) uint64 { return w.s.mem[slot] }

// Kills is how many processes were killed so far.
func (w *World) Kills() int { return int(w.s.kills) }

// act does the operation op of process i on s and reports its result; whether it
// could be done; and whether it changed anything. Who is woken is returned as a
// set.
func act(op *operation, i int, s *state, from []uint64, n int, nodes []node) (result uint64, can, effect bool, woken uint8) {
	if op.fault {
		return op.a, true, false, 0
	}
	var v uint64
	if op.kind <= seam.Wake {
		v = s.mem[op.slot]
	}
	set := v
	switch op.kind {
	case seam.Load:
		result = v
	case seam.Store:
		set = op.a
	case seam.Swap:
		result, set = v, op.a
	case seam.CompareAndSwap:
		if v == op.a {
			result, set = 1, op.b
		}
	case seam.Add:
		set = v + op.a
		result = set
	case seam.And:
		result, set = v, v&op.a
	case seam.Or:
		result, set = v, v|op.a
	case seam.Wait:
		if v == op.a {
			return 0, true, false, 1 << 7
		}
		result = 1
	case seam.Wake:
		for k := range n {
			if s.life[k] == asleep {
				if o := &nodes[s.node[k]].op; o.slot == op.slot && o.b&op.a != 0 {
					woken |= 1 << k
				}
			}
		}
		effect = woken != 0
	case await:
		r, ok := op.guard(&World{s, &s.notes})
		return r, ok, true, 0
	case revive:
		s.life[op.a] = alive
		effect = true
	}
	if set != v {
		s.set(from, op.slot, set, false)
		effect = true
	}
	return result, true, effect, woken
}
