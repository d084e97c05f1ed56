package mp

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mpgen/mpgen/runtime/internal/proc"
)

// brisk is a process that ends as soon as it has begun, or is told to.
var brisk = func() (s struct {
	pipeline *Pipeline
	process  *ProcessDecl
}) {
	s.process = &ProcessDecl{Name: "brisk", OnDemand: true, Max: 1, Worker: Worker{Memory: 256 << 20},
		Main: func(ctx context.Context, _ *Node, d *Decoder) error {
			if Get[bool](d) {
				<-ctx.Done()
			}
			return nil
		}}
	s.pipeline = &Pipeline{Path: "mp.test/brisk", Source: "brisk.mp", Decls: []Decl{s.process}}
	Register(s.pipeline)
	return s
}()

// slowBounds is an engine on which it takes long to bound the memory of a process.
type slowBounds struct {
	engine
	early atomic.Int32 // processes that were seen off meanwhile
}

type slowlyBound struct {
	instance
	engine  *slowBounds
	seenOff chan struct{} // closed by off
	off     sync.Once
}

func (e *slowBounds) start(m *member, generation int) (instance, error) {
	p, err := e.engine.start(m, generation)
	return &slowlyBound{instance: p, engine: e, seenOff: make(chan struct{})}, err
}

func (p *slowlyBound) LimitMemory(int64) error {
	select {
	case <-p.seenOff:
		p.engine.early.Add(1)
	case <-time.After(20 * time.Millisecond):
	}
	return nil
}

func (p *slowlyBound) Exit() proc.Exit {
	p.off.Do(func() { close(p.seenOff) })
	return p.instance.Exit()
}

// Else what a process has said would be done to the one after it. An address space that is
// bounded before Go's runtime has come up is its end.
func TestDeathIsSettledWhenAllThatWasToldIsDone(t *testing.T) {
	t.Setenv(EngineVariable, "goroutines")
	r, _ := begin(t, brisk.pipeline)
	slow := &slowBounds{engine: r.engine}
	r.engine = slow
	for range 10 {
		p, err := brisk.process.Spawn(limited(t), r, func(e *Encoder) { Put(e, false) })
		require.NoError(t, err)
		require.NoError(t, p.Wait(limited(t)))
	}
	require.Zero(t, slow.early.Load())
}

// Who decides to kill a process, and comes to it late, must not kill the next.
func TestOnlyTheProcessThatWasMeantIsKilled(t *testing.T) {
	t.Setenv(EngineVariable, "goroutines")
	r, _ := begin(t, brisk.pipeline)
	m := r.members[0]
	start := func() *Process {
		p, err := brisk.process.Spawn(limited(t), r, func(e *Encoder) { Put(e, true) })
		require.NoError(t, err)
		return p
	}
	first, generation := start(), m.generationNow()
	m.killGeneration(generation, errActed)
	require.ErrorIs(t, first.Wait(limited(t)), errActed)
	second := start()
	m.killGeneration(generation, errActed)
	second.Interrupt()
	require.NoError(t, second.Wait(limited(t)))
}
