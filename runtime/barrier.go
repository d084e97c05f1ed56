package mp

import (
	"context"
	"fmt"
	"slices"
	"unsafe"

	"github.com/mpgen/mpgen/runtime/internal/control"
	"github.com/mpgen/mpgen/runtime/internal/meet"
	"github.com/mpgen/mpgen/runtime/internal/ring"
)

// BarrierDecl is a row for a barrier.
type BarrierDecl struct {
	Name    string
	Parties int  // 0: each process that uses it is one
	Main    bool // the program itself is one of those
}

// In is the barrier, for a process that declares to use it.
func (d *BarrierDecl) In(n *Node) *Barrier {
	return opened(n, d, func(_ *sharedPlan, at unsafe.Pointer) *Barrier {
		return &Barrier{shared: d.rounds(n, at), node: n, row: d}
	})
}

func (d *BarrierDecl) rounds(n *Node, at unsafe.Pointer) meet.Rounds {
	return meet.OpenRounds(at, n.slot, n.bells, d.parties(n.plan))
}

// parties is how many must come.
func (d *BarrierDecl) parties(pl *plan) int {
	if d.Parties > 0 {
		return d.Parties
	}
	n := len(pl.users(d, 0))
	if d.Main {
		n++
	}
	return n
}

func (d *BarrierDecl) name() string { return d.Name }

func (d *BarrierDecl) check() error {
	if d.Parties < 0 || d.Parties > meet.MaxParties {
		return fmt.Errorf("barrier %q can't have %d parties", d.Name, d.Parties)
	}
	return nil
}

func (d *BarrierDecl) place(slots, _ int) sharedPlace {
	return sharedPlace{kind: control.KindBarrier, size: meet.RoundsSize(slots)}
}

// repair breaks the barrier if the dead process was in it. One that was not may have
// been about to come; if it ended well, only a barrier that needs everyone misses it.
func (d *BarrierDecl) repair(n *Node, at unsafe.Pointer, p ring.Owner, well bool) {
	b := d.rounds(n, at)
	b.Sweep(int(p), !well || d.Parties == 0)
}

func (d *BarrierDecl) state(n *Node, at unsafe.Pointer) string {
	b := d.rounds(n, at)
	switch come, broken := b.State(); {
	case broken && d.Parties == 0 && !slices.ContainsFunc(n.plan.users(d, 0), func(slot int) bool { return n.control.Slots[slot].State.Load() != control.Ended }):
		return "over: its processes have ended"
	case broken:
		return "broken"
	case come > 0:
		return fmt.Sprintf("%d of %d wait", come, d.parties(n.plan))
	}
	return ""
}

// Barrier lets its parties go on together: each waits until all have come, again and
// again. If one of them dies or gives up, the barrier is broken, and all who wait or
// come get [ErrBroken] until Reset. The same holds if a party ends well that is
// needed: every process that uses the barrier, if the .mp file does not say how many
// parties there are.
type Barrier struct {
	shared meet.Rounds
	node   *Node
	row    *BarrierDecl
}

// Wait waits for the other parties, and returns how many had come before the caller: a
// different index for each, from 0 to Parties less one. If ctx ends before they have
// come, the barrier breaks, and the error is ctx's. Other errors are [ErrBroken], and
// [ErrClosed] after the end of the run.
func (b *Barrier) Wait(ctx context.Context) (int, error) { return b.WaitAction(ctx, nil) }

// WaitAction is Wait with something that one of the parties does when all have come,
// before any of them goes on. It is the last one to come, whose action counts if it has
// one. An error of the action breaks the barrier, and so does a panic: that party gets it,
// all others [ErrBroken].
func (b *Barrier) WaitAction(ctx context.Context, action func() error) (index int, err error) {
	entered := false
	b.node.ringing(func() { b.shared.Enter(); entered = true })
	if !entered {
		return 0, b.node.overError()
	}
	defer b.node.ringing(b.shared.Leave)
	for {
		if b.node.over.Load() {
			return 0, b.node.overError()
		}
		round, index, outcome := meet.Round(0), 0, meet.Broken
		b.node.ringing(func() { round, index, outcome = b.shared.Come(action != nil) })
		switch outcome {
		case meet.Passed:
			return index, nil
		case meet.Waits:
			return index, b.await(ctx, round)
		case meet.Acts:
			return index, b.act(round, action)
		case meet.Broken:
			return 0, b.broken()
		}
		if err := b.node.bell.Wait(ctx, b.shared.Waiting(), (*nextRound)(b)); err != nil && !b.node.over.Load() {
			return 0, err
		}
	}
}

// await waits for the end of a round that the caller has come to.
func (b *Barrier) await(ctx context.Context, round meet.Round) error {
	err := b.node.bell.Wait(ctx, b.shared.Waiting(), &passing{b, round})
	for {
		switch b.shared.Outcome(round) {
		case meet.Passed:
			return nil
		case meet.Broken:
			return b.broken()
		}
		if b.node.over.Load() {
			return b.node.overError()
		}
		if b.node.ringing(func() { b.shared.Break(round) }); b.shared.Outcome(round) == meet.Broken {
			return err
		}
	}
}

// act runs the action for a round to which all have come.
func (b *Barrier) act(round meet.Round, action func() error) error {
	done := false
	defer func() {
		if !done { // an error, a panic or runtime.Goexit
			b.node.ringing(func() { b.shared.Break(round) })
		}
	}()
	if err := action(); err != nil {
		return err
	}
	done = true
	passed := false
	b.node.ringing(func() { passed = b.shared.Pass(round) })
	switch {
	case passed:
		return nil
	case b.node.over.Load():
		return b.node.overError()
	}
	return b.broken()
}

func (b *Barrier) broken() error { return fmt.Errorf("barrier %q: %w", b.row.Name, ErrBroken) }

// Abort breaks the barrier.
func (b *Barrier) Abort() { b.node.ringing(b.shared.Abort) }

// Reset makes the barrier whole, with nobody waiting: who waits gets [ErrBroken].
func (b *Barrier) Reset() { b.node.ringing(b.shared.Reset) }

// Parties is how many must come.
func (b *Barrier) Parties() int { return b.row.parties(b.node.plan) }

// Waiting is how many have come and wait, 0 if the barrier is broken.
func (b *Barrier) Waiting() int {
	come, broken := b.shared.State()
	if broken {
		return 0
	}
	return come
}

// passing is the condition of who has come to a round.
type passing struct {
	*Barrier
	round meet.Round
}

func (p *passing) Ready() bool { return p.node.over.Load() || p.shared.Outcome(p.round) != meet.Waits }

func (p *passing) waitsFor() want {
	w := want{what: "barrier " + p.row.Name, from: p.node.plan.others(p.row, p.node.slot), how: "not yet come to", all: p.row.Parties == 0}
	here := p.shared.Within()
	w.from = slices.DeleteFunc(w.from, func(slot int) bool {
		return slices.Contains(here, slot) || slot == 0 && p.row.Parties == 0 && !p.row.Main
	})
	return w
}

// nextRound is the condition of who comes while all others have and one of them acts.
type nextRound Barrier

func (b *nextRound) Ready() bool { return b.node.over.Load() || b.shared.Room() }

func (b *nextRound) waitsFor() want {
	return want{what: "barrier " + b.row.Name, from: b.shared.Within(), how: "not yet left"}
}

// Broken reports whether the barrier is broken.
func (b *Barrier) Broken() bool {
	_, broken := b.shared.State()
	return broken
}
