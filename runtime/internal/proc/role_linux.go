//go:build amd64 || arm64

package proc

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// roleVariable tells a child what it is. Its value is words with a space between:
//
//	1 worker PARENT DEPTH SLOT GENERATION FILES NAME
//	1 spare PARENT DEPTH SLOT GENERATION FILES NAME
//	1 warden PARENT LEN OFFSET STRIDE
//
// The first word is the version of the rest. A worker has its Spec's files from descriptor 3 on,
// then the lifeline, then the file for its crash text; a spare has a socket behind them, by which it
// gets its part. The warden has the lifeline and the table of groups.
const roleVariable = "MPGEN_CHILD"

// firstFile is the number of the first descriptor that a child inherits beside the standard three.
const firstFile = 3

// exitUsage is the exit code of a process whose role cannot be made out: EX_SOFTWARE of sysexits.
const exitUsage = 70

var self struct {
	role    Role
	child   bool
	entered atomic.Bool
	files   []*os.File
	crash   *os.File
	part    *os.File // of a spare
}

// The role is taken while packages initialise: before main can parse flags or start anything that would
// inherit the variable or the descriptors.
func init() {
	text, ok := os.LookupEnv(roleVariable)
	if !ok {
		return
	}
	os.Unsetenv(roleVariable)
	if err := take(text); err != nil {
		fmt.Fprintf(os.Stderr, "mpgen: cannot start as a child: %v\n", err)
		os.Exit(exitUsage)
	}
}

func take(text string) error {
	kind, rest, err := splitRole(text)
	if err != nil {
		return err
	}
	if kind == "warden" {
		w, err := parseWarden(rest)
		if err != nil {
			return err
		}
		if err := inherited(0, false); err != nil {
			return err
		}
		w.run()
		// At once: os.Exit would first write coverage figures, or wait a second for the race detector.
		unix.Exit(0)
	}
	role, err := parseRole(rest)
	if err != nil {
		return err
	}
	// A parent that died before the parent-death signal was armed would never send it.
	if os.Getppid() != role.Parent {
		return fmt.Errorf("process %d, which started this one, is gone", role.Parent)
	}
	role.Spare = kind == "spare"
	if err := inherited(role.files, role.Spare); err != nil {
		return err
	}
	if role.Spare {
		self.part = os.NewFile(uintptr(firstFile+role.files+2), "part")
	}
	lifeline, crash := firstFile+role.files, firstFile+role.files+1
	for i := range role.files {
		self.files = append(self.files, os.NewFile(uintptr(firstFile+i), "inherited file "+strconv.Itoa(i)))
	}
	self.crash = os.NewFile(uintptr(crash), "crash text")
	self.role, self.child = role, true
	armCrash()
	watchLifeline(lifeline)
	awaitGate(crash, role.Parent)
	return nil
}

// splitRole takes the version and the kind off.
func splitRole(text string) (kind, rest string, err error) {
	version, rest, _ := strings.Cut(text, " ")
	kind, rest, _ = strings.Cut(rest, " ")
	if version != "1" || kind != "worker" && kind != "spare" && kind != "warden" {
		return "", "", fmt.Errorf("%s is %q, want \"1 worker …\", \"1 spare …\" or \"1 warden …\"; unset it", roleVariable, text)
	}
	return kind, rest, nil
}

// numbers splits n numbers, none below 0, from the front of text.
func numbers(text string, n int) (list []int, rest string, err error) {
	for range n {
		var word string
		word, text, _ = strings.Cut(text, " ")
		v, err := strconv.Atoi(word)
		if err != nil || v < 0 {
			return nil, "", fmt.Errorf("%s has %q, want a number; unset it", roleVariable, word)
		}
		list = append(list, v)
	}
	return list, text, nil
}

func (r Role) String() string {
	kind := "worker"
	if r.Spare {
		kind = "spare"
	}
	return fmt.Sprintf("1 %s %d %d %d %d %d %s", kind, r.Parent, r.Depth, r.Slot, r.Generation, r.files, r.Name)
}

func parseRole(text string) (Role, error) {
	n, name, err := numbers(text, 5)
	if err != nil {
		return Role{}, err
	}
	return Role{Parent: n[0], Depth: n[1], Slot: n[2], Generation: n[3], files: n[4], Name: name}, nil
}

// inherited checks that so many files have come, then the lifeline, a file in memory, and a spare's
// socket, and keeps all of them from what this process will start. By now the Go runtime may have descriptors of its
// own, so those that must be there are told by their kind.
func inherited(files int, spare bool) error {
	end := firstFile + files + 2
	if spare {
		end++
	}
	for fd := firstFile; fd < end; fd++ {
		want := uint32(0)
		switch fd - firstFile - files {
		case 0:
			want = unix.S_IFIFO
		case 1:
			want = unix.S_IFREG
		case 2:
			want = unix.S_IFSOCK
		}
		var stat unix.Stat_t
		err := unix.Fstat(fd, &stat)
		if err == nil && want != 0 && stat.Mode&unix.S_IFMT != want {
			err = errors.New("not of the right kind")
		}
		if err != nil {
			return fmt.Errorf("descriptor %d was not inherited: %w; unset %s", fd, err, roleVariable)
		}
		unix.CloseOnExec(fd)
	}
	return nil
}

// watchLifeline ends this process and its group when the parent's end of the lifeline is gone. The
// parent-death signal is faster; this one also reaches a process that has changed its credentials,
// for which the kernel forgets that signal, and kills grandchildren when there is no warden.
func watchLifeline(fd int) {
	line := os.NewFile(uintptr(fd), "lifeline")
	go func() {
		line.Read(make([]byte, 1))
		if unix.Getpgrp() == os.Getpid() {
			unix.Kill(0, unix.SIGKILL)
		}
		unix.Exit(exitUsage)
	}()
}

// Current returns the role of this process, and whether it is a child at all. It can be called from any
// goroutine after package proc is initialised.
func Current() (Role, bool) { return self.role, self.child }

// IsChild reports whether this process was started as a child and Enter was not called yet. A program
// in this state runs its main function as if it were the parent: if it went on to start processes,
// these would do the same without end.
func IsChild() bool { return self.child && !self.entered.Load() }

// Enter takes the role: from now on this process may start children of its own. It sends crash texts to
// the parent, whatever debug.SetCrashOutput was told before, and shows the role's name as that of
// the process in tools like ps.
func (r Role) Enter() {
	self.entered.Store(true)
	armCrash()
	r.show()
}

// show makes the role's name that of the process. It is a courtesy: without /proc or the right to write
// there nothing is lost.
func (r Role) show() { _ = os.WriteFile("/proc/self/comm", []byte(r.Name), 0) }

// Files returns the descriptors that the parent named in Spec.Files, in that order, and behind them, of
// a role that Await has returned, those that came with it. All are marked as closed on exec. Each call
// returns the same files.
func (r Role) Files() []*os.File { return slices.Concat(self.files, r.passed) }
