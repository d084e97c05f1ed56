package mp

import (
	"context"
	"sync/atomic"
	"unsafe"

	"github.com/mpgen/mpgen/runtime/internal/control"
	"github.com/mpgen/mpgen/runtime/internal/seam"
)

// post is a place at which a worker works on a unit of tasks. Its parent reads there
// what the worker has begun, also after its death, and says there what is to stop.
// Each worker has one, in its report and its slot, and one that may do several tasks
// at once has the others behind its report.
type post struct {
	begun   *control.Begun
	cancel  *seam.Uint64            // the parent's: the unit that is to stop, 0: none
	current atomic.Pointer[running] // the worker's own
}

// newPosts are the posts of a slot whose pair lies at pair.
func (pl *plan) newPosts(slot int, pair unsafe.Pointer, word *control.Slot) []post {
	if pl.slots[slot].pool < 0 {
		return nil
	}
	posts := make([]post, 1+pl.furtherPosts(slot))
	posts[0].begun, posts[0].cancel = &(*control.Report)(pair).Begun, &word.Cancel
	at := unsafe.Add(pair, pl.postsAt(slot))
	for i := range posts[1:] {
		p := (*control.Post)(unsafe.Add(at, i*control.PostSize))
		posts[1+i].begun, posts[1+i].cancel = &p.Begun, &p.Cancel
	}
	return posts
}

// furtherPosts is how many posts a slot has beside the first.
func (pl *plan) furtherPosts(slot int) int {
	if i := pl.slots[slot].pool; i >= 0 {
		return max(pl.pools[i].concurrent-1, 0)
	}
	return 0
}

// clear makes the post ready for the worker's successor.
func (p *post) clear() {
	p.begun.Task.Store(0)
	p.begun.Since.Store(0)
	p.cancel.Store(0)
}

// obey cancels what is done at the post, if it is told to.
func (p *post) obey() {
	if id := p.cancel.Load(); id != 0 {
		// Taking the number away keeps the worker from going on to another task
		// under a context that is about to end.
		if r := p.current.Load(); r != nil && r.id.CompareAndSwap(id, 0) {
			r.cancel(context.Canceled)
		}
	}
}

// hasBegun reports whether the worker had a unit in work, or has it.
func (m *member) hasBegun(unit uint64) bool {
	for i := range m.posts {
		if m.posts[i].begun.Task.Load() == unit {
			return true
		}
	}
	return false
}

// atWork lists what the worker has begun and not said to be idle after.
func (m *member) atWork() (tasks []uint64) {
	for i := range m.posts {
		if id := m.posts[i].begun.Task.Load(); id != 0 {
			tasks = append(tasks, id)
		}
	}
	return tasks
}
