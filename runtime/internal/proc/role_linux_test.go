//go:build amd64 || arm64

package proc

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestARoleTravelsAsText(t *testing.T) {
	for _, role := range []Role{
		{Name: "resize", Slot: 3, Generation: 9, Parent: 4711, Depth: 2, files: 6},
		{Name: "a name with 3 spaces", Parent: 1, Depth: 1},
		{},
	} {
		kind, rest, err := splitRole(role.String())
		require.NoError(t, err)
		require.Equal(t, "worker", kind)
		got, err := parseRole(rest)
		require.NoError(t, err)
		require.Equal(t, role, got)
	}
}

func TestAMalformedRoleEndsTheProcess(t *testing.T) {
	own := os.Getpid()
	for _, tt := range []struct{ role, want string }{
		{"", `MPGEN_CHILD is "", want "1 worker …", "1 spare …" or "1 warden …"; unset it`},
		{"2 worker 1 1 0 0 0 x", `MPGEN_CHILD is "2 worker 1 1 0 0 0 x", want "1 worker …", "1 spare …" or "1 warden …"; unset it`},
		{"1 worker", `MPGEN_CHILD has "", want a number; unset it`},
		{"1 worker 1 1 0 -5 0 x", `MPGEN_CHILD has "-5", want a number; unset it`},
		{"1 worker 1 1 0 0 0 x", `process 1, which started this one, is gone`},
		{fmt.Sprintf("1 worker %d 1 0 0 0 x", own), `descriptor 3 was not inherited: `},
		{fmt.Sprintf("1 spare %d 1 0 0 0 x", own), `descriptor 3 was not inherited: `},
		{"1 warden 1 1 0", `MPGEN_CHILD has "", want a number; unset it`},
		{fmt.Sprintf("1 worker %d 1 0 0 900 x", own), `descriptor `},
		{"1 warden 1 1 0 4", `descriptor 3 was not inherited: `},
	} {
		t.Run(tt.role, func(t *testing.T) {
			cmd := exec.Command("/proc/self/exe")
			cmd.Env = append(os.Environ(), roleVariable+"="+tt.role)
			out, _ := cmd.CombinedOutput()
			require.Equal(t, exitUsage, cmd.ProcessState.ExitCode())
			require.True(t, strings.HasPrefix(string(out), "mpgen: cannot start as a child: "+tt.want), string(out))
		})
	}
}

func TestAChildThatWasNotEnteredStartsNothing(t *testing.T) {
	require.False(t, IsChild())
	h := newHouse(t, 1)
	_, out := run(t, h, Spec{Name: "chain"})
	require.Equal(t, []string{fmt.Sprintf(`this process is the child "chain" of process %d and may not start processes of its own before it has entered its role`, os.Getpid())}, out)
}

func TestChildrenNestOnlySoDeep(t *testing.T) {
	h := newHouse(t, 1)
	_, out := run(t, h, Spec{Name: "nest"})
	require.Equal(t, []string{`process "nest" is 8 children deep, want at most 8: does a handler start its own pipeline?`}, out)
}

func TestAGrandchildInheritsNothingOfOurs(t *testing.T) {
	own, err := exec.Command("ls", "/proc/self/fd").Output()
	require.NoError(t, err)
	h := newHouse(t, 1)
	read, write, err := os.Pipe()
	require.NoError(t, err)
	defer read.Close()
	defer write.Close()
	_, out := run(t, h, Spec{Name: "run ls /proc/self/fd", Files: []*os.File{read, write}})
	require.Equal(t, strings.Fields(string(own)), out)
}
