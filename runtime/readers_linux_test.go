package mp

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// twins: the program sends to a process whose readers need two items at a time,
// and which tells which it had together.
var twins = func() (w struct {
	pipeline *Pipeline
	in       *QueueDecl[flat64]
	out      *QueueDecl[[2]int]
	process  *ProcessDecl
}) {
	w.in = &QueueDecl[flat64]{Name: "in", Capacity: 64}
	w.out = &QueueDecl[[2]int]{Name: "out", Capacity: 64}
	w.process = &ProcessDecl{Name: "pair", Receive: []Decl{w.in}, Send: []Decl{w.out}}
	w.process.Main = func(ctx context.Context, n *Node, d *Decoder) error {
		from, to := w.in.Receiver(n), w.out.Sender(n)
		for w.in.Receiver(n).Len() < twinItems { // all is there before the first look
			if err := ctx.Err(); err != nil {
				return err
			}
			time.Sleep(time.Millisecond)
		}
		if Get[bool](d) {
			return pairByMeeting(ctx, from, to)
		}
		for first, err := range from.All(ctx) {
			if err != nil {
				return err
			}
			second, err := from.Receive(ctx)
			if err != nil {
				return err
			}
			if err := to.Send(ctx, [2]int{first.Seq, second.Seq}); err != nil {
				return err
			}
		}
		return nil
	}
	w.pipeline = &Pipeline{Path: "mp.test/twins", Source: "twins.mp", Decls: []Decl{w.in, w.out, w.process},
		Main: MainDecl{Send: []Decl{w.in}, Receive: []Decl{w.out}}}
	Register(w.pipeline)
	return w
}()

const twinItems = 20

// pairByMeeting reads in two loops; an item of one waits for an item of the other.
func pairByMeeting(ctx context.Context, from *Receiver[flat64], to *Sender[[2]int]) error {
	meet := make(chan int)
	read := func(each func(seq int) error) (err error) {
		for v, err := range from.All(ctx) {
			if err != nil {
				return err
			}
			if err := each(v.Seq); err != nil {
				return err
			}
		}
		return nil
	}
	var wg sync.WaitGroup
	var errs [2]error
	wg.Go(func() {
		errs[0] = read(func(seq int) error {
			select {
			case meet <- seq:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	})
	wg.Go(func() {
		errs[1] = read(func(seq int) error {
			select {
			case other := <-meet:
				return to.Send(ctx, [2]int{min(seq, other), max(seq, other)})
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	})
	wg.Wait()
	return errors.Join(errs[:]...)
}

// An item that a loop has not come to is nobody's: who asks gets it, in order,
// however slow the loop is.
func TestReaderOfSeveralKeepsNothingFromTheOthers(t *testing.T) {
	for name, meeting := range map[string]bool{"Receive within a loop": false, "loops that wait for each other": true} {
		t.Run(name, func(t *testing.T) {
			r, n := begin(t, twins.pipeline, twins.process.With(func(e *Encoder) { Put(e, meeting) }))
			in, ctx := twins.in.Sender(n), limited(t)
			for i := range twinItems {
				require.NoError(t, in.Send(ctx, buildFlat(0, i)))
			}
			var got [][2]int
			for pair, err := range twins.out.Receiver(n).All(ctx) {
				require.NoError(t, err)
				require.Equal(t, [2]int{2 * len(got), 2*len(got) + 1}, pair)
				if got = append(got, pair); len(got) == twinItems/2 {
					in.Close()
				}
			}
			require.Len(t, got, twinItems/2)
			require.NoError(t, r.Wait())
		})
	}
}

// A source that goes slowly, with a reader that is busy and does not wait.
func TestSendAllLeavesNothingBehindWhenItsInputIsSlow(t *testing.T) {
	r, n := begin(t, echo.pipeline)
	in, out, ctx := echo.in.Sender(n), echo.out.Receiver(n), limited(t)
	for i := range 5 { // four fill the queue out, the process waits with the fifth
		require.NoError(t, in.Send(ctx, buildParcel(0, i)))
	}
	until(t, "the process waits for room", func() bool { return r.spsc[1].Room().Any() })
	require.NoError(t, in.SendAll(ctx, func(yield func(parcel) bool) {
		for i := range 3 {
			if !yield(buildParcel(0, 5+i)) {
				return
			}
			until(t, "the item is there", func() bool { return r.spsc[0].Sent() == uint64(6+i) })
		}
	}))
	in.Close()
	seq := 0
	for v, err := range out.All(ctx) {
		require.NoError(t, err)
		require.Equal(t, seq, v.Seq)
		seq++
	}
	require.Equal(t, 8, seq)
	require.NoError(t, r.Wait())
}

// whileDecoding is called by the program when it has begun to decode a slow item.
var whileDecoding atomic.Pointer[func()]

var slowDecoding = func() (s struct {
	pipeline *Pipeline
	out      *QueueDecl[parcel]
}) {
	codec := Coded(parcelCodec.Encode, func(d *Decoder) parcel {
		if f := whileDecoding.Load(); f != nil {
			(*f)()
		}
		return parcelCodec.Decode(d)
	})
	s.out = &QueueDecl[parcel]{Name: "out", Elem: codec, Capacity: 4}
	p := &ProcessDecl{Name: "one", Send: []Decl{s.out}}
	p.Main = func(ctx context.Context, n *Node, _ *Decoder) error {
		return s.out.Sender(n).Send(ctx, buildParcel(0, 7))
	}
	s.pipeline = &Pipeline{Path: "mp.test/slowdecoding", Source: "slowdecoding.mp", Decls: []Decl{s.out, p}, Main: MainDecl{Receive: []Decl{s.out}}}
	Register(s.pipeline)
	return s
}()

func TestCloseLeavesTheMemoryToWhoReadsAnItem(t *testing.T) {
	r, n := begin(t, slowDecoding.pipeline)
	reads := make(chan struct{})
	gone := false
	f := func() {
		close(reads)
		select {
		case <-r.closed:
			gone = true
		case <-time.After(300 * time.Millisecond): // no event tells that Close waits
		}
	}
	whileDecoding.Store(&f)
	defer whileDecoding.Store(nil)
	closed := make(chan error, 1)
	go func() {
		<-reads
		closed <- r.Close()
	}()
	for v, err := range slowDecoding.out.Receiver(n).All(limited(t)) {
		if err == nil {
			require.Equal(t, buildParcel(0, 7), v)
		}
	}
	require.False(t, gone, "the memory went while an item was read from it")
	<-closed
}

// A call takes its item under one lock and reads it after: no other may move on
// meanwhile.
func TestCallThatHasNotReadItsItemKeepsOthersOff(t *testing.T) {
	r, n := begin(t, twins.pipeline, twins.process.With(func(e *Encoder) { Put(e, false) }))
	in, out, ctx := twins.in.Sender(n), twins.out.Receiver(n), limited(t)
	for i := range twinItems {
		require.NoError(t, in.Send(ctx, buildFlat(0, i)))
	}
	until(t, "two items are there", func() bool { return r.spsc[1].Sent() >= 2 })
	require.NoError(t, out.i.calls.lock(ctx))
	require.NoError(t, out.i.reader.next(ctx, false))
	_, ok := out.quick(&out.i.reader, 1)
	require.False(t, ok)
	v, err := out.decode(&out.i.reader)
	require.NoError(t, err)
	require.Equal(t, [2]int{0, 1}, v)
	out.i.calls.unlock()
	v, err = out.Receive(ctx)
	require.NoError(t, err)
	require.Equal(t, [2]int{2, 3}, v)
}

// A source that stutters: the timer takes batches at all their sizes, beside an
// owner that goes on, and beside other senders.
func TestTryReceiveBesideAReceiveThatWaits(t *testing.T) {
	_, n := begin(t, weir.pipeline)
	in, ctx, got := weir.past.Receiver(n), limited(t), make(chan int)
	go func() {
		v, err := in.Receive(ctx)
		if err != nil {
			v = -1
		}
		got <- v
	}()
	until(t, "it waits for an item", in.i.calls.waits.Load)
	_, err := in.TryReceive()
	require.Equal(t, ErrEmpty, err)
	require.NoError(t, weir.first.Sender(n).Send(ctx, 7))
	require.Equal(t, 7, <-got)
}

func TestSendAllEndsWithItsContextThoughAnotherSendWaits(t *testing.T) {
	_, n := begin(t, dam.pipeline)
	out, all, sent := dam.held.Sender(n), limited(t), make(chan error, 1)
	go func() {
		for {
			if err := out.Send(all, 1); err != nil {
				sent <- err
				return
			}
		}
	}()
	until(t, "it waits for room", func() bool { return out.Len() == dam.held.Capacity && out.o.gate.state.Load() != 0 })
	ctx, cancel := context.WithCancel(all)
	began := time.Now()
	require.ErrorIs(t, out.SendAll(ctx, func(yield func(int) bool) {
		cancel()
		for yield(1) {
		}
	}), context.Canceled)
	require.Less(t, time.Since(began), patience/3)
	out.Close()
	require.ErrorIs(t, <-sent, ErrClosed)
}

func TestSendAllOfAStutteringSourceKeepsOrder(t *testing.T) {
	r, n := begin(t, echo.pipeline)
	in, out, ctx := echo.in.Sender(n), echo.out.Receiver(n), limited(t)
	const items, senders = 3000, 2
	var sending sync.WaitGroup
	for s := range senders {
		sending.Go(func() {
			err := in.SendAll(ctx, func(yield func(parcel) bool) {
				for i := range items {
					if i%(7+s*10) == 0 {
						for began := time.Now(); time.Since(began) < lateItems*time.Duration(i%3); {
							runtime.Gosched()
						}
					}
					if !yield(buildParcel(s, i)) {
						return
					}
				}
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	go func() {
		sending.Wait()
		in.Close()
	}()
	var next [senders]int
	for v, err := range out.All(ctx) {
		require.NoError(t, err)
		require.Equal(t, next[v.Producer], v.Seq)
		next[v.Producer]++
	}
	require.Equal(t, [senders]int{items, items}, next)
	require.NoError(t, r.Wait())
}
