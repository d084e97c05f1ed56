package mp

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// The pipelines of these tests have a queue with a key. Readers tell the program
// which of them got what.

const keys = 40

// keyed is an item: number Seq of those that a producer sent with one key.
type keyedItem struct{ Producer, Key, Seq int }

// heard is what a reader got, and who it is.
type heard struct {
	keyedItem
	Reader, PID int
}

type keyedFlow struct {
	pipeline *Pipeline
	in       *QueueDecl[keyedItem]
	out      *QueueDecl[heard]
	produce  []*ProcessDecl
	stopAt   *NumberDecl[int] // the reader that is to return at its next item, and one more; 0: none
}

// newKeyedFlow declares so many producers, none for the program itself, and so
// many readers: processes, or workers of a stage.
func newKeyedFlow(name string, producers, readers int, stage bool) *keyedFlow {
	f := &keyedFlow{
		in:     &QueueDecl[keyedItem]{Name: "in", Capacity: 16, Key: func(v keyedItem) uint64 { return Hash(v.Key) }},
		out:    &QueueDecl[heard]{Name: "out", Capacity: 64},
		stopAt: &NumberDecl[int]{Name: "stop_at"},
	}
	f.pipeline = &Pipeline{Path: "mp.test/keyed/" + name, Source: name + ".mp", Decls: []Decl{f.in, f.out, f.stopAt}, Main: MainDecl{Receive: []Decl{f.out}}}
	for i := range producers {
		p := &ProcessDecl{Name: fmt.Sprint("produce", i), Send: []Decl{f.in}}
		p.Main = func(ctx context.Context, n *Node, d *Decoder) error {
			return sendKeyed(ctx, f.in.Sender(n), i, Get[int](d))
		}
		f.produce = append(f.produce, p)
		f.pipeline.Decls = append(f.pipeline.Decls, p)
	}
	if producers == 0 {
		f.pipeline.Main.Send = []Decl{f.in}
	}
	if stage {
		f.pipeline.Decls = append(f.pipeline.Decls, &PoolDecl[keyedItem, heard]{Name: "read", Workers: readers, From: f.in, To: To(f.out),
			Task: TaskPolicy{Retries: 1000}, Func: func(_ context.Context, v keyedItem) (heard, error) { return heard{v, 0, os.Getpid()}, nil }})
	}
	for i := 0; i < readers && !stage; i++ {
		p := &ProcessDecl{Name: fmt.Sprint("read", i), Restarts: 1000, Receive: []Decl{f.in}, Send: []Decl{f.out}}
		p.Main = func(ctx context.Context, n *Node, _ *Decoder) error {
			out, stop := f.out.Sender(n), f.stopAt.In(n)
			for v, err := range f.in.Receiver(n).All(ctx) {
				if err == nil {
					err = out.Send(ctx, heard{v, i, os.Getpid()})
				}
				if err != nil || stop.Load() == i+1 {
					return err
				}
			}
			return nil
		}
		f.pipeline.Decls = append(f.pipeline.Decls, p)
	}
	Register(f.pipeline)
	return f
}

// sendKeyed sends so many items of each key.
func sendKeyed(ctx context.Context, to *Sender[keyedItem], producer, each int) error {
	for seq := range each {
		for key := range keys {
			if err := to.Send(ctx, keyedItem{producer, key, seq}); err != nil {
				return err
			}
		}
	}
	return nil
}

var (
	keyedOne   = newKeyedFlow("one", 1, 3, false)
	keyedTwo   = newKeyedFlow("two", 2, 3, false)
	keyedStage = newKeyedFlow("stage", 2, 3, true)
	keyedMain  = newKeyedFlow("main", 0, 2, false)
)

func TestItemsOfAKeyGoToOneReaderInOrder(t *testing.T) {
	for _, test := range []struct {
		name string
		flow *keyedFlow
		each int
		kill bool
	}{
		{"one producer", keyedOne, 200, false},
		{"two producers", keyedTwo, 100, false},
		{"a stage", keyedStage, 100, false},
		{"one producer, and readers that die", keyedOne, 100, true},
		{"two producers, and readers that die", keyedTwo, 50, true},
		{"a stage whose workers die", keyedStage, 50, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := test.flow
			var args []Arg
			for _, p := range f.produce {
				args = append(args, p.With(func(e *Encoder) { Put(e, test.each) }))
			}
			r, n := begin(t, f.pipeline, args...)
			readers := map[int]map[int]bool{} // of each key
			next := map[[2]int]int{}          // of each producer and key
			count, again := 0, 0
			for v, err := range f.out.Receiver(n).All(limited(t)) {
				require.NoError(t, err)
				reader := v.Reader
				if f == keyedStage && !test.kill {
					reader = v.PID
				}
				if readers[v.Key] == nil {
					readers[v.Key] = map[int]bool{}
				}
				readers[v.Key][reader] = true
				want := next[[2]int{v.Producer, v.Key}]
				if v.Seq == want-1 && test.kill && f != keyedStage {
					again++ // its reader died with it
				} else {
					require.Equal(t, want, v.Seq, "key %d of producer %d", v.Key, v.Producer)
					next[[2]int{v.Producer, v.Key}]++
				}
				if count++; test.kill && count%1500 == 0 {
					syscall.Kill(v.PID, syscall.SIGKILL)
				}
			}
			require.NoError(t, r.Wait())
			used := map[int]bool{}
			for key := range keys {
				require.Len(t, readers[key], 1, "readers of key %d", key)
				for p := range f.produce {
					require.Equal(t, test.each, next[[2]int{p, key}], "key %d of producer %d", key, p)
				}
				for id := range readers[key] {
					used[id] = true
				}
			}
			if f != keyedStage || !test.kill {
				require.Len(t, used, 3, "readers that got something")
			}
			total := uint64(keys * test.each * len(f.produce))
			q := r.Stats().Queues["in"]
			require.Equal(t, QueueStats{Cap: 3 * 16, Sent: total, Received: total}, q)
			t.Log(again, "came again")
		})
	}
}

func TestKeysOfAReaderThatIsGoneAreRefused(t *testing.T) {
	r, n := begin(t, keyedMain.pipeline)
	in, out, ctx := keyedMain.in.Sender(n), keyedMain.out.Receiver(n), limited(t)
	reader := map[int]int{}
	for key := range keys {
		require.NoError(t, in.Send(ctx, keyedItem{0, key, 0}))
		v, err := out.Receive(ctx)
		require.NoError(t, err)
		reader[v.Key] = v.Reader
	}
	keyedMain.stopAt.In(n).Store(1) // reader 0 returns with its next item
	refused := map[int]bool{}
	for key := range keys {
		for reader[key] == 0 && !refused[key] {
			err := in.Send(ctx, keyedItem{0, key, 1})
			if refused[key] = errors.Is(err, ErrClosed); !refused[key] {
				require.NoError(t, err)
			}
		}
	}
	require.NotEmpty(t, refused)
	require.Less(t, len(refused), keys)
	keyedMain.stopAt.In(n).Store(0)
	for key := range keys {
		if reader[key] == 1 {
			require.NoError(t, in.Send(ctx, keyedItem{0, key, 2}))
		}
	}
	in.Close()
	got := 0
	for v, err := range out.All(ctx) {
		require.NoError(t, err)
		if v.Seq == 2 {
			require.Equal(t, 1, v.Reader)
			got++
		}
	}
	require.Equal(t, keys-len(refused), got)
	require.NoError(t, r.Wait())
	q := r.Stats().Queues["in"]
	require.Equal(t, q.Sent, q.Received+q.Lost)
	require.Zero(t, q.Len)
}
