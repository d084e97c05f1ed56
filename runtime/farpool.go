package mp

import (
	"encoding/binary"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mpgen/mpgen/runtime/internal/line"
)

// A process calls a pool over its parent, which has the pool's books, and a managed
// object, which its parent keeps: the call goes up one line, the answer comes down another, beside those that carry the
// process's own tasks, so neither waits for the other. A process has as many calls
// at its parent as keep the pool's workers busy, callsMax and callBytes at most; so the
// parent can keep every answer that the process is too slow to take, and never
// waits for it. All other calls wait here.

const (
	callsMax  = 1024     // calls of one process to one pool that its parent has at once
	callBytes = 1 << 20  // of their arguments, beside the last
	farLine   = 64 << 10 // the lines for calls and answers
)

// callHead is the bytes before the arguments of a call: the pool, the deadline.
// answerHead is those before an answer: how many tasks the pool's workers get ahead.
const callHead, answerHead = 4 + 8, 4

// farCalls is the calls of one process to all pools and managed objects, and the processes
// that it has started, seen from inside.
type farCalls struct {
	node    *Node
	pools   map[int]*farPool
	objects map[int]*farPool
	inOrder []*farPool // all of them, as in the source, so that runs repeat inline

	mu      sync.Mutex
	calls   outbox
	answers *line.Reader
	next    uint64
	out     map[uint64]farTask // at the parent
	cancels []uint64           // of them, that are given up and the parent does not know
	started map[uint64]*farProcess
	enc     Encoder
	dec     Decoder
	scratch [4096]byte
}

type farTask struct {
	t    *task
	pool *farPool
	size int // bytes of the arguments
}

// farPool is the calling side of a pool, or of a managed object, outside of the
// program itself.
type farPool struct {
	calls *farCalls
	name  string
	kind  uint16 // of its calls' frames
	index int
	n     int // workers
	max   int // bytes of a task
	lead  atomic.Int32

	// of calls.mu
	pending waitlist
	open    int // tasks at the parent
	bytes   int // of their arguments
}

// openCalls opens the lines of a process that calls something, or returns nil.
func openCalls(c *child) *farCalls {
	n := c.node
	pl := n.plan
	if !pl.callsOut(n.slot) {
		return nil
	}
	calls, answers := pl.farAt(n.slot)
	f := &farCalls{node: n, pools: map[int]*farPool{}, objects: map[int]*farPool{}, out: map[uint64]farTask{}, started: map[uint64]*farProcess{}}
	f.calls = outbox{w: line.OpenWriter(c.at(calls), farLine, n.bells), slot: n.slot}
	f.answers = line.OpenReader(c.at(answers), farLine, n.bells, pl.maxCall(n.slot))
	for _, i := range pl.parties[pl.slots[n.slot].party].calls {
		p := &farPool{calls: f, name: pl.pools[i].row.name(), kind: frameCall, index: i, n: pl.pools[i].n, max: pl.pools[i].bytes}
		p.lead.Store(int32(max(pl.pools[i].batch, pl.pools[i].concurrent)))
		f.pools[i], f.inOrder = p, append(f.inOrder, p)
	}
	for _, i := range pl.managed(n.slot) {
		p := &farPool{calls: f, name: pl.shared[i].row.name(), kind: frameManaged, index: i, n: callsMax, max: managedMax}
		f.objects[i], f.inOrder = p, append(f.inOrder, p)
	}
	f.answers.Items().Set(n.slot)
	n.bell.Serve(f.takeIn)
	return f
}

func (p *farPool) submit(t *task) error {
	f := p.calls
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.node.over.Load() {
		return f.node.overError()
	}
	p.take(t)
	return nil
}

func (p *farPool) submitAll(tasks []*task) error {
	f := p.calls
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.node.over.Load() {
		return f.node.overError()
	}
	for _, t := range tasks {
		p.take(t)
	}
	f.send()
	return nil
}

func (p *farPool) take(t *task) {
	if !t.given.IsZero() { // its context ended just now
		return
	}
	p.calls.next++
	t.id = p.calls.next
	p.pending.pushBack(t)
}

func (p *farPool) flush() {
	p.calls.mu.Lock()
	p.calls.send()
	p.calls.mu.Unlock()
}

func (p *farPool) takeIn() { p.calls.takeIn() }

func (p *farPool) share() int { return int(p.lead.Load()) }

func (p *farPool) abandon(t *task, cause error) {
	f := p.calls
	f.mu.Lock()
	defer f.mu.Unlock()
	if !t.given.IsZero() {
		return
	}
	io := t.io
	t.given, t.io = time.Now(), nobody{}
	io.settled(p.failure(t, 0, cause))
	if at, ok := f.out[t.id]; ok && at.t == t {
		f.cancels = append(f.cancels, t.id)
		f.send()
		return
	}
	p.pending.drop()
}

// withdraw settles t with cause if the parent can't have it yet.
func (p *farPool) withdraw(t *task, cause error) bool {
	f := p.calls
	f.mu.Lock()
	defer f.mu.Unlock()
	if at, ok := f.out[t.id]; ok && at.t == t {
		return false
	}
	t.io.settled(p.failure(t, 0, cause))
	t.given, t.io = time.Now(), nobody{}
	p.pending.drop()
	return true
}

// failure is an error of this side about a task: the parent tells of the others.
func (p *farPool) failure(t *task, attempts int, cause error) *Error {
	return &Error{Name: p.name, Task: t.id, Attempts: attempts, Err: cause}
}

// mayCall says that the parent has room for another call.
func (p *farPool) mayCall() bool {
	return p.open < min(p.n*(2*p.share()+2), callsMax) && p.bytes < callBytes
}

// send sends what the line and the parent have room for. mu is held.
func (f *farCalls) send() {
	if f.node.over.Load() || !f.calls.push() {
		return
	}
	for ; len(f.cancels) > 0; f.cancels = f.cancels[1:] {
		f.calls.put(frameCancel, f.cancels[0], nil)
	}
	for _, p := range f.inOrder {
		for p.pending.len() > 0 && p.mayCall() && f.calls.queue.len() == 0 {
			if t := p.pending.popFront(); t.given.IsZero() {
				f.sendTask(p, t)
			}
		}
	}
	f.calls.push()
}

func (f *farCalls) sendTask(p *farPool, t *task) {
	e := &f.enc
	e.reset(f.scratch[:], callHead+p.max+messageOverhead)
	Put(e, uint32(p.index))
	Put(e, t.deadline)
	t.io.put(e)
	if e.err != nil {
		t.io.settled(p.failure(t, 0, e.err))
		f.node.bell.Ring() // its caller may be another than this one
		return
	}
	f.out[t.id] = farTask{t, p, e.n}
	p.open++
	p.bytes += e.n
	f.calls.put(p.kind, t.id, e.bytes())
}

// takeIn takes in the answers, and sends on. It runs at each look of the bell.
func (f *farCalls) takeIn() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.node.over.Load() {
		return
	}
	for {
		a, ok, err := f.answers.Next()
		if err != nil {
			panic(err) // the parent writes no nonsense
		}
		if ok {
			f.answer(a)
			continue
		}
		f.answers.Tell()
		f.answers.Items().Set(f.node.slot)
		if !f.answers.HasFrame() {
			break
		}
	}
	f.send()
}

func (f *farCalls) answer(a line.Frame) {
	if f.hear(a) {
		return
	}
	at, ok := f.out[a.ID]
	if !ok || len(a.Data) < answerHead {
		panic("mp: an answer to no call")
	}
	delete(f.out, a.ID)
	at.pool.open--
	at.pool.bytes -= at.size
	at.pool.lead.Store(int32(binary.NativeEndian.Uint32(a.Data)))
	t, data := at.t, a.Data[answerHead:]
	if a.Kind != frameResult {
		t.io.settled(decodeError(data))
		return
	}
	f.dec.reset(data)
	t.attempts = 1
	err := t.io.get(&f.dec)
	if err != nil {
		err = at.pool.failure(t, 1, err)
	}
	t.io.settled(err)
}

// end settles what is under way when the process's node has ended, and its
// goroutines go on. Nothing of the calls touches the memory afterwards.
func (f *farCalls) end() {
	f.mu.Lock()
	defer f.mu.Unlock()
	settle := func(p *farPool, t *task) {
		if t.given.IsZero() {
			io := t.io
			t.given, t.io = time.Now(), nobody{}
			io.settled(p.failure(t, 0, f.node.overError())) // once settled, t may be used again
		}
	}
	for _, at := range f.out {
		settle(at.pool, at.t)
	}
	for _, p := range f.started {
		f.over(p, f.node.overError())
	}
	for _, p := range f.inOrder {
		for p.pending.len() > 0 {
			settle(p, p.pending.popFront())
		}
	}
}
