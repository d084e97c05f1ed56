package leak

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

func self() int { return os.Getpid() }

// startPoller makes the descriptors that the Go runtime opens once in a program,
// when something is waited for first.
var startPoller = sync.OnceFunc(func() {
	if r, w, err := os.Pipe(); err == nil {
		r.SetReadDeadline(time.Now())
		r.Close()
		w.Close()
	}
})

// Entries are the names in a folder.
func Entries(folder string) []string {
	list, _ := os.ReadDir(folder)
	names := make([]string, 0, len(list))
	for _, e := range list {
		names = append(names, e.Name())
	}
	return names
}

// Descriptors tells what is open.
func Descriptors() (open []string) {
	for _, n := range Entries("/proc/self/fd") {
		// The folder itself is open only while it is read.
		if to, err := os.Readlink("/proc/self/fd/" + n); err == nil {
			open = append(open, n+" "+to)
		}
	}
	return open
}

// MemoryFiles counts the memory files that are mapped, whole or in part, and
// shared: what a program keeps of a run that is closed is its own.
func MemoryFiles() (n int) {
	text, _ := os.ReadFile("/proc/self/maps")
	for line := range bytes.Lines(text) {
		if bytes.Contains(line, []byte("/memfd:mpgen")) && bytes.Contains(line[:min(64, len(line))], []byte("s ")) {
			n++
		}
	}
	return n
}

// Children are the processes whose parent is pid, zombies too.
func Children(pid int) (found []int) {
	for _, name := range Entries("/proc") {
		if p, err := strconv.Atoi(name); err == nil && parentOf(p) == pid {
			found = append(found, p)
		}
	}
	return found
}

// parentOf is the parent of a process, 0 if there is no such process.
func parentOf(pid int) (parent int) {
	_, rest := Stat(pid)
	if len(rest) > 1 {
		parent, _ = strconv.Atoi(rest[1])
	}
	return parent
}

// Stat splits /proc/PID/stat behind the name, which may hold spaces. The first
// field is the state: R, S, T, Z.
func Stat(pid int) (name string, rest []string) {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if i := bytes.LastIndexByte(text, ')'); i > 0 {
		return string(text[bytes.IndexByte(text, '(')+1 : i]), strings.Fields(string(text[i+1:]))
	}
	return "", nil
}

// Stopped reports whether a process stands still: each of its threads, for one that
// SIGSTOP has not yet reached may run on.
func Stopped(pid int) bool {
	threads := Entries(fmt.Sprintf("/proc/%d/task", pid))
	for _, id := range threads {
		n, _ := strconv.Atoi(id)
		if _, rest := Stat(n); len(rest) > 0 && rest[0] != "T" {
			return false
		}
	}
	return len(threads) > 0
}

// Alive reports whether a process is there and no zombie.
func Alive(pid int) bool {
	_, rest := Stat(pid)
	return len(rest) > 0 && rest[0] != "Z" && rest[0] != "X"
}
