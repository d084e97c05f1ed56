package mp

import (
	"slices"

	"github.com/mpgen/mpgen/runtime/internal/line"
)

// outbox puts whole messages on a line without ever waiting for its reader: what
// there is no room for stays here, in order. Its owner bounds how much that can be.
type outbox struct {
	w     *line.Writer
	slot  int // of this process
	queue deque[message]
	dirty bool // frames are written and not published
}

type message struct {
	kind uint16
	id   uint64
	data []byte // what is left of it
}

// put takes a message in; push sends it.
func (o *outbox) put(kind uint16, id uint64, data []byte) {
	if o.queue.len() == 0 {
		left, done := o.w.PutPart(kind, id, data)
		o.dirty = true
		if done {
			return
		}
		data = left
	}
	o.queue.pushBack(message{kind, id, slices.Clone(data)})
}

// push sends what there is room for, and reports whether nothing is left. If
// something is, this process's bell is rung when there is room again.
func (o *outbox) push() bool {
	for parked := false; o.queue.len() > 0; {
		m := o.queue.at(0)
		left, done := o.w.PutPart(m.kind, m.id, m.data)
		if o.dirty = o.dirty || done || len(left) < len(m.data); done {
			o.queue.popFront()
			continue
		}
		m.data = left
		if parked {
			break
		}
		o.w.Room().Set(o.slot) // and look once more
		parked = true
	}
	if o.dirty {
		o.dirty = false
		o.w.Publish()
		o.w.Wake()
	}
	return o.queue.len() == 0
}
