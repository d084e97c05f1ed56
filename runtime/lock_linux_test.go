package mp

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// lockers are three processes around one lock, each with a word that says how far
// it is and one that tells it what to do next.
var lockers = func() (s struct {
	pipeline    *Pipeline
	lock        *LockDecl
	count       *NumberDecl[int]
	open        *NumberDecl[int] // so many of them may begin
	how         [3]*ProcessDecl
	phase, next [3]*NumberDecl[int]
}) {
	s.lock, s.count = &LockDecl{Name: "door"}, &NumberDecl[int]{Name: "count"}
	s.open = &NumberDecl[int]{Name: "open"}
	s.pipeline = &Pipeline{Path: "mp.test/lockers", Source: "lockers.mp", Decls: []Decl{s.lock, s.count, s.open}}
	for i := range s.how {
		s.phase[i] = &NumberDecl[int]{Name: fmt.Sprint("phase", i)}
		s.next[i] = &NumberDecl[int]{Name: fmt.Sprint("go", i)}
		p := &ProcessDecl{Name: fmt.Sprint("locker", i), Restart: OnFailure, Restarts: 10, Uses: []Decl{s.lock, s.count, s.open, s.phase[i], s.next[i]}}
		p.Main = func(ctx context.Context, n *Node, d *Decoder) error {
			if s.phase[i].In(n).Load() != 0 { // it died; that must not end the run
				return nil
			}
			for open := s.open.In(n); open.Load() <= i && ctx.Err() == nil; {
				time.Sleep(100 * time.Microsecond)
			}
			return locker(ctx, s.lock.In(n), s.count.In(n), s.phase[i].In(n), s.next[i].In(n), d.String())
		}
		s.how[i] = p
		s.pipeline.Decls = append(s.pipeline.Decls, s.phase[i], s.next[i], p)
	}
	Register(s.pipeline)
	return s
}()

// phases of a locker.
const (
	comes = 1 + iota // it is about to lock
	holds
	failed // it was told that a holder died
	gone   // it has unlocked
)

const lockerRounds = 2000

func locker(ctx context.Context, l *Lock, count, phase, next *Number[int], how string) error {
	switch how {
	case "":
		return nil
	case "count": // four goroutines, and a number that is not added to in one step
		var all sync.WaitGroup
		errs := make([]error, 4)
		for g := range errs {
			all.Go(func() {
				for range lockerRounds {
					if errs[g] = l.Lock(ctx); errs[g] != nil {
						return
					}
					count.Store(count.Load() + 1)
					l.Unlock()
				}
			})
		}
		all.Wait()
		return errors.Join(errs...)
	case "hammer": // the lock is hardly ever free
		phase.Store(comes)
		for next.Load() == 0 {
			if err := l.Lock(ctx); err != nil {
				return err
			}
			count.Add(1)
			l.Unlock()
		}
		return nil
	}
	phase.Store(comes)
	take := l.Lock
	if how == "repair" {
		take = l.Repair
	}
	switch err := take(ctx); {
	case errors.Is(err, ErrOwnerDied):
		phase.Store(failed)
		return nil
	case err != nil:
		return err
	}
	phase.Store(holds)
	if how == "leave" { // without giving it back
		return nil
	}
	for next.Load() == 0 {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		time.Sleep(100 * time.Microsecond)
	}
	l.Unlock()
	phase.Store(gone)
	return nil
}

// beginLockers starts the lockers in their ways; so many may begin.
func beginLockers(t testing.TB, open int, how ...string) (*Run, *Node, *Lock) {
	how = append(how, "", "", "")
	var args []Arg
	for i, p := range lockers.how {
		args = append(args, p.With(func(e *Encoder) { e.String(how[i]) }))
	}
	r, n := begin(t, lockers.pipeline, args...)
	lockers.open.In(n).Store(open)
	return r, n, lockers.lock.In(n)
}

func lockerIs(t testing.TB, n *Node, i, phase int) {
	t.Helper()
	until(t, fmt.Sprintf("locker%d comes to phase %d", i, phase), func() bool { return lockers.phase[i].In(n).Load() == phase })
}

// lockerStands waits until a locker waits for the lock.
func lockerStands(t testing.TB, l *Lock, i int) {
	t.Helper()
	until(t, fmt.Sprintf("locker%d stands at the lock", i), func() bool {
		for _, slot := range l.shared.Waiters() {
			if slot == i+1 {
				return true
			}
		}
		return false
	})
}

func killLocker(t testing.TB, r *Run, i int) {
	require.NoError(t, syscall.Kill(pidOf(t, r.members[i]), syscall.SIGKILL))
}

// soon bounds what follows a death.
const soon = time.Second + busyMachine

func TestLockKeepsProcessesAndGoroutinesApart(t *testing.T) {
	r, n, l := beginLockers(t, 3, "count", "count", "count")
	require.NoError(t, locker(limited(t), l, lockers.count.In(n), nil, nil, "count"))
	require.NoError(t, r.Wait())
	require.Equal(t, 4*4*lockerRounds, lockers.count.In(n).Load())
}

func TestDeathOfAHolderIsToldToEveryone(t *testing.T) {
	r, n, l := beginLockers(t, 1, "hold", "wait", "wait")
	lockerIs(t, n, 0, holds)
	lockers.open.In(n).Store(3)
	lockerStands(t, l, 1)
	lockerStands(t, l, 2)
	mine := make(chan error, 1)
	go func() { mine <- l.Lock(limited(t)) }()
	until(t, "the program stands there too", func() bool { return len(l.shared.Waiters()) == 3 })
	require.ErrorIs(t, l.TryLock(), ErrLocked)
	require.Equal(t, LockStats{Holder: "locker0", Waiting: 3}, r.Stats().Locks["door"])

	began := time.Now()
	killLocker(t, r, 0)
	err := <-mine
	require.ErrorIs(t, err, ErrOwnerDied)
	require.EqualError(t, err, `lock "door": a process died with the lock: it was locker0`)
	lockerIs(t, n, 1, failed)
	lockerIs(t, n, 2, failed)
	require.Less(t, time.Since(began), soon)

	// It stays so, until somebody repairs.
	require.Equal(t, LockStats{Holder: "locker0", Died: true}, r.Stats().Locks["door"])
	require.ErrorIs(t, l.Lock(limited(t)), ErrOwnerDied)
	require.ErrorIs(t, l.TryLock(), ErrOwnerDied)
	require.NoError(t, l.Repair(limited(t)))
	require.ErrorIs(t, l.TryLock(), ErrLocked)
	l.Unlock()
	require.NoError(t, l.Lock(limited(t)))
	l.Unlock()
	require.NoError(t, r.Wait())
}

func TestEndOfAHolderThatKeepsTheLockIsADeath(t *testing.T) {
	r, _, l := beginLockers(t, 3, "leave")
	until(t, "it has left", func() bool { _, died, _ := l.shared.Holder(); return died })
	require.NoError(t, r.Wait())
	require.ErrorIs(t, l.Lock(limited(t)), ErrOwnerDied)
	require.NoError(t, l.Repair(limited(t)))
	l.Unlock()
}

func TestDeathOfARepairerLeavesTheLockToRepair(t *testing.T) {
	r, n, l := beginLockers(t, 1, "hold", "repair")
	lockerIs(t, n, 0, holds)
	lockers.open.In(n).Store(2)
	lockerStands(t, l, 1)
	killLocker(t, r, 0)
	lockerIs(t, n, 1, holds) // it waited to repair
	killLocker(t, r, 1)
	until(t, "the lock is left again", func() bool { s, died, _ := l.shared.Holder(); return died && s == 2 })
	require.ErrorIs(t, l.Lock(limited(t)), ErrOwnerDied)
	require.NoError(t, l.Repair(limited(t)))
	l.Unlock()
}

func TestDeathOfAWaiterTakesNoTurn(t *testing.T) {
	for _, stopped := range []bool{false, true} { // stopped: it has been rung, or has the reservation, and can't get up
		t.Run(fmt.Sprintf("stopped %v", stopped), func(t *testing.T) {
			r, n, l := beginLockers(t, 0, "wait", "wait")
			require.NoError(t, l.Lock(limited(t)))
			lockers.open.In(n).Store(2)
			lockerStands(t, l, 0)
			lockerStands(t, l, 1)
			if stopped {
				halt(t, pidOf(t, r.members[0]))
				l.Unlock()
			}
			began := time.Now()
			killLocker(t, r, 0)
			if !stopped {
				until(t, "it is swept", func() bool { return len(l.shared.Waiters()) == 1 })
				l.Unlock()
			}
			lockerIs(t, n, 1, holds)
			require.Less(t, time.Since(began), soon)
			lockers.next[1].In(n).Store(1)
			lockerIs(t, n, 1, gone)
			require.NoError(t, l.Lock(limited(t)))
			l.Unlock()
		})
	}
}

func TestLockObeysItsContext(t *testing.T) {
	r, _, l := beginLockers(t, 3)
	require.NoError(t, l.Lock(limited(t)))
	const many = 200
	ctx, cancel := context.WithCancel(limited(t))
	errs := make(chan error, many)
	for range many {
		go func() { errs <- l.Lock(ctx) }()
	}
	until(t, "one of them stands there", func() bool { return len(l.shared.Waiters()) == 1 })
	cancel()
	for range many {
		require.ErrorIs(t, <-errs, context.Canceled)
	}
	require.Empty(t, l.shared.Waiters())
	l.Unlock()
	require.PanicsWithValue(t, `mp: unlock of lock "door", which this process does not hold`, func() { l.Unlock() })
	require.NoError(t, l.Lock(limited(t)))

	go func() { errs <- l.Lock(context.Background()) }()
	until(t, "it stands there", func() bool { return len(l.shared.Waiters()) == 1 })
	require.NoError(t, r.Close())
	require.ErrorIs(t, <-errs, ErrClosed)
	l.Unlock() // nothing happens
	require.ErrorIs(t, l.Lock(limited(t)), ErrClosed)
	require.ErrorIs(t, l.TryLock(), ErrClosed)
}

func TestWhoWaitsGetsTheLockFromThoseWhoComeBy(t *testing.T) {
	r, n, l := beginLockers(t, 3, "hammer", "hammer", "hammer")
	for i := range 3 {
		lockerIs(t, n, i, comes)
	}
	longest := time.Duration(0)
	for range 50 {
		began := time.Now()
		require.NoError(t, l.Lock(limited(t)))
		longest = max(longest, time.Since(began))
		l.Unlock()
	}
	t.Log("waited at most", longest, "while the others took it", lockers.count.In(n).Load(), "times")
	for i := range 3 {
		lockers.next[i].In(n).Store(1)
	}
	require.NoError(t, r.Wait())
}

func BenchmarkLock(b *testing.B) {
	r, _, l := beginLockers(b, 3)
	b.Run("mp", func(b *testing.B) {
		ctx := context.Background()
		b.ReportAllocs()
		for b.Loop() {
			if l.Lock(ctx) == nil {
				l.Unlock()
			}
		}
	})
	b.Run("sync", func(b *testing.B) {
		var m sync.Mutex
		for b.Loop() {
			m.Lock()
			m.Unlock() //lint:ignore SA2001 it is what is measured
		}
	})
	r.Close()
}
