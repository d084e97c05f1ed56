package mp

import (
	"context"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// leaver is a process that leaves a loop by a panic, receives on, and dies. What it has
// received then is done but for the last item.
var leaver = func() (s struct {
	pipeline *Pipeline
	in, out  *QueueDecl[int]
}) {
	s.in, s.out = &QueueDecl[int]{Name: "in"}, &QueueDecl[int]{Name: "out"}
	other := &ProcessDecl{Name: "other", Send: []Decl{s.in}, Main: func(context.Context, *Node, *Decoder) error { return nil }}
	leave := &ProcessDecl{Name: "leave", Restart: OnFailure, Receive: []Decl{s.in}, Send: []Decl{s.out}, Main: func(ctx context.Context, n *Node, _ *Decoder) error {
		in, out := s.in.Receiver(n), s.out.Sender(n)
		for {
			i, err := in.Receive(ctx)
			if err != nil {
				return nil
			}
			if i > 0 {
				if err := out.Send(ctx, i); err != nil {
					return err
				}
				continue
			}
			func() {
				defer func() { _ = recover() }()
				for range in.All(ctx) {
					panic("left")
				}
			}()
			_, _ = in.Receive(ctx)
			os.Exit(3)
		}
	}}
	s.pipeline = &Pipeline{Path: "mp.test/leaver", Source: "leaver.mp", Decls: []Decl{s.in, s.out, other, leave},
		Main: MainDecl{Send: []Decl{s.in}, Receive: []Decl{s.out}}}
	Register(s.pipeline)
	return s
}()

func TestItemOfALoopThatWasLeftIsDoneWhenTheNextIsReceived(t *testing.T) {
	r, n := begin(t, leaver.pipeline)
	require.NotNil(t, r.bounded[0])
	in := leaver.in.Sender(n)
	require.NoError(t, in.SendAll(limited(t), upTo(5)))
	in.Close()
	var again []int
	for i, err := range leaver.out.Receiver(n).All(limited(t)) {
		require.NoError(t, err)
		again = append(again, i)
	}
	require.Equal(t, []int{2, 3, 4}, again)
	require.NoError(t, r.Wait())
}
