package mp

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mpgen/mpgen/runtime/internal/bell"
)

// Who waits for what, and who could give it. Whoever sleeps in a process does so
// at its bell, with a condition, or at a gate; a condition that is a waiting says
// what for when somebody asks, so a wait costs nothing for being told of.

// waiting is a condition that can say what it waits for.
type waiting interface {
	bell.Condition
	// waitsFor is called while the condition is waited for, and may do what Ready
	// may.
	waitsFor() want
}

// want is what goroutines of one process wait for.
type want struct {
	what  string // "room in queue jobs"
	from  []int  // slots of the processes that can give it, 0 the program itself; nil: nobody in particular
	how   string // what these do with it, if there are any: "emptied"
	all   bool   // it takes all of them, and not any one
	sent  int    // the queue, plus one, that they are the senders of; 0: none
	open  string // why that ends with nobody, set by givers: the program has not come to Wait
	call  uint64 // number of the call to a pool at the parent, which knows who has it; 0: none, or several
	idle  bool   // it is work that is waited for, or the end of all: nothing is wrong
	since int64  // on the monotonic clock, the first of them; 0: not known
	count int    // of goroutines
}

// waits is what the goroutines of this process wait for.
func (n *Node) waits() (all []want) {
	add := func(w want) {
		for i := range all {
			if o := &all[i]; o.what == w.what && slices.Equal(o.from, w.from) {
				if o.count += w.count; o.call != w.call {
					o.call = 0
				}
				if o.since == 0 || w.since != 0 && w.since < o.since {
					o.since = w.since
				}
				return
			}
		}
		all = append(all, w)
	}
	n.bell.Waiting(func(cond bell.Condition, since time.Time) {
		if _, ok := cond.(closing); ok {
			return // the run knows of it
		}
		w := want{what: fmt.Sprintf("%T", cond)}
		if c, ok := cond.(waiting); ok {
			w = c.waitsFor()
		}
		w.since, w.count = clockBase+int64(since.Sub(clockStart)), 1
		add(w)
	})
	n.mu.Lock()
	defer n.mu.Unlock()
	turn := func(g *gate, what string) {
		if k := int(g.queue.Load()); k > 0 {
			add(want{what: "a turn to " + what, from: []int{n.slot}, how: "used", count: k})
		}
	}
	for _, o := range n.putting {
		turn(&o.gate, "send to "+o.q.String())
		turn(&o.joins, "wait for the items of "+o.q.String())
	}
	for _, in := range n.taking {
		turn(&in.gate, "receive from "+in.q.String())
		turn(&in.calls, "receive from "+in.q.String())
	}
	slices.SortFunc(all, func(a, b want) int { return strings.Compare(a.what, b.what) })
	return all
}

// idle reports whether a process with these waits has nothing to do. One that
// waits for nothing works.
func idle(waits []want) bool {
	return len(waits) > 0 && !slices.ContainsFunc(waits, func(w want) bool { return !w.idle })
}

func (c *room) waitsFor() want {
	o := (*outlet)(c)
	return want{what: "room in " + o.q.String(), from: o.node.plan.parts[o.part].consumers, how: "emptied"}
}

func (c *items) waitsFor() want { return (*reader)(c).in.waitsFor() }

func (in *inlet) waitsFor() want {
	if in.word.Closed.Load() != 0 { // but another process may have an item that comes again
		return want{what: "the end of " + in.q.String(), how: "held up", all: true,
			from: slices.DeleteFunc(slices.Clone(in.q.consumers), func(slot int) bool { return slot == in.node.slot })}
	}
	return want{what: "an item of " + in.q.String(), from: in.q.producers, how: "filled", sent: 1 + in.node.plan.index[in.q.row]}
}

func (j *joining) waitsFor() want {
	return want{what: "the items of " + j.o.q.String() + " to be done", from: j.o.node.plan.parts[j.o.part].consumers, how: "read"}
}

// A watch waits for a select, which waits for other things too.
func (w *watch) waitsFor() want {
	return want{what: "an item of " + w.in.q.String() + " to tell a select of"}
}

func (s *standing) waitsFor() want {
	w := want{what: strings.ReplaceAll(s.what, `"`, ""), how: "held"}
	if s.from != nil {
		for _, slot := range s.from() {
			if slot < len(s.node.plan.slots) && !slices.Contains(w.from, slot) {
				w.from = append(w.from, slot)
			}
		}
		return w
	}
	if slot, _, ok := s.shared.Holder(); ok && slot < len(s.node.plan.slots) {
		w.from = []int{slot}
	}
	return w
}

func (f *frames) waitsFor() want { return want{what: "its arguments", idle: true} }

func (r *upRoom) waitsFor() want {
	return want{what: "room in its line to the program", from: []int{0}, how: "emptied"}
}

// A worker that is called and fed waits for either.
func (w *worker) waitsFor() want {
	if len(w.feeds) == 1 && !w.pool.called {
		return w.feeds[0].in.waitsFor()
	}
	v := want{what: "a task", idle: w.pool.called}
	for _, l := range w.feeds {
		from := l.in.waitsFor()
		v.what += " or " + from.what
		v.from, v.how = append(v.from, from.from...), from.how
	}
	return v
}

func (t *Task[Out]) waitsFor() want {
	w := t.pool.waitsFor()
	if core, ok := t.pool.core.(*poolCore); !ok {
		w.call = t.id
	} else if slot := core.workerOf(&t.task); slot > 0 {
		w.from = []int{slot}
	}
	return w
}

func (w *window[In, Out]) waitsFor() want { return w.pool.waitsFor() }

func (c *callee) waitsFor() want {
	w := want{what: "a result of " + c.name, how: "worked on"}
	for i := range c.node.plan.slots {
		if s := &c.node.plan.slots[i]; s.pool >= 0 && s.name == c.name {
			w.from = append(w.from, i)
		}
	}
	return w
}

// workerOf is the slot of the worker that has a process's call, 0 if none has.
func (d *desk) workerOf(call uint64) int {
	d.mu.Lock()
	t := d.open[call]
	d.mu.Unlock()
	if t == nil {
		return 0
	}
	return t.core.workerOf(&t.task)
}

// workerOf is the slot of the worker that has a task, 0 if none has.
func (p *poolCore) workerOf(t *task) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if t.worker == nil {
		return 0
	}
	return t.worker.m.index
}

// knot finds the slots of those that wait for each other: each waits for what only
// others of the knot could give. waits is by slots; who is not in it works.
func knot(waits map[int][]want) []int {
	in := map[int]bool{}
	for slot, all := range waits {
		in[slot] = len(all) > 0 && !idle(all)
	}
	hopeless := func(w want) bool {
		if w.idle || len(w.from) == 0 {
			return w.idle // which gets nobody out
		}
		in := func(slot int) bool { return in[slot] }
		out := func(slot int) bool { return !in(slot) }
		if w.all {
			return slices.ContainsFunc(w.from, in)
		}
		return !slices.ContainsFunc(w.from, out)
	}
	for again := true; again; {
		again = false
		for slot, all := range waits {
			if in[slot] && slices.ContainsFunc(all, func(w want) bool { return !hopeless(w) }) {
				in[slot], again = false, true
			}
		}
	}
	var found []int
	for slot := range in {
		if in[slot] {
			found = append(found, slot)
		}
	}
	slices.Sort(found)
	return found
}

// phrase says what is waited for and by whom it could be given.
func (w want) phrase(name func(slot int) string) string {
	if w.open != "" {
		return w.what + ", " + w.open
	}
	if len(w.from) == 0 {
		return w.what
	}
	word := " or "
	if w.all {
		word = " and "
	}
	return fmt.Sprintf("%s, %s by %s", w.what, w.how, listed(w.from, word, name))
}

// listed is the names of some slots, and the number of those beyond four.
func listed(slots []int, word string, name func(slot int) string) string {
	const most = 4
	var names []string
	for _, slot := range slots[:min(len(slots), most)] {
		names = append(names, name(slot))
	}
	if n := len(slots) - most; n > 0 {
		names = append(names, fmt.Sprintf("%d others", n))
	}
	last := len(names) - 1
	if last == 0 {
		return names[0]
	}
	return strings.Join(names[:last], ", ") + word + names[last]
}

// givers leaves out of what a process waits for those that can't give it, or can
// no more. mu is held.
func (r *Run) givers(slot int, w want) want {
	if w.call != 0 {
		m := r.members[slot-1]
		m.upMu.Lock()
		desk := m.desk
		m.upMu.Unlock()
		if desk != nil {
			if has := desk.workerOf(w.call); has != 0 {
				w.from = []int{has}
			}
		}
	}
	var from []int
	for _, slot := range w.from {
		switch {
		case slot == 0:
			if w.sent > 0 && (!r.plan.mainSends(w.sent-1) || r.mainEnds[w.sent-1]) {
				continue
			}
		case r.members[slot-1].finished:
			if w.sent == 0 || !r.mayStart(slot) {
				continue
			}
			slot = 0 // which starts it
		case w.sent > 0 && r.members[slot-1].hasClosed(w.sent-1):
			continue
		}
		if !slices.Contains(from, slot) {
			from = append(from, slot)
		}
	}
	w.from = from
	if w.sent > 0 && !slices.ContainsFunc(from, func(slot int) bool { return slot != 0 && !r.uncalledNow(slot) }) {
		w.open = r.stayingOpen(slot, w.sent-1)
	}
	return w
}

// uncalledNow reports whether a slot is of a pool that is called, and has no task. mu is
// held.
func (r *Run) uncalledNow(slot int) bool {
	i := r.plan.slots[slot].pool
	if i < 0 || !r.plan.pools[i].called {
		return false
	}
	p := r.pools[i]
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.idle()
}

// stayingOpen tells who waits for an item of a queue, to which nobody sends now but who
// is started or called for it, what it waits for; "" if the program has come to Wait. mu
// is held.
func (r *Run) stayingOpen(slot, queue int) string {
	whom := r.plan.untilWait(&r.plan.queues[queue])
	if r.mainEnded() || len(whom) == 0 {
		return ""
	}
	if r.plan.mainSends(queue) && !r.mainEnds[queue] {
		whom = append([]string{"send to it"}, whom...)
	}
	where := ""
	if slot == 0 {
		where = ", in another goroutine"
	}
	return "which stays open until run.Wait() is called" + where + ": the program may still " + strings.Join(whom, " or ")
}

// mainWaits is what the program itself waits for, beside what its node knows. mu
// is held.
func (r *Run) mainWaits() []want {
	if r.waiters.Load() == 0 {
		return nil
	}
	w := want{what: "the end of the run", how: "kept up", all: true, idle: true, count: 1}
	if !r.mainEnded() {
		w.what, w.all = "the end of a process", false
	}
	for _, m := range r.alive() {
		if m.slot.process != nil || !r.plan.pools[m.slot.pool].called {
			w.from = append(w.from, m.index)
		}
	}
	if len(w.from) == 0 {
		return nil
	}
	return []want{w}
}

// putWaits and getWaits are how they cross.
func putWaits(e *Encoder, waits []want) {
	PutSlice(e, waits, func(e *Encoder, w want) {
		e.String(w.what)
		e.String(w.how)
		PutSlice(e, w.from, func(e *Encoder, slot int) { Put(e, int32(slot)) })
		Put(e, w.all)
		Put(e, w.idle)
		Put(e, int32(w.sent))
		Put(e, w.call)
		Put(e, w.since)
		Put(e, int32(w.count))
	})
}

// getWaits checks what a process of a run with so many slots and queues told.
func getWaits(d *Decoder, slots, queues int) []want {
	return GetSlice(d, func(d *Decoder) want {
		w := want{what: d.String(), how: d.String()}
		w.from = GetSlice(d, func(d *Decoder) int { return int(Get[int32](d)) })
		w.all, w.idle = Get[bool](d), Get[bool](d)
		w.sent, w.call = int(Get[int32](d)), Get[uint64](d)
		w.since, w.count = Get[int64](d), int(Get[int32](d))
		if slices.ContainsFunc(w.from, func(slot int) bool { return slot < 0 || slot >= slots }) || w.sent < 0 || w.sent > queues {
			d.fail(ErrCorruptPeer)
		}
		return w
	})
}
