package mp

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// workedOff is a queue that the program fills, with readers that count an item
// before they ask for the next.
type workedOff struct {
	pipeline *Pipeline
	in       *QueueDecl[[]byte]
	done     *NumberDecl[int]
	holder   *NumberDecl[int] // process that keeps the first item of the kind held
}

func newWorkedOff(name string, readers, way int, keyed, stage bool) workedOff {
	w := workedOff{in: &QueueDecl[[]byte]{Name: "in", Elem: Bytes, Capacity: 16, Bytes: mib}, done: &NumberDecl[int]{Name: "done"}, holder: &NumberDecl[int]{Name: "holder"}}
	if keyed {
		w.in.Key = func(b []byte) uint64 { return uint64(b[0]) }
	}
	w.pipeline = &Pipeline{Path: "mp.test/workedoff/" + name, Source: name + ".mp", Decls: []Decl{w.in, w.done, w.holder}, Main: MainDecl{Send: []Decl{w.in}}}
	for i := 0; i < readers && !stage; i++ {
		p := &ProcessDecl{Name: fmt.Sprint("read", i), Restarts: 1000, Receive: []Decl{w.in}, Uses: []Decl{w.done, w.holder}}
		p.Main = func(ctx context.Context, n *Node, _ *Decoder) error {
			done := w.done.In(n)
			return consume(ctx, w.in.Receiver(n), way, func(b []byte) error {
				switch {
				case b[1] == slow:
					time.Sleep(time.Millisecond)
				case b[1] == held && w.holder.In(n).CompareAndSwap(0, os.Getpid()):
					select {}
				}
				done.Add(1)
				return nil
			})
		}
		w.pipeline.Decls = append(w.pipeline.Decls, p)
	}
	if stage {
		w.pipeline.Decls = append(w.pipeline.Decls, &PoolDecl[[]byte, int]{Name: "read", Workers: readers, In: Bytes, From: w.in, Task: TaskPolicy{Retries: 1000},
			Func: func(context.Context, []byte) (int, error) {
				time.Sleep(200 * time.Microsecond)
				return 0, nil
			}})
	}
	Register(w.pipeline)
	return w
}

var (
	workedByOne   = newWorkedOff("one", 1, oneByOne, false, false)
	workedInLoop  = newWorkedOff("loop", 1, asLoop, false, false)
	workedByTwo   = newWorkedOff("two", 2, loopByFour, false, false)
	workedByKey   = newWorkedOff("key", 2, asLoop, true, false)
	workedByStage = newWorkedOff("stage", 2, 0, false, true)
)

// How an item is to be done.
const (
	fast = iota
	slow
	held // by the first who gets it, for ever
)

// chore is an item of a size that tells how it is to be done.
func chore(how byte) []byte {
	size := 2 + rand.IntN(100)
	if rand.IntN(10) == 0 {
		size = 40_000 // in the arena
	}
	b := make([]byte, size)
	b[0], b[1] = byte(rand.IntN(256)), how
	return b
}

func TestJoinWaitsUntilAllThatWasSentIsDone(t *testing.T) {
	for _, test := range []struct {
		name string
		w    workedOff
	}{
		{"one reader with calls", workedByOne}, {"one reader in a loop", workedInLoop}, {"two readers in four loops", workedByTwo},
		{"a key", workedByKey}, {"a stage", workedByStage},
	} {
		t.Run(test.name, func(t *testing.T) {
			r, n := begin(t, test.w.pipeline)
			in, ctx := test.w.in.Sender(n), limited(t)
			require.NoError(t, in.Join(ctx)) // nothing was sent
			done := func() int {
				if p, ok := r.Stats().Pools["read"]; ok {
					return int(p.Done)
				}
				return test.w.done.In(n).Load()
			}
			for round := range 20 {
				for range 20 {
					require.NoError(t, in.Send(ctx, chore(byte(round%2))))
				}
				require.NoError(t, in.Join(ctx))
				require.Zero(t, in.Len())
				if test.w.pipeline == workedByStage.pipeline { // a stage counts a task when it has let go of it
					until(t, "all are counted", func() bool { return done() >= 20*(round+1) })
				}
				require.Equal(t, 20*(round+1), done())
			}
			in.Close()
			require.NoError(t, in.Join(ctx))
			require.NoError(t, r.Wait())
		})
	}
}

func TestJoinDoesNotWaitForWhatIsSentLater(t *testing.T) {
	for _, w := range []workedOff{workedInLoop, workedByTwo, workedByKey} {
		t.Run(w.pipeline.Source, func(t *testing.T) {
			_, n := begin(t, w.pipeline)
			in, ctx := w.in.Sender(n), limited(t)
			sending, stop := context.WithCancel(ctx)
			stopped := make(chan struct{})
			var sent atomic.Int64
			go func() {
				defer close(stopped)
				for in.Send(sending, chore(fast)) == nil { // the queue is never empty
					sent.Add(1)
				}
			}()
			for range 20 {
				until(t, "it is being sent", func() bool { return in.Len() > 4 })
				before := sent.Load()
				require.NoError(t, in.Join(ctx))
				require.GreaterOrEqual(t, int64(w.done.In(n).Load()), before)
			}
			stop()
			<-stopped
		})
	}
}

func TestJoinWhileReadersDie(t *testing.T) {
	for _, w := range []workedOff{workedByOne, workedInLoop, workedByTwo, workedByKey} {
		t.Run(w.pipeline.Source, func(t *testing.T) {
			r, n := begin(t, w.pipeline)
			in, ctx := w.in.Sender(n), limited(t)
			sent := 0
			for round := range 4 {
				for range 40 {
					require.NoError(t, in.Send(ctx, chore(slow)))
					sent++
				}
				joined := make(chan error, 1)
				go func() { joined <- in.Join(ctx) }()
				pid := int64(0)
				m := r.members[round%len(r.members)]
				until(t, "a reader is there", func() bool { pid = m.pid.Load(); return pid != 0 })
				syscall.Kill(int(pid), syscall.SIGKILL)
				require.NoError(t, <-joined)
				require.GreaterOrEqual(t, w.done.In(n).Load(), sent)
			}
			in.Close()
			require.NoError(t, r.Wait())
			q := r.Stats().Queues["in"]
			require.Equal(t, QueueStats{Cap: q.Cap, Sent: uint64(sent), Received: uint64(sent)}, q)
		})
	}
}

func TestJoinEndsWithItsContextAndWithTheReaders(t *testing.T) {
	_, n := begin(t, deaf.pipeline)
	in, ctx := deaf.in.Sender(n), limited(t)
	require.NoError(t, in.Send(ctx, 1))
	short, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, in.Join(short), context.DeadlineExceeded)
	joined := make(chan error, 3)
	for range 3 {
		go func() { joined <- in.Join(ctx) }()
	}
	for range 3 { // with four items the reader takes one, and fails
		_ = in.Send(ctx, 1)
	}
	for range 3 {
		err := <-joined
		if err != nil { // nil: only the first item was there, and was taken
			require.ErrorIs(t, err, ErrClosed)
			require.ErrorIs(t, err, errKeptByName)
		}
	}
	err := in.Join(ctx)
	require.ErrorIs(t, err, ErrClosed)
}
