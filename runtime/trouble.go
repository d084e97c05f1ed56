package mp

import (
	"cmp"
	"errors"
	"slices"
	"sync"
	"time"
)

// troubles are the different errors that came last, with how often they came.
type troubles struct {
	mu   sync.Mutex
	last []ErrorStats // in no order
}

const (
	maxTroubles    = 16
	maxTroubleText = 200
)

func troubleText(err error) string {
	var e *Error
	if errors.As(err, &e) {
		err = e.Err
	}
	return clip(firstLine(err.Error()), maxTroubleText)
}

// note notes an error of the process or pool of a name.
func (t *troubles) note(name string, err error, count uint64) {
	text := troubleText(err)
	t.mu.Lock()
	defer t.mu.Unlock()
	i := slices.IndexFunc(t.last, func(e ErrorStats) bool { return e.Name == name && e.Text == text })
	if i < 0 {
		if i = len(t.last); i < maxTroubles {
			t.last = append(t.last, ErrorStats{})
		} else { // the one that has not come for the longest time gives way
			i = 0
			for k := range t.last {
				if t.last[k].Last.Before(t.last[i].Last) {
					i = k
				}
			}
		}
		t.last[i] = ErrorStats{Name: name, Text: text}
	}
	t.last[i].Count += count
	t.last[i].Last = time.Now()
}

func (t *troubles) list() []ErrorStats {
	t.mu.Lock()
	defer t.mu.Unlock()
	list := slices.Clone(t.last)
	slices.SortFunc(list, func(a, b ErrorStats) int {
		return cmp.Or(b.Last.Compare(a.Last), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Text, b.Text))
	})
	return list
}

// failures are the errors of a stage's tasks, as its worker counts them. The
// parent is told at once of one, and of those that follow close by a little later,
// or when the worker waits or ends.
type failures struct {
	counts map[string]uint64 // by text
	told   time.Time
}

const failuresEvery = 10 * time.Millisecond

func (w *worker) troubled(cause error) {
	f := &w.failures
	if f.counts == nil {
		f.counts = map[string]uint64{}
	}
	f.counts[troubleText(cause)]++
	if len(f.counts) == maxTroubles || time.Since(f.told) > failuresEvery {
		w.tellFailures()
	}
}

func (w *worker) tellFailures() {
	f := &w.failures
	if len(f.counts) == 0 {
		return
	}
	for text, n := range f.counts {
		w.say(frameTrouble, n, errorFrame(errors.New(text)))
	}
	clear(f.counts)
	f.told = time.Now()
}
