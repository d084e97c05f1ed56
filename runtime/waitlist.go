package mp

// waitlist is the tasks that wait for a worker, in order. Those that are given up
// meanwhile are passed over; they stay only while they are few.
type waitlist struct {
	deque[*task]
	dropped int // of them that were given up, roughly
}

// first is the task whose turn it is, nil: none waits.
func (l *waitlist) first() *task {
	for l.len() > 0 {
		if t := *l.at(0); t.given.IsZero() {
			return t
		}
		l.popFront()
	}
	return nil
}

// drop says that a task of the list was given up.
func (l *waitlist) drop() {
	if l.dropped++; l.dropped >= 64 && l.dropped > l.len()/2 {
		l.sift()
	}
}

// sift forgets the tasks that were given up.
func (l *waitlist) sift() {
	l.dropped = 0
	for range l.len() {
		if t := l.popFront(); t.given.IsZero() {
			l.pushBack(t)
		}
	}
}
