package mp

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mpgen/mpgen/runtime/internal/proc"
)

// The conformance suite says what a program may rely on, engine by engine: each
// row of the table is a test, which runs on each engine. The manual has the same
// table, and TestManualHasTheTableOfEngines holds it to this one.

// promise is a row.
type promise struct {
	text string
	on   [3]string // what holds on each engine, in the order of columns
	test func(*trial)
}

var columns = [...]string{"processes", "goroutines", "inline"}

// trial is a test of one promise on one engine.
type trial struct {
	*testing.T
	engine string
	holds  string // what the table says
}

const (
	yes       = "yes"
	abandoned = "it is abandoned: it counts as dead, its handles refuse, and it runs on until it returns"
)

func all(says string) [3]string { return [3]string{says, says, says} }

var promises = []promise{
	{"Items arrive in the order of sending, each once", all(yes), (*trial).order},
	{"What arrives is a copy", all(yes), (*trial).copies},
	{"A full queue makes senders wait", all(yes), (*trial).full},
	{"A queue that spills keeps no sender waiting, and is full when its spill is", all(yes), (*trial).spill},
	{"A queue ends with its senders; the error of one that failed comes last", all(yes), (*trial).end},
	{"A cycle of queues ends when no work is left in it", all(yes), (*trial).cycle},
	{"The queues of a run that an error stops end with that error", all(yes), (*trial).stopped},
	{"A pipe carries items both ways, those too that were sent before an end", all(yes), (*trial).pipe},
	{"A pipe tells of the death at its other end at once", all(yes), (*trial).pipeDeath},
	{"A call returns what the function returned; errors keep their identity", all(yes), (*trial).call},
	{"A panic costs its process, and comes as `*mp.Died` with text and stack", all(yes), (*trial).panics},
	{"A process is started again as often as it says", all(yes), (*trial).restart},
	{"Processes start processes, and have handles of them", all(yes), (*trial).tree},
	{"What a process has started goes on when that returns, and is stopped when that fails or dies", all(yes), (*trial).starters},
	{"A queue ends when nobody is left who could start one that sends to it", all(yes), (*trial).gather},
	{"`mp.Self` tells which process calls it", all(yes), (*trial).self},
	{"A task is tried again after its worker's death", all(yes), (*trial).retry},
	{"A function that takes batches gets what has come; each task has its own result, or the error of all", all(yes), (*trial).batch},
	{"A task that kills its worker costs those of its batch one attempt", all(yes), (*trial).poison},
	{"A batch is cancelled when nobody waits for any of its tasks", all(yes), (*trial).batchCancelled},
	{"A worker does as many tasks at once as it may, and answers as they end", all(yes), (*trial).concurrent},
	{"One of several tasks at once is cancelled without the others", all(yes), (*trial).concurrentCancelled},
	{"A task that kills its worker costs those beside it one attempt", all(yes), (*trial).crewPoison},
	{"New calls go on while those that were with a dead worker are tried again, and keep none of them waiting for ever", all(yes), (*trial).deathAside},
	{"A worker that is ended for one task costs those beside it none", [3]string{"it is killed", abandoned, abandoned}, (*trial).crewStuck},
	{"A Map goes no further ahead than its `Ahead`", all(yes), (*trial).ahead},
	{"A worker that does not make its object in time is stopped, and another tries", all(yes), (*trial).opening},
	{"What starts warm starts when it is needed, whatever its spares do", all(yes), (*trial).warm},
	{"A stage loses and doubles nothing, whatever its workers die of", all(yes), (*trial).stage},
	{"Deadlines and cancelling reach the function's context", all(yes), (*trial).cancelled},
	{"A function that does not heed its context is ended after its grace",
		[3]string{"it is killed", abandoned, abandoned}, (*trial).stuck},
	{"`Close` returns within the grace, whatever runs", all(yes), (*trial).closes},
	{"`Shutdown` loses nothing", all(yes), (*trial).shutdown},
	{"`Shutdown`, `Close` and a sender's `Close` end though the program waits for room in a queue", all(yes), (*trial).sending},
	{"A lock keeps processes apart, and waits no longer than its context", all(yes), (*trial).lock},
	{"A process that ends with a lock is told to all who lock it, until one repairs", all(yes), (*trial).left},
	{"A semaphore lets in as many as it has permits; those of a dead process come back", all(yes), (*trial).semaphore},
	{"An event wakes all who wait for it, and a dead one hinders nobody", all(yes), (*trial).event},
	{"A barrier lets its parties go on together; the death of one breaks it", all(yes), (*trial).barrier},
	{"A condition wakes as many as it is told; a dead process uses up no notification", all(yes), (*trial).condition},
	{"An rwlock lets in many readers or one writer; a death of a writer is told", all(yes), (*trial).rwlock},
	{"An rlock is taken again by its context", all(yes), (*trial).rlock},
	{"An update of a dict, list or set is done once or not at all, whoever dies", all(yes), (*trial).managed},
	{"A block goes with its item, and is freed with its last holder, whoever dies", all(yes), (*trial).blocks},
	{"A call lends the blocks of its arguments, and its caller has them after it", all(yes), (*trial).lentToCalls},
	{"What a killed process has of blocks comes back at once", [3]string{yes, "when what was abandoned returns", "when what was abandoned returns"}, (*trial).orphaned},
	{"Nobody sees a value half changed", all(yes), (*trial).value},
	{"Values, arrays, dicts, lists and sets keep their contents after `Close`", all(yes), (*trial).afterwards},
	{"Processes run at the same time", [3]string{yes, yes, "one at a time, until it waits or sleeps"}, (*trial).together},
	{"A wait costs no thread", all(yes), (*trial).threads},
	{"Package variables are each process's own", [3]string{yes, "all share them", "all share them"}, (*trial).variables},
	{"A write to an array that is declared `read` is a fault", [3]string{yes, "no", "no"}, (*trial).readOnly},
	{"`os.Exit`, a fault or a fatal error ends one process", [3]string{yes, "it ends the program", "it ends the program"}, (*trial).exit},
	{"The tasks of a Map run one after the other, in the order of the inputs", [3]string{"no", "no", yes}, (*trial).inOrder},
	{"Runs repeat exactly", [3]string{"no", "no", yes}, (*trial).repeats},
	{"Processes that all wait for each other", [3]string{"wait", "wait", "each get `*mp.Deadlock`"}, (*trial).deadlock},
	{"`start warm` keeps spare processes", [3]string{yes, "there are none", "there are none"}, (*trial).spares},
	{"`mp.Main()` is needed", [3]string{yes, "no", "no"}, (*trial).main},
	{"`worker { memory }` is a bound", [3]string{yes, "no", "no"}, (*trial).memory},
	{"`worker { env, dir, nice, cpus }` is what a process is born into", [3]string{yes, "the program's hold", "the program's hold"}, (*trial).surroundings},
}

func TestEnginesKeepTheirPromises(t *testing.T) {
	for i, engine := range columns {
		t.Run(engine, func(t *testing.T) {
			if engine == "processes" && !proc.Supported {
				t.Skip("this system has no process engine")
			}
			for _, p := range promises {
				t.Run(strings.ReplaceAll(p.text, "`", ""), func(t *testing.T) {
					t.Setenv(EngineVariable, engine)
					noLeaks(t)
					t.Cleanup(unstick)
					p.test(&trial{T: t, engine: engine, holds: p.on[i]})
				})
			}
		})
	}
}

func TestUnknownEngineIsRefused(t *testing.T) {
	t.Setenv(EngineVariable, "threads")
	_, _, err := Start(context.Background(), office.pipeline, []Option{Goroutines()})
	require.EqualError(t, err, `start office.mp: MP_ENGINE names the engine "threads", want one of goroutines, inline, processes`)
}

func TestManualHasTheTableOfEngines(t *testing.T) {
	page, err := os.ReadFile("../docs/runtime.md")
	require.NoError(t, err)
	table := "| | " + strings.Join(columns[:], " | ") + " |\n|---" + strings.Repeat("|---", len(columns)) + "|\n"
	for _, p := range promises {
		table += "| " + p.text + " | " + strings.Join(p.on[:], " | ") + " |\n"
	}
	require.Contains(t, string(page), table)
}

// start starts a pipeline on the trial's engine.
func (t *trial) start(p *Pipeline, args ...Arg) (*Run, *Node) {
	t.Helper()
	r, n, err := Start(context.Background(), p, []Option{NoSignals()}, args...)
	require.NoError(t, err)
	t.Cleanup(func() {
		r.Close()
		require.Zero(t, r.Stats().Rescued, "wake-ups that got lost")
	})
	return r, n
}

func (t *trial) order() {
	r, n := t.start(speech.pipeline, speak(500, "return", 0))
	i := 0
	for v, err := range speech.said.Receiver(n).All(limited(t)) {
		require.NoError(t, err)
		require.Equal(t, fmt.Sprint(i), v[0])
		i++
	}
	require.Equal(t, 500, i)
	require.NoError(t, r.Wait())
	require.Equal(t, QueueStats{Cap: 8, Sent: 500, Received: 500}, r.Stats().Queues["said"])
}

func (t *trial) copies() {
	_, n := t.start(speech.pipeline, speak(2, "return", 0))
	in := speech.said.Receiver(n)
	first, err := in.Receive(limited(t))
	require.NoError(t, err)
	first[1] = "changed"
	second, err := in.Receive(limited(t))
	require.NoError(t, err)
	require.Equal(t, []string{"0", "changed"}, first)
	require.Equal(t, []string{"1", "same"}, second)
}

func (t *trial) full() {
	r, n := t.start(throng.pipeline)
	out := throng.in.Sender(n)
	for range throngSize {
		require.NoError(t, out.Send(limited(t), 1))
	}
	require.NoError(t, r.Wait())
	require.ErrorIs(t, out.Send(limited(t), 1), ErrClosed)

	r, n = t.start(speech.pipeline, speak(100, "return", 0))
	until(t, "the queue is full", func() bool { return r.Stats().Queues["said"].Len == 8 })
	for _, err := range speech.said.Receiver(n).All(limited(t)) {
		require.NoError(t, err)
	}
	require.NoError(t, r.Wait())
}

func (t *trial) end() {
	r, n := t.start(speech.pipeline, speak(3, "return", 0))
	in := speech.said.Receiver(n)
	for range 3 {
		_, err := in.Receive(limited(t))
		require.NoError(t, err)
	}
	_, err := in.Receive(limited(t))
	require.Equal(t, ErrClosed, err)
	require.NoError(t, r.Wait())

	r, n = t.start(speech.pipeline, speak(0, "fail", 0))
	for _, err = range speech.said.Receiver(n).All(limited(t)) {
		require.Error(t, err)
	}
	require.ErrorIs(t, err, errActed)
	require.ErrorIs(t, r.Wait(), errActed)
}

// strike is a source that stops well when it is told to, a reader that wants to see
// the end, and one who fails.
var strike = func() (s struct {
	pipeline *Pipeline
	well     *NumberDecl[int]
	badly    *NumberDecl[int]
}) {
	work := &QueueDecl[int]{Name: "work"}
	s.well, s.badly = &NumberDecl[int]{Name: "well"}, &NumberDecl[int]{Name: "badly"}
	source := &ProcessDecl{Name: "work on", Send: []Decl{work}, Main: func(ctx context.Context, n *Node, _ *Decoder) error {
		for i := 0; ctx.Err() == nil; i++ {
			_ = work.Sender(n).Send(ctx, i)
		}
		return nil
	}}
	reader := &ProcessDecl{Name: "watch", Receive: []Decl{work}, Uses: []Decl{s.well, s.badly}, Main: func(_ context.Context, n *Node, _ *Decoder) error {
		for _, err := range work.Receiver(n).All(context.Background()) {
			if errors.Is(err, errActed) {
				s.badly.In(n).Add(1)
				return nil
			}
		}
		s.well.In(n).Add(1)
		return nil
	}}
	fails := &ProcessDecl{Name: "fail", Main: func(context.Context, *Node, *Decoder) error { return errActed }}
	s.pipeline = &Pipeline{Path: "mp.test/conform/strike", Source: "strike.mp", Decls: []Decl{work, s.well, s.badly, source, reader, fails}}
	Register(s.pipeline)
	return s
}()

func (t *trial) stopped() {
	r, n := t.start(strike.pipeline)
	require.ErrorIs(t, r.Wait(), errActed)
	require.Zero(t, strike.well.In(n).Load())
}

func (t *trial) call() {
	_, n := t.start(office.pipeline)
	serve := office.serve.Pool(n)
	answer, err := serve.Call(limited(t), order{how: "return"})
	require.NoError(t, err)
	require.Equal(t, "served return", answer)
	_, err = serve.Call(limited(t), order{how: "fail"})
	var remote *Remote
	require.ErrorAs(t, err, &remote)
	require.Equal(t, "as told: it acted", remote.Text)
	require.ErrorIs(t, err, errActed)
	i := 0
	for answer, err := range serve.Map(limited(t), func(yield func(order) bool) {
		for i := range 500 {
			if !yield(order{how: []string{"return", "fail"}[i%2]}) {
				return
			}
		}
	}) {
		require.Equal(t, i%2 == 1, errors.Is(err, errActed))
		if err == nil {
			require.Equal(t, "served return", answer)
		}
		i++
	}
	require.Equal(t, 500, i)
}

func (t *trial) panics() {
	r, n := t.start(office.pipeline)
	_, err := office.serve.Pool(n).Call(limited(t), order{how: "panic"})
	var e *Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, "serve", e.Name)
	require.Equal(t, 2, e.Attempts)
	var died *Died
	require.ErrorAs(t, err, &died)
	require.Equal(t, 2, died.Exit)
	require.Regexp(t, `^panic: as told\n\ngoroutine \d+ \[running\]:\n`, died.Panic)
	require.Contains(t, died.Panic, "runtime.perform(")
	require.Contains(t, died.Error(), "panic: as told")
	require.EqualValues(t, 1, r.Stats().Pools["serve"].Failed)
	answer, err := office.serve.Pool(n).Call(limited(t), order{how: "return"})
	require.NoError(t, err)
	require.Equal(t, "served return", answer)
}

func (t *trial) restart() {
	r, n := t.start(speech.pipeline, speak(1, "panic", 3))
	for _, err := range speech.said.Receiver(n).All(limited(t)) {
		require.NoError(t, err)
	}
	require.NoError(t, r.Wait())
	require.Equal(t, ProcessStats{Started: 3, Failed: 2, Restarts: 2}, r.Stats().Processes["speak"].counts())

	r, _ = t.start(speech.pipeline, speak(0, "panic", 4))
	var died *Died
	require.ErrorAs(t, r.Wait(), &died)
	require.Equal(t, 3, r.Stats().Processes["speak"].Started)
}

func (t *trial) retry() {
	r, n := t.start(office.pipeline)
	answer, err := office.serve.Pool(n).Call(limited(t), order{"panic once", t.TempDir() + "/once"})
	require.NoError(t, err)
	require.Equal(t, "done at last", answer)
	s := r.Stats().Pools["serve"]
	require.EqualValues(t, 1, s.Retried)
	require.EqualValues(t, 1, s.Restarts)
}

func (t *trial) ahead() {
	_, n := t.start(office.pipeline)
	for _, most := range []int{1, 3, 100} {
		read, had := 0, 0
		input := func(yield func(order) bool) {
			for read < 300 {
				read++
				if !yield(order{how: "return"}) {
					return
				}
			}
		}
		for _, err := range office.serve.Pool(n).Ahead(most).Map(limited(t), input) {
			require.NoError(t, err)
			had++
			require.Less(t, read-had, most)
		}
		require.Equal(t, 300, had)
		read, had = 0, 0
		for r := range office.serve.Pool(n).Ahead(most).MapUnordered(limited(t), input) {
			require.NoError(t, r.Err)
			had++
			require.Less(t, read-had, most)
		}
		require.Equal(t, 300, had)
	}
}

func (t *trial) inOrder() {
	_, n := t.start(diary.pipeline)
	noted = nil
	in := make([]int, 200)
	for i := range in {
		in[i] = i
	}
	out, err := Collect(diary.note.Pool(n).Map(limited(t), slices.Values(in)))
	require.NoError(t, err)
	require.Equal(t, in, out)
	if t.holds == yes {
		require.Equal(t, in, noted)
	}
}

func (t *trial) stage() {
	const count = 2000
	r, n := t.start(belt.pipeline, counts(count))
	got, done := map[int]int{}, [2]uint64{}
	for v, err := range belt.twice.Receiver(n).All(limited(t)) {
		require.NoError(t, err)
		if got[v]++; len(got)%100 != 0 {
			continue
		}
		for i := range done { // one that has got to work since the last time
			m := r.memberOf("double", i)
			if now := m.report.Done.Load(); now > done[i] {
				done[i] = now
				m.kill(nil)
				break
			}
		}
	}
	require.Equal(t, count, len(got))
	for v, times := range got {
		require.Equal(t, 1, times, v)
	}
	require.NoError(t, r.Wait())
	require.Positive(t, r.Stats().Pools["double"].Restarts)
}

// memberOf is a process by its name.
func (r *Run) memberOf(name string, index int) *member {
	for _, m := range r.members {
		if m.slot.name == name && m.slot.index == index {
			return m
		}
	}
	panic("no process " + name)
}

func (t *trial) cancelled() {
	_, n := t.start(office.pipeline)
	file := t.TempDir() + "/begun"
	task := office.serve.Pool(n).Go(limited(t), order{"obey", file})
	until(t, "it has begun", func() bool { _, err := os.Stat(file); return err == nil })
	task.Cancel()
	_, err := task.Wait(limited(t))
	require.ErrorIs(t, err, context.Canceled)
	ctx, cancel := context.WithTimeout(limited(t), 20*time.Millisecond)
	defer cancel()
	_, err = office.serve.Pool(n).Call(ctx, order{"obey", file})
	require.ErrorIs(t, err, context.DeadlineExceeded)
	for range 2 { // nobody was killed for it
		_, err = office.serve.Pool(n).Call(limited(t), order{how: "return"})
		require.NoError(t, err)
	}
}

func (t *trial) stuck() {
	r, n := t.start(office.pipeline)
	file := t.TempDir() + "/begun"
	ctx, cancel := context.WithCancel(limited(t))
	task := office.serve.Pool(n).Go(ctx, order{"stuck", file})
	until(t, "it has begun", func() bool { _, err := os.Stat(file); return err == nil })
	cancel()
	_, err := task.Wait(limited(t))
	require.ErrorIs(t, err, context.Canceled)
	until(t, "there is another worker", func() bool { return r.Stats().Pools["serve"].Restarts == 1 })
	for range 2 {
		_, err = office.serve.Pool(n).Call(limited(t), order{how: "return"})
		require.NoError(t, err)
	}
	left := map[bool]uint64{true: 0, false: 1}[t.holds == "it is killed"]
	require.Equal(t, left, r.Stats().Abandoned)
}

func (t *trial) closes() {
	r, n := t.start(speech.pipeline, speak(1, "stuck", 0))
	_, err := speech.said.Receiver(n).Receive(limited(t))
	require.NoError(t, err)
	starts := speech.starts.In(n)
	began := time.Now()
	require.NoError(t, r.Close())
	require.Less(t, time.Since(began), 5*time.Second)
	_, err = speech.said.Receiver(n).Receive(limited(t))
	require.ErrorIs(t, err, ErrClosed)
	require.Equal(t, 1, starts.Load(), "numbers stay readable")
}

func (t *trial) shutdown() {
	r, n := t.start(belt.pipeline, counts(-1))
	in := belt.twice.Receiver(n)
	_, err := in.Receive(limited(t))
	require.NoError(t, err)
	got := make(chan int)
	go func() {
		count := 1
		for range in.All(context.Background()) {
			count++
		}
		got <- count
	}()
	require.NoError(t, r.Shutdown(limited(t)))
	require.Equal(t, belt.sent.In(n).Load(), <-got)
	require.Zero(t, r.Stats().Queues["made"].Len)
}

func (t *trial) together() {
	_, n := t.start(office.pipeline)
	serve := office.serve.Pool(n)
	o := order{"meet", t.TempDir() + "/here"}
	first, second := serve.Go(limited(t), o), serve.Go(limited(t), o)
	for _, task := range []*Task[string]{first, second} {
		answer, err := task.Wait(limited(t)) // who sleeps is no hindrance
		require.NoError(t, err)
		require.Equal(t, "met", answer)
	}
	if t.holds != yes {
		most.Store(0)
		first, second = serve.Go(limited(t), order{how: "work"}), serve.Go(limited(t), order{how: "work"})
		for _, task := range []*Task[string]{first, second} {
			_, err := task.Wait(limited(t))
			require.NoError(t, err)
		}
		require.EqualValues(t, 1, most.Load())
	}
}

// atWork counts the tasks that work now, and most is the most there were.
var atWork, most atomic.Int32

func (t *trial) threads() {
	r, n := t.start(throng.pipeline)
	until(t, "all wait", func() bool { return throng.waiting.In(n).Load() == throngSize })
	out := throng.in.Sender(n)
	for i := range throngSize {
		require.NoError(t, out.Send(limited(t), i))
	}
	require.NoError(t, r.Wait())
	require.LessOrEqual(t, throng.threads.In(n).Load(), 2)
}

// tokens is two processes that pass tokens to each other, if one begins.
var tokens = func() (s struct {
	pipeline   *Pipeline
	ping, pong *QueueDecl[int]
	lock       *LockDecl
	left       *ProcessDecl
}) {
	s.ping, s.pong = &QueueDecl[int]{Name: "ping", Capacity: 2}, &QueueDecl[int]{Name: "pong", Capacity: 2}
	s.lock = &LockDecl{Name: "lock"}
	side := func(name string, from, to *QueueDecl[int]) *ProcessDecl {
		p := &ProcessDecl{Name: name, Send: []Decl{to}, Receive: []Decl{from}, Uses: []Decl{s.lock}}
		p.Main = func(ctx context.Context, n *Node, d *Decoder) error {
			if name == "left" && Get[bool](d) {
				if err := to.Sender(n).Send(ctx, 0); err != nil {
					return err
				}
			}
			for range 100 {
				v, err := from.Receiver(n).Receive(ctx)
				if errors.Is(err, ErrClosed) {
					return nil
				} else if err != nil {
					return err
				}
				if err := to.Sender(n).Send(ctx, v+1); err != nil && !errors.Is(err, ErrClosed) {
					return err
				}
			}
			return nil
		}
		return p
	}
	s.left = side("left", s.pong, s.ping)
	s.pipeline = &Pipeline{Path: "mp.test/conform/tokens", Source: "tokens.mp", Decls: []Decl{s.ping, s.pong, s.lock, s.left, side("right", s.ping, s.pong)}}
	Register(s.pipeline)
	return s
}()

func begins(yes bool) Arg { return tokens.left.With(func(e *Encoder) { Put(e, yes) }) }

func (t *trial) deadlock() {
	r, _ := t.start(tokens.pipeline, begins(true))
	require.NoError(t, r.Wait())
	r, _ = t.start(tokens.pipeline, begins(false))
	if t.holds == "wait" {
		ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
		defer cancel()
		require.ErrorIs(t, r.Processes()[0].Wait(ctx), context.DeadlineExceeded)
		return
	}
	var d *Deadlock
	require.ErrorAs(t, r.Wait(), &d)
	require.Equal(t, []Waiting{
		{"main", "the end of the run, kept up by left and right"},
		{"left", "an item of queue pong, filled by right"},
		{"right", "an item of queue ping, filled by left"},
	}, d.Waits)
}

// race is four processes that each send who they are to one queue of little room,
// and pass through a lock, and a pool that they call.
var race = func() (s struct {
	pipeline *Pipeline
	order    *QueueDecl[int]
}) {
	s.order = &QueueDecl[int]{Name: "order", Capacity: 4}
	lock := &LockDecl{Name: "turnstile"}
	pool := &PoolDecl[int, int]{Name: "same", Workers: 3, Func: func(_ context.Context, i int) (int, error) { return i, nil }}
	run := &ProcessDecl{Name: "run", Instances: 4, Restart: OnFailure, Send: []Decl{s.order}, Uses: []Decl{lock, pool}}
	run.Main = func(ctx context.Context, n *Node, _ *Decoder) error {
		for i := range 30 {
			if err := lock.In(n).Lock(ctx); err != nil {
				return err
			}
			err := s.order.Sender(n).Send(ctx, 100*n.Instance()+i)
			lock.In(n).Unlock()
			if err != nil {
				return err
			}
			if _, err := pool.Pool(n).Call(ctx, i); err != nil {
				return err
			}
		}
		return nil
	}
	s.pipeline = &Pipeline{Path: "mp.test/conform/race", Source: "race.mp", Decls: []Decl{s.order, lock, pool, run}, Main: MainDecl{Receive: []Decl{s.order}}}
	Register(s.pipeline)
	return s
}()

func (t *trial) repeats() {
	var first []int
	for range 5 {
		r, n := t.start(race.pipeline)
		var got []int
		for v, err := range race.order.Receiver(n).All(limited(t)) {
			require.NoError(t, err)
			got = append(got, v)
		}
		require.NoError(t, r.Wait())
		require.NoError(t, r.Close())
		require.Len(t, got, 120)
		if first == nil {
			first = got
		}
		if t.holds == yes {
			require.Equal(t, first, got)
		}
	}
}

func (t *trial) variables() {
	before := spoken
	r, n := t.start(speech.pipeline, speak(1, "return", 0))
	_, err := speech.said.Receiver(n).Receive(limited(t))
	require.NoError(t, err)
	require.NoError(t, r.Wait())
	require.Equal(t, t.holds == yes, spoken == before)
}

func init() {
	programs["exiting"] = func() {
		r, n, err := Start(context.Background(), office.pipeline, nil)
		if err != nil {
			panic(err)
		}
		_, err = office.serve.Pool(n).Call(context.Background(), order{how: "exit"})
		fmt.Println(err)
		r.Close()
	}
	programs["without main"] = func() {
		mainCalled.Store(false)
		r, _, err := Start(context.Background(), office.pipeline, nil)
		if err == nil {
			r.Close()
		}
		fmt.Println(errors.Is(err, ErrNoMain))
	}
}

// runs runs the test binary as another program on the trial's engine.
func (t *trial) runs(program string) (output string, status int) {
	cmd := exec.CommandContext(limited(t), os.Args[0])
	cmd.Env = append(os.Environ(), programVariable+"="+program, EngineVariable+"="+t.engine)
	out, _ := cmd.Output()
	return string(out), cmd.ProcessState.ExitCode()
}

func (t *trial) exit() {
	out, status := t.runs("exiting")
	if t.holds == yes {
		require.Equal(t, 0, status)
		require.Contains(t, out, "exit status 3")
		return
	}
	require.Equal(t, 3, status)
	require.Empty(t, out)
}

func (t *trial) main() {
	out, status := t.runs("without main")
	require.Equal(t, 0, status)
	require.Equal(t, fmt.Sprintln(t.holds == yes), out)
}

func (t *trial) memory() {
	_, n := t.start(office.pipeline)
	_, err := office.serve.Pool(n).Call(limited(t), order{how: "hoard"})
	if t.holds != yes {
		require.NoError(t, err)
		return
	}
	var died *Died
	require.ErrorAs(t, err, &died)
	require.True(t, died.OOM)
}

// ready is how many spares stand.
func (s Stats) ready() int { return s.Processes["errand"].Spares + s.Pools["answer"].Spares }

func (t *trial) warm() {
	r, n := t.start(alert.pipeline)
	pool := alert.pool.Pool(n)
	for i := range 4 { // as soon as they can be, and when spares stand
		if i == 2 && t.engine == "processes" {
			until(t, "spares stand", func() bool { return r.Stats().ready() == 2 })
		}
		p, err := alert.errand.Spawn(limited(t), r, func(e *Encoder) { e.String("return") })
		require.NoError(t, err)
		require.NoError(t, p.Wait(limited(t)))
		_, err = pool.Call(limited(t), "panic")
		require.ErrorAs(t, err, new(*Died))
		answer, err := pool.Call(limited(t), "return")
		require.NoError(t, err)
		require.Equal(t, 42, answer)
	}
	require.Equal(t, 4, alert.begun.In(n).Load())
	require.Equal(t, 4, r.Stats().Processes["errand"].Started)
	require.NoError(t, r.Close())
}

func (t *trial) spares() {
	r, _ := t.start(alert.pipeline)
	if t.holds == yes {
		until(t, "spares stand", func() bool { return r.Stats().ready() == 2 })
		require.Empty(t, r.Processes())
	}
	require.NoError(t, r.Close())
	require.Zero(t, r.Stats().ready())
}

func (t *trial) opening() {
	r, n := t.start(attic.pipeline)
	seen := ""
	require.NoError(t, attic.service.Client(n).Call(limited(t), 0, func(*Encoder) {}, func(d *Decoder) { seen = d.String() }))
	require.Equal(t, "open", seen)
	require.GreaterOrEqual(t, attic.opened.In(n).Load(), 2)
	require.Contains(t, r.Stats().Errors[len(r.Stats().Errors)-1].Text, "it can't be opened: it took longer than 200ms: context deadline exceeded")
	require.NoError(t, r.Close())
}
