//go:build linux && (amd64 || arm64)

package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const noMain = "mp.Main() was not called: make it the first statement of main (and of TestMain)"

func TestWithoutMainNothingStarts(t *testing.T) {
	parallel(t)
	r := program(t, "nomain")
	require.Equal(t, result{stderr: "start nomain.mp: " + noMain + "\n", code: 3, starts: 1}, r)
}

func TestASecondMainDoesNothing(t *testing.T) {
	parallel(t)
	r := program(t, "twice")
	require.Equal(t, result{stdout: "9 <nil>\n", starts: 2}, r)
}

func TestFlagsAndWorkMayComeBeforeMain(t *testing.T) {
	parallel(t)
	r := program(t, "late", "-by", "3", "left", "over")
	require.Equal(t, result{stdout: "42 [left over] [-by 3 left over] <nil>\n", starts: 2}, r)
}

func TestTwoPipelinesShareOneMain(t *testing.T) {
	parallel(t)
	r := program(t, "both")
	require.Equal(t, result{stdout: "ONE <nil>\nTWO <nil>\n<nil> 500500\n", starts: 1 + 2 + 2}, r)
}

func TestGoTestWithoutTestMainSaysWhatIsMissing(t *testing.T) {
	parallel(t)
	r := run(t, built.module, "go", "test", "-count=1", "./untested")
	require.Equal(t, 1, r.code, r.stdout+r.stderr)
	require.Contains(t, r.stdout, "start untested.mp: "+noMain)
	require.Equal(t, 1, r.starts)
}

func TestGoTestWithTestMainRunsProcesses(t *testing.T) {
	parallel(t)
	r := run(t, built.module, "go", "test", "-count=1", "./tested")
	require.Zero(t, r.code, r.stdout+r.stderr)
	require.Contains(t, r.stdout, "ok")
}

func TestAProcessThatDoesNotComeToMainIsAnError(t *testing.T) {
	for _, c := range []struct {
		how, want string
	}{
		{"exit", "wait: idle[0]: exit status 4\n"},
		{"start", "wait: idle[0]: exit status 3\n"},
		{"hang", "wait: idle[0]: it did not come to mp.Main() within 10s: killed by signal 9 (killed)\n"},
	} {
		t.Run(c.how, func(t *testing.T) {
			parallel(t)
			r := program(t, "astray", c.how)
			require.Equal(t, 3, r.code, r.stderr)
			require.Contains(t, r.stderr, c.want)
			require.Contains(t, r.stderr, "call: square[0]: closed: idle[0]: ")
			switch c.how {
			case "exit":
				require.Contains(t, r.stderr, "already running\n", "what the process wrote is seen")
			case "start":
				require.Contains(t, r.stderr, "start astray.mp: this process was started as idle of another run and has not come to mp.Main(): "+noMain)
			}
			// The program, the process, and its worker with a few attempts: no chain.
			require.GreaterOrEqual(t, r.starts, 2)
			require.LessOrEqual(t, r.starts, 2+5)
		})
	}
}

func TestAPoolWhoseWorkersDoNotComeToMainIsAnError(t *testing.T) {
	parallel(t)
	r := program(t, "dead")
	const why = "square[0]: it died 5 times in a row: exit status 4"
	require.Equal(t, "call: square[0]: closed: "+why+"\nclose: "+why+"\n", r.stdout)
	require.Equal(t, 5, strings.Count(r.stderr, "already running\n"), r.stderr)
	require.Equal(t, 4, strings.Count(r.stderr, ` WARN process failed, and is started again process=square[0] pid=`), r.stderr)
	require.Equal(t, 1+5, r.starts)
}

func TestGoRunAndMpgenRunGiveTheSame(t *testing.T) {
	parallel(t)
	direct := run(t, built.module, "go", "run", "./late", "-by", "2")
	mpgen := run(t, built.module, filepath.Join(built.bin, "mpgen"), "run", "./late", "--", "-by", "2")
	require.Equal(t, "28 [] [-by 2] <nil>\n", direct.stdout)
	require.Equal(t, direct.stdout, mpgen.stdout, mpgen.stderr)
	require.Zero(t, mpgen.code)
}

// TestWordcountAgreesWithCoreutils counts by grep, sort and uniq what the example counts.
func TestWordcountAgreesWithCoreutils(t *testing.T) {
	parallel(t)
	sources := run(t, t.TempDir(), "go", "env", "GOROOT")
	require.Zero(t, sources.code)
	folder := filepath.Join(sources.stdout[:len(sources.stdout)-1], "src", "encoding")
	script := `
set -e
export LC_ALL=C
find "$1" -type f -print0 | xargs -0 grep -haoE '[A-Za-z]+' | tr A-Z a-z >words
sort words | uniq -c | sort -k1,1nr -k2,2 | head -n 10 | awk '{print $1, $2}'
echo "files $(find "$1" -type f | wc -l) words $(wc -l <words)"
`
	want := run(t, t.TempDir(), "sh", "-c", script, "sh", folder)
	require.Zero(t, want.code, want.stderr)
	require.Regexp(t, `(?m)^files [1-9]\d* words [1-9]\d{4,}$`, want.stdout)

	got := run(t, built.root, filepath.Join(built.bin, "mpgen"), "run", "./examples/wordcount", "--", folder)
	require.Zero(t, got.code, got.stderr)
	require.Equal(t, want.stdout, got.stdout)
}

func TestTheFirstStartLeavesNoFilesBehind(t *testing.T) {
	parallel(t)
	dir := t.TempDir()
	r := run(t, dir, filepath.Join(built.bin, "both"))
	require.Zero(t, r.code)
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, left)
}
