// Package leak tells what a part of a program has left behind: processes,
// descriptors, memory files, goroutines. It is for tests, and sees the whole
// program, so what else runs in it meanwhile counts as well.
package leak

import (
	"bytes"
	"fmt"
	"runtime"
	"slices"
	"strings"
)

// Snapshot is what there was at one time.
type Snapshot struct {
	children   []int
	open       []string
	memory     int
	goroutines map[string]bool
}

// Take looks at what there is.
func Take() Snapshot {
	startPoller()
	s := Snapshot{children: Children(self()), open: Descriptors(), memory: MemoryFiles(), goroutines: map[string]bool{}}
	for id := range goroutines() {
		s.goroutines[id] = true
	}
	return s
}

// Left tells what is there and was not at the time of the snapshot, a line for
// each thing. What ends by itself may still be there for a moment.
func (s Snapshot) Left() (all []string) {
	all = append(s.LeftProcesses(), s.LeftMemory()...)
	for _, d := range Descriptors() {
		if !slices.Contains(s.open, d) {
			all = append(all, "descriptor "+d)
		}
	}
	for id, stack := range goroutines() {
		if !s.goroutines[id] {
			all = append(all, "goroutine "+stack)
		}
	}
	return all
}

// LeftProcesses is what Left tells of processes.
func (s Snapshot) LeftProcesses() (all []string) {
	for _, pid := range Children(self()) {
		if !slices.Contains(s.children, pid) {
			name, _ := Stat(pid)
			all = append(all, fmt.Sprintf("process %d %s", pid, name))
		}
	}
	return all
}

// LeftMemory is what Left tells of memory files.
func (s Snapshot) LeftMemory() (all []string) {
	if n := MemoryFiles() - s.memory; n > 0 {
		all = append(all, fmt.Sprintf("%d memory files that are mapped", n))
	}
	return all
}

// lasting are what starts goroutines that a program has once and for good: its
// tests, what waits for signals, and what forks.
var lasting = []string{
	"created by testing.",
	"created by os/signal.",
	"created by runtime.",
	"created by github.com/mpgen/mpgen/runtime/internal/proc.spawnerOf",
	"created by github.com/mpgen/mpgen/runtime/internal/proc.(*spawner)",
}

// goroutines are the stacks of all but this one, by their numbers.
func goroutines() map[string]string {
	buf := make([]byte, 1<<16)
	for {
		n := runtime.Stack(buf, true)
		if n < len(buf) {
			buf = buf[:n]
			break
		}
		buf = make([]byte, 2*len(buf))
	}
	all := map[string]string{}
	for i, stack := range bytes.Split(buf, []byte("\n\n")) {
		text := strings.TrimPrefix(string(stack), "goroutine ")
		id, _, _ := strings.Cut(text, " ")
		if i > 0 && !slices.ContainsFunc(lasting, func(by string) bool { return strings.Contains(text, by) }) {
			all[id] = text
		}
	}
	return all
}
