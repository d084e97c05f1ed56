package mp

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// bookPage is an item: all pages of a book carry the same block.
type bookPage struct {
	Number int
	Book   Block
}

func queueOfPages(name string, books *BlocksDecl, capacity int) *QueueDecl[bookPage] {
	elem := Coded(func(e *Encoder, p bookPage) {
		Put(e, p.Number)
		e.Block(books, p.Book)
	}, func(d *Decoder) bookPage { return bookPage{Get[int](d), d.Block(books)} })
	return &QueueDecl[bookPage]{Name: name, Elem: elem, Lends: []*BlocksDecl{books}, Capacity: capacity}
}

// bindery is a stage and a process, in a chain of queues whose items may all carry the
// same block, and queues for those who would wait on each other.
var bindery = func() (s struct {
	pipeline         *Pipeline
	books            *BlocksDecl
	cut, sewn, bound *QueueDecl[bookPage]
	spilled, few     *QueueDecl[bookPage]
	open             *EventDecl
	meet             *BarrierDecl
}) {
	s.books = &BlocksDecl{Name: "books", Memory: framesMemory, Count: 64}
	s.cut, s.sewn, s.bound = queueOfPages("cut", s.books, 2*blockItems), queueOfPages("sewn", s.books, 2*blockItems), queueOfPages("bound", s.books, 2*blockItems)
	s.few, s.spilled = queueOfPages("few", s.books, 1), queueOfPages("spilled", s.books, 4)
	s.spilled.Spill = 1 << 20
	s.open = &EventDecl{Name: "open"}
	s.meet = &BarrierDecl{Name: "meet", Parties: binderyReaders}
	sew := &PoolDecl[bookPage, bookPage]{Name: "sew", Workers: 2, From: s.cut, To: To(s.sewn), Uses: []Decl{s.open},
		Task: TaskPolicy{Retries: 5, Backoff: 1},
		Open: func(n *Node) func(context.Context, bookPage) (bookPage, error) {
			return func(ctx context.Context, p bookPage) (bookPage, error) { return p, s.open.In(n).Wait(ctx) }
		}}
	bind := &ProcessDecl{Name: "bind", Receive: []Decl{s.sewn}, Send: []Decl{s.bound}, Main: func(ctx context.Context, n *Node, _ *Decoder) error {
		out := s.bound.Sender(n)
		for p, err := range s.sewn.Receiver(n).All(ctx) {
			if err == nil {
				err = out.Send(ctx, p)
			}
			if err != nil {
				return err
			}
		}
		return nil
	}}
	hold := &PoolDecl[bookPage, bookPage]{Name: "hold", Workers: binderyReaders, From: s.few, Uses: []Decl{s.meet},
		Open: func(n *Node) func(context.Context, bookPage) (bookPage, error) {
			return func(ctx context.Context, p bookPage) (bookPage, error) {
				_, err := s.meet.In(n).Wait(ctx)
				return p, err
			}
		}}
	s.pipeline = &Pipeline{Path: "mp.test/bindery", Source: "bindery.mp",
		Decls: []Decl{s.books, s.cut, s.sewn, s.bound, s.spilled, s.few, s.open, s.meet, sew, bind, hold},
		Main:  MainDecl{Send: []Decl{s.cut, s.spilled, s.few}, Receive: []Decl{s.bound, s.spilled}}}
	Register(s.pipeline)
	return s
}()

// binderyReaders have an item in hand each before any of them goes on.
const binderyReaders = 5

// newBook makes a block that begins with a number.
func newBook(t testing.TB, n *Node) Block {
	t.Helper()
	x, err := bindery.books.In(n).New(limited(t), frameSize)
	require.NoError(t, err)
	x.Bytes()[0] = 7
	return x
}

// fill sends pages with the same block until no more have room, and returns how many.
func fill(t testing.TB, out *Sender[bookPage], x Block) (n int) {
	t.Helper()
	for ; ; n++ {
		require.NoError(t, x.Keep())
		if err := out.TrySend(bookPage{n, x}); err != nil {
			require.Equal(t, ErrFull, err)
			x.Release()
			return n
		}
	}
}

func noBooks(t testing.TB, n *Node) {
	t.Helper()
	until(t, "all blocks are free", func() bool {
		blocks, _ := bindery.books.In(n).table.Taken()
		return blocks == 0
	})
}

// crowded is the conformance test: who pass a block on have an item in hand that carries
// it, and those who send more of them have used up what room there is.
func (t *trial) crowded() {
	r, n := t.start(bindery.pipeline)
	x := newBook(t, n)
	out, ctx := bindery.cut.Sender(n), limited(t)
	filled := fill(t, out, x)
	require.GreaterOrEqual(t, filled, blockItems)
	bindery.open.In(n).Set()
	const count = 400
	var sending sync.WaitGroup
	sending.Go(func() {
		for i := filled; i < count; i++ {
			err := x.Keep()
			if err == nil {
				err = out.Send(ctx, bookPage{i, x})
			}
			if err != nil {
				t.Error(err)
				break
			}
		}
		x.Release()
		out.Close()
	})
	got := map[int]bool{}
	for p, err := range bindery.bound.Receiver(n).All(ctx) {
		require.NoError(t, err)
		require.EqualValues(t, 7, p.Book.Bytes()[0])
		require.False(t, got[p.Number])
		if got[p.Number] = true; len(got)%100 == 50 {
			r.memberOf("sew", len(got)/100%2).kill(nil)
		}
	}
	require.Len(t, got, count)
	sending.Wait()
	bindery.spilled.Sender(n).Close()
	bindery.few.Sender(n).Close()
	noBooks(t, n)
	require.NoError(t, r.Wait())
}

// Who waits for an item with the block to be done is told of, and goes on then.
func TestBlockIsInSoManyItemsOfAQueueAtOnce(t *testing.T) {
	t.Setenv(EngineVariable, "goroutines")
	r, n := begin(t, bindery.pipeline)
	out, in, ctx := bindery.cut.Sender(n), bindery.bound.Receiver(n), limited(t)
	x := newBook(t, n)
	places := blockItems + 2 // one for each worker
	require.Equal(t, places, fill(t, out, x))
	other := newBook(t, n) // which has places of its own
	require.NoError(t, out.Send(ctx, bookPage{places, other}))

	require.NoError(t, x.Keep())
	done := make(chan error)
	go func() { done <- out.Send(ctx, bookPage{places + 1, x}) }()
	until(t, "it waits", func() bool { return bindery.books.In(n).table.Room().Any() })
	var text strings.Builder
	require.NoError(t, r.Dump(ctx, &text))
	require.Contains(t, text.String(), "one of the items of queue cut with the same block to be done, read by sew[0] or sew[1]")

	third := newBook(t, n)
	tried := make(chan error)
	go func() { tried <- out.TrySend(bookPage{0, third}) }()
	select {
	case err := <-tried:
		require.Equal(t, ErrFull, err)
	case <-ctx.Done():
		require.FailNow(t, "TrySend waits")
	}
	third.Release()
	bindery.open.In(n).Set()
	require.NoError(t, <-done)
	for range places + 2 {
		p, err := in.Receive(ctx)
		require.NoError(t, err)
		require.EqualValues(t, 7, p.Book.Bytes()[0])
	}
	_, err := in.TryReceive()
	require.Equal(t, ErrEmpty, err)
	x.Release()
	noBooks(t, n)
}

// Readers may have as many items in hand as they like, and wait for more to come.
func TestItemsInHandKeepNoneWithTheSameBlockAway(t *testing.T) {
	t.Setenv(EngineVariable, "goroutines")
	_, n := begin(t, bindery.pipeline)
	x := newBook(t, n)
	for i := range 3 * binderyReaders {
		require.NoError(t, x.Keep())
		require.NoError(t, bindery.few.Sender(n).Send(limited(t), bookPage{i, x}))
	}
	x.Release()
	noBooks(t, n)
}

// Where nobody may wait, an error says what there is too much of.
func TestSpillingQueueRefusesABlockInTooManyItems(t *testing.T) {
	t.Setenv(EngineVariable, "goroutines")
	_, n := begin(t, bindery.pipeline)
	x := newBook(t, n)
	out, in, ctx := bindery.spilled.Sender(n), bindery.spilled.Receiver(n), limited(t)
	sent, err := 0, error(nil)
	for ; err == nil; sent++ {
		require.NoError(t, x.Keep())
		err = out.Send(ctx, bookPage{sent, x})
	}
	sent--
	require.ErrorIs(t, err, ErrFull)
	require.EqualError(t, err, fmt.Sprintf(`queue "spilled": no place left: %d of its items carry the same block of blocks "books", and no more of them can: copy it into another block`, sent))
	require.Equal(t, blockItemsSpill+readerSeats, sent)
	for range 2 {
		_, err = in.Receive(ctx)
		require.NoError(t, err)
	}
	require.NoError(t, out.Send(ctx, bookPage{sent, x}))
	out.Close()
	for _, err := range in.All(ctx) {
		require.NoError(t, err)
	}
	x.Release()
	noBooks(t, n)
}

// carousel is a cycle whose items carry blocks: two processes send each page around as
// often as its number says, and then to the program.
var carousel = func() (s struct {
	pipeline   *Pipeline
	books      *BlocksDecl
	round, off *QueueDecl[bookPage]
}) {
	s.books = &BlocksDecl{Name: "books", Memory: framesMemory, Count: 64}
	s.round, s.off = queueOfPages("round", s.books, 2), queueOfPages("off", s.books, 2)
	s.round.Spill = 1 << 16
	horse := &ProcessDecl{Name: "horse", Instances: 2, Restart: OnFailure, Restarts: 100, Receive: []Decl{s.round}, Send: []Decl{s.round, s.off}}
	horse.Main = func(ctx context.Context, n *Node, _ *Decoder) error {
		round, off := s.round.Sender(n), s.off.Sender(n)
		for p, err := range s.round.Receiver(n).All(ctx) {
			if err != nil {
				return err
			}
			to := round
			if p.Number == 0 {
				to = off
			}
			p.Book.Bytes()[1]++
			p.Number--
			if err := to.Send(ctx, p); err != nil {
				return err
			}
		}
		return nil
	}
	s.pipeline = &Pipeline{Path: "mp.test/carousel", Source: "carousel.mp", Decls: []Decl{s.books, s.round, s.off, horse},
		Main: MainDecl{Send: []Decl{s.round}, Receive: []Decl{s.off}}}
	Register(s.pipeline)
	return s
}()

// Blocks that go around are not lost, and the last round ends the cycle.
func TestBlocksGoAroundInACycle(t *testing.T) {
	for _, engine := range columns {
		for _, kills := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, kills %t", engine, kills), func(t *testing.T) {
				t.Setenv(EngineVariable, engine)
				r, n := begin(t, carousel.pipeline)
				const books, rounds = 6, 40
				got := map[int]int{}
				var riders sync.WaitGroup
				riders.Go(func() {
					for p, err := range carousel.off.Receiver(n).All(limited(t)) {
						if err != nil {
							t.Error(err)
							return
						}
						b := p.Book.Bytes()
						got[int(b[0])]++
						if !kills && b[1] != rounds+1 {
							t.Errorf("book %d went around %d times", b[0], b[1])
						}
					}
				})
				out := carousel.round.Sender(n)
				for i := range books {
					x, err := carousel.books.In(n).New(limited(t), frameSize)
					require.NoError(t, err)
					x.Bytes()[0], x.Bytes()[1] = byte(i), 0
					require.NoError(t, out.Send(limited(t), bookPage{rounds, x}))
					if kills {
						r.memberOf("horse", i%2).kill(nil)
					}
				}
				require.NoError(t, r.Wait())
				riders.Wait()
				require.Len(t, got, books)
				for book, n := range got {
					if !kills {
						require.Equal(t, 1, n, "book %d", book)
					}
				}
				blocks, _ := carousel.books.In(n).table.Taken()
				require.Zero(t, blocks)
			})
		}
	}
}
