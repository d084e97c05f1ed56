package mp

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// squad is four instances that send who they are, and three that work it off.
var squad = func() (s struct {
	pipeline *Pipeline
	process  *ProcessDecl
	said     *QueueDecl[string]
	heard    *QueueDecl[string]
	failing  *NumberDecl[int] // the instance that fails, from 1
}) {
	s.said, s.heard = &QueueDecl[string]{Name: "said", Elem: String}, &QueueDecl[string]{Name: "heard", Elem: String}
	s.failing = &NumberDecl[int]{Name: "failing"}
	s.process = &ProcessDecl{Name: "say", Instances: 4, Send: []Decl{s.said}, Uses: []Decl{s.failing}}
	s.process.Main = func(ctx context.Context, n *Node, d *Decoder) error {
		fails := Get[int](d)
		for i := range wordsOfEach {
			if n.Instance() == fails && i == wordsOfEach/2 {
				return errKeptByName
			}
			if err := s.said.Sender(n).Send(ctx, fmt.Sprint(n.Instance(), " of ", n.Instances())); err != nil {
				return err
			}
		}
		return nil
	}
	pass := &ProcessDecl{Name: "pass", Instances: 3, Receive: []Decl{s.said}, Send: []Decl{s.heard}}
	pass.Main = func(ctx context.Context, n *Node, _ *Decoder) error {
		for v, err := range s.said.Receiver(n).All(ctx) {
			if err != nil {
				return err
			}
			if err := s.heard.Sender(n).Send(ctx, v); err != nil {
				return err
			}
		}
		return nil
	}
	s.pipeline = &Pipeline{Path: "mp.test/squad", Source: "squad.mp", Decls: []Decl{s.said, s.heard, s.failing, s.process, pass},
		Main: MainDecl{Receive: []Decl{s.heard}}}
	Register(s.pipeline)
	return s
}()

const wordsOfEach = 50

func TestInstances(t *testing.T) {
	r, n := begin(t, squad.pipeline, squad.process.With(func(e *Encoder) { Put(e, -1) }))
	got := map[string]int{}
	for v, err := range squad.heard.Receiver(n).All(limited(t)) {
		require.NoError(t, err)
		got[v]++
	}
	require.Equal(t, map[string]int{"0 of 4": wordsOfEach, "1 of 4": wordsOfEach, "2 of 4": wordsOfEach, "3 of 4": wordsOfEach}, got)
	require.NoError(t, r.Wait())
}

func TestFailureOfOneInstanceIsThatOfTheRun(t *testing.T) {
	r, n := begin(t, squad.pipeline, squad.process.With(func(e *Encoder) { Put(e, 2) }))
	var last error
	for _, err := range squad.heard.Receiver(n).All(limited(t)) {
		last = err
	}
	require.ErrorIs(t, last, errKeptByName)
	err := r.Wait()
	var e *Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, "say", e.Name)
	require.Equal(t, 2, e.Index)
	require.ErrorIs(t, err, errKeptByName)
}

func TestInstancesDrainAtShutdown(t *testing.T) {
	r, n := begin(t, squad.pipeline, squad.process.With(func(e *Encoder) { Put(e, -1) }))
	done := make(chan int)
	go func() {
		count := 0
		for _, err := range squad.heard.Receiver(n).All(context.Background()) {
			if err == nil {
				count++
			}
		}
		done <- count
	}()
	require.NoError(t, r.Shutdown(limited(t)))
	said, heard := r.Stats().Queues["said"], r.Stats().Queues["heard"]
	require.Equal(t, said.Sent, heard.Sent)
	require.Equal(t, int(said.Sent), <-done)
}
