//go:build explore

package explore

// table is the set of the states seen, by their hashes, which are even and not
// 0; bit 0 says that a state is on the search's stack.
type table struct {
	slots []uint64
	n     int
}

type sight int

const (
	fresh sight = iota
	seenBefore
	onStack
)

func newTable() *table { return &table{slots: make([]uint64, 1<<16)} }

// enter puts h in, on the stack, or tells how it is there.
func (t *table) enter(h uint64) sight {
	if t.n*3 > len(t.slots)*2 {
		t.grow()
	}
	i := t.find(h)
	switch t.slots[i] {
	case 0:
		t.slots[i] = h | 1
		t.n++
		return fresh
	case h:
		return seenBefore
	}
	return onStack
}

// leave takes h off the stack.
func (t *table) leave(h uint64) { t.slots[t.find(h)] = h }

func (t *table) find(h uint64) int {
	mask := len(t.slots) - 1
	for i := int(h>>1) & mask; ; i = (i + 1) & mask {
		if s := t.slots[i]; s == 0 || s&^1 == h {
			return i
		}
	}
}

func (t *table) grow() {
	old := t.slots
	t.slots = make([]uint64, 2*len(old))
	for _, h := range old {
		if h != 0 {
			t.slots[t.find(h&^1)] = h
		}
	}
}
