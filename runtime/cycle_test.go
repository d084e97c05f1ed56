package mp

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mpgen/mpgen/runtime/internal/proc"
)

// web is a cycle: the frontier sends links to pages, the stage fetches them, and each
// page gives the frontier more links, until they are too deep. Each page is of a tree
// in which every one but the leaves has Wide links.
var web = func() (s struct {
	pipeline        *Pipeline
	links           *QueueDecl[link]
	pages           *QueueDecl[sheet]
	frontier        *ProcessDecl
	seen, late      *NumberDecl[int]
	fetched, begins *NumberDecl[int]
}) {
	s.links = &QueueDecl[link]{Name: "links", Capacity: 2, Spill: 1 << 16}
	s.pages = &QueueDecl[sheet]{Name: "pages", Capacity: 2}
	s.seen, s.late = &NumberDecl[int]{Name: "seen"}, &NumberDecl[int]{Name: "late"}
	s.fetched, s.begins = &NumberDecl[int]{Name: "fetched"}, &NumberDecl[int]{Name: "begins"}
	s.frontier = &ProcessDecl{Name: "frontier", Restart: OnFailure, Restarts: 1000, Send: []Decl{s.links}, Receive: []Decl{s.pages},
		Uses: []Decl{s.seen, s.late, s.begins}, Worker: Worker{Grace: 20 * time.Millisecond}}
	s.frontier.Main = func(ctx context.Context, n *Node, d *Decoder) error {
		seeds, wide, deep, late := Get[int](d), Get[int](d), Get[int](d), Get[bool](d)
		out, seen := s.links.Sender(n), s.seen.In(n)
		begins := s.begins.In(n).Add(1)
		for i := range seeds {
			err := out.Send(ctx, link{ID: i, Wide: wide, Deep: deep})
			if begins > 1 && errors.Is(err, ErrClosed) { // it died when all was done
				return nil
			}
			if err != nil {
				return err
			}
		}
		for p, err := range s.pages.Receiver(n).All(ctx) {
			if err != nil {
				return err
			}
			seen.Add(1)
			for i := range p.Wide {
				if p.Deep == 0 {
					break
				}
				if err := out.Send(ctx, link{ID: i, Wide: p.Wide, Deep: p.Deep - 1}); err != nil {
					return err
				}
			}
		}
		if late {
			if err := out.Send(ctx, link{}); errors.Is(err, ErrClosed) {
				s.late.In(n).Add(1)
			}
		}
		return nil
	}
	fetch := &PoolDecl[link, sheet]{Name: "fetch", Workers: 3, From: s.links, To: To(s.pages), Uses: []Decl{s.fetched},
		Task: TaskPolicy{Retries: 1000, Backoff: time.Millisecond}, Worker: Worker{Grace: 20 * time.Millisecond}}
	fetch.Open = func(n *Node) func(context.Context, link) (sheet, error) {
		fetched := s.fetched.In(n)
		return func(ctx context.Context, l link) (sheet, error) {
			fetched.Add(1)
			return sheet(l), nil
		}
	}
	s.pipeline = &Pipeline{Path: "mp.test/web", Source: "web.mp", Decls: []Decl{s.links, s.pages, s.seen, s.late, s.fetched, s.begins, s.frontier, fetch}}
	Register(s.pipeline)
	return s
}()

type link struct{ ID, Wide, Deep int }

type sheet link

// crawl says how many trees there are, and what they are like.
func crawl(seeds, wide, deep int, late bool) Arg {
	return web.frontier.With(func(e *Encoder) { Put(e, seeds); Put(e, wide); Put(e, deep); Put(e, late) })
}

// treeSize is the number of pages of a tree.
func treeSize(wide, deep int) int {
	n, row := 1, 1
	for range deep {
		row *= wide
		n += row
	}
	return n
}

func (t *trial) cycle() {
	for _, tree := range []struct{ seeds, wide, deep int }{{0, 0, 0}, {1, 0, 0}, {1, 1, 5}, {3, 2, 4}, {1, 50, 2}} {
		r, n := t.start(web.pipeline, crawl(tree.seeds, tree.wide, tree.deep, true))
		require.NoError(t, r.Wait())
		require.Equal(t, tree.seeds*treeSize(tree.wide, tree.deep), web.seen.In(n).Load())
		require.Equal(t, 1, web.late.In(n).Load(), "what is sent after the end is refused")
		require.NoError(t, r.Close())
	}
}

// storm kills what lives at random until end is called, nobody more than three times,
// as the run gives up on who dies more often and has done nothing.
func storm(r *Run, pause time.Duration, victim func(m *member) bool) (end func() (kills int)) {
	calm, kills, each := make(chan struct{}), 0, map[*member]int{}
	var storm sync.WaitGroup
	storm.Go(func() {
		for {
			select {
			case <-calm:
				return
			case <-time.After(time.Duration(rand.Int64N(int64(pause)))):
			}
			all := r.alive()
			if len(all) == 0 {
				continue
			}
			if m := all[rand.IntN(len(all))]; victim(m) && each[m] < 3 {
				r.mu.Lock()
				p := m.proc
				r.mu.Unlock()
				if p != nil {
					p.Kill()
					kills++
					each[m]++
				}
			}
		}
	})
	return func() int { close(calm); storm.Wait(); return kills }
}

func isWorker(m *member) bool { return m.slot.pool >= 0 }

// Workers are killed at any time: the cycle neither ends before each page was seen
// once, nor goes on for ever. MP_CYCLES in the environment says how many cycles to try,
// and makes the tests like this one try more.
func TestCycleEndsInAStormOfKills(t *testing.T) {
	runs, pause := map[string]int{"processes": 4, "goroutines": 300}, map[string]time.Duration{"processes": 4 * time.Millisecond, "goroutines": 400 * time.Microsecond}
	if v := os.Getenv("MP_CYCLES"); v != "" {
		n, err := strconv.Atoi(v)
		require.NoError(t, err)
		runs["processes"], runs["goroutines"] = n/100, n
	}
	for _, engine := range columns[:2] {
		t.Run(engine, func(t *testing.T) {
			if engine == "processes" && !proc.Supported {
				t.Skip("this system has no process engine")
			}
			t.Setenv(EngineVariable, engine)
			noLeaks(t)
			kills := 0
			for i := range runs[engine] {
				seeds, wide, deep := rand.IntN(3), rand.IntN(4), rand.IntN(4)
				r, n, err := Start(context.Background(), web.pipeline, []Option{NoSignals()}, crawl(seeds, wide, deep, false))
				require.NoError(t, err)
				calm := storm(r, pause[engine], isWorker)
				late := time.AfterFunc(patience, func() { r.Dump(context.Background(), os.Stderr); r.fail(fmt.Errorf("run %d goes on for ever", i)) })
				err = r.Wait()
				late.Stop()
				kills += calm()
				require.NoError(t, err)
				require.Equal(t, seeds*treeSize(wide, deep), web.seen.In(n).Load(), "run %d: %d, %d, %d", i, seeds, wide, deep)
				require.NoError(t, r.Close())
				require.Zero(t, r.Stats().Rescued, "wake-ups that got lost")
			}
			t.Log(runs[engine], "cycles,", kills, "kills")
		})
	}
}

// The frontier is killed, too, and begins anew: how much there is to do is open then,
// but not that it ends.
func TestCycleEndsWhoeverDies(t *testing.T) {
	for _, engine := range columns[:2] {
		t.Run(engine, func(t *testing.T) {
			if engine == "processes" && !proc.Supported {
				t.Skip("this system has no process engine")
			}
			t.Setenv(EngineVariable, engine)
			noLeaks(t)
			runs, pause := map[string]int{"processes": 2, "goroutines": 50}[engine], map[string]time.Duration{"processes": 4 * time.Millisecond, "goroutines": 400 * time.Microsecond}[engine]
			if os.Getenv("MP_CYCLES") != "" {
				runs *= 50
			}
			kills := 0
			for i := range runs {
				r, _, err := Start(context.Background(), web.pipeline, []Option{NoSignals()}, crawl(1+rand.IntN(3), rand.IntN(3), rand.IntN(4), false))
				require.NoError(t, err)
				calm := storm(r, pause, func(*member) bool { return true })
				late := time.AfterFunc(patience, func() { r.Dump(context.Background(), os.Stderr); r.fail(fmt.Errorf("run %d goes on for ever", i)) })
				err = r.Wait()
				late.Stop()
				kills += calm()
				if !errors.Is(err, ErrClosed) { // what a frontier found whose pages were closed meanwhile
					require.NoError(t, err)
				}
				require.NoError(t, r.Close())
			}
			t.Log(runs, "cycles,", kills, "kills")
		})
	}
}
