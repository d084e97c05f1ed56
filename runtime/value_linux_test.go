package mp

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// slab is the same, flat.
type slab struct {
	Even  bool
	Words [33]int
	Tail  [5]byte
}

func slabOf(n int) (b slab) {
	b.Even = n%2 == 0
	for i := range b.Words {
		b.Words[i] = n
	}
	copy(b.Tail[:], fmt.Sprintf("%05d", n%100_000))
	return b
}

// writers are four processes that count two values up.
var writers = func() (s struct {
	pipeline *Pipeline
	text     *ValueDecl[settings]
	flat     *ValueDecl[slab]
	acked    *NumberDecl[int]
	stop     *NumberDecl[int]
	write    [4]*ProcessDecl
}) {
	s.text = &ValueDecl[settings]{Name: "text", Elem: settingsCodec, Slot: 128}
	s.flat = &ValueDecl[slab]{Name: "flat"}
	s.acked, s.stop = &NumberDecl[int]{Name: "acked"}, &NumberDecl[int]{Name: "stop"}
	s.pipeline = &Pipeline{Path: "mp.test/writers", Source: "writers.mp", Decls: []Decl{s.text, s.flat, s.acked, s.stop}}
	for i := range s.write {
		s.write[i] = &ProcessDecl{Name: fmt.Sprint("write", i), Restart: OnFailure, Restarts: 1_000_000,
			Uses: []Decl{s.text, s.flat, s.acked, s.stop}}
		s.write[i].Main = func(ctx context.Context, n *Node, _ *Decoder) error {
			text, flat, acked, stop := s.text.In(n), s.flat.In(n), s.acked.In(n), s.stop.In(n)
			for stop.Load() == 0 {
				err := flat.Update(ctx, func(b *slab) error {
					*b = slabOf(b.Words[7] + 1)
					return nil
				})
				if err != nil {
					return err
				}
				acked.Add(1)
				err = text.Update(ctx, func(v *settings) error {
					*v = settingsOf(v.N + 1)
					return nil
				})
				if err != nil {
					return err
				}
			}
			return nil
		}
		s.pipeline.Decls = append(s.pipeline.Decls, s.write[i])
	}
	Register(s.pipeline)
	return s
}()

func TestValueIsNeverSeenTornThoughWritersDie(t *testing.T) {
	r, n := begin(t, writers.pipeline)
	text, flat := writers.text.In(n), writers.flat.In(n)
	kills, last, lastFlat := 0, 0, 0
	for until := time.Now().Add(time.Second); kills < 12 || time.Now().Before(until); {
		for range 1 + rand.IntN(300) {
			v, err := text.Load(limited(t))
			require.NoError(t, err)
			if v.N > 0 {
				require.Equal(t, settingsOf(v.N), v)
			}
			require.GreaterOrEqual(t, v.N, last)
			last = v.N
			b, err := flat.Load(limited(t))
			require.NoError(t, err)
			if b.Words[0] > 0 {
				require.Equal(t, slabOf(b.Words[0]), b)
			}
			require.GreaterOrEqual(t, b.Words[0], lastFlat)
			lastFlat = b.Words[0]
		}
		if pid := r.members[rand.IntN(4)].pid.Load(); pid != 0 && syscall.Kill(int(pid), syscall.SIGKILL) == nil {
			kills++
		}
	}
	writers.stop.In(n).Store(1)
	require.NoError(t, r.Wait())
	acked := writers.acked.In(n).Load()
	b, err := flat.Load(limited(t))
	require.NoError(t, err)
	t.Log(b.Words[0], "updates,", kills, "kills")
	require.Greater(t, acked, 0)
	require.GreaterOrEqual(t, b.Words[0], acked, "none is lost")
	require.LessOrEqual(t, b.Words[0], acked+kills, "none is done twice")

	before, err := text.Load(limited(t))
	require.NoError(t, err)
	require.NoError(t, r.Close())
	after, err := text.Load(limited(t)) // it stays
	require.NoError(t, err)
	require.Equal(t, before, after)
	require.ErrorIs(t, text.Store(limited(t), settings{}), ErrClosed)
}

func TestValueStaysAsItWasAfterAnError(t *testing.T) {
	_, n := begin(t, writers.pipeline)
	writers.stop.In(n).Store(1)
	text, flat := writers.text.In(n), writers.flat.In(n)
	for _, i := range []int{0, 1, 2, 3} {
		until(t, "writers end", func() bool { return n.run.Stats().Processes[fmt.Sprint("write", i)].Running == 0 })
	}
	require.NoError(t, text.Store(limited(t), settingsOf(5)))
	require.ErrorIs(t, text.Store(limited(t), settings{Text: strings.Repeat("x", 200)}), ErrTooBig)
	enough := errors.New("enough")
	require.ErrorIs(t, text.Update(limited(t), func(v *settings) error {
		v.N = 9
		return enough
	}), enough)
	require.ErrorIs(t, text.Update(limited(t), func(v *settings) error {
		v.Text = strings.Repeat("x", 200)
		return nil
	}), ErrTooBig)
	require.Panics(t, func() {
		text.Update(limited(t), func(*settings) error { panic("at the disco") })
	})
	v, err := text.Load(limited(t))
	require.NoError(t, err)
	require.Equal(t, settingsOf(5), v)

	// A writer waits for another no longer than its context.
	ctx, cancel := context.WithCancel(limited(t))
	require.NoError(t, flat.Update(limited(t), func(*slab) error {
		done := make(chan error)
		go func() { done <- flat.Store(ctx, slab{}) }()
		cancel()
		require.ErrorIs(t, <-done, context.Canceled)
		return nil
	}))

	// What no correct process writes comes to nobody.
	b := slab{}
	require.NoError(t, flat.Store(limited(t), b))
	memoryOf(&b)[0] = 2
	flat.shared.Write(memoryOf(&b))
	_, err = flat.Load(limited(t))
	require.ErrorIs(t, err, ErrCorruptPeer)
	require.EqualError(t, err, `value "flat": corrupt data from another process`)
}

func BenchmarkValue(b *testing.B) {
	r, n := begin(b, writers.pipeline)
	writers.stop.In(n).Store(1)
	r.Wait()
	flat, text, ctx := writers.flat.In(n), writers.text.In(n), context.Background()
	run := func(name string, f func()) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				f()
			}
		})
	}
	run("load flat", func() { flat.Load(ctx) })
	run("store flat", func() { flat.Store(ctx, slab{}) })
	v := settingsOf(5)
	run("store text", func() { text.Store(ctx, v) })
	run("load text", func() { text.Load(ctx) })
}
