package mp

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/mpgen/mpgen/runtime/internal/control"
	"github.com/mpgen/mpgen/runtime/internal/line"
)

// asking is the questions to the processes of a run: what do you do, and what do
// you wait for? A question is a number in the slot of each process. Its bell then
// has a goroutine started that answers over the line, also while all others are
// busy. Who does not answer in time is told of as that: a process that is stopped
// must not keep anybody waiting.
type asking struct {
	mu   sync.Mutex // one question at a time
	last uint32     // question
	news chan struct{}
}

// reply is what a process has answered to a question.
type reply struct {
	question uint32
	stacks   []byte
	waits    []want
	all      bool
}

// answerTime is how long a process may take to answer.
const answerTime = time.Second

// Limits of an answer. A frame is less than any line takes.
const (
	maxStacks  = 128 << 10 // bytes of stacks, alike ones put together
	stackFrame = 16 << 10
	maxTraced  = 4 << 20 // bytes of stacks before that
)

// tell answers the parent's question.
func (c *child) tell(question uint32) {
	waits := c.node.waits()
	if c.routine == nil && (!idle(waits) || c.busy()) { // else they are among the program's
		for stacks := []byte(stacks()); len(stacks) > 0; {
			n := min(len(stacks), stackFrame)
			c.write(frameStack, uint64(question), stacks[:n])
			stacks = stacks[n:]
		}
	}
	var e Encoder
	e.reset(nil, 2*stackFrame)
	if putWaits(&e, waits); e.err != nil {
		e.reset(nil, 2*stackFrame)
		putWaits(&e, []want{{what: fmt.Sprintf("%d things", len(waits)), count: len(waits)}})
	}
	c.say(frameWaits, uint64(question), e.bytes())
}

// tells takes in a part of an answer. upMu is held.
func (m *member) tells(f line.Frame) {
	t := &m.reply
	if f.ID != uint64(t.question) || t.all {
		return // nobody waits for it any more
	}
	if f.Kind == frameStack {
		t.stacks = append(t.stacks, f.Data[:min(len(f.Data), maxStacks-len(t.stacks))]...)
		return
	}
	var d Decoder
	d.reset(f.Data)
	waits := getWaits(&d, len(m.run.plan.slots), len(m.run.plan.queues))
	if d.Err() != nil {
		m.life.corrupt = true
		m.killSoon(ErrCorruptPeer)
		return
	}
	t.waits, t.all = waits, true
	m.run.asking.nudge()
}

// quiet says that the process has died and will not answer.
func (m *member) quiet() {
	m.upMu.Lock()
	m.reply = reply{}
	m.upMu.Unlock()
	m.run.asking.nudge()
}

// nudge has whoever asks look again.
func (a *asking) nudge() {
	select {
	case a.news <- struct{}{}:
	default:
	}
}

// portrait is what a dump says of one process.
type portrait struct {
	slot       int
	title      string
	pid        int
	state      string
	generation uint32
	tasks      []uint64
	since      int64 // of the only task, 0: not known
	waits      []want
	stacks     []byte
	silent     string // why it has not told, "" if it has
}

// Dump writes what the run does, for people: of each process its state and task,
// and what its goroutines wait for, since when, and which processes could give it;
// those that only wait for each other come first; the goroutines' stacks come
// last, without those of processes that have no work. Every process is asked, and
// has a second to answer, or until ctx ends; of one that does not, as it is
// stopped, Dump says so. The processes go on meanwhile. Any goroutine may call it.
// Errors are [ErrClosed] after Close, and those of w.
//
// The program itself dumps its runs on SIGQUIT, see [NoSignals].
func (r *Run) Dump(ctx context.Context, w io.Writer) error {
	text, err := r.dump(ctx)
	if err != nil {
		return err
	}
	_, err = w.Write(text)
	return err
}

func (r *Run) dump(ctx context.Context) ([]byte, error) {
	r.asking.mu.Lock()
	defer r.asking.mu.Unlock()
	asked, err := r.ask()
	if err != nil {
		return nil, err
	}
	waits := r.node.waits()
	patience := time.NewTimer(answerTime)
	defer patience.Stop()
	for r.unanswered(asked) {
		select {
		case <-r.asking.news:
			continue
		case <-patience.C:
		case <-ctx.Done():
		}
		break
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.over {
		return nil, ErrClosed
	}
	all := []portrait{{title: "main", pid: os.Getpid(), state: "running", waits: append(waits, r.mainWaits()...), stacks: []byte(stacks())}}
	for _, m := range r.members {
		if m.proc != nil || !m.finished || m.err != nil {
			all = append(all, m.portrait(asked[m.index] != nil))
		}
	}
	for i := range all {
		for k := range all[i].waits {
			all[i].waits[k] = r.givers(all[i].slot, all[i].waits[k])
		}
	}
	var b bytes.Buffer
	r.describe(&b, all)
	return b.Bytes(), nil
}

// ask puts a new question to all processes that can answer.
func (r *Run) ask() (asked map[int]*member, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.over {
		return nil, ErrClosed
	}
	r.asking.last++
	asked = map[int]*member{}
	for _, m := range r.members {
		if m.proc == nil {
			continue
		}
		m.upMu.Lock()
		ready := m.life.ready
		if ready {
			m.reply = reply{question: r.asking.last}
		}
		m.upMu.Unlock()
		if ready {
			asked[m.index] = m
			r.node.control.Slots[m.index].Ask.Store(r.asking.last)
			r.node.bells[m.index].Ring()
		}
	}
	return asked, nil
}

// unanswered reports whether a process that was asked may still answer.
func (r *Run) unanswered(asked map[int]*member) bool {
	for _, m := range asked {
		m.upMu.Lock()
		open := m.reply.question == r.asking.last && !m.reply.all
		m.upMu.Unlock()
		if open {
			return true
		}
	}
	return false
}

var stateNames = []string{
	control.Idle: "not started", control.Starting: "starting", control.Running: "running",
	control.Backoff: "waiting to be started again", control.Ended: "ended", control.Failed: "failed",
}

// portrait is made with run.mu held.
func (m *member) portrait(asked bool) portrait {
	word := &m.run.node.control.Slots[m.index]
	p := portrait{slot: m.index, title: m.title(), pid: int(m.pid.Load()), generation: word.Generation.Load(),
		state: stateNames[word.State.Load()], tasks: m.atWork()}
	if m.slot.process != nil && m.slot.process.OnDemand {
		p.generation = 0 // counts all that had the place
	}
	if len(p.tasks) == 1 {
		for i := range m.posts {
			p.since = max(p.since, int64(m.posts[i].begun.Since.Load()))
		}
	}
	m.upMu.Lock()
	t := m.reply
	m.upMu.Unlock()
	switch {
	case m.err != nil:
		p.state += ": " + m.err.Error()
	case m.proc == nil:
	case !asked || t.question != m.run.asking.last: // or it has been started again since
		if p.silent = "has not come to mp.Main()"; word.State.Load() == control.Running {
			p.silent = "came to mp.Main() just now"
		}
	case t.all:
		p.waits, p.stacks = t.waits, t.stacks
	default:
		p.silent = fmt.Sprintf("did not answer within %v", answerTime)
		if s := kernelState(p.pid); s != "" {
			p.silent += ": it is " + s
		}
	}
	return p
}

// describe writes a dump. mu is held.
func (r *Run) describe(b *bytes.Buffer, all []portrait) {
	now := monotonic()
	bySlot := map[int]*portrait{}
	waits := map[int][]want{}
	for i := range all {
		bySlot[all[i].slot] = &all[i]
		waits[all[i].slot] = all[i].waits
	}
	name := func(slot int) string {
		if p := bySlot[slot]; p != nil {
			return p.title
		}
		return r.plan.title(slot)
	}
	fmt.Fprintf(b, "%s, %v after its start\n", r.plan.pipeline.Source, time.Since(r.began).Round(time.Millisecond))
	if knot := knot(waits); len(knot) > 0 {
		fmt.Fprintf(b, "\nthese wait for each other:\n")
		for _, slot := range knot {
			for _, w := range waits[slot] {
				if !w.idle {
					fmt.Fprintf(b, "    %s waits for %s\n", name(slot), w.phrase(name))
				}
			}
		}
	}
	b.WriteByte('\n')
	for i := range all {
		all[i].write(b, now, name)
	}
	b.WriteByte('\n')
	stats := r.stats()
	for _, d := range r.plan.pipeline.Decls {
		s := stats.row(r.plan, d)
		if l, ok := stats.Locks[d.name()]; ok {
			s = l.row(d.name())
		}
		if row, ok := d.(statedRow); ok {
			_, at := r.node.shared(row)
			if state := row.state(r.node, at); state != "" {
				s = strings.TrimSpace(s + "\n" + d.name() + " " + state)
			}
		}
		if s != "" {
			fmt.Fprintln(b, s)
		}
	}
	for i := range all {
		if p := &all[i]; len(p.stacks) > 0 {
			fmt.Fprintf(b, "\nstacks of %s, pid %d:\n\n%s", p.title, p.pid, p.stacks)
		}
	}
}

func (p *portrait) write(b *bytes.Buffer, now int64, name func(int) string) {
	fmt.Fprintf(b, "%s", p.title)
	if p.pid != 0 {
		fmt.Fprintf(b, ", pid %d", p.pid)
	}
	fmt.Fprintf(b, ": %s", p.state)
	if p.generation > 1 {
		fmt.Fprintf(b, ", started %d times", p.generation)
	}
	for i, task := range p.tasks {
		fmt.Fprintf(b, "%s %d", []string{", task", ","}[min(i, 1)], task)
	}
	if len(p.tasks) == 1 {
		if p.since != 0 {
			fmt.Fprintf(b, " for %v", age(now, p.since))
		}
	}
	if p.silent != "" {
		fmt.Fprintf(b, ", %s", p.silent)
	}
	b.WriteByte('\n')
	for _, w := range p.waits {
		b.WriteString("    waits")
		if w.since != 0 {
			fmt.Fprintf(b, " %v", age(now, w.since))
		}
		fmt.Fprintf(b, " for %s", w.phrase(name))
		if w.count > 1 {
			fmt.Fprintf(b, " (%d goroutines)", w.count)
		}
		b.WriteByte('\n')
	}
}

func age(now, since int64) time.Duration {
	return max(0, time.Duration(now-since)).Round(time.Millisecond)
}

// stacks is the stacks of all goroutines of this process; alike ones are there
// once, with their number.
func stacks() string {
	buf := make([]byte, 64<<10)
	for {
		n := runtime.Stack(buf, true)
		if n < len(buf) || len(buf) >= maxTraced {
			buf = buf[:n]
			break
		}
		buf = make([]byte, 4*len(buf))
	}
	type group struct {
		text  string
		count int
	}
	var groups []*group
	known := map[string]*group{}
	for text := range strings.SplitSeq(strings.TrimSpace(string(buf)), "\n\n") {
		if slices.ContainsFunc(ownGoroutines, func(name string) bool { return strings.Contains(text, name) }) {
			continue
		}
		key := frameNames(text)
		g := known[key]
		if g == nil {
			g = &group{text: text}
			known[key], groups = g, append(groups, g)
		}
		g.count++
	}
	slices.SortStableFunc(groups, func(a, b *group) int { return cmp.Compare(b.count, a.count) })
	var b strings.Builder
	for _, g := range groups {
		head, rest, _ := strings.Cut(g.text, "\n")
		b.WriteString(head)
		if g.count > 1 {
			fmt.Fprintf(&b, " and %d like it", g.count-1)
		}
		fmt.Fprintf(&b, "\n%s\n\n", rest)
	}
	const left = "… more are left out\n"
	if text := b.String(); len(text) > maxStacks {
		return text[:maxStacks-len(left)] + left
	}
	return b.String()
}

// ownGoroutines are those that say nothing of what a process does: the one that
// asks, and those that only wait for processes and signals.
var ownGoroutines = []string{"mpgen/runtime.stacks(", "/bell.(*Bell).pump(", "\nos/signal.loop(",
	"\ncreated by github.com/mpgen/mpgen/runtime/internal/proc.", "\ncreated by github.com/mpgen/mpgen/runtime.(*Run).begin in"}

// frameNames is a goroutine's stack without what differs between two that do the
// same: number and time of waiting, arguments, offsets.
func frameNames(text string) string {
	var b strings.Builder
	for i, l := range strings.Split(text, "\n") {
		switch {
		case i == 0:
			_, l, _ = strings.Cut(l, "[")
			l, _, _ = strings.Cut(strings.TrimRight(l, "]:"), ",")
		case strings.HasPrefix(l, "\t"):
			l, _, _ = strings.Cut(l, " +0x")
		case strings.HasPrefix(l, "created by "):
			l, _, _ = strings.Cut(l, " in goroutine ")
		default:
			if k := strings.LastIndexByte(l, '('); k > 0 {
				l = l[:k]
			}
		}
		b.WriteString(l)
		b.WriteByte('\n')
	}
	return b.String()
}
