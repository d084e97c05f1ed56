//go:build explore

package block

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mpgen/mpgen/runtime/internal/explore"
	"github.com/mpgen/mpgen/runtime/internal/seam"
)

func TestBlocksUnderAllInterleavings(t *testing.T) {
	for _, c := range []struct {
		name  string
		h     *arena
		set   func(h *arena)
		limit int
	}{
		{"1 reader, room for 1", newArena(1, 2, 1, 1, 1, 1), nil, 0},
		{"1 reader, room for 2", newArena(1, 3, 1, 2, 1, 0), nil, 0},
		{"a reader that keeps", newArena(1, 2, 1, 1, 1, 1), func(h *arena) { h.keeps = true }, 0},
		{"a reader that keeps what it has no more", newArena(1, 2, 1, 1, 1, 0), func(h *arena) { h.stale = true }, 0},
		{"shared by 2 readers", newArena(1, 1, 2, 1, 1, 1), nil, 1_000_000},
		{"shared by 2 readers that keep", newArena(1, 1, 2, 1, 1, 0), func(h *arena) { h.keeps = true }, 300_000},
		{"passed on in a chain of 2", chained(2, 1, 0), nil, 0},
		{"passed on, and kept", chained(2, 0, 0), func(h *arena) { h.items, h.keeps = 1, true }, 0},
		{"passed on in a chain of 3", chained(3, 0, 0), nil, 500_000},
		{"2 makers, room for 1", newArena(2, 1, 0, 1, 1, 1), func(h *arena) { h.retain = true }, 1_000_000},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.h.StateLimit = c.limit
			if c.set != nil {
				c.set(c.h)
			}
			f, err := explore.Run(&c.h.Harness)
			t.Logf("%s: %v", c.name, f)
			require.NoError(t, err)
		})
	}
}

// Each of these bugs is known to be one; a search that does not find it checks nothing.
func TestSeededBugsAreFound(t *testing.T) {
	fault := func(returns uint64, at func(s explore.Step) bool) func(h *arena) {
		return func(h *arena) {
			h.Fault = func(s explore.Step) (uint64, bool) { return returns, at(s) }
		}
	}
	for _, c := range []struct {
		name string
		h    *arena
		bug  func(h *arena)
		find string
	}{
		{"who adds counts no change", newArena(1, 2, 1, 1, 0, 0), func(h *arena) {
			h.stale = true
			h.keep = func(t *Table, b Block) bool {
				word, bit := t.bit(b.Entry, t.slot)
				word.Or(bit)
				if t.is(t.states[b.Entry].Load(), b.Generation) {
					return true
				}
				t.Drop(b)
				return false
			}
		}, "is made where"},
		{"who adds does not look whether the block is there", newArena(1, 2, 1, 1, 0, 0), func(h *arena) {
			h.stale = true
			h.keep = func(t *Table, b Block) bool {
				word, bit := t.bit(b.Entry, t.slot)
				word.Or(bit)
				t.states[b.Entry].Add(change)
				return true
			}
		}, "is kept where"},
		{"a block is freed, whether there was a change or not", newArena(1, 2, 1, 1, 0, 0), func(h *arena) {
			h.stale = true
			fault(1, func(s explore.Step) bool { return s.Kind == seam.CompareAndSwap && s.In("(*Table).collect") })(h)
		}, "left"},
		{"one who drops does not look whether others hold", newArena(1, 2, 1, 1, 0, 0),
			fault(0, func(s explore.Step) bool { return s.Kind == seam.Load && s.In("(*Table).held") }), "is made where"},
		{"a ring's bit is set after the word", newArena(1, 1, 1, 1, 1, 0), func(h *arena) {
			h.lend = func(t *Table, b Block, ring int, message uint64) Verdict {
				words := t.messages(b.Entry, ring)
				for k := range words {
					if !words[k].CompareAndSwap(0, message) {
						continue
					}
					t.rings[b.Entry].Or(ringBit(ring))
					if t.is(t.states[b.Entry].Add(change), b.Generation) {
						return Lent
					}
					t.Return(b.Entry, ring, message)
					return Gone
				}
				return Full
			}
		}, "is left to"},
		{"who drops reads the mask before the state", chained(2, 0, 0), func(h *arena) {
			h.items, h.keeps = 1, true
			h.drop = func(t *Table, b Block) {
				word, bit := t.bit(b.Entry, t.slot)
				word.And(^bit)
				rings := t.rings[b.Entry].Load()
				w := &t.states[b.Entry]
				if s := w.Load(); kindOf(s) == live && !t.held(b.Entry, rings) {
					w.CompareAndSwap(s, as(s, free, 0))
				}
				t.room.WakeEach()
			}
		}, "is told that its block is gone"},
		{"a freed block wakes nobody", newArena(1, 2, 1, 1, 0, 0),
			fault(0, func(s explore.Step) bool {
				return s.Kind == seam.Load && s.In("(*Parked).Any") && s.In("(*Table).collect")
			}), "stuck"},
		{"who pass a block on have no words of their own", chained(2, 0, 0),
			func(h *arena) { h.oneRing = true }, "stuck"},
		{"what the dead had is left", newArena(1, 2, 1, 1, 1, 0),
			func(h *arena) { h.noSweep = true }, "stuck"},
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
