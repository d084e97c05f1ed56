//go:build amd64 || arm64

package proc

import (
	"bytes"
	"fmt"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// The crash file of a process is a memory file of fixed size, shared with the parent.
//
// Its first byte is the gate. The child's packages may start processes while they initialise, but those
// are safe only once the parent has put the child's group into the table; so the child waits until the
// byte is set. Behind it the child's runtime writes its crash text, if it comes to that. The seals
// make writes past the end fail, so a crash with a million goroutines costs no more than the size.
const (
	gateSize      = 1
	crashFileSize = gateSize + MaxCrash
)

// newCrashFile makes the file with its gate shut and the shared file offset behind the gate, which
// is where the runtime, whose writes have no offset of their own, goes on.
func newCrashFile() (int, error) {
	fd, err := memoryFile("mpgen crash", crashFileSize)
	if err != nil {
		return -1, err
	}
	_, err = unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, unix.F_SEAL_SHRINK|unix.F_SEAL_GROW|unix.F_SEAL_SEAL)
	if err == nil {
		_, err = unix.Seek(fd, gateSize, unix.SEEK_SET)
	}
	if err != nil {
		unix.Close(fd)
		return -1, fmt.Errorf("cannot seal the crash file: %w", err)
	}
	return fd, nil
}

// openGate lets the child's initialisation go on.
func openGate(fd int) error {
	_, err := unix.Pwrite(fd, []byte{'\n'}, 0)
	return err
}

// awaitGate returns when the parent has opened the gate. The parent does so microseconds after the
// exec, long before a Go program gets here, unless it lost its processor; hence a check and a short
// nap instead of one more descriptor for each child.
func awaitGate(fd, parent int) {
	gate := make([]byte, gateSize)
	nap := unix.NsecToTimespec(int64(20 * time.Microsecond))
	for {
		if n, err := unix.Pread(fd, gate, 0); err != nil && err != unix.EINTR || n == gateSize && gate[0] != 0 {
			return
		}
		if os.Getppid() != parent {
			os.Exit(exitUsage)
		}
		unix.Nanosleep(&nap, nil)
	}
}

// armCrash makes the runtime copy its crash text to the crash file.
func armCrash() {
	// It fails only if the descriptor is no longer open; the standard error output has the text then.
	_ = debug.SetCrashOutput(self.crash, debug.CrashOptions{})
}

// fatalPrefix starts the line that names a fatal error.
var fatalPrefix = []byte("fatal error: ")

// exitCrash is the exit code of Go's runtime after a panic or a fatal error.
const exitCrash = 2

// crashText returns what the dead child's runtime has written, or "". For a panic the file has all
// of it. Of a fatal error the runtime writes the first line, which names it, before it copies to
// the file; that line is taken from the standard error output. It is all there is of a runtime that
// fails while it starts up, for want of memory or threads: the file is not armed yet then.
func crashText(fd int, fatal []byte, code int) string {
	first := make([]byte, 1)
	if n, err := unix.Pread(fd, first, gateSize); err != nil || n == 0 || first[0] == 0 {
		if code == exitCrash {
			return strings.ToValidUTF8(string(fatal), "?")
		}
		return ""
	}
	text := make([]byte, MaxCrash)
	n, err := unix.Pread(fd, text, gateSize)
	if err != nil {
		return ""
	}
	text = bytes.TrimRight(text[:n], "\x00")
	if text[0] == '\n' && len(fatal) > 0 {
		text = slices.Concat(fatal, []byte("\n"), text[:min(len(text), MaxCrash-len(fatal)-1)])
	}
	return strings.ToValidUTF8(string(text), "?")
}

// outOfMemory reports whether a crash text is the runtime's last word on having got no memory. What a
// panic says does not count, for the program chose those words.
func outOfMemory(text string) bool {
	what, fatal := strings.CutPrefix(text, string(fatalPrefix))
	if !fatal {
		return false
	}
	what, _, _ = strings.Cut(what, "\n")
	for _, words := range []string{"out of memory", "cannot allocate", "cannot map pages", "failed to reserve"} {
		if strings.Contains(what, words) {
			return true
		}
	}
	return false
}
