package mp

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/mpgen/mpgen/runtime/internal/proc"
	"github.com/mpgen/mpgen/runtime/internal/shm"
)

// goroutines is the engine whose processes are goroutines of the program. Each
// runs what a process of the system would, on a node of its own over the same
// memory, which is Go's. The inline engine is the same with one at a time.
type goroutines struct {
	turns bool
	run   *Run
	left  atomic.Uint64
}

func (e *goroutines) emulates() bool { return true }

func (e *goroutines) inTurn() bool { return e.turns }

func (e *goroutines) memory(name string, size int) (*shm.File, error) { return shm.Private(size), nil }

func (e *goroutines) open(r *Run) error {
	e.run = r
	return nil
}

func (e *goroutines) start(m *member, generation int) (instance, error) {
	r := e.run
	files, err := m.args.copies()
	if err != nil {
		return nil, err
	}
	n := newNode(r.plan, m.index, true, r.node.control, r.files[fileBells], r.files[fileCommons])
	g := &routine{
		engine: e, child: newChild(n, m.pair),
		parted: make(chan struct{}), dead: make(chan struct{}),
	}
	g.child.routine, g.child.files = g, files
	if r.turns != nil {
		n.bell.InTurn(r.turns)
	}
	g.child.begin()
	go g.live(n.bell.Enlist())
	return g, nil
}

// close has nothing to end: every supervisor has seen its process dead.
func (e *goroutines) close() {}

func (e *goroutines) abandoned() uint64 { return e.left.Load() }

// routine is a process that is a goroutine. It is inside the runtime, whose waits
// all end when the node does, or outside, in the user's code, where it can't be
// reached. Who kills it inside waits until it has parted, by its end or by going
// outside; outside it is abandoned: it is dead for all others, its handles refuse,
// and when it comes back its goroutine ends.
type routine struct {
	engine *goroutines
	child  *child

	mu      sync.Mutex
	outside bool
	killed  bool
	ended   bool          // the goroutine has left
	held    chan struct{} // it stands still where it goes in or out until this is closed; nil: it does not
	parted  chan struct{}

	dead chan struct{}
	exit proc.Exit // written before dead is closed
}

// live is the goroutine.
func (g *routine) live(turn func() error) {
	exit, returned := proc.Exit{}, false
	defer func() {
		if v := recover(); v != nil {
			exit = proc.Exit{Code: exitPanic, Panic: panicText(v, debug.Stack())}
		} else if !returned {
			exit = proc.Exit{Code: exitPanic, Panic: "panic: " + goexit}
		}
		arguments{files: g.child.files}.close() // those that it has not taken
		if g.end() {
			g.complain(exit)
			g.bury(exit)
		}
	}()
	if turn() == nil {
		exit.Code = g.child.run()
	}
	returned = true
}

// complain writes what a process that crashes writes.
func (g *routine) complain(exit proc.Exit) {
	if exit.Panic != "" {
		outputs.write(os.Stderr, []byte(exit.Panic+"\n"))
	}
}

// exitPanic is the status with which Go ends a program that panics.
const exitPanic = 2

// end comes at the goroutine's end, however that came, and reports whether the
// process ends with it: nobody has killed it.
func (g *routine) end() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.ended = true
	if !g.killed || !g.outside {
		close(g.parted)
	}
	return !g.killed
}

// bury makes sure that nothing of the process is in the memory any more.
func (g *routine) bury(exit proc.Exit) {
	n := g.child.node
	g.engine.run.turns.Hold() // until its supervisor has done what follows
	g.child.cancel()
	n.end(nil)
	if g.child.far != nil {
		g.child.far.end()
	}
	n.bell.Stop()
	<-g.parted
	n.retire()
	g.exit = exit
	close(g.dead)
}

// out says that the user's code begins.
func (g *routine) out() { g.cross(true) }

// back says that it has ended.
func (g *routine) back() { g.cross(false) }

func (g *routine) cross(outside bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for g.held != nil {
		held := g.held
		g.mu.Unlock()
		<-held
		g.mu.Lock()
	}
	if g.killed {
		runtime.Goexit()
	}
	g.outside = outside
}

// Kill ends the process for all others.
func (g *routine) Kill() { g.kill(proc.Exit{Code: -1, Signal: syscall.SIGKILL}) }

// Exhaust is the same with another story.
func (g *routine) Exhaust() { g.kill(proc.Exit{Code: -1, Signal: syscall.SIGKILL, OOM: true}) }

func (g *routine) kill(exit proc.Exit) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.killed || g.ended {
		return
	}
	g.killed = true
	g.release()
	if g.outside {
		g.engine.left.Add(1)
		close(g.parted)
	}
	go g.bury(exit)
}

// Hang lets the process stand still before the user's code begins the next time, or
// when it has ended. Nobody sees more of a process that hangs.
func (g *routine) Hang() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.killed || g.ended {
		return os.ErrProcessDone
	}
	if g.held == nil {
		g.held = make(chan struct{})
	}
	return nil
}

// Resume ends that.
func (g *routine) Resume() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.release()
	return nil
}

func (g *routine) release() {
	if g.held != nil {
		close(g.held)
		g.held = nil
	}
}

func (g *routine) PID() int              { return 0 }
func (g *routine) Dead() <-chan struct{} { return g.dead }
func (g *routine) Done() <-chan struct{} { return g.dead }

func (g *routine) Exit() proc.Exit {
	<-g.dead
	return g.exit
}

// LimitMemory bounds nothing: goroutines share one heap.
func (g *routine) LimitMemory(int64) error { return nil }

// panicText is what Go would write about a panic that nobody recovers: the stack
// begins where it happened.
func panicText(v any, stack []byte) string {
	text := fmt.Sprint(v)
	head, rest, _ := strings.Cut(string(stack), "\n")
	if i := strings.Index(rest, "\npanic("); i >= 0 {
		rest = rest[i+1:]
		for strings.HasPrefix(rest, "panic(") || strings.HasPrefix(rest, "runtime.") {
			_, rest, _ = strings.Cut(rest, "\n") // the function, and
			_, rest, _ = strings.Cut(rest, "\n") // its place
		}
	}
	return "panic: " + text + "\n\n" + head + "\n" + rest
}
