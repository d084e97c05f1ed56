package mp

import (
	"os"
	"sync/atomic"

	"github.com/mpgen/mpgen/runtime/internal/proc"
)

var mainCalled atomic.Bool

// Main runs this process's part of a pipeline and never returns, if the
// process was started for one; in the program itself it returns at once. It is
// the first statement of main, and of TestMain where tests use processes:
// everything before it, package initialization too, runs in every process.
//
// One call serves all pipelines of the program, those of imported packages too;
// a second one does nothing. Without it Start fails with [ErrNoMain]; it never
// starts the program again.
func Main() {
	if !mainCalled.CompareAndSwap(false, true) {
		return
	}
	role, ok := proc.Current()
	if !ok {
		return
	}
	role.Enter()
	os.Exit(runChild(role))
}
