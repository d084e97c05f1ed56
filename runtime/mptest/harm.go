package mptest

import (
	"fmt"
	"testing"

	mp "github.com/mpgen/mpgen/runtime"
	"github.com/mpgen/mpgen/runtime/internal/leak"
	"github.com/mpgen/mpgen/runtime/internal/probe"
)

// What follows names a process as errors do ([mp.Error]): by its declared name and
// its index. That is the number of a worker of a pool or service or of an instance,
// from 0, and of a process on demand its own number, from 1.

// Running waits until the process is there and has begun: a process its function,
// a worker what it opens. The test fails at once if there can be no such process,
// or after 20 s.
func Running(t testing.TB, run *mp.Run, name string, index int) {
	t.Helper()
	life(t, run, name, index)
}

// Busy waits until a worker of a pool or service has a task or an item in hand, and
// returns its index. The test fails at once if there can be no such worker, or after
// 20 s.
func Busy(t testing.TB, run *mp.Run, name string) (index int) {
	t.Helper()
	p := probe.Of(run)
	Eventually(t, "a task of "+name, func() bool {
		t.Helper()
		var err error
		if index, err = p.Busy(name); err != nil {
			t.Fatalf("mptest: %v", err)
		}
		return index >= 0
	})
	return index
}

// life waits for the process.
func life(t testing.TB, run *mp.Run, name string, index int) (life probe.Life) {
	t.Helper()
	p := probe.Of(run)
	Eventually(t, fmt.Sprintf("%s[%d] at work", name, index), func() bool {
		t.Helper()
		var err error
		if life, err = p.Life(name, index); err != nil {
			t.Fatalf("mptest: %v", err)
		}
		return life != nil
	})
	return life
}

// Kill waits until the process is there, kills it with all its children, and
// returns when it is dead. What follows a death follows this one: repairs,
// restarts, retries; the run may still be about it when Kill returns.
//
// On engines of goroutines the function is abandoned: it counts as dead, and runs
// on until it returns.
func Kill(t testing.TB, run *mp.Run, name string, index int) {
	t.Helper()
	l := life(t, run, name, index)
	l.Kill()
	buried(t, l, name, index)
}

// Exhaust is Kill of a process that has taken more memory than it may: its
// [mp.Died] says OOM. The memory itself is not taken.
func Exhaust(t testing.TB, run *mp.Run, name string, index int) {
	t.Helper()
	l := life(t, run, name, index)
	l.Exhaust()
	buried(t, l, name, index)
}

func buried(t testing.TB, l probe.Life, name string, index int) {
	t.Helper()
	Eventually(t, fmt.Sprintf("the death of %s[%d]", name, index), func() bool {
		select {
		case <-l.Dead():
			return true
		default:
			return false
		}
	})
}

// Hang waits until the process is there, makes it stand still as SIGSTOP does, and
// returns when it does. It goes on with [Resume]; deadlines, the end of its context
// and of its grace, and Close end it as they end a process that hangs by itself.
//
// On engines of goroutines it stands still as others see it: when the user's code
// would begin the next time, or has ended. Where processes take turns, it keeps its
// turn meanwhile, so all others stand still as well.
//
// A worker that hangs with nothing in hand is given tasks all the same, and their
// time does not begin: a task's timeout ends one that hangs at work.
func Hang(t testing.TB, run *mp.Run, name string, index int) {
	t.Helper()
	l := life(t, run, name, index)
	if err := l.Hang(); err != nil {
		t.Fatalf("mptest: hang %s[%d]: %v", name, index, err)
	}
	if l.PID() != 0 {
		Eventually(t, fmt.Sprintf("%s[%d] to stand still", name, index), func() bool {
			return leak.Stopped(l.PID()) || !leak.Alive(l.PID())
		})
	}
}

// Resume lets a process go on that hangs. It does nothing to others.
func Resume(t testing.TB, run *mp.Run, name string, index int) {
	t.Helper()
	if err := life(t, run, name, index).Resume(); err != nil {
		t.Fatalf("mptest: resume %s[%d]: %v", name, index, err)
	}
}
