package mp

import (
	"bytes"
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// The pipelines of these tests are relays: producers send numbered items into a
// queue, consumers tell what they got through a second one to the program.

// seen is what a consumer got.
type seen struct{ Producer, Seq, Consumer int }

type relay struct {
	pipeline  *Pipeline
	out       *QueueDecl[seen]
	producers []*ProcessDecl
	consumers []*ProcessDecl
}

// The ways of a producer and of a consumer.
const (
	oneByOne   = iota // Send, Receive
	asLoop            // SendAll, All
	trying            // TrySend, TryReceive
	byFour            // four goroutines on one handle, one by one
	loopByFour        // four goroutines on one handle, as loops
)

// newRelay declares a relay of items that build makes and open reads.
func newRelay[T any](name string, q *QueueDecl[T], producers, consumers int, build func(producer, seq int) T, open func(T) seen) *relay {
	q.Name = "items"
	l := &relay{out: &QueueDecl[seen]{Name: "out", Capacity: 64}}
	l.pipeline = &Pipeline{Path: "mp.test/relay/" + name, Source: name + ".mp", Decls: []Decl{q, l.out}, Main: MainDecl{Receive: []Decl{l.out}}}
	for i := range producers {
		p := &ProcessDecl{Name: fmt.Sprintf("produce%d", i), Send: []Decl{q}}
		p.Main = func(ctx context.Context, n *Node, d *Decoder) error {
			way, count := Get[int](d), Get[int](d)
			return produce(ctx, q.Sender(n), way, count, func(seq int) T { return build(i, seq) })
		}
		l.producers = append(l.producers, p)
		l.pipeline.Decls = append(l.pipeline.Decls, p)
	}
	for i := range consumers {
		p := &ProcessDecl{Name: fmt.Sprintf("consume%d", i), Receive: []Decl{q}, Send: []Decl{l.out}}
		p.Main = func(ctx context.Context, n *Node, d *Decoder) error {
			out := l.out.Sender(n)
			return consume(ctx, q.Receiver(n), Get[int](d), func(v T) error {
				s := open(v)
				s.Consumer = i
				return out.Send(ctx, s)
			})
		}
		l.consumers = append(l.consumers, p)
		l.pipeline.Decls = append(l.pipeline.Decls, p)
	}
	Register(l.pipeline)
	return l
}

func produce[T any](ctx context.Context, to *Sender[T], way, count int, build func(int) T) error {
	each := func(send func(T) error, from, step int) error {
		for seq := from; seq < count; seq += step {
			if err := send(build(seq)); err != nil {
				return err
			}
		}
		return nil
	}
	send := func(v T) error { return to.Send(ctx, v) }
	switch way {
	case asLoop, loopByFour:
		return to.SendAll(ctx, func(yield func(T) bool) {
			for seq := range count {
				if !yield(build(seq)) {
					return
				}
			}
		})
	case trying:
		return each(func(v T) error {
			for {
				if err := to.TrySend(v); err != ErrFull {
					return err
				}
				runtime.Gosched()
			}
		}, 0, 1)
	case byFour:
		return four(func(i int) error { return each(send, i, 4) })
	}
	return each(send, 0, 1)
}

func consume[T any](ctx context.Context, from *Receiver[T], way int, take func(T) error) error {
	all := func(int) error {
		for v, err := range from.All(ctx) {
			if err == nil {
				err = take(v)
			}
			if err != nil {
				return err
			}
		}
		return nil
	}
	next := func() (T, error) { return from.Receive(ctx) }
	if way == trying {
		next = func() (v T, err error) {
			for err = error(ErrEmpty); err == ErrEmpty; runtime.Gosched() {
				v, err = from.TryReceive()
			}
			return v, err
		}
	}
	calls := func(int) error {
		for {
			v, err := next()
			if err == ErrClosed {
				return nil
			}
			if err == nil {
				err = take(v)
			}
			if err != nil {
				return err
			}
		}
	}
	switch way {
	case asLoop:
		return all(0)
	case loopByFour:
		return four(all)
	case byFour:
		return four(calls)
	}
	return calls(0)
}

// four runs f in four goroutines and returns the first error.
func four(f func(i int) error) error {
	var wg sync.WaitGroup
	errs := make([]error, 4)
	for i := range errs {
		wg.Go(func() { errs[i] = f(i) })
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// args gives each producer its way and how much it sends, and each consumer its way.
func (l *relay) args(sending, receiving, count int) (args []Arg) {
	for _, p := range l.producers {
		args = append(args, p.With(func(e *Encoder) { Put(e, sending); Put(e, count) }))
	}
	for _, p := range l.consumers {
		args = append(args, p.With(func(e *Encoder) { Put(e, receiving) }))
	}
	return args
}

// inOrder are the ways that keep the order of one producer's items, as a
// consumer sees them.
func inOrder(sending, receiving int) bool {
	return sending != byFour && receiving != byFour && receiving != loopByFour
}

// pass sends count items from each producer and checks what arrives.
func (l *relay) pass(t *testing.T, sending, receiving, count int) {
	r, n := begin(t, l.pipeline, l.args(sending, receiving, count)...)
	ctx := limited(t)
	got := map[seen]int{}
	last := map[[2]int]int{}
	for s, err := range l.out.Receiver(n).All(ctx) {
		require.NoError(t, err)
		if pair := [2]int{s.Producer, s.Consumer}; inOrder(sending, receiving) {
			before, ok := last[pair]
			require.True(t, !ok || before < s.Seq, "item %d of producer %d came after item %d", s.Seq, s.Producer, before)
			last[pair] = s.Seq
		}
		s.Consumer = 0
		got[s]++
	}
	require.NoError(t, r.Wait())
	require.Len(t, got, count*len(l.producers))
	for p := range l.producers {
		for seq := range count {
			require.Equal(t, 1, got[seen{Producer: p, Seq: seq}], "item %d of producer %d", seq, p)
		}
	}
	require.NoError(t, r.Close())
	total := uint64(count * len(l.producers))
	for _, name := range []string{"items", "out"} {
		require.Equal(t, QueueStats{Cap: r.Stats().Queues[name].Cap, Sent: total, Received: total}, r.Stats().Queues[name], name)
	}
	for name, p := range r.Stats().Processes {
		require.Equal(t, ProcessStats{Started: 1}, p.counts(), name)
	}
}

// flat is an item of 64 bytes without a pointer, coded one with a string.
type flat64 struct {
	Producer, Seq int
	Rest          [6]int
}

type parcel struct {
	Producer, Seq int
	Text          string
}

var parcelCodec = Coded(
	func(e *Encoder, p parcel) { Put(e, p.Producer); Put(e, p.Seq); e.String(p.Text) },
	func(d *Decoder) parcel { return parcel{Get[int](d), Get[int](d), d.String()} },
)

func buildFlat(producer, seq int) flat64 {
	return flat64{Producer: producer, Seq: seq, Rest: [6]int{0: seq, 5: ^seq}}
}

func openFlat(v flat64) seen {
	if v.Rest[0] != v.Seq || v.Rest[5] != ^v.Seq {
		return seen{-1, -1, -1}
	}
	return seen{Producer: v.Producer, Seq: v.Seq}
}

func buildParcel(producer, seq int) parcel {
	return parcel{producer, seq, fmt.Sprint(producer, " sends ", seq, string(bytes.Repeat([]byte{'.'}, seq%300)))}
}

func openParcel(v parcel) seen {
	if v != buildParcel(v.Producer, v.Seq) {
		return seen{-1, -1, -1}
	}
	return seen{Producer: v.Producer, Seq: v.Seq}
}

func buildBlob(size int) func(producer, seq int) []byte {
	return func(producer, seq int) []byte {
		b := bytes.Repeat([]byte{byte(seq*7 + producer)}, size)
		b[0], b[1] = byte(producer), byte(seq)
		return b
	}
}

func openBlob(size int) func([]byte) seen {
	return func(b []byte) seen {
		if len(b) != size || !bytes.Equal(b, buildBlob(size)(int(b[0]), int(b[1]))) {
			return seen{-1, -1, -1}
		}
		return seen{Producer: int(b[0]), Seq: int(b[1])}
	}
}

const mib = 1 << 20

var (
	flatSPSC     = newRelay("flat11", &QueueDecl[flat64]{Capacity: 64}, 1, 1, buildFlat, openFlat)
	flatBounded  = newRelay("flat22", &QueueDecl[flat64]{Capacity: 64}, 2, 2, buildFlat, openFlat)
	codedSPSC    = newRelay("coded11", &QueueDecl[parcel]{Capacity: 64, Elem: parcelCodec}, 1, 1, buildParcel, openParcel)
	codedBounded = newRelay("coded22", &QueueDecl[parcel]{Capacity: 64, Elem: parcelCodec}, 2, 2, buildParcel, openParcel)
	singleSPSC   = newRelay("single11", &QueueDecl[flat64]{Capacity: 1}, 1, 1, buildFlat, openFlat)
	singleCoded  = newRelay("single12", &QueueDecl[parcel]{Capacity: 1, Elem: parcelCodec}, 1, 2, buildParcel, openParcel)
	large1       = newRelay("large11", &QueueDecl[[]byte]{Capacity: 64, Elem: Bytes, Bytes: 6 * mib}, 1, 1, buildBlob(mib), openBlob(mib))
	large2       = newRelay("large22", &QueueDecl[[]byte]{Capacity: 64, Elem: Bytes, Bytes: 6 * mib}, 2, 2, buildBlob(mib), openBlob(mib))
	huge         = newRelay("huge11", &QueueDecl[[]byte]{Elem: Bytes}, 1, 1, buildBlob(16*mib), openBlob(16*mib))
	hugeBounded  = newRelay("huge12", &QueueDecl[[]byte]{Elem: Bytes}, 1, 2, buildBlob(16*mib), openBlob(16*mib))
)

func TestEachItemArrivesOnceAndInOrder(t *testing.T) {
	for _, test := range []struct {
		name               string
		relay              *relay
		sending, receiving int
		count              int
	}{
		{"flat one by one", flatSPSC, oneByOne, oneByOne, 5000},
		{"flat in loops", flatSPSC, asLoop, asLoop, 20000},
		{"flat tried", flatSPSC, trying, trying, 3000},
		{"flat by four goroutines", flatSPSC, byFour, byFour, 5000},
		{"flat in four loops", flatSPSC, byFour, loopByFour, 5000},
		{"flat of two to two", flatBounded, oneByOne, oneByOne, 3000},
		{"flat of two to two in loops", flatBounded, asLoop, asLoop, 5000},
		{"flat of two to two tried", flatBounded, trying, trying, 1000},
		{"flat of two to two by four goroutines", flatBounded, byFour, byFour, 3000},
		{"flat of two to two in four loops", flatBounded, byFour, loopByFour, 3000},
		{"coded one by one", codedSPSC, oneByOne, oneByOne, 3000},
		{"coded in loops", codedSPSC, asLoop, asLoop, 5000},
		{"coded in four loops", codedSPSC, byFour, loopByFour, 3000},
		{"coded of two to two", codedBounded, oneByOne, oneByOne, 3000},
		{"coded of two to two in loops", codedBounded, asLoop, asLoop, 3000},
		{"coded of two to two in four loops", codedBounded, byFour, loopByFour, 3000},
		{"one place", singleSPSC, oneByOne, oneByOne, 2000},
		{"one place in loops", singleSPSC, asLoop, asLoop, 2000},
		{"one place, two readers", singleCoded, oneByOne, asLoop, 1000},
		{"one place, eight readers", singleCoded, byFour, loopByFour, 1000},
		{"a MiB each, more than there is room", large1, asLoop, asLoop, 40},
		{"a MiB each, in four loops", large1, byFour, loopByFour, 40},
		{"a MiB each of two to two", large2, asLoop, asLoop, 20},
		{"a MiB each of two to two by four goroutines", large2, byFour, byFour, 20},
		{"16 MiB each", huge, asLoop, asLoop, 6},
		{"16 MiB each to two", hugeBounded, oneByOne, oneByOne, 6},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.relay.pass(t, test.sending, test.receiving, test.count)
		})
	}
}

// echo: the program sends to a process that sends back.
// echoing is a pipeline whose processes send back what the program sends to them.
type echoing struct {
	pipeline *Pipeline
	in, out  *QueueDecl[parcel]
}

func newEcho(name string, instances int) (e echoing) {
	e.in = &QueueDecl[parcel]{Name: "in", Elem: parcelCodec, Capacity: 4, Bytes: mib}
	e.out = &QueueDecl[parcel]{Name: "out", Elem: parcelCodec, Capacity: 4, Bytes: mib}
	p := &ProcessDecl{Name: "echo", Instances: instances, Receive: []Decl{e.in}, Send: []Decl{e.out}}
	p.Main = func(ctx context.Context, n *Node, _ *Decoder) error {
		to := e.out.Sender(n)
		for v, err := range e.in.Receiver(n).All(ctx) {
			if err == nil {
				err = to.Send(ctx, v)
			}
			if err != nil {
				return err
			}
		}
		return nil
	}
	e.pipeline = &Pipeline{Path: "mp.test/" + name, Source: name + ".mp", Decls: []Decl{e.in, e.out, p}, Main: MainDecl{Send: []Decl{e.in}, Receive: []Decl{e.out}}}
	Register(e.pipeline)
	return e
}

var echo, echoes = newEcho("echo", 1), newEcho("echoes", 2)

func TestTheProgramSendsAndReceives(t *testing.T) {
	r, n := begin(t, echo.pipeline)
	in, out, ctx := echo.in.Sender(n), echo.out.Receiver(n), limited(t)
	for i := range 100 {
		require.NoError(t, in.Send(ctx, buildParcel(0, i)))
		v, err := out.Receive(ctx)
		require.NoError(t, err)
		require.Equal(t, buildParcel(0, i), v)
	}
	require.NoError(t, in.Send(ctx, buildParcel(0, 100)))
	in.Close()
	require.ErrorIs(t, in.Send(ctx, parcel{}), ErrClosed)
	v, err := out.Receive(ctx)
	require.NoError(t, err)
	require.Equal(t, 100, v.Seq)
	_, err = out.Receive(ctx)
	require.Equal(t, ErrClosed, err)
	require.NoError(t, r.Wait())
	_, err = out.TryReceive()
	require.ErrorIs(t, err, ErrClosed)
}

func TestItemThatCouldNeverFitIsRefusedAtOnce(t *testing.T) {
	_, n := begin(t, echo.pipeline)
	in, out, ctx := echo.in.Sender(n), echo.out.Receiver(n), limited(t)
	require.ErrorIs(t, in.Send(ctx, parcel{Text: string(make([]byte, mib+1))}), ErrTooBig)
	require.ErrorIs(t, in.TrySend(parcel{Text: string(make([]byte, mib+1))}), ErrTooBig)
	require.EqualError(t, in.TrySend(parcel{Text: string(make([]byte, mib+1))}),
		`queue "in": item too big: it takes more than the 1048576 bytes that one item may have; its setting bytes says how many`)
	require.NoError(t, in.Send(ctx, parcel{Seq: 7, Text: string(make([]byte, mib-100))}))
	v, err := out.Receive(ctx)
	require.NoError(t, err)
	require.Equal(t, 7, v.Seq)
	require.Len(t, v.Text, mib-100)
}

func TestWaitForRoomEndsWithItsContext(t *testing.T) {
	r, n := begin(t, echo.pipeline)
	in, out := echo.in.Sender(n), echo.out.Receiver(n)
	sent := 0
	until(t, "nothing moves any more", func() bool {
		for in.TrySend(buildParcel(0, sent)) == nil {
			sent++
		}
		return r.spsc[1].Room().Any() // who sends back waits for room, too
	})
	require.Equal(t, ErrFull, in.TrySend(buildParcel(0, sent)))
	canceled, cancel := context.WithCancel(context.Background())
	failed := make(chan error)
	for range 3 { // one waits in shared memory, the others behind it
		go func() { failed <- in.Send(canceled, parcel{Seq: -1}) }()
	}
	until(t, "a sender waits", func() bool { return r.bounded[0] == nil && r.spsc[0].Room().Any() })
	cancel()
	for range 3 {
		require.ErrorIs(t, <-failed, context.Canceled)
	}
	in.Close()
	seq := 0 // what failed is not in the queue
	for v, err := range out.All(limited(t)) {
		require.NoError(t, err)
		require.Equal(t, buildParcel(0, seq), v)
		seq++
	}
	require.Equal(t, sent, seq)
	require.NoError(t, r.Wait())
}

func TestWaitForAnItemEndsWithItsContext(t *testing.T) {
	r, n := begin(t, echo.pipeline)
	in, out := echo.in.Sender(n), echo.out.Receiver(n)
	_, err := out.TryReceive()
	require.Equal(t, ErrEmpty, err)
	canceled, cancel := context.WithCancel(context.Background())
	failed := make(chan error, 6)
	for range 3 {
		go func() {
			_, err := out.Receive(canceled)
			failed <- err
		}()
		go func() {
			for _, err := range out.All(canceled) {
				failed <- err
			}
		}()
	}
	until(t, "a receiver waits", func() bool { return r.spsc[1].Items().Any() })
	cancel()
	for range 6 {
		require.ErrorIs(t, <-failed, context.Canceled)
	}
	ctx := limited(t) // none of them took what comes now
	require.NoError(t, in.Send(ctx, buildParcel(0, 1)))
	v, err := out.Receive(ctx)
	require.NoError(t, err)
	require.Equal(t, 1, v.Seq)
}

func TestLeavingALoopFinishesItsItemOnly(t *testing.T) {
	_, n := begin(t, echo.pipeline)
	in, out, ctx := echo.in.Sender(n), echo.out.Receiver(n), limited(t)
	var got []int
	for i := range 4 {
		require.NoError(t, in.Send(ctx, buildParcel(0, i)))
	}
	for range 4 {
		for v, err := range out.All(ctx) {
			require.NoError(t, err)
			got = append(got, v.Seq)
			break
		}
	}
	require.Equal(t, []int{0, 1, 2, 3}, got)
	require.True(t, slices.IsSorted(got))
}

// TestReadersThatHoldItemsKeepNoOtherAwake has two readers that work on an item each
// and a third that waits: it sleeps, and ends with its context.
func TestReadersThatHoldItemsKeepNoOtherAwake(t *testing.T) {
	r, n := begin(t, echo.pipeline)
	in, out, ctx := echo.in.Sender(n), echo.out.Receiver(n), limited(t)
	require.NotNil(t, r.spsc[1])
	for i := range 2 {
		require.NoError(t, in.Send(ctx, buildParcel(0, i)))
	}
	for v, err := range out.All(ctx) {
		require.NoError(t, err)
		require.Equal(t, 0, v.Seq)
		for v, err := range out.All(ctx) {
			require.NoError(t, err)
			require.Equal(t, 1, v.Seq)
			waiting, cancel := context.WithCancel(ctx)
			failed := make(chan error)
			go func() {
				_, err := out.Receive(waiting)
				failed <- err
			}()
			until(t, "the receiver sleeps", func() bool { return r.spsc[1].Items().Any() })
			cancel()
			require.ErrorIs(t, <-failed, context.Canceled)
			break
		}
		break
	}
}

// TestLoopThatIsLeftByAPanicIsLeft has more such loops than a process may have
// side by side, and than there are places in the queue.
func TestLoopThatIsLeftByAPanicIsLeft(t *testing.T) {
	for name, leave := range map[string]func(){
		"panic":  func() { panic("left") },
		"goexit": runtime.Goexit,
	} {
		for _, pipe := range []string{"of one sender", "of several"} {
			t.Run(name+" "+pipe, func(t *testing.T) {
				e := echo
				if pipe == "of several" {
					e = echoes
				}
				r, n := begin(t, e.pipeline)
				in, out, ctx := e.in.Sender(n), e.out.Receiver(n), limited(t)
				require.Equal(t, pipe == "of one sender", r.spsc[1] != nil)
				go func() {
					for i := range 20 {
						if in.Send(ctx, buildParcel(0, i)) != nil {
							return
						}
					}
					in.Close()
				}()
				var got []int
				for range 10 {
					done := make(chan struct{})
					go func() {
						defer close(done)
						defer func() { _ = recover() }()
						for v, err := range out.All(ctx) {
							if err == nil {
								got = append(got, v.Seq)
								leave()
							}
							return
						}
					}()
					within(t, done)
				}
				for range 10 {
					v, err := out.Receive(ctx)
					require.NoError(t, err)
					got = append(got, v.Seq)
				}
				slices.Sort(got)
				require.Equal(t, slices.Collect(upTo(20)), got)
				waited := make(chan error)
				go func() { waited <- r.Wait() }() // and no loop is under way
				require.NoError(t, <-waited)
			})
		}
	}
}

func TestCancelledContextSendsAndReceivesNothing(t *testing.T) {
	r, n := begin(t, echo.pipeline)
	in, out := echo.in.Sender(n), echo.out.Receiver(n)
	canceled, cancel := context.WithCancel(context.Background())
	cancel()
	require.ErrorIs(t, in.Send(canceled, buildParcel(0, 9)), context.Canceled) // though there is room
	require.ErrorIs(t, in.SendAll(canceled, slices.Values([]parcel{buildParcel(0, 9)})), context.Canceled)
	require.NoError(t, in.Send(limited(t), buildParcel(0, 0)))
	until(t, "an item is there", func() bool { return out.Len() == 1 })
	_, err := out.Receive(canceled)
	require.ErrorIs(t, err, context.Canceled)
	v, err := out.Receive(limited(t))
	require.NoError(t, err)
	require.Equal(t, buildParcel(0, 0), v)
	in.Close()
	require.NoError(t, r.Wait())
}
