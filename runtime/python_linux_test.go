package mp

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// What hangs or gets lost in Python when a process ends, and no other test shows. The
// table of all these is that of docs/from-python.md, and the test of that names the
// tests.

// leavers are processes that leave something behind: in a queue, or in a value.
var leavers = func() (s struct {
	pipeline *Pipeline
	leave    *ProcessDecl
	out      *QueueDecl[burden]
	value    *ValueDecl[slab]
	inside   *NumberDecl[int]
}) {
	s.out = &QueueDecl[burden]{Name: "out", Elem: Coded(PutBinary[burden], GetBinary[burden]), Bytes: 8 * mib}
	s.value = &ValueDecl[slab]{Name: "value"}
	s.inside = &NumberDecl[int]{Name: "inside"}
	s.leave = &ProcessDecl{Name: "leave", OnDemand: true, Send: []Decl{s.out}, Uses: []Decl{s.value, s.inside}}
	s.leave.Main = func(ctx context.Context, n *Node, d *Decoder) error {
		how, size := d.String(), Get[int](d)
		switch how {
		case "within a change":
			return s.value.In(n).Update(ctx, func(b *slab) error {
				b.Words[0]++ // and no other
				s.inside.In(n).Store(1)
				select {}
			})
		case "within an item":
			return s.out.Sender(n).Send(ctx, burden{dies: true})
		case "reads":
			text, err := io.ReadAll(os.Stdin)
			if err == nil && len(text) > 0 {
				err = fmt.Errorf("it read %q", text)
			}
			return err
		}
		for range size / kib {
			if err := s.out.Sender(n).Send(ctx, burden{text: bytes.Repeat([]byte{'x'}, kib)}); err != nil {
				return err
			}
		}
		return act(ctx, how)
	}
	s.pipeline = &Pipeline{Path: "mp.test/leavers", Source: "leavers.mp", Decls: []Decl{s.out, s.value, s.inside, s.leave}, Main: MainDecl{Receive: []Decl{s.out}}}
	Register(s.pipeline)
	return s
}()

const kib = 1 << 10

// burden is an item that may kill its sender in the middle of it.
type burden struct {
	text []byte
	dies bool
}

func (b burden) AppendBinary(to []byte) ([]byte, error) {
	if to = append(to, b.text...); b.dies {
		_ = act(context.Background(), "kill")
	}
	return to, nil
}

func (b burden) MarshalBinary() ([]byte, error) { return b.AppendBinary(nil) }

func (b *burden) UnmarshalBinary(text []byte) error {
	b.text = bytes.Clone(text)
	return nil
}

func leave(t *testing.T, r *Run, how string, size int) *Process {
	t.Helper()
	p, err := leavers.leave.Spawn(limited(t), r, func(e *Encoder) { e.String(how); Put(e, size) })
	require.NoError(t, err)
	return p
}

// A process has no input, whatever that of the program is.
func TestInputIsTheProgramsAlone(t *testing.T) {
	cmd := program(t, "input")
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	_, err = io.WriteString(in, "for the program\n") // and it stays open
	require.NoError(t, err)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err)
	require.Equal(t, "for the program\n", string(out))
}

func init() {
	programs["input"] = func() {
		r, _, err := Start(context.Background(), leavers.pipeline, nil)
		if err != nil {
			panic(err)
		}
		defer r.Close()
		p, err := leavers.leave.Spawn(context.Background(), r, func(e *Encoder) { e.String("reads"); Put(e, 0) })
		if err == nil {
			err = p.Wait(context.Background())
		}
		if err != nil {
			panic(err)
		}
		line := make([]byte, 16)
		io.ReadFull(os.Stdin, line)
		fmt.Print(string(line))
	}
}

func TestWaitForAProcessEndsWithItsContext(t *testing.T) {
	r, _ := begin(t, leavers.pipeline)
	p := leave(t, r, "obey", 0)
	began := time.Now()
	short, cancel := context.WithTimeout(limited(t), 20*time.Millisecond)
	defer cancel()
	require.Equal(t, context.DeadlineExceeded, p.Wait(short))
	require.GreaterOrEqual(t, time.Since(began), 20*time.Millisecond)
	require.Equal(t, context.DeadlineExceeded, p.Wait(short), "at once")
	require.Less(t, time.Since(began), soon)
	require.NoError(t, p.Err(), "it runs")
	require.NoError(t, p.Stop(limited(t)))
	within(t, p.Done())
}

// In Python join hangs, as the child waits for its feeder thread and that for a reader.
func TestEndOfAProcessDoesNotWaitForReaders(t *testing.T) {
	r, n := begin(t, leavers.pipeline)
	p, began := leave(t, r, "return", mib), time.Now()
	require.NoError(t, p.Wait(limited(t)))
	require.Less(t, time.Since(began), soon)
	in := leavers.out.Receiver(n)
	for range mib / kib {
		_, err := in.TryReceive()
		require.NoError(t, err)
	}
	_, err := in.TryReceive()
	require.ErrorIs(t, err, ErrEmpty)
}

// In Python the item is lost, and the queue says for ever that it has one.
func TestWhatWasSentBeforeASuddenEndArrives(t *testing.T) {
	for _, how := range []string{"exit", "panic", "kill"} {
		t.Run(how, func(t *testing.T) {
			r, n := begin(t, leavers.pipeline)
			p, began := leave(t, r, how, 5*kib), time.Now()
			died(t, p.Wait(limited(t)))
			in := leavers.out.Receiver(n)
			require.Equal(t, 5, in.Len())
			for range 5 {
				_, err := in.Receive(limited(t))
				require.NoError(t, err)
			}
			require.Zero(t, in.Len())
			require.Less(t, time.Since(began), soon)
		})
	}
}

// In Python poll says that there is something, and recv hangs.
func TestDeathInTheMiddleOfAnItemLeavesNone(t *testing.T) {
	r, n := begin(t, leavers.pipeline)
	p, began := leave(t, r, "within an item", 0), time.Now()
	in := leavers.out.Receiver(n)
	ready := in.Ready()
	require.Equal(t, syscall.SIGKILL, died(t, p.Wait(limited(t))).Signal)
	select {
	case <-ready:
		t.Error("a token for no item")
	default:
	}
	_, err := in.TryReceive()
	require.ErrorIs(t, err, ErrEmpty)
	require.NoError(t, leave(t, r, "return", kib).Wait(limited(t))) // the next one's is whole
	item, err := in.Receive(limited(t))
	require.NoError(t, err)
	require.Len(t, item.text, kib)
	require.Less(t, time.Since(began), soon)
}

// In Python even reading a value hangs when a process was killed that changed it.
func TestDeathInTheMiddleOfAChangeOfAValueIsNone(t *testing.T) {
	r, n := begin(t, leavers.pipeline)
	value := leavers.value.In(n)
	require.NoError(t, value.Store(limited(t), slabOf(7)))
	p := leave(t, r, "within a change", 0)
	until(t, "it changes the value", func() bool { return leavers.inside.In(n).Load() == 1 })
	began := time.Now()
	p.Kill()
	died(t, p.Wait(limited(t)))
	b, err := value.Load(limited(t))
	require.NoError(t, err)
	require.Equal(t, slabOf(7), b)
	require.NoError(t, value.Store(limited(t), slabOf(8)), fmt.Sprint("after ", time.Since(began)))
	require.Less(t, time.Since(began), soon)
}
