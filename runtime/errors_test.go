package mp

import (
	"errors"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestErrorTexts(t *testing.T) {
	const crash = "panic: runtime error: index out of range [3] with length 2\n\ngoroutine 1 [running]:\n"
	for want, err := range map[string]error{
		"resize[2]: exit status 3":                                  &Error{Name: "resize", Index: 2, Attempts: 1, Err: &Died{Exit: 3}},
		"resize[0]: killed by signal 9 (killed) (after 3 attempts)": &Error{Name: "resize", Attempts: 3, Err: &Died{Exit: -1, Signal: syscall.SIGKILL}},
		"killed by signal 11 (segmentation fault)":                  &Died{Exit: -1, Signal: syscall.SIGSEGV},
		"out of memory": &Died{Exit: -1, Signal: syscall.SIGKILL, OOM: true},
		"panic: runtime error: index out of range [3] with length 2": &Died{Exit: 2, Panic: crash},
		"fatal error: concurrent map writes":                         &Died{Exit: 2, Panic: "\nfatal error: concurrent map writes\r\n"},
		"it exited with status 0 before its function returned":       &Died{Panic: " \n\n", Stderr: "text of no use here"},
		"the pipeline needs 1.5 GiB of shared memory and 100 bytes may be taken: lower the capacity, bytes or spill of its queues and pools, or the lengths of its arrays": &NoMemory{3 << 29, 100},
	} {
		require.EqualError(t, err, want)
	}
	cause := errors.New("cause")
	require.ErrorIs(t, &Error{Err: cause}, cause)
}
