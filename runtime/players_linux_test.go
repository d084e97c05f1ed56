package mp

import (
	"syscall"

	"github.com/stretchr/testify/require"
)

func (g *game) pid(i int) int { return int(g.r.memberOf("player", i).pid.Load()) }

// kill kills player i, and waits until its parent has seen to it.
func (g *game) kill(i int) {
	g.Helper()
	require.NoError(g, syscall.Kill(g.pid(i), syscall.SIGKILL))
	g.gone(i)
}

func (g *game) stop(i int) { require.NoError(g, syscall.Kill(g.pid(i), syscall.SIGSTOP)) }

// goes lets a player go on that was stopped.
func (g *game) goes(i int) { require.NoError(g, syscall.Kill(g.pid(i), syscall.SIGCONT)) }
