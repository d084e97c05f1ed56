package mp

import (
	"context"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/mpgen/mpgen/runtime/internal/line"
)

// Batches: a pool whose function takes several tasks at once, which are called for
// one by one. The parent gathers them: a worker that is idle gets what waits, up to a
// whole batch, once the first has waited as long as the pool says. To the worker a batch
// is one unit: it begins, is cancelled and dies as one task does; only the answers
// are for each of its tasks. While a worker is busy it gets a further batch only if that is
// whole, and tasks take so little time that one would run ahead: what comes
// meanwhile makes the next batch larger.
//
// A batch that died, or was late, is broken up: its tasks are tried again each by
// itself, so that one which kills its worker costs the others one attempt at the most.

// gather takes the next batch out of what waits for the worker w, which has some
// tasks already. It is empty if it is to wait for more.
func (p *poolCore) gather(w *poolWorker) (batch []*task) {
	most := p.plan.batch
	if w.limit > 0 {
		most = min(most, w.limit-w.taken)
	}
	n := min(most, p.pending.len())
	switch {
	case n == 0 || w.out.len() > 0 && n < p.plan.batch:
		return nil
	case n < most && n == p.pending.len() && p.plan.wait > 0 && p.run.turns == nil:
		if left := time.Until((*p.pending.at(0)).came.Add(p.plan.wait)); left > 0 {
			p.tick(left)
			return nil
		}
	}
	for range n {
		batch = append(batch, p.pending.popFront())
	}
	return batch
}

// sendBatch sends w a batch that gather takes, and reports false if there is none, or no
// room for one. A batch takes no more bytes than one task may: what is too much comes next. A
// task that can't be encoded is settled with the error.
func (p *poolCore) sendBatch(w *poolWorker, gather func() []*task) bool {
	if !w.m.down.HasRoom(len(p.scratch)) {
		return false
	}
	batch := gather()
	if len(batch) == 0 {
		return false
	}
	n := p.encodeBatch(batch)
	for i := len(batch) - 1; i >= max(n, 1); i-- {
		p.pending.pushFront(batch[i])
	}
	switch {
	case n == 0:
		batch[0].io.settled(p.failure(nil, batch[0], p.enc.err))
		p.run.node.bell.Ring() // its caller may be another than this one
		return true
	case n < len(batch):
		batch = batch[:n]
		p.encodeBatch(batch)
	}
	for _, t := range batch {
		w.has(t, batch[0].id)
	}
	w.taken += n
	p.sendFrame(w, frameBatch, batch[0].id)
	return true
}

// encodeBatch encodes tasks until one does not fit, or can't be encoded, and returns
// how many did.
func (p *poolCore) encodeBatch(batch []*task) int {
	e := &p.enc
	e.reset(p.scratch[:], p.plan.bytes+messageOverhead)
	deadline := batch[0].deadline // the batch has the time that any of its tasks has
	for _, t := range batch {
		if deadline = max(deadline, t.deadline); t.deadline == 0 {
			deadline = 0
			break
		}
	}
	Put(e, deadline)
	for i, t := range batch {
		Put(e, t.id)
		at := e.n
		Put(e, uint32(0))
		if t.io.put(e); e.err != nil {
			return i
		}
		binary.NativeEndian.PutUint32(e.buf[at:], uint32(e.n-at-4))
	}
	return len(batch)
}

// batched is the tasks of a batch, as a worker has them.
type batched struct {
	ids  []uint64
	data [][]byte
}

// read takes the tasks out of a frame; they are valid until the next one.
func (b *batched) read(f line.Frame) (deadline int64) {
	b.ids, b.data = b.ids[:0], b.data[:0]
	deadline = int64(binary.NativeEndian.Uint64(f.Data))
	for tasks := f.Data[8:]; len(tasks) > 0; {
		size := 12 + binary.NativeEndian.Uint32(tasks[8:])
		b.ids, b.data = append(b.ids, binary.NativeEndian.Uint64(tasks)), append(b.data, tasks[12:size])
		tasks = tasks[size:]
	}
	return deadline
}

// dispatchBatches gives tasks that may be with others to the workers, but for one.
func (p *poolCore) dispatchBatches(cleared *poolWorker) {
	p.pending.sift() // none of them is given up
	for ; p.pending.len() > 0; p.owed = false {
		w := p.idlest(max(p.ahead()-p.plan.batch+1, 1), cleared)
		if w == nil || !p.sendBatch(w, func() []*task { return p.gather(w) }) {
			return
		}
	}
}

// callBatch runs a batch in one call, and answers each of its tasks. late asks
// whether the time of the batch was up.
func (w *worker) callBatch(ctx context.Context, late func() bool) {
	b := &w.batch
	w.out()
	result := w.works.batch(ctx, b.data, w.dec.lease)
	w.back()
	if w.dec.lease != nil {
		w.dec.lease.end()
	}
	isLate := late()
	for i, id := range b.ids {
		w.enc.reset(w.scratch[:], w.pool.bytes)
		w.out()
		err := w.sized(&w.enc, result(i, &w.enc))
		w.back()
		w.answer(id, 0, err, isLate)
	}
}

// batch runs tasks in one call of the function. What it returns encodes the result
// of one of them, or says what is wrong with it.
func (w poolWorks[In, Out]) batch(ctx context.Context, data [][]byte, blocks *lease) func(i int, e *Encoder) error {
	ins := make([]In, 0, len(data))
	bad := make([]error, len(data))
	at := make([]int, len(data)) // of a task among the results
	for i := range data {
		d := Decoder{lease: blocks}
		d.reset(data[i])
		in := w.in.get(&d)
		if bad[i] = d.Err(); bad[i] == nil {
			at[i] = len(ins)
			ins = append(ins, in)
		}
	}
	n := len(ins)
	var outs []Out
	var err error
	if n > 0 {
		if outs, err = w.many(ctx, ins); err == nil && len(outs) != n {
			err = fmt.Errorf("%s gave %d results for a batch of %d", w.decl.Name, len(outs), n)
		}
	}
	return func(i int, e *Encoder) error {
		switch {
		case bad[i] != nil:
			return bad[i]
		case err != nil:
			return err
		}
		w.out.put(e, outs[at[i]])
		return e.err
	}
}
