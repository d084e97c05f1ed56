package mp

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Runs within runs: a process is a program, too, and may start a pipeline of its own.

// dolls is a pipeline of one process, which starts the same pipeline, until it is deep
// enough.
var dolls = func() (s struct {
	pipeline *Pipeline
	doll     *ProcessDecl
}) {
	s.doll = &ProcessDecl{Name: "doll"}
	s.doll.Main = func(ctx context.Context, _ *Node, d *Decoder) error {
		depth, how := Get[int](d), d.String()
		fmt.Println("begins", depth, os.Getpid(), Self(ctx).Parent)
		if depth == generationsDeep {
			return act(ctx, how)
		}
		r, _, err := Start(ctx, s.pipeline, nil, s.doll.With(func(e *Encoder) { Put(e, depth+1); e.String(how) }))
		if err != nil {
			return err
		}
		defer r.Close()
		err = r.Wait()
		var died *Died
		if errors.As(err, &died) {
			fmt.Println("lost", depth+1, died.Signal)
			err = nil
		}
		fmt.Println("ended", depth+1)
		return err
	}
	s.pipeline = &Pipeline{Path: "mp.test/dolls", Source: "dolls.mp", Decls: []Decl{s.doll}}
	Register(s.pipeline)
	return s
}()

const generationsDeep = 3

func init() {
	for _, how := range []string{"return", "obey", "stuck"} {
		programs["dolls that "+how] = func() {
			r, _, err := Start(context.Background(), dolls.pipeline, nil, dolls.doll.With(func(e *Encoder) { Put(e, 1); e.String(how) }))
			if err != nil {
				panic(err)
			}
			err = r.Wait()
			r.Close()
			fmt.Println("ended 1", err)
		}
	}
}

// generations starts dolls, and waits until the innermost has begun. It returns the
// processes by their depth, the program first, and what they print from then on.
func generations(t *testing.T, how string) (pids []int, out *bufio.Reader, kill func(sig syscall.Signal), ends func()) {
	t.Helper()
	cmd := program(t, "dolls that "+how)
	cmd.Stderr = new(bytes.Buffer)
	pipe, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	out = bufio.NewReader(pipe)
	pids = []int{cmd.Process.Pid}
	for depth := 1; depth <= generationsDeep; depth++ {
		line, err := out.ReadString('\n')
		require.NoError(t, err)
		var pid int
		_, err = fmt.Sscanf(line, fmt.Sprintf("begins %d %%d %d", depth, pids[depth-1]), &pid)
		require.NoError(t, err, line)
		pids = append(pids, pid)
	}
	return pids, out, func(sig syscall.Signal) { cmd.Process.Signal(sig) }, func() { cmd.Wait() }
}

// descendants are a process's children and their children, wardens too.
func descendants(pid int) (all []int) {
	for _, c := range children(pid) {
		all = append(append(all, c), descendants(c)...)
	}
	return all
}

func TestGenerationsEndFromTheInnermost(t *testing.T) {
	noLeaks(t)
	pids, out, _, wait := generations(t, "return")
	text, err := io.ReadAll(out)
	require.NoError(t, err)
	wait()
	require.Equal(t, "ended 3\nended 2\nended 1 <nil>\n", string(text))
	require.False(t, slices.ContainsFunc(pids, alive))
}

func TestInterruptReachesAllGenerations(t *testing.T) {
	noLeaks(t)
	pids, out, kill, wait := generations(t, "obey")
	below := descendants(pids[0])
	require.Len(t, below, 2*generationsDeep) // each generation and its warden
	kill(syscall.SIGINT)
	text, err := io.ReadAll(out)
	require.NoError(t, err)
	wait()
	require.Equal(t, "ended 3\nended 2\nended 1 interrupted by a signal\n", string(text))
	require.False(t, slices.ContainsFunc(below, alive))
}

// The middle one is killed: those below it go with it, and that above is told.
func TestDeathInTheMiddleOfGenerations(t *testing.T) {
	noLeaks(t)
	pids, out, _, wait := generations(t, "stuck")
	below := descendants(pids[2])
	require.Len(t, below, 2)
	began := time.Now()
	require.NoError(t, syscall.Kill(pids[2], syscall.SIGKILL))
	text, err := io.ReadAll(out)
	require.NoError(t, err)
	wait()
	require.Equal(t, "lost 2 killed\nended 2\nended 1 <nil>\n", string(text))
	until(t, "all below are gone", func() bool { return !slices.ContainsFunc(below, alive) })
	require.Less(t, time.Since(began), time.Second+busyMachine)
	require.False(t, slices.ContainsFunc(pids, alive))
}

func TestDeathOfTheProgramEndsAllGenerations(t *testing.T) {
	noLeaks(t)
	pids, out, kill, wait := generations(t, "stuck")
	below := descendants(pids[0])
	require.Len(t, below, 2*generationsDeep)
	began := time.Now()
	kill(syscall.SIGKILL)
	until(t, "all are gone", func() bool { return !slices.ContainsFunc(below, alive) })
	require.Less(t, time.Since(began), time.Second+busyMachine)
	io.Copy(io.Discard, out)
	wait()
}
