//go:build amd64 || arm64

package proc

import (
	"errors"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// memoryInterval is the time between two looks at the memory of the limited processes.
const memoryInterval = 200 * time.Millisecond

// LimitMemory bounds what the process takes from now on, in bytes, in two ways. Its address space
// may grow by so much and what threads need, which holds Go's heap and C's, mappings and stacks;
// allocating more fails, and in Go that is fatal. And the anonymous memory that it really holds is
// looked at five times a second, and over the limit the process is killed: that catches what was
// reserved before, and what threads did not need. Either end has Exit.OOM. Memory files are not counted. The limit of the address space also holds for
// what the process starts afterwards. Call it when the process has started up: Go's runtime
// reserves far more than it uses to begin with. It returns os.ErrProcessDone after the end, and an
// error if the limit is not positive.
func (p *Process) LimitMemory(bytes int64) error {
	if bytes <= 0 {
		return fmt.Errorf("memory limit of process %d is %d bytes, want more than 0", p.pid, bytes)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.reaped {
		return os.ErrProcessDone
	}
	statm, err := unix.Open("/proc/"+strconv.Itoa(p.pid)+"/statm", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("cannot watch the memory of process %d: %w", p.pid, err)
	}
	now, err := readFigures(statm)
	if err == nil {
		err = limitAddressSpace(p.pid, now.virtual, bytes)
	}
	if err != nil {
		unix.Close(statm)
		return fmt.Errorf("cannot limit the memory of process %d: %w", p.pid, err)
	}
	p.house.memory.add(p, memoryLimit{statm: statm, bytes: bytes})
	return nil
}

// threadSpace is address space for threads, of which little is ever memory: one that C knows takes
// 8 MiB for its stack and reserves up to 128 MiB when it allocates. Without it a program with cgo
// dies for want of a new thread long before its memory is used up.
const threadSpace = 256 << 20

func limitAddressSpace(pid int, now, more int64) error {
	var limit unix.Rlimit
	if err := unix.Prlimit(pid, unix.RLIMIT_AS, nil, &limit); err != nil {
		return err
	}
	if more > math.MaxInt64-now-threadSpace {
		return nil
	}
	// A limit that is there already can be lowered but, without privileges, never raised.
	bound := min(uint64(now+more+threadSpace), limit.Max)
	return unix.Prlimit(pid, unix.RLIMIT_AS, &unix.Rlimit{Cur: bound, Max: bound}, nil)
}

// Exhaust kills a process that has taken too much.
func (p *Process) Exhaust() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.reaped {
		p.oom = true
		unix.Kill(-p.pid, unix.SIGKILL)
	}
}

// figures are a process's memory in bytes: its address space, and what it holds of its own.
type figures struct{ virtual, anonymous int64 }

var errNoFigures = errors.New("the kernel gives no memory figures")

// readFigures reads an open /proc/PID/statm. It says the same as the lines VmSize and RssAnon of
// status, for a fifth of the price.
func readFigures(statm int) (figures, error) {
	var text [128]byte
	n, err := unix.Pread(statm, text[:], 0)
	if err != nil {
		return figures{}, err
	}
	fields := strings.Fields(string(text[:n]))
	if len(fields) < 3 {
		return figures{}, errNoFigures
	}
	var pages [3]int64 // size, resident, resident and shared with a file
	for i := range pages {
		if pages[i], err = strconv.ParseInt(fields[i], 10, 64); err != nil {
			return figures{}, errNoFigures
		}
	}
	page := int64(os.Getpagesize())
	return figures{virtual: pages[0] * page, anonymous: (pages[1] - pages[2]) * page}, nil
}

type memoryLimit struct {
	statm int
	bytes int64
}

// memoryWatch looks after all limited processes of a House from one goroutine, which exists while
// there are any: one timer costs an idle program less than a timer for each.
type memoryWatch struct {
	mu      sync.Mutex
	limited map[*Process]memoryLimit
	stop    chan struct{}
	over    chan struct{}
}

func (m *memoryWatch) add(p *Process, limit memoryLimit) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if old, ok := m.limited[p]; ok {
		unix.Close(old.statm)
	}
	if len(m.limited) == 0 {
		m.limited = make(map[*Process]memoryLimit)
		m.stop, m.over = make(chan struct{}), make(chan struct{})
		go m.run(m.stop, m.over)
	}
	m.limited[p] = limit
}

// remove forgets a dead process. With the last one it waits for the goroutine's end.
func (m *memoryWatch) remove(p *Process) {
	m.mu.Lock()
	limit, ok := m.limited[p]
	if !ok {
		m.mu.Unlock()
		return
	}
	unix.Close(limit.statm)
	delete(m.limited, p)
	last, over := len(m.limited) == 0, m.over
	if last {
		close(m.stop)
	}
	m.mu.Unlock()
	if last {
		<-over
	}
}

func (m *memoryWatch) run(stop, over chan struct{}) {
	defer close(over)
	ticks := time.NewTicker(memoryInterval)
	defer ticks.Stop()
	for {
		select {
		case <-stop:
			return
		case <-ticks.C:
		}
		for _, p := range m.exceeding() {
			p.Exhaust()
		}
	}
}

// exceeding returns the processes that are over their limits. Killing them is left to the caller,
// for LimitMemory takes the locks in the other order.
func (m *memoryWatch) exceeding() []*Process {
	m.mu.Lock()
	defer m.mu.Unlock()
	var over []*Process
	for p, limit := range m.limited {
		// A process that died since has no figures.
		if now, err := readFigures(limit.statm); err == nil && now.anonymous > limit.bytes {
			over = append(over, p)
		}
	}
	return over
}
