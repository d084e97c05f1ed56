package mp

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// A model of the rule by which a cycle ends: a frontier and a few workers feed each
// other, one shared access at a time, in any order; a worker may be killed between any
// two. The parent makes its looks between theirs, a word at a time. It must neither
// say that all is done while there is work, nor never say it. Known mistakes in the
// rule are put in on purpose, and each must be found.

// mistake is a wrong rule.
type mistake struct {
	oneTail  bool // the tails are not read again
	unasked  bool // who has not asked for an item yet counts as waiting
	sleeping bool // nobody is looked at whether it waits
	early    bool // an item leaves the ring when it is taken, not when it is done
}

// What an actor does next.
const (
	stepSeed  = iota // puts what the work begins with; workers have nothing of that
	stepAsk          // says that it waits
	stepLook         // takes an item if there is one
	stepWake         // says that it does not wait
	stepWork         // puts what follows of its item
	stepClear        // says that its item is done
)

type modelItem struct {
	depth int
	owner int // the actor that works on it, -1: none
}

type modelQueue struct {
	puts  int // ever
	items []modelItem
	bound int // 0: it spills
}

type actor struct {
	next    int
	depth   int // of its item
	left    int // items that it still puts
	waiting bool
}

// modelCycle is the frontier, actor 0, which takes from pages and puts into links, and
// workers that do the opposite.
type modelCycle struct {
	*rand.Rand
	mistake
	links, pages modelQueue
	actors       []actor
	kills        int
}

func newModelCycle(seed uint64, m mistake) *modelCycle {
	c := &modelCycle{Rand: rand.New(rand.NewPCG(seed, 7)), mistake: m, pages: modelQueue{bound: 1}}
	c.actors = make([]actor, 2+c.IntN(3))
	c.actors[0].left, c.actors[0].waiting = 1+c.IntN(2), m.unasked
	return c
}

func (c *modelCycle) ends(i int) (in, out *modelQueue) {
	if i == 0 {
		return &c.pages, &c.links
	}
	return &c.links, &c.pages
}

func (q *modelQueue) put(depth int) bool {
	if q.bound > 0 && len(q.items) >= q.bound {
		return false
	}
	q.items = append(q.items, modelItem{depth, -1})
	q.puts++
	return true
}

// done takes out the item on which actor i works.
func (q *modelQueue) done(i int) {
	for k, v := range q.items {
		if v.owner == i {
			q.items = append(q.items[:k], q.items[k+1:]...)
			return
		}
	}
}

func (c *modelCycle) step(i int) {
	a := &c.actors[i]
	in, out := c.ends(i)
	switch a.next {
	case stepSeed:
		if a.left == 0 {
			a.next = stepAsk
		} else if out.put(2) {
			a.left--
		}
	case stepAsk:
		a.waiting, a.next = true, stepLook
	case stepLook:
		for k := range in.items {
			if v := &in.items[k]; v.owner < 0 {
				v.owner, a.depth, a.next = i, v.depth, stepWake
				if c.early {
					in.done(i)
				}
				return
			}
		}
	case stepWake:
		a.waiting, a.next, a.left = false, stepWork, 1
		if i == 0 { // a page has up to two links, one deeper
			a.left = 0
			if a.depth > 0 {
				a.left = c.IntN(3)
			}
		}
	case stepWork:
		depth := a.depth
		if i == 0 {
			depth--
		}
		if a.left == 0 {
			a.next = stepClear
		} else if out.put(depth) {
			a.left--
		}
	case stepClear:
		if !c.early {
			in.done(i)
		}
		a.next = stepAsk
	}
}

// kill is the death of a worker, its sweep, and a successor.
func (c *modelCycle) kill(i int) {
	c.kills++
	for k := range c.links.items {
		if v := &c.links.items[k]; v.owner == i {
			v.owner = -1
		}
	}
	c.actors[i] = actor{}
}

// looks are what the parent does, one after the other; from one that says no it begins
// again.
func (c *modelCycle) looks() (all []func() bool) {
	var tails [2]int
	queues := []*modelQueue{&c.links, &c.pages}
	for k, q := range queues {
		all = append(all, func() bool { tails[k] = q.puts; return true })
	}
	for _, q := range queues {
		all = append(all, func() bool { return len(q.items) == 0 })
	}
	for i := range c.actors {
		all = append(all, func() bool { return c.actors[i].waiting || c.sleeping })
	}
	for k, q := range queues {
		all = append(all, func() bool { return tails[k] == q.puts || c.oneTail })
	}
	return all
}

// busy reports whether there is work left.
func (c *modelCycle) busy() bool {
	for _, a := range c.actors {
		if (a.next == stepSeed || a.next == stepWork) && a.left > 0 {
			return true
		}
	}
	return len(c.links.items)+len(c.pages.items) > 0
}

// run lets all go on in any order until the parent says that all is done.
func (c *modelCycle) run() (early, stuck bool) {
	looks, at := c.looks(), 0
	for range 20_000 {
		i := c.IntN(len(c.actors))
		switch {
		case c.IntN(3) == 0:
			if !looks[at]() {
				at = 0
			} else if at++; at == len(looks) {
				return c.busy(), false
			}
		case i > 0 && c.kills < 3 && c.IntN(40) == 0:
			c.kill(i)
		default:
			c.step(i)
		}
	}
	return false, true
}

func TestModelOfACycleEndsWhenAllIsDone(t *testing.T) {
	kills := 0
	for seed := range uint64(20_000) {
		c := newModelCycle(seed, mistake{})
		early, stuck := c.run()
		require.False(t, early, "seed %d: it ended too early", seed)
		require.False(t, stuck, "seed %d: it never ended", seed)
		kills += c.kills
	}
	t.Log("20000 cycles,", kills, "kills")
}

func TestMistakesInTheEndOfACycleAreFound(t *testing.T) {
	for _, m := range []mistake{{oneTail: true}, {unasked: true}, {early: true}, {sleeping: true, early: true}} {
		found := func() bool {
			for seed := range uint64(300_000) {
				if early, stuck := newModelCycle(seed, m).run(); early || stuck {
					t.Logf("%+v: seed %d, early %v, stuck %v", m, seed, early, stuck)
					return true
				}
			}
			return false
		}
		require.True(t, found(), "%+v", m)
	}
}
