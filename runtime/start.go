package mp

import (
	"context"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/mpgen/mpgen/runtime/internal/bell"
	"github.com/mpgen/mpgen/runtime/internal/control"
	"github.com/mpgen/mpgen/runtime/internal/probe"
	"github.com/mpgen/mpgen/runtime/internal/proc"
	"github.com/mpgen/mpgen/runtime/internal/shm"
)

// Start starts a pipeline; the node is the caller's own. Generated code calls it.
func Start(ctx context.Context, p *Pipeline, opts []Option, args ...Arg) (*Run, *Node, error) {
	o := options{signals: true}
	for _, f := range opts {
		f(&o)
	}
	r, err := start(ctx, p, o, args)
	if err != nil {
		return nil, nil, fmt.Errorf("start %s: %w", p.Source, err)
	}
	probe.Started(ctx, r)
	return r, r.node, nil
}

func start(ctx context.Context, p *Pipeline, o options, args []Arg) (*Run, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	e, err := o.choose()
	if err != nil {
		return nil, err
	}
	if proc.IsChild() {
		role, _ := proc.Current()
		return nil, fmt.Errorf("this process was started as %s of another run and has not come to mp.Main(): %w", role.Name, ErrNoMain)
	}
	if !e.emulates() && !mainCalled.Load() {
		return nil, ErrNoMain
	}
	t, args, err := tell(p, o.workers, args)
	if err != nil {
		return nil, err
	}
	pl, err := newPlan(p, t)
	if err != nil {
		return nil, err
	}
	if err := enoughMemory(pl.footprint, p.Footprint); err != nil {
		return nil, err
	}
	r, err := newRun(pl, e)
	if err != nil {
		return nil, err
	}
	r.log.run, r.log.to = r, o.logger
	for _, a := range args {
		if err := r.take(a); err != nil {
			r.abort()
			return nil, err
		}
	}
	if err := r.begin(); err != nil {
		r.abort()
		return nil, err
	}
	if ctx.Done() != nil {
		r.unhook = append(r.unhook, context.AfterFunc(ctx, func() { r.stop(context.Cause(ctx)) }))
	}
	if o.signals {
		register(r)
	}
	if os.Getenv("MPGEN_PROGRESS") != "" {
		r.showProgress()
	}
	return r, nil
}

// newRun makes the memory of a run.
func newRun(pl *plan, e engine) (r *Run, err error) {
	r = &Run{
		plan: pl, engine: e, began: time.Now(), asking: asking{news: make(chan struct{}, 1)}, shelves: map[int]*shelf{},
		ended: make(chan struct{}), mainDone: make(chan struct{}), closed: make(chan struct{}),
	}
	r.going, r.halt = context.WithCancel(context.Background())
	defer func() {
		if err != nil {
			r.abort()
		}
	}()
	sizes := pl.fileSizes()
	for i, name := range []string{"mpgen-control", "mpgen-bells", "mpgen-commons"} {
		if r.files[i], err = e.memory(name, sizes[i]); err != nil {
			return nil, err
		}
		if err = r.files[i].Seal(i == fileControl); err != nil {
			return nil, err
		}
	}
	if err = r.files[fileControl].Reserve(0, r.files[fileControl].Size()); err != nil {
		return nil, err
	}
	ctl, err := control.New(r.files[fileControl], len(pl.slots), pl.spares, len(pl.parts), pl.rows(), len(pl.told), pl.pipeline.Path)
	if err != nil {
		return nil, err
	}
	for i, n := range pl.told {
		ctl.Told[i] = int64(n)
	}
	ctl.Plan, ctl.Started, ctl.Parent = pl.hash(), time.Now().UnixNano(), int32(os.Getpid())
	pl.describe(ctl.Table)
	r.node = newNode(pl, 0, e.emulates(), ctl, r.files[fileBells], r.files[fileCommons])
	r.node.run = r
	for i, s := range pl.shared {
		if d, ok := s.row.(managedRow); ok {
			r.shelves[i] = d.shelf()
		}
	}
	if e.inTurn() {
		r.turns = bell.NewTurns(len(pl.slots), r.deadlocked)
		r.node.bell.InTurn(r.turns)
	}
	if pl.keptSize > 0 {
		if err = r.files[fileCommons].Reserve(0, pl.keptSize); err != nil {
			return nil, err
		}
	}
	for i := range pl.shared {
		if s := &pl.shared[i]; s.place.late > 0 {
			if err = r.files[fileCommons].Reserve(s.offset, s.place.size-s.place.late); err != nil {
				return nil, err
			}
		}
	}
	for i := range pl.parts {
		p := &pl.parts[i]
		if err = r.files[fileCommons].Reserve(p.offset, p.reserved()); err != nil {
			return nil, err
		}
		if p.spsc {
			s := r.node.spsc(p)
			r.rings, r.spsc, r.bounded = append(r.rings, s), append(r.spsc, s), append(r.bounded, nil)
		} else {
			b := r.node.bounded(p)
			r.rings, r.spsc, r.bounded = append(r.rings, b), append(r.spsc, nil), append(r.bounded, b)
		}
	}
	r.shut, r.mainEnds, r.gone = make([]bool, len(pl.queues)), make([]bool, len(pl.queues)), make([]bool, len(pl.parts))
	r.stages = make([][]stageBook, len(pl.pools))
	for i := range pl.pools {
		r.stages[i] = make([]stageBook, len(pl.pools[i].inputs))
	}
	r.quiet = make([]bool, len(pl.pools))
	for i := 1; i < len(pl.slots); i++ {
		m := newMember(r, i)
		r.members = append(r.members, m)
		if p := m.slot.process; p != nil && p.OnDemand {
			continue
		}
		if err = m.furnish(); err != nil {
			return nil, err
		}
	}
	r.parties, r.rousing.parties = make([]partyBook, len(pl.parties)), make([]bool, len(pl.parties))
	for i, p := range pl.parties[1:] {
		if d := pl.slots[p.first].process; d != nil && d.OnDemand {
			book := &r.parties[1+i]
			book.room = make(chan struct{}, p.n)
			book.free = slices.Clone(r.members[p.first-1 : p.first-1+p.n])
			slices.Reverse(book.free)
		}
	}
	for i := range pl.pools {
		var core *poolCore
		if pl.pools[i].called {
			core = newPoolCore(r, &pl.pools[i])
		}
		r.pools = append(r.pools, core)
	}
	return r, nil
}

// take encodes the arguments of a process or service.
func (r *Run) take(a Arg) error {
	for _, p := range r.plan.parties[1:] {
		s := &r.plan.slots[p.first]
		switch {
		case s.process != nil && Decl(s.process) == a.to && !s.process.OnDemand:
		case s.pool >= 0 && Decl(r.plan.pools[s.pool].row) == a.to && r.plan.pools[s.pool].object:
		default:
			continue
		}
		data, err := encodeArgs(a.to, r.plan.lineSize(p.first), a.put)
		for _, m := range r.members[p.first-1 : p.first-1+p.n] {
			m.args = data
		}
		return err
	}
	return fmt.Errorf("arguments for %q, which is nothing of this pipeline that starts with it: generate its code again", a.to.name())
}

// begin starts every process.
func (r *Run) begin() error {
	if err := r.engine.open(r); err != nil {
		return err
	}
	r.node.bell.Serve(r.takeIn)
	r.node.bell.Start()
	r.mu.Lock()
	for _, m := range r.members {
		if p := m.slot.process; p == nil || !p.OnDemand {
			r.enter(m)
		}
	}
	r.keepSpares()
	for _, m := range r.alive() {
		r.watching.Add(1)
		r.turns.Hold()
		go m.supervise(nil)
	}
	r.mu.Unlock()
	r.watchStages()
	r.mu.Lock()
	r.settle()
	r.mu.Unlock()
	return nil
}

// takeIn takes in what the processes tell. It runs at each look of the bell.
func (r *Run) takeIn() {
	for _, m := range r.alive() {
		m.drain()
	}
	for _, p := range r.pools {
		if p != nil {
			p.flush()
		}
	}
	r.lookAtCycles()
}

// abort frees what a failed start has made; no process runs.
func (r *Run) abort() {
	r.engine.close()
	for _, m := range r.members {
		m.args.close()
		if m.pair != nil {
			m.pair.Close()
		}
	}
	for _, f := range r.files {
		if f != nil {
			f.Close()
		}
	}
	r.members, r.files = nil, [3]*shm.File{}
}
