package mp

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/stretchr/testify/require"
)

// grove is processes that start processes. A branch does what it is told to, with leaves
// and other branches.
var grove = func() (s struct {
	pipeline *Pipeline
	branch   *ProcessDecl
	leaf     *ProcessDecl
	pool     *PoolDecl[string, int]
	said     *QueueDecl[string]
	parts    *QueueDecl[int] // from leaves to branches
	on       *EventDecl      // lets leaves go on
}) {
	s.said = &QueueDecl[string]{Name: "said", Elem: String}
	s.parts = &QueueDecl[int]{Name: "parts", Capacity: 4}
	s.on = &EventDecl{Name: "on"}
	s.leaf = &ProcessDecl{Name: "leaf", OnDemand: true, Max: leavesMax, Worker: Worker{Grace: 10 * time.Second}, Send: []Decl{s.said, s.parts}, Uses: []Decl{s.on}}
	s.branch = &ProcessDecl{Name: "branch", OnDemand: true, Max: 20, Receive: []Decl{s.parts}, Send: []Decl{s.said}}
	s.branch.Starts = []*ProcessDecl{s.leaf, s.branch}
	s.pool = &PoolDecl[string, int]{Name: "gardener", In: String, Workers: 1, Task: TaskPolicy{Retries: 1}, Starts: []*ProcessDecl{s.leaf}}
	s.branch.Main = func(ctx context.Context, n *Node, d *Decoder) error {
		how, path := d.String(), d.String()
		return grow[how](ctx, n, path)
	}
	s.leaf.Main = func(ctx context.Context, n *Node, d *Decoder) error {
		say := func(text string) error { return s.said.Sender(n).Send(context.WithoutCancel(ctx), text) }
		switch how := d.String(); how {
		case "wait":
			if err := s.on.In(n).Wait(ctx); err != nil {
				return errors.Join(say("it was stopped"), err)
			}
			return say("it went on")
		case "part":
			for i := range 10 {
				if err := s.parts.Sender(n).Send(ctx, i); err != nil {
					return err
				}
			}
			return nil
		default:
			return perform(ctx, how)
		}
	}
	s.pool.Open = func(n *Node) func(context.Context, string) (int, error) {
		return func(ctx context.Context, how string) (int, error) {
			p, err := s.leaf.SpawnFrom(ctx, n, func(e *Encoder) { e.String(how) })
			if err != nil {
				return 0, err
			}
			return 1, p.Wait(ctx)
		}
	}
	s.pipeline = &Pipeline{Path: "mp.test/conform/grove", Source: "grove.mp", Decls: []Decl{s.said, s.parts, s.on, s.leaf, s.branch, s.pool},
		Main: MainDecl{Receive: []Decl{s.said}}}
	Register(s.pipeline)
	return s
}()

const leavesMax = 6

func leafOf(ctx context.Context, n *Node, how string) (*Process, error) {
	return grove.leaf.SpawnFrom(ctx, n, func(e *Encoder) { e.String(how) })
}

func branchOf(ctx context.Context, n *Node, how, path string) (*Process, error) {
	return grove.branch.SpawnFrom(ctx, n, func(e *Encoder) { e.String(how); e.String(path) })
}

// grow is what branches do.
var grow = map[string]func(ctx context.Context, n *Node, path string) error{}

func init() {
	leaveWith := func(how string) func(context.Context, *Node, string) error {
		return func(ctx context.Context, n *Node, _ string) error {
			if _, err := leafOf(context.Background(), n, "wait"); err != nil {
				return err
			}
			return perform(ctx, how)
		}
	}
	for _, how := range []string{"return", "fail", "panic", "obey"} {
		grow["leave a leaf and "+how] = leaveWith(how)
	}
	grow["leave a leaf whose context ends"] = func(ctx context.Context, n *Node, _ string) error {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		_, err := leafOf(ctx, n, "wait")
		return err
	}
	grow["wait for a leaf that waits"] = func(ctx context.Context, n *Node, _ string) error {
		p, err := leafOf(ctx, n, "wait")
		if err == nil {
			err = p.Wait(ctx)
		}
		return err
	}
	// The order of CPython's own test of recursion.
	grow["recursion"] = func(ctx context.Context, n *Node, path string) error {
		if err := grove.said.Sender(n).Send(ctx, path); err != nil || len(path) == 2 {
			return err
		}
		for _, i := range []string{"0", "1"} {
			p, err := branchOf(ctx, n, "recursion", path+i)
			if err == nil {
				err = p.Wait(ctx)
			}
			if err != nil {
				return err
			}
		}
		return nil
	}
	grow["gather"] = func(ctx context.Context, n *Node, _ string) error {
		for range 3 {
			if _, err := leafOf(ctx, n, "part"); err != nil {
				return err
			}
		}
		sum := 0
		for i, err := range grove.parts.Receiver(n).All(ctx) { // it ends with the last leaf
			if err != nil {
				return err
			}
			sum += i
		}
		return grove.said.Sender(n).Send(ctx, fmt.Sprint("sum ", sum))
	}
	grow["handles"] = func(ctx context.Context, n *Node, _ string) error {
		if err := handlesFromAfar(ctx, n); err != nil {
			return err
		}
		return grove.said.Sender(n).Send(ctx, Self(ctx).String()+" has seen all")
	}
}

// handlesFromAfar looks at what a process can do with one that it has started.
func handlesFromAfar(ctx context.Context, n *Node) error {
	var all []*Process
	for range leavesMax {
		p, err := leafOf(ctx, n, "wait")
		if err != nil {
			return err
		}
		if p.PID() == os.Getpid() || p.Name() != fmt.Sprint("leaf-", len(all)+1) || p.Err() != nil {
			return fmt.Errorf("it is %q, with number %d and %w", p.Name(), p.PID(), p.Err())
		}
		all = append(all, p)
	}
	if _, err := leafOf(ctx, n, "wait"); !errors.Is(err, ErrFull) || !strings.Contains(err.Error(), fmt.Sprintf(`process "leaf": max %d of it run already`, leavesMax)) {
		return fmt.Errorf("one too many gave %w", err)
	}
	if err := all[0].Stop(ctx); err != nil || !errors.Is(all[0].Err(), context.Canceled) {
		return fmt.Errorf("stop gave %w, and then %w", err, all[0].Err())
	}
	var e *Error
	if !errors.As(all[0].Err(), &e) || e.Name != "leaf" || e.Index != 1 {
		return fmt.Errorf("the error is %v", all[0].Err())
	}
	all[1].Interrupt()
	if err := all[1].Wait(ctx); !errors.Is(err, context.Canceled) {
		return fmt.Errorf("interrupt gave %w", err)
	}
	all[2].Kill()
	<-all[2].Done()
	var died *Died
	if !errors.As(all[2].Err(), &died) || died.Signal == 0 || all[2].PID() != 0 {
		return fmt.Errorf("kill gave %w, and number %d", all[2].Err(), all[2].PID())
	}
	short, cancel := context.WithTimeout(ctx, 10*time.Millisecond)
	defer cancel()
	if err := all[3].Wait(short); err != context.DeadlineExceeded {
		return fmt.Errorf("a short wait gave %w", err)
	}
	for how, check := range map[string]func(error) bool{
		"return": func(err error) bool { return err == nil },
		"fail":   func(err error) bool { return errors.Is(err, errActed) },
		"panic":  func(err error) bool { return errors.As(err, &died) && strings.HasPrefix(died.Panic, "panic: as told") },
	} {
		p, err := leafOf(ctx, n, how)
		if err != nil {
			return err
		}
		if err := p.Wait(ctx); !check(err) || p.Err() != err {
			return fmt.Errorf("%q gave %w", how, err)
		}
	}
	late, err := leafOf(short, n, "wait") // its time is over
	if !errors.Is(err, context.DeadlineExceeded) || late != nil {
		return fmt.Errorf("a start under a context that has ended gave %w", err)
	}
	soon, cancel := context.WithTimeout(ctx, 10*time.Millisecond)
	defer cancel()
	if p, err := leafOf(soon, n, "obey"); err == nil {
		if err := p.Wait(ctx); !errors.Is(err, context.DeadlineExceeded) {
			return fmt.Errorf("a deadline gave %w", err)
		}
	} else if !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	for _, p := range all[3:] {
		if err := p.Stop(ctx); err != nil {
			return err
		}
		p.Kill()
		p.Interrupt()
	}
	return nil
}

// plant starts a branch, as the program.
func (t *trial) plant(r *Run, how string) *Process {
	t.Helper()
	p, err := grove.branch.Spawn(limited(t), r, func(e *Encoder) { e.String(how); e.String("") })
	require.NoError(t, err)
	return p
}

// hears receives one text, or all that there are up to the end.
func (t *trial) hears(n *Node, all bool) (texts []string) {
	t.Helper()
	for text, err := range grove.said.Receiver(n).All(limited(t)) {
		require.NoError(t, err)
		if texts = append(texts, text); !all {
			break
		}
	}
	return texts
}

// atItsEnd calls Wait beside what else the program does.
func (t *trial) atItsEnd(r *Run) <-chan error {
	ended := make(chan error, 1)
	go func() { ended <- r.Wait() }()
	return ended
}

func (t *trial) tree() {
	r, n := t.start(grove.pipeline)
	t.plant(r, "recursion")
	ended := t.atItsEnd(r)
	require.Equal(t, []string{"", "0", "00", "01", "1", "10", "11"}, t.hears(n, true))
	require.NoError(t, <-ended)
	require.Equal(t, ProcessStats{Started: 7}, r.Stats().Processes["branch"].counts())

	r, n = t.start(grove.pipeline)
	p := t.plant(r, "handles")
	ended = t.atItsEnd(r)
	for text, err := range grove.said.Receiver(n).All(limited(t)) {
		if err == nil && text != "branch-1 has seen all" {
			require.Equal(t, "it was stopped", text)
		}
	}
	require.NoError(t, p.Wait(limited(t)))
	require.NoError(t, <-ended)
}

// thicket is a process that starts another, which sends what main receives.
var thicket = func() (s struct {
	pipeline *Pipeline
	trunk    *ProcessDecl
	grown    *QueueDecl[int]
}) {
	s.grown = &QueueDecl[int]{Name: "grown"}
	twig := &ProcessDecl{Name: "twig", OnDemand: true, Max: 4, Send: []Decl{s.grown}, Main: func(ctx context.Context, n *Node, _ *Decoder) error {
		if err := s.grown.Sender(n).Send(ctx, 1); err != nil {
			return err
		}
		<-ctx.Done()
		return ctx.Err()
	}}
	ready := &EventDecl{Name: "ready"}
	s.trunk = &ProcessDecl{Name: "trunk", OnDemand: true, Max: 1, Starts: []*ProcessDecl{twig}, Uses: []Decl{ready}, Main: func(ctx context.Context, n *Node, d *Decoder) error {
		if _, err := twig.SpawnFrom(ctx, n, nil); err != nil {
			return err
		}
		if err := ready.In(n).Wait(ctx); err != nil {
			return err
		}
		panic("as told")
	}}
	s.pipeline = &Pipeline{Path: "mp.test/conform/thicket", Source: "thicket.mp", Decls: []Decl{s.grown, ready, s.trunk, twig},
		Main: MainDecl{Receive: []Decl{s.grown}}}
	Register(s.pipeline)
	return s
}()

// felled is the part of starters about the end of a queue.
func (t *trial) felled() {
	r, n := t.start(thicket.pipeline)
	p, err := thicket.trunk.Spawn(limited(t), r, nil)
	require.NoError(t, err)
	in := thicket.grown.Receiver(n)
	_, err = in.Receive(limited(t))
	require.NoError(t, err)
	thicket.pipeline.Decls[1].(*EventDecl).In(n).Set()
	var died *Died
	require.ErrorAs(t, p.Wait(limited(t)), &died)
	waited := make(chan error, 1)
	go func() { waited <- r.Wait() }()
	for _, err = range in.All(limited(t)) {
	}
	require.ErrorAs(t, err, &died)
	require.ErrorContains(t, err, "twig[1]: it was stopped with what had started it: trunk[1]: panic: as told")
	require.NoError(t, <-waited)
}

func (t *trial) starters() {
	t.felled()
	for how, want := range map[string]string{
		"return": "it went on",
		"fail":   "it was stopped",
		"panic":  "it was stopped",
	} {
		r, n := t.start(grove.pipeline)
		p := t.plant(r, "leave a leaf and "+how)
		require.Equal(t, how == "return", p.Wait(limited(t)) == nil, p.Err())
		if how == "return" {
			active := r.Processes()
			require.Len(t, active, 1)
			require.Equal(t, "leaf-1", active[0].Name())
			require.False(t, active[0].wasTold())
			grove.on.In(n).Set()
		}
		require.Equal(t, []string{want}, t.hears(n, false), how)
		require.NoError(t, r.Wait())
	}
	r, n := t.start(grove.pipeline)
	p := t.plant(r, "leave a leaf whose context ends")
	require.NoError(t, p.Wait(limited(t)))
	require.Equal(t, []string{"it was stopped"}, t.hears(n, false))
	require.NoError(t, r.Wait())

	// Shutdown leaves it to starters, and these are sources no more than their leaves.
	r, n = t.start(grove.pipeline)
	t.plant(r, "leave a leaf and return")
	down := make(chan error, 1)
	until(t, "it has a leaf", func() bool { return r.Stats().Processes["leaf"].Running == 1 })
	go func() { down <- r.Shutdown(limited(t)) }()
	until(t, "the program has ended", func() bool { r.mu.Lock(); defer r.mu.Unlock(); return r.mainEnded() })
	grove.on.In(n).Set()
	require.Equal(t, []string{"it went on"}, t.hears(n, true))
	require.NoError(t, <-down)
}

func (t *trial) gather() {
	r, n := t.start(grove.pipeline)
	t.plant(r, "gather")
	ended := t.atItsEnd(r)
	require.Equal(t, []string{"sum 135"}, t.hears(n, true))
	require.NoError(t, <-ended)

	// The same of a pool that is called, whose workers start.
	r, n = t.start(grove.pipeline)
	count, err := grove.pool.Pool(n).Call(limited(t), "return")
	require.NoError(t, err)
	require.Equal(t, 1, count)
	_, err = grove.pool.Pool(n).Call(limited(t), "fail")
	require.ErrorIs(t, err, errActed)
	require.NoError(t, r.Wait())
	_, err = grove.said.Receiver(n).Receive(limited(t))
	require.ErrorIs(t, err, errActed) // of the leaf that failed
	_, err = grove.pool.Pool(n).Call(limited(t), "return")
	require.ErrorIs(t, err, ErrClosed)
}

func (t *trial) self() {
	i := Self(context.Background())
	require.Equal(t, Identity{Name: "main", PID: os.Getpid(), title: "main"}, i)
	r, n := t.start(selves.pipeline)
	for range 2 {
		p, err := selves.errand.Spawn(limited(t), r, nil)
		require.NoError(t, err)
		require.NoError(t, p.Wait(limited(t)))
	}
	names := map[string]Identity{}
	for range 5 {
		i, err := selves.out.Receiver(n).Receive(limited(t))
		require.NoError(t, err)
		names[i.String()] = i
		require.Equal(t, os.Getpid(), i.Parent)
		require.Equal(t, t.engine == "processes", i.PID != i.Parent)
	}
	i, err := selves.pool.Pool(n).Call(limited(t), 0)
	require.NoError(t, err)
	names[i.String()] = i
	require.NoError(t, r.Wait())
	var all []string
	for title, i := range names {
		all = append(all, fmt.Sprint(title, " ", i.Name, " ", i.Index))
	}
	slices.Sort(all)
	require.Equal(t, []string{"alone alone 0", "ask[0] ask 0", "errand-1 errand 1", "errand-2 errand 2", "twin[0] twin 0", "twin[1] twin 1"}, all)
}

// selves tell who they are.
var selves = func() (s struct {
	pipeline *Pipeline
	errand   *ProcessDecl
	pool     *PoolDecl[int, Identity]
	out      *QueueDecl[Identity]
}) {
	codec := Coded(func(e *Encoder, i Identity) {
		e.String(i.Name)
		e.String(i.title)
		Put(e, [3]int{i.Index, i.PID, i.Parent})
	}, func(d *Decoder) Identity {
		i := Identity{Name: d.String(), title: d.String()}
		n := Get[[3]int](d)
		i.Index, i.PID, i.Parent = n[0], n[1], n[2]
		return i
	})
	s.out = &QueueDecl[Identity]{Name: "out", Elem: codec}
	tell := func(ctx context.Context, n *Node, _ *Decoder) error {
		ctx, cancel := context.WithCancel(ctx) // one that is made of it
		defer cancel()
		return s.out.Sender(n).Send(ctx, Self(ctx))
	}
	alone := &ProcessDecl{Name: "alone", Send: []Decl{s.out}, Main: tell}
	twin := &ProcessDecl{Name: "twin", Instances: 2, Send: []Decl{s.out}, Main: tell}
	s.errand = &ProcessDecl{Name: "errand", OnDemand: true, Send: []Decl{s.out}, Main: tell}
	s.pool = &PoolDecl[int, Identity]{Name: "ask", Workers: 1, Out: codec, Func: func(ctx context.Context, _ int) (Identity, error) { return Self(ctx), nil }}
	s.pipeline = &Pipeline{Path: "mp.test/conform/selves", Source: "selves.mp", Decls: []Decl{s.out, alone, twin, s.errand, s.pool},
		Main: MainDecl{Receive: []Decl{s.out}}}
	Register(s.pipeline)
	return s
}()
