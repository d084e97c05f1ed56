//go:build amd64 || arm64

package proc

import (
	"os"
	"os/exec"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// BenchmarkFirstLine measures a further worker from Start to its first line, and beside it a bare re-execution of
// the same binary that does the same.
func BenchmarkFirstLine(b *testing.B) {
	b.Run("worker", func(b *testing.B) {
		h := newHouse(b, 1)
		for b.Loop() {
			said := make(chan struct{})
			p, err := h.Start(Spec{Name: "say hello", Stdout: func([]byte) { close(said) }})
			require.NoError(b, err)
			<-said
			b.StopTimer()
			<-p.Done()
			b.StartTimer()
		}
	})
	b.Run("bare", func(b *testing.B) {
		line := make([]byte, 6)
		for b.Loop() {
			cmd := exec.Command("/proc/self/exe")
			cmd.Env = append(os.Environ(), programVariable+"=hello")
			out, err := cmd.StdoutPipe()
			require.NoError(b, err)
			require.NoError(b, cmd.Start())
			_, err = out.Read(line)
			require.NoError(b, err)
			b.StopTimer()
			require.NoError(b, cmd.Wait())
			b.StartTimer()
		}
	})
}

// BenchmarkDeath measures from a SIGKILL until the process is reaped and its group gone from the table.
func BenchmarkDeath(b *testing.B) {
	h := newHouse(b, 1)
	for b.Loop() {
		b.StopTimer()
		out := newLines()
		p, err := h.Start(Spec{Name: "wait", Stdout: out.take})
		require.NoError(b, err)
		out.next(b)
		b.StartTimer()
		require.NoError(b, p.Signal(syscall.SIGKILL))
		<-p.Dead()
		b.StopTimer()
		<-p.Done()
		b.StartTimer()
	}
}
