//go:build linux && (amd64 || arm64)

package e2e

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// tour is what a program of examples/tour prints, line by line.
func tour(t *testing.T, name string) []string {
	t.Helper()
	parallel(t)
	return printed(t, name)
}

func printed(t *testing.T, name string) []string {
	t.Helper()
	r := program(t, name)
	require.Zero(t, r.code, r.stderr)
	return strings.Split(strings.TrimSuffix(r.stdout, "\n"), "\n")
}

func TestTourPrints(t *testing.T) {
	for name, want := range map[string][]string{
		"hello":     {"hello Ada", "hello Bob", "Bob ended with <nil>"},
		"queue":     {"the sum is 4950"},
		"shared":    {"3.1415927 [0 -1 -2 -3 -4 -5 -6 -7 -8 -9]"},
		"pipe":      {"m-p-g-e-n <nil>", "p-i-p-e <nil>", "it died: panic: there is nothing to spell"},
		"lock":      {"together 10000"},
		"frames":    {"frame 18 is 90 bright", "frame 19 is 95 bright", "<nil>"},
		"stream":    {"22 letters"},
		"sync":      {"the office opens", "all have done their letters", "8 letters, 0 times a clerk too many"},
		"manager":   {"we 9", "shared 6", "what 6", "had 6", "and 3", "long: shared", "different: 5"},
		"batches":   {"letters: 39", "3 <nil>", "poison: true", "pages: 16", "21 <nil>"},
		"service":   {"1300 <nil>"},
		"tree":      {"the sum is 4950 of 8 parts", "add-1 <nil> <nil>"},
		"pool":      {"1 <nil>", "4 <nil>", "9 <nil>", "16 <nil>", "400 <nil>", "49 <nil>"},
		"parallel":  {"[1 8 27 64 125]", "1", "8", "27", "the sum is 225"},
		"bind":      {"2 <nil>", "3 <nil>", "1.4142135623730951 <nil>", "a-b-c <nil>", "ba7816bf <nil>", "example.com <nil>", `link[0]: parse "%": invalid URL escape "%"`},
		"terminate": {"after a while: context deadline exceeded", "killed: true"},
		"failure": {
			"no such file: work[1]: open /nowhere: no such file or directory",
			"it panicked: panic: boom",
			"it exited with 3",
		},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, want, tour(t, name)) })
	}
}

func TestTourGreetsOnceWithEachArgument(t *testing.T) {
	lines := tour(t, "loop")
	slices.Sort(lines) // the processes run side by side
	require.Equal(t, []string{"hello world 1", "hello world 2", "hello world 3", "hello world 4", "hello world 5"}, lines)
}

func TestTourDaemonEndsWithTheWork(t *testing.T) {
	lines := tour(t, "daemon")
	const progress = "watch: there is progress: true"
	for again := 0; again < 20 && !slices.Contains(lines, progress); again++ { // the work was done before watch had come up
		require.Equal(t, "done: 10", lines[len(lines)-1])
		lines = printed(t, "daemon")
	}
	require.Contains(t, lines, progress)
	require.Equal(t, "done: 10", lines[len(lines)-1])
}

// What the program finds is tested; how much faster it is depends on what else the
// machine has to do.
func TestTourSpeedupCountsTheSameBothWays(t *testing.T) {
	lines := tour(t, "speedup")
	require.Len(t, lines, 3)
	require.Equal(t, "114155 114155 primes, one task after the other", lines[0])
	require.Equal(t, "114155 114155 primes, both at once", lines[1])
	times, err := strconv.ParseFloat(strings.TrimSuffix(lines[2], " times as fast"), 64)
	require.NoError(t, err)
	t.Logf("two workers are %.2f times as fast as one", times)
}
