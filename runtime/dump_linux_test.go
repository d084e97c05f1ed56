package mp

import (
	"bytes"
	"context"
	"fmt"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// crossing is two processes that each receive before they send, and a pool.
var crossing = func() (c struct {
	pipeline *Pipeline
	pool     *PoolDecl[string, int]
}) {
	there, back := &QueueDecl[int]{Name: "there"}, &QueueDecl[int]{Name: "back"}
	left := &ProcessDecl{Name: "left", Send: []Decl{there}, Receive: []Decl{back}}
	left.Main = func(ctx context.Context, n *Node, _ *Decoder) error {
		if _, err := back.Receiver(n).Receive(ctx); err != nil {
			return err
		}
		return there.Sender(n).Send(ctx, 1)
	}
	right := &ProcessDecl{Name: "right", Send: []Decl{back}, Receive: []Decl{there}}
	right.Main = func(ctx context.Context, n *Node, _ *Decoder) error {
		if _, err := there.Receiver(n).Receive(ctx); err != nil {
			return err
		}
		return back.Sender(n).Send(ctx, 1)
	}
	c.pool = &PoolDecl[string, int]{Name: "spin", In: String, Workers: 2, Worker: Worker{Grace: 50 * time.Millisecond},
		Func: func(_ context.Context, how string) (int, error) {
			if how == "stop" {
				haltSelf()
			}
			return spinForEver(), nil
		}}
	c.pipeline = &Pipeline{Path: "mp.test/crossing", Source: "crossing.mp", Decls: []Decl{there, back, left, right, c.pool}}
	Register(c.pipeline)
	return c
}()

//go:noinline
func spinForEver() int {
	for i := 0; ; i++ {
		runtime.KeepAlive(i)
	}
}

// dumped is a dump of a run.
func dumped(t testing.TB, r *Run) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, r.Dump(limited(t), &b))
	return b.String()
}

// untilDumped dumps a run until one dump says all of this. On a busy machine a process
// may be late with its answer.
func untilDumped(t testing.TB, r *Run, rxs ...string) (text string) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; {
		text = dumped(t, r)
		missing := slices.IndexFunc(rxs, func(rx string) bool { return !regexp.MustCompile(rx).MatchString(text) })
		if missing < 0 {
			return text
		}
		require.Less(t, time.Now(), deadline, "%s is not in:\n%s", rxs[missing], text)
	}
}

func TestDumpTellsWhoWaitForEachOther(t *testing.T) {
	r, n := begin(t, crossing.pipeline)
	text := untilDumped(t, r, `(?m)^spin\[0\], pid \d+: running\n    waits [0-9.]+m?s for a task\nspin\[1\], pid \d+: running\n    waits [0-9.]+m?s for a task\n`, `each other:
    left waits for an item of queue back, filled by right
    right waits for an item of queue there, filled by left
`)
	require.Regexp(t, `^crossing.mp, [0-9.]+m?s after its start\n`, text)
	require.Regexp(t, `(?m)^left, pid \d+: running\n    waits [0-9.]+m?s for an item of queue back, filled by right\n`, text)
	require.Contains(t, text, "\nthere 0/1024\nback 0/1024\nspin 0 done, 0 of 2 busy\n")
	require.Regexp(t, `stacks of left, pid \d+:\n\ngoroutine `, text)
	require.NotContains(t, text, "stacks of spin")
	require.NotContains(t, text, "bell.(*Bell).pump")

	// A call to a worker that works is no knot.
	go crossing.pool.Pool(n).Call(t.Context(), "spin")
	untilDumped(t, r, `(?m)^main, pid \d+: running\n    waits [0-9.]+m?s for a result of spin, worked on by spin\[\d\]\n`,
		`(?m)^spin\[\d\], pid \d+: running, task 1\n`)
	text = untilDumped(t, r, `runtime\.spinForEver\(`) // the task is the worker's before its function is called
	require.NotContains(t, text, "main waits for a result")

	// The program waits, too.
	waited := make(chan error)
	go func() { waited <- r.Wait() }()
	untilDumped(t, r, `(?m)^    waits for the end of the run, kept up by left and right\n`)
	require.NoError(t, r.Close())
	require.NoError(t, <-waited)
	require.ErrorIs(t, r.Dump(t.Context(), nil), ErrClosed)
}

func TestDumpDoesNotWaitForWhoIsStopped(t *testing.T) {
	r, n := begin(t, crossing.pipeline)
	untilDumped(t, r, "left waits for an item")
	go crossing.pool.Pool(n).Call(t.Context(), "stop")
	go crossing.pool.Pool(n).Call(t.Context(), "spin")
	until(t, "both are busy", func() bool { return r.Stats().Pools["spin"].Busy == 2 })
	pid := func() (found int) {
		for _, pid := range children(syscall.Getpid()) {
			if stopped(pid) {
				found = pid
			}
		}
		return found
	}
	until(t, "one is stopped", func() bool { return pid() != 0 })
	began := time.Now()
	dumped(t, r)
	require.Less(t, time.Since(began), answerTime+busyMachine)
	untilDumped(t, r, fmt.Sprintf(`(?m)^spin\[\d\], pid %d: running, task [12], did not answer within 1s: it is stopped$`, pid()),
		`(?m)^spin\[\d\], pid \d+: running, task [12]$`, "left waits for an item")

	// Its answer comes too late, and harms nobody.
	require.NoError(t, syscall.Kill(pid(), syscall.SIGCONT))
	untilDumped(t, r, `(?m)^spin\[\d\], pid \d+: running, task [12]\nspin\[\d\], pid \d+: running, task [12]$`)

	// A context ends the wait.
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.NoError(t, r.Dump(ctx, &bytes.Buffer{}))
}

// clasped is two processes that take two locks, each another first, and a pool
// whose worker wants one of them.
var clasped = func() (c struct {
	pipeline *Pipeline
	pool     *PoolDecl[int, int]
}) {
	disk, net := &LockDecl{Name: "disk"}, &LockDecl{Name: "net"}
	there, back := &QueueDecl[int]{Name: "there"}, &QueueDecl[int]{Name: "back"}
	process := func(name string, first, second *LockDecl, send, receive *QueueDecl[int]) *ProcessDecl {
		p := &ProcessDecl{Name: name, Send: []Decl{send}, Receive: []Decl{receive}, Uses: []Decl{disk, net}}
		p.Main = func(ctx context.Context, n *Node, _ *Decoder) error {
			if err := first.In(n).Lock(ctx); err != nil {
				return err
			}
			if err := send.Sender(n).Send(ctx, 1); err != nil {
				return err
			}
			if _, err := receive.Receiver(n).Receive(ctx); err != nil {
				return err
			}
			return second.In(n).Lock(ctx)
		}
		return p
	}
	c.pool = &PoolDecl[int, int]{Name: "reader", Workers: 1, Uses: []Decl{disk}}
	c.pool.Open = func(n *Node) func(context.Context, int) (int, error) {
		l := disk.In(n)
		return func(ctx context.Context, i int) (int, error) { return i, l.Lock(ctx) }
	}
	c.pipeline = &Pipeline{Path: "mp.test/clasped", Source: "clasped.mp", Decls: []Decl{disk, net, there, back,
		process("left", disk, net, there, back), process("right", net, disk, back, there), c.pool}}
	Register(c.pipeline)
	return c
}()

func TestDumpTellsWhoHoldsALock(t *testing.T) {
	r, n := begin(t, clasped.pipeline)
	untilDumped(t, r, "each other:\n    left waits for lock net, held by right\n    right waits for lock disk, held by left\n\n")
	go clasped.pool.Pool(n).Call(t.Context(), 1)
	text := untilDumped(t, r, `each other:
    main waits for a result of reader, worked on by reader\[0\]
    left waits for lock net, held by right
    right waits for lock disk, held by left
    reader\[0\] waits for lock disk, held by left
`)
	require.Contains(t, text, "\ndisk held by left, 2 wait\nnet held by right, 1 wait\n")
	require.Regexp(t, `(?m)^reader\[0\], pid \d+: running, task 1\n    waits [0-9.]+m?s for lock disk, held by left\n`, text)
}

// embraced is a pool that calls another with a lock in its hand, which the other
// wants.
var embraced = func() (c struct {
	pipeline *Pipeline
	outer    *PoolDecl[int, int]
}) {
	disk := &LockDecl{Name: "disk"}
	inner := &PoolDecl[int, int]{Name: "inner", Workers: 2, Uses: []Decl{disk}}
	inner.Open = func(n *Node) func(context.Context, int) (int, error) {
		l := disk.In(n)
		return func(ctx context.Context, i int) (int, error) { return i, l.Lock(ctx) }
	}
	c.outer = &PoolDecl[int, int]{Name: "outer", Workers: 1, Uses: []Decl{disk, inner}}
	c.outer.Open = func(n *Node) func(context.Context, int) (int, error) {
		l, p := disk.In(n), inner.Pool(n)
		return func(ctx context.Context, i int) (int, error) {
			if err := l.Lock(ctx); err != nil {
				return 0, err
			}
			defer l.Unlock()
			return p.Call(ctx, i)
		}
	}
	c.pipeline = &Pipeline{Path: "mp.test/embraced", Source: "embraced.mp", Decls: []Decl{disk, inner, c.outer}}
	Register(c.pipeline)
	return c
}()

func TestDumpOfGoroutines(t *testing.T) {
	r, _, err := Start(t.Context(), clasped.pipeline, []Option{NoSignals(), Goroutines()})
	require.NoError(t, err)
	defer r.Close()
	text := untilDumped(t, r, "each other:\n    left waits for lock net, held by right\n    right waits for lock disk, held by left\n\n")
	require.NotContains(t, text, "stacks of left")
	require.Contains(t, text, "runtime.(*Lock).Lock(")
}

func TestDumpFollowsACallOfAProcess(t *testing.T) {
	r, n := begin(t, embraced.pipeline)
	go embraced.outer.Pool(n).Call(t.Context(), 1)
	untilDumped(t, r, `each other:
    main waits for a result of outer, worked on by outer\[0\]
    inner\[\d\] waits for lock disk, held by outer\[0\]
    outer\[0\] waits for a result of inner, worked on by inner\[\d\]
`)
}

func TestDumpWhileARunCloses(t *testing.T) {
	late := time.Duration(0)
	for range 10 {
		r, n := begin(t, crossing.pipeline)
		var all sync.WaitGroup
		for range 3 {
			all.Go(func() {
				for r.Dump(context.Background(), &bytes.Buffer{}) == nil {
				}
			})
			all.Go(func() { crossing.pool.Pool(n).Call(context.Background(), "spin") })
		}
		require.NoError(t, r.Close())
		closed := time.Now()
		all.Wait()
		late += time.Since(closed)
	}
	require.Less(t, late, 5*answerTime, "nobody waits for the answers of the dead")
}

func TestStacksPutAlikeOnesTogether(t *testing.T) {
	stop, all := make(chan struct{}), sync.WaitGroup{}
	for range 50 {
		all.Go(func() { blockHere(stop) })
	}
	defer all.Wait()
	defer close(stop)
	until(t, "all are blocked", func() bool {
		text := stacks()
		return len(text) <= maxStacks && strings.Contains(text, " and 49 like it\n") && strings.Count(text, "runtime.blockHere(") == 1
	})
}

//go:noinline
func blockHere(stop chan struct{}) { <-stop }

func init() { programs["deadlock"] = deadlockedProgram }

func deadlockedProgram() {
	r, _, err := Start(context.Background(), crossing.pipeline, nil)
	if err != nil {
		panic(err)
	}
	for len(r.Stats().Processes) > 0 {
		var b bytes.Buffer
		r.Dump(context.Background(), &b)
		if strings.Contains(b.String(), "wait for each other") {
			break
		}
	}
	fmt.Println("ready")
	r.Wait()
}

func TestQuitSignalDumpsAndASecondOneEndsTheProgram(t *testing.T) {
	noLeaks(t)
	cmd := program(t, "deadlock")
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	complaints := &lockedBuffer{}
	cmd.Stderr = complaints
	require.NoError(t, cmd.Start())
	_, err = out.Read(make([]byte, 6))
	require.NoError(t, err)
	require.NoError(t, cmd.Process.Signal(syscall.SIGQUIT))
	until(t, "the dump", func() bool { return strings.Contains(complaints.String(), "stacks of right") })
	require.Contains(t, complaints.String(), "left waits for an item of queue back, filled by right\n")
	require.NotContains(t, complaints.String(), "SIGQUIT")
	pids := children(cmd.Process.Pid)
	require.NoError(t, cmd.Process.Signal(syscall.SIGQUIT))
	cmd.Wait()
	require.Equal(t, 2, cmd.ProcessState.ExitCode())
	require.Contains(t, complaints.String(), "SIGQUIT: quit")
	until(t, "all are gone", func() bool { return !slices.ContainsFunc(pids, alive) })
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func TestDumpTellsWhoMeetsWhom(t *testing.T) {
	g := play(t, []string{"acquire", "acquire", "read", "stay"}, []string{"acquire"}, []string{"wait"}, []string{"wait event"})
	for range 3 {
		require.Equal(t, fine, g.acts(0))
	}
	for i := 1; i < playerCount; i++ {
		g.starts(i)
	}
	go players.rwlock.In(g.n).Lock(limited(t))
	untilDumped(t, g.r, `(?m)^player\[1\], pid \d+: running\n    waits \S+ for semaphore slots, held by player\[0\]$`)
	untilDumped(t, g.r, `(?m)^player\[2\], pid \d+: running\n    waits \S+ for barrier turn, not yet come to by main, player\[0\], player\[1\] or player\[3\]$`)
	untilDumped(t, g.r, `(?m)^player\[3\], pid \d+: running\n    waits \S+ for event ready, set by main, player\[0\], player\[1\] or player\[2\]$`)
	untilDumped(t, g.r, `(?m)^    waits \S+ for rwlock table, read by player\[0\]$`)
	text := dumped(t, g.r)
	require.Regexp(t, `(?m)^slots 0 of 2 permits free, 1 wait$`, text)
	require.Regexp(t, `(?m)^turn 1 of 3 wait$`, text)
	require.Regexp(t, `(?m)^table held by main\ntable read by player\[0\]$`, text)
}

func TestDumpTellsNothingOfWhoHadThePlaceOfAProcessBefore(t *testing.T) {
	r, _ := begin(t, errands.pipeline)
	var died *Died
	require.ErrorAs(t, spawn(t, limited(t), r, 1, "kill").Wait(limited(t)), &died)
	p := spawn(t, limited(t), r, 2, "obey")
	untilDumped(t, r, `(?m)^errand-2, pid \d+: running\n`)
	require.NoError(t, p.Stop(limited(t)))
}
