package mp

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// dumps dumps the runs of the program when SIGQUIT asks for it. Only the first
// of two is ours: who presses Ctrl-\ again wants the program to end as any other.
var dumps = listening{signals: []os.Signal{syscall.SIGQUIT}, listen: (*listening).dump}

// quitAgain is how long after a dump another SIGQUIT ends the program.
const quitAgain = 2 * time.Second

func (l *listening) dump(c chan os.Signal) {
	var last time.Time
	for range c {
		if !last.IsZero() && time.Since(last) < quitAgain {
			signal.Reset(syscall.SIGQUIT)
			if p, err := os.FindProcess(os.Getpid()); err == nil {
				p.Signal(syscall.SIGQUIT)
			}
			return
		}
		l.mu.Lock()
		runs := l.all()
		l.mu.Unlock()
		for _, r := range runs {
			if text, err := r.dump(context.Background()); err == nil {
				outputs.write(os.Stderr, text)
			}
		}
		last = time.Now()
	}
}
