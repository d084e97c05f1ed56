package mp

import (
	"os"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

func (g *game) pid(i int) int { return pidOf(g, g.r.memberOf("player", i)) }

// pidOf is the process of a member, which its supervisor may note later than the process
// is heard of; and to send a signal to process 0 is to send it to oneself.
func pidOf(t testing.TB, m *member) (pid int) {
	t.Helper()
	until(t, "its process is known", func() bool {
		pid = int(m.pid.Load())
		return pid != 0
	})
	return pid
}

// kill kills player i, and waits until its parent has seen to it.
func (g *game) kill(i int) {
	g.Helper()
	require.NoError(g, syscall.Kill(g.pid(i), syscall.SIGKILL))
	g.gone(i)
}

// halt stops a process. The signal is on its way for a while, in which the process may
// do what the test wants it not to do any more.
func halt(t testing.TB, pid int) {
	t.Helper()
	require.NoError(t, syscall.Kill(pid, syscall.SIGSTOP))
	until(t, "it is stopped", func() bool { return stopped(pid) })
}

// haltSelf stops this process for good. Its caller does not go on while the signal is
// on its way to another thread.
func haltSelf() {
	if err := syscall.Kill(os.Getpid(), syscall.SIGSTOP); err != nil {
		panic(err)
	}
	select {}
}

func (g *game) stop(i int) { halt(g, g.pid(i)) }

// goes lets a player go on that was stopped.
func (g *game) goes(i int) { require.NoError(g, syscall.Kill(g.pid(i), syscall.SIGCONT)) }
