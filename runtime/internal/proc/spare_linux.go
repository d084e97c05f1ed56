//go:build amd64 || arm64

package proc

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// A spare and its parent share a socket that keeps messages apart. Up it carries two single bytes: the
// spare stands, and it has begun its part. Down it carries one message, the part:
//
//	SLOT GENERATION FILES NAME
//
// and with it the files themselves. Who is at the other end of the socket is certain, since no third
// process ever has it.

// MaxPassed is the most files that Assign can pass on: the kernel takes 253 at once.
const MaxPassed = 250

// maxPart bounds the text of a part.
const maxPart = 4 << 10

// assigner is the parent's end of a spare's socket.
type assigner struct {
	end      *os.File
	theirs   int // the child's end, until it is started
	standing chan struct{}
	begun    chan struct{}
}

func newAssigner() (*assigner, error) {
	ends, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("cannot make the socket of a spare process: %w", err)
	}
	return &assigner{
		end: os.NewFile(uintptr(ends[0]), "part"), theirs: ends[1],
		standing: make(chan struct{}), begun: make(chan struct{}),
	}, nil
}

// listen hears what the spare says of itself, until it has begun or is dead.
func (a *assigner) listen() {
	defer a.end.Close()
	for _, heard := range []chan struct{}{a.standing, a.begun} {
		if n, err := a.end.Read(make([]byte, 1)); n != 1 || err != nil {
			return
		}
		close(heard)
	}
}

// send passes the part on. It never waits: nothing else is in the socket.
func (a *assigner) send(spec Spec) error {
	fds, err := borrow(spec.Files...)
	if err != nil {
		return err
	}
	defer closeAll(fds)
	text := fmt.Sprintf("%d %d %d %s", spec.Slot, spec.Generation, len(fds), spec.Name)
	if len(fds) > MaxPassed || len(text) > maxPart {
		return fmt.Errorf("%d files and %d bytes are too much for a spare process", len(fds), len(text))
	}
	var rights []byte
	if len(fds) > 0 {
		rights = unix.UnixRights(fds...)
	}
	conn, err := a.end.SyscallConn()
	if err != nil {
		return err
	}
	var sent error
	err = conn.Control(func(fd uintptr) {
		sent = unix.Sendmsg(int(fd), []byte(text), rights, nil, unix.MSG_NOSIGNAL|unix.MSG_DONTWAIT)
	})
	return errors.Join(err, sent)
}

// Standing is closed when a spare has come to Await. It is nil of another process.
func (p *Process) Standing() <-chan struct{} {
	if p.part == nil {
		return nil
	}
	return p.part.standing
}

// Begun is closed when a spare that was assigned has called Begin. It is nil of another process.
func (p *Process) Begun() <-chan struct{} {
	if p.part == nil {
		return nil
	}
	return p.part.begun
}

// Assign gives a spare its part, once: the spec's slot in the table, which must be free, its name and
// generation, and its files, which it gets behind those that it was started with; the rest of the spec
// does not count. It returns at once. If it fails the spare is where it was, and is best killed:
// os.ErrProcessDone says that it has ended.
func (p *Process) Assign(spec Spec) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.reaped {
		return os.ErrProcessDone
	}
	h := p.house
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case p.part == nil:
		return fmt.Errorf("process %d is no spare", p.pid)
	case h.closed:
		return errors.New("the house is closed")
	case spec.Slot < 0 || spec.Slot >= h.groups.Len || h.slots[spec.Slot] != nil:
		return fmt.Errorf("slot %d does not exist or has a process that is not dead", spec.Slot)
	}
	if err := p.part.send(spec); err != nil {
		return fmt.Errorf("assign %q to a spare process: %w", spec.Name, err)
	}
	// First the new place, then the old: at no time is the group in none.
	h.groups.Set(spec.Slot, int32(p.pid))
	h.groups.Set(p.slot, 0)
	delete(h.slots, p.slot)
	p.slot = spec.Slot
	h.slots[p.slot] = p
	return nil
}

// Await tells the parent that this spare stands, waits for its part, and returns its role. It costs no
// thread meanwhile. It fails with ErrNoPart if the parent goes or has no use for the spare any more.
func (r Role) Await() (Role, error) {
	if _, err := self.part.Write([]byte{'s'}); err != nil {
		return r, ErrNoPart
	}
	text, fds, err := receivePart(self.part)
	if err != nil {
		return r, err
	}
	for _, fd := range fds {
		r.passed = append(r.passed, os.NewFile(uintptr(fd), "passed file "+strconv.Itoa(len(r.passed))))
	}
	words := strings.SplitN(text, " ", 4)
	if len(words) == 4 {
		var files int
		if _, err = fmt.Sscan(strings.Join(words[:3], " "), &r.Slot, &r.Generation, &files); err == nil && files == len(fds) {
			r.Name, r.Spare = words[3], false
			return r, nil
		}
	}
	return r, fmt.Errorf("the part of a spare process is %q with %d files", text, len(fds))
}

func receivePart(end *os.File) (text string, fds []int, err error) {
	conn, err := end.SyscallConn()
	if err != nil {
		return "", nil, err
	}
	data, rights := make([]byte, maxPart), make([]byte, unix.CmsgSpace(MaxPassed*4))
	n, space, flags := 0, 0, 0
	failed := conn.Read(func(fd uintptr) bool {
		for {
			n, space, flags, _, err = unix.Recvmsg(int(fd), data, rights, unix.MSG_CMSG_CLOEXEC)
			if err != unix.EINTR {
				return err != unix.EAGAIN
			}
		}
	})
	if err = errors.Join(failed, err); err != nil {
		return "", nil, err
	}
	list, err := unix.ParseSocketControlMessage(rights[:space])
	for _, m := range list {
		more, bad := unix.ParseUnixRights(&m)
		fds, err = append(fds, more...), errors.Join(err, bad)
	}
	switch {
	case err == nil && n == 0:
		err = ErrNoPart
	case err == nil && flags&(unix.MSG_CTRUNC|unix.MSG_TRUNC) != 0:
		err = errors.New("this process may not have the files of its part: raise its limit of open files")
	}
	if err != nil {
		closeAll(fds)
	}
	return string(data[:n]), fds, err
}

// Begin tells the parent that the process has begun the part that Await has returned, and shows its name
// as that of the process.
func (r Role) Begin() {
	begin.Do(func() {
		_, _ = self.part.Write([]byte{'b'})
		self.part.Close()
		r.show()
	})
}

var begin sync.Once
