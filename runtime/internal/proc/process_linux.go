//go:build amd64 || arm64

package proc

import (
	"os"
	"slices"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// drainPatience bounds the wait for the last output of a dead process. Its group is dead too, so that
// only a grandchild that left the group can hold the pipes open for longer.
const drainPatience = 2 * time.Second

// Process is a started process. Its methods are safe for any number of goroutines.
type Process struct {
	house *House
	slot  int
	*child
	out, err *stream
	crash    int       // the crash file
	part     *assigner // of a spare, else nil
	dead     chan struct{}
	done     chan struct{}
	exit     Exit // written before done is closed

	// mu holds reaping off while the process id is used: after it, the number may be anybody's.
	mu     sync.Mutex
	reaped bool
	oom    bool
}

// start brings the process to life, or leaves nothing behind but its slot.
func (p *Process) start(spec Spec) error {
	h := p.house
	theirs, err := p.outfit(spec)
	if err == nil {
		role := Role{
			Name: spec.Name, Slot: spec.Slot, Generation: spec.Generation,
			Parent: os.Getpid(), Depth: h.depth, Spare: spec.Spare, files: len(spec.Files),
		}
		last := []int{h.lifelineRead, p.crash}
		if spec.Spare {
			last = append(last, p.part.theirs)
		}
		l := launch{
			env:   environment(role.String(), spec.Env...),
			dir:   spec.Dir,
			nice:  spec.Nice,
			files: slices.Concat([]int{h.null}, theirs, last),
			bound: true,
			publish: func(pid int) {
				h.groups.Set(p.slot, int32(pid))
				openGate(p.crash)
			},
		}
		p.child, err = l.start()
	}
	closeAll(theirs)
	if p.part != nil {
		unix.Close(p.part.theirs)
	}
	if err != nil {
		p.discard()
		return err
	}
	p.out.start()
	p.err.start()
	if p.part != nil {
		go p.part.listen()
	}
	go p.watch()
	return nil
}

// outfit makes what a process is born with, and returns the descriptors that its child inherits
// from number 1 on, without the lifeline and the crash file. Those returned are the caller's to
// close, even after an error.
func (p *Process) outfit(spec Spec) (theirs []int, err error) {
	p.out, theirs, err = newStream(spec.Stdout, theirs)
	if err != nil {
		return theirs, err
	}
	p.err, theirs, err = newStream(spec.Stderr, theirs)
	if err != nil {
		return theirs, err
	}
	p.err.tail = new(tail)
	files, err := borrow(spec.Files...)
	theirs = append(theirs, files...)
	if err != nil {
		return theirs, err
	}
	p.crash, err = newCrashFile()
	if err == nil && spec.Spare {
		p.part, err = newAssigner()
	}
	return theirs, err
}

// discard closes what outfit has made for this side.
func (p *Process) discard() {
	for _, s := range []*stream{p.out, p.err} {
		if s != nil {
			s.pipe.Close()
		}
	}
	if p.crash >= 0 {
		unix.Close(p.crash)
	}
	if p.part != nil {
		p.part.end.Close()
	}
}

// watch sees the process to its end.
func (p *Process) watch() {
	p.awaitDeath()
	p.mu.Lock()
	unix.Kill(-p.pid, unix.SIGKILL)
	p.house.vacate(p)
	status, usage, known := p.reap()
	p.reaped = true
	exit := Exit{Code: -1, OOM: p.oom}
	p.mu.Unlock()
	p.pidfd.Close()
	close(p.dead)

	p.house.memory.remove(p)
	patience := time.AfterFunc(drainPatience, func() {
		p.out.giveUp()
		p.err.giveUp()
	})
	<-p.out.over
	<-p.err.over
	patience.Stop()

	if known {
		exit.UserTime = time.Duration(usage.Utime.Nano())
		exit.SystemTime = time.Duration(usage.Stime.Nano())
		exit.MaxRSS = usage.Maxrss << 10
		if status.Signaled() {
			exit.Signal = syscall.Signal(status.Signal())
		} else {
			exit.Code = status.ExitStatus()
		}
	}
	exit.Panic = crashText(p.crash, p.err.tail.fatal, exit.Code)
	exit.OOM = exit.OOM || outOfMemory(exit.Panic)
	exit.Stderr = p.err.tail.text()
	p.exit = exit
	p.discard()
	p.house.forget(p)
	close(p.done)
}

// PID returns the process id, which is also that of its group.
func (p *Process) PID() int { return p.pid }

// Dead is closed when the process has ended, its group has been killed and the process has been
// reaped: nothing of its own changes shared memory any more, and its slot is free. Its output may
// still be on the way.
func (p *Process) Dead() <-chan struct{} { return p.dead }

// Done is closed after Dead, when the last output was delivered, at most 2 s later if Spec.Stdout
// and Spec.Stderr return. Nothing of the process is left here then.
func (p *Process) Done() <-chan struct{} { return p.done }

// Exit waits for Done and returns how the process ended.
func (p *Process) Exit() Exit {
	<-p.done
	return p.exit
}

// Kill ends the process and its group with SIGKILL. It does nothing after the end.
func (p *Process) Kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.reaped {
		unix.Kill(-p.pid, unix.SIGKILL)
	}
}

// Signal sends a signal to the process alone, not to its group. It returns os.ErrProcessDone after
// the end.
func (p *Process) Signal(sig syscall.Signal) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.reaped {
		return os.ErrProcessDone
	}
	return p.signal(sig)
}

// Hang stops the process, which goes on with Resume. It may run for a moment yet.
func (p *Process) Hang() error { return p.Signal(syscall.SIGSTOP) }

// Resume makes a process go on that hangs.
func (p *Process) Resume() error { return p.Signal(syscall.SIGCONT) }
