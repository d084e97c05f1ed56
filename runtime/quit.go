package mp

import (
	"context"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

// dumps dumps the runs of the program when SIGQUIT asks for it. Only the first
// of two is ours: who presses Ctrl-\ again wants the program to end as any other.
var dumps quitting

type quitting struct {
	mu   sync.Mutex
	runs map[*Run]bool
	c    chan os.Signal
}

// quitAgain is how long after a dump another SIGQUIT ends the program.
const quitAgain = 2 * time.Second

func (q *quitting) enter(r *Run) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.runs == nil {
		q.runs = map[*Run]bool{}
	}
	q.runs[r] = true
	if q.c == nil && !signal.Ignored(syscall.SIGQUIT) {
		q.c = make(chan os.Signal, 1)
		signal.Notify(q.c, syscall.SIGQUIT)
		go q.listen(q.c)
	}
}

func (q *quitting) leave(r *Run) {
	q.mu.Lock()
	defer q.mu.Unlock()
	delete(q.runs, r)
	if len(q.runs) == 0 && q.c != nil {
		signal.Stop(q.c)
		close(q.c)
		q.c = nil
	}
}

func (q *quitting) listen(c chan os.Signal) {
	var last time.Time
	for range c {
		if !last.IsZero() && time.Since(last) < quitAgain {
			signal.Reset(syscall.SIGQUIT)
			if p, err := os.FindProcess(os.Getpid()); err == nil {
				p.Signal(syscall.SIGQUIT)
			}
			return
		}
		q.mu.Lock()
		var runs []*Run
		for r := range q.runs {
			runs = append(runs, r)
		}
		q.mu.Unlock()
		for _, r := range runs {
			if text, err := r.dump(context.Background()); err == nil {
				outputs.Lock()
				os.Stderr.Write(text)
				outputs.Unlock()
			}
		}
		last = time.Now()
	}
}
