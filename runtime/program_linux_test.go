package mp

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// program is this test binary as a program of its own.
func program(t *testing.T, name string) *exec.Cmd {
	heeds(t, os.Interrupt)
	cmd := exec.CommandContext(limited(t), "/proc/self/exe")
	cmd.Env = append(os.Environ(), programVariable+"="+name)
	return cmd
}

// heeds lets processes that the test starts heed a signal, also where the test itself
// was started to ignore it, as in the background of a shell: what is caught here is
// not ignored there.
func heeds(t *testing.T, sig os.Signal) {
	c := make(chan os.Signal, 1)
	signal.Notify(c, sig)
	t.Cleanup(func() { signal.Stop(c) })
}

func init() {
	programs["orphans"] = orphans
	programs["interrupted"] = interruptedProgram
	programs["unattended"] = unattended
	programs["unmoved"] = unmoved
	programs["talk"] = talk
	programs["no main"] = noMain
}

// family is a pool whose tasks start processes and stop.
var family = newPool(PoolDecl[string, int]{
	Name: "family", Workers: 3, In: String,
	Func: func(ctx context.Context, how string) (int, error) {
		switch how {
		case "grandchild":
			cmd := exec.Command("sleep", "1000")
			if err := cmd.Start(); err != nil {
				return 0, err
			}
			fmt.Println("started", os.Getpid(), cmd.Process.Pid)
			return 0, cmd.Wait()
		case "stop":
			fmt.Println("started", os.Getpid())
			haltSelf()
		}
		fmt.Println("started", os.Getpid())
		select {}
	},
})

func orphans() {
	r, n, err := Start(context.Background(), family.pipeline, nil)
	if err != nil {
		panic(err)
	}
	for _, how := range []string{"grandchild", "stop", "spin"} {
		go family.pool.Pool(n).Call(context.Background(), how)
	}
	r.Wait()
	select {}
}

func TestNothingOutlivesAKilledProgram(t *testing.T) {
	noLeaks(t)
	cmd := program(t, "orphans")
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	var pids []int
	lines := bufio.NewScanner(out)
	for i := 0; i < 3 && lines.Scan(); i++ {
		for _, word := range strings.Fields(lines.Text())[1:] {
			pid, err := strconv.Atoi(word)
			require.NoError(t, err)
			pids = append(pids, pid)
		}
	}
	require.Len(t, pids, 4)
	pids = append(pids, children(cmd.Process.Pid)...) // the warden too
	slices.Sort(pids)
	pids = slices.Compact(pids)
	require.Len(t, pids, 5)
	until(t, "one is stopped", func() bool { return slices.ContainsFunc(pids, stopped) })

	began := time.Now()
	require.NoError(t, cmd.Process.Kill())
	until(t, "all are gone", func() bool { return !slices.ContainsFunc(pids, alive) })
	took := time.Since(began)
	t.Log("all", len(pids), "processes were gone after", took)
	io.Copy(io.Discard, out)
	cmd.Wait()
	require.Less(t, took, 100*time.Millisecond+busyMachine)
}

// busyMachine is what a machine may add on which others work too. What never comes, or
// only when the backstop makes good for a wake-up that was lost, takes much longer.
const busyMachine = 3 * time.Second

// interruptedProgram has a source, a stage, a sink and a pool, and waits.
func interruptedProgram() {
	r, n, err := Start(context.Background(), production.pipeline, nil, sourceEnds(""))
	if err != nil {
		panic(err)
	}
	for production.got.In(n).Load() < 100 {
		time.Sleep(time.Millisecond)
	}
	called := make(chan struct{})
	go func() {
		defer close(called)
		_, err := production.pool.Pool(n).Call(context.Background(), work{How: "stuck"})
		fmt.Println("call:", err)
	}()
	for r.Stats().Pools["called"].Busy == 0 {
		time.Sleep(time.Millisecond)
	}
	cancelled := production.cancelled.In(n)
	fmt.Println("ready")
	err = r.Wait()
	<-called
	fmt.Println("wait:", err, err == ErrInterrupted)
	fmt.Println("close:", r.Close())
	fmt.Println("cancelled:", cancelled.Load())
}

func TestInterruptEndsARunInOrder(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		t.Run(sig.String(), func(t *testing.T) {
			noLeaks(t)
			cmd := program(t, "interrupted")
			complaints, theirs := fullPipe(t)
			cmd.Stderr = theirs
			out, w, err := os.Pipe()
			require.NoError(t, err)
			t.Cleanup(func() { out.Close() })
			cmd.Stdout = w
			require.NoError(t, cmd.Start())
			theirs.Close()
			w.Close()
			lines := bufio.NewReader(out)
			first, err := lines.ReadString('\n')
			require.NoError(t, err)
			require.Equal(t, "ready\n", first)
			require.NoError(t, cmd.Process.Signal(sig))
			first, err = lines.ReadString('\n')
			require.NoError(t, err)
			require.Equal(t, "call: called[0]: closed: interrupted by a signal\n", first)
			require.NoError(t, out.SetReadDeadline(time.Now().Add(100*time.Millisecond)))
			_, err = lines.Peek(1)
			require.ErrorIs(t, err, os.ErrDeadlineExceeded, "Wait lets the program end before it is told how the run has ended")
			require.NoError(t, out.SetReadDeadline(time.Time{}))
			said, err := io.ReadAll(complaints) // only now there is room for it
			require.NoError(t, err)
			rest, err := io.ReadAll(lines)
			require.NoError(t, err)
			require.NoError(t, cmd.Wait())
			require.Equal(t, "wait: interrupted by a signal true\nclose: interrupted by a signal\ncancelled: 1\n", string(rest))
			require.Regexp(t, `^production.mp: `+sig.String()+`: \d+ processes ended, \d+ tasks done, 0 failed, \d+ items left\n$`, strings.TrimLeft(string(said), "."))
		})
	}
}

// fullPipe is a pipe in which there is no room.
func fullPipe(t testing.TB) (r, w *os.File) {
	r, w, err := os.Pipe()
	require.NoError(t, err)
	t.Cleanup(func() { r.Close(); w.Close() })
	for dots := bytes.Repeat([]byte("."), 4096); err == nil; _, err = w.Write(dots) {
		require.NoError(t, w.SetWriteDeadline(time.Now().Add(10*time.Millisecond)))
	}
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	return r, w
}

// unattended has a run that nobody waits for.
func unattended() {
	_, n, err := Start(context.Background(), squares.pipeline, nil)
	if err != nil {
		panic(err)
	}
	fmt.Println(squares.pool.Pool(n).Call(context.Background(), 3))
	select {}
}

func TestInterruptEndsAProgramThatDoesNotWait(t *testing.T) {
	noLeaks(t)
	cmd := program(t, "unattended")
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	first, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "9 <nil>\n", first)
	require.NoError(t, cmd.Process.Signal(syscall.SIGINT))
	cmd.Wait()
	status := cmd.ProcessState.Sys().(syscall.WaitStatus)
	require.True(t, status.Signaled(), cmd.ProcessState)
	require.Equal(t, syscall.SIGINT, status.Signal())
}

// unmoved ignores what would interrupt it, as a program does that nohup has started.
func unmoved() {
	signal.Ignore(os.Interrupt)
	r, n, err := Start(context.Background(), squares.pipeline, nil)
	if err != nil {
		panic(err)
	}
	if err := syscall.Kill(os.Getpid(), syscall.SIGINT); err != nil {
		panic(err)
	}
	fmt.Println(squares.pool.Pool(n).Call(context.Background(), 3))
	fmt.Println(r.Close())
}

func TestWhatTheProgramIgnoresItsRunsIgnore(t *testing.T) {
	noLeaks(t)
	out, err := program(t, "unmoved").CombinedOutput()
	require.NoError(t, err)
	require.Equal(t, "9 <nil>\n<nil>\n", string(out))
}

// talkers are four processes that write lines.
var talkers = func() *Pipeline {
	p := &Pipeline{Path: "mp.test/talkers", Source: "talkers.mp"}
	for i := range 4 {
		p.Decls = append(p.Decls, &ProcessDecl{Name: fmt.Sprint("talk", i), Main: func(context.Context, *Node, *Decoder) error {
			for k := range linesOfEach {
				text := fmt.Sprintf("%d says %d %s.\n", i, k, strings.Repeat("word ", k%40))
				half := len(text) / 2
				for _, f := range []*os.File{os.Stdout, os.Stderr} {
					io.WriteString(f, text[:half])
					io.WriteString(f, text[half:])
				}
			}
			io.WriteString(os.Stdout, fmt.Sprint(i, " has no line end"))
			return nil
		}})
	}
	Register(p)
	return p
}()

const linesOfEach = 300

func talk() {
	r, _, err := Start(context.Background(), talkers, nil)
	if err != nil {
		panic(err)
	}
	if err := r.Wait(); err != nil {
		panic(err)
	}
	r.Close()
}

func TestLinesOfProcessesStayWhole(t *testing.T) {
	cmd := program(t, "talk")
	var out, complaints bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaints
	require.NoError(t, cmd.Run())
	check := func(text string, last bool) {
		next := [4]int{}
		for line := range strings.Lines(text) {
			var i, k int
			if n, _ := fmt.Sscanf(line, "%d says %d", &i, &k); n != 2 {
				require.True(t, last, line)
				require.Regexp(t, `^[0-3] has no line end\n$`, line)
				continue
			}
			require.Equal(t, next[i], k)
			require.Equal(t, fmt.Sprintf("%d says %d %s.\n", i, k, strings.Repeat("word ", k%40)), line)
			next[i]++
		}
		require.Equal(t, [4]int{linesOfEach, linesOfEach, linesOfEach, linesOfEach}, next)
		if last {
			require.Equal(t, 4, strings.Count(text, "has no line end\n"))
		}
	}
	check(out.String(), true)
	check(complaints.String(), false)
}

// noMain is a program that forgot Main.
func noMain() {
	mainCalled.Store(false)
	_, _, err := Start(context.Background(), squares.pipeline, nil)
	fmt.Println(err)
}

func TestProgramWithoutMainIsToldSo(t *testing.T) {
	out, err := program(t, "no main").CombinedOutput()
	require.NoError(t, err)
	require.Equal(t, "start squares.mp: "+ErrNoMain.Error()+"\n", string(out))
}
