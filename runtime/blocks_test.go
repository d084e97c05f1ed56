package mp

import (
	"context"
	"encoding/binary"
	"errors"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/mpgen/mpgen/runtime/internal/block"
)

// picture is an item with a block.
type picture struct {
	Number int
	How    string
	Pixels Block
}

func putPicture(e *Encoder, p picture) {
	Put(e, p.Number)
	e.String(p.How)
	e.Block(studio.frames, p.Pixels)
}

func getPicture(d *Decoder) picture {
	return picture{Number: Get[int](d), How: d.String(), Pixels: d.Block(studio.frames)}
}

// studio is a stage whose items carry blocks, and a process that holds some. What a
// picture's How says is done with it.
var studio = struct {
	pipeline      *Pipeline
	frames, masks *BlocksDecl
	raw           *QueueDecl[picture]
	shaded        *QueueDecl[picture]
	failed        *QueueDecl[Failed[picture]]
	shown, told   *QueueDecl[picture]
	more          *EventDecl
	plain         *QueueDecl[Block]
	bright        *PoolDecl[picture, int]
	batched       *PoolDecl[Block, int]
	wrong         *PoolDecl[int, Block]
}{}

const (
	framesMemory = 1 << 20
	frameSize    = 1 << 16
	studioBytes  = 1 << 20
)

func init() {
	s := &studio
	s.frames = &BlocksDecl{Name: "frames", Memory: framesMemory, Count: 64}
	s.masks = &BlocksDecl{Name: "masks", Memory: minBlocks}
	lends := []*BlocksDecl{s.frames}
	elem := Coded(putPicture, getPicture)
	s.raw = &QueueDecl[picture]{Name: "raw", Elem: elem, Lends: lends, Capacity: 4, Bytes: studioBytes}
	s.shaded = &QueueDecl[picture]{Name: "shaded", Elem: elem, Lends: lends, Capacity: 4, Bytes: studioBytes}
	s.failed = &QueueDecl[Failed[picture]]{Name: "failed", Elem: FailedOf(elem), Lends: lends, Bytes: studioBytes}
	s.shown = &QueueDecl[picture]{Name: "shown", Elem: elem, Lends: lends, Capacity: 64, Bytes: studioBytes}
	s.told = &QueueDecl[picture]{Name: "told", Elem: elem, Lends: lends, Capacity: 64, Bytes: studioBytes}
	s.more = &EventDecl{Name: "more"}
	s.plain = &QueueDecl[Block]{Name: "plain", Elem: BlockOf(s.masks), Bytes: studioBytes}
	s.bright = &PoolDecl[picture, int]{Name: "bright", In: elem, Workers: 2, Lends: lends, Task: TaskPolicy{Retries: 1, Backoff: 1},
		Func: brightness}
	s.batched = &PoolDecl[Block, int]{Name: "batched", In: BlockOf(s.frames), Workers: 1, Lends: lends, Batch: 4,
		Many: func(_ context.Context, all []Block) (ns []int, _ error) {
			for _, x := range all {
				ns = append(ns, len(x.Bytes()))
			}
			return ns, nil
		}}
	s.wrong = &PoolDecl[int, Block]{Name: "wrong", Out: BlockOf(s.frames), Workers: 1, Uses: []Decl{s.frames}}
	s.wrong.Open = func(n *Node) func(context.Context, int) (Block, error) {
		return func(_ context.Context, size int) (Block, error) { return s.frames.In(n).TryNew(size) }
	}
	shade := &PoolDecl[picture, picture]{Name: "shade", Workers: 2, From: s.raw, To: To(s.shaded), Dead: s.failed, Uses: []Decl{s.frames},
		Task: TaskPolicy{Retries: 5, Backoff: 1},
		Open: func(n *Node) func(context.Context, picture) (picture, error) {
			return func(ctx context.Context, p picture) (picture, error) { return shadePicture(ctx, s.frames.In(n), p) }
		}}
	show := &ProcessDecl{Name: "show", Receive: []Decl{s.shown}, Send: []Decl{s.told}, Uses: []Decl{s.more, s.bright}, Restart: OnFailure, Main: showPictures}
	s.pipeline = &Pipeline{Path: "mp.test/studio", Source: "studio.mp",
		Decls: []Decl{s.frames, s.masks, s.raw, s.shaded, s.failed, s.shown, s.told, s.more, shade, show, s.bright, s.batched, s.wrong},
		Main:  MainDecl{Send: []Decl{s.raw, s.shown}, Receive: []Decl{s.shaded, s.failed, s.told}}}
	Register(s.pipeline)
}

// shadePicture makes a picture of the next number, or gives the same on.
func shadePicture(ctx context.Context, frames *Blocks, p picture) (picture, error) {
	switch p.How {
	case "same":
		return p, nil
	case "fail":
		return p, errActed
	case "panic":
		panic("as told")
	}
	dst, err := frames.New(ctx, len(p.Pixels.Bytes()))
	if err != nil {
		return p, err
	}
	copy(dst.Bytes(), p.Pixels.Bytes())
	binary.NativeEndian.PutUint64(dst.Bytes(), binary.NativeEndian.Uint64(p.Pixels.Bytes())+1)
	return picture{p.Number, p.How, dst}, nil
}

// showPictures does with each picture as it is told, and tells that it has.
func showPictures(ctx context.Context, n *Node, _ *Decoder) error {
	told := studio.told.Sender(n)
	for p, err := range studio.shown.Receiver(n).All(ctx) {
		if err != nil {
			return err
		}
		switch p.How {
		case "keep", "keep and die":
			if err := p.Pixels.Keep(); err != nil {
				return err
			}
		case "call":
			if p.Number, err = studio.bright.Pool(n).Call(ctx, picture{Pixels: p.Pixels}); err != nil {
				return err
			}
		case "return":
			return nil
		}
		if err := told.Send(ctx, picture{Number: p.Number}); err != nil {
			return err
		}
		switch p.How {
		case "wait":
			if err := studio.more.In(n).Wait(ctx); err != nil {
				return err
			}
		case "keep and die", "die":
			if !studio.more.In(n).IsSet() {
				_ = studio.more.In(n).Wait(ctx)
				os.Exit(3)
			}
		}
	}
	return nil
}

// brightness is the number at the start of a picture, which it leaves at its end, too.
func brightness(ctx context.Context, p picture) (int, error) {
	b := p.Pixels.Bytes()
	switch p.How {
	case "panic":
		panic("as told")
	case "fail":
		return 0, errActed
	case "stay":
		<-ctx.Done()
		return 0, ctx.Err()
	case "stuck":
		workers(p.Pixels).Add(1 << (8 * Self(ctx).Index))
		return 0, perform(ctx, "stuck")
	}
	if p.How != "look" {
		b[len(b)-1] = b[0] * 2
	}
	return int(binary.NativeEndian.Uint64(b)), nil
}

// workers is a number in the middle of a picture: how often each of two has worked on it.
func workers(x Block) *atomic.Uint64 {
	return (*atomic.Uint64)(unsafe.Pointer(&x.Bytes()[frameSize/2]))
}

// frame makes a block that begins with a number.
func frame(t testing.TB, n *Node, number int) Block {
	t.Helper()
	x, err := studio.frames.In(n).New(limited(t), frameSize)
	require.NoError(t, err)
	binary.NativeEndian.PutUint64(x.Bytes(), uint64(number))
	x.Bytes()[frameSize-1] = byte(number)
	return x
}

func shows(t testing.TB, x Block, number int) {
	t.Helper()
	require.Len(t, x.Bytes(), frameSize)
	require.EqualValues(t, number, binary.NativeEndian.Uint64(x.Bytes()))
}

// noneTaken says that all blocks have been freed, at last.
func noneTaken(t testing.TB, n *Node) {
	t.Helper()
	until(t, "all blocks are free", func() bool {
		blocks, _ := studio.frames.In(n).table.Taken()
		return blocks == 0
	})
}

// blocks is the conformance test.
func (t *trial) blocks() {
	r, n := t.start(studio.pipeline)
	const count = 200 // of which 16 have room
	go func() {
		out := studio.raw.Sender(n)
		defer out.Close()
		for i := range count {
			x := frame(t, n, i)
			if out.Send(context.Background(), picture{i, []string{"new", "same"}[i%2], x}) != nil {
				return
			}
		}
	}()
	got, died := map[int]bool{}, 0
	for p, err := range studio.shaded.Receiver(n).All(limited(t)) {
		require.NoError(t, err)
		shows(t, p.Pixels, p.Number+(p.Number+1)%2)
		require.Equal(t, byte(p.Number), p.Pixels.Bytes()[frameSize-1])
		require.False(t, got[p.Number])
		got[p.Number] = true
		if len(got)%50 == 25 {
			r.memberOf("shade", died%2).kill(nil)
			died++
		}
	}
	require.Len(t, got, count)
	studio.shown.Sender(n).Close()
	noneTaken(t, n)
	require.NoError(t, r.Wait())
}

func TestBlockGoesWithItsItem(t *testing.T) {
	t.Setenv(EngineVariable, "goroutines")
	_, n := begin(t, studio.pipeline)
	frames, out, in := studio.frames.In(n), studio.raw.Sender(n), studio.shaded.Receiver(n)
	ctx := limited(t)

	x := frame(t, n, 1)
	require.NoError(t, out.Send(ctx, picture{1, "same", x}))
	p, err := in.Receive(ctx)
	require.NoError(t, err)
	shows(t, p.Pixels, 1)
	require.NoError(t, p.Pixels.Keep())
	require.NoError(t, p.Pixels.Keep())
	kept := p.Pixels
	require.Equal(t, kept.Bytes(), kept.Copy())

	// The item is done, and the block is kept.
	_, err = in.TryReceive()
	require.Equal(t, ErrEmpty, err)
	kept.Release()
	shows(t, kept, 1)
	blocks, bytes := frames.table.Taken()
	require.Equal(t, 1, blocks)
	require.Equal(t, frameSize, bytes)

	// Sending gives a hold away.
	require.NoError(t, out.Send(ctx, picture{2, "same", kept}))
	p, err = in.Receive(ctx)
	require.NoError(t, err)
	shows(t, p.Pixels, 1)
	require.NoError(t, out.Send(ctx, picture{3, "same", p.Pixels})) // with the one that it was received with
	p, err = in.Receive(ctx)
	require.NoError(t, err)
	require.Equal(t, 3, p.Number)
	_, err = in.TryReceive()
	require.Equal(t, ErrEmpty, err)
	noneTaken(t, n)

	// It is too late for all of that.
	require.Equal(t, ErrReleased, kept.Keep())
	require.ErrorIs(t, out.Send(ctx, picture{4, "same", kept}), ErrReleased)
	kept.Release()
	require.Len(t, kept.Bytes(), frameSize)

	// An item that does not go out takes no hold along.
	x = frame(t, n, 5)
	gone, cancel := context.WithCancel(ctx)
	cancel()
	require.Equal(t, context.Canceled, out.Send(gone, picture{5, "same", x}))
	require.ErrorIs(t, out.Send(ctx, picture{5, string(make([]byte, 2*studioBytes)), x}), ErrTooBig)
	x.Release()
	noneTaken(t, n)

	// An item need not have one.
	require.NoError(t, out.Send(ctx, picture{6, "same", Block{}}))
	p, err = in.Receive(ctx)
	require.NoError(t, err)
	require.Equal(t, picture{6, "same", Block{}}, p)
	require.Nil(t, p.Pixels.Bytes())
	require.Nil(t, p.Pixels.Copy())
	require.Equal(t, ErrReleased, p.Pixels.Keep())
	p.Pixels.Release()
}

func TestNewWaitsForRoom(t *testing.T) {
	t.Setenv(EngineVariable, "goroutines")
	r, n := begin(t, studio.pipeline)
	frames, ctx := studio.frames.In(n), limited(t)
	_, err := frames.New(ctx, framesMemory+1)
	require.ErrorIs(t, err, ErrTooBig)
	_, err = frames.New(ctx, -1)
	require.ErrorContains(t, err, "can't have -1 bytes")
	empty, err := frames.New(ctx, 0)
	require.NoError(t, err)
	require.Empty(t, empty.Bytes())
	require.NotNil(t, empty.Bytes())
	empty.Release()

	whole, err := frames.New(ctx, framesMemory)
	require.NoError(t, err)
	_, err = frames.TryNew(1)
	require.Equal(t, ErrFull, err)
	short, cancel := context.WithCancel(ctx)
	done := make(chan error)
	go func() {
		_, err := frames.New(short, 1)
		done <- err
	}()
	until(t, "it waits", func() bool { return frames.table.Room().Any() })
	_, err = frames.TryNew(1) // another is before it
	require.Equal(t, ErrFull, err)
	cancel()
	require.Equal(t, context.Canceled, <-done)

	// A large one is not kept waiting by small ones.
	went := make(chan int, 2)
	want := func(size int) {
		x, err := frames.New(ctx, size)
		if err != nil {
			t.Error(err)
		}
		went <- size
		x.Release()
	}
	go want(framesMemory)
	until(t, "the large one waits", func() bool { return frames.table.Room().Any() })
	go want(1)
	until(t, "the small one waits behind it", func() bool { return frames.gate.queue.Load() > 0 })
	whole.Release()
	require.Equal(t, framesMemory, <-went)
	require.Equal(t, 1, <-went)

	whole, err = frames.New(ctx, framesMemory)
	require.NoError(t, err)
	go func() {
		_, err := frames.New(context.Background(), 1)
		done <- err
	}()
	until(t, "it waits", func() bool { return frames.table.Room().Any() })
	require.NoError(t, r.Close())
	require.ErrorIs(t, <-done, ErrClosed)
	require.ErrorIs(t, whole.Keep(), ErrClosed)
	whole.Release()
	_, err = frames.New(ctx, 1)
	require.ErrorIs(t, err, ErrClosed)
	_, err = frames.TryNew(1)
	require.ErrorIs(t, err, ErrClosed)
}

// A call lends its blocks: the function may change them, and the caller has them after.
func (t *trial) lentToCalls() {
	_, n := t.start(studio.pipeline)
	bright, ctx := studio.bright.Pool(n), limited(t)
	x := frame(t, n, 7)
	for range 3 {
		got, err := bright.Call(ctx, picture{Pixels: x})
		require.NoError(t, err)
		require.Equal(t, 7, got)
		require.Equal(t, byte(14), x.Bytes()[frameSize-1])
	}
	_, err := bright.Call(ctx, picture{How: "fail", Pixels: x})
	require.ErrorIs(t, err, errActed)
	_, err = bright.Call(ctx, picture{How: "panic", Pixels: x}) // in two workers
	var died *Died
	require.ErrorAs(t, err, &died)
	short, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
	defer cancel()
	_, err = bright.Call(short, picture{How: "stay", Pixels: x})
	require.ErrorIs(t, err, context.DeadlineExceeded)
	shows(t, x, 7)
	i := 0
	for got, err := range bright.Map(ctx, func(yield func(picture) bool) {
		for range 20 {
			if !yield(picture{How: "look", Pixels: x}) { // two workers have it
				return
			}
		}
	}) {
		require.NoError(t, err)
		require.Equal(t, 7, got)
		i++
	}
	require.Equal(t, 20, i)
	size, err := studio.batched.Pool(n).Call(ctx, x)
	require.NoError(t, err)
	require.Equal(t, frameSize, size)
	require.NoError(t, x.Keep())
	require.NoError(t, studio.shown.Sender(n).Send(ctx, picture{How: "call", Pixels: x}))
	p, err := studio.told.Receiver(n).Receive(ctx)
	require.NoError(t, err)
	require.Equal(t, 7, p.Number)
	x.Release()
	noneTaken(t, n)
	_, err = bright.Call(ctx, picture{Pixels: x})
	require.ErrorIs(t, err, ErrReleased)
	_, err = studio.wrong.Pool(n).Call(ctx, 10)
	require.ErrorContains(t, err, errNoBlocks.Error())
}

// orphaned is the conformance test of what a function has of blocks that runs on.
func (t *trial) orphaned() {
	r, n := t.start(studio.pipeline)
	x := frame(t, n, 7)
	worked := workers(x)
	worked.Store(0)
	task := studio.bright.Pool(n).Go(limited(t), picture{How: "stuck", Pixels: x})
	before := uint64(0)
	for range 2 {
		until(t, "it is stuck", func() bool { return worked.Load() != before })
		worker := 0
		if worked.Load()-before > 1 {
			worker = 1
		}
		before = worked.Load()
		slay(t, r.memberOf("bright", worker))
	}
	_, err := task.Wait(limited(t))
	var died *Died
	require.ErrorAs(t, err, &died)
	x.Release()
	if t.holds != yes {
		blocks, _ := studio.frames.In(n).table.Taken()
		require.Equal(t, 1, blocks)
		unstick()
	}
	noneTaken(t, n)
}

// After Close a look at a block is no fault.
func (t *trial) blocksAfterwards() {
	r, n := t.start(studio.pipeline)
	x := frame(t, n, 5)
	require.NoError(t, r.Close())
	require.Len(t, x.Bytes(), frameSize)
	if t.holds == lastThere {
		shows(t, x, 5)
	} else {
		for _, b := range x.Bytes() {
			require.Zero(t, b)
		}
	}
	x.Bytes()[0] = 1
	x.Release()
}

// What a stage gives up on comes with its block.
func TestFailedItemKeepsItsBlock(t *testing.T) {
	for _, how := range []string{"fail", "panic"} {
		t.Run(how, func(t *testing.T) {
			t.Setenv(EngineVariable, "goroutines")
			_, n := begin(t, studio.pipeline)
			ctx := limited(t)
			require.NoError(t, studio.raw.Sender(n).Send(ctx, picture{3, how, frame(t, n, 3)}))
			in := studio.failed.Receiver(n)
			f, err := in.Receive(ctx)
			require.NoError(t, err)
			require.Equal(t, how, f.Item.How)
			if how == "fail" {
				require.ErrorIs(t, f.Err, errActed)
			}
			shows(t, f.Item.Pixels, 3)
			_, err = in.TryReceive()
			require.Equal(t, ErrEmpty, err)
			noneTaken(t, n)
		})
	}
}

// A queue that nobody reads any more holds no blocks.
func TestQueueWithoutReadersHoldsNoBlocks(t *testing.T) {
	t.Setenv(EngineVariable, "goroutines")
	r, n := begin(t, studio.pipeline)
	out, ctx := studio.shown.Sender(n), limited(t)
	require.NoError(t, out.Send(ctx, picture{Number: 1, How: "return"}))
	var err error
	for i := 0; err == nil; i++ {
		x := frame(t, n, i)
		if err = out.Send(ctx, picture{i, "", x}); err != nil {
			x.Release()
		}
	}
	require.ErrorIs(t, err, ErrClosed)
	noneTaken(t, n)
	require.Positive(t, r.Stats().Queues["shown"].Sent)
}

func TestBlocksTravelInItemsOfTheirQueuesOnly(t *testing.T) {
	t.Setenv(EngineVariable, "goroutines")
	_, n := begin(t, studio.pipeline)
	x := frame(t, n, 1)
	var e Encoder
	e.reset(nil, 1000)
	putPicture(&e, picture{Pixels: x})
	require.Equal(t, errNoBlocks, e.err)
	masks := studio.masks.In(n)
	m, err := masks.New(limited(t), 5)
	require.NoError(t, err)
	require.ErrorContains(t, studio.raw.Sender(n).Send(limited(t), picture{Pixels: m}), `a block of blocks "masks", where one of "frames" is wanted`)
	_, n2, err := Start(context.Background(), studio.pipeline, []Option{NoSignals()})
	require.NoError(t, err)
	defer n2.run.Close()
	require.ErrorContains(t, studio.raw.Sender(n2).Send(limited(t), picture{Pixels: x}), "another process has made, or another run")

	for _, row := range []*BlocksDecl{{Name: "b"}, {Name: "b", Memory: 1 << 50}, {Name: "b", Memory: 1 << 20, Count: -1}} {
		_, err := newPlan(&Pipeline{Path: "p", Decls: []Decl{row}}, nil)
		require.ErrorContains(t, err, `blocks "b" can't`)
	}
	q := &QueueDecl[Block]{Name: "q", Elem: BlockOf(studio.masks), Lends: []*BlocksDecl{studio.masks}}
	_, err = newPlan(&Pipeline{Path: "p", Decls: []Decl{q}}, nil)
	require.ErrorContains(t, err, `blocks "masks" are not of this pipeline`)
}

// A dump tells what is taken, and who wait for memory that only others could free.
func TestWhoWaitForBlocksAreToldOf(t *testing.T) {
	t.Setenv(EngineVariable, "inline")
	r, n := begin(t, studio.pipeline)
	frames := studio.frames.In(n)
	_, err := frames.New(context.Background(), framesMemory)
	require.NoError(t, err)
	var out strings.Builder
	require.NoError(t, r.Dump(limited(t), &out))
	require.Contains(t, out.String(), "\nframes 1 blocks have 1048576 of 1048576 bytes\n")
	_, err = frames.New(context.Background(), 1)
	var d *Deadlock
	require.ErrorAs(t, err, &d)
	require.Contains(t, d.Error(), "main waits for room for a block of frames, held by")
}

func TestPoisonShowsWhoReadsTooLate(t *testing.T) {
	t.Setenv(EngineVariable, "goroutines")
	t.Cleanup(func(old func() bool) func() { return func() { poison = old } }(poison))
	poison = func() bool { return true }
	_, n := begin(t, studio.pipeline)
	x := frame(t, n, 5)
	x.Release()
	for _, b := range x.Bytes() {
		require.Equal(t, byte(block.Poison), b)
	}
}

// What a process gone mad says of a block is corrupt, and no fault.
func TestNonsenseAboutABlockIsCorrupt(t *testing.T) {
	t.Setenv(EngineVariable, "goroutines")
	_, n := begin(t, studio.pipeline)
	for _, b := range [][2]uint32{{1, 0}, {65, 0}, {1 << 31, 0}, {1, 1 << 31}} {
		data := binary.NativeEndian.AppendUint32(binary.NativeEndian.AppendUint32(nil, b[0]), b[1])
		for _, d := range []Decoder{{lease: &lease{node: n}}, {}} {
			d.reset(data)
			require.Equal(t, Block{}, d.Block(studio.frames))
			require.Error(t, d.Err())
			require.Equal(t, d.lease != nil, errors.Is(d.Err(), ErrCorruptPeer))
		}
	}
}

// A block that is gone may have been where one lies now that the process holds.
func TestLateKeepLeavesTheNextBlockAlone(t *testing.T) {
	t.Setenv(EngineVariable, "goroutines")
	_, n := begin(t, studio.pipeline)
	gone := frame(t, n, 1)
	gone.Release()
	x := frame(t, n, 2)
	require.Equal(t, gone.at.Entry, x.at.Entry)
	require.ErrorIs(t, gone.Keep(), ErrReleased)
	shows(t, frame(t, n, 3), 3)
	shows(t, x, 2)
	require.NoError(t, x.Keep())
}
