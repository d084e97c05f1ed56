//go:build amd64 || arm64

package proc

import (
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// BenchmarkFirstLine measures a further worker from Start to its first line, and beside it a bare
// re-execution of the same binary that does the same. Stopping the benchmark's own timer costs as
// much as a death, so the times are summed up here.
func BenchmarkFirstLine(b *testing.B) {
	b.Run("worker", func(b *testing.B) {
		h := newHouse(b, 1)
		var total time.Duration
		for b.Loop() {
			said := make(chan struct{})
			begin := time.Now()
			p, err := h.Start(Spec{Name: "say hello", Stdout: func([]byte) { close(said) }})
			require.NoError(b, err)
			<-said
			total += time.Since(begin)
			<-p.Done()
		}
		b.ReportMetric(float64(total.Microseconds())/float64(b.N), "us/start")
	})
	b.Run("bare", func(b *testing.B) {
		line := make([]byte, 6)
		var total time.Duration
		for b.Loop() {
			cmd := exec.Command("/proc/self/exe")
			cmd.Env = append(os.Environ(), programVariable+"=hello")
			begin := time.Now()
			out, err := cmd.StdoutPipe()
			require.NoError(b, err)
			require.NoError(b, cmd.Start())
			_, err = out.Read(line)
			require.NoError(b, err)
			total += time.Since(begin)
			require.NoError(b, cmd.Wait())
		}
		b.ReportMetric(float64(total.Microseconds())/float64(b.N), "us/start")
	})
}

// BenchmarkDeath measures from a SIGKILL until the process is reaped and its group gone from the
// table.
func BenchmarkDeath(b *testing.B) {
	h := newHouse(b, 1)
	var total time.Duration
	for b.Loop() {
		out := newLines()
		p, err := h.Start(Spec{Name: "wait", Stdout: out.take})
		require.NoError(b, err)
		out.next(b)
		begin := time.Now()
		require.NoError(b, p.Signal(syscall.SIGKILL))
		<-p.Dead()
		total += time.Since(begin)
		<-p.Done()
	}
	b.ReportMetric(float64(total.Microseconds())/float64(b.N), "us/death")
}
