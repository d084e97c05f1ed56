package leak

import (
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestWhatIsLeftIsTold(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only goroutines are seen here")
	}
	before := Take()
	require.Empty(t, before.Left())

	f, err := os.Open("/dev/null")
	require.NoError(t, err)
	cmd := exec.Command("sleep", "1000")
	require.NoError(t, cmd.Start())
	stop := make(chan struct{})
	go func() { <-stop }()

	left := strings.Join(before.Left(), "\n")
	require.Contains(t, left, "process ")
	require.Contains(t, left, "sleep")
	require.Contains(t, left, "/dev/null")
	require.Contains(t, left, "leak.TestWhatIsLeftIsTold.func1")
	require.Len(t, before.LeftProcesses(), 1)

	after := Take()
	require.Empty(t, after.Left(), "what was there before is not left behind")

	close(stop)
	require.NoError(t, cmd.Process.Kill())
	cmd.Wait()
	f.Close()
	require.Eventually(t, func() bool { return len(before.Left()) == 0 }, wait, tick, before.Left())
}

const wait, tick = time.Minute, time.Millisecond
