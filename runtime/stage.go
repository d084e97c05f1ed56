package mp

import (
	"context"
	"fmt"
)

// caller runs the tasks of a pool that is called: bytes in, bytes out.
type caller interface {
	// call decodes a task, runs it, and encodes its result. The first error is
	// the function's own, or says that the task or result could not travel.
	call(ctx context.Context, d *Decoder, e *Encoder) error
}

type poolCaller[In, Out any] struct{ decl *PoolDecl[In, Out] }

func (p *PoolDecl[In, Out]) newCaller() caller { return poolCaller[In, Out]{p} }

func (c poolCaller[In, Out]) call(ctx context.Context, d *Decoder, e *Encoder) error {
	in := c.decl.In.get(d)
	if err := d.done(); err != nil {
		return err
	}
	out, err := c.decl.Func(ctx, in)
	if err != nil {
		return err
	}
	c.decl.Out.put(e, out)
	return e.err
}

// stage runs the tasks of a pool that a flow feeds.
type stage interface {
	// run decodes an item and calls the function. It returns how many results
	// there are; put encodes one of them.
	run(ctx context.Context, item []byte) (n int, err error)
	put(e *Encoder, i int)
	// key is the hash of a result's key, if they have one.
	key(i int) uint64
	// dead gives what encodes an item that the stage gives up on, with the error,
	// and the hash of its key.
	dead(item []byte, err error) (key uint64, encode func(*Encoder), bad error)
}

type poolStage[In, Out any] struct {
	decl *PoolDecl[In, Out]
	dec  Decoder
	out  Out
}

func (p *PoolDecl[In, Out]) newStage() stage { return &poolStage[In, Out]{decl: p} }

func (s *poolStage[In, Out]) decode(item []byte) (In, error) {
	s.dec.reset(item)
	in := s.decl.From.Elem.get(&s.dec)
	return in, s.dec.done()
}

func (s *poolStage[In, Out]) run(ctx context.Context, item []byte) (int, error) {
	in, err := s.decode(item)
	if err != nil {
		return 0, err
	}
	if s.out, err = s.decl.Func(ctx, in); err != nil {
		return 0, err
	}
	if s.decl.To.queue == nil {
		return 0, nil
	}
	return s.decl.To.count(s.out), nil
}

func (s *poolStage[In, Out]) put(e *Encoder, i int) { s.decl.To.put(e, s.out, i) }

func (s *poolStage[In, Out]) key(i int) uint64 {
	if s.decl.To.key == nil {
		return 0
	}
	return s.decl.To.key(s.out, i)
}

func (s *poolStage[In, Out]) dead(item []byte, cause error) (key uint64, encode func(*Encoder), bad error) {
	in, err := s.decode(item)
	if err != nil {
		return 0, nil, fmt.Errorf("the item can't be read again: %w", err)
	}
	failed := Failed[In]{Item: in, Err: cause}
	if s.decl.Dead.Key != nil {
		key = s.decl.Dead.Key(failed)
	}
	return key, func(e *Encoder) { s.decl.Dead.Elem.put(e, failed) }, nil
}
