package mp

import (
	"errors"
	"fmt"
	"sync"
)

// How arguments and answers come in and out of the books of a pool. These have a lock
// that all callers share, and whichever of them comes by sends and takes in what there is,
// for all. So no code of the user's, such as a marshaler, runs there. The caller itself encodes
// its arguments before, and decodes its answer after: one that hangs in there
// keeps nobody else waiting, and a panic is the error of its own call.
//
// A codec that is plain runs no such code. It reads and writes where the item lies, under
// the lock, and saves a copy.

// carried is what one call has outside of the books.
type carried struct {
	args   []byte
	bad    error // instead of args
	of     interface{ read(*Decoder) error }
	answer []byte // for its read, if coded is set
	coded  bool
	once   sync.Once // it is read by the first who asks

	index, pid int // of the worker that has answered
}

// firstRoom is the memory in which arguments are first encoded; more lie in memory of
// their own at once.
const firstRoom = 4 << 10

// encode has the arguments written, max bytes at the most, and keeps them. Only with a
// lender may they carry blocks.
func (c *carried) encode(max int, lender *Node, write func(*Encoder)) {
	s := scratches.Get().(*scratch)
	e := &s.enc
	spill := e.spill
	room := c.args[:cap(c.args)] // of an earlier call
	if len(room) == 0 {
		room = s.room(firstRoom)
	}
	e.reset(room, max)
	e.spill, e.lender = nil, lender
	defer func() {
		if v := recover(); v != nil {
			e.fail(panicked(v))
		}
		c.bad = e.err
		if e.heap || cap(c.args) > 0 {
			c.args = e.bytes()
		} else {
			c.args = append(c.args, e.bytes()...)
		}
		e.spill, e.lender, e.buf = spill, nil, nil
		scratches.Put(s)
	}()
	write(e)
}

// put writes what encode has kept.
func (c *carried) put(e *Encoder) {
	if c.bad != nil {
		e.fail(c.bad)
		return
	}
	e.raw(c.args)
}

// keep takes the answer in.
func (c *carried) keep(d *Decoder) {
	c.answer, c.coded = d.keep(d.buf[d.n:]), true
	d.n = len(d.buf)
}

// decode reads the answer.
func (c *carried) decode() (err error) {
	s := scratches.Get().(*scratch)
	s.dec.resetOwn(c.answer)
	defer func() {
		if v := recover(); v != nil {
			err = panicked(v)
		}
		c.answer = nil
		s.dec.reset(nil)
		scratches.Put(s)
	}()
	return c.of.read(&s.dec)
}

// again is ready for another call, with the memory of the last.
func (c *carried) again() *carried {
	if c != nil {
		args := c.args[:0]
		if cap(args) > keepSpill {
			args = nil
		}
		*c = carried{args: args, of: c.of}
	}
	return c
}

// encode is carried.encode for a call.
func (c *callee) encode(k *carried, write func(*Encoder)) {
	lender := (*Node)(nil)
	if c.lends {
		lender = c.node
	}
	if k.encode(c.bytes, lender, write); errors.Is(k.bad, ErrTooBig) {
		k.bad = c.tooBig()
	}
}

// bound holds arguments that have been put without encode to their size.
func (c *callee) bound(e *Encoder, n int) {
	if e.err == nil && n <= c.bytes {
		return
	}
	if e.err == nil || errors.Is(e.err, ErrTooBig) {
		e.err = nil
		e.fail(c.tooBig())
	}
}

func (c *callee) tooBig() error { return tooBig("the arguments of a call take", c.bytes, c.name) }

func tooBig(what string, bytes int, name string) error {
	return fmt.Errorf("%w: %s more than %d bytes; the setting bytes of %q says how many they may be", ErrTooBig, what, bytes, name)
}

// sized names the setting in an error of a result that e was to encode.
func (w *worker) sized(e *Encoder, err error) error {
	if err != nil && err == e.err && errors.Is(err, ErrTooBig) {
		return tooBig("a result takes", w.pool.bytes, w.pool.row.name())
	}
	return err
}
