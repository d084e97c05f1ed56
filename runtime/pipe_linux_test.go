package mp

import (
	"bytes"
	"context"
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Where a test stands for those of CPython, it names their class.

// large is a message that says whether it is whole.
func large(size, seed int) []byte {
	b := make([]byte, size)
	for i := range b {
		b[i] = byte(i*7 + i>>8 + seed)
	}
	return b
}

// _TestConnection: echo, a message of 16 MiB, an empty one, and the end.
func TestPipeCarriesMessagesOfAnySize(t *testing.T) {
	r, n := begin(t, freight.pipeline, freight.with("echo"))
	line, ctx := freight.line.In(n), limited(t)
	for i, size := range []int{0, 1, 200, 256, 257, 100_000, 16 << 20, 3, 16 << 20, 0} {
		sent := large(size, i)
		require.NoError(t, line.Send(ctx, sent))
		got, err := line.Receive(ctx)
		require.NoError(t, err)
		require.True(t, bytes.Equal(sent, got), "message %d, of %d bytes", i, size)
	}
	require.ErrorIs(t, line.Send(ctx, make([]byte, 65<<20)), ErrTooBig)
	line.Close()
	require.ErrorIs(t, line.Send(ctx, nil), ErrClosed)
	_, err := line.Receive(ctx)
	require.Equal(t, ErrClosed, err)
	require.NoError(t, r.Wait())
}

// _TestPoll: to look takes nothing, messages are never put together or taken apart,
// and empty ones count.
func TestPollTakesNothing(t *testing.T) {
	r, n := begin(t, freight.pipeline, freight.with("once"))
	line, ctx := freight.line.In(n), limited(t)
	require.False(t, line.Poll())
	sizes := []int{0, 5, 0, 0, 1 << 20, 0}
	for i, size := range sizes {
		require.NoError(t, line.Send(ctx, large(size, i)))
	}
	until(t, "all have come", func() bool { return line.Len() == len(sizes) })
	for i, size := range sizes {
		for range 3 {
			require.True(t, line.Poll())
		}
		got, err := line.TryReceive()
		require.NoError(t, err)
		require.True(t, bytes.Equal(large(size, i), got), "message %d", i)
	}
	_, err := line.TryReceive()
	require.Equal(t, ErrEmpty, err)
	require.False(t, line.Poll())
	line.Close()
	within(t, line.Ready())
	require.True(t, line.Poll(), "the end is something to receive")
	require.NoError(t, r.Wait())
}

// Python's recv hangs when its peer dies in the middle of a message.
func TestPipeTellsOfADeathInTheMiddleOfAMessage(t *testing.T) {
	for i := range 5 {
		_, n := begin(t, freight.pipeline, freight.with("pour"))
		line, ctx := freight.line.In(n), limited(t)
		first, err := line.Receive(ctx)
		require.NoError(t, err)
		var pid int
		fmt.Sscan(string(first), &pid)
		for range i {
			_, err := line.Receive(ctx)
			require.NoError(t, err)
		}
		time.Sleep(time.Duration(i) * 3 * time.Millisecond) // anywhere in a message
		require.NoError(t, syscall.Kill(pid, syscall.SIGKILL))
		killed, whole := time.Now(), i
		for b, err := range line.All(ctx) {
			if err != nil {
				var died *Died
				require.ErrorAs(t, err, &died)
				require.Equal(t, syscall.SIGKILL, died.Signal)
				break
			}
			require.True(t, bytes.Equal(large(16<<20, whole), b), "message %d is whole", whole)
			whole++
		}
		require.Less(t, time.Since(killed), time.Second+busyMachine)
		err = line.Send(ctx, nil)
		require.ErrorIs(t, err, ErrClosed)
		require.ErrorAs(t, err, new(*Died))
	}
}

// Who waits for room is told of the other end's death, too.
func TestPipeTellsASenderOfADeath(t *testing.T) {
	r, n := begin(t, freight.pipeline, freight.with("idle"))
	line, ctx := freight.line.In(n), limited(t)
	failed := make(chan error, 1)
	go func() {
		for {
			if err := line.Send(ctx, large(16<<20, 0)); err != nil {
				failed <- err
				return
			}
		}
	}()
	until(t, "it waits for room", func() bool { return line.Sender.Len() == 3 })
	slay(t, r.memberOf("carry", 0))
	err := <-failed
	require.ErrorIs(t, err, ErrClosed)
	require.ErrorAs(t, err, new(*Died))
}

// What a process had received and not done comes again to the one in its place.
func TestPipeGoesOnWithAProcessThatIsStartedAgain(t *testing.T) {
	r, n := begin(t, steady.pipeline)
	line, ctx := steady.line.In(n), limited(t)
	go func() {
		for i := range 100 {
			if line.Send(ctx, i) != nil {
				return
			}
		}
		line.Close()
	}()
	next := 0
	for v, err := range line.All(ctx) {
		require.NoError(t, err)
		require.LessOrEqual(t, v, next, "none is lost")
		next = max(next, v+1)
	}
	require.Equal(t, 100, next)
	require.NoError(t, r.Wait())
	require.Equal(t, 4, r.Stats().Processes["answer"].Restarts)
}

// TestWait: whatever can be waited for, many at once in one select.
func TestSelectOverEverythingLosesNothing(t *testing.T) {
	for _, engine := range columns {
		t.Run(engine, func(t *testing.T) {
			t.Setenv(EngineVariable, engine)
			r, n := begin(t, crossroads.pipeline)
			ctx := limited(t)
			var ends []<-chan struct{}
			for _, p := range r.Processes() {
				if p.Name() == "brief" {
					ends = append(ends, p.Done())
				}
			}
			require.Len(t, ends, 1)
			crossroads.seen.In(n).Set()
			one, two, jobs := crossroads.one.In(n), crossroads.two.In(n), crossroads.jobs.Receiver(n)
			set, brief, timer := crossroads.flag.In(n).Done(), ends[0], time.After(20*time.Millisecond)
			got, events, ended := map[string]int{}, 0, map[string]bool{}
			ready := func(name string, ask func() <-chan struct{}) <-chan struct{} {
				if ended[name] {
					return nil
				}
				return ask()
			}
			take := func(name string, from func() (int, error)) {
				switch v, err := from(); err {
				case ErrEmpty:
				case ErrClosed:
					ended[name] = true
				default:
					require.NoError(t, err)
					require.Equal(t, got[name], v, name)
					got[name]++
				}
			}
			for len(ended) < 3 || events < 3 {
				select {
				case <-ready("one", one.Ready):
					take("one", one.TryReceive)
				case <-ready("two", two.Ready):
					take("two", two.TryReceive)
				case <-ready("jobs", jobs.Ready):
					take("jobs", jobs.TryReceive)
				case <-set:
					set, events = nil, events+1
				case <-brief:
					brief, events = nil, events+1
				case <-timer:
					timer, events = nil, events+1
				case <-ctx.Done():
					require.NoError(t, ctx.Err(), "got %v and %d events", got, events)
				}
			}
			require.Equal(t, map[string]int{"one": perRoad, "two": perRoad, "jobs": perRoad}, got)
			require.NoError(t, r.Wait())
		})
	}
}

// freight: a process carries messages of any size, as it is told.
var freight = func() (s struct {
	pipeline *Pipeline
	line     *PipeDecl[[]byte]
	with     func(string) Arg
}) {
	s.line = &PipeDecl[[]byte]{Name: "line", Elem: Bytes, Capacity: 8, Main: true}
	carry := &ProcessDecl{Name: "carry", Uses: []Decl{s.line}}
	carry.Main = func(ctx context.Context, n *Node, d *Decoder) error {
		line := s.line.In(n)
		switch how := d.String(); how {
		case "pour":
			if err := line.Send(ctx, fmt.Append(nil, syscall.Getpid())); err != nil {
				return err
			}
			for i := 0; ; i++ {
				if err := line.Send(ctx, large(16<<20, i)); err != nil {
					return err
				}
			}
		case "idle":
			<-ctx.Done()
			return nil
		default:
			for b, err := range line.All(ctx) {
				if err != nil {
					return err
				}
				if err := line.Send(ctx, b); err != nil {
					return err
				}
			}
			return nil
		}
	}
	s.with = func(how string) Arg { return carry.With(func(e *Encoder) { e.String(how) }) }
	s.pipeline = &Pipeline{Path: "mp.test/freight", Source: "freight.mp", Decls: []Decl{s.line, carry}}
	Register(s.pipeline)
	return s
}()

// steady: a process answers, dies of every twentieth number at its first sight, and
// is started again.
var steady = func() (s struct {
	pipeline *Pipeline
	line     *PipeDecl[int]
}) {
	s.line = &PipeDecl[int]{Name: "line", Capacity: 8, Main: true}
	fatal := &NumberDecl[int]{Name: "fatal"}
	answer := &ProcessDecl{Name: "answer", Restart: OnFailure, Uses: []Decl{s.line, fatal}}
	answer.Main = func(ctx context.Context, n *Node, _ *Decoder) error {
		line := s.line.In(n)
		for v, err := range line.All(ctx) {
			if err != nil {
				return err
			}
			if v > 0 && v%20 == 0 && fatal.In(n).Load() < v {
				fatal.In(n).Store(v)
				syscall.Kill(syscall.Getpid(), syscall.SIGKILL)
				select {}
			}
			if err := line.Send(ctx, v); err != nil {
				return err
			}
		}
		return nil
	}
	s.pipeline = &Pipeline{Path: "mp.test/steady", Source: "steady.mp", Decls: []Decl{s.line, fatal, answer}}
	Register(s.pipeline)
	return s
}()

const perRoad = 500 // items of each kind at the crossroads

// crossroads: the program hears of two pipes, a queue, an event, and the end of a process.
var crossroads = func() (s struct {
	pipeline *Pipeline
	one, two *PipeDecl[int]
	jobs     *QueueDecl[int]
	flag     *EventDecl
	seen     *EventDecl // the program has the handle of brief
}) {
	s.one, s.two = &PipeDecl[int]{Name: "one", Capacity: 16, Main: true}, &PipeDecl[int]{Name: "two", Capacity: 1, Main: true}
	s.jobs, s.flag = &QueueDecl[int]{Name: "jobs", Capacity: 16}, &EventDecl{Name: "flag"}
	s.seen = &EventDecl{Name: "seen"}
	count := func(ctx context.Context, to interface {
		Send(context.Context, int) error
	}) error {
		for i := range perRoad {
			if err := to.Send(ctx, i); err != nil {
				return err
			}
		}
		return nil
	}
	s.pipeline = &Pipeline{Path: "mp.test/crossroads", Source: "crossroads.mp", Main: MainDecl{Receive: []Decl{s.jobs}},
		Decls: []Decl{s.one, s.two, s.jobs, s.flag, s.seen,
			&ProcessDecl{Name: "first", Uses: []Decl{s.one}, Main: func(ctx context.Context, n *Node, _ *Decoder) error { return count(ctx, s.one.In(n)) }},
			&ProcessDecl{Name: "second", Uses: []Decl{s.two}, Main: func(ctx context.Context, n *Node, _ *Decoder) error { return count(ctx, s.two.In(n)) }},
			&ProcessDecl{Name: "third", Uses: []Decl{s.flag}, Send: []Decl{s.jobs}, Main: func(ctx context.Context, n *Node, _ *Decoder) error {
				s.flag.In(n).Set()
				return count(ctx, s.jobs.Sender(n))
			}},
			&ProcessDecl{Name: "brief", Uses: []Decl{s.flag, s.seen}, Main: func(ctx context.Context, n *Node, _ *Decoder) error {
				if err := s.seen.In(n).Wait(ctx); err != nil {
					return err
				}
				return s.flag.In(n).Wait(ctx)
			}},
		}}
	Register(s.pipeline)
	return s
}()
