//go:build amd64 || arm64

package proc

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"golang.org/x/sys/unix"
)

// Supported says whether this system has the process engine.
const Supported = true

// maxDepth is how deep children may start children of their own. A handler that starts a pipeline
// is fine; one that starts its own pipeline again is stopped here, before the machine is full.
const maxDepth = 8

// House holds the processes of one run. Its methods are safe for any number of goroutines.
type House struct {
	groups Groups
	depth  int
	null   int // /dev/null
	// The lifeline: a pipe that nobody writes to. The children hold copies of the end that is read.
	lifelineRead, lifelineWrite int

	warden *watch
	memory memoryWatch

	mu     sync.Mutex
	closed bool
	slots  map[int]*Process  // who has the slot, from the reservation until Dead
	all    map[*Process]bool // the same, until Done
	// starting counts the starts under way, which Close waits for.
	starting sync.WaitGroup
	once     sync.Once
}

// NewHouse starts the warden over a table of groups, which the House releases when it closes, or at
// once if NewHouse fails. It fails in a child that has not entered its role, and 8 children deep.
func NewHouse(groups Groups) (*House, error) {
	h := &House{groups: groups, null: -1, lifelineRead: -1, lifelineWrite: -1}
	h.slots, h.all = make(map[int]*Process), make(map[*Process]bool)
	if h.groups.Stride == 0 {
		h.groups.Stride = 4
	}
	if err := h.open(); err != nil {
		h.release()
		return nil, err
	}
	return h, nil
}

func (h *House) open() error {
	role, _ := Current()
	h.depth = role.Depth + 1
	if IsChild() {
		return fmt.Errorf("this process is the child %q of process %d and may not start processes of its own before it has entered its role", role.Name, role.Parent)
	}
	if h.depth > maxDepth {
		return fmt.Errorf("process %q is %d children deep, want at most %d: does a handler start its own pipeline?", role.Name, role.Depth, maxDepth)
	}
	g := h.groups
	if g.File == nil || g.Set == nil || g.Len < 1 || g.Offset < 0 || g.Offset%4 != 0 || g.Stride < 4 || g.Stride%4 != 0 {
		return fmt.Errorf("a table of groups with %d slots at offset %d, stride %d cannot be used", g.Len, g.Offset, g.Stride)
	}
	null, err := unix.Open("/dev/null", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("cannot open /dev/null: %w", err)
	}
	h.null = null
	// Non-blocking, so that children watch their end through the poller.
	var ends [2]int
	if err := unix.Pipe2(ends[:], unix.O_CLOEXEC|unix.O_NONBLOCK); err != nil {
		return fmt.Errorf("cannot make the lifeline: %w", err)
	}
	h.lifelineRead, h.lifelineWrite = ends[0], ends[1]
	h.warden, err = newWatch(h.launchWarden)
	return err
}

func (h *House) launchWarden() (*child, error) {
	table, err := borrow(h.groups.File)
	if err != nil {
		return nil, err
	}
	defer closeAll(table)
	w := warden{len: h.groups.Len, offset: h.groups.Offset, stride: h.groups.Stride}
	l := launch{
		// It waits in one system call all its life.
		env:   environment(w.String(), "GOMAXPROCS=1"),
		files: []int{h.null, h.null, h.null, h.lifelineRead, table[0]},
	}
	return l.start()
}

// Start starts a process in a free slot and returns as soon as it runs. It fails if the slot is not
// free, the House is closed, or the system has no room for another process; then nothing was
// started.
func (h *House) Start(spec Spec) (*Process, error) {
	p := &Process{house: h, slot: spec.Slot, crash: -1, dead: make(chan struct{}), done: make(chan struct{})}
	err := h.admit(p, spec)
	if err == nil {
		defer h.starting.Done()
		if err = p.start(spec); err != nil {
			h.vacate(p)
			h.forget(p)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("start of process %q: %w", spec.Name, err)
	}
	return p, nil
}

// admit gives a process its slot, before it is started.
func (h *House) admit(p *Process, spec Spec) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.closed:
		return errors.New("the house is closed")
	case spec.Slot < 0 || spec.Slot >= h.groups.Len:
		return fmt.Errorf("slot %d does not exist, want 0 to %d", spec.Slot, h.groups.Len-1)
	case h.slots[spec.Slot] != nil:
		return fmt.Errorf("slot %d has a process that is not dead", spec.Slot)
	case spec.Generation < 0:
		return fmt.Errorf("generation is %d, want 0 or more", spec.Generation)
	case spec.Nice < 0 || spec.Nice > MaxNice:
		return fmt.Errorf("niceness is %d, want 0 to %d", spec.Nice, MaxNice)
	}
	h.slots[spec.Slot], h.all[p] = p, true
	h.starting.Add(1)
	return nil
}

// vacate takes the group out of the table and frees the slot.
func (h *House) vacate(p *Process) {
	h.groups.Set(p.slot, 0)
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.slots, p.slot)
}

// forget drops a process that is about to be Done.
func (h *House) forget(p *Process) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.all, p)
}

// Close kills what still runs, waits until every process is Done, and ends the warden. It can be
// called again.
func (h *House) Close() {
	h.once.Do(func() {
		h.mu.Lock()
		h.closed = true
		h.mu.Unlock()
		h.starting.Wait()
		h.mu.Lock()
		left := slices.Collect(maps.Keys(h.all))
		h.mu.Unlock()
		for _, p := range left {
			p.Kill()
		}
		for _, p := range left {
			<-p.Done()
		}
		h.release()
	})
}

func (h *House) release() {
	if h.warden != nil {
		h.warden.stop()
	}
	for _, fd := range []int{h.null, h.lifelineRead, h.lifelineWrite} {
		if fd >= 0 {
			unix.Close(fd)
		}
	}
	if h.groups.Release != nil {
		h.groups.Release()
	}
}
