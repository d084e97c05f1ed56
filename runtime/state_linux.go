package mp

import (
	"bytes"
	"fmt"
	"os"
)

// kernelState is what the kernel says a process does, or "".
func kernelState(pid int) string {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	i := bytes.LastIndexByte(text, ')') // behind the name, which may hold anything
	if i < 0 || i+2 >= len(text) {
		return ""
	}
	switch text[i+2] {
	case 'R':
		return "running"
	case 'S', 'I':
		return "asleep"
	case 'D':
		return "in a sleep of the kernel that nothing interrupts"
	case 'T':
		return stoppedState
	case 't':
		return "stopped by a debugger"
	case 'Z', 'X':
		return "dead"
	}
	return ""
}
