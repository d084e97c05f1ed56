package mp

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// playerCount is how many processes play.
const playerCount = 4

// players are processes around one of each kind of what they can meet at. Each does the
// acts of its script one by one, when the test lets it, and tells how each ended.
var players = func() (s struct {
	pipeline      *Pipeline
	player        *ProcessDecl
	open, did     [playerCount]*NumberDecl[int] // acts that it may begin; that it has begun and ended, twice each, plus one
	result, index [playerCount]*NumberDecl[int]

	acts      *NumberDecl[int] // of the barrier's action
	count     *NumberDecl[int]
	semaphore *SemaphoreDecl
	event     *EventDecl
	barrier   *BarrierDecl // of three
	everyone  *BarrierDecl // of all players and the program
	condition *ConditionDecl
	rwlock    *RWLockDecl
	rlock     *RLockDecl
	seen      *DictDecl[string, int]
	pages     *DictDecl[int, string]
	todo      *ListDecl[string]
	spots     *SetDecl[place]
}) {
	s.acts, s.count = &NumberDecl[int]{Name: "acts"}, &NumberDecl[int]{Name: "count"}
	s.semaphore = &SemaphoreDecl{Name: "slots", Permits: 2}
	s.event = &EventDecl{Name: "ready"}
	s.barrier = &BarrierDecl{Name: "turn", Parties: 3}
	s.everyone = &BarrierDecl{Name: "all", Main: true}
	s.condition = &ConditionDecl{Name: "changed"}
	s.rwlock = &RWLockDecl{Name: "table"}
	s.rlock = &RLockDecl{Name: "again"}
	s.seen = &DictDecl[string, int]{Name: "seen", Key: String, Limit: 100}
	s.pages = &DictDecl[int, string]{Name: "pages", Elem: String}
	s.todo = &ListDecl[string]{Name: "todo", Elem: String, Limit: 20_000}
	s.spots = &SetDecl[place]{Name: "spots", Limit: 3}
	rows := []Decl{s.acts, s.count, s.semaphore, s.event, s.barrier, s.everyone, s.condition, s.rwlock, s.rlock,
		s.seen, s.pages, s.todo, s.spots}
	for i := range playerCount {
		for k, n := range []*[playerCount]*NumberDecl[int]{&s.open, &s.did, &s.result, &s.index} {
			n[i] = &NumberDecl[int]{Name: fmt.Sprint("player", i, "word", k)}
			rows = append(rows, n[i])
		}
	}
	s.player = &ProcessDecl{Name: "player", Instances: playerCount, Restart: OnFailure, Restarts: 10, Uses: rows}
	s.player.Main = func(ctx context.Context, n *Node, d *Decoder) error {
		script := GetSlice(d, func(d *Decoder) []string { return GetSlice(d, (*Decoder).String) })
		i := n.Instance()
		did, open := s.did[i].In(n), s.open[i].In(n)
		if did.Load() != 0 { // it died; that must not end the run
			return nil
		}
		for k, name := range script[i] {
			for open.Load() <= k {
				if ctx.Err() != nil {
					return ctx.Err()
				}
				time.Sleep(100 * time.Microsecond)
			}
			did.Store(2*k + 1)
			s.result[i].In(n).Store(int(resultOf(doAct(ctx, n, name))))
			did.Store(2*k + 2)
		}
		return nil
	}
	s.pipeline = &Pipeline{Path: "mp.test/players", Source: "players.mp", Decls: append(rows, s.player)}
	Register(s.pipeline)
	return s
}()

// result says in a number how an act ended.
type result int

const (
	fine result = iota
	lockedOut
	ownerDied
	brokenUp
	outOfTime
	failedActing
	otherwise
)

func resultOf(err error) result {
	for r, sentinel := range []error{lockedOut: ErrLocked, ownerDied: ErrOwnerDied, brokenUp: ErrBroken,
		outOfTime: context.DeadlineExceeded, failedActing: errActed} {
		if sentinel != nil && errors.Is(err, sentinel) {
			return result(r)
		}
	}
	if err != nil {
		return otherwise
	}
	return fine
}

// acts are what players can do, by its name.
var acts = map[string]func(ctx context.Context, n *Node, i int) error{
	"stay": func(context.Context, *Node, int) error { return nil }, // it ends only then
}

// doAct does one; "name briefly" has 20 ms for it.
func doAct(ctx context.Context, n *Node, name string) error {
	if before, ok := cutTimed(name); ok {
		short, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
		defer cancel()
		ctx, name = short, before
	}
	return acts[name](ctx, n, n.Instance())
}

// cutTimed is the act that "name briefly" has 20 ms for.
func cutTimed(name string) (string, bool) {
	const mark = " briefly"
	if len(name) > len(mark) && name[len(name)-len(mark):] == mark {
		return name[:len(name)-len(mark)], true
	}
	return name, false
}

// game is a run of the players.
type game struct {
	testing.TB
	r *Run
	n *Node
}

// play starts players with their scripts, as processes.
func play(t testing.TB, scripts ...[]string) *game {
	r, n := begin(t, players.pipeline, scripted(scripts))
	return &game{t, r, n}
}

func scripted(scripts [][]string) Arg {
	for len(scripts) < playerCount {
		scripts = append(scripts, nil)
	}
	return players.player.With(func(e *Encoder) {
		PutSlice(e, scripts, func(e *Encoder, script []string) { PutSlice(e, script, (*Encoder).String) })
	})
}

// starts lets player i do its next act, and does not wait for its end.
func (g *game) starts(i int) {
	g.Helper()
	k := players.open[i].In(g.n).Add(1) - 1
	until(g, fmt.Sprintf("player %d begins act %d", i, k), func() bool { return players.did[i].In(g.n).Load() > 2*k })
}

// ended waits for the end of the last act that player i has started, and returns how.
func (g *game) ended(i int) result {
	g.Helper()
	k := players.open[i].In(g.n).Load()
	until(g, fmt.Sprintf("player %d ends act %d", i, k-1), func() bool { return players.did[i].In(g.n).Load() == 2*k })
	return result(players.result[i].In(g.n).Load())
}

// acts lets player i do its next act.
func (g *game) acts(i int) result {
	g.Helper()
	g.starts(i)
	return g.ended(i)
}

// stillActs says that player i has not ended its act.
func (g *game) stillActs(i int) {
	g.Helper()
	require.Equal(g, 2*players.open[i].In(g.n).Load()-1, players.did[i].In(g.n).Load())
}

// gone waits until player i has been started again, after what it left was repaired.
func (g *game) gone(i int) {
	g.Helper()
	m := g.r.memberOf("player", i)
	until(g, "the dead is swept", func() bool {
		g.r.mu.Lock()
		defer g.r.mu.Unlock()
		return m.restarts > 0 || m.finished
	})
}
