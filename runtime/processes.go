package mp

import (
	"fmt"
	"os"
	"runtime"
	"sync"

	"github.com/mpgen/mpgen/runtime/internal/control"
	"github.com/mpgen/mpgen/runtime/internal/proc"
	"github.com/mpgen/mpgen/runtime/internal/shm"
)

// processes is the engine of operating-system processes over memory files.
type processes struct{ house *proc.House }

func (e *processes) emulates() bool { return false }

func (e *processes) inTurn() bool { return false }

func (e *processes) memory(name string, size int) (*shm.File, error) { return shm.Create(name, size) }

// open starts the warden.
func (e *processes) open(r *Run) (err error) {
	e.house, err = proc.NewHouse(proc.Groups{
		File: r.files[fileControl].FD(), Len: len(r.plan.slots),
		Offset: control.GroupOffset, Stride: int64(control.GroupStride),
		Set: func(slot int, pgid int32) { r.node.control.Slots[slot].Group.Store(uint32(pgid)) },
	})
	return err
}

func (e *processes) start(m *member, generation int) (instance, error) {
	r := m.run
	files := []*os.File{r.files[fileControl].FD(), r.files[fileBells].FD(), r.files[fileCommons].FD(), m.pair.FD()}
	p, err := e.house.Start(proc.Spec{
		Name: m.title(), Slot: m.index, Generation: generation,
		Env:    m.environment(),
		Files:  append(files, m.args.files...),
		Stdout: whole(os.Stdout), Stderr: whole(os.Stderr),
	})
	if err != nil {
		return nil, err // and no instance: a nil *proc.Process would be one
	}
	return p, nil
}

func (e *processes) close() {
	if e.house != nil {
		e.house.Close()
	}
}

func (e *processes) abandoned() uint64 { return 0 }

// environment bounds the heap and the processors of a worker.
func (m *member) environment() []string {
	var env []string
	if n := m.memory(); n > 0 {
		env = append(env, fmt.Sprintf("GOMEMLIMIT=%d", n/10*8))
	}
	cpus := 0
	if m.slot.process != nil {
		cpus = m.slot.process.Worker.CPUs
	} else {
		cpus = m.run.plan.pools[m.slot.pool].worker.CPUs
	}
	if i := m.slot.pool; cpus > 0 {
		env = append(env, fmt.Sprintf("GOMAXPROCS=%d", cpus))
	} else if i >= 0 && os.Getenv("GOMAXPROCS") == "" {
		if n := max(2, runtime.NumCPU()/m.run.plan.pools[i].n); n < runtime.NumCPU() {
			env = append(env, fmt.Sprintf("GOMAXPROCS=%d", n))
		}
	}
	return env
}

var outputs sync.Mutex

// whole writes whole lines to a file that several processes share.
func whole(f *os.File) func([]byte) {
	var buf []byte
	return func(l []byte) {
		buf = append(append(buf[:0], l...), '\n')
		outputs.Lock()
		f.Write(buf)
		outputs.Unlock()
	}
}
