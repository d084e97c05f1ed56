package mp

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"unsafe"

	"github.com/mpgen/mpgen/runtime/internal/control"
	"github.com/mpgen/mpgen/runtime/internal/lock"
	"github.com/mpgen/mpgen/runtime/internal/ring"
	"github.com/mpgen/mpgen/runtime/internal/value"
)

// ValueDecl is a row for a value of any type that is no number.
type ValueDecl[T any] struct {
	Name string
	Elem Codec[T]
	Slot int // bytes of the largest encoding; 0: 256; flat values have their size
}

// In is the value, for a process that declares to use it.
func (d *ValueDecl[T]) In(n *Node) *Value[T] {
	return opened(n, d, func(_ *sharedPlan, at unsafe.Pointer) *Value[T] {
		return &Value[T]{
			shared:  value.Open(unsafe.Add(at, lock.Size(len(n.plan.slots))), d.max()),
			writers: newLock(n, at, fmt.Sprintf("value %q", d.Name)),
			elem:    d.Elem, max: d.max(), plain: d.Elem.Encode == nil && !holdsBools[T](),
		}
	})
}

func (d *ValueDecl[T]) name() string { return d.Name }

func (d *ValueDecl[T]) check() error {
	if err := d.Elem.check(); err != nil {
		return fmt.Errorf("value %q: %w", d.Name, err)
	}
	return nil
}

func (d *ValueDecl[T]) max() int {
	switch size := d.Elem.size(); {
	case size >= 0:
		return size
	case d.Slot > 0:
		return d.Slot
	}
	return defaultSlot
}

func (d *ValueDecl[T]) place(slots, _ int) sharedPlace {
	return sharedPlace{kind: control.KindValue, size: lock.Size(slots) + value.Size(d.max()), stride: d.max()}
}

// repair sets the writers' lock free: what a dead writer did was not published.
func (d *ValueDecl[T]) repair(n *Node, at unsafe.Pointer, p ring.Owner, _ bool) {
	l := lock.Open(at, n.slot, n.bells, monotonic)
	l.Sweep(int(p), false)
}

// Value is a shared value of any type that is no number. Who loads it gets a whole
// value, always: also while others store, and after a process died in the middle
// of that. It is the zero T at first. Any goroutine of any process that uses it may
// call its methods; but a Store or an Update of the same value within the
// function of an Update would wait for itself.
type Value[T any] struct {
	shared  value.Value
	writers *Lock
	elem    Codec[T]
	max     int
	plain   bool // flat, and all memory is a T
}

// quickLoads is how often Load tries without waiting.
const quickLoads = 64

// Load returns a copy of the value. It waits for nobody, unless others store so
// fast that it never sees the same value twice: then it takes a turn among
// them, for which ctx is. After the end of the run it returns the last value.
func (v *Value[T]) Load(ctx context.Context) (T, error) {
	for range quickLoads {
		if x, ok, err := v.read(); ok {
			return x, err
		}
	}
	if err := v.writers.Lock(ctx); err != nil {
		var none T
		return none, err
	}
	defer v.writers.Unlock()
	x, _, err := v.read()
	return x, err
}

// Store replaces the value. After an error it is as it was: ctx ended while
// another process was writing, x has no room in the slot ([ErrTooBig]), or the run
// has ended ([ErrClosed]).
func (v *Value[T]) Store(ctx context.Context, x T) error {
	if v.elem.Encode == nil {
		if err := v.writers.Lock(ctx); err != nil {
			return err
		}
		v.write(memoryOf(&x))
		v.writers.Unlock()
		return nil
	}
	s := scratches.Get().(*scratch)
	defer scratches.Put(s)
	data, err := v.encode(s, x)
	if err != nil {
		return err
	}
	if err := v.writers.Lock(ctx); err != nil {
		return err
	}
	v.write(data)
	v.writers.Unlock()
	return nil
}

// Update lets f change a copy of the value, while no other process or goroutine
// writes, and publishes it if f returns nil. With any error, f's own too, and if
// the process dies in f, the value is as it was.
func (v *Value[T]) Update(ctx context.Context, f func(*T) error) error {
	if err := v.writers.Lock(ctx); err != nil {
		return err
	}
	defer v.writers.Unlock()
	x, _, err := v.read()
	if err != nil {
		return err
	}
	if err := f(&x); err != nil {
		return err
	}
	if v.elem.Encode == nil {
		v.write(memoryOf(&x))
		return nil
	}
	s := scratches.Get().(*scratch)
	defer scratches.Put(s)
	data, err := v.encode(s, x)
	if err != nil {
		return err
	}
	v.write(data)
	return nil
}

// write publishes a value, which it is the caller's turn to do.
func (v *Value[T]) write(data []byte) {
	if !v.writers.node.emulated {
		v.shared.Write(data)
		return
	}
	v.writers.node.ringing(func() { v.shared.Write(data) })
}

// scratch is what it takes to encode or decode one value.
type scratch struct {
	enc Encoder
	dec Decoder
	buf []byte
}

var scratches = sync.Pool{New: func() any { return new(scratch) }}

func (s *scratch) room(n int) []byte {
	if cap(s.buf) < n {
		s.buf = make([]byte, n)
	}
	return s.buf[:n]
}

func (v *Value[T]) encode(s *scratch, x T) ([]byte, error) {
	s.enc.reset(s.room(v.max), v.max)
	v.elem.Encode(&s.enc, x)
	if err := s.enc.err; err != nil {
		if errors.Is(err, ErrTooBig) {
			err = fmt.Errorf("%w; its setting slot says how many", err)
		}
		return nil, fmt.Errorf("%s: %w", v.writers.what, err)
	}
	return s.enc.bytes(), nil
}

// read is one try to load; it reports false if a writer came in between.
func (v *Value[T]) read() (x T, ok bool, err error) {
	if v.elem.Encode != nil {
		return v.decode()
	}
	n, ok, err := v.shared.Read(memoryOf(&x))
	if !ok || n < 0 {
		return x, ok, nil
	}
	if err != nil || n != v.max || !v.plain && !sound(&x) {
		var none T
		return none, true, v.corrupt(err)
	}
	return x, true, nil
}

func (v *Value[T]) decode() (x T, ok bool, err error) {
	s := scratches.Get().(*scratch)
	defer scratches.Put(s)
	buf := s.room(v.max)
	n, ok, err := v.shared.Read(buf)
	if !ok || n < 0 {
		return x, ok, nil
	}
	if err != nil {
		return x, true, v.corrupt(err)
	}
	s.dec.reset(buf[:n])
	x = v.elem.Decode(&s.dec)
	if err := s.dec.Err(); err != nil {
		var none T
		return none, true, v.corrupt(err)
	}
	return x, true, nil
}

func (v *Value[T]) corrupt(err error) error {
	if errors.Is(err, ErrCorruptPeer) {
		return fmt.Errorf("%s: %w", v.writers.what, err)
	}
	return fmt.Errorf("%s: %w", v.writers.what, ErrCorruptPeer)
}

// memoryOf is the bytes of a flat value.
func memoryOf[T any](x *T) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(x)), unsafe.Sizeof(*x))
}
