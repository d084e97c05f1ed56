package mp

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"

	"github.com/mpgen/mpgen/runtime/internal/control"
	"github.com/mpgen/mpgen/runtime/internal/proc"
	"github.com/mpgen/mpgen/runtime/internal/shm"
)

// processes is the engine of operating-system processes over memory files.
type processes struct {
	house   *proc.House
	folders map[string]string // of those that rows name: what they were called at Start
}

func (e *processes) emulates() bool { return false }

func (e *processes) inTurn() bool { return false }

func (e *processes) memory(name string, size int) (*shm.File, error) { return shm.Create(name, size) }

// open starts the warden.
func (e *processes) open(r *Run) (err error) {
	if e.folders, err = r.plan.folders(); err != nil {
		return err
	}
	e.house, err = proc.NewHouse(proc.Groups{
		File: r.files[fileControl].FD(), Len: len(r.plan.slots) + r.plan.spares,
		Offset: control.GroupOffset, Stride: int64(control.GroupStride),
		Set: func(place int, pgid int32) { r.node.control.Place(place).Group.Store(uint32(pgid)) },
	})
	return err
}

func (e *processes) start(m *member, generation int) (instance, error) {
	spec, part := e.surroundings(m), m.part(generation)
	spec.Name, spec.Slot, spec.Generation = part.Name, part.Slot, part.Generation
	spec.Files = append(spec.Files, part.Files...)
	p, err := e.house.Start(spec)
	if err != nil {
		return nil, err // and no instance: a nil *proc.Process would be one
	}
	return p, nil
}

func (e *processes) spare(m *member, place int) (spare, error) {
	spec := e.surroundings(m)
	spec.Name, spec.Slot, spec.Spare = m.slot.name+"[warm]", place, true
	p, err := e.house.Start(spec)
	if err != nil {
		return nil, err
	}
	return spareProcess{p}, nil
}

// spareProcess is a spare that is a process of the system.
type spareProcess struct{ *proc.Process }

func (p spareProcess) assign(m *member, generation int) error {
	return p.Assign(m.part(generation))
}

// surroundings is what all processes of the member's row start with.
func (e *processes) surroundings(m *member) proc.Spec {
	r := m.run
	own := r.plan.settings(m.index)
	return proc.Spec{
		Env: m.environment(e.folders[own.Dir]), Dir: e.folders[own.Dir], Nice: own.Nice,
		Files:  []*os.File{r.files[fileControl].FD(), r.files[fileBells].FD(), r.files[fileCommons].FD()},
		Stdout: whole(os.Stdout), Stderr: whole(os.Stderr),
	}
}

// part is what the member's own process starts with beside that.
func (m *member) part(generation int) proc.Spec {
	return proc.Spec{
		Name: m.title(), Slot: m.index, Generation: generation,
		Files: append([]*os.File{m.pair.FD()}, m.args.files...),
	}
}

func (e *processes) close() {
	if e.house != nil {
		e.house.Close()
	}
}

func (e *processes) abandoned() uint64 { return 0 }

// folders are the folders in which processes start, by what their rows say. Those of
// what starts with the pipeline must be there now; those of the others may come.
func (pl *plan) folders() (map[string]string, error) {
	all := map[string]string{}
	for _, p := range pl.parties[1:] {
		s := &pl.slots[p.first]
		dir := pl.settings(p.first).Dir
		if dir == "" {
			continue
		}
		folder, err := filepath.Abs(dir)
		if err == nil && (s.process == nil || !s.process.OnDemand) {
			var info fs.FileInfo
			if info, err = os.Stat(folder); err == nil && !info.IsDir() {
				err = &fs.PathError{Op: "chdir", Path: folder, Err: syscall.ENOTDIR}
			}
		}
		if err != nil {
			return nil, fmt.Errorf("the folder of %q: %w", s.name, err)
		}
		all[dir] = folder
	}
	return all, nil
}

// environment is what the variables of a process are beside the program's: those of its
// row, and those that bound its heap and its processors, where the row gives none.
func (m *member) environment(folder string) []string {
	own := m.run.plan.settings(m.index)
	env := slices.Clone(own.Env)
	add := func(key, value string) {
		if !slices.ContainsFunc(own.Env, func(v string) bool { return strings.HasPrefix(v, key+"=") }) {
			env = append(env, key+"="+value)
		}
	}
	if folder != "" {
		add("PWD", folder) // as a shell has it, which calls a folder by the name that it was told
	}
	if n := own.Memory; n > 0 {
		add("GOMEMLIMIT", fmt.Sprint(n/10*8))
	}
	if i := m.slot.pool; own.CPUs > 0 {
		add("GOMAXPROCS", fmt.Sprint(own.CPUs))
	} else if i >= 0 && os.Getenv("GOMAXPROCS") == "" {
		if n := max(2, runtime.NumCPU()/m.run.plan.pools[i].n); n < runtime.NumCPU() {
			add("GOMAXPROCS", fmt.Sprint(n))
		}
	}
	return env
}

// whole writes whole lines to a file that several processes share.
func whole(f *os.File) func([]byte) {
	var buf []byte
	return func(l []byte) {
		buf = append(append(buf[:0], l...), '\n')
		outputs.write(f, buf)
	}
}
