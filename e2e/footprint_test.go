//go:build linux && (amd64 || arm64)

package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestTheFootprintIsThatOfARun compares what mpgen says of a pipeline with what the kernel says of the program at work.
func TestTheFootprintIsThatOfARun(t *testing.T) {
	parallel(t)
	r := run(t, built.module, filepath.Join(built.bin, "mpgen"), "check", "--footprint", "--format", "json", "./endless")
	require.Zero(t, r.code, r.stderr)
	var told struct {
		Footprints []struct {
			Shared, Control, Bells, Commons, Pairs int64
			Processes, Descriptors                 int
		}
	}
	require.NoError(t, json.Unmarshal([]byte(r.stdout), &told))
	require.Len(t, told.Footprints, 1)
	want := told.Footprints[0]

	s := begin(t, t.TempDir(), filepath.Join(built.bin, "endless"))
	require.Equal(t, "ready", s.line(t))
	files, descriptors := map[string]int64{}, 0
	for number, target := range opened(s.cmd.Process.Pid) {
		if number > 2 && inherited[number] != target && !ofGo.MatchString(target) {
			descriptors++
		}
		if file, ok := strings.CutPrefix(target, "/memfd:mpgen-"); ok {
			info, err := os.Stat(fmt.Sprintf("/proc/%d/fd/%d", s.cmd.Process.Pid, number))
			require.NoError(t, err)
			files[strings.TrimSuffix(file, " (deleted)")] += info.Size()
		}
	}
	require.Equal(t, want.Control, files["control"])
	require.Equal(t, want.Bells, files["bells"])
	require.Equal(t, want.Commons, files["commons"])
	require.Equal(t, want.Pairs, files["pair"])
	require.Equal(t, want.Shared, want.Control+want.Bells+want.Commons+want.Pairs)
	require.Equal(t, want.Descriptors, descriptors)
	require.NoError(t, s.cmd.Process.Kill())
	s.cmd.Wait()
}

// ofGo is what every Go program may have open: its poller, and the files that tell how many processors it may use.
var ofGo = regexp.MustCompile(`^anon_inode:\[event(poll|fd)\]$|^/sys/fs/cgroup/`)

// inherited are the descriptors that this process was started with, which programs that it starts may have too.
var inherited = opened(os.Getpid())

// opened are the descriptors of a process, and what they stand for.
func opened(pid int) map[int]string {
	all := map[int]string{}
	links, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	for _, name := range links {
		number, err := strconv.Atoi(filepath.Base(name))
		target, gone := os.Readlink(name) // it may be closed meanwhile
		if err == nil && gone == nil {
			all[number] = target
		}
	}
	return all
}
