package mp

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// The deadlock matrix: all that can befall a process, at each moment of a task's way.
// In every cell the caller gets the error that says what was, within two seconds on a
// machine that is not busy, and the pool serves the next call within two more. A cell
// that has no meaning says why.
//
// The moments are met by code of the user's, at each of which a deed is done once:
// what comes and what goes are types that marshal themselves, and the workers hold
// an object that is opened and closed.

// deed is what befalls a process.
type deed struct {
	name  string
	check func(t *testing.T, err error) // of what the caller gets of a worker's
}

var deeds = []deed{
	{"error", func(t *testing.T, err error) { require.ErrorIs(t, err, errKeptByName) }},
	{"exit", func(t *testing.T, err error) { require.Equal(t, 3, died(t, err).Exit) }},
	{"panic", func(t *testing.T, err error) { require.Contains(t, died(t, err).Panic, "panic: no more paper") }},
	{"fatal error", func(t *testing.T, err error) {
		require.Contains(t, died(t, err).Panic, "fatal error: sync: unlock of unlocked mutex")
	}},
	{"segfault", func(t *testing.T, err error) { require.Contains(t, died(t, err).Panic, "SIGSEGV") }},
	{"kill", func(t *testing.T, err error) { require.Equal(t, syscall.SIGKILL, died(t, err).Signal) }},
	{"stop", func(t *testing.T, err error) { require.ErrorIs(t, err, context.DeadlineExceeded) }},
}

// suffer does a deed. On goroutines a process that is stopped is one that goes on
// to nowhere.
func suffer(how string) error {
	switch how {
	case "error":
		return act(context.Background(), "fail")
	case "fatal error":
		new(sync.Mutex).Unlock()
	case "segfault":
		page, err := unix.Mmap(-1, 0, os.Getpagesize(), unix.PROT_NONE, unix.MAP_ANON|unix.MAP_PRIVATE)
		if err != nil {
			return err
		}
		return fmt.Errorf("the page says %d", page[0])
	case "stop":
		if os.Getenv(EngineVariable) == "goroutines" {
			return perform(context.Background(), "stuck")
		}
		haltSelf()
	case "exit", "panic", "kill":
		return act(context.Background(), how)
	}
	return nil
}

// moments of a task's way; of those that are not between tasks a task brings the deed with it.
const (
	encodingTask   = "encoding the task"   // in the caller
	decodingTask   = "decoding the task"   // in the worker, as the next two
	runningTask    = "running it"          //
	encodingResult = "encoding the result" //
	decodingResult = "decoding the result" // in the caller
	betweenTasks   = "between tasks"       // in a worker that has nothing to do
	atStart        = "at the start"        // of a worker: in an init of a package, before it comes to Main
	openingObject  = "opening"             // what makes a service's object
	closingObject  = "closing"             // the object at the worker's end
)

// ordeal is a task, and its result.
type ordeal struct{ Where, How string }

type verdict ordeal

func (o ordeal) marshal() []byte { return []byte(o.Where + "|" + o.How) }

func (o *ordeal) unmarshal(b []byte) {
	o.Where, o.How, _ = strings.Cut(string(b), "|")
}

func (o ordeal) at(moment string) error {
	if o.Where != moment {
		return nil
	}
	return suffer(o.How)
}

func (o ordeal) MarshalBinary() ([]byte, error) { return o.marshal(), o.at(encodingTask) }

func (o *ordeal) UnmarshalBinary(b []byte) error {
	o.unmarshal(b)
	return o.at(decodingTask)
}

func (v verdict) MarshalBinary() ([]byte, error) {
	o := ordeal(v)
	return o.marshal(), o.at(encodingResult)
}

func (v *verdict) UnmarshalBinary(b []byte) error {
	o := (*ordeal)(v)
	o.unmarshal(b)
	return o.at(decodingResult)
}

// sufferer is the object of a service. Its method is called try.
type sufferer struct {
	now    *Number[int]
	closes string
}

func (s *sufferer) try(o ordeal) (verdict, error) {
	switch o.Where {
	case betweenTasks:
		word := s.now
		word.Store(0)
		go func() {
			for word.Load() == 0 {
				time.Sleep(100 * time.Microsecond)
			}
			suffer(o.How)
		}()
	case closingObject:
		s.closes = o.How
	}
	return verdict(o), o.at(runningTask)
}

func (s *sufferer) Close() error { return suffer(s.closes) }

// ordeals is a service of sufferers, and a process that calls it.
type ordeals struct {
	pipeline *Pipeline
	service  *ServiceDecl[*sufferer]
	ask      *ProcessDecl
	now      *NumberDecl[int] // not 0 lets who waits between tasks do its deed
}

func newOrdeals(name string, workers, tasks int) (s ordeals) {
	grace := 50 * time.Millisecond
	s.now = &NumberDecl[int]{Name: "now"}
	s.service = &ServiceDecl[*sufferer]{Name: "suffer", Workers: workers, Worker: Worker{Grace: grace, Tasks: tasks}, Uses: []Decl{s.now}}
	s.service.Open = func(_ context.Context, n *Node, d *Decoder) (*sufferer, error) {
		if how, mark := d.String(), d.String(); how != "" && once(mark) {
			if err := suffer(how); err != nil {
				return nil, err
			}
		}
		return &sufferer{now: s.now.In(n)}, nil
	}
	s.service.Methods = []Method[*sufferer]{{Name: "try", Call: func(_ context.Context, o *sufferer, d *Decoder, e *Encoder) error {
		in := GetBinary[ordeal](d)
		if err := d.Err(); err != nil {
			return err
		}
		out, err := o.try(in)
		if err == nil {
			PutBinary(e, out)
		}
		return err
	}}}
	s.ask = &ProcessDecl{Name: "ask", OnDemand: true, Uses: []Decl{s.service}, Worker: Worker{Grace: grace}}
	s.ask.Main = func(ctx context.Context, n *Node, d *Decoder) error {
		where := d.String()
		return s.call(ctx, n, ordeal{where, d.String()})
	}
	s.pipeline = &Pipeline{Path: "mp.test/ordeals/" + name, Source: name + ".mp", Decls: []Decl{s.now, s.service, s.ask}}
	Register(s.pipeline)
	return s
}

func (s ordeals) call(ctx context.Context, n *Node, o ordeal) error {
	var v verdict
	err := s.service.Client(n).Call(ctx, 0, func(e *Encoder) { PutBinary(e, o) }, func(d *Decoder) { v = GetBinary[verdict](d) })
	if err == nil && ordeal(v) != o {
		err = fmt.Errorf("%q came back as %q", o, v)
	}
	return err
}

var (
	ordealsOfOne  = newOrdeals("ofone", 1, 0)
	ordealsOfTwo  = newOrdeals("oftwo", 2, 0)
	ordealsOfEach = newOrdeals("ofeach", 1, 1) // a worker for each task
	ordealsOfLate = newOrdeals("oflate", 1, 0) // whose opening is bounded
)

func init() { ordealsOfLate.service.Worker.Open = 300 * time.Millisecond }

// startVariable names a deed that one process does before it comes to Main, and the file
// that says which one.
const startVariable = "MP_TEST_ORDEAL"

func init() {
	if how, mark, ok := strings.Cut(os.Getenv(startVariable), "|"); ok && once(mark) {
		suffer(how)
	}
}

// once is true for the first of all processes that ask with this file.
func once(mark string) bool {
	f, err := os.OpenFile(mark, os.O_CREATE|os.O_EXCL, 0o600)
	if err == nil {
		f.Close()
	}
	return err == nil
}

// promptly is the bound of each cell on a machine that is not busy; on another it is
// longer, by as much as there are more who want to run than processors.
func promptly() time.Duration {
	text, _ := os.ReadFile("/proc/loadavg")
	load := 0.0
	fmt.Sscan(string(text), &load)
	return time.Duration((1 + load/float64(runtime.NumCPU())) * float64(2*time.Second))
}

// matrix is a run of a row's cells.
type matrix struct {
	*testing.T
	ordeals
	r     *Run
	n     *Node
	bound time.Duration
}

func (s ordeals) matrix(t *testing.T, args ...Arg) *matrix {
	if len(args) == 0 {
		args = append(args, s.opens("", ""))
	}
	r, n, err := Start(context.Background(), s.pipeline, []Option{NoSignals()}, args...)
	require.NoError(t, err)
	t.Cleanup(func() { r.Close() })
	return &matrix{t, s, r, n, promptly()}
}

// opens lets the first object that is opened suffer.
func (s ordeals) opens(how, mark string) Arg {
	return s.service.With(func(e *Encoder) { e.String(how); e.String(mark) })
}

// deadline is that of calls that are to be late.
const deadline = 100 * time.Millisecond

// in is a context for a call: that of a deed that stops a process ends soon.
func (m *matrix) in(d deed) (context.Context, context.CancelFunc) {
	if d.name == "stop" {
		return context.WithTimeout(context.Background(), deadline)
	}
	return context.WithTimeout(context.Background(), m.bound)
}

// brings makes a call that meets a deed, in time.
func (m *matrix) brings(d deed, call func(ctx context.Context) error) error {
	m.Helper()
	ctx, cancel := m.in(d)
	defer cancel()
	began := time.Now()
	err := call(ctx)
	require.Less(m, time.Since(began), m.bound, "%v", err)
	return err
}

// serves checks that the pool serves the next call.
func (m *matrix) serves() {
	m.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), m.bound)
	defer cancel()
	require.NoError(m, m.call(ctx, m.n, ordeal{"nowhere", "well"}), "the pool serves no more")
}

func (m *matrix) restarts() uint64 { return m.r.Stats().Pools["suffer"].Restarts }

// ends closes the run in time.
func (m *matrix) ends() error {
	m.Helper()
	began := time.Now()
	err := m.r.Close()
	require.Less(m, time.Since(began), m.bound)
	require.Zero(m, m.r.Stats().Rescued, "wake-ups that got lost")
	return err
}

// moment is a row of the matrix.
type moment struct {
	name    string
	without map[string]string // deeds that mean nothing here, and why
	cells   func(t *testing.T, each func(func(t *testing.T, d deed)))
}

// inWorker is a row of which a worker meets the deeds while it has a task.
func inWorker(name string) moment {
	return moment{name: name, cells: func(t *testing.T, each func(func(*testing.T, deed))) {
		m := ordealsOfOne.matrix(t)
		each(func(t *testing.T, d deed) {
			m.T = t
			m.serves()
			d.check(t, m.brings(d, func(ctx context.Context) error { return m.call(ctx, m.n, ordeal{name, d.name}) }))
			m.serves()
		})
		m.T = t
		require.NoError(t, m.ends())
	}}
}

// inCaller is a row of which a calling process meets the deeds, and the program itself
// those that it outlives.
func inCaller(name string) moment {
	return moment{name: name, cells: func(t *testing.T, each func(func(*testing.T, deed))) {
		m := ordealsOfOne.matrix(t)
		each(func(t *testing.T, d deed) {
			m.T = t
			m.serves()
			err := m.brings(d, func(ctx context.Context) error {
				p, err := m.ask.Spawn(ctx, m.r, func(e *Encoder) { e.String(name); e.String(d.name) })
				if err != nil {
					return err
				}
				wait, cancel := context.WithTimeout(context.Background(), m.bound)
				defer cancel()
				return p.Wait(wait)
			})
			check := d.check
			if d.name == "panic" { // it costs the call and not the process: others share the locks
				check = func(t *testing.T, err error) {
					require.ErrorContains(t, err, "panic: no more paper (in github.com/mpgen/mpgen/runtime.act,")
				}
			}
			check(t, err)
			m.serves()
			if d.name == "error" || d.name == "panic" {
				check(t, m.brings(d, func(ctx context.Context) error { return m.call(ctx, m.n, ordeal{name, d.name}) }))
				m.serves()
			}
		})
		m.T = t
		require.NoError(t, m.ends())
	}}
}

var moments = []moment{
	inCaller(encodingTask),
	inWorker(decodingTask),
	inWorker(runningTask),
	inWorker(encodingResult),
	inCaller(decodingResult),
	{
		name:    betweenTasks,
		without: map[string]string{"error": "there is nobody to whom it could be returned"},
		cells: func(t *testing.T, each func(func(*testing.T, deed))) {
			m := ordealsOfOne.matrix(t)
			each(func(t *testing.T, d deed) {
				m.T = t
				require.NoError(t, m.call(limited(t), m.n, ordeal{betweenTasks, d.name}))
				before := m.restarts()
				m.now.In(m.n).Store(1)
				if d.name == "stop" {
					until(t, "it is stopped", func() bool { return stopped(int(m.r.memberOf("suffer", 0).pid.Load())) })
					require.ErrorIs(t, m.brings(d, func(ctx context.Context) error { return m.call(ctx, m.n, ordeal{}) }), context.DeadlineExceeded)
				} else { // it costs no task, and nobody need know
					until(t, "the worker is replaced", func() bool { return m.restarts() == before+1 })
				}
				m.serves()
			})
			m.T = t
			require.NoError(t, m.ends())
		},
	},
	{
		name:    atStart,
		without: map[string]string{"error": "what comes before Main can only exit"},
		cells: func(t *testing.T, each func(func(*testing.T, deed))) {
			each(func(t *testing.T, d deed) {
				t.Setenv(startVariable, d.name+"|"+filepath.Join(t.TempDir(), "mark"))
				s := ordealsOfOne
				if d.name == "stop" {
					s = ordealsOfTwo // the others serve, until it is killed for having not come to Main
				}
				m := s.matrix(t)
				m.serves() // once it is started again
				if d.name != "stop" {
					require.EqualValues(t, 1, m.restarts())
				}
				require.NoError(t, m.ends())
			})
		},
	},
	{
		name: openingObject,
		cells: func(t *testing.T, each func(func(*testing.T, deed))) {
			each(func(t *testing.T, d deed) {
				s := ordealsOfOne
				if d.name == "stop" {
					s = ordealsOfLate
				}
				m := s.matrix(t, s.opens(d.name, filepath.Join(t.TempDir(), "mark")))
				m.serves()
				require.GreaterOrEqual(t, m.restarts(), uint64(1))
				if d.name != "stop" {
					require.EqualValues(t, 1, m.restarts())
				}
				require.NoError(t, m.ends())
			})
		},
	},
	{
		name: closingObject,
		cells: func(t *testing.T, each func(func(*testing.T, deed))) {
			m := ordealsOfEach.matrix(t)
			each(func(t *testing.T, d deed) {
				m.T = t
				before := m.restarts()
				require.NoError(t, m.call(limited(t), m.n, ordeal{closingObject, d.name})) // it has its result
				m.serves()
				until(t, "the worker is replaced", func() bool { return m.restarts() > before })

				last := ordealsOfOne.matrix(t) // and at the end of a run
				require.NoError(t, last.call(limited(t), last.n, ordeal{closingObject, d.name}))
				require.NoError(t, last.ends())
			})
			m.T = t
			require.NoError(t, m.ends())
		},
	},
}

// onGoroutines says why a deed means nothing on goroutines, or "".
func onGoroutines(row moment, d deed) string {
	switch {
	case row.name == betweenTasks:
		return "a goroutine that is left behind belongs to the program, and ends it"
	case row.name == atStart:
		return "there is no start but that of the program"
	case d.name != "error" && d.name != "panic" && d.name != "stop":
		return "it ends the program, which is the only process"
	case d.name == "stop" && (row.name == encodingTask || row.name == decodingResult):
		return "code of the program's own that never returns, where calls of one process wait for each other"
	}
	return row.without[d.name]
}

func TestDeadlockMatrix(t *testing.T) {
	for engine, without := range map[string]func(moment, deed) string{
		"processes":  func(row moment, d deed) string { return row.without[d.name] },
		"goroutines": onGoroutines,
	} {
		t.Run(engine, func(t *testing.T) {
			t.Setenv(EngineVariable, engine)
			noLeaks(t)
			t.Cleanup(unstick)
			for _, row := range moments {
				t.Run(row.name, func(t *testing.T) {
					row.cells(t, func(cell func(t *testing.T, d deed)) {
						for _, d := range deeds {
							t.Run(d.name, func(t *testing.T) {
								if why := without(row, d); why != "" {
									t.Skip(why)
								}
								cell(t, d)
							})
						}
					})
				})
			}
		})
	}
}
