//go:build unix

package mp

import (
	"os"

	"golang.org/x/sys/unix"
)

// duplicate is a file with a descriptor of its own for the same open file. It goes
// the way around File.Fd, which would end the non-blocking mode of both.
func duplicate(f *os.File, name string) (*os.File, error) {
	conn, err := f.SyscallConn()
	if err != nil {
		return nil, err
	}
	fd, failed := -1, error(nil)
	if err := conn.Control(func(raw uintptr) { fd, failed = unix.FcntlInt(raw, unix.F_DUPFD_CLOEXEC, 3) }); err != nil {
		return nil, os.ErrClosed // there is no other reason
	}
	if failed != nil {
		return nil, os.NewSyscallError("fcntl", failed)
	}
	return os.NewFile(uintptr(fd), name), nil
}
