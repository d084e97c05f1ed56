package mp

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/stretchr/testify/require"
)

// settings is a value with text in it, all parts of which say N.
type settings struct {
	N    int
	Text string
	List []int
}

func settingsOf(n int) settings {
	return settings{n, strings.Repeat(fmt.Sprint(n, " "), 1+n%7), []int{n, n, n}}
}

var settingsCodec = Coded(
	func(e *Encoder, s settings) { Put(e, s.N); e.String(s.Text); PutFlatSlice(e, s.List) },
	func(d *Decoder) settings { return settings{Get[int](d), d.String(), GetFlatSlice[int](d)} })

// ledger is two clerks that add to a value and an array under a lock, or leave with
// the lock.
var ledger = func() (s struct {
	pipeline *Pipeline
	lock     *LockDecl
	total    *ValueDecl[settings]
	lines    *ArrayDecl[int]
	clerk    *ProcessDecl
}) {
	s.lock = &LockDecl{Name: "book"}
	s.total = &ValueDecl[settings]{Name: "total", Elem: settingsCodec}
	s.lines = &ArrayDecl[int]{Name: "lines", Guard: s.lock}
	s.clerk = &ProcessDecl{Name: "clerk", Instances: 2, Uses: []Decl{s.lock, s.total, s.lines}}
	s.clerk.Main = func(ctx context.Context, n *Node, d *Decoder) error {
		lock, total, lines := s.lock.In(n), s.total.In(n), s.lines.In(n)
		if d.String() == "leave" {
			if n.Instance() > 0 {
				return nil
			}
			return lock.Lock(ctx)
		}
		for range 300 {
			if err := lock.Lock(ctx); err != nil {
				return err
			}
			for i := range lines {
				lines[i]++
			}
			lock.Unlock()
			if err := total.Update(ctx, func(v *settings) error {
				*v = settingsOf(v.N + 1)
				return nil
			}); err != nil {
				return err
			}
		}
		return nil
	}
	s.pipeline = &Pipeline{Path: "mp.test/ledger", Source: "ledger.mp", Decls: []Decl{s.lock, s.total, s.lines, s.clerk}}
	Register(s.pipeline)
	return s
}()

func clerks(how string) []Arg {
	return []Arg{ledger.clerk.With(func(e *Encoder) { e.String(how) }), ledger.lines.WithLen(100)}
}

func (t *trial) lock() {
	r, n := t.start(ledger.pipeline, clerks("add")...)
	lock, lines := ledger.lock.In(n), ledger.lines.In(n)
	for range 100 {
		require.NoError(t, lock.Lock(limited(t)))
		for i := range lines {
			require.Equal(t, lines[0], lines[i])
		}
		lock.Unlock()
	}
	require.NoError(t, r.Wait())
	require.Equal(t, 600, lines[99])
	require.NoError(t, lock.Lock(limited(t)))
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	require.ErrorIs(t, lock.Lock(ctx), context.DeadlineExceeded)
	require.ErrorIs(t, lock.TryLock(), ErrLocked)
}

func (t *trial) left() {
	r, n := t.start(ledger.pipeline, clerks("leave")...)
	lock := ledger.lock.In(n)
	require.NoError(t, r.Wait())
	until(t, "it is seen", func() bool { return errors.Is(lock.TryLock(), ErrOwnerDied) })
	require.ErrorIs(t, lock.Lock(limited(t)), ErrOwnerDied)
	require.NoError(t, lock.Repair(limited(t)))
	lock.Unlock()
	require.NoError(t, lock.Lock(limited(t)))
}

func (t *trial) value() {
	r, n := t.start(ledger.pipeline, clerks("add")...)
	total := ledger.total.In(n)
	for v := (settings{}); v.N < 600; {
		last := v.N
		var err error
		v, err = total.Load(limited(t))
		require.NoError(t, err)
		require.GreaterOrEqual(t, v.N, last)
		if v.N > 0 {
			require.Equal(t, settingsOf(v.N), v)
		}
		if t.engine == "inline" {
			require.NoError(t, r.Wait())
		}
	}
	require.NoError(t, r.Wait())
}

func (t *trial) afterwards() {
	r, n := t.start(ledger.pipeline, clerks("add")...)
	total, lines := ledger.total.In(n), ledger.lines.In(n)
	require.NoError(t, r.Wait())
	require.NoError(t, r.Close())
	v, err := total.Load(limited(t))
	require.NoError(t, err)
	require.Equal(t, settingsOf(600), v)
	require.Equal(t, 600, lines[0])
	lines[0]++
	require.ErrorIs(t, total.Store(limited(t), v), ErrClosed)

	g := t.play([]string{"append pairs", "add spots"})
	g.acts(0)
	g.acts(0)
	todo, spots := players.todo.In(g.n), players.spots.In(g.n)
	require.NoError(t, seesPairs(limited(t), todo))
	require.NoError(t, g.r.Close())
	require.NoError(t, seesPairs(limited(t), todo))
	has, err := spots.Has(limited(t), place{2, 0})
	require.NoError(t, err)
	require.True(t, has)
}

// gallery is a process that may look at an array, and touches it.
var gallery = func() (g struct {
	pipeline *Pipeline
	pictures *ArrayDecl[int]
}) {
	g.pictures = &ArrayDecl[int]{Name: "pictures", Len: 4}
	visit := &ProcessDecl{Name: "visit", Reads: []Decl{g.pictures}}
	visit.Main = func(_ context.Context, n *Node, _ *Decoder) error {
		g.pictures.ReadIn(n)[1]++
		return nil
	}
	g.pipeline = &Pipeline{Path: "mp.test/conform/gallery", Source: "gallery.mp", Decls: []Decl{g.pictures, visit}}
	Register(g.pipeline)
	return g
}()

func (t *trial) readOnly() {
	r, n := t.start(gallery.pipeline)
	err := r.Wait()
	if t.holds != yes {
		require.NoError(t, err)
		require.Equal(t, 1, gallery.pictures.In(n)[1])
		return
	}
	var died *Died
	require.ErrorAs(t, err, &died)
	require.Contains(t, died.Panic, "fault")
	require.Zero(t, gallery.pictures.In(n)[1])
}
