//go:build amd64 || arm64

package proc

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// arguments are those that the program was started with, before main could change os.Args.
var arguments = slices.Clone(os.Args)

// launch is one start. The caller fills in the upper half, the spawner the lower.
type launch struct {
	env   []string
	dir   string // "": this process's
	nice  int    // more than this process
	files []int  // the child's descriptors from 0 on
	bound bool   // whether the child dies with this process
	// publish is called with the process id right after the exec, on the spawner's thread.
	publish func(pid int)

	child *child
	err   error
	done  chan struct{}
}

// spawners are the ways to the goroutines that fork, by niceness.
var spawners struct {
	sync.Mutex
	by map[int]*spawner
}

// spawner is the way to a goroutine that forks. The kernel sends the parent-death signal
// when the thread that forked ends, not the process; so the goroutine keeps its thread and
// never returns. A child begins with the niceness of the thread, all its threads included.
type spawner struct {
	launches chan *launch
	nice     int
	err      error // why its thread can't be so nice
}

// spawnerOf returns the one whose children are nicer than this process by so much.
func spawnerOf(nice int) *spawner {
	spawners.Lock()
	defer spawners.Unlock()
	s := spawners.by[nice]
	if s == nil {
		if spawners.by == nil {
			spawners.by = make(map[int]*spawner)
		}
		s = &spawner{launches: make(chan *launch), nice: nice}
		spawners.by[nice] = s
		go s.spawn()
	}
	return s
}

func (s *spawner) spawn() {
	runtime.LockOSThread()
	if s.nice > 0 {
		if unix.Gettid() == os.Getpid() {
			// Tools take the niceness of the main thread for that of the process. While this
			// goroutine holds it, another one gets another.
			there := make(chan struct{})
			go func() {
				runtime.LockOSThread()
				close(there)
				s.spawn()
			}()
			<-there
			runtime.UnlockOSThread()
			return
		}
		s.err = lowerPriority(s.nice)
	}
	for l := range s.launches {
		if l.err = s.err; l.err == nil {
			l.run()
		}
		close(l.done)
	}
}

// lowerPriority makes the calling thread nicer. The kernel knows no niceness of processes, only
// one of threads, which the threads that they start begin with.
func lowerPriority(by int) error {
	now, err := unix.Getpriority(unix.PRIO_PROCESS, 0)
	if err == nil {
		now = 20 - now // the system call has no negative results
		err = unix.Setpriority(unix.PRIO_PROCESS, 0, min(now+by, MaxNice))
	}
	if err != nil {
		return fmt.Errorf("cannot make a thread nicer by %d: %w", by, err)
	}
	return nil
}

// start has the launch done by its spawner and waits for it.
func (l *launch) start() (*child, error) {
	l.done = make(chan struct{})
	spawnerOf(l.nice).launches <- l
	<-l.done
	return l.child, l.err
}

func (l *launch) run() {
	pidfd := -1
	attr := &syscall.ProcAttr{
		Dir: l.dir,
		Env: l.env,
		Sys: &syscall.SysProcAttr{Setpgid: true, PidFD: &pidfd},
	}
	for _, fd := range l.files {
		attr.Files = append(attr.Files, uintptr(fd))
	}
	if l.bound {
		attr.Sys.Pdeathsig = syscall.SIGKILL
	}
	pid, _, err := syscall.StartProcess("/proc/self/exe", arguments, attr)
	if err != nil {
		if l.err = folderError(l.dir); l.err == nil {
			l.err = fmt.Errorf("cannot fork and execute /proc/self/exe: %w", err)
		}
		return
	}
	if l.publish != nil {
		l.publish(pid)
	}
	if pidfd < 0 {
		if pidfd, err = unix.PidfdOpen(pid, 0); err != nil {
			unix.Kill(-pid, unix.SIGKILL)
			unix.Wait4(pid, nil, 0, nil)
			l.err = fmt.Errorf("cannot watch a process, which needs pidfd_open and linux 5.14: %w", err)
			return
		}
	}
	// Only a descriptor in non-blocking mode goes to the poller.
	unix.SetNonblock(pidfd, true)
	l.child = &child{pid: pid, pidfd: os.NewFile(uintptr(pidfd), "pidfd")}
}

// folderError says why no process can start in a folder, or nil: what fails in the child before
// it executes tells no more than an error number.
func folderError(dir string) error {
	if dir == "" {
		return nil
	}
	info, err := os.Stat(dir)
	if err == nil && !info.IsDir() {
		err = &os.PathError{Op: "chdir", Path: dir, Err: syscall.ENOTDIR}
	}
	if err == nil {
		if err = unix.Access(dir, unix.X_OK); err != nil {
			err = &os.PathError{Op: "chdir", Path: dir, Err: err}
		}
	}
	return err
}

// environment returns the variables of a child: its role, then extra, then those of this process
// which neither names. Of two variables with one key, C and Go take the first and shells the last,
// so there is only one.
func environment(role string, extra ...string) []string {
	own := append([]string{roleVariable + "=" + role}, extra...)
	seen := make(map[string]bool, len(own))
	for _, v := range own {
		key, _, _ := strings.Cut(v, "=")
		seen[key] = true
	}
	for _, v := range os.Environ() {
		if key, _, _ := strings.Cut(v, "="); !seen[key] {
			own = append(own, v)
		}
	}
	return own
}

// borrow returns duplicates of the files' descriptors. File.Fd would put the descriptions, which
// both sides may share, into blocking mode under the poller's feet.
func borrow(files ...*os.File) ([]int, error) {
	var fds []int
	for i, f := range files {
		conn, err := f.SyscallConn()
		fd, failed := -1, error(nil)
		if err == nil {
			err = conn.Control(func(raw uintptr) { fd, failed = unix.FcntlInt(raw, unix.F_DUPFD_CLOEXEC, firstFile) })
		}
		if err == nil {
			err = failed
		}
		if err != nil {
			closeAll(fds)
			return nil, fmt.Errorf("cannot pass on file %d, %q: %w", i, f.Name(), err)
		}
		fds = append(fds, fd)
	}
	return fds, nil
}

func closeAll(fds []int) {
	for _, fd := range fds {
		unix.Close(fd)
	}
}

// child is a started process that was not reaped yet.
type child struct {
	pid   int
	pidfd *os.File
}

// awaitDeath returns when the process has ended. It stays a zombie, so its number and that of its group
// remain its own.
func (c *child) awaitDeath() {
	conn, err := c.pidfd.SyscallConn()
	if err == nil {
		err = conn.Read(func(fd uintptr) bool { return ended(int(fd), unix.WNOHANG) })
	}
	if err != nil {
		// Without the poller a thread has to wait.
		for !ended(-c.pid, 0) {
		}
	}
}

// ended asks for the end of a process, named by a pidfd or by a negated process id. A process that
// somebody else has reaped counts as ended.
func ended(id, options int) bool {
	kind := unix.P_PIDFD
	if id < 0 {
		kind, id = unix.P_PID, -id
	}
	for {
		var info unix.Siginfo
		err := unix.Waitid(kind, id, &info, unix.WEXITED|unix.WNOWAIT|options, nil)
		if err != unix.EINTR {
			return err != nil || info.Signo != 0
		}
	}
}

// reap takes the exit status of a dead process; it is not known if the program itself waits for any
// child.
func (c *child) reap() (status unix.WaitStatus, usage unix.Rusage, known bool) {
	for {
		pid, err := unix.Wait4(c.pid, &status, unix.WNOHANG, &usage)
		if err != unix.EINTR {
			return status, usage, err == nil && pid == c.pid
		}
	}
}

// signal sends a signal to the process alone; an ended one gives os.ErrProcessDone.
func (c *child) signal(sig syscall.Signal) error {
	conn, err := c.pidfd.SyscallConn()
	if err != nil {
		return os.ErrProcessDone
	}
	var sent error
	if err := conn.Control(func(fd uintptr) { sent = unix.PidfdSendSignal(int(fd), sig, nil, 0) }); err != nil || sent == unix.ESRCH {
		return os.ErrProcessDone
	}
	return sent
}
