package mp

import (
	"context"
	"encoding/binary"
	"slices"
	"sync"

	"github.com/mpgen/mpgen/runtime/internal/line"
)

// desk is where the calls of one process arrive at its parent, for one life of the
// process. They become tasks in the books of the pools as the program's own do; what is
// asked of a managed object is done at once, and a start a little later.
// Answers that the process does not take wait here; see farCalls for what bounds
// them.
type desk struct {
	m *member

	reading sync.Mutex
	calls   *line.Reader // nil: the process is dead
	dec     Decoder
	enc     Encoder // of answers of managed objects
	room    [4096]byte

	snapshots snapshots // of those that the process has begun to read

	// A pool's books may be locked when mu is, and never the other way round.
	mu      sync.Mutex
	answers outbox
	closed  bool
	open    map[uint64]*routed
	started map[uint64]*Process // by the process
	acts    deque[func()]       // what it has asked for and is done away from the line
	scratch []byte

	acting sync.Mutex
}

// routed is a task that a process has called for.
type routed struct {
	task
	desk *desk
	core *poolCore
	call uint64 // its number there
	args []byte
	done bool // of desk.mu: it is answered
}

func newDesk(m *member) *desk {
	r := m.run
	calls, answers := r.plan.farAt(m.index)
	line.Reset(m.pair.At(calls))
	line.Reset(m.pair.At(answers))
	d := &desk{m: m, open: map[uint64]*routed{}, started: map[uint64]*Process{}}
	d.calls = line.OpenReader(m.pair.At(calls), farLine, r.node.bells, r.plan.maxCall(m.index))
	d.answers = outbox{w: line.OpenWriter(m.pair.At(answers), farLine, r.node.bells)}
	d.calls.Items().Set(0)
	return d
}

// hasNews reports whether takeIn is worth a call.
func (d *desk) hasNews() bool {
	d.reading.Lock()
	defer d.reading.Unlock()
	return d.calls != nil && d.calls.HasFrame()
}

// takeIn takes in calls, and sends the answers that there is room for. Any
// goroutine may call it that holds no pool's books.
func (d *desk) takeIn() {
	d.reading.Lock()
	var news []*poolCore
	ok := true
	for ok && d.calls != nil {
		f, got, err := d.calls.Next()
		if err != nil {
			ok = false
			break
		}
		if got {
			core, good := d.hear(f)
			if ok = good; core != nil && (len(news) == 0 || news[len(news)-1] != core) {
				news = append(news, core)
			}
			continue
		}
		d.calls.Tell()
		d.calls.Items().Set(0)
		if !d.calls.HasFrame() {
			break
		}
	}
	if !ok {
		d.calls = nil
	}
	d.reading.Unlock()
	d.act()
	if !ok {
		d.m.upMu.Lock()
		of, mine := d.m.generationNow(), d.m.desk == d
		if mine {
			d.m.life.corrupt = true
		}
		d.m.upMu.Unlock()
		if mine { // not yet the next process's
			d.m.killGeneration(of, ErrCorruptPeer)
		}
		return
	}
	for _, core := range news {
		core.flush()
	}
	d.mu.Lock()
	if !d.closed && d.answers.queue.len() > 0 {
		d.answers.push()
	}
	d.mu.Unlock()
}

// hear takes in one frame, and reports false if no correct process writes it.
func (d *desk) hear(f line.Frame) (*poolCore, bool) {
	pl := d.m.run.plan
	switch f.Kind {
	case frameCall:
		d.dec.reset(f.Data)
		pool, deadline := int(Get[uint32](&d.dec)), Get[int64](&d.dec)
		if d.dec.err != nil || !slices.Contains(pl.parties[d.m.slot.party].calls, pool) {
			return nil, false
		}
		core := d.m.run.pools[pool]
		t := &routed{desk: d, core: core, call: f.ID, args: append([]byte(nil), f.Data[callHead:]...)}
		t.io, t.deadline = t, deadline
		if n := len(core.plan.methods); n > 0 {
			method := Get[uint32](&d.dec)
			if d.dec.err != nil || int(method) >= n {
				return nil, false
			}
			t.method = int(method)
		}
		d.mu.Lock()
		good := d.open[f.ID] == nil && len(d.open) < callsMax*len(pl.parties[d.m.slot.party].calls)
		if good {
			d.open[f.ID] = t
		}
		d.mu.Unlock()
		if !good {
			return nil, false
		}
		if err := core.submit(&t.task); err != nil {
			t.settled(&Error{Name: core.name, Err: err})
		}
		return core, true
	case frameManaged:
		return nil, d.managed(f)
	case frameStart, frameOrder:
		return nil, d.heardStart(f)
	case frameCancel:
		d.mu.Lock()
		t := d.open[f.ID]
		d.mu.Unlock()
		if t != nil {
			t.core.abandon(&t.task, context.Canceled)
		}
		return nil, true
	}
	return nil, false
}

// managed does what is asked of a managed object, and answers.
func (d *desk) managed(f line.Frame) bool {
	r := d.m.run
	d.dec.reset(f.Data)
	object := int(Get[uint32](&d.dec))
	if Get[int64](&d.dec); d.dec.err != nil || !slices.Contains(r.plan.managed(d.m.index), object) {
		return false
	}
	e := &d.enc
	e.reset(d.room[:], managedMax+messageOverhead)
	Put(e, uint32(1))
	if !r.shelves[object].serve(&d.dec, e, &d.snapshots) {
		return false
	}
	kind, answer := uint16(frameResult), e.bytes()
	if e.err != nil {
		kind, answer = frameFailure, append(make([]byte, answerHead), errorFrame(e.err)...)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.closed {
		d.answers.put(kind, f.ID, answer)
		d.answers.push()
	}
	return true
}

// close comes after the process's death: what it had called for is given up.
func (d *desk) close() {
	d.reading.Lock()
	d.calls, d.snapshots.open = nil, nil
	d.reading.Unlock()
	d.mu.Lock()
	d.closed = true
	open := d.open
	d.open = nil
	d.mu.Unlock()
	for _, t := range open {
		t.core.abandon(&t.task, context.Canceled)
	}
}

func (t *routed) put(e *Encoder) { e.raw(t.args) }

func (t *routed) get(d *Decoder) error {
	t.answer(frameResult, d.buf)
	return nil
}

func (t *routed) settled(err error) {
	if err == nil {
		return // get has answered
	}
	t.answer(frameFailure, errorFrame(err))
}

// answer answers the call, once.
func (t *routed) answer(kind uint16, data []byte) {
	d := t.desk
	d.mu.Lock()
	defer d.mu.Unlock()
	if t.done || d.closed {
		return
	}
	t.done = true
	delete(d.open, t.call)
	d.scratch = append(binary.NativeEndian.AppendUint32(d.scratch[:0], uint32(t.core.share())), data...)
	d.answers.put(kind, t.call, d.scratch)
	d.answers.push()
	if cap(d.scratch) > keepSpill {
		d.scratch = nil
	}
}
