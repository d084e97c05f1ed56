// Package meet is what processes meet at, beside a lock: semaphores, events,
// barriers, conditions, and locks of many readers. Each is a few words of shared
// memory, a file here with its protocol, and a handle in package mp.
//
// # What they have in common
//
// Who has something is named by the word that says that it is had: a permit holds
// the number of its process, and what a process has several of (readers, waits,
// wake-ups) is counted in a word of its own. So the sweep of a dead process finds
// its words and no others', frees them, and may be begun again at any point.
//
// Who waits for a turn stands at a lock of package lock, which is fair and is
// repaired: the one that has it is the next to be served, and is rung by who gives
// something back. So semaphores and readers have no queue of their own. Who waits
// for all at once, an event or a barrier, is in a bitmap and waits for one word to
// change; the one store that changes it is the commit point.
//
// A death is followed by a rouse of all who may wait, so what a dead process was
// about to ring is rung.
package meet

import (
	"unsafe"

	"github.com/mpgen/mpgen/runtime/internal/seam"
)

const line = 64

func lines(bytes int) int { return (bytes + line - 1) &^ (line - 1) }

func words(p unsafe.Pointer, n int) []seam.Uint64 {
	return unsafe.Slice((*seam.Uint64)(p), n)
}
