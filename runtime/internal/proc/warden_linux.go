//go:build amd64 || arm64

package proc

import (
	"fmt"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// wardenPatience bounds how long the warden stays after the parent's end. The first signal reaches
// whoever is in a group at that moment; later ones are for a process that a debugger or a shell
// moves into a group meanwhile. A zombie counts as a member until somebody reaps it, so the groups
// cannot be waited for.
const wardenPatience = 20 * time.Millisecond

// warden is the warden's own side: where the groups stand in the file that it has inherited.
type warden struct {
	len            int
	offset, stride int64
}

func (w warden) String() string {
	return fmt.Sprintf("1 warden %d %d %d %d", os.Getpid(), w.len, w.offset, w.stride)
}

func parseWarden(text string) (warden, error) {
	n, _, err := numbers(text, 4)
	if err != nil {
		return warden{}, err
	}
	return warden{len: n[1], offset: int64(n[2]), stride: int64(n[3])}, nil
}

// run waits for the parent's end and then kills every group. What would end the parent by a signal
// to a whole terminal or session must not end the warden first.
func (w warden) run() {
	signal.Ignore(unix.SIGHUP, unix.SIGINT, unix.SIGQUIT, unix.SIGTERM, unix.SIGTSTP)
	_ = os.WriteFile("/proc/self/comm", []byte("mpgen warden"), 0) // for ps
	page := int64(os.Getpagesize())
	start := w.offset / page * page
	size := w.offset - start + int64(w.len)*w.stride
	table, err := unix.Mmap(firstFile+1, start, int(size), unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		fmt.Fprintf(os.Stderr, "mpgen: the warden cannot map the table of groups: %v\n", err)
		os.Exit(exitUsage)
	}
	groups := make([]*int32, w.len)
	for i := range groups {
		groups[i] = (*int32)(unsafe.Pointer(&table[w.offset-start+int64(i)*w.stride]))
	}
	awaitEnd(firstFile)
	deadline := time.Now().Add(wardenPatience)
	nap := unix.NsecToTimespec(int64(time.Millisecond))
	for killGroups(groups) && time.Now().Before(deadline) {
		unix.Nanosleep(&nap, nil)
	}
}

// awaitEnd returns when no process holds the lifeline's write end. Nothing is ever written to it.
func awaitEnd(fd int) {
	for {
		events := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		if n, err := unix.Poll(events, -1); n > 0 || err != unix.EINTR {
			return
		}
	}
}

// killGroups kills the groups and reports whether any was still there.
func killGroups(groups []*int32) bool {
	found := false
	for _, g := range groups {
		// Minus one would mean every process there is.
		if pgid := atomic.LoadInt32(g); pgid > 1 && unix.Kill(-int(pgid), unix.SIGKILL) != unix.ESRCH {
			found = true
		}
	}
	return found
}

// watch is the parent's side of the warden: it starts one, and starts another when that dies.
type watch struct {
	launch func() (*child, error)
	over   chan struct{} // closed when the keeper has ended
	again  chan struct{} // closed by stop, to end the wait before a new start

	mu      sync.Mutex
	child   *child // the living warden, or nil
	stopped bool
}

// Times between the death of a warden and the start of the next, if the dead one lived for less
// than the longer.
const (
	wardenPauseMin = 10 * time.Millisecond
	wardenPauseMax = time.Second
)

func newWatch(launch func() (*child, error)) (*watch, error) {
	first, err := launch()
	if err != nil {
		return nil, fmt.Errorf("cannot start the warden: %w", err)
	}
	w := &watch{launch: launch, over: make(chan struct{}), again: make(chan struct{}), child: first}
	go w.keep(first)
	return w, nil
}

func (w *watch) keep(current *child) {
	defer close(w.over)
	pause := wardenPauseMin
	for {
		born := time.Now()
		if current != nil {
			current.awaitDeath()
			w.mu.Lock()
			w.child = nil
			w.mu.Unlock()
			current.reap()
			current.pidfd.Close()
		}
		if time.Since(born) > wardenPauseMax {
			pause = wardenPauseMin
		} else {
			select {
			case <-w.again:
			case <-time.After(pause):
			}
			pause = min(2*pause, wardenPauseMax)
		}
		w.mu.Lock()
		if w.stopped {
			w.mu.Unlock()
			return
		}
		// A start that fails, for want of processes or memory, is tried again after the pause.
		current, _ = w.launch()
		w.child = current
		w.mu.Unlock()
	}
}

// stop ends the warden and returns when it is reaped.
func (w *watch) stop() {
	w.mu.Lock()
	w.stopped = true
	if w.child != nil {
		w.child.signal(unix.SIGKILL)
	}
	w.mu.Unlock()
	close(w.again)
	<-w.over
}

// pid returns the process id of the living warden, or 0.
func (w *watch) pid() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.child == nil {
		return 0
	}
	return w.child.pid
}
