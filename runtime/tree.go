package mp

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/mpgen/mpgen/runtime/internal/line"
	"github.com/mpgen/mpgen/runtime/internal/proc"
)

// Trees: processes that start processes on demand. All of them are children of the
// program, which alone starts, watches and repairs. So a start is asked for by the line
// for calls (frameStart), beside calls to pools, and the program tells by the line for
// answers what becomes of the process: each number that it gets (frameStarted), and its
// end (frameOver), which also refuses a start. Between them go the orders of the
// starter (frameOrder). The number of the call names the process for both.
//
// A start waits for nothing but the program: where Max of a row run it fails, as those
// that run may wait for who would wait here. Requests and orders are done in the order
// in which they came, away from the line, since they need what may wait for it (acts).
//
// A process whose starter has returned goes on, as one of the program's: the run ends
// after it. One whose starter died or failed, whatever of, has nobody left who knows of
// it, and a starter that is started again starts anew: it is told to stop, and killed
// after its grace.

// argsRoom is how many bytes the arguments of a process on demand may take.
const argsRoom = plainLine/4 - 1024

// startHead is the bytes before the arguments of a start: the party, the deadline.
const startHead = 4 + 8

// SpawnFrom is Spawn in a process that declares to use this one: what is started ends
// with ctx, and with its starter if that dies or fails. It fails with ErrFull while Max
// of them run. Open files can't be among the arguments.
func (p *ProcessDecl) SpawnFrom(ctx context.Context, n *Node, args func(*Encoder)) (*Process, error) {
	if n.run != nil {
		return p.Spawn(ctx, n.run, args)
	}
	h, err := n.spawn(ctx, p, args)
	if err != nil {
		return nil, fmt.Errorf("process %q: %w", p.Name, err)
	}
	return h, nil
}

func (n *Node) spawn(ctx context.Context, d *ProcessDecl, args func(*Encoder)) (*Process, error) {
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	party := n.plan.partyOf(d)
	if !slices.Contains(n.plan.parties[n.plan.slots[n.slot].party].starts, party) {
		return nil, errors.New("it can't be started from here: generate its code again")
	}
	given, err := encodeArgs(d, plainLine, args)
	if err != nil {
		return nil, err
	}
	if len(given.files) > 0 {
		given.close()
		return nil, errors.New("an open file goes from the program to a process only, and not from one to another")
	}
	return n.child.far.spawn(ctx, party, given.data)
}

// farProcess is a process that this one has started, or is about to.
type farProcess struct {
	Process
	far  *farCalls
	ctx  context.Context
	call uint64
	hook func() bool // ends what listens to ctx, nil: nothing

	// of far.mu
	slot    int
	begun   bool
	ordered bool // that ctx has ended
}

func (f *farCalls) spawn(ctx context.Context, party int, args []byte) (*Process, error) {
	p := &farProcess{far: f, ctx: ctx, slot: f.node.plan.parties[party].first}
	p.by, p.done, p.name = farKeeper{f}, make(chan struct{}), f.node.plan.slots[p.slot].name
	f.mu.Lock()
	if f.node.over.Load() {
		f.mu.Unlock()
		return nil, f.node.overError()
	}
	f.next++
	p.call = f.next
	f.started[p.call] = p
	var e Encoder
	e.reset(nil, startHead+argsRoom)
	Put(&e, uint32(party))
	Put(&e, deadlineOf(ctx))
	e.raw(args)
	f.calls.put(frameStart, p.call, e.bytes())
	f.calls.push()
	if ctx.Done() != nil {
		p.hook = context.AfterFunc(ctx, func() { f.follow(p) })
	}
	f.mu.Unlock()
	err := f.node.bell.Wait(ctx, nil, (*farStart)(p))
	f.mu.Lock()
	begun := p.begun
	f.mu.Unlock()
	switch {
	case begun:
		return &p.Process, nil
	case p.ended():
		return nil, p.err
	case f.node.over.Load():
		return nil, f.node.overError()
	}
	return nil, ended(ctx, err)
}

// follow orders what the end of the context means that a process was started with.
func (f *farCalls) follow(p *farProcess) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.started[p.call] == p && !p.ordered {
		p.ordered = true
		f.say(p, orderOf(p.ctx))
	}
}

// followAll does that for all whose context has ended just before this process does.
func (f *farCalls) followAll() {
	if f == nil {
		return
	}
	f.mu.Lock()
	var late []*farProcess
	for _, p := range f.started {
		if p.ctx.Err() != nil {
			late = append(late, p)
		}
	}
	f.mu.Unlock()
	for _, p := range late {
		f.follow(p)
	}
}

// say tells the program what a process is to do. mu is held.
func (f *farCalls) say(p *farProcess, what orderKind) {
	if f.node.over.Load() {
		return
	}
	f.calls.put(frameOrder, p.call, []byte{byte(what)})
	f.calls.push()
}

// farKeeper is the keeper in a process.
type farKeeper struct{ *farCalls }

func (f farKeeper) order(h *Process, what orderKind) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, p := range f.started {
		if &p.Process == h {
			f.say(p, what)
		}
	}
}

func (f farKeeper) await(ctx context.Context, h *Process) error {
	if h.ended() {
		return nil
	}
	err := f.node.bell.Wait(ctx, nil, farEnd{f.farCalls, h})
	if err == nil || h.ended() {
		return nil
	}
	if f.node.over.Load() {
		return f.node.overError()
	}
	return ended(ctx, err)
}

// hear takes in what the program tells of a process. mu is held. It reports false of
// what is no such thing.
func (f *farCalls) hear(a line.Frame) bool {
	p := f.started[a.ID]
	if p == nil {
		return false
	}
	d := &f.dec
	d.reset(a.Data)
	switch a.Kind {
	case frameStarted:
		p.slot = int(Get[uint32](d))
		p.pid.Store(Get[int64](d))
		if name := d.String(); !p.begun {
			p.begun, p.name = true, name
		}
	case frameOver:
		p.obeyed = Get[bool](d)
		f.over(p, decodeError(d.rest()))
	default:
		return false
	}
	if d.Err() != nil {
		panic(d.Err()) // the parent writes no nonsense
	}
	return true
}

// over ends the handle of a process. mu is held.
func (f *farCalls) over(p *farProcess, err error) {
	delete(f.started, p.call)
	p.err = err
	p.pid.Store(0)
	close(p.done)
	if p.hook != nil {
		p.hook()
	}
}

// farStart is the condition of who waits until a process runs.
type farStart farProcess

func (s *farStart) Ready() bool {
	s.far.takeIn()
	s.far.mu.Lock()
	defer s.far.mu.Unlock()
	return s.begun || (*farProcess)(s).ended()
}

func (s *farStart) waitsFor() want {
	return want{what: "the start of a process " + s.name, how: "done", from: []int{0}}
}

// farEnd is the condition of who waits for the end of a process that it has started.
type farEnd struct {
	far *farCalls
	p   *Process
}

func (e farEnd) Ready() bool {
	e.far.takeIn()
	return e.p.ended()
}

func (e farEnd) waitsFor() want {
	w := want{what: "the end of " + e.p.name, how: "kept up"}
	e.far.mu.Lock()
	defer e.far.mu.Unlock()
	for _, p := range e.far.started {
		if &p.Process == e.p {
			w.from = []int{p.slot}
		}
	}
	return w
}

// The program's side.

// heardStart notes a start, or an order to what was started, which act then does. It
// reports false if no correct process writes this.
func (d *desk) heardStart(f line.Frame) bool {
	pl := d.m.run.plan
	if f.Kind == frameOrder {
		if len(f.Data) != 1 || orderKind(f.Data[0]) > orderKill {
			return false
		}
		what := orderKind(f.Data[0])
		d.later(func() {
			d.mu.Lock()
			h := d.started[f.ID]
			d.mu.Unlock()
			if h != nil {
				h.by.order(h, what)
			}
		})
		return true
	}
	d.dec.reset(f.Data)
	party, deadline := int(Get[uint32](&d.dec)), Get[int64](&d.dec)
	if d.dec.err != nil || !slices.Contains(pl.parties[d.m.slot.party].starts, party) || len(f.Data) > startHead+argsRoom {
		return false
	}
	args := arguments{data: slices.Clone(f.Data[startHead:])}
	d.later(func() { d.start(f.ID, party, deadline, args) })
	return true
}

// later lets act do something.
func (d *desk) later(do func()) {
	d.mu.Lock()
	d.acts.pushBack(do)
	d.mu.Unlock()
}

// act does what was heard, in that order. The caller holds no lock.
func (d *desk) act() {
	d.acting.Lock()
	defer d.acting.Unlock()
	for {
		d.mu.Lock()
		if d.acts.len() == 0 {
			d.mu.Unlock()
			return
		}
		do := d.acts.popFront()
		d.mu.Unlock()
		do()
	}
}

// start starts a process for this one.
func (d *desk) start(id uint64, party int, deadline int64, args arguments) {
	r := d.m.run
	book := &r.parties[party]
	err := error(nil)
	select {
	case book.room <- struct{}{}:
	default:
		err = fmt.Errorf("max %d of it run already, and a start in a process waits for none to end: set max higher, or do its work here: %w", cap(book.room), ErrFull)
	}
	var h *Process
	if err == nil {
		h, err = r.enlist(book, args, deadline, d, id)
	}
	if err != nil {
		d.tellOver(id, false, err)
		return
	}
	d.mu.Lock()
	d.started[id] = h
	d.mu.Unlock()
	r.turns.Hold()
	go h.m.supervise(nil)
}

// has notes the number of a process, 0 while it has none.
func (p *Process) has(pid int) {
	p.pid.Store(int64(pid))
	if p.starter != nil && p.begun {
		p.starter.tell(frameStarted, p.id, func(e *Encoder) {
			Put(e, uint32(p.m.index))
			Put(e, int64(pid))
			e.String(p.name)
		})
	}
}

// tellStarter tells of the end.
func (p *Process) tellStarter() {
	if d := p.starter; d != nil {
		d.mu.Lock()
		delete(d.started, p.id)
		d.mu.Unlock()
		d.tellOver(p.id, p.obeyed, p.err)
	}
}

func (d *desk) tellOver(id uint64, obeyed bool, err error) {
	d.tell(frameOver, id, func(e *Encoder) {
		Put(e, obeyed)
		e.raw(errorFrame(err))
	})
}

// tell sends what is no answer to a call to a pool.
func (d *desk) tell(kind uint16, id uint64, put func(*Encoder)) {
	var e Encoder
	e.reset(nil, maxErrorSize+messageOverhead)
	put(&e)
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.closed {
		d.answers.put(kind, id, e.bytes())
		d.answers.push()
	}
}

// endStarted comes after the member's process has ended. What that has started goes on
// if it ended well.
func (m *member) endStarted(exit proc.Exit) {
	d := m.desk
	if m.left = nil; d == nil {
		return
	}
	d.mu.Lock()
	var left []*Process
	for _, h := range d.started {
		left = append(left, h)
	}
	d.mu.Unlock()
	if len(left) == 0 || exit.Code == 0 && exit.Signal == 0 && m.endedWell() {
		return
	}
	slices.SortFunc(left, func(a, b *Process) int { return a.number - b.number })
	m.left = left
	for _, h := range left {
		h.by.order(h, orderStop)
	}
}
