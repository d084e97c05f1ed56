package mp

import (
	"fmt"
	"iter"
	"os"
	"strings"
	"sync/atomic"
	"time"
)

// Progress gives what seq gives, and shows on standard error how far the loop over
// it is: on a terminal a line with a bar, drawn five times a second, elsewhere a
// line at each tenth of the total, at most one a second, and one every ten seconds
// in any case. A last line sums up; when the loop has ended, by whatever way, a
// break or a panic too, nothing more is written. Any number of loops may be shown
// at once. It is meant for [Pool.Map], and serves for any other sequence, as that of
// [Receiver.All]:
//
//	for thumb, err := range mp.Progress(run.Resize.Map(ctx, jobs), "thumbs", len(files)) {
//
// A result counts as done when the loop asks for the next one, or ends in its round,
// by break or return, and as failed when its second part is an error and not nil. total is how many there will be, 0 if
// nobody knows; then there is no bar, and no time left. With hooks nothing is
// written: each is called instead five times a second, and for the last time at
// the end of the loop, before that goes on; never two at once, but beside the
// loop's body. No color is used, and a TERM that is "dumb" is no terminal.
func Progress[K, V any](seq iter.Seq2[K, V], name string, total int, hooks ...func(LoopStats)) iter.Seq2[K, V] {
	return progress(&outputs, isLive(os.Stderr), seq, name, total, hooks)
}

func progress[K, V any](to *screen, live bool, seq iter.Seq2[K, V], name string, total int, hooks []func(LoopStats)) iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		l := newLoop(to, live, name, total, hooks)
		defer l.end()
		for k, v := range seq {
			more := yield(k, v)
			err, _ := any(v).(error)
			if l.did(err); !more {
				return
			}
		}
	}
}

// ProgressUnordered is [Progress] for the results of [Pool.MapUnordered].
func ProgressUnordered[In, Out any](seq iter.Seq[Result[In, Out]], name string, total int, hooks ...func(LoopStats)) iter.Seq[Result[In, Out]] {
	return func(yield func(Result[In, Out]) bool) {
		l := newLoop(&outputs, isLive(os.Stderr), name, total, hooks)
		defer l.end()
		for r := range seq {
			more := yield(r)
			if l.did(r.Err); !more {
				return
			}
		}
	}
}

// LoopStats says how far a loop is that [Progress] watches.
type LoopStats struct {
	Name   string
	Done   int // results that the loop has dealt with
	Failed int // of them, with an error
	Total  int // how many there will be, 0: unknown
	Took   time.Duration
	Rate   float64       // results a second, lately: in the second half of that time
	Left   time.Duration // until the end at that rate, 0: unknown
	Ended  bool          // the loop has ended, perhaps early
}

// String is what Progress shows, without the bar: "thumbs 1200/9000 13%, 40.1/s,
// 3m15s left, 2 failed".
func (s LoopStats) String() string {
	parts := []string{strings.TrimSpace(fmt.Sprintf("%s %d", s.Name, s.Done))}
	if s.Total > 0 {
		parts[0] += fmt.Sprintf("/%d %d%%", s.Total, min(100*s.Done/s.Total, 100))
	}
	if s.Ended {
		parts = append(parts, "took "+inWords(s.Took))
	}
	if s.Rate > 0 {
		parts = append(parts, rateInWords(s.Rate))
	}
	switch {
	case s.Left > 0:
		parts = append(parts, inWords(s.Left)+" left")
	case !s.Ended:
		parts = append(parts, inWords(s.Took))
	}
	if s.Failed > 0 {
		parts = append(parts, fmt.Sprintf("%d failed", s.Failed))
	}
	return strings.Join(parts, ", ")
}

// barCells is the width of a bar.
const barCells = 20

func (s LoopStats) bar() string {
	if s.Total <= 0 {
		return ""
	}
	full := min(barCells*s.Done/s.Total, barCells)
	return " [" + strings.Repeat("#", full) + strings.Repeat(".", barCells-full) + "]"
}

func inWords(d time.Duration) string {
	if d < 10*time.Second {
		return d.Round(100 * time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}

func rateInWords(perSecond float64) string {
	switch r := perSecond; {
	case r >= 1e6:
		return fmt.Sprintf("%.1fM/s", r/1e6)
	case r >= 1e4:
		return fmt.Sprintf("%.1fk/s", r/1e3)
	case r >= 100:
		return fmt.Sprintf("%.0f/s", r)
	case r >= 1:
		return fmt.Sprintf("%.1f/s", r)
	case r*60 >= 1:
		return fmt.Sprintf("%.1f/min", r*60)
	default:
		return fmt.Sprintf("%.1f/h", r*3600)
	}
}

// loop is a loop whose progress is shown. The loop itself only counts; a goroutine
// beside it looks at the counts and shows them, so that a loop that is quick is not
// held up, and one that has to wait is seen to.
type loop struct {
	screen *screen
	part   *part // of the terminal's line; nil: lines are written, or there are hooks
	name   string
	total  int
	hooks  []func(LoopStats)

	done, failed atomic.Int64
	began        time.Time
	marks        []mark        // of the count, the first one zero
	apart        time.Duration // they are so far from one another, at least
	last         mark          // when the count last rose
	line         mark          // when the last line was written, and at what count

	stop, stopped chan struct{}
}

// mark is a count at a time.
type mark struct {
	at   time.Duration
	done int
}

// Lines come where there is no terminal.
const (
	lineTenth = time.Second      // not sooner than this after the one before, at each tenth
	lineEvery = 10 * time.Second // in any case
)

func newLoop(s *screen, live bool, name string, total int, hooks []func(LoopStats)) *loop {
	l := &loop{
		screen: s, name: name, total: max(total, 0), hooks: hooks, began: time.Now(), marks: []mark{{}},
		stop: make(chan struct{}), stopped: make(chan struct{}),
	}
	if live && len(hooks) == 0 {
		l.part = s.begin()
	}
	go l.watch()
	return l
}

// did counts a result.
func (l *loop) did(err error) {
	l.done.Add(1)
	if err != nil {
		l.failed.Add(1)
	}
}

func (l *loop) watch() {
	defer close(l.stopped)
	t := time.NewTicker(progressEvery)
	defer t.Stop()
	for {
		select {
		case <-l.stop:
			return
		case <-t.C:
			l.tell(l.stats())
		}
	}
}

// end comes with the loop's end. Nothing is written when it has returned.
func (l *loop) end() {
	close(l.stop)
	<-l.stopped
	s := l.stats()
	s.Ended, s.Left, s.Rate = true, 0, 0
	if s.Took > 0 {
		s.Rate = float64(s.Done) / s.Took.Seconds()
	}
	l.tell(s)
}

func (l *loop) tell(s LoopStats) {
	switch {
	case len(l.hooks) > 0:
		for _, h := range l.hooks {
			h(s)
		}
	case l.part != nil && s.Ended:
		l.screen.end(l.part, s.String()+"\n")
	case l.part != nil:
		l.screen.show(l.part, s.String()+s.bar())
	case s.Ended || l.lineIsDue(s):
		l.line = mark{s.Took, s.Done}
		l.screen.write(l.screen.err, []byte(s.String()+"\n"))
	}
}

func (l *loop) lineIsDue(s LoopStats) bool {
	since := s.Took - l.line.at
	tenth := l.total > 0 && 10*s.Done/l.total > 10*l.line.done/l.total
	return since >= lineEvery || tenth && since >= lineTenth
}

func (l *loop) stats() LoopStats {
	s := LoopStats{
		Name: l.name, Total: l.total, Took: time.Since(l.began),
		Done: int(l.done.Load()), Failed: int(l.failed.Load()),
	}
	s.Rate = l.rate(mark{s.Took, s.Done})
	if left := s.Total - s.Done; s.Rate > 0 && left > 0 {
		s.Left = time.Duration(min(float64(left)/s.Rate, aeon) * float64(time.Second))
	}
	return s
}

// aeon is the most seconds that are ever left, 31 years.
const aeon = 1e9

// maxMarks bounds the marks that are kept: when there are more, each second one is
// dropped, and those to come lie twice as far apart.
const maxMarks = 64

// rateOf is how many results a rate is measured over at least, if there are so many.
const rateOf = 10

// rate is how many results came a second in the second half of the time until now:
// neither what the start took, nor a rest now and then, counts for ever or for much.
// It is measured from result to result, as slow ones come seldom; the time since the
// last one counts when it is longer than usual.
func (l *loop) rate(now mark) float64 {
	if now.done != l.last.done {
		l.last = now
		if now.at-l.marks[len(l.marks)-1].at >= l.apart {
			l.marks = append(l.marks, now)
		}
		if len(l.marks) > maxMarks {
			for i := range maxMarks/2 + 1 {
				l.marks[i] = l.marks[2*i]
			}
			l.marks = l.marks[:maxMarks/2+1]
			l.apart = max(2*l.apart, 2*progressEvery)
		}
	}
	from := l.marks[0]
	for _, m := range l.marks {
		if 2*m.at <= now.at && m.done+rateOf <= l.last.done {
			from = m
		}
	}
	n := float64(l.last.done - from.done)
	if n == 0 || l.last.at <= from.at {
		return 0
	}
	return min(n/(l.last.at-from.at).Seconds(), (n+1)/(now.at-from.at).Seconds())
}
