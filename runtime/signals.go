package mp

import (
	"fmt"
	"maps"
	"os"
	"os/signal"
	"slices"
	"strings"
	"sync"
	"syscall"
)

// interrupts ends the runs of the program in order when a signal asks for it.
// Processes have groups of their own, so a Ctrl-C reaches the program alone.
var interrupts = listening{signals: []os.Signal{os.Interrupt, syscall.SIGTERM}, listen: (*listening).interrupted}

func register(r *Run) {
	interrupts.enter(r)
	dumps.enter(r)
}

func unregister(r *Run) {
	dumps.leave(r)
	interrupts.leave(r)
}

// listening has a goroutine listen to signals for as long as the program has runs
// that are not closed. Not to those that the program ignores, as one does that a
// shell has started in the background.
type listening struct {
	signals []os.Signal
	listen  func(*listening, chan os.Signal) // until the channel is closed

	mu   sync.Mutex
	runs map[*Run]bool
	c    chan os.Signal
}

func (l *listening) enter(r *Run) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.runs == nil {
		l.runs = map[*Run]bool{}
	}
	l.runs[r] = true
	heeded := slices.DeleteFunc(slices.Clone(l.signals), signal.Ignored)
	if l.c == nil && len(heeded) > 0 { // Notify of none is of all
		l.c = make(chan os.Signal, 1)
		signal.Notify(l.c, heeded...)
		go l.listen(l, l.c)
	}
}

func (l *listening) leave(r *Run) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.runs, r)
	if len(l.runs) == 0 && l.c != nil {
		signal.Stop(l.c)
		close(l.c)
		l.c = nil
	}
}

// all is the runs; mu is held.
func (l *listening) all() []*Run { return slices.Collect(maps.Keys(l.runs)) }

func (l *listening) interrupted(c chan os.Signal) {
	sig, ok := <-c
	if !ok {
		return
	}
	l.mu.Lock()
	signal.Stop(c) // a second one ends the program at once
	l.c = nil
	runs := l.all()
	l.mu.Unlock()
	told := make(chan struct{})
	for _, r := range runs {
		r.telling.Store(&told)
		r.stop(ErrInterrupted)
	}
	waited := false
	for _, r := range runs {
		<-r.ended
		r.watching.Wait()
		waited = waited || r.waiters.Load() > 0
		outputs.write(os.Stderr, fmt.Appendf(nil, "%s: %v: %s\n", r.plan.pipeline.Source, sig, r.Stats().summary()))
	}
	close(told)
	if !waited {
		if p, err := os.FindProcess(os.Getpid()); err == nil {
			p.Signal(sig) // as if there were no run
		}
	}
}

// summary is one line about a run.
func (s Stats) summary() string {
	var parts []string
	processes, died := 0, 0
	for _, p := range s.Processes {
		processes += p.Started
		died += p.Failed
	}
	var done, failed, left, lost uint64
	for _, p := range s.Pools {
		done, failed = done+p.Done, failed+p.Failed
		processes += p.Workers
	}
	for _, q := range s.Queues {
		left, lost = left+uint64(q.Len), lost+q.Lost
	}
	parts = append(parts, fmt.Sprintf("%d processes ended", processes))
	if len(s.Pools) > 0 {
		parts = append(parts, fmt.Sprintf("%d tasks done, %d failed", done, failed))
	}
	parts = append(parts, fmt.Sprintf("%d items left", left+lost))
	return strings.Join(parts, ", ")
}
