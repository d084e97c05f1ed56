package mp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// scribes write into open files that they are given.
var scribes = func() (s struct {
	pipeline *Pipeline
	daily    *ProcessDecl // two instances, each of which fails once
	errand   *ProcessDecl
	desk     *ServiceDecl[*os.File]
	failed   *NumberDecl[int64]
}) {
	s.failed = &NumberDecl[int64]{Name: "failed"}
	s.daily = &ProcessDecl{Name: "daily", Instances: 2, Restart: OnFailure, Uses: []Decl{s.failed}}
	s.daily.Main = func(ctx context.Context, n *Node, d *Decoder) error {
		book, none := d.File(), d.File()
		if err := d.Err(); err != nil {
			return err
		}
		defer book.Close()
		if none != nil {
			return errors.New("a file where nil was given")
		}
		fmt.Fprintf(book, "%s by %d\n", filepath.Base(book.Name()), n.Instance())
		if s.failed.In(n).Add(1) <= 2 {
			return errors.New("once more")
		}
		return nil
	}
	s.errand = &ProcessDecl{Name: "errand", OnDemand: true, Max: 2}
	s.errand.Main = func(ctx context.Context, n *Node, d *Decoder) error {
		f := d.File()
		if err := d.Err(); err != nil {
			return err
		}
		defer f.Close()
		_, err := io.WriteString(f, "errand\n")
		return err
	}
	s.desk = &ServiceDecl[*os.File]{Name: "desk", Methods: []Method[*os.File]{
		{Name: "note", Call: func(ctx context.Context, f *os.File, d *Decoder, e *Encoder) error {
			_, err := fmt.Fprintln(f, d.String())
			return err
		}},
	}}
	s.desk.Open = func(ctx context.Context, n *Node, d *Decoder) (*os.File, error) {
		f := d.File()
		return f, d.Err()
	}
	s.pipeline = &Pipeline{Path: "mp.test/scribes", Source: "scribes.mp", Decls: []Decl{s.failed, s.daily, s.errand, s.desk}}
	Register(s.pipeline)
	return s
}()

// book is a file to append to, and what it holds later.
func book(t testing.TB, name string) (f *os.File, text func() string) {
	path := filepath.Join(t.TempDir(), name)
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	require.NoError(t, err)
	t.Cleanup(func() { f.Close() })
	return f, func() string {
		b, err := os.ReadFile(path)
		require.NoError(t, err)
		return string(b)
	}
}

func TestOpenFilesAreArguments(t *testing.T) {
	for _, engine := range columns {
		t.Run(engine, func(t *testing.T) {
			t.Setenv(EngineVariable, engine)
			noLeaks(t)
			daily, days := book(t, "daily.txt")
			desk, notes := book(t, "desk.txt")
			r, n, err := Start(t.Context(), scribes.pipeline, []Option{NoSignals()},
				scribes.daily.With(func(e *Encoder) { e.File(daily); e.File(nil) }),
				scribes.desk.With(func(e *Encoder) { e.File(desk) }))
			require.NoError(t, err)
			defer r.Close()
			// The run has its own: restarts get the file though the program has closed it.
			require.NoError(t, daily.Close())
			require.NoError(t, desk.Close())
			ctx := limited(t)
			for i := range 5 { // more than may run at once
				f, text := book(t, "errand.txt")
				p, err := scribes.errand.Spawn(ctx, r, func(e *Encoder) { e.File(f) })
				require.NoError(t, err)
				require.NoError(t, f.Close())
				require.NoError(t, p.Wait(ctx))
				require.Equal(t, "errand\n", text(), i)
			}
			require.NoError(t, scribes.desk.Client(n).Call(ctx, 0, func(e *Encoder) { e.String("hello") }, nil))
			require.Equal(t, "hello\n", notes())
			require.NoError(t, r.Wait())
			lines := strings.Split(strings.TrimSpace(days()), "\n")
			require.Len(t, lines, 4)
			for i := range 2 {
				require.Contains(t, lines, fmt.Sprintf("daily.txt by %d", i))
			}
			require.NoError(t, r.Close())
		})
	}
}

func TestAFileThatIsNotOpenIsNoArgument(t *testing.T) {
	noLeaks(t)
	f, _ := book(t, "closed.txt")
	require.NoError(t, f.Close())
	_, _, err := Start(t.Context(), scribes.pipeline, []Option{NoSignals()}, scribes.daily.With(func(e *Encoder) { e.File(f); e.File(nil) }))
	require.ErrorIs(t, err, os.ErrClosed)
	require.ErrorContains(t, err, `the arguments of "daily": encode file`)
}

func TestAFileIsNoItem(t *testing.T) {
	var e Encoder
	e.reset(nil, 1000)
	e.File(os.Stdout)
	require.ErrorContains(t, e.err, "an open file can only be an argument of a process or service")

	d := Decoder{files: []*os.File{nil}}
	for _, n := range []uint32{1, 2, 1 << 31} {
		e.reset(nil, 1000)
		Put(&e, n)
		e.String("name")
		d.reset(e.bytes())
		require.Nil(t, d.File())
		require.ErrorIs(t, d.err, ErrCorruptPeer)
	}
}
