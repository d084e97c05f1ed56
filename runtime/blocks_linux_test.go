package mp

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// killed kills the process show, and waits until what it left is swept.
func showKilled(t *testing.T, r *Run) {
	t.Helper()
	m := r.memberOf("show", 0)
	pid := pidOf(t, m)
	require.NoError(t, syscall.Kill(pid, syscall.SIGKILL))
	until(t, "it is started again", func() bool { p := int(m.pid.Load()); return p != 0 && p != pid })
}

// In Python the block of a killed process stays until the end of the run, or the machine's.
func TestBlocksOfADeadProcessComeBack(t *testing.T) {
	r, n := begin(t, studio.pipeline)
	frames, out, in, ctx := studio.frames.In(n), studio.shown.Sender(n), studio.told.Receiver(n), limited(t)
	for i := range framesMemory / frameSize {
		require.NoError(t, out.Send(ctx, picture{i, "keep", frame(t, n, i)}))
		_, err := in.Receive(ctx)
		require.NoError(t, err)
	}
	_, err := frames.TryNew(1)
	require.Equal(t, ErrFull, err)
	done, began := make(chan error), time.Now()
	go func() {
		x, err := frames.New(ctx, framesMemory/2)
		x.Release()
		done <- err
	}()
	until(t, "it waits", func() bool { return frames.table.Room().Any() })
	showKilled(t, r)
	require.NoError(t, <-done)
	require.Less(t, time.Since(began), soon)
	// The last item may come again, with its block.
	for {
		p, err := in.TryReceive()
		if err != nil {
			break
		}
		require.Equal(t, framesMemory/frameSize-1, p.Number)
	}
	out.Close()
	for p, err := range in.All(ctx) {
		require.NoError(t, err)
		require.Equal(t, framesMemory/frameSize-1, p.Number)
	}
	noneTaken(t, n)
	studio.raw.Sender(n).Close()
	require.NoError(t, r.Wait())
}

// An item comes again with its block, until somebody is done with it.
func TestItemComesAgainWithItsBlock(t *testing.T) {
	r, n := begin(t, studio.pipeline)
	out, in, ctx := studio.shown.Sender(n), studio.told.Receiver(n), limited(t)
	x := frame(t, n, 5)
	require.NoError(t, x.Keep())
	require.NoError(t, out.Send(ctx, picture{1, "wait", x}))
	for range 3 {
		_, err := in.Receive(ctx)
		require.NoError(t, err)
		showKilled(t, r)
	}
	x.Release()
	blocks, _ := studio.frames.In(n).table.Taken()
	require.Equal(t, 1, blocks)
	studio.more.In(n).Set()
	_, err := in.Receive(ctx)
	require.NoError(t, err)
	noneTaken(t, n)
}

// What a stage's workers die of, their blocks are freed, and each item comes out once.
func TestStageKeepsItsBlocksWhateverItsWorkersDieOf(t *testing.T) {
	r, n := begin(t, studio.pipeline)
	ctx := limited(t)
	const count = 400
	var sending sync.WaitGroup
	sending.Go(func() {
		out := studio.raw.Sender(n)
		defer out.Close()
		for i := range count {
			x, err := studio.frames.In(n).New(ctx, frameSize)
			if err != nil || out.Send(ctx, picture{i, []string{"new", "same"}[i%2], x}) != nil {
				t.Error(err)
				return
			}
		}
	})
	got := map[int]bool{}
	for p, err := range studio.shaded.Receiver(n).All(ctx) {
		require.NoError(t, err)
		require.False(t, got[p.Number])
		got[p.Number] = true
		if len(got)%20 == 0 {
			if pid := r.memberOf("shade", len(got)/20%2).pid.Load(); pid > 0 {
				_ = syscall.Kill(int(pid), syscall.SIGKILL)
			}
		}
	}
	sending.Wait()
	studio.shown.Sender(n).Close()
	var lost []int
	for f, err := range studio.failed.Receiver(n).All(ctx) { // those that six workers died with
		require.NoError(t, err)
		var died *Died
		require.True(t, errors.As(f.Err, &died))
		lost = append(lost, f.Item.Number)
	}
	require.Equal(t, count, len(got)+len(lost))
	noneTaken(t, n)
	require.NoError(t, r.Wait())
	require.Positive(t, r.Stats().Pools["shade"].Restarts)
}

// After Close the memory of blocks is the machine's again, and only the program's range of
// addresses is still there, run by run.
func TestClosedRunsKeepAddressesOfBlocksOnly(t *testing.T) {
	const size = 64 << 20
	before := procBytes(t, "VmSize", "VmRSS")
	for range 4 {
		r, n := begin(t, shuttle.pipeline)
		x, err := shuttle.frames.In(n).New(limited(t), size)
		require.NoError(t, err)
		for i := 0; i < size; i += pageSize {
			x.Bytes()[i] = 1
		}
		require.NoError(t, r.Close())
	}
	after := procBytes(t, "VmSize", "VmRSS")
	require.Greater(t, after[0]-before[0], 3*size)
	require.Less(t, after[1]-before[1], 2*size)
}

// procBytes are the sizes of this program that the kernel calls so.
func procBytes(t testing.TB, names ...string) (sizes []int) {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	require.NoError(t, err)
	for _, name := range names {
		_, rest, ok := strings.Cut(string(status), name+":")
		require.True(t, ok)
		kib, err := strconv.Atoi(strings.Fields(rest)[0])
		require.NoError(t, err)
		sizes = append(sizes, kib<<10)
	}
	return sizes
}

// shuttle sends blocks that are filled and mapped to a process and back.
var shuttle = func() (s struct {
	pipeline *Pipeline
	frames   *BlocksDecl
	out, in  *QueueDecl[Block]
}) {
	s.frames = &BlocksDecl{Name: "frames", Memory: 65 << 20}
	s.out = &QueueDecl[Block]{Name: "out", Elem: BlockOf(s.frames), Lends: []*BlocksDecl{s.frames}}
	s.in = &QueueDecl[Block]{Name: "in", Elem: BlockOf(s.frames), Lends: []*BlocksDecl{s.frames}}
	give := &ProcessDecl{Name: "give back", Receive: []Decl{s.out}, Send: []Decl{s.in}, Main: func(ctx context.Context, n *Node, _ *Decoder) error {
		in := s.in.Sender(n)
		for x, err := range s.out.Receiver(n).All(ctx) {
			if err == nil {
				err = in.Send(ctx, x)
			}
			if err != nil {
				return err
			}
		}
		return nil
	}}
	s.pipeline = &Pipeline{Path: "mp.test/shuttle", Source: "shuttle.mp", Decls: []Decl{s.frames, s.out, s.in, give},
		Main: MainDecl{Send: []Decl{s.out}, Receive: []Decl{s.in}}}
	Register(s.pipeline)
	return s
}()

// BenchmarkBlockHandOver is a hand-over there and back.
func BenchmarkBlockHandOver(b *testing.B) {
	_, n := begin(b, shuttle.pipeline)
	ctx, out, in := context.Background(), shuttle.out.Sender(n), shuttle.in.Receiver(n)
	for _, kib := range []int{64, 64 << 10} {
		x, err := shuttle.frames.In(n).New(ctx, kib<<10)
		require.NoError(b, err)
		clear(x.Bytes())
		b.Run(fmt.Sprint(kib, " KiB"), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				err := x.Keep()
				if err == nil {
					err = out.Send(ctx, x)
				}
				if err == nil {
					_, err = in.Receive(ctx)
				}
				if err != nil {
					b.Fatal(err)
				}
			}
		})
		_, _ = in.TryReceive()
		x.Release()
	}
	b.Run("new and release", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			x, err := shuttle.frames.In(n).New(ctx, 64<<10)
			if err != nil {
				b.Fatal(err)
			}
			x.Release()
		}
	})
	var held []Block
	for range 1000 {
		x, err := shuttle.frames.In(n).New(ctx, 64<<10)
		require.NoError(b, err)
		held = append(held, x)
	}
	b.Run("new and release, with 1000 others", func(b *testing.B) {
		for b.Loop() {
			x, err := shuttle.frames.In(n).New(ctx, 16<<10)
			if err != nil {
				b.Fatal(err)
			}
			x.Release()
		}
	})
	for _, x := range held {
		x.Release()
	}
}
