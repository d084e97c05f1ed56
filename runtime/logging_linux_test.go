package mp

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// chatty is a pool whose tasks log.
var chatty = func() (c struct {
	pipeline *Pipeline
	pool     *PoolDecl[string, string]
}) {
	c.pool = &PoolDecl[string, string]{Name: "chat", Workers: 1, In: String, Out: String, Func: func(ctx context.Context, how string) (string, error) {
		switch how {
		case "kinds":
			slog.With("host", "a").WithGroup("request").Info("served", "took", 3*time.Millisecond, "why", errors.New("late"), "who", secret("s"), "where", spot{1, 2})
			slog.Debug("details")
			log.Println("by package log")
		case "die":
			for i := range logsOfEach {
				slog.Info("before", "i", i)
			}
			syscall.Kill(syscall.Getpid(), syscall.SIGKILL)
			select {}
		default:
			for i := range logsOfEach {
				slog.Info("line", "i", i)
			}
		}
		return strings.Repeat(how, 100_000), nil
	}}
	c.pipeline = &Pipeline{Path: "mp.test/chatty", Source: "chatty.mp", Decls: []Decl{c.pool}}
	Register(c.pipeline)
	return c
}()

const logsOfEach = 2000

// journal is a log whose lines are JSON; gate, if not nil, is waited for at each.
type journal struct {
	gate chan struct{}
	lockedBuffer
}

func (j *journal) Write(p []byte) (int, error) {
	if j.gate != nil {
		<-j.gate
	}
	return j.lockedBuffer.Write(p)
}

func (j *journal) lines(t testing.TB) (all []map[string]any) {
	for line := range strings.Lines(j.String()) {
		var m map[string]any
		require.NoError(t, json.Unmarshal([]byte(line), &m), line)
		all = append(all, m)
	}
	return all
}

func (j *journal) logger(level slog.Level) *slog.Logger {
	return slog.New(slog.NewJSONHandler(j, &slog.HandlerOptions{AddSource: true, Level: level}))
}

func beginChat(t testing.TB, j *journal, level slog.Level) (*Run, *Pool[string, string]) {
	noLeaks(t)
	r, n, err := Start(t.Context(), chatty.pipeline, []Option{NoSignals(), Logger(j.logger(level))})
	require.NoError(t, err)
	t.Cleanup(func() { r.Close() })
	return r, chatty.pool.Pool(n)
}

func TestRecordsOfProcessesReachTheLogger(t *testing.T) {
	var j journal
	r, chat := beginChat(t, &j, slog.LevelInfo)
	_, err := chat.Call(limited(t), "kinds")
	require.NoError(t, err)
	require.NoError(t, r.Close())
	lines := j.lines(t)
	require.Len(t, lines, 2)
	first := lines[0]
	require.Contains(t, first["source"].(map[string]any)["file"], "logging_linux_test.go")
	require.Positive(t, first["pid"])
	require.NotEqual(t, float64(syscall.Getpid()), first["pid"])
	at, err := time.Parse(time.RFC3339Nano, first["time"].(string))
	require.NoError(t, err)
	require.WithinDuration(t, time.Now(), at, time.Minute)
	for _, key := range []string{"source", "pid", "time"} {
		delete(first, key)
		delete(lines[1], key)
	}
	require.Equal(t, map[string]any{
		"level": "INFO", "msg": "served", "process": "chat[0]", "task": 1.0, "host": "a",
		"request": map[string]any{"took": 3e6, "why": "late", "who": map[string]any{"kind": "secret"}, "where": map[string]any{"X": 1.0, "Y": 2.0}},
	}, first)
	require.Equal(t, map[string]any{"level": "INFO", "msg": "by package log", "process": "chat[0]", "task": 1.0}, lines[1])
}

func TestLevelIsThatOfTheProgram(t *testing.T) {
	for level, want := range map[slog.Level]int{slog.LevelDebug: 3, slog.LevelInfo: 2, slog.LevelWarn: 0, slog.LevelInfo + 1: 0} {
		var j journal
		r, chat := beginChat(t, &j, level)
		_, err := chat.Call(limited(t), "kinds")
		require.NoError(t, err)
		require.NoError(t, r.Close())
		require.Len(t, j.lines(t), want, level)
	}
}

func TestRecordsOfADyingProcessArrive(t *testing.T) {
	var j journal
	r, chat := beginChat(t, &j, slog.LevelInfo)
	_, err := chat.Call(limited(t), "die")
	require.ErrorContains(t, err, "killed by signal 9")
	// The worker is replaced, of which there is a line.
	until(t, "it is told", func() bool { return strings.Contains(j.String(), "WARN") })
	require.NoError(t, r.Close())
	lines := j.lines(t)
	last := lines[len(lines)-1]
	require.Equal(t, "process failed, and is started again", last["msg"])
	require.Equal(t, "chat[0]", last["process"])
	require.Contains(t, last["cause"], "killed by signal 9")
	requireCounted(t, lines[:len(lines)-1])
}

// requireCounted is that each record is there, in order.
func requireCounted(t testing.TB, lines []map[string]any) {
	require.Len(t, lines, logsOfEach)
	for i, l := range lines {
		require.Equal(t, float64(i), l["i"])
	}
}

func TestALoggerThatIsSlowLosesNothing(t *testing.T) {
	j := journal{gate: make(chan struct{})}
	r, chat := beginChat(t, &j, slog.LevelInfo)
	task := chat.Go(limited(t), "many")
	until(t, "no more records are taken in", r.log.full.Load)
	select {
	case <-task.Done():
		require.Fail(t, "the task can't have ended with its records in the line")
	default:
	}
	close(j.gate)
	_, err := task.Wait(limited(t))
	require.NoError(t, err)
	require.NoError(t, r.Close())
	requireCounted(t, j.lines(t))
}

// criers is a process of which many goroutines log what takes several frames.
var criers = func() *Pipeline {
	p := &ProcessDecl{Name: "crowd", Main: func(ctx context.Context, n *Node, _ *Decoder) error {
		var all sync.WaitGroup
		for g := range 8 {
			all.Go(func() {
				for i := range logsOfEach / 8 {
					slog.Info("crowd", "g", g, "i", i, "text", strings.Repeat("x", 9000))
				}
			})
		}
		all.Wait()
		return nil
	}}
	pipeline := &Pipeline{Path: "mp.test/criers", Source: "criers.mp", Decls: []Decl{p}}
	Register(pipeline)
	return pipeline
}()

func TestLargeRecordsOfManyGoroutinesStayWhole(t *testing.T) {
	noLeaks(t)
	var j journal
	r, _, err := Start(t.Context(), criers, []Option{NoSignals(), Logger(j.logger(slog.LevelInfo))})
	require.NoError(t, err)
	require.NoError(t, r.Wait())
	require.NoError(t, r.Close())
	next := map[float64]float64{}
	for _, l := range j.lines(t) {
		g := l["g"].(float64)
		require.Equal(t, next[g], l["i"])
		next[g]++
		require.Equal(t, strings.Repeat("x", 9000), l["text"])
		require.Equal(t, "crowd", l["process"])
		require.NotContains(t, l, "task")
	}
	require.Len(t, j.lines(t), logsOfEach)
}

func init() {
	programs["log"] = func() {
		r, n, err := Start(context.Background(), chatty.pipeline, nil)
		if err != nil {
			panic(err)
		}
		chatty.pool.Pool(n).Call(context.Background(), "kinds")
		r.Close()
	}
}

func TestRecordsReachTheDefaultLogger(t *testing.T) {
	cmd := program(t, "log")
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	require.NoError(t, cmd.Run())
	stamp := `\d{4}/\d\d/\d\d \d\d:\d\d:\d\d`
	require.Regexp(t, fmt.Sprintf(`^%s INFO served process=chat\[0\] pid=\d+ task=1 host=a request.took=3ms request.why=late request.who.kind=secret request.where="{X:1 Y:2}"
%s INFO by package log process=chat\[0\] pid=\d+ task=1
$`, stamp, stamp), complaints.String())
}
