package mp

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mpgen/mpgen/runtime/internal/ring"
)

// overflow is a program that sends to a process before that reads.
var overflow = func() (s struct {
	pipeline       *Pipeline
	words          *QueueDecl[string]
	numbers        *QueueDecl[int]
	gate, received *NumberDecl[int]
}) {
	s.words = &QueueDecl[string]{Name: "words", Elem: String, Capacity: 4, Slot: 24, Bytes: 1 << 16, Spill: 1 << 16}
	s.numbers = &QueueDecl[int]{Name: "numbers", Capacity: 4, Spill: 1 << 16}
	s.gate, s.received = &NumberDecl[int]{Name: "gate"}, &NumberDecl[int]{Name: "received"}
	read := &ProcessDecl{Name: "read", Receive: []Decl{s.words, s.numbers}, Uses: []Decl{s.gate, s.received}}
	read.Main = func(ctx context.Context, n *Node, _ *Decoder) error {
		for s.gate.In(n).Load() == 0 {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			time.Sleep(time.Millisecond)
		}
		i := 0
		for v, err := range s.numbers.Receiver(n).All(ctx) {
			if err != nil {
				return err
			}
			if v != i {
				return fmt.Errorf("got %d, want %d", v, i)
			}
			i++
		}
		k := 0
		for v, err := range s.words.Receiver(n).All(ctx) {
			if err != nil {
				return err
			}
			if want := word(k); v != want {
				return fmt.Errorf("got %.20q, want %.20q", v, want)
			}
			k++
		}
		s.received.In(n).Store(i + k)
		return nil
	}
	s.pipeline = &Pipeline{Path: "mp.test/overflow", Source: "overflow.mp", Decls: []Decl{s.words, s.numbers, s.gate, s.received, read},
		Main: MainDecl{Send: []Decl{s.words, s.numbers}}}
	Register(s.pipeline)
	return s
}()

// word is short, or of some blocks.
func word(i int) string { return strings.Repeat(fmt.Sprint(i), 1+i%3*2000) }

func (t *trial) spill() {
	r, n := t.start(overflow.pipeline)
	ctx, sent, words := limited(t), 0, 0
	out := overflow.numbers.Sender(n)
	var err error
	for ; err == nil; sent++ {
		err = out.Send(ctx, sent)
	}
	sent--
	require.ErrorIs(t, err, ErrFull)
	require.ErrorIs(t, out.TrySend(0), ErrFull)
	require.Greater(t, sent, (1<<16)/16, "bytes that lie outside")
	q := r.Stats().Queues["numbers"]
	require.Equal(t, QueueStats{Len: sent, Cap: 4, Spilled: sent - 4, Sent: uint64(sent)}, q)
	require.Contains(t, r.Stats().line(r.plan), fmt.Sprintf("numbers %d/4, %d spilled", sent, sent-4))

	for err = nil; err == nil; words++ {
		err = overflow.words.Sender(n).Send(ctx, word(words))
	}
	words--
	require.ErrorIs(t, err, ErrFull)
	length := 0
	for i := range words {
		length += len(word(i))
	}
	require.Greater(t, length, 1<<16, "bytes that lie outside")

	overflow.gate.In(n).Store(1)
	require.NoError(t, r.Wait())
	require.Equal(t, sent+words, overflow.received.In(n).Load())
	require.Zero(t, r.Stats().Queues["numbers"].Spilled)
}

func TestSpillTakesMemoryOnlyWhenItIsNeeded(t *testing.T) {
	p := &Pipeline{Path: "mp.test/roomy", Decls: []Decl{&QueueDecl[int]{Name: "q", Spill: 1 << 40}, &QueueDecl[string]{Name: "s", Elem: String, Spill: 1 << 24}}}
	pl, err := newPlan(p, told{1})
	require.NoError(t, err)
	numbers, words := &pl.parts[0], &pl.parts[1]
	require.Equal(t, 1024, numbers.capacity)
	require.Equal(t, ring.MaxCapacity, numbers.geometry.Capacity, "a ring has no more")
	require.Less(t, numbers.reserved(), 32<<10)
	require.GreaterOrEqual(t, (words.geometry.Capacity-1024)*words.geometry.Stride(), 1<<24)
	require.GreaterOrEqual(t, words.geometry.Blocks*ring.BlockSize, defaultBytes+1<<24)
	require.Less(t, words.reserved(), 1<<20)
	require.Greater(t, pl.footprint, int64(numbers.size()+words.size()))
}
