package mp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/mpgen/mpgen/runtime/internal/control"
	"github.com/mpgen/mpgen/runtime/internal/line"
	"github.com/mpgen/mpgen/runtime/internal/proc"
	"github.com/mpgen/mpgen/runtime/internal/shm"
)

// Exit codes of a process that can't do its part: EX_SOFTWARE of sysexits.
const exitSoftware = 70

// The files that a process inherits, in this order. A spare gets those from the pair
// file on with its slot.
const (
	fileControl = iota
	fileBells
	fileCommons
	filePair
	fileArgs // and those behind it: arguments that are open files
)

// child is a process of a run, seen from inside.
type child struct {
	node    *Node
	orders  *control.Slot
	pair    unsafe.Pointer
	report  *control.Report
	down    *line.Reader
	up      *line.Writer
	upMu    sync.Mutex
	midway  bool      // of upMu: a part of a frame is written, and the rest comes next
	whole   sync.Cond // of upMu: not midway any more
	enc     Encoder
	dec     Decoder
	scratch [4096]byte
	files   []*os.File // among its arguments

	far *farCalls // nil: it calls no pools and no managed objects

	ctx     context.Context // ends with the order to stop
	cancel  context.CancelFunc
	routine *routine // nil: it is a process of the system

	posts []post        // if it is a worker
	asked atomic.Uint32 // the last question that is answered, or about to be
}

// running is what a worker works on, for who cancels it.
type running struct {
	id     atomic.Uint64
	cancel context.CancelCauseFunc
}

// runChild does the part of this process and returns its exit code.
func runChild(role proc.Role) int {
	tuneHeap()
	c, err := openChild(role)
	if errors.Is(err, proc.ErrNoPart) {
		return 0
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "mpgen: process %s: %v\n", role.Name, err)
		return exitSoftware
	}
	slog.SetDefault(slog.New(&recorder{child: c}))
	return c.run()
}

// run does the part of the process.
func (c *child) run() int {
	if c.routine == nil {
		defer dieOfGoexit()
	}
	c.say(frameReady, 0, nil)
	s := c.node.plan.slots[c.node.slot]
	if s.process != nil {
		return c.runProcess(s.process)
	}
	return c.runWorker(&c.node.plan.pools[s.pool])
}

// goexit is what a process dies of whose function calls runtime.Goexit: without it
// the process would stay for ever and do nothing.
const goexit = "runtime.Goexit in the function of a process"

// dieOfGoexit is deferred around the user's code. Only the stack tells a Goexit
// from a panic that nothing has recovered, which is left to run its course.
func dieOfGoexit() {
	pcs := make([]uintptr, 64)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(0, pcs)])
	for {
		f, more := frames.Next()
		switch f.Function {
		case "runtime.gopanic":
			return
		case "runtime.Goexit":
			panic(goexit)
		}
		if !more {
			return
		}
	}
}

func openChild(role proc.Role) (*child, error) {
	files := role.Files()
	if len(files) < filePair {
		return nil, fmt.Errorf("inherited %d files, want %d at least", len(files), filePair)
	}
	var maps [fileArgs]*shm.File
	for i := range filePair {
		var err error
		if maps[i], err = shm.Open(files[i], i != fileControl); err != nil {
			return nil, err
		}
	}
	ctl, err := control.Open(maps[fileControl])
	if err != nil {
		return nil, err
	}
	p := pipelineAt(ctl.Path())
	if p == nil {
		return nil, fmt.Errorf("this program has no pipeline %q: is its package imported only sometimes?", ctl.Path())
	}
	t := make(told, len(ctl.Told))
	for i, n := range ctl.Told {
		t[i] = int(n)
	}
	pl, err := newPlan(p, t)
	if err != nil {
		return nil, err
	}
	same := pl.hash() == ctl.Plan
	spare := role.Spare
	if spare {
		if role, err = role.Await(); err != nil {
			return nil, err
		}
		files = role.Files()
	}
	if len(files) < fileArgs {
		return nil, fmt.Errorf("got %d files, want %d at least", len(files), fileArgs)
	}
	if maps[filePair], err = shm.Open(files[filePair], true); err != nil {
		return nil, err
	}
	slot := role.Slot
	if !same || slot <= 0 || slot >= len(pl.slots) || maps[filePair].Size() < pl.pairSize(slot) ||
		maps[fileCommons].Size() < pl.commonsSize {
		return nil, errors.New("this process and its parent lay the memory out differently: is it the same binary?")
	}
	if spare {
		if !(*control.Report)(maps[filePair].At(0)).Birth.CompareAndSwap(control.Unborn, control.Born) {
			return nil, proc.ErrNoPart
		}
		role.Begin()
	}
	for _, f := range files[:fileArgs] {
		f.Close() // the mappings stay
	}
	n := newNode(pl, slot, false, ctl, maps[fileBells], maps[fileCommons])
	if err := n.guardArrays(); err != nil {
		return nil, err
	}
	self.Store(identityOf(&pl.slots[slot], role.Name, role.Parent))
	c := newChild(n, maps[filePair], self.Load())
	c.files = files[fileArgs:]
	c.begin()
	return c, nil
}

// newChild opens the lines of a process to its parent.
func newChild(n *Node, pair *shm.File, i *Identity) *child {
	down, up := n.plan.lineAt(n.slot)
	size := n.plan.lineSize(n.slot)
	c := &child{
		node: n, orders: &n.control.Slots[n.slot],
		pair: pair.At(0), report: (*control.Report)(pair.At(0)),
		down: line.OpenReader(pair.At(down), size, n.bells, n.plan.maxMessage(n.slot)),
		up:   line.OpenWriter(pair.At(up), size, n.bells),
	}
	n.child = c
	c.posts = n.plan.newPosts(n.slot, c.pair, c.orders)
	c.whole.L = &c.upMu
	c.ctx, c.cancel = context.WithCancel(context.WithValue(context.Background(), selfKey{}, i))
	return c
}

// begin makes the process listen to its parent.
func (c *child) begin() {
	c.node.bell.Serve(c.obey)
	c.far = openCalls(c)
	c.node.bell.Start()
}

// out and back stand around what is the user's code, on the process's first goroutine.
func (c *child) out()  { c.strand().out() }
func (c *child) back() { c.strand().back() }

func (c *child) strand() *strand {
	if c.routine == nil {
		return nil
	}
	return &c.routine.first
}

// spawn runs f on a further goroutine, with which the process dies as it does with its
// first.
func (c *child) spawn(f func(*strand)) {
	if c.routine != nil {
		c.routine.spawn(f)
		return
	}
	go func() {
		defer dieOfGoexit()
		f(nil)
	}()
}

// pid is 0 of what is no process of the system.
func (c *child) pid() int {
	if c.routine != nil {
		return 0
	}
	return os.Getpid()
}

// at is a place in the pair file.
func (c *child) at(offset int) unsafe.Pointer { return unsafe.Add(c.pair, offset) }

// obey follows the parent's orders. It runs at each look of the bell.
func (c *child) obey() {
	if c.orders.Order.Load() == control.Stop {
		c.cancel()
	}
	for i := range c.posts {
		c.posts[i].obey()
	}
	if n := c.orders.Ask.Load(); n != 0 && c.asked.Swap(n) != n {
		go c.tell(n)
	}
}

// upRoom is the condition of who waits to write to the parent.
type upRoom struct {
	c *child
	n int
}

func (r *upRoom) Ready() bool {
	r.c.upMu.Lock()
	defer r.c.upMu.Unlock()
	return r.c.up.HasRoom(r.n)
}

// say sends a frame to the parent and wakes it.
func (c *child) say(kind uint16, id uint64, data []byte) {
	c.write(kind, id, data)
	c.up.Wake()
}

// write sends a frame of any size; any goroutine may, and the parts of one frame
// stay together. If the parent is gone the process is, too, so this waits without
// a bound. What is left of a process after its death sends none.
func (c *child) write(kind uint16, id uint64, data []byte) {
	c.upMu.Lock()
	defer c.upMu.Unlock()
	for c.midway {
		c.whole.Wait()
	}
	for {
		over := c.node.over.Load()
		if !over {
			left, done := c.up.PutPart(kind, id, data)
			c.up.Publish()
			data, over = left, done
		}
		if over {
			if c.midway {
				c.midway = false
				c.whole.Broadcast()
			}
			return
		}
		c.midway = true
		c.upMu.Unlock()
		c.up.Wake()
		_ = c.node.bell.Wait(context.Background(), c.up.Room(), &upRoom{c, min(len(data), c.up.MaxPart())})
		c.upMu.Lock()
	}
}

// frames is the condition of who waits for the parent's next frame.
type frames child

func (f *frames) Ready() bool {
	return f.down.HasFrame() || f.orders.Order.Load() != control.Work
}

// receive waits for the parent's next frame; false says that there is an order
// instead.
func (c *child) receive() (line.Frame, bool) {
	for {
		f, ok, err := c.down.Next()
		if err != nil {
			panic(err) // the parent writes no nonsense
		}
		if ok {
			return f, true
		}
		if c.orders.Order.Load() != control.Work {
			return f, false
		}
		c.down.Tell()
		if c.node.bell.Wait(context.Background(), c.down.Items(), (*frames)(c)) != nil {
			return f, false
		}
	}
}

// runProcess runs the function of a process.
func (c *child) runProcess(p *ProcessDecl) int {
	f, ok := c.receive()
	if !ok {
		c.say(frameReturned, 0, errorFrame(context.Canceled))
		return 0
	}
	d := Decoder{files: c.files}
	d.reset(append([]byte(nil), f.Data...))
	ctx := c.ctx
	if f.ID != 0 {
		ctx = deadlineContext(ctx, int64(f.ID))
	}
	c.out()
	err := p.Main(ctx, c.node, &d)
	c.back()
	for _, in := range c.node.receivers() {
		in.close() // what it has received is done: it did not die
	}
	for _, o := range c.node.ends() {
		if o.finish(ctx) != nil { // a goroutine that it leaves behind sends yet
			o.close()
		}
	}
	if err != nil {
		err = remote(err)
	}
	c.far.followAll()
	c.say(frameReturned, 0, errorFrame(err))
	return 0
}

// deadlineContext ends with base, or at a time of the monotonic clock.
func deadlineContext(base context.Context, at int64) context.Context {
	ctx, cancel := context.WithTimeout(base, time.Duration(at-monotonic()))
	context.AfterFunc(base, cancel)
	return ctx
}
