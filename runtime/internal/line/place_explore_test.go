//go:build explore

package line

import (
	"fmt"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/mpgen/mpgen/runtime/internal/explore"
	"github.com/mpgen/mpgen/runtime/internal/seam"
)

// What the two tell the checks, and what the notes say of each unit.
const (
	begun = 1 + iota
	taken
	remains // the worker is dead, and has begun so many
)

// road is a worker, and a parent that sends it units and takes back what it can.
type road struct {
	explore.Harness
	memory []uint64
	script string // of the parent: s sends a unit, t takes back

	blindWorker, blindParent bool // bugs put in on purpose
}

// The words.
const (
	tailAt  = 0
	placeAt = 8
)

func (h *road) word(at int) *seam.Uint64 { return (*seam.Uint64)(unsafe.Pointer(&h.memory[at])) }

func newRoad(script string, kills int) *road {
	h := &road{script: script, memory: make([]uint64, 16)}
	h.Memory, h.Kills = h.memory, kills
	h.Processes = []explore.Process{
		{Name: "worker", Dies: true, Turn: h.work, After: func(explore.Context) explore.Context { return explore.Context{} }},
		{Name: "parent", Turn: h.lead},
	}
	h.Event, h.AtRest = h.event, h.atRest
	return h
}

// work is a turn of the worker: one unit. From one to the next it keeps its side of the place.
func (h *road) work(s *explore.Self, c explore.Context) explore.Context {
	p := Place{word: h.word(placeAt), n: c[0], over: c[1]}
	if s.Await(func(w *explore.World) (uint64, bool) {
		more := w.Word(tailAt) > c[0]
		return map[bool]uint64{true: 1}[more], more || w.Ended(1)
	}) == 0 {
		s.End()
		return c
	}
	if h.blindWorker {
		if p.word.Load()>>placeBits == 0 {
			p.word.Store(p.n + 1)
			s.Event(begun, p.n+1)
			p.n++
			return explore.Context{p.n}
		}
	}
	if p.Begin() {
		s.Event(begun, p.n)
	}
	return explore.Context{p.n, p.over}
}

// lead is a turn of the parent: a step of its script, and at the end it waits for the
// worker, or takes what that has left and starts its successor.
func (h *road) lead(s *explore.Self, c explore.Context) explore.Context {
	place, sent := h.word(placeAt), c[1]
	if int(c[0]) == len(h.script) {
		if s.Await(func(w *explore.World) (uint64, bool) {
			return map[bool]uint64{true: 1}[w.Dead(0)], w.Dead(0) || w.Word(placeAt) == sent
		}) == 1 {
			n := place.Load() & placeMask
			s.Event(remains, n)
			place.Store(0)
			h.word(tailAt).Store(0)
			s.Revive(0)
		}
		s.End()
		return c
	}
	switch h.script[c[0]] {
	case 's':
		sent++
		h.word(tailAt).Store(sent)
	case 't':
		n, ok := Begun(place)
		if seam.At(1, n); !ok || n == sent {
			break
		}
		if h.blindParent {
			place.Store((sent-n)<<placeBits | n)
			s.Event(taken, n<<8|sent)
		} else if TakeBack(place, n, int(sent-n)) {
			s.Event(taken, n<<8|sent)
		}
	}
	return explore.Context{c[0] + 1, sent}
}

func (h *road) event(w *explore.World, _, kind int, v uint64) error {
	switch kind {
	case begun:
		if w.Notes[v] != 0 {
			return fmt.Errorf("unit %d is begun, though %d", v, w.Notes[v])
		}
		w.Notes[v] = begun
	case taken:
		for i := v>>8 + 1; i <= v&0xff; i++ {
			if w.Notes[i] != 0 {
				return fmt.Errorf("unit %d is taken back, though %d", i, w.Notes[i])
			}
			w.Notes[i] = taken
		}
	case remains:
		for i := 1; i < 10; i++ {
			if i <= int(v) && w.Notes[i] == 0 || i > int(v) && w.Notes[i] == begun {
				return fmt.Errorf("a dead has left place %d, and unit %d is %d", v, i, w.Notes[i])
			}
			if w.Notes[i] == 0 {
				w.Notes[i] = taken // the parent's again
			}
		}
	}
	return nil
}

func (h *road) atRest(w *explore.World) error {
	sent := 0
	for _, step := range h.script {
		if step == 's' {
			sent++
		}
	}
	for i := 1; i <= sent; i++ {
		if w.Notes[i] == 0 {
			return fmt.Errorf("unit %d is neither begun nor taken back", i)
		}
	}
	return nil
}

func TestPlaceUnderAllInterleavings(t *testing.T) {
	for _, script := range []string{"st", "sstt", "sstst", "ssstsstst", "sstttsstts"} {
		for kills := range 2 {
			h := newRoad(script, kills)
			f, err := explore.Run(&h.Harness)
			t.Logf("%s, %d kills: %v", script, kills, f)
			require.NoError(t, err)
		}
	}
}

func TestSeededBugsOfThePlaceAreFound(t *testing.T) {
	for name, bug := range map[string]func(h *road){
		"the worker only looks and stores": func(h *road) { h.blindWorker = true },
		"the parent only looks and stores": func(h *road) { h.blindParent = true },
		"what was passed over is not told": func(h *road) {
			h.Fault = func(s explore.Step) (uint64, bool) { return 0, s.Kind == seam.Store && s.Process == "worker" }
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newRoad("sstst", 0)
			bug(h)
			f, err := explore.Run(&h.Harness)
			t.Logf("%s: %v", name, f)
			var v *explore.Violation
			require.ErrorAs(t, err, &v)
		})
	}
}
