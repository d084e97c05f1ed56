package mp

import (
	"errors"
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
		engine: e, child: newChild(n, m.pair, identityOf(m.slot, m.title(), os.Getpid())), strands: 1,
		parted: make(chan struct{}), dead: make(chan struct{}),
	}
	g.first.routine = g
	g.child.routine, g.child.files = g, files
	if r.turns != nil {
		n.bell.InTurn(r.turns)
	}
	g.child.begin()
	go g.live(n.bell.Enlist())
	return g, nil
}

func (e *goroutines) spare(*member, int) (spare, error) { return nil, errors.ErrUnsupported }

// close has nothing to end: every supervisor has seen its process dead.
func (e *goroutines) close() {}

func (e *goroutines) abandoned() uint64 { return e.left.Load() }

// routine is a process that is a goroutine, or a worker that may have several. Each
// of them, a strand, is inside the runtime, whose waits all end when the node does, or
// outside, in the user's code, where it can't be reached. Who kills the process waits
// until the strands inside have parted, by their end or by going outside; those outside
// are abandoned: the process is dead for all others, its handles refuse, and when a strand
// comes back its goroutine ends. The end of the first strand is the end of the process,
// and so is a panic of any.
type routine struct {
	engine *goroutines
	child  *child
	first  strand

	mu      sync.Mutex
	strands int // that are inside
	outside int
	over    bool          // the process has ended, or is killed
	left    func()        // called when it is over and no strand is outside
	held    chan struct{} // strands stand still where they go in or out until this is closed; nil: they do not
	apart   bool
	parted  chan struct{} // closed when it is over and no strand is inside: apart

	dead chan struct{}
	exit proc.Exit // written before dead is closed
}

// strand is one goroutine of a process.
type strand struct {
	routine *routine
	outside bool // of routine.mu
}

// live is the first strand.
func (g *routine) live(turn func() error) {
	defer func() { arguments{files: g.child.files}.close() }() // those that it has not taken
	g.first.live(turn, g.child.run)
}

// spawn runs f as a further strand; the caller is inside one.
func (g *routine) spawn(f func(*strand)) {
	s := &strand{routine: g}
	g.mu.Lock()
	g.strands++
	g.mu.Unlock()
	turn := g.child.node.bell.Enlist()
	go s.live(turn, func() int {
		f(s)
		return -1
	})
}

// live is a strand from its first turn to its end. What run returns is the status
// with which the process ends, if it is the first strand.
func (s *strand) live(turn func() error, run func() int) {
	g, exit, returned := s.routine, proc.Exit{}, false
	defer func() {
		if v := recover(); v != nil {
			exit = proc.Exit{Code: exitPanic, Panic: panicText(v, debug.Stack())}
		} else if !returned {
			exit = proc.Exit{Code: exitPanic, Panic: "panic: " + goexit}
		}
		if s.end(returned && s != &g.first) {
			g.complain(exit)
			g.bury(exit)
		} else {
			g.child.node.bell.Leave()
		}
	}()
	if turn() == nil {
		exit.Code = run()
	}
	returned = true
}

// end comes at a strand's end, however that came, and reports whether the process
// ends with it: nobody has killed it. plain says that a further strand has done its
// part.
func (s *strand) end(plain bool) (last bool) {
	g := s.routine
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case !s.outside:
		g.strands--
	default:
		if g.outside--; g.over && g.outside == 0 && g.left != nil {
			go g.left()
		}
	}
	if last = !g.over && !plain; last {
		g.over = true
		g.engine.left.Add(uint64(g.outside))
	}
	g.part()
	return last
}

// part tells who waits for it that no strand is inside. mu is held.
func (g *routine) part() {
	if g.over && g.strands == 0 && !g.apart {
		g.apart = true
		close(g.parted)
	}
}

// whenLeft has f called when no strand that was abandoned runs any more. It reports
// false if none does now. The process is dead.
func (g *routine) whenLeft(f func()) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.left = f
	return g.outside > 0
}

// complain writes what a process that crashes writes.
func (g *routine) complain(exit proc.Exit) {
	if exit.Panic != "" {
		outputs.write(os.Stderr, []byte(exit.Panic+"\n"))
	}
}

// exitPanic is the status with which Go ends a program that panics.
const exitPanic = 2

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

// out says that the user's code begins. Of a nil strand, of a process of the system,
// this and back do nothing.
func (s *strand) out() { s.cross(true) }

// back says that it has ended.
func (s *strand) back() { s.cross(false) }

func (s *strand) cross(outside bool) {
	if s == nil {
		return
	}
	g := s.routine
	g.mu.Lock()
	defer g.mu.Unlock()
	for g.held != nil {
		held := g.held
		g.mu.Unlock()
		<-held
		g.mu.Lock()
	}
	if g.over {
		runtime.Goexit() // to end
	}
	if s.outside == outside {
		return
	}
	if s.outside = outside; outside {
		g.strands, g.outside = g.strands-1, g.outside+1
	} else {
		g.strands, g.outside = g.strands+1, g.outside-1
	}
}

// Kill ends the process for all others.
func (g *routine) Kill() { g.kill(proc.Exit{Code: -1, Signal: syscall.SIGKILL}) }

// Exhaust is the same with another story.
func (g *routine) Exhaust() { g.kill(proc.Exit{Code: -1, Signal: syscall.SIGKILL, OOM: true}) }

func (g *routine) kill(exit proc.Exit) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.over {
		return
	}
	g.over = true
	g.release()
	g.engine.left.Add(uint64(g.outside))
	g.part()
	go g.bury(exit)
}

// Hang lets the process stand still before the user's code begins the next time, or
// when it has ended. Nobody sees more of a process that hangs.
func (g *routine) Hang() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.over {
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
