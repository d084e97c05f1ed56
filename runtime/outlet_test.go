package mp

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mpgen/mpgen/runtime/internal/proc"
)

// letterboxes are a queue of each form, and a pipe, whose items have a marshaler: from
// the program to the process relay, which sends on what their names are.
var letterboxes = func() (s struct {
	pipeline            *Pipeline
	alone, shared, keys *QueueDecl[carton]
	wire                *PipeDecl[carton]
	got                 *QueueDecl[string]
}) {
	codec := Coded(func(e *Encoder, p carton) {
		if p.pack != nil {
			if err := p.pack(); err != nil {
				e.fail(err)
			}
		}
		e.String(p.name)
	}, func(d *Decoder) carton { return carton{name: d.String()} })
	s.alone = &QueueDecl[carton]{Name: "alone", Elem: codec, Capacity: 16}
	s.shared = &QueueDecl[carton]{Name: "shared", Elem: codec, Capacity: 16}
	s.keys = &QueueDecl[carton]{Name: "keys", Elem: codec, Capacity: 16, Key: func(p carton) uint64 { return HashString(p.name) }}
	s.wire = &PipeDecl[carton]{Name: "wire", Elem: codec, Capacity: 16, Main: true}
	s.got = &QueueDecl[string]{Name: "got", Elem: String, Capacity: 16}
	relay := &ProcessDecl{Name: "relay", Receive: []Decl{s.alone, s.shared, s.keys}, Send: []Decl{s.got}, Uses: []Decl{s.wire}}
	relay.Main = func(ctx context.Context, n *Node, _ *Decoder) error {
		wire := s.wire.In(n)
		out, ends := s.got.Sender(n), make(chan error)
		ins := []*Receiver[carton]{s.alone.Receiver(n), s.shared.Receiver(n), s.keys.Receiver(n), &wire.Receiver}
		for _, in := range ins {
			go func() {
				for p, err := range in.All(ctx) {
					if err == nil {
						err = out.Send(ctx, p.name)
					}
					if err != nil {
						ends <- err
						return
					}
				}
				ends <- nil
			}()
		}
		var err error
		for range ins {
			err = errors.Join(err, <-ends)
		}
		return err
	}
	other := &ProcessDecl{Name: "other", Send: []Decl{s.shared}, Main: func(context.Context, *Node, *Decoder) error { return nil }}
	s.pipeline = &Pipeline{Path: "mp.test/letterboxes", Source: "letterboxes.mp", Decls: []Decl{s.alone, s.shared, s.keys, s.wire, s.got, relay, other},
		Main: MainDecl{Send: []Decl{s.alone, s.shared, s.keys}, Receive: []Decl{s.got}}}
	Register(s.pipeline)
	return s
}()

// carton is an item whose marshaler does what pack does.
type carton struct {
	name string
	pack func() error
}

// packer is a marshaler that stands still.
type packer struct{ begun, goOn chan struct{} }

func newPacker() packer { return packer{make(chan struct{}), make(chan struct{})} }

func (s packer) pack() error {
	close(s.begun)
	<-s.goOn
	return nil
}

// soon fails the test if f does not return while a marshaler stands still.
func (s packer) soon(t *testing.T, what string, f func() error) {
	done := make(chan error, 1)
	go func() { done <- f() }()
	select {
	case err := <-done:
		if err != nil {
			close(s.goOn)
		}
		require.NoError(t, err, what)
	case <-limited(t).Done():
		close(s.goOn)
		<-done
		require.Fail(t, what+" waits for the marshaler of another")
	}
}

func TestMarshalerHoldsUpItsOwnSendOnly(t *testing.T) {
	for _, engine := range columns {
		if engine == "processes" && !proc.Supported {
			continue
		}
		for _, way := range []string{"alone", "shared", "keys", "wire"} {
			t.Run(engine+"/"+way, func(t *testing.T) {
				t.Setenv(EngineVariable, engine)
				r, n := begin(t, letterboxes.pipeline)
				wire := letterboxes.wire.In(n)
				senders := map[string]*Sender[carton]{"alone": letterboxes.alone.Sender(n), "shared": letterboxes.shared.Sender(n),
					"keys": letterboxes.keys.Sender(n), "wire": &wire.Sender}
				s, got := senders[way], letterboxes.got.Receiver(n)
				comes := func(names ...string) {
					t.Helper()
					for _, name := range names {
						came, err := got.Receive(limited(t))
						require.NoError(t, err)
						require.Equal(t, name, came)
					}
				}
				send := func(p carton) chan error {
					sent := make(chan error, 1)
					go func() { sent <- s.Send(limited(t), p) }()
					return sent
				}

				m := newPacker()
				late := send(carton{"a", m.pack})
				<-m.begun
				m.soon(t, "Send", func() error { return s.Send(limited(t), carton{name: "a"}) })
				m.soon(t, "TrySend", func() error { return s.TrySend(carton{name: "a"}) })
				m.soon(t, "SendAll", func() error {
					return s.SendAll(limited(t), slices.Values([]carton{{name: "a"}, {name: "a"}}))
				})
				comes("a", "a", "a", "a")
				close(m.goOn)
				require.NoError(t, <-late)
				comes("a")

				// What fails leaves nothing.
				require.ErrorIs(t, s.Send(limited(t), carton{"b", func() error { return errActed }}), errActed)
				require.ErrorIs(t, s.TrySend(carton{"b", func() error { return errActed }}), errActed)
				require.PanicsWithValue(t, "torn", func() { _ = s.Send(limited(t), carton{"b", func() error { panic("torn") }}) })
				require.PanicsWithValue(t, "torn", func() { _ = s.TrySend(carton{"b", func() error { panic("torn") }}) })
				require.NoError(t, s.Send(limited(t), carton{name: "c"}))
				comes("c")

				m = newPacker()
				late = send(carton{"d", m.pack})
				<-m.begun
				m.soon(t, "Close", func() error { s.Close(); return nil })
				close(m.goOn)
				require.ErrorIs(t, <-late, ErrClosed)
				for _, other := range senders {
					other.Close()
				}
				_, err := got.Receive(limited(t))
				require.ErrorIs(t, err, ErrClosed)
				require.NoError(t, r.Wait())
			})
		}
	}
}
