//go:build explore

package meet

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mpgen/mpgen/runtime/internal/explore"
	"github.com/mpgen/mpgen/runtime/internal/seam"
)

func TestMeetingUnderAllInterleavings(t *testing.T) {
	for _, c := range []struct {
		name  string
		h     *party
		limit int
	}{
		{"semaphore of 1, 2 processes", newParty(2, 2, PermitsSize(1), 1, 1, semaphoreTurn(1)).semaphore(1), 0},
		{"semaphore of 1, 3 processes", newParty(3, 1, PermitsSize(1), 1, 1, semaphoreTurn(1)).semaphore(1), 1_000_000},
		{"semaphore of 2, 3 processes", newParty(3, 1, PermitsSize(2), 1, 0, semaphoreTurn(2)).semaphore(2), 1_000_000},
		{"event, 2 processes", newParty(2, 1, FlagSize(4), 1, 1, flagTurn).flag(), 0},
		{"event, 3 processes", newParty(3, 1, FlagSize(4), 1, 0, flagTurn).flag(), 1_000_000},
		{"barrier of 2, 2 rounds", newParty(2, 2, RoundsSize(4), 1, 1, roundsTurn(false)).rounds(), 0},
		{"barrier of 2, with an action", newParty(2, 2, RoundsSize(4), 1, 1, roundsTurn(true)).rounds(), 0},
		{"barrier of 3", newParty(3, 1, RoundsSize(4), 1, 0, roundsTurn(false)).rounds(), 1_000_000},
		{"condition, 1 waits", newParty(2, 1, CallsSize(4), 1, 1, callsTurn).calls(), 1_000_000},
		{"condition, 1 waits and 1 sleeps", newParty(2, 1, CallsSize(3), 1, 1, callsTurn).calls().sleeper(), 0},
		{"condition, 2 wait", newParty(3, 1, CallsSize(4), 1, 0, callsTurn).calls(), 1_000_000},
		{"rwlock, 1 reads and 1 writes", newParty(2, 2, ReadersSize(4), 1, 1, readersTurn).readers(), 1_000_000},
		{"rwlock, 2 read and 1 writes", newParty(3, 1, ReadersSize(4), 1, 0, readersTurn).readers(), 1_000_000},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.h.StateLimit = c.limit
			f, err := explore.Run(&c.h.Harness)
			t.Logf("%s: %v", c.name, f)
			require.NoError(t, err)
		})
	}
}

// Each of these bugs is known to be one; a search that does not find it checks nothing.
func TestSeededBugsAreFound(t *testing.T) {
	fault := func(returns uint64, at func(s explore.Step) bool) func(h *party) {
		return func(h *party) {
			h.Fault = func(s explore.Step) (uint64, bool) { return returns, at(s) }
		}
	}
	for _, c := range []struct {
		name string
		h    *party
		bug  func(h *party)
		find string
	}{
		{"a permit given back rings nobody", newParty(2, 1, PermitsSize(1), 0, 0, semaphoreTurn(1)).semaphore(1),
			func(h *party) { h.noRing = true }, "stuck"},
		{"a permit is taken, whether the CAS succeeds or not", newParty(2, 1, PermitsSize(1), 0, 0, semaphoreTurn(1)).semaphore(1),
			fault(1, func(s explore.Step) bool { return s.Kind == seam.CompareAndSwap && s.In("(*Permits).Take") }), "are in"},
		{"permits of the dead are left", newParty(2, 1, PermitsSize(1), 1, 0, semaphoreTurn(1)).semaphore(1),
			func(h *party) { h.noSweep = true }, "is left to"},
		{"who raises a flag wakes nobody", newParty(2, 1, FlagSize(4), 0, 0, flagTurn).flag(),
			fault(0, func(s explore.Step) bool {
				return s.Kind == seam.Load && s.In("(*Parked).Any") && s.In("(*Flag).Raise")
			}), "stuck"},
		{"the last to come wakes nobody", newParty(2, 1, RoundsSize(4), 0, 0, roundsTurn(false)).rounds(),
			fault(0, func(s explore.Step) bool { return s.Kind == seam.Load && s.In("(*Parked).WakeAll") }), "stuck"},
		{"a death breaks no round", newParty(2, 1, RoundsSize(4), 1, 0, roundsTurn(false)).rounds(),
			func(h *party) { h.noSweep = true }, "is left within"},
		{"a round passes, whether the CAS succeeds or not", newParty(2, 1, RoundsSize(4), 1, 0, roundsTurn(true)).rounds(),
			fault(1, func(s explore.Step) bool { return s.Kind == seam.CompareAndSwap && s.In("(*Rounds).Pass") }), "stuck"},
		{"the call of a dead process is lost", newParty(2, 1, CallsSize(3), 1, 0, callsTurn).calls().sleeper(), func(h *party) {
			h.sweep = func(p int) {
				h.lock(0).Sweep(p, true)
				seam.At(661)
				c := OpenCalls(h.at, 0, h.bells)
				c.words[p].Store(0)
			}
		}, "was not called"},
		{"a reader does not look again", newParty(2, 1, ReadersSize(4), 0, 0, readersTurn).readers(),
			fault(0, func(s explore.Step) bool { return s.Kind == seam.Load && s.In("(*Lock).Free") }), "is in, with"},
		{"a reader that leaves rings nobody", newParty(2, 1, ReadersSize(4), 0, 0, readersTurn).readers(),
			func(h *party) { h.noRing = true }, "stuck"},
		{"a writer's death is not told", newParty(2, 1, ReadersSize(4), 1, 0, readersTurn).readers(), func(h *party) {
			sweep := h.sweep
			h.sweep = func(p int) {
				h.lock(0).Sweep(p, false)
				seam.At(660)
				sweep(p)
			}
		}, "nobody told it"},
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
