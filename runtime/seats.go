package mp

import (
	"github.com/mpgen/mpgen/runtime/internal/control"
	"github.com/mpgen/mpgen/runtime/internal/seam"
)

// seat is a place at which a worker works on a unit of tasks. Its parent reads there
// what the worker has begun, also after its death, and says there what is to stop.
type seat struct {
	begun  *control.Begun
	cancel *seam.Uint64 // the parent's: the unit that is to stop, 0: none
}

// hasBegun reports whether the worker had a unit in work, or has it.
func (m *member) hasBegun(unit uint64) bool {
	for i := range m.seats {
		if m.seats[i].begun.Task.Load() == unit {
			return true
		}
	}
	return false
}

// works reports whether the worker has begun anything and not said that it is idle.
func (m *member) works() bool {
	for i := range m.seats {
		if m.seats[i].begun.Task.Load() != 0 {
			return true
		}
	}
	return false
}
