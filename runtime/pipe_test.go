package mp

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// phones are two processes at the ends of pipes: line is between the program and
// near, wire between near and far. What near is told it does; far echoes.
var phones = func() (s struct {
	pipeline  *Pipeline
	line      *PipeDecl[string]
	wire      *PipeDecl[[]byte]
	near, far *ProcessDecl
}) {
	s.line = &PipeDecl[string]{Name: "line", Elem: String, Capacity: 16, Main: true}
	s.wire = &PipeDecl[[]byte]{Name: "wire", Elem: Bytes, Capacity: 4}
	s.near = &ProcessDecl{Name: "near", Uses: []Decl{s.line, s.wire}}
	s.far = &ProcessDecl{Name: "far", Uses: []Decl{s.wire}}
	s.near.Main = func(ctx context.Context, n *Node, _ *Decoder) error { return converse(ctx, s.line.In(n), s.wire.In(n)) }
	s.far.Main = func(ctx context.Context, n *Node, _ *Decoder) error {
		wire := s.wire.In(n)
		for b, err := range wire.All(ctx) {
			switch {
			case err != nil:
				return err
			case string(b) == "die":
				panic("boom")
			}
			if err := wire.Send(ctx, b); err != nil {
				return err
			}
		}
		return nil
	}
	s.pipeline = &Pipeline{Path: "mp.test/phones", Source: "phones.mp", Decls: []Decl{s.line, s.wire, s.near, s.far}}
	Register(s.pipeline)
	return s
}()

var errHungUp = errors.New("hung up")

// converse does what comes over line.
func converse(ctx context.Context, line *Conn[string], wire *Conn[[]byte]) error {
	for word, err := range line.All(ctx) {
		if err != nil {
			return err
		}
		answer := word
		switch {
		case word == "end":
			return nil
		case word == "fail":
			return errHungUp
		case word == "panic":
			panic("boom")
		case word == "close":
			line.Close()
			continue
		case strings.HasPrefix(word, "send "): // so many items, and the end
			var n int
			fmt.Sscan(word[5:], &n)
			for i := range n {
				if err := line.Send(ctx, fmt.Sprint(i)); err != nil {
					return err
				}
			}
			return nil
		case strings.HasPrefix(word, "far "): // there and back
			err := wire.Send(ctx, []byte(word[4:]))
			if err != nil {
				return err
			}
			b, err := wire.Receive(ctx)
			if answer = string(b); err != nil {
				answer = "error: " + err.Error()
			}
		}
		if err := line.Send(ctx, answer); err != nil {
			return err
		}
	}
	return nil
}

func (t *trial) pipe() {
	ctx := limited(t)
	r, n := t.start(phones.pipeline)
	line := phones.line.In(n)
	require.False(t, line.Poll())
	for i := range 100 { // more than its capacity
		require.NoError(t, line.Send(ctx, fmt.Sprint(i)))
		v, err := line.Receive(ctx)
		require.NoError(t, err)
		require.Equal(t, fmt.Sprint(i), v)
	}
	require.NoError(t, line.Send(ctx, "far away"))
	v, err := line.Receive(ctx)
	require.NoError(t, err)
	require.Equal(t, "away", v)
	require.NoError(t, line.Send(ctx, "send 10"))
	for i := range 10 { // what was sent before an end is received
		v, err := line.Receive(ctx)
		require.NoError(t, err)
		require.Equal(t, fmt.Sprint(i), v)
	}
	_, err = line.Receive(ctx)
	require.Equal(t, ErrClosed, err)
	require.True(t, line.Poll())
	require.Equal(t, ErrClosed, line.Send(ctx, "anybody?"))
	require.NoError(t, r.Wait())
	require.Equal(t, QueueStats{Cap: 16, Sent: 111, Received: 111}, r.Stats().Queues["line to main"])
}

func (t *trial) pipeDeath() {
	ctx := limited(t)
	r, n := t.start(phones.pipeline)
	line := phones.line.In(n)
	require.NoError(t, line.Send(ctx, "panic"))
	_, err := line.Receive(ctx)
	var died *Died
	require.ErrorAs(t, err, &died)
	require.Contains(t, died.Panic, "boom")
	err = line.Send(ctx, "x")
	require.ErrorIs(t, err, ErrClosed)
	require.ErrorAs(t, err, &died)
	require.ErrorAs(t, r.Wait(), &died)
}

func TestEndsOfAPipeThatBothListenAreTold(t *testing.T) {
	noLeaks(t)
	pipe := &PipeDecl[int]{Name: "line"}
	listen := func(name string) *ProcessDecl {
		return &ProcessDecl{Name: name, Uses: []Decl{pipe}, Main: func(ctx context.Context, n *Node, _ *Decoder) error {
			_, err := pipe.In(n).Receive(ctx)
			return err
		}}
	}
	r, _, err := Start(context.Background(), &Pipeline{Path: "mp.test/listeners", Source: "listeners.mp", Decls: []Decl{pipe, listen("left"), listen("right")}},
		[]Option{Inline(), NoSignals()})
	require.NoError(t, err)
	defer r.Close()
	err = r.Wait()
	require.ErrorAs(t, err, new(*Deadlock))
	require.ErrorContains(t, err, "left waits for an item of pipe line to left, filled by right")
}

// What the program has sent is worked off, and so is what is said about it.
func TestShutdownWorksOffWhatIsInAPipe(t *testing.T) {
	ctx := limited(t)
	r, n := begin(t, chores.pipeline)
	for range 50 {
		require.NoError(t, chores.line.In(n).Send(ctx, 1))
	}
	require.NoError(t, r.Shutdown(ctx))
	require.Equal(t, 100, chores.sum.In(n).Load())
}

// chores: near asks far what to add for each item that the program sends. far has
// no other work.
var chores = func() (s struct {
	pipeline *Pipeline
	line     *PipeDecl[int]
	sum      *NumberDecl[int]
}) {
	s.line, s.sum = &PipeDecl[int]{Name: "line", Main: true}, &NumberDecl[int]{Name: "sum"}
	wire := &PipeDecl[int]{Name: "wire"}
	near := &ProcessDecl{Name: "near", Uses: []Decl{s.line, wire, s.sum}, Main: func(ctx context.Context, n *Node, _ *Decoder) error {
		wire := wire.In(n)
		for v, err := range s.line.In(n).All(ctx) {
			if err != nil {
				return err
			}
			if err := wire.Send(ctx, v); err != nil {
				return err
			}
			twice, err := wire.Receive(ctx)
			if err != nil {
				return err
			}
			s.sum.In(n).Add(twice)
		}
		return nil
	}}
	far := &ProcessDecl{Name: "far", Uses: []Decl{wire}, Main: func(ctx context.Context, n *Node, _ *Decoder) error {
		wire := wire.In(n)
		for v, err := range wire.All(ctx) {
			if err != nil {
				return err
			}
			if err := wire.Send(ctx, 2*v); err != nil {
				return err
			}
		}
		return nil
	}}
	s.pipeline = &Pipeline{Path: "mp.test/chores", Source: "chores.mp", Decls: []Decl{s.line, wire, s.sum, near, far}}
	Register(s.pipeline)
	return s
}()

// A cycle ends although one in it talks to another process all the while, and starts
// with what comes by a pipe from the program.
func TestCycleWithPipesEnds(t *testing.T) {
	ctx := limited(t)
	r, n := begin(t, countdown.pipeline)
	require.NoError(t, countdown.start.In(n).Send(ctx, 40))
	require.NoError(t, countdown.start.In(n).Send(ctx, 30))
	countdown.start.In(n).Close()
	require.NoError(t, r.Wait())
	require.Equal(t, 41+31, countdown.rounds.In(n).Load())
}

// countdown: what the program says by a pipe, one passes on to two, which sends it back
// one less until it is zero. far is asked how much less.
var countdown = func() (s struct {
	pipeline *Pipeline
	start    *PipeDecl[int]
	rounds   *NumberDecl[int]
}) {
	s.start, s.rounds = &PipeDecl[int]{Name: "start", Main: true}, &NumberDecl[int]{Name: "rounds"}
	there, back := &QueueDecl[int]{Name: "there", Spill: 1 << 16}, &QueueDecl[int]{Name: "back"}
	wire := &PipeDecl[int]{Name: "wire"}
	pass := func(ctx context.Context, from *Receiver[int], to *Sender[int]) error {
		for v, err := range from.All(ctx) {
			if err != nil {
				return err
			}
			if err := to.Send(ctx, v); err != nil {
				return err
			}
		}
		return nil
	}
	one := &ProcessDecl{Name: "one", Uses: []Decl{s.start}, Receive: []Decl{back}, Send: []Decl{there},
		Main: func(ctx context.Context, n *Node, _ *Decoder) error {
			if err := pass(ctx, &s.start.In(n).Receiver, there.Sender(n)); err != nil {
				return err
			}
			return pass(ctx, back.Receiver(n), there.Sender(n))
		}}
	two := &ProcessDecl{Name: "two", Uses: []Decl{wire, s.rounds}, Receive: []Decl{there}, Send: []Decl{back},
		Main: func(ctx context.Context, n *Node, _ *Decoder) error {
			wire := wire.In(n)
			for v, err := range there.Receiver(n).All(ctx) {
				if err != nil {
					return err
				}
				s.rounds.In(n).Add(1)
				if v == 0 {
					continue
				}
				if err := wire.Send(ctx, v); err != nil {
					return err
				}
				less, err := wire.Receive(ctx)
				if err != nil {
					return err
				}
				if err := back.Sender(n).Send(ctx, less); err != nil {
					return err
				}
			}
			return nil
		}}
	far := &ProcessDecl{Name: "far", Uses: []Decl{wire}, Main: func(ctx context.Context, n *Node, _ *Decoder) error {
		wire := wire.In(n)
		for v, err := range wire.All(ctx) {
			if err != nil {
				return err
			}
			if err := wire.Send(ctx, v-1); err != nil {
				return err
			}
		}
		return nil
	}}
	s.pipeline = &Pipeline{Path: "mp.test/countdown", Source: "countdown.mp", Decls: []Decl{s.start, s.rounds, there, back, wire, one, two, far}}
	Register(s.pipeline)
	return s
}()

func TestPlanGivesEachEndOfAPipeItsProcess(t *testing.T) {
	pl, err := newPlan(phones.pipeline, told{1})
	require.NoError(t, err)
	var names []string
	for i := range pl.queues {
		names = append(names, pl.queues[i].name)
		require.True(t, pl.parts[i].spsc)
	}
	require.Equal(t, []string{"line to near", "line to main", "wire to far", "wire to near"}, names)
	require.True(t, pl.mainSends(0))
	require.False(t, pl.mainSends(1))
	require.False(t, pl.source(1), "near has its work from the program")
	require.False(t, pl.source(2), "far from near")
	pipe := &PipeDecl[int]{Name: "pipe"}
	pl, err = newPlan(&Pipeline{Decls: []Decl{pipe, &ProcessDecl{Name: "one", Uses: []Decl{pipe}}, &ProcessDecl{Name: "two", Uses: []Decl{pipe}}}}, told{1})
	require.NoError(t, err)
	require.True(t, pl.source(1))
	require.True(t, pl.source(2))
}

func TestPlanRefusesWhatCantBeAtAnEndOfAPipe(t *testing.T) {
	pipe := &PipeDecl[int]{Name: "line"}
	one := &ProcessDecl{Name: "one", Uses: []Decl{pipe}}
	for name, p := range map[string]Pipeline{
		`"many"`:  {Decls: []Decl{pipe, one, &ProcessDecl{Name: "many", Instances: 2, Uses: []Decl{pipe}}}},
		`"later"`: {Decls: []Decl{pipe, one, &ProcessDecl{Name: "later", OnDemand: true, Max: 1, Uses: []Decl{pipe}}}},
		`"third"`: {Decls: []Decl{pipe, one, &ProcessDecl{Name: "two", Uses: []Decl{pipe}}, &ProcessDecl{Name: "third", Uses: []Decl{pipe}}}},
		`"twice"`: {Decls: []Decl{pipe, &ProcessDecl{Name: "twice", Uses: []Decl{pipe, pipe}}}},
		`"pool"`: {Decls: []Decl{pipe, one, &PoolDecl[int, int]{Name: "pool", Workers: 1, Uses: []Decl{pipe},
			Func: func(context.Context, int) (int, error) { return 0, nil }}}},
	} {
		_, err := newPlan(&p, told{1})
		require.ErrorContains(t, err, name+" can't be at an end of pipe \"line\"")
	}
}
