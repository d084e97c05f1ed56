package mp

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"github.com/stretchr/testify/require"
)

// folk are a process, one on demand, a pool and a service whose rows give them
// surroundings of their own, which they tell.
var folk = func() (s struct {
	pipeline *Pipeline
	told     *QueueDecl[[]string]
	process  *ProcessDecl
	errand   *ProcessDecl
	pool     *PoolDecl[int, []string]
	service  *ServiceDecl[struct{}]
}) {
	tell := func() []string {
		dir, _ := os.Getwd()
		return []string{os.Getenv("FOLK"), os.Getenv("FOLK_OWN"), filepath.Base(dir), bornFolk, ownNice(), strconv.Itoa(runtime.GOMAXPROCS(0))}
	}
	own := Worker{Env: []string{"FOLK=row", "FOLK_OWN=a=b"}, Dir: "folk", Nice: 3, CPUs: 1}
	s.told = &QueueDecl[[]string]{Name: "told", Elem: SliceOf(String)}
	s.process = &ProcessDecl{Name: "dwell", Worker: own, Send: []Decl{s.told}}
	s.errand = &ProcessDecl{Name: "visit", OnDemand: true, Worker: own, Send: []Decl{s.told}}
	s.process.Main = func(ctx context.Context, n *Node, _ *Decoder) error { return s.told.Sender(n).Send(ctx, tell()) }
	s.errand.Main = s.process.Main
	s.pool = &PoolDecl[int, []string]{Name: "shop", Out: SliceOf(String), Workers: 1, Worker: own,
		Func: func(context.Context, int) ([]string, error) { return tell(), nil }}
	s.service = &ServiceDecl[struct{}]{Name: "mayor", Worker: own, Methods: []Method[struct{}]{
		{Name: "tell", Call: func(_ context.Context, _ struct{}, _ *Decoder, e *Encoder) error {
			PutSlice(e, tell(), (*Encoder).String)
			return nil
		}},
	}}
	s.service.Open = func(context.Context, *Node, *Decoder) (struct{}, error) { return struct{}{}, nil }
	s.pipeline = &Pipeline{Path: "mp.test/folk", Source: "folk.mp", Decls: []Decl{s.told, s.process, s.errand, s.pool, s.service},
		Main: MainDecl{Receive: []Decl{s.told}}}
	Register(s.pipeline)
	return s
}()

// bornFolk is what a package finds that is initialized.
var bornFolk = os.Getenv("FOLK")

func (t *trial) surroundings() {
	t.Setenv("FOLK", "program")
	t.Setenv("FOLK_OWN", "program")
	t.Chdir(t.TempDir())
	require.NoError(t, os.Mkdir("folk", 0o777))
	here, err := os.Getwd()
	require.NoError(t, err)
	want := []string{"program", "program", filepath.Base(here), bornFolk, ownNice(), strconv.Itoa(runtime.GOMAXPROCS(0))}
	if t.holds == yes {
		nice, err := strconv.Atoi(ownNice())
		require.NoError(t, err)
		want = []string{"row", "a=b", "folk", "row", strconv.Itoa(min(nice+3, 19)), "1"}
	}
	r, n := t.start(folk.pipeline)
	got, err := folk.pool.Pool(n).Call(limited(t), 1)
	require.NoError(t, err)
	require.Equal(t, want, got)
	err = folk.service.Client(n).Call(limited(t), 0, nil, func(d *Decoder) { got = GetSlice(d, (*Decoder).String) })
	require.NoError(t, err)
	require.Equal(t, want, got)
	_, err = folk.errand.Spawn(limited(t), r, nil)
	require.NoError(t, err)
	told := folk.told.Receiver(n)
	for range 2 {
		got, err := told.Receive(limited(t))
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	require.NoError(t, r.Wait())
}

// ownNice is the niceness of this process, as the system tells it; "" where it does not.
func ownNice() string {
	stat, _ := os.ReadFile("/proc/self/stat")
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	if len(fields) < 17 {
		return ""
	}
	return fields[16]
}
