package mp

import (
	"context"
	"fmt"
)

// works runs the tasks of one worker, one at a time.
type works interface {
	// call decodes a task, runs it, and encodes its result. The first error is
	// the function's own, or says that the task or result could not travel.
	call(ctx context.Context, method int, d *Decoder, e *Encoder) error
	// batch runs several tasks in one call, and returns what encodes the result of
	// one of them, or says what is wrong with it.
	batch(ctx context.Context, data [][]byte, blocks *lease) func(i int, e *Encoder) error
	// stage runs the tasks of an input.
	stage(input int) stage
	close() error
}

// stage runs the tasks that a queue feeds.
type stage interface {
	// run decodes an item, with its blocks, and calls the function. It returns how many
	// results there are; put encodes one of them.
	run(ctx context.Context, item []byte, blocks *lease) (n int, err error)
	put(e *Encoder, i int)
	// key is the hash of a result's key, if they have one.
	key(i int) uint64
}

// poolWorks is the function of a pool.
type poolWorks[In, Out any] struct {
	decl *PoolDecl[In, Out]
	do   func(context.Context, In) (Out, error)
	many func(context.Context, []In) ([]Out, error)
	in   Codec[In]
	out  Codec[Out]
}

func (p *PoolDecl[In, Out]) open(_ context.Context, n *Node, _ *Decoder) (works, error) {
	w := poolWorks[In, Out]{decl: p, do: p.Func, many: p.Many}
	w.in, w.out = p.codecs()
	if p.Open != nil {
		w.do = p.Open(n)
	}
	if p.OpenMany != nil {
		w.many = p.OpenMany(n)
	}
	return w, nil
}

func (w poolWorks[In, Out]) call(ctx context.Context, _ int, d *Decoder, e *Encoder) error {
	in := w.in.get(d)
	if err := d.Err(); err != nil {
		return err
	}
	out, err := w.do(ctx, in)
	if err != nil {
		return err
	}
	w.out.put(e, out)
	return e.err
}

func (w poolWorks[In, Out]) stage(int) stage { return w.decl.feed().open(w.do) }

func (poolWorks[In, Out]) close() error { return nil }

func (p *PoolDecl[In, Out]) feed() feed[In, Out] { return feed[In, Out]{p.From, p.To, p.Dead} }

func (p *PoolDecl[In, Out]) shape() poolShape {
	s := poolShape{workers: p.Workers, bytes: p.Bytes, task: p.Task, worker: p.Worker, warm: p.Warm, called: p.From == nil, sends: p.Send, uses: p.Uses, reads: p.Reads, starts: p.Starts, concurrent: p.Concurrent, batch: p.Batch, wait: p.Wait, lends: p.Lends}
	if p.From != nil {
		s.inputs = []inputShape{p.feed().shape(0)}
	}
	return s
}

func (p *PoolDecl[In, Out]) letter(_ int, n *Node, item []byte, cause error) (uint64, func(*Encoder), error) {
	return p.feed().letter(n, item, cause)
}

func (p *PoolDecl[In, Out]) check() error {
	switch {
	case (p.Batch > 0 || p.Concurrent > 1) && p.From != nil, p.Batch > 0 && p.Concurrent > 1:
		return fmt.Errorf("pool %q does several tasks at once, which a stage can't, nor a pool of batches: generate its code again", p.Name)
	case p.Batch > 0 && p.Many == nil && p.OpenMany == nil, p.Batch == 0 && p.Func == nil && p.Open == nil:
		return fmt.Errorf("pool %q has no function: generate its code again", p.Name)
	}
	if p.From != nil {
		return nil
	}
	if err := p.In.check(); err != nil {
		return fmt.Errorf("pool %q: %w", p.Name, err)
	}
	if err := p.Out.check(); err != nil {
		return fmt.Errorf("pool %q: %w", p.Name, err)
	}
	return nil
}

// feed is where a stage takes its items, and what becomes of them.
type feed[In, Out any] struct {
	from *QueueDecl[In]
	to   Sink[Out]
	dead *QueueDecl[Failed[In]]
}

func (f feed[In, Out]) shape(method int) inputShape {
	s := inputShape{method: method, from: f.from, to: f.to.queue}
	if f.dead != nil {
		s.dead = f.dead
	}
	return s
}

func (f feed[In, Out]) decode(d *Decoder, item []byte) (In, error) {
	d.reset(item)
	in := f.from.Elem.get(d)
	return in, d.Err()
}

// letter gives what encodes an item that is given up, with the error, and the hash
// of its key.
func (f feed[In, Out]) letter(n *Node, item []byte, cause error) (key uint64, encode func(*Encoder), bad error) {
	d := Decoder{lease: &lease{node: n}}
	in, err := f.decode(&d, item)
	if err != nil {
		return 0, nil, fmt.Errorf("the item can't be read again: %w", err)
	}
	failed := Failed[In]{Item: in, Err: cause}
	if f.dead.Key != nil {
		key = f.dead.Key(failed)
	}
	return key, func(e *Encoder) { f.dead.Elem.put(e, failed) }, nil
}

func (f feed[In, Out]) open(do func(context.Context, In) (Out, error)) stage {
	return &fedStage[In, Out]{feed: f, do: do}
}

// fedStage is a feed and what is done with its items.
type fedStage[In, Out any] struct {
	feed[In, Out]
	do  func(context.Context, In) (Out, error)
	dec Decoder
	out Out
}

func (s *fedStage[In, Out]) run(ctx context.Context, item []byte, blocks *lease) (int, error) {
	s.dec.lease = blocks
	in, err := s.decode(&s.dec, item)
	if err != nil {
		return 0, err
	}
	blocks.whole()
	if s.out, err = s.do(ctx, in); err != nil {
		return 0, err
	}
	if s.to.queue == nil {
		return 0, nil
	}
	return s.to.count(s.out), nil
}

func (s *fedStage[In, Out]) put(e *Encoder, i int) { s.to.put(e, s.out, i) }

func (s *fedStage[In, Out]) key(i int) uint64 {
	if s.to.key == nil {
		return 0
	}
	return s.to.key(s.out, i)
}
