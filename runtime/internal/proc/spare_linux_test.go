//go:build amd64 || arm64

package proc

import (
	"fmt"
	"os"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/mpgen/mpgen/runtime/internal/leak"
)

// newSpare starts a spare in the last slot of a house, and waits until it stands.
func newSpare(t testing.TB, h *House, out *lines, files ...*os.File) *Process {
	t.Helper()
	p, err := h.Start(Spec{Name: "none yet", Slot: h.groups.Len - 1, Spare: true, Stdout: out.take, Files: files})
	require.NoError(t, err)
	within(t, p.Standing())
	return p
}

func TestASpareGetsItsPartLater(t *testing.T) {
	h, out := newHouse(t, 3), newLines()
	p := newSpare(t, h, out)
	select {
	case <-p.Begun():
		require.Fail(t, "it has no part yet")
	case <-p.Dead():
		require.Fail(t, "it waits")
	default:
	}
	require.NoError(t, p.Assign(Spec{Name: "identity", Slot: 1, Generation: 7}))
	within(t, p.Begun())
	within(t, p.Done())
	require.Equal(t, []string{"1 7 1 true true 9 identity"}, out.all)
	require.ErrorIs(t, p.Assign(Spec{Name: "identity", Slot: 1}), os.ErrProcessDone)

	plain, err := h.Start(Spec{Name: "wait", Slot: 0})
	require.NoError(t, err)
	require.Nil(t, plain.Standing())
	require.Nil(t, plain.Begun())
	require.ErrorContains(t, plain.Assign(Spec{Slot: 1}), "no spare")
}

func TestFilesOfASparesPartComeBehindItsOwn(t *testing.T) {
	h, out := newHouse(t, 2), newLines()
	theirIn, in, err := os.Pipe()
	require.NoError(t, err)
	from, theirOut, err := os.Pipe()
	require.NoError(t, err)
	p := newSpare(t, h, out, theirIn)
	require.NoError(t, p.Assign(Spec{Name: "echo", Files: []*os.File{theirOut}}))
	theirIn.Close()
	theirOut.Close()
	fmt.Fprintln(in, "hello")
	answer := make([]byte, 6)
	_, err = from.Read(answer)
	require.NoError(t, err)
	require.Equal(t, "hello\n", string(answer))
	in.Close()
	within(t, p.Done())
	require.Zero(t, p.Exit().Code)
	from.Close()

	many := make([]*os.File, MaxPassed+1)
	null, err := os.Open("/dev/null")
	require.NoError(t, err)
	defer null.Close()
	for i := range many {
		many[i] = null
	}
	p = newSpare(t, h, out)
	require.ErrorContains(t, p.Assign(Spec{Name: "wait", Files: many}), "251 files")
	require.NoError(t, p.Assign(Spec{Name: "wait", Files: many[1:]}), "a refused part leaves the spare as it was")
	require.Equal(t, "ready", out.next(t))
}

// The warden must find the group of a spare in the table whenever it looks.
func TestTheGroupOfASpareIsAlwaysInTheTable(t *testing.T) {
	groups, err := NewGroups(2)
	require.NoError(t, err)
	table := make([]atomic.Int32, 2)
	gaps, set := 0, groups.Set
	groups.Set = func(slot int, pgid int32) {
		set(slot, pgid)
		table[slot].Store(pgid)
		if table[0].Load() == 0 && table[1].Load() == 0 {
			gaps++
		}
	}
	h, err := NewHouse(groups)
	require.NoError(t, err)
	defer h.Close()
	p := newSpare(t, h, newLines())
	require.EqualValues(t, p.PID(), table[1].Load())
	require.NoError(t, p.Assign(Spec{Name: "wait"}))
	require.EqualValues(t, p.PID(), table[0].Load())
	require.Zero(t, table[1].Load())
	require.Zero(t, gaps)

	_, err = h.Start(Spec{Name: "wait", Slot: 0})
	require.ErrorContains(t, err, "slot 0")
	other := newSpare(t, h, newLines()) // in the place that is free again
	require.Error(t, other.Assign(Spec{Name: "wait"}), "the slot has a process")
	p.Kill()
	within(t, p.Dead())
	require.NoError(t, other.Assign(Spec{Name: "wait"}))
}

func TestSparesDieWithTheHouse(t *testing.T) {
	h := newHouse(t, 4)
	var pids []int
	for slot := range 3 {
		p, err := h.Start(Spec{Name: "none yet", Slot: slot, Spare: true})
		require.NoError(t, err)
		pids = append(pids, p.PID())
		if slot > 0 {
			within(t, p.Standing())
		}
	}
	fds := hold(t, pids...)
	h.Close()
	left, _ := survivors(t, fds, 0)
	require.Empty(t, left)
}

func TestASpareThatStandsStillHasNotBegun(t *testing.T) {
	h, out := newHouse(t, 2), newLines()
	p := newSpare(t, h, out)
	require.NoError(t, p.Hang())
	until(t, "it is stopped", func() bool {
		_, rest := leak.Stat(p.PID())
		return len(rest) > 0 && rest[0] == "T"
	})
	require.NoError(t, p.Assign(Spec{Name: "wait"}))
	select {
	case <-p.Begun():
		require.Fail(t, "it is stopped")
	default:
	}
	p.Kill()
	within(t, p.Done())
	require.Equal(t, syscall.SIGKILL, p.Exit().Signal)
	select {
	case <-p.Begun():
		require.Fail(t, "it never began")
	default:
	}

	p = newSpare(t, h, out)
	require.NoError(t, unix.Kill(p.PID(), unix.SIGKILL))
	within(t, p.Dead())
	require.ErrorIs(t, p.Assign(Spec{Name: "wait"}), os.ErrProcessDone)
}
