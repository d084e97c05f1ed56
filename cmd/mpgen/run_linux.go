package main

import (
	"os/exec"
	"runtime"
	"syscall"
)

// endWithMpgen has the kernel end a program when mpgen is killed and can't pass
// a signal on. The kernel means the thread that starts the program, so that
// belongs to the calling goroutine from here on.
func endWithMpgen(cmd *exec.Cmd) {
	runtime.LockOSThread()
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
}
