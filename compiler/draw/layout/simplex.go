package layout

import "slices"

// span is a pair of variables with a least distance, and what each unit beyond
// that costs: x[to] - x[from] >= min.
type span struct {
	from, to int
	min      int
	cost     int
}

// maxPivots bounds the work on one problem, as a multiple of its size. What it
// stops at is a solution, but perhaps not the cheapest.
const maxPivots = 20

// simplex finds whole numbers x that keep all distances and cost least. The spans
// connect all n variables and have no cycle. It is the network simplex method of
// Gansner et al., section 2.3: a tree of spans that are as short as they may be
// is a solution; as long as one of the tree had better be longer, another takes
// its place.
//
// What a longer span of the tree would save needs no search: cutting it leaves two
// halves, and of the sum of what leaves and enters the variables of one half, all
// spans inside of it cancel.
func simplex(n int, spans []span) []int {
	t := &tree{spans: spans, x: farthest(n, spans), at: make([][]int, n), up: make([]int, n), low: make([]int, n),
		lim: make([]int, n), gain: make([]int, n), net: make([]int, n), in: make([]bool, len(spans))}
	for _, s := range spans {
		t.net[s.from] += s.cost
		t.net[s.to] -= s.cost
	}
	t.grow()
	t.number()
	start := 0
	for range maxPivots * (n + len(spans)) {
		out := t.leaving(&start)
		if out < 0 {
			break
		}
		t.exchange(out)
	}
	least := slices.Min(t.x)
	for i := range t.x {
		t.x[i] -= least
	}
	return t.x
}

// farthest gives each variable its least value, in the order of the spans.
func farthest(n int, spans []span) []int {
	x, before, after := make([]int, n), make([]int, n), make([][]span, n)
	for _, s := range spans {
		before[s.to]++
		after[s.from] = append(after[s.from], s)
	}
	var ready []int
	for v := range n {
		if before[v] == 0 {
			ready = append(ready, v)
		}
	}
	for len(ready) > 0 {
		v := ready[0]
		ready = ready[1:]
		for _, s := range after[v] {
			x[s.to] = max(x[s.to], x[v]+s.min)
			if before[s.to]--; before[s.to] == 0 {
				ready = append(ready, s.to)
			}
		}
	}
	return x
}

// tree is a spanning tree of spans without slack.
type tree struct {
	spans []span
	x     []int
	in    []bool  // spans of the tree
	at    [][]int // of each variable: its spans in the tree

	// The tree hangs at variable 0. Those below v are numbered from low[v] to
	// lim[v], which is v's own.
	up       []int // the span to the one above, -1 for the root
	low, lim []int
	net      []int // cost of spans that leave, less that of those that enter
	gain     []int // sum of net below and at v
}

func (t *tree) slack(i int) int {
	s := t.spans[i]
	return t.x[s.to] - t.x[s.from] - s.min
}

// grow makes the first tree: it takes in what is connected without slack, and
// moves as a whole until one more is.
func (t *tree) grow() {
	n := len(t.x)
	around := make([][]int, n)
	for i, s := range t.spans {
		around[s.from] = append(around[s.from], i)
		around[s.to] = append(around[s.to], i)
	}
	member := make([]bool, n)
	var members, todo []int
	take := func(v int) {
		member[v] = true
		members, todo = append(members, v), append(todo, v)
	}
	take(0)
	for {
		for len(todo) > 0 {
			v := todo[len(todo)-1]
			todo = todo[:len(todo)-1]
			for _, i := range around[v] {
				other := t.spans[i].from + t.spans[i].to - v
				if !member[other] && t.slack(i) == 0 {
					t.join(i)
					take(other)
				}
			}
		}
		if len(members) == n {
			return
		}
		best := -1
		for i, s := range t.spans {
			if member[s.from] != member[s.to] && (best < 0 || t.slack(i) < t.slack(best)) {
				best = i
			}
		}
		by := t.slack(best)
		if member[t.spans[best].to] {
			by = -by
		}
		for _, v := range members {
			t.x[v] += by
		}
		todo = append(todo, members...)
	}
}

func (t *tree) join(i int) {
	t.in[i] = true
	s := t.spans[i]
	t.at[s.from], t.at[s.to] = append(t.at[s.from], i), append(t.at[s.to], i)
}

func (t *tree) part(i int) {
	t.in[i] = false
	for _, v := range []int{t.spans[i].from, t.spans[i].to} {
		t.at[v] = slices.DeleteFunc(t.at[v], func(j int) bool { return j == i })
	}
}

// number walks the tree.
func (t *tree) number() {
	type step struct{ v, next int }
	n := 0
	t.up[0], t.low[0], t.gain[0] = -1, 0, t.net[0]
	stack := []step{{0, 0}}
	for len(stack) > 0 {
		top := &stack[len(stack)-1]
		v := top.v
		if top.next == len(t.at[v]) {
			t.lim[v] = n
			n++
			stack = stack[:len(stack)-1]
			if i := t.up[v]; i >= 0 {
				t.gain[t.spans[i].from+t.spans[i].to-v] += t.gain[v]
			}
			continue
		}
		i := t.at[v][top.next]
		top.next++
		if i == t.up[v] {
			continue
		}
		below := t.spans[i].from + t.spans[i].to - v
		t.up[below], t.low[below], t.gain[below] = i, n, t.net[below]
		stack = append(stack, step{below, 0})
	}
}

// leaving finds a variable whose span to the one above had better be longer, or
// -1. It goes on where it stopped, so that all get their turn.
func (t *tree) leaving(start *int) int {
	for range t.x {
		v := *start
		*start = (v + 1) % len(t.x)
		i := t.up[v]
		if i >= 0 && (t.spans[i].from == v && t.gain[v] < 0 || t.spans[i].to == v && t.gain[v] > 0) {
			return v
		}
	}
	return -1
}

// exchange makes the span above v longer, until another has no slack.
func (t *tree) exchange(v int) {
	below := func(w int) bool { return t.low[v] <= t.lim[w] && t.lim[w] <= t.lim[v] }
	tail := t.spans[t.up[v]].from == v
	enter := -1
	for i, s := range t.spans {
		if t.in[i] || below(s.from) == below(s.to) || below(s.from) == tail {
			continue
		}
		if enter < 0 || t.slack(i) < t.slack(enter) {
			enter = i
		}
	}
	if enter < 0 {
		return // it may be as long as it likes, so it costs nothing
	}
	by := t.slack(enter)
	if tail {
		by = -by
	}
	for w := range t.x {
		if below(w) {
			t.x[w] += by
		}
	}
	t.part(t.up[v])
	t.join(enter)
	t.number()
}
