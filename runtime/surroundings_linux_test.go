package mp

import (
	"context"
	"io/fs"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// nomads are processes whose folder may not be there.
var nomads = func() (s struct {
	pipeline *Pipeline
	errand   *ProcessDecl
	homeless *Pipeline
}) {
	s.errand = &ProcessDecl{Name: "visit", OnDemand: true, Worker: Worker{Dir: "tent"}, Main: settleDown}
	s.pipeline = &Pipeline{Path: "mp.test/nomads", Source: "nomads.mp", Decls: []Decl{s.errand}}
	stays := &ProcessDecl{Name: "stay", Worker: Worker{Dir: "tent"}, Main: settleDown}
	s.homeless = &Pipeline{Path: "mp.test/homeless", Source: "homeless.mp", Decls: []Decl{stays}}
	Register(s.pipeline)
	Register(s.homeless)
	return s
}()

func settleDown(context.Context, *Node, *Decoder) error { return nil }

func TestAFolderThatIsNotThereFailsTheStart(t *testing.T) {
	noLeaks(t)
	t.Chdir(t.TempDir())
	here, err := os.Getwd()
	require.NoError(t, err)
	_, _, err = Start(t.Context(), nomads.homeless, []Option{NoSignals()})
	require.EqualError(t, err, `start homeless.mp: the folder of "stay": stat `+here+`/tent: no such file or directory`)
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.NoError(t, os.WriteFile("tent", nil, 0o666))
	_, _, err = Start(t.Context(), nomads.homeless, []Option{NoSignals()})
	require.ErrorContains(t, err, here+"/tent: not a directory")

	// That of a process on demand is looked at when it starts.
	r, _ := begin(t, nomads.pipeline)
	var path *fs.PathError
	_, err = nomads.errand.Spawn(limited(t), r, nil)
	require.ErrorAs(t, err, &path)
	require.Equal(t, here+"/tent", path.Path)
	require.NoError(t, os.Remove("tent"))
	require.NoError(t, os.Mkdir("tent", 0o777))
	t.Chdir("/") // folders are those of the time of Start
	p, err := nomads.errand.Spawn(limited(t), r, nil)
	require.NoError(t, err)
	require.NoError(t, p.Wait(limited(t)))
	require.NoError(t, r.Wait())
}
