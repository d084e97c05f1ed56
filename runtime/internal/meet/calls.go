package meet

import (
	"unsafe"

	"github.com/mpgen/mpgen/runtime/internal/bell"
	"github.com/mpgen/mpgen/runtime/internal/seam"
)

// Calls are those that wait at a condition to be called. Each process has a word with
// two counts: its goroutines that wait, and how many of them have been called. Who
// waits counts itself before it gives the condition's lock back, and who calls has
// that lock; so nobody misses a call that comes after he gave the lock back.
//
// A call is one CAS on the word of another process, and then its bell. It goes to a
// process of which somebody waits that has not been called, the next one in the
// circle of the slots. The process takes it, by a CAS that counts both down, when the
// one who was called has the lock again.
//
// # Death, and giving up
//
// So a call that lies in the word of a dead process was made, and nobody acted on it:
// the sweep makes it again to another, and only then clears the word. Begun again it
// may make one call too many, which a waiter must expect anyway. The same holds for
// who gives up when all that wait with him have been called. Who dies after it has
// taken its call has the lock, and that is told to all.
type Calls struct {
	last  *seam.Uint64 // slot of the last call, a hint
	words []seam.Uint64
	bells []bell.Word
	slot  int
}

const (
	oneWaits  = 1 << 32
	oneCalled = 1
)

func waits(w uint64) uint64  { return w >> 32 }
func called(w uint64) uint64 { return w & (1<<32 - 1) }

// CallsSize is the number of bytes of a condition's calls in a run of so many slots.
func CallsSize(slots int) int { return line + lines(8*slots) }

// OpenCalls is the view that the process of a slot has of the calls at p.
func OpenCalls(p unsafe.Pointer, slot int, bells []bell.Word) Calls {
	return Calls{last: (*seam.Uint64)(p), words: words(unsafe.Add(p, line), len(bells)), bells: bells, slot: slot}
}

// Enlist counts a goroutine of this process among those that wait. The caller has the
// lock.
func (c *Calls) Enlist() { c.words[c.slot].Add(oneWaits) }

// Called is how many calls this process has not taken.
func (c *Calls) Called() int { return c.CalledOf(c.slot) }

// CalledOf is how many calls the process of a slot has not taken.
func (c *Calls) CalledOf(slot int) int { return int(called(c.words[slot].Load())) }

// Take takes a call, for a goroutine that waits no more.
func (c *Calls) Take() bool {
	for {
		w := c.words[c.slot].Load()
		if called(w) == 0 || waits(w) == 0 {
			return false
		}
		if c.words[c.slot].CompareAndSwap(w, w-oneWaits-oneCalled) {
			return true
		}
	}
}

// Quit ends the wait of a goroutine that was not called or does not heed it. If all
// of this process have been called, one call goes on to another, and only then is
// taken.
func (c *Calls) Quit() {
	for handedOn := false; ; {
		w := c.words[c.slot].Load()
		switch {
		case waits(w) == 0:
			return
		case waits(w) > called(w):
			if c.words[c.slot].CompareAndSwap(w, w-oneWaits) {
				return
			}
		case !handedOn:
			c.Call(1, c.slot)
			handedOn = true
		case c.words[c.slot].CompareAndSwap(w, w-oneWaits-oneCalled):
			return
		}
	}
}

// Call calls n of those that wait, or all if they are fewer, but none of the process
// except. It returns how many were called.
func (c *Calls) Call(n, except int) (made int) {
	from := int(c.last.Load())
	for found := true; found && made < n; {
		found = false
		for i := 1; i <= len(c.words) && made < n; i++ {
			slot := (from + i) % len(c.words)
			if slot != except && c.call(slot) {
				found = true
				made++
				c.last.Store(uint64(slot))
			}
		}
	}
	return made
}

func (c *Calls) call(slot int) bool {
	for {
		w := c.words[slot].Load()
		if called(w) >= waits(w) {
			return false
		}
		if c.words[slot].CompareAndSwap(w, w+oneCalled) {
			c.bells[slot].Ring()
			return true
		}
	}
}

// Waits is how many goroutines of all processes wait and have not been called.
func (c *Calls) Waits() (n int) {
	for i := range c.words {
		if w := c.words[i].Load(); waits(w) > called(w) {
			n += int(waits(w) - called(w))
		}
	}
	return n
}

// Sweep makes the calls again that the dead process p did not take. A rouse of every
// bell must follow.
func (c *Calls) Sweep(p int) {
	made := 0
	for {
		w := c.words[p].Load()
		if w == 0 {
			return
		}
		if n := int(min(called(w), waits(w))); n > made {
			c.Call(n-made, p)
			made = n
			continue
		}
		if c.words[p].CompareAndSwap(w, 0) {
			return
		}
	}
}
