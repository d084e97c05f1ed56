package mp

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"unsafe"

	"github.com/mpgen/mpgen/runtime/internal/control"
	"github.com/mpgen/mpgen/runtime/internal/lock"
	"github.com/mpgen/mpgen/runtime/internal/ring"
)

// Dicts, lists and sets are managed objects: the program itself keeps them, in its own
// memory, and processes reach them by calls, which take the lines of calls to pools.
// The parent does what a call asks for in one step, on its shelf, in the order in
// which calls come; so a caller that dies has done a thing or has not, there is
// nothing to repair, and what is kept lives as long as the program.
//
// A call that the parent may have is not given up when its context ends: its answer is
// a matter of microseconds, and an error then says for certain that nothing was done.
//
// To the shelf keys and values are bytes. Each value has a version, by which an update
// sees that somebody else was quicker: it then calls its function again. After a few
// rounds it takes a turn, a lock in the commons, for which other updates wait.

// managedRow is a row whose object the program keeps.
type managedRow interface {
	sharedRow
	shelf() *shelf // an empty one
}

// managedDecl is what the rows of managed objects have in common.
type managedDecl struct{}

func (managedDecl) repair(n *Node, at unsafe.Pointer, p ring.Owner, _ bool) {
	l := lock.Open(at, n.slot, n.bells, monotonic)
	l.Sweep(int(p), false)
}

func (managedDecl) place(slots, _ int) sharedPlace {
	return sharedPlace{kind: control.KindManaged, size: lock.Size(slots)}
}

// shelfState tells how much the object of d holds.
func shelfState(n *Node, d managedRow) string {
	if s := n.run.shelves[n.plan.index[d]]; s.len() > 0 {
		return fmt.Sprintf("%d entries", s.len())
	}
	return ""
}

// managedMax is the most bytes of a key and its value, and of what is appended at once.
const managedMax = defaultBytes

// What a call asks for. Those from opStore on change something.
const (
	opLoad   = iota // place: version and value
	opLen           // how many there are
	opRange         // snapshot, 0 for a new one: the snapshot, 0 at the end, and entries
	opDrop          // snapshot: nothing more of it is asked for
	opStore         // mode, version, place, value: whether it is done, else the value that is there
	opDelete        // place: whether it was there, and the value
	opInsert        // index, values
	opPop           // whether there was a last one, and the value
	opClear
)

// Modes of opStore.
const (
	storeAny    = iota // whatever is there
	storeAbsent        // if nothing is
	storeSame          // if the version is the same, 0: nothing
)

// How an answer begins.
const (
	managedDone = iota
	managedFull
	managedRange
)

// atEnd is the index behind the last element of a list, however many there are.
const atEnd = -1

// managed is the calling side of an object, as one process has it.
type managed struct {
	callee
	what  string   // for errors: the kind and the name
	shelf *shelf   // in the program itself
	far   *farPool // in other processes
	turn  *Lock    // of updates that were not quick enough
}

func newManaged(n *Node, d managedRow, at unsafe.Pointer, kind string) managed {
	m := managed{what: fmt.Sprintf("%s %q", kind, d.name())}
	m.callee = callee{name: d.name(), node: n}
	m.turn = newLock(n, at, m.what)
	i := n.plan.index[d]
	switch {
	case n.run != nil:
		m.shelf = n.run.shelves[i]
	case n.child != nil && n.child.far != nil && n.child.far.objects[i] != nil:
		m.far = n.child.far.objects[i]
		m.core = m.far
	default:
		panic("mp: " + m.what + " can't be used from here")
	}
	return m
}

// call has the program do op. After an error nothing is changed.
func (m *managed) call(ctx context.Context, op uint32, args func(*Encoder), result func(*Decoder)) error {
	k := &managedCall{of: m, op: op, args: args, result: result}
	k.pool, k.io = &m.callee, k
	switch {
	case m.shelf != nil:
		k.err = k.here(ctx)
	case k.far(ctx):
		if err := m.node.bell.Wait(ctx, nil, k); err != nil && !m.far.withdraw(&k.task, ended(ctx, err)) {
			if err := m.node.bell.Wait(context.Background(), nil, k); err != nil && !k.done.Load() {
				return m.failed(m.node.overError())
			}
		}
	}
	k.finish()
	return m.failed(k.err)
}

// failed names the object in an error.
func (m *managed) failed(err error) error {
	if e, ok := err.(*Error); ok {
		err = e.Err
	}
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", m.what, err)
}

// managedCall is one call.
type managedCall struct {
	Task[struct{}]
	of     *managed
	op     uint32
	args   func(*Encoder)
	result func(*Decoder)
}

// far begins the call in another process.
func (k *managedCall) far(ctx context.Context) bool {
	k.carried = &carried{of: k}
	k.carried.encode(managedMax, nil, k.write)
	return k.of.begin(ctx, &k.task)
}

func (k *managedCall) put(e *Encoder) { k.carried.put(e) }

func (k *managedCall) get(d *Decoder) error {
	k.carried.keep(d)
	return nil
}

func (k *managedCall) write(e *Encoder) {
	Put(e, k.op)
	if k.args != nil {
		k.args(e)
	}
}

func (k *managedCall) read(d *Decoder) error {
	switch Get[uint8](d) {
	case managedFull:
		return ErrFull
	case managedRange:
		return ErrRange
	}
	if k.result != nil && d.err == nil {
		k.result(d)
	}
	return d.Err()
}

func (k *managedCall) waitsFor() want {
	return want{what: k.of.what, from: []int{0}, how: "kept"}
}

// here is the call in the program itself. A marshaler that panics fails the call, as it
// does in any process.
func (k *managedCall) here(ctx context.Context) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = panicked(v)
		}
	}()
	n := k.of.node
	if err := context.Cause(ctx); err != nil {
		return err
	}
	if k.op >= opStore && n.over.Load() {
		return n.overError()
	}
	call, answer := scratches.Get().(*scratch), scratches.Get().(*scratch)
	defer scratches.Put(call)
	defer scratches.Put(answer)
	call.enc.reset(call.room(defaultSlot), managedMax)
	k.write(&call.enc)
	if call.enc.err != nil {
		return call.enc.err
	}
	call.dec.reset(call.enc.bytes())
	answer.enc.reset(answer.room(defaultSlot), managedMax+messageOverhead)
	if !k.of.shelf.serve(&call.dec, &answer.enc, &n.run.snapshots) {
		return errors.New("mp: a call that no shelf understands")
	}
	if answer.enc.err != nil {
		return answer.enc.err
	}
	answer.dec.reset(answer.enc.bytes())
	return k.read(&answer.dec)
}

// all reads a snapshot, each entry with take. It comes in pieces, so that the program
// never has it twice and others are not kept waiting.
func (m *managed) all(ctx context.Context, take func(*Decoder)) error {
	for id := uint64(0); ; {
		next := id
		err := m.call(ctx, opRange, func(e *Encoder) { Put(e, id) }, func(d *Decoder) {
			next = Get[uint64](d)
			for n := Get[uint32](d); n > 0 && d.err == nil; n-- {
				take(d)
			}
		})
		if err != nil && next != 0 {
			_ = m.call(context.WithoutCancel(ctx), opDrop, func(e *Encoder) { Put(e, next) }, nil)
		}
		if err != nil || next == 0 {
			return err
		}
		id = next
	}
}

func (m *managed) len(ctx context.Context) (n int, err error) {
	err = m.call(ctx, opLen, nil, func(d *Decoder) { n = int(Get[int64](d)) })
	return n, err
}

func (m *managed) clear(ctx context.Context) error { return m.call(ctx, opClear, nil, nil) }

// delete removes what is at a place and reads what was there with get.
func (m *managed) delete(ctx context.Context, place func(*Encoder), get func(*Decoder)) (was bool, err error) {
	err = m.call(ctx, opDelete, place, func(d *Decoder) { was = found(d, get) })
	return was, err
}

// found reads a version, and with get the value, if there is one.
func found(d *Decoder, get func(*Decoder)) bool {
	if Get[uint64](d) == 0 {
		return false
	}
	get(d)
	return true
}

// store puts a value at a place. When that is not done, get reads the version and the
// value that are there.
func (m *managed) store(ctx context.Context, mode uint8, version uint64, place, put func(*Encoder), get func(*Decoder)) (done bool, err error) {
	err = m.call(ctx, opStore, func(e *Encoder) {
		Put(e, mode)
		Put(e, version)
		place(e)
		put(e)
	}, func(d *Decoder) {
		if done = Get[uint8](d) != 0; !done {
			get(d)
		}
	})
	return done, err
}

// quickUpdates is how often an update tries before it takes its turn.
const quickUpdates = 4

// update replaces the value at a place by what f makes of it.
func update[V any](ctx context.Context, m *managed, elem Codec[V], place func(*Encoder), f func(V, bool) (V, error)) error {
	if m.node.over.Load() {
		return m.failed(m.node.overError())
	}
	version, v := uint64(0), *new(V)
	get := func(d *Decoder) {
		if version, v = Get[uint64](d), *new(V); version != 0 {
			v = elem.get(d)
		}
	}
	turn := false
	for tries := 0; ; tries++ {
		_, _, taken := m.turn.shared.Holder()
		took := !turn && (taken || tries == quickUpdates)
		if took {
			if err := m.turn.Lock(ctx); err != nil {
				return err
			}
			defer m.turn.Unlock()
			turn = true
		}
		if took || tries == 0 {
			if err := m.call(ctx, opLoad, place, get); err != nil {
				return err
			}
		}
		next, err := f(v, version != 0)
		if err != nil {
			return err
		}
		done, err := m.store(ctx, storeSame, version, place, func(e *Encoder) { elem.put(e, next) }, get)
		if done || err != nil {
			return err
		}
	}
}

// putPart writes what put does behind its length.
func putPart(e *Encoder, put func(*Encoder)) {
	at := e.n
	Put(e, uint32(0))
	put(e)
	if e.err == nil {
		binary.LittleEndian.PutUint32(e.buf[at:], uint32(e.n-at-4))
	}
}

// part is what putPart wrote, in the memory of the item.
func (d *Decoder) part() []byte {
	n := d.length()
	if d.err != nil {
		return nil
	}
	d.n += n
	return d.buf[d.n-n : d.n : d.n]
}

// rest is all that is left of the item, in its memory.
func (d *Decoder) rest() []byte {
	b := d.buf[d.n:]
	d.n = len(d.buf)
	return b
}

// putKey is how keys are written, so that those that Go finds equal are the same bytes:
// of a flat one padding does not count, and -0 is 0.
func putKey[K comparable](c Codec[K]) func(*Encoder, K) {
	if c.Encode != nil {
		return c.Encode
	}
	l := layoutOf[K]()
	if size := uintptr(c.size()); len(l.fields) == 1 && l.fields[0] == (keyField{0, size, false}) {
		return Put[K]
	}
	return func(e *Encoder, k K) {
		clean := make([]byte, c.size())
		from := memoryOf(&k)
		for _, f := range l.fields {
			b := clean[f.at : f.at+f.size]
			copy(b, from[f.at:])
			if f.float && f.size == 4 {
				*(*float32)(unsafe.Pointer(&b[0])) += 0
			} else if f.float {
				*(*float64)(unsafe.Pointer(&b[0])) += 0
			}
		}
		e.raw(clean)
	}
}
