package mp

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// dam is a process that does not read what the program sends.
var dam = func() (s struct {
	pipeline *Pipeline
	held     *QueueDecl[int]
}) {
	s.held = &QueueDecl[int]{Name: "held", Capacity: 4}
	dam := &ProcessDecl{Name: "dam", Receive: []Decl{s.held}, Main: func(ctx context.Context, _ *Node, _ *Decoder) error {
		<-ctx.Done()
		return nil
	}}
	s.pipeline = &Pipeline{Path: "mp.test/conform/dam", Source: "dam.mp", Decls: []Decl{s.held, dam}, Main: MainDecl{Send: []Decl{s.held}}}
	Register(s.pipeline)
	return s
}()

// sending is the conformance test of ends while the program waits for room.
func (t *trial) sending() {
	for _, c := range []struct {
		name string
		end  func(r *Run, out *Sender[int])
	}{
		{"shutdown", func(r *Run, _ *Sender[int]) {
			ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
			defer cancel()
			require.ErrorIs(t, r.Shutdown(ctx), context.DeadlineExceeded)
		}},
		{"wait and close", func(r *Run, _ *Sender[int]) {
			waited := make(chan error, 1)
			go func() { waited <- r.Wait() }()
			require.NoError(t, r.Close())
			<-waited
		}},
		{"the sender's close", func(_ *Run, out *Sender[int]) { out.Close() }},
	} {
		t.Run(c.name, func(tt *testing.T) {
			t := &trial{T: tt, engine: t.engine, holds: t.holds}
			r, n := t.start(dam.pipeline)
			out, ctx := dam.held.Sender(n), limited(t)
			sent := make(chan error, 3)
			send := func() {
				for {
					if err := out.Send(ctx, 1); err != nil {
						sent <- err
						return
					}
				}
			}
			go send()
			go send()
			go func() {
				sent <- out.SendAll(ctx, func(yield func(int) bool) {
					for yield(1) {
					}
				})
			}()
			until(t, "one waits for room, and the others for their turns", func() bool { return out.o.gate.queue.Load() >= 2 })
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				c.end(r, out)
			}()
			for range cap(sent) {
				select {
				case err := <-sent:
					require.ErrorIs(t, err, ErrClosed)
				case <-ctx.Done():
					require.FailNow(t, "a Send goes on")
				}
			}
			<-ended
		})
	}
}
