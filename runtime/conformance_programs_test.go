package mp

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
	"time"
)

// stuckUntil ends, on engines of goroutines, what never would as a process.
var stuckUntil = struct {
	sync.Mutex
	c chan struct{}
}{c: make(chan struct{})}

func unstick() {
	stuckUntil.Lock()
	close(stuckUntil.c)
	stuckUntil.c = make(chan struct{})
	stuckUntil.Unlock()
}

var errActed = errors.New("it acted")

func init() { KeepErrors(errActed) }

// perform is what the functions of the suite do in the end.
func perform(ctx context.Context, how string) error {
	switch how {
	case "return":
		return nil
	case "fail":
		return fmt.Errorf("as told: %w", errActed)
	case "panic":
		panic("as told")
	case "obey":
		<-ctx.Done()
		return ctx.Err()
	case "stuck":
		stuckUntil.Lock()
		c := stuckUntil.c
		stuckUntil.Unlock()
		<-c
		return nil
	case "exit":
		os.Exit(3)
	}
	return errors.New("no such way: " + how)
}

// speech is one process that sends lists to main and acts then.
var speech = func() (s struct {
	pipeline *Pipeline
	said     *QueueDecl[[]string]
	speaker  *ProcessDecl
	starts   *NumberDecl[int]
}) {
	s.said = &QueueDecl[[]string]{Name: "said", Elem: SliceOf(String), Capacity: 8}
	s.starts = &NumberDecl[int]{Name: "starts"}
	s.speaker = &ProcessDecl{Name: "speak", Restarts: 2, Send: []Decl{s.said}, Uses: []Decl{s.starts}, Worker: Worker{Grace: 50 * time.Millisecond}}
	s.speaker.Main = func(ctx context.Context, n *Node, d *Decoder) error {
		count, how, good := Get[int](d), d.String(), Get[int](d)
		start := s.starts.In(n).Add(1)
		list := []string{"", "same"}
		for i := range count {
			list[0] = fmt.Sprint(i)
			if err := s.said.Sender(n).Send(ctx, list); err != nil {
				return err
			}
			list[1] = "same"
		}
		spoken++
		if good > 0 && start >= good {
			return nil
		}
		return perform(ctx, how)
	}
	s.pipeline = &Pipeline{Path: "mp.test/conform/speech", Source: "speech.mp", Decls: []Decl{s.said, s.starts, s.speaker}, Main: MainDecl{Receive: []Decl{s.said}}}
	Register(s.pipeline)
	return s
}()

// spoken is a package variable.
var spoken int

// noted is what the workers of diary have noted, where they share it.
var (
	noted   []int
	notedMu sync.Mutex
)

// diary is a pool that notes its inputs.
var diary = func() (s struct {
	pipeline *Pipeline
	note     *PoolDecl[int, int]
}) {
	s.note = &PoolDecl[int, int]{Name: "note", Workers: 3}
	s.note.Func = func(_ context.Context, i int) (int, error) {
		notedMu.Lock()
		defer notedMu.Unlock()
		noted = append(noted, i)
		return i, nil
	}
	s.pipeline = &Pipeline{Path: "mp.test/conform/diary", Source: "diary.mp", Decls: []Decl{s.note}}
	Register(s.pipeline)
	return s
}()

// speak sends count lists and acts; it returns at start good, if that is not 0.
func speak(count int, how string, good int) Arg {
	return speech.speaker.With(func(e *Encoder) { Put(e, count); e.String(how); Put(e, good) })
}

// belt is a source that counts until it is told to stop, or so far, and a stage.
var belt = func() (s struct {
	pipeline    *Pipeline
	made, twice *QueueDecl[int]
	source      *ProcessDecl
	sent        *NumberDecl[int]
}) {
	s.made, s.twice = &QueueDecl[int]{Name: "made", Capacity: 16}, &QueueDecl[int]{Name: "twice", Capacity: 16}
	s.sent = &NumberDecl[int]{Name: "sent"}
	s.source = &ProcessDecl{Name: "source", Send: []Decl{s.made}, Uses: []Decl{s.sent}}
	s.source.Main = func(ctx context.Context, n *Node, d *Decoder) error {
		for count, i := Get[int](d), 0; count < 0 || i < count; i++ {
			if err := s.made.Sender(n).Send(ctx, i); err != nil {
				return err
			}
			s.sent.In(n).Add(1)
		}
		return nil
	}
	double := &PoolDecl[int, int]{Name: "double", Workers: 2, From: s.made, To: To(s.twice), Task: TaskPolicy{Retries: 1000, Backoff: time.Millisecond},
		Func: func(_ context.Context, i int) (int, error) {
			if i%16 == 0 {
				time.Sleep(time.Millisecond)
			}
			return 2 * i, nil
		}}
	s.pipeline = &Pipeline{Path: "mp.test/conform/belt", Source: "belt.mp", Decls: []Decl{s.made, s.twice, s.sent, s.source, double}, Main: MainDecl{Receive: []Decl{s.twice}}}
	Register(s.pipeline)
	return s
}()

func counts(count int) Arg { return belt.source.With(func(e *Encoder) { Put(e, count) }) }

// office is a pool that is called. A task is how to act, and a file for those that
// act so at first only.
var office = func() (s struct {
	pipeline *Pipeline
	serve    *PoolDecl[order, string]
}) {
	orders := Coded(
		func(e *Encoder, o order) { e.String(o.how); e.String(o.file) },
		func(d *Decoder) order { return order{d.String(), d.String()} },
	)
	s.serve = &PoolDecl[order, string]{Name: "serve", Workers: 2, In: orders, Out: String, Task: TaskPolicy{Retries: 1, Backoff: time.Millisecond, Timeout: time.Minute},
		Worker: Worker{Grace: 50 * time.Millisecond, Memory: 64 << 20}, Func: attend}
	s.pipeline = &Pipeline{Path: "mp.test/conform/office", Source: "office.mp", Decls: []Decl{s.serve}}
	Register(s.pipeline)
	return s
}()

type order struct{ how, file string }

var hoard [][]byte

func attend(ctx context.Context, o order) (string, error) {
	switch o.how {
	case "panic once":
		if f, err := os.OpenFile(o.file, os.O_CREATE|os.O_EXCL, 0o600); err == nil {
			f.Close()
			panic("as told")
		}
		return "done at last", nil
	case "obey", "stuck":
		if err := os.WriteFile(o.file, nil, 0o600); err != nil {
			return "", err
		}
	case "meet": // another task that runs now
		if f, err := os.OpenFile(o.file, os.O_CREATE|os.O_EXCL, 0o600); err == nil {
			f.Close()
			for began := time.Now(); time.Since(began) < patience/2; {
				if _, err := os.Stat(o.file + ".met"); err == nil {
					return "met", nil
				}
				time.Sleep(time.Millisecond)
			}
			return "alone", nil
		}
		return "met", os.WriteFile(o.file+".met", nil, 0o600)
	case "work":
		now := atWork.Add(1)
		most.Store(max(most.Load(), now))
		for began := time.Now(); time.Since(began) < 30*time.Millisecond; {
		}
		atWork.Add(-1)
		return "done", nil
	case "hoard":
		for range 512 {
			b := make([]byte, 1<<20)
			for i := 0; i < len(b); i += 4096 {
				b[i] = 1
			}
			hoard = append(hoard, b)
		}
		hoard = nil
		return "done", nil
	case "exit":
		os.Exit(3)
	}
	return "served " + o.how, perform(ctx, o.how)
}

// throng is one process with very many goroutines on one queue.
var throng = func() (s struct {
	pipeline *Pipeline
	in       *QueueDecl[int]
	waiting  *NumberDecl[int]
	threads  *NumberDecl[int]
}) {
	s.in = &QueueDecl[int]{Name: "in"}
	s.waiting, s.threads = &NumberDecl[int]{Name: "waiting"}, &NumberDecl[int]{Name: "threads"}
	many := &ProcessDecl{Name: "many", Receive: []Decl{s.in}, Uses: []Decl{s.waiting, s.threads}}
	many.Main = func(ctx context.Context, n *Node, _ *Decoder) error {
		var busy sync.WaitGroup // has the scheduler start its own threads
		for range 4 * runtime.GOMAXPROCS(0) {
			busy.Go(func() {
				for began := time.Now(); time.Since(began) < 5*time.Millisecond; {
				}
			})
		}
		busy.Wait()
		before := threadsNow()
		var all sync.WaitGroup
		failed := make(chan error, throngSize)
		in := s.in.Receiver(n)
		for range throngSize {
			all.Go(func() {
				s.waiting.In(n).Add(1)
				switch i, err := in.Receive(ctx); {
				case err != nil:
					failed <- err
				case i == 0: // while all others wait
					s.threads.In(n).Store(threadsNow() - before)
				}
			})
		}
		all.Wait()
		select {
		case err := <-failed:
			return err
		default:
			return nil
		}
	}
	s.pipeline = &Pipeline{Path: "mp.test/conform/throng", Source: "throng.mp", Decls: []Decl{s.in, s.waiting, s.threads, many}, Main: MainDecl{Send: []Decl{s.in}}}
	Register(s.pipeline)
	return s
}()

const throngSize = 10_000

// threadsNow is the number of this process's threads, where that can be told.
func threadsNow() int {
	list, _ := os.ReadDir("/proc/self/task")
	return len(list)
}

// alert is a pool and a process on demand that start warm.
var alert = func() (s struct {
	pipeline *Pipeline
	errand   *ProcessDecl
	pool     *PoolDecl[string, int]
	begun    *NumberDecl[int]
}) {
	s.begun = &NumberDecl[int]{Name: "begun"}
	s.errand = &ProcessDecl{Name: "errand", OnDemand: true, Max: 2, Warm: 1, Uses: []Decl{s.begun}}
	s.errand.Main = func(ctx context.Context, n *Node, d *Decoder) error {
		s.begun.In(n).Add(1)
		return perform(ctx, d.String())
	}
	s.pool = &PoolDecl[string, int]{Name: "answer", In: String, Workers: 1, Warm: 1, Task: TaskPolicy{Retries: 1, Backoff: time.Millisecond}}
	s.pool.Func = func(ctx context.Context, how string) (int, error) { return 42, perform(ctx, how) }
	s.pipeline = &Pipeline{Path: "mp.test/conform/standing", Source: "standing.mp", Decls: []Decl{s.begun, s.errand, s.pool}}
	Register(s.pipeline)
	return s
}()

// attic is a service whose object takes for ever to make, the first time.
var attic = func() (s struct {
	pipeline *Pipeline
	service  *ServiceDecl[string]
	opened   *NumberDecl[int]
}) {
	s.opened = &NumberDecl[int]{Name: "opened"}
	s.service = &ServiceDecl[string]{Name: "attic", Uses: []Decl{s.opened}, Worker: Worker{Open: 200 * time.Millisecond}}
	s.service.Open = func(ctx context.Context, n *Node, _ *Decoder) (string, error) {
		if s.opened.In(n).Add(1) == 1 {
			<-ctx.Done()
			return "", context.Cause(ctx)
		}
		return "open", nil
	}
	s.service.Methods = []Method[string]{{Name: "look", Call: func(_ context.Context, object string, _ *Decoder, e *Encoder) error {
		e.String(object)
		return nil
	}}}
	s.pipeline = &Pipeline{Path: "mp.test/conform/attic", Source: "attic.mp", Decls: []Decl{s.opened, s.service}}
	Register(s.pipeline)
	return s
}()
