// Package peer holds what a user would pick instead of mpgen, one file each:
// a Go channel, a bare ring and a bare futex pair in shared memory, go-plugin
// over net/rpc and gRPC, Python's multiprocessing, and whole programs.
//
// In comes the number of operations of one run; out goes the time that exactly
// these took, without starting and stopping. Only the bench command calls the
// package. Every peer moves numbered items and checks them at the end, so that
// a figure never stands for work that was not done.
//
// Peers of two processes start the same binary again as their other half.
// [Main] runs that half; which one it is stands in an environment variable. A
// half ends when its standard input does, so a killed bench leaves nobody behind.
package peer

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync/atomic"
	"time"
)

// ErrAbsent says that a peer is not to be had on this machine.
var ErrAbsent = errors.New("not to be had here")

// roleVar names the half that a process started by this package is to run.
const roleVar = "MPGEN_BENCH_PEER"

var roles = map[string]func() error{
	"ring-send":   ringSend,
	"ring-echo":   ringEcho,
	"futex-echo":  futexEcho,
	"plugin-rpc":  pluginServe,
	"plugin-grpc": pluginServeGRPC,
}

// Main runs this process's half of a peer and never returns, if the process was
// started for one; else it returns at once.
func Main() {
	role, ok := os.LookupEnv(roleVar)
	if !ok {
		return
	}
	half, ok := roles[role]
	if !ok {
		fmt.Fprintf(os.Stderr, "%s is %q, which no peer is called\n", roleVar, role)
		os.Exit(2)
	}
	if err := half(); err != nil {
		fmt.Fprintf(os.Stderr, "peer %s: %v\n", role, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// command is the same binary as another half, not started yet.
func command(role string) (*exec.Cmd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := exec.Command(self)
	c.Env = append(os.Environ(), roleVar+"="+role)
	return c, nil
}

// A half is the other process of a peer in shared memory.
type half struct {
	line    io.Closer // its standard input: closing it ends the half
	stopped atomic.Bool
	done    chan struct{}
}

func startHalf(role string, mem *shared) (*half, error) {
	cmd, err := command(role)
	if err != nil {
		return nil, err
	}
	cmd.ExtraFiles = []*os.File{mem.file} // descriptor 3 over there
	cmd.Stderr = os.Stderr
	line, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	h := &half{line: line, done: make(chan struct{})}
	go func() {
		defer close(h.done)
		if err := cmd.Wait(); !h.stopped.Load() {
			// The other side waits in a bare loop, which only the end of the program ends.
			fmt.Fprintf(os.Stderr, "peer %s ended too early: %v\n", role, err)
			os.Exit(1)
		}
	}()
	return h, nil
}

// stop ends the half and waits for its end.
func (h *half) stop() {
	h.stopped.Store(true)
	h.line.Close()
	<-h.done
}

// inheritShared maps what startHalf passed on, and arranges the half's end.
func inheritShared() (*shared, error) {
	go func() {
		io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	return mapShared(os.NewFile(3, "shared"))
}

// Pause keeps a processor busy for d, so that whoever is waiting on another one
// has given up spinning and sleeps. Both sides of a comparison pause alike.
func Pause(d time.Duration) {
	for start := time.Now(); time.Since(start) < d; {
	}
}

// Item is 64 bytes without pointers.
type Item struct{ Number, B, C, D, E, F, G, H uint64 }

// Line is an item whose text lies elsewhere.
type Line struct {
	Number uint64
	Text   string
}

// CheckSum says whether the numbers 0 to n-1 add up to sum.
func CheckSum(n int, sum uint64) error {
	if want := uint64(n) * uint64(n-1) / 2; sum != want {
		return fmt.Errorf("the numbers of %d items add up to %d, want %d", n, sum, want)
	}
	return nil
}
