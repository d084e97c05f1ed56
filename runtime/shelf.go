package mp

import (
	"encoding/binary"
	"slices"
	"sync"
)

// shelf is what the program keeps of a dict, a list or a set, and does what calls ask
// for. Entries lie in order, that of a dict or set in which their keys first came;
// those of them that are deleted leave holes until half are.
type shelf struct {
	limit int // entries, 0: any number

	mu      sync.Mutex
	entries []kept
	index   map[string]int // where the entry of each key lies; nil: a list
	holes   int
	version uint64 // the last that was given
	lent    bool   // a snapshot sees the entries, which then are changed in a copy only
}

// kept is one key with its value, or one element. It is a hole if its version is 0.
type kept struct {
	key, value string
	version    uint64
}

// pieceBytes is how much of a snapshot goes into one answer.
const pieceBytes = 32 << 10

func (s *shelf) len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.live()
}

func (s *shelf) live() int { return len(s.entries) - s.holes }

// serve does what a call asks for, whole or not at all, and writes the answer. It
// reports false if no correct process asks for that.
func (s *shelf) serve(d *Decoder, e *Encoder, open *snapshots) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	status := e.n
	Put(e, uint8(managedDone))
	refuse := func(why uint8) { e.buf[status] = why }
	switch Get[uint32](d) {
	case opLoad:
		at, _ := s.find(d)
		if at < 0 && s.index == nil {
			refuse(managedRange)
			break
		}
		s.put(e, at)
	case opLen:
		Put(e, int64(s.live()))
	case opRange:
		if !s.piece(d, e, open) {
			return false
		}
	case opDrop:
		open.drop(Get[uint64](d))
	case opStore:
		if why := s.store(d, e); why != managedDone {
			refuse(why)
		}
	case opDelete:
		at, _ := s.find(d)
		switch {
		case d.Err() != nil:
		case at < 0 && s.index == nil:
			refuse(managedRange)
		default:
			s.put(e, at)
			s.remove(at)
		}
	case opInsert:
		if why := s.insert(d); why != managedDone {
			refuse(why)
		}
	case opPop:
		if s.index != nil {
			return false
		}
		at := len(s.entries) - 1
		s.put(e, at)
		s.remove(at)
	case opClear:
		s.entries, s.holes, s.lent = nil, 0, false
		clear(s.index)
	default:
		return false
	}
	return d.Err() == nil
}

// find reads a place. It is negative where nothing is; key is that of a dict or set.
func (s *shelf) find(d *Decoder) (at int, key []byte) {
	if s.index == nil {
		if i := Get[int64](d); i >= 0 && i < int64(len(s.entries)) {
			return int(i), nil
		}
		return -1, nil
	}
	key = d.part()
	if at, ok := s.index[string(key)]; ok {
		return at, key
	}
	return -1, key
}

// put writes the version and the value of an entry, or that there is none.
func (s *shelf) put(e *Encoder, at int) {
	if at < 0 {
		Put(e, uint64(0))
		return
	}
	Put(e, s.entries[at].version)
	e.raw([]byte(s.entries[at].value))
}

func (s *shelf) store(d *Decoder, e *Encoder) (refused uint8) {
	mode, version := Get[uint8](d), Get[uint64](d)
	at, key := s.find(d)
	value := d.rest()
	if d.err != nil {
		return managedDone // and not done, as nobody asks for it
	}
	there := uint64(0)
	if at >= 0 {
		there = s.entries[at].version
	}
	switch {
	case at < 0 && s.index == nil:
		return managedRange
	case mode == storeAbsent && there != 0, mode == storeSame && there != version:
		Put(e, uint8(0))
		s.put(e, at)
		return managedDone
	case at < 0 && s.limit > 0 && s.live() >= s.limit:
		return managedFull
	}
	Put(e, uint8(1))
	s.version++
	if at < 0 {
		k := string(key)
		s.index[k] = len(s.entries)
		s.entries = append(s.entries, kept{k, string(value), s.version})
		return managedDone
	}
	s.own()
	s.entries[at].value, s.entries[at].version = string(value), s.version
	return managedDone
}

func (s *shelf) insert(d *Decoder) (refused uint8) {
	at, n := Get[int64](d), int(Get[uint32](d))
	if s.index != nil || n > d.left()/4 {
		d.corrupt("%d values where %d bytes are left", n, d.left())
		return managedDone
	}
	added := make([]kept, n)
	for i := range added {
		s.version++
		added[i] = kept{"", string(d.part()), s.version}
	}
	switch {
	case d.Err() != nil:
		return managedDone
	case at > int64(len(s.entries)) || at < atEnd:
		return managedRange
	case s.limit > 0 && n > s.limit-len(s.entries):
		return managedFull
	case at == atEnd || at == int64(len(s.entries)):
		s.entries = append(s.entries, added...)
	default:
		s.own()
		s.entries = slices.Insert(s.entries, int(at), added...)
	}
	return managedDone
}

// remove takes an entry away, if there is one.
func (s *shelf) remove(at int) {
	if at < 0 {
		return
	}
	s.own()
	if s.index == nil {
		if at == 0 {
			s.entries[0] = kept{}
			s.entries = s.entries[1:]
			return
		}
		s.entries = slices.Delete(s.entries, at, at+1)
		return
	}
	delete(s.index, s.entries[at].key)
	s.entries[at] = kept{}
	if s.holes++; s.holes > 32 && s.holes > len(s.entries)/2 {
		s.entries = slices.DeleteFunc(s.entries, func(x kept) bool { return x.version == 0 })
		s.holes = 0
		for i := range s.entries {
			s.index[s.entries[i].key] = i
		}
	}
}

// own makes the entries free to be changed.
func (s *shelf) own() {
	if s.lent {
		s.entries, s.lent = slices.Clone(s.entries), false
	}
}

// piece writes the next piece of a snapshot.
func (s *shelf) piece(d *Decoder, e *Encoder, open *snapshots) bool {
	id := Get[uint64](d)
	left, ok := s.entries[:len(s.entries):len(s.entries)], true
	if id != 0 {
		left, ok = open.get(id, s)
	}
	if !ok {
		return false
	}
	whole := id == 0 && open.full()
	head, n := e.n, uint32(0)
	Put(e, uint64(0))
	Put(e, uint32(0))
	for ; len(left) > 0; left = left[1:] {
		x := &left[0]
		if x.version == 0 {
			continue
		}
		if n > 0 && !whole && e.n+len(x.key)+len(x.value) > pieceBytes {
			break
		}
		e.raw([]byte(x.key))
		e.raw([]byte(x.value))
		n++
	}
	switch {
	case e.err != nil:
		open.drop(id)
		return true
	case len(left) == 0:
		open.drop(id)
		id = 0
	case id == 0:
		id = open.add(snapshot{s, left})
		s.lent = true
	default:
		open.set(id, snapshot{s, left})
	}
	binary.NativeEndian.PutUint64(e.buf[head:], id)
	binary.NativeEndian.PutUint32(e.buf[head+8:], n)
	return true
}

// snapshots are those that the calls of one process have begun to read, each with what
// is left of it.
type snapshots struct {
	mu   sync.Mutex
	last uint64
	open map[uint64]snapshot
}

type snapshot struct {
	of   *shelf
	left []kept
}

// snapshotsMax is how many are kept for one process. Those beyond go whole into one
// answer.
const snapshotsMax = 256

func (o *snapshots) full() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.open) >= snapshotsMax
}

func (o *snapshots) add(v snapshot) uint64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.open == nil {
		o.open = map[uint64]snapshot{}
	}
	o.last++
	o.open[o.last] = v
	return o.last
}

func (o *snapshots) get(id uint64, s *shelf) (left []kept, ok bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	v := o.open[id]
	return v.left, v.of == s
}

func (o *snapshots) set(id uint64, v snapshot) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.open[id] = v
}

func (o *snapshots) drop(id uint64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.open, id)
}
