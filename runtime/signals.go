package mp

import (
	"fmt"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
)

// interrupts ends the runs of the program in order when a signal asks for it.
// Processes have groups of their own, so a Ctrl-C reaches the program alone.
var interrupts struct {
	mu   sync.Mutex
	runs map[*Run]bool
	c    chan os.Signal
}

func register(r *Run) {
	in := &interrupts
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.runs == nil {
		in.runs = map[*Run]bool{}
	}
	in.runs[r] = true
	if in.c == nil {
		in.c = make(chan os.Signal, 1)
		signal.Notify(in.c, os.Interrupt, syscall.SIGTERM)
		go interrupted(in.c)
	}
	dumps.enter(r)
}

func unregister(r *Run) {
	dumps.leave(r)
	in := &interrupts
	in.mu.Lock()
	defer in.mu.Unlock()
	delete(in.runs, r)
	if len(in.runs) == 0 && in.c != nil {
		signal.Stop(in.c)
		close(in.c)
		in.c = nil
	}
}

func interrupted(c chan os.Signal) {
	sig, ok := <-c
	if !ok {
		return
	}
	in := &interrupts
	in.mu.Lock()
	signal.Stop(c) // a second one ends the program at once
	in.c = nil
	var runs []*Run
	for r := range in.runs {
		runs = append(runs, r)
	}
	in.mu.Unlock()
	for _, r := range runs {
		r.stop(ErrInterrupted)
	}
	waited := false
	for _, r := range runs {
		<-r.ended
		r.watching.Wait()
		waited = waited || r.waiters.Load() > 0
		fmt.Fprintf(os.Stderr, "%s: %v: %s\n", r.plan.pipeline.Source, sig, r.Stats().summary())
	}
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
