package mp

// deque is a queue with two ends, in a ring that grows. The zero deque is empty.
type deque[T any] struct {
	ring []T // a power of two long, or nil
	head int
	n    int
}

func (d *deque[T]) len() int { return d.n }

// at is element i from the front.
func (d *deque[T]) at(i int) *T { return &d.ring[(d.head+i)&(len(d.ring)-1)] }

func (d *deque[T]) grow() {
	if d.n < len(d.ring) {
		return
	}
	ring := make([]T, max(8, 2*len(d.ring)))
	for i := range d.n {
		ring[i] = *d.at(i)
	}
	d.ring, d.head = ring, 0
}

func (d *deque[T]) pushBack(v T) {
	d.grow()
	d.n++
	*d.at(d.n - 1) = v
}

func (d *deque[T]) pushFront(v T) {
	d.grow()
	d.head = (d.head - 1) & (len(d.ring) - 1)
	d.n++
	d.ring[d.head] = v
}

// remove takes out element i, and closes the gap from the front.
func (d *deque[T]) remove(i int) T {
	v := *d.at(i)
	for ; i > 0; i-- {
		*d.at(i) = *d.at(i - 1)
	}
	d.popFront()
	return v
}

func (d *deque[T]) popBack() T {
	var zero T
	last := d.at(d.n - 1)
	v := *last
	*last = zero
	d.n--
	return v
}

func (d *deque[T]) popFront() T {
	var zero T
	v := *d.at(0)
	*d.at(0) = zero
	d.head = (d.head + 1) & (len(d.ring) - 1)
	d.n--
	return v
}
